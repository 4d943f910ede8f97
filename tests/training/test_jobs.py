"""A list of jobs: each has the bits that it has alone, and nothing of any is lost."""

from __future__ import annotations

import gc
import signal
import threading
import tracemalloc
import weakref
from dataclasses import dataclass, replace

import numpy as np
import pytest
import scipy.sparse
from sklearn.exceptions import ConvergenceWarning

import backpass as bp
from backpass import engine
from backpass.blas import _libraries
from backpass.engine import thread_limit
from backpass.engine.encoding import Levels, PiecewiseLinear, PlainNumber, RowEncoder
from backpass.errors import InvalidInput, JobFailed, WriteError
from backpass.solvers.first_order import Adam, GradientDescent, Momentum
from backpass.storage.modelfile import read_model
from backpass.training import jobs as jobs_module
from backpass.training.early_stopping import EarlyStopping
from backpass.training.job_pool import JobPool
from backpass.training.mini_batch import MiniBatchOptions, run_epochs
from backpass.training.monitor import Monitor, Progress
from backpass.training.schedules import Schedule
from backpass.training.state import start
from backpass.training.stop import StopReason

M = 120
RNG = np.random.default_rng(5)
X = RNG.uniform(-1, 1, (M, 4))
Y = np.sin(3 * X[:, :1]) + X[:, 1:2] * X[:, 2:3]
K = bp.one_hot((Y[:, 0] > 0).astype(int) + (X[:, 3] > 0.5))
W = RNG.integers(0, 4, M).astype(float)
VALIDATION = X[:40], Y[:40]
TABLE = np.column_stack([X, RNG.integers(0, 3, M)])
ENCODER = RowEncoder(
    [(0, PiecewiseLinear(np.linspace(-1, 1, 6))), (4, Levels(3)), (1, PlainNumber())]
)


@pytest.fixture(autouse=True)
def three_processors(monkeypatch):
    monkeypatch.setattr(thread_limit, "_usable", lambda: 3)


def net(*hidden, loss="squared_error", activation="tanh"):
    return bp.Network((4, *hidden, 3 if loss == "log_loss" else 1), activation, loss)


def small(number=0, **changes):
    """One of many plain jobs."""
    return bp.Job(net(5 + number), X, Y, seed=number, **{"max_epochs": 4, **changes})


@dataclass(frozen=True)
class Signs:
    """A rule of a user's own: steps of one length."""

    name = "signs"

    def init(self, theta):
        return {"t": 0}

    def step(self, state, theta, gradient, learning_rate):
        return {"t": state["t"] + 1}, theta - learning_rate * np.sign(gradient)


def unlike():
    """Jobs that have nothing in common but their rows."""
    weighted = {"sample_weight": W, "validation": (*VALIDATION, W[:40])}
    rng = np.random.default_rng(1)
    codes = scipy.sparse.csr_array(rng.random((M, 4)) * (rng.random((M, 4)) < 0.3))
    mixed = bp.Network((9, 6, 1), "tanh", "squared_error")
    return [
        bp.Job(
            mixed, TABLE, Y, encoder=ENCODER, max_epochs=6, validation=(TABLE[:40], Y[:40]),
            batch_size=20,
        ),
        bp.Job(net(6), X, Y, 0.1, max_epochs=7, n_iter_no_change=np.inf),
        bp.Job(
            net(9, 5), X, Y, solver=Adam(weight_decay=0.1), dropout=0.2, seed=4, max_epochs=9,
            validation=VALIDATION, n_iter_no_change=2, learning_rate=0.01,
        ),
        bp.Job(net(7), X, Y, solver="momentum", schedule="cosine", warm_up=0.2, **weighted),
        bp.Job(
            net(4, loss="log_loss", activation="relu"), X.astype(np.float32), K,
            solver="nesterov", learning_rate=0.05, schedule="one_cycle", max_epochs=6,
            batch_size=16, dropout=[0.5],
        ),
        bp.Job(net(5), X, Y, 0.5, solver="lbfgs", max_epochs=8),
        bp.Job(net(5), codes, Y, solver="gd", batch_size=30, schedule="adaptive", max_epochs=5),
        bp.Job(net(3), X, Y, solver=Signs(), batch_size=40, max_epochs=5, shuffle=False),
        bp.Job(
            net(8), X, Y, theta=bp.init_theta(net(8), 9, "glorot"), max_epochs=6,
            validation=VALIDATION, score=accuracy_of_signs, schedule="invscaling", solver="gd",
        ),
    ]  # fmt: skip


