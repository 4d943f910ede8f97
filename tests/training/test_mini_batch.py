"""The mini-batch loop: resuming, divergence, falling rates, several trainings at once."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from small_trainings import (
    FOR_EVER,
    NET,
    Interrupted,
    Told,
    begin,
    changed,
    plan,
)

import backpass as bp
from backpass import engine
from backpass.solvers.first_order import Adam, GradientDescent, Nesterov
from backpass.streaming.problem import StreamedProblem
from backpass.training.early_stopping import EarlyStopping
from backpass.training.mini_batch import run_epochs, run_together
from backpass.training.monitor import Monitor
from backpass.training.state import start
from backpass.training.stop import StopReason

OPTIMIZERS = [GradientDescent(), Nesterov(0.9), Adam()]


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


def test_adaptive_lowers_the_rate_before_it_gives_up(problem):
    state, reason = run_epochs(
        problem,
        begin(),
        plan(500, early_stopping=EarlyStopping(1e3, 1), schedule="adaptive"),
        Monitor(),
    )
    assert reason is StopReason.NO_IMPROVEMENT
    assert state["learning_rate"] <= 1e-6


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


def test_an_interrupted_run_resumes_to_the_same_bits(problem):
    state, reason = run_epochs(Interrupted(problem, 2), begin(), plan(5), Monitor())
    assert reason is StopReason.INTERRUPTED
    assert state["epoch"] == 2
    rest, _ = run_epochs(problem, state, plan(3), Monitor())
    whole, _ = run_epochs(problem, begin(), plan(5), Monitor())
    np.testing.assert_array_equal(rest["theta"], whole["theta"])


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


def test_a_theta_that_is_not_finite_is_divergence_though_J_is(problem):
    class Infinite(engine.SequentialProblem):
        rows, net, lam = problem.rows, problem.net, problem.lam

        def run_epoch(self, theta, state, *rest):
            return engine.Epoch(np.append(theta[:-1], np.inf), state, 0.5)

        cost_and_gradient = staticmethod(problem.cost_and_gradient)

    state, reason = run_epochs(Infinite(), begin(), plan(), Monitor())
    assert reason is StopReason.DIVERGED
    np.testing.assert_array_equal(state["theta"], begin()["theta"])


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
