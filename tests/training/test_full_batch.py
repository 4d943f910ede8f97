"""The full-batch loop: resuming, interruption, and where it has converged."""

from __future__ import annotations

import inspect
import pickle

import numpy as np
import pytest
from scipy.optimize import fmin_l_bfgs_b
from small_trainings import (
    NET,
    Interrupted,
    Told,
    begin,
    changed,
    full_batch,
    run_lbfgs,
)

import backpass as bp
from backpass import engine
from backpass.streaming.problem import StreamedProblem
from backpass.training.early_stopping import EarlyStopping
from backpass.training.monitor import Monitor
from backpass.training.stop import StopReason


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