def accuracy_of_signs(Y, H):
    return float(((Y > 0) == (H > 0)).mean())


def bits(result):
    curves = result.J_curve, result.validation_scores, result.validation_losses
    return result.theta.dtype, result.theta.tobytes(), result.reason, result.epochs, curves


@pytest.fixture(scope="module")
def alone():
    return [bits(bp.train_jobs([job])[0]) for job in unlike()]


# --- the bits ----------------------------------------------------------------------------------


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_each_job_has_the_bits_that_it_has_alone(alone, n_threads):
    assert [bits(each) for each in bp.train_jobs(unlike(), n_threads=n_threads)] == alone


def test_unlike_jobs_end_by_reasons_of_their_own(alone):
    dtypes, _, reasons, epochs, _ = zip(*alone)
    assert {StopReason.MAX_ITER, StopReason.NO_BETTER_SCORE, StopReason.NO_IMPROVEMENT} & {*reasons}
    assert len({*reasons}) > 1
    assert len({*epochs}) > 3
    assert {*map(str, dtypes)} == {"float32", "float64"}


@pytest.mark.parametrize("shuffle", [True, False])
def test_a_job_is_the_loop_of_mini_batches(shuffle):
    job = bp.Job(
        net(6), X, Y, 0.3, sample_weight=W, seed=3, solver=Momentum(0.5), learning_rate=0.02,
        schedule="cosine", batch_size=32, max_epochs=5, dropout=0.25, tol=0.0, shuffle=shuffle,
    )  # fmt: skip
    [result] = bp.train_jobs([job])
    options = MiniBatchOptions(
        optimizer=Momentum(0.5),
        schedule=Schedule("cosine", 0.02, epochs=5),
        batch_size=32,
        max_epochs=5,
        early_stopping=EarlyStopping(tol=0.0),
        shuffle=shuffle,
        dropout=engine.Dropout((0.25,), 3),
    )
    problem = engine.prepare(net(6), X, Y, lam=0.3, sample_weight=W)
    state, reason = run_epochs(
        problem, start(bp.init_theta(net(6), 3, "glorot"), 3), options, Monitor()
    )
    np.testing.assert_array_equal(result.theta, state.theta)
    assert (result.J_curve, result.reason, result.epochs) == (state.history.J, reason, 5)


def test_a_full_batch_solver_comes_to_where_minimize_comes():
    [result] = bp.train_jobs([bp.Job(net(5), X, Y, 1.0, solver="lbfgs", max_epochs=300, seed=2)])
    theirs = bp.minimize(
        net(5), bp.init_theta(net(5), 2, "glorot"), X, Y, 1.0, max_iter=300, tol=1e-6
    )
    assert result.J_curve[-1] == pytest.approx(theirs.fun, rel=1e-6)


def test_rows_that_an_encoder_makes_are_as_those_that_were_encoded_before():
    mixed = bp.Network((9, 6, 1), "tanh", "squared_error")
    encoded, written_out = ENCODER.encode(TABLE), ENCODER.encode(TABLE).toarray()
    by_job, before, plain = bp.train_jobs(
        [
            bp.Job(mixed, rows, Y, max_epochs=6, **more)
            for rows, more in ((TABLE, {"encoder": ENCODER}), (encoded, {}), (written_out, {}))
        ]
    )
    assert bits(by_job) == bits(before)
    np.testing.assert_allclose(by_job.theta, plain.theta, rtol=1e-9, atol=1e-12)


# --- the order ---------------------------------------------------------------------------------


def test_muons_products_count_as_work():
    """By multiply-adds of the rows alone, the first job would be the larger."""
    begun = []
    jobs = [small(0, solver="adamw", batch_size=1), small(0, solver="muon", batch_size=1)]
    jobs[0] = replace(jobs[0], max_epochs=jobs[1].max_epochs + 1)
    bp.train_jobs(jobs, n_threads=1, callback=lambda progress: begun.append(progress.job) or False)
    assert begun[0] == 1


def test_the_largest_job_is_begun_first_and_results_are_in_the_order_of_the_list():
    begun = []

    def begin(progress):
        if progress.epoch == 1:
            begun.append(progress.job)

    few_rows = bp.Job(net(80), X[:5], Y[:5], max_epochs=4)
    jobs = [small(0), small(30), few_rows, small(0, max_epochs=90), small(30)]
    results = bp.train_jobs(jobs, n_threads=1, callback=begin)
    assert begun == [3, 1, 4, 0, 2]
    assert [len(each.theta) for each in results] == [job.net.n_parameters for job in jobs]


def test_the_size_of_sparse_rows_is_that_of_their_entries():
    wide = bp.Network((1000, 4, 1), "tanh", "squared_error")
    dense = np.zeros((M, 1000))
    dense[:, 3] = X[:, 0]
    begun = []
    jobs = [bp.Job(wide, each, Y, max_epochs=1) for each in (scipy.sparse.csr_array(dense), dense)]
    bp.train_jobs(
        [small(8, max_epochs=1), *jobs], n_threads=1, callback=lambda p: begun.append(p.job)
    )
    assert begun == [2, 0, 1]


# --- early stopping ----------------------------------------------------------------------------


def test_every_job_stops_by_its_own_validation_rows_and_keeps_its_best():
    other = X[40:70], Y[40:70]
    jobs = [
        small(9, validation=rows, n_iter_no_change=3, max_epochs=400, learning_rate=0.05, tol=tol)
        for rows, tol in ((VALIDATION, 0.0), (other, 0.0), (VALIDATION, 1e9))
    ]
    results = bp.train_jobs(jobs, n_threads=3)
    assert [each.reason for each in results] == [StopReason.NO_BETTER_SCORE] * 3
    assert results[2].epochs == 4 + 1  # the first epoch is better than none
    for job, result in zip(jobs[:2], results):
        best = result.best_epoch
        assert result.validation_scores[best - 1] == max(result.validation_scores)
        assert best == result.epochs - 4
        H = bp.forward(job.net, result.theta, job.validation[0])
        loss = float(((H - job.validation[1]) ** 2).mean() / 2)
        assert loss == pytest.approx(result.validation_losses[best - 1], rel=1e-12)
        assert result.validation_scores == [-each for each in result.validation_losses]


def test_what_is_not_over_has_the_best_theta_so_far_too():
    scores = iter([1.0, 3.0, 2.0])
    thetas = []

    def stop(progress):
        thetas.append(progress.theta)
        return progress.epoch == 3

    job = small(validation=VALIDATION, score=lambda Y, H: next(scores))
    [result] = bp.train_jobs([job], callback=stop)
    assert (result.best_epoch, result.epochs, result.finished) == (2, 3, False)
    np.testing.assert_array_equal(result.theta, thetas[1])
    np.testing.assert_array_equal(result.state.theta, thetas[2])


def test_validation_rows_have_weights():
    plain, weighted = bp.train_jobs(
        [small(max_epochs=1, validation=(*VALIDATION, *more)) for more in ((), (W[:40],))]
    )
    assert plain.theta.tobytes() == weighted.theta.tobytes()
    H = bp.forward(net(5), weighted.theta, VALIDATION[0])
    loss = np.average((H - VALIDATION[1])[:, 0] ** 2, weights=W[:40]) / 2
    assert weighted.validation_losses == [pytest.approx(loss, rel=1e-12)]


# --- the callback ------------------------------------------------------------------------------


def test_the_callback_is_called_by_the_caller_with_each_epoch_of_each_job_in_its_order():
    seen, threads = [], set()

    def callback(progress):
        threads.add(threading.current_thread())
        seen.append((progress.job, progress.epoch, progress.J, progress.validation_score))

    jobs = [small(0, validation=VALIDATION), small(1), small(2)]
    results = bp.train_jobs(jobs, n_threads=3, callback=callback)
    assert threads == {threading.current_thread()}
    for number, result in enumerate(results):
        of_it = [report[1:] for report in seen if report[0] == number]
        scores = result.validation_scores or [None] * 4
        assert of_it == list(zip(range(1, 5), result.J_curve, scores))
    assert len(seen) == 12


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_a_callback_that_answers_true_stops_its_job_at_once_and_the_others_soon(alone, n_threads):
    jobs = [replace(job, tol=-np.inf) for job in unlike()]
    whole = [bits(each) for each in bp.train_jobs(jobs)]
    after = []

    def stop(progress):
        after.append(progress.job)
        return len(after) == 9

    results = bp.train_jobs(jobs, n_threads=n_threads, callback=stop)
    assert len(after) == 9  # nobody is asked again
    going = [each for each in results if not each.finished]
    assert {each.reason for each in going} == {StopReason.CALLBACK, None}
    assert sum(each.theta is None for each in results) >= len(jobs) - 9
    assert results[after[-1]].epochs == after.count(after[-1])
    assert [bits(each) for each in bp.train_jobs(jobs, resume=results, n_threads=3)] == whole


def test_what_a_callback_raises_is_raised_when_no_thread_is_left():
    def fail(progress):
        raise LookupError("mine")

    before = threading.active_count()
    with pytest.raises(LookupError, match="mine"):
        bp.train_jobs([small(n, max_epochs=10**6, tol=-np.inf) for n in range(4)], callback=fail)
    assert threading.active_count() == before


# --- interrupted and resumed -------------------------------------------------------------------


def interrupting(after):
    count = 0

    def callback(progress):
        nonlocal count
        count += 1
        if count == after:
            raise KeyboardInterrupt

    return callback


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_an_interrupted_list_goes_on_to_the_same_bits(alone, n_threads):
    results, going = None, []
    for _ in range(5):
        with pytest.warns(UserWarning, match="Interrupted by user: [1-9] of 9 jobs are not over"):
            results = bp.train_jobs(
                unlike(), n_threads=n_threads, resume=results, callback=interrupting(after=5)
            )
        going += [each for each in results if each.state is not None]
    assert len(going) >= 3
    assert {each.reason for each in going} == {StopReason.INTERRUPTED}
    made, epochs = sum(each.epochs for each in results), []
    results = bp.train_jobs(unlike(), n_threads=n_threads, resume=results, callback=epochs.append)
    assert [bits(each) for each in results] == alone
    assert made + len(epochs) == sum(each.epochs for each in results)


def test_control_c_while_the_jobs_run_stops_them_all(monkeypatch):
    """The calling thread waits; the signal reaches it there."""
    jobs = [small(n, max_epochs=10**9, tol=-np.inf) for n in range(3)]
    answer = JobPool._answer_reports
    interrupt = signal.pthread_kill, (threading.get_ident(), signal.SIGINT)

    def answer_until_control_c(self):
        threading.Timer(1.0, *interrupt).start()  # each job has had an epoch by then
        answer(self)

    monkeypatch.setattr(JobPool, "_answer_reports", answer_until_control_c)
    with pytest.warns(UserWarning, match="Interrupted by user: 3 of 3 jobs are not over; resume="):
        results = bp.train_jobs(jobs, n_threads=3)
    assert all(each.epochs == len(each.J_curve) > 0 for each in results)


def test_control_c_before_any_epoch_is_raised():
    def fail(Y, H):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bp.train_jobs([small(validation=VALIDATION, score=fail)])


def test_resume_is_of_the_same_jobs():
    [result] = bp.train_jobs([small()])
    with pytest.raises(InvalidInput, match="resume holds 1 results, but there are 2 jobs"):
        bp.train_jobs([small(), small(1)], resume=[result])
    with pytest.raises(InvalidInput, match=r"jobs\[0\]: .* has 43 parameters, but resume's θ has"):
        bp.train_jobs([small(2)], resume=[result])
    [same] = bp.train_jobs([small()], resume=[result])
    assert bits(same) == bits(result)


# --- a job that fails --------------------------------------------------------------------------


def failing_at(epoch):
    calls = []

    def score(Y, H):
        calls.append(0)
        if len(calls) == epoch:
            raise ZeroDivisionError("no score")
        return float(-((Y - H) ** 2).mean())

    return score


@pytest.mark.parametrize("n_threads", [1, 3])
def test_a_job_that_fails_stops_the_others_and_what_is_there_goes_on(n_threads):
    def jobs(score):
        return [small(n, validation=VALIDATION, score=score if n == 1 else None, max_epochs=6,
                      n_iter_no_change=np.inf) for n in range(3)]  # fmt: skip

    whole = [bits(each) for each in bp.train_jobs(jobs(failing_at(-1)))]
    with pytest.raises(JobFailed, match=r"jobs\[1\] failed \(ZeroDivisionError: no sc") as caught:
        bp.train_jobs(jobs(failing_at(4)), n_threads=n_threads)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    results = caught.value.results
    assert (results[1].epochs, results[1].reason) == (3, StopReason.JOB_FAILED)
    assert not results[1].finished
    assert results[2].finished is (n_threads == 1) or n_threads == 3  # it is the largest
    resumed = bp.train_jobs(jobs(failing_at(-1)), resume=results)
    assert [bits(each) for each in resumed] == whole


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"solver": "sag"}, "There is no solver 'sag'; the library has gd, momentum"),
        ({"schedule": "steps"}, "There is no schedule 'steps'"),
        ({"warm_up": 0.1}, "warm_up is for cosine; the schedule is constant"),
        ({"warm_up": 1.0, "schedule": "cosine"}, "warm_up is at least 0 and below 1, not 1.0"),
        ({"max_epochs": 0}, "max_epochs is at least 1, not 0"),
        ({"batch_size": 0}, "batch_size is at least 1, not 0"),
        ({"dropout": [0.1, 0.1]}, "dropout has 2 rates, but the network has 1 hidden layers"),
        ({"dropout": 0.1, "solver": "cg"}, "dropout needs mini-batches, but cg sees all rows"),
        ({"Y": Y[:3]}, "Y has shape"),
        ({"validation": (X[:, :2], Y)}, "X has shape"),
        ({"theta": [1.0]}, "theta has shape"),
        ({"encoder": ENCODER, "X": TABLE}, "The encoder makes 9 inputs"),
    ],
)
def test_a_job_that_does_not_fit_together_is_named_before_any_is_trained(changes, message):
    def fail(progress):
        raise AssertionError

    with pytest.raises(InvalidInput, match=r"^jobs\[1\]: .*" + message):
        bp.train_jobs([small(), replace(small(), **changes)], callback=fail)


def test_threads_are_at_least_one():
    with pytest.raises(InvalidInput, match="n_threads is at least 1, not 0"):
        bp.train_jobs([small()], n_threads=0)


def test_no_jobs_have_no_results():
    assert bp.train_jobs([]) == []


# --- warnings ----------------------------------------------------------------------------------


def test_a_job_that_diverges_is_warned_of_where_the_jobs_were_asked_for():
    wild = small(solver=GradientDescent(), learning_rate=1e9, max_epochs=50)
    with pytest.warns(ConvergenceWarning, match=r"^jobs\[1\]: J exploded") as said:
        results = bp.train_jobs([small(), wild], n_threads=2)
    assert said[0].filename == __file__
    assert results[1].reason is StopReason.DIVERGED
    assert np.isfinite(results[1].theta).all()
    assert np.isnan(results[1].J_curve[-1])
    assert results[1].finished


# --- memory and threads ------------------------------------------------------------------------


def test_shared_rows_are_not_copied(monkeypatch):
    """Ten jobs on 8 MB of rows take less memory than one copy."""
    rows = RNG.uniform(-1, 1, (10_000, 100))
    targets, weights = rows[:, :1].copy(), np.ones(10_000)
    wide = bp.Network((100, 2, 1), "tanh", "squared_error")
    jobs = [
        bp.Job(wide, rows, targets, sample_weight=weights, max_epochs=2, seed=n) for n in range(10)
    ]
    bp.train_jobs(jobs[:1])  # modules are loaded, and the core's threads are there
    seen = []
    prepare = engine.prepare

    def prepared(*arguments, **more):
        assert more["n_threads"] == 1  # a job is one thread, whoever waits
        problem = prepare(*arguments, **more)
        seen.append(problem.rows)
        return problem

    monkeypatch.setattr(jobs_module.engine, "prepare", prepared)
    tracemalloc.start()
    bp.train_jobs(jobs, n_threads=2)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert all(each.X is rows and each.Y is targets and each.w is weights for each in seen), (
        "shared rows are used where they are"
    )
    assert len(seen) == 10
    assert peak < rows.nbytes


def test_what_a_job_needs_is_gone_when_the_next_begins(monkeypatch):
    problems, alive = [], []
    prepare = engine.prepare

    def prepared(*arguments, **more):
        gc.collect()
        alive.append(sum(problem() is not None for problem in problems))
        problem = prepare(*arguments, **more)
        problems.append(weakref.ref(problem))
        return problem

    monkeypatch.setattr(jobs_module.engine, "prepare", prepared)
    results = bp.train_jobs([small(n, validation=VALIDATION) for n in range(4)], n_threads=1)
    assert alive == [0, 1] * 4  # a job's rows, then its validation rows
    assert all(each.state is None for each in results)
    assert all(each.theta.base is None for each in results)  # not a row beside the moments


@pytest.mark.parametrize(("n_threads", "most"), [(1, 1), (2, 2), (3, 3), (9, 3)])
def test_no_more_jobs_run_at_a_time_than_threads_are_asked_for(n_threads, most, monkeypatch):
    lock, now, peak, started = threading.Lock(), set(), [], []
    begin = JobPool._start
    monkeypatch.setattr(JobPool, "_start", lambda self: started.append(0) or begin(self))

    def score(Y, H):
        with lock:
            now.add(threading.current_thread())
            peak.append(len(now))
        return 0.0

    jobs = [small(n, validation=VALIDATION, score=score) for n in range(6)]
    bp.train_jobs(jobs, n_threads=n_threads)
    assert max(peak) <= len(started) == most
    assert threading.current_thread() not in now


def test_every_job_has_one_thread_of_blas():
    threads = []

    def score(Y, H):
        threads.extend(library.get_num_threads() for library in _libraries())
        return 0.0

    before = [library.get_num_threads() for library in _libraries()]
    bp.train_jobs([small(n, validation=VALIDATION, score=score) for n in range(3)], n_threads=2)
    assert set(threads) == {1}
    assert [library.get_num_threads() for library in _libraries()] == before


# --- checkpoints -------------------------------------------------------------------------------


@pytest.fixture
def fast_disk(monkeypatch):
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


@pytest.mark.parametrize("every", [1, 3])
def test_a_folder_of_checkpoints_is_gone_on_from_to_the_same_bits(
    alone, tmp_path, fast_disk, every
):
    folder = tmp_path / "a" / "jobs"
    with pytest.warns(UserWarning, match="Interrupted"):
        first = bp.train_jobs(
            unlike(), checkpoint=folder, every=every, n_threads=2, callback=interrupting(14)
        )
    epochs = []
    second = bp.train_jobs(
        unlike(), checkpoint=folder, every=every, n_threads=3, callback=lambda p: epochs.append(p)
    )
    assert [bits(each) for each in second] == alone
    assert len(epochs) == sum(each.epochs for each in second) - sum(each.epochs for each in first)
    files = sorted(folder.iterdir())
    assert [each.name for each in files] == [f"job-{n:04d}.checkpoint" for n in range(9)]
    assert all(read_model(each).metadata["finished"] for each in files)
    again = []
    bp.train_jobs(unlike()[:1], checkpoint=folder, callback=lambda p: again.append(p.epoch))
    assert again[0] == 1  # all were over, so the next begins anew


def test_a_checkpoint_of_other_jobs_is_refused(tmp_path, fast_disk):
    with pytest.warns(UserWarning, match="Interrupted"):
        bp.train_jobs([small(n) for n in range(2)], checkpoint=tmp_path, callback=interrupting(3))
    jobs = [small(0), small(1, learning_rate=0.5)]
    with pytest.raises(InvalidInput, match=r"jobs\[1\]: .*learning_rate was 0.001 and is now 0.5"):
        bp.train_jobs(jobs, checkpoint=tmp_path)
    jobs = [bp.Job(net(5), X + 1, Y, max_epochs=4), small(1)]
    with pytest.raises(InvalidInput, match=r"jobs\[0\]: .*the data differ"):
        bp.train_jobs(jobs, checkpoint=tmp_path)
    jobs = [small(0), small(1, validation=VALIDATION)]
    with pytest.raises(InvalidInput, match=r"jobs\[1\]: .*the validation data differ"):
        bp.train_jobs(jobs, checkpoint=tmp_path)
    jobs = [small(0, theta=bp.init_theta(net(5), 7)), small(1)]
    with pytest.raises(InvalidInput, match=r"jobs\[0\]: .*the first weights differ"):
        bp.train_jobs(jobs, checkpoint=tmp_path)


def test_encoded_rows_are_other_data_where_their_layout_is_another(tmp_path, fast_disk):
    table = RNG.integers(0, 3, (M, 2)).astype(float)
    by_levels = bp.Network((7, 4, 1), "tanh", "squared_error")
    one, other = (
        bp.Job(by_levels, RowEncoder([(0, Levels(k)), (1, Levels(7 - k))]).encode(table), Y)
        for k in (3, 4)
    )
    with pytest.warns(UserWarning, match="Interrupted"):
        bp.train_jobs([one], checkpoint=tmp_path, callback=interrupting(2))
    with pytest.raises(InvalidInput, match="layout was"):
        bp.train_jobs([other], checkpoint=tmp_path)


class Failing:
    """A score that fails at one call; what it does is told by its limit alone."""

    def __init__(self):
        self.calls = 0

    def __call__(self, Y, H):
        self.calls += 1
        if self.calls == 5:
            raise ZeroDivisionError("no score")
        return 0.0

    def __getstate__(self):  # of which its fingerprint is made
        return {}


def test_a_failed_job_goes_on_from_its_file(tmp_path, fast_disk):
    score = Failing()
    jobs = [small(validation=VALIDATION, score=score, max_epochs=7)]
    with pytest.raises(JobFailed, match="no score"):
        bp.train_jobs(jobs, checkpoint=tmp_path, every=3)
    seen = []
    [result] = bp.train_jobs(jobs, checkpoint=tmp_path, callback=lambda p: seen.append(p.epoch))
    assert seen == [5, 6, 7]
    assert bits(result) == bits(bp.train_jobs(jobs)[0])


def test_a_checkpoint_that_cannot_be_written_is_said_with_the_job(tmp_path, monkeypatch):
    from backpass.training import checkpoints

    def full(*arguments, **more):
        raise WriteError("The disk is full.")

    monkeypatch.setattr(checkpoints, "write_model", full)
    with pytest.warns(
        UserWarning, match=r"^jobs\[[01]\]: .* checkpoint: The disk is full.$"
    ) as said:
        results = bp.train_jobs([small(n) for n in range(2)], checkpoint=tmp_path, n_threads=2)
    assert all(each.finished for each in results)
    assert len(said) == 2
    assert {each.filename for each in said} == {__file__}


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match="cannot be made a folder of checkpoints"):
        bp.train_jobs([small()], checkpoint=tmp_path / "file")


def test_epochs_between_two_files_are_at_least_one(tmp_path):
    with pytest.raises(InvalidInput, match="every is at least 1, not 0"):
        bp.train_jobs([small()], checkpoint=tmp_path, every=0)


def test_resume_and_checkpoint_exclude_each_other(tmp_path):
    results = bp.train_jobs([small()])
    with pytest.raises(InvalidInput, match="resume and checkpoint"):
        bp.train_jobs([small()], checkpoint=tmp_path, resume=results)


# --- progress ----------------------------------------------------------------------------------


def test_progress_elsewhere_has_no_job():
    assert Progress(epoch=1, J=0.0).job is None
