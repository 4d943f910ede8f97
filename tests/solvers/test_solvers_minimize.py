"""The full-batch solvers by their entry point: minima, limits, reasons, interruptions, resuming."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import scipy.optimize

import backpass as bp
from backpass import engine
from backpass.errors import InvalidInput
from backpass.solvers import Stop, describe_point, minimize_function

SOLVERS = ("cg", "lbfgs")  # they need J and D alone
CURVED = ("lbfgs", "newton")  # they use the problem's curvature
LOSSES = ("log_loss", "binary_log_loss", "squared_error", "poisson", "huber")


def problem(loss: str = "log_loss", hidden: tuple[int, ...] = (), lam: float = 1.0) -> Any:
    """60 rows of 4 inputs and 3 outputs, drawn from a teacher."""
    rng = np.random.default_rng(7)
    X = rng.standard_normal((60, 4))
    Z = X @ rng.standard_normal((4, 3)) + 0.5 * rng.standard_normal((60, 3))
    classes = np.eye(3)[Z.argmax(axis=1)]
    targets = {"squared_error": Z, "huber": Z, "poisson": rng.poisson(np.exp(0.3 * Z))}
    net = bp.Network((4, *hidden, 3), hidden="tanh", loss=loss)
    return engine.prepare(net, X, targets.get(loss, classes), lam=lam)


def start(task: Any, seed: int = 0) -> np.ndarray:
    return bp.init_theta(task.net, seed=seed, method="glorot")


def rosenbrock(theta: Any) -> tuple[float, Any]:
    x, y = theta[0], theta[1]
    D = theta * 0
    D[0], D[1] = -400 * x * (y - x * x) - 2 * (1 - x), 200 * (y - x * x)
    return float(100 * (y - x * x) ** 2 + (1 - x) ** 2), D


def curved(task: Any, solver: str) -> dict[str, Any]:
    """What minimize_function takes for a solver with the problem's curvature."""
    return {"solver": solver, "curvature": engine.ProblemCurvature(task)}


WAYS = [*({"solver": solver} for solver in SOLVERS), *({"curved": solver} for solver in CURVED)]


def options(task: Any, way: dict[str, str]) -> dict[str, Any]:
    return curved(task, way["curved"]) if "curved" in way else dict(way)


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("loss", LOSSES)
def test_convex_minimum_is_scipys(way: dict[str, str], loss: str) -> None:
    task = problem(loss)
    theta = start(task)
    theirs = scipy.optimize.minimize(
        task.cost_and_gradient, theta, jac=True, method="BFGS", options={"gtol": 1e-9}
    )
    ours = minimize_function(
        task.cost_and_gradient, theta, max_iter=2000, tol=1e-8, ftol=0, **options(task, way)
    )
    assert ours.success
    assert abs(ours.fun - theirs.fun) <= 1e-8


@pytest.mark.parametrize("solver", SOLVERS)
def test_rosenbrock_minimum_is_found(solver: str) -> None:
    result = minimize_function(rosenbrock, np.array([-1.2, 1.0]), solver=solver, tol=1e-8, ftol=0)
    assert result.reason is Stop.GRADIENT
    assert result.message == Stop.GRADIENT.value
    assert result.status == 0
    np.testing.assert_allclose(result.x, [1, 1], atol=1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
def test_counts_are_true(solver: str) -> None:
    calls = []

    def counted(theta: Any) -> tuple[float, Any]:
        calls.append(theta)
        return rosenbrock(theta)

    seen = []
    result = minimize_function(
        counted, np.array([-1.2, 1.0]), solver=solver, max_iter=7, callback=seen.append
    )
    assert result.nfev == len(calls)
    assert result.nit == 7 == len(seen)
    assert result.reason is Stop.MAX_ITER
    assert not result.success
    assert result.status != 0
    assert [point.nit for point in seen] == list(range(1, 8))
    falls = np.diff([point.fun for point in seen])
    assert (falls < 0).all()


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("half", [4, 15])
def test_pickled_half_way_and_resumed_gives_the_same_bits(
    way: dict[str, str], dtype: Any, half: int
) -> None:
    task = problem("log_loss", hidden=(5,), lam=0.1)
    rows = task.rows
    task = engine.prepare(task.net, rows.X.astype(dtype), rows.Y.astype(dtype), lam=0.1)
    theta = start(task).astype(dtype)

    def run(iterations: int, state: Any = None) -> Any:
        settings = options(task, way)  # made anew, as after a restart of Python
        return minimize_function(
            task.cost_and_gradient,
            theta,
            max_iter=iterations,
            tol=0,
            ftol=0,
            state=state,
            **settings,
        )

    whole, first = run(25), run(half)
    resumed = run(25 - half, pickle.loads(pickle.dumps(first.state)))
    assert whole.x.dtype == dtype
    np.testing.assert_array_equal(resumed.x, whole.x)
    assert (resumed.nit, resumed.nfev, resumed.fun) == (whole.nit, whole.nfev, whole.fun)


@pytest.mark.parametrize("solver", SOLVERS)
def test_ctrl_c_returns_the_best_point_and_can_be_resumed(solver: str) -> None:
    calls = 0

    def interrupted(theta: Any) -> tuple[float, Any]:
        nonlocal calls
        calls += 1
        if calls == 12:
            raise KeyboardInterrupt
        return rosenbrock(theta)

    first = np.array([-1.2, 1.0])
    result = minimize_function(interrupted, first, solver=solver, tol=1e-8)
    assert result.reason is Stop.INTERRUPTED
    assert 0 < result.fun < rosenbrock(first)[0]
    assert rosenbrock(result.x)[0] == result.fun
    resumed = minimize_function(
        rosenbrock, first, solver=solver, tol=1e-8, ftol=0, state=result.state
    )
    np.testing.assert_allclose(resumed.x, [1, 1], atol=1e-5)


@pytest.mark.parametrize("answer", [True, StopIteration])
def test_callback_stops(answer: Any) -> None:
    def callback(point: Any) -> bool:
        if answer is StopIteration and point.nit == 3:
            raise StopIteration
        return point.nit == 3

    result = minimize_function(rosenbrock, np.array([-1.2, 1.0]), callback=callback)
    assert result.reason is Stop.CALLBACK
    assert result.nit == 3


def test_max_fun_stops() -> None:
    result = minimize_function(rosenbrock, np.array([-1.2, 1.0]), max_fun=10)
    assert result.reason is Stop.MAX_FUN
    assert 10 <= result.nfev < 30


def test_a_settled_J_stops() -> None:
    result = minimize_function(rosenbrock, np.array([-1.2, 1.0]), tol=0, ftol=1e-6)
    assert result.reason in (Stop.CHANGE, Stop.PRECISION)
    assert result.success


@pytest.mark.parametrize("solver", SOLVERS)
def test_first_point_that_is_not_finite_is_refused(solver: str) -> None:
    def broken(theta: Any) -> tuple[float, Any]:
        return float("nan"), theta

    with pytest.raises(InvalidInput, match="J is nan at the first point"):
        minimize_function(broken, np.ones(2), solver=solver)
    with pytest.raises(InvalidInput, match="gradient"):
        minimize_function(lambda theta: (1.0, theta * np.inf), np.ones(2), solver=solver)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("wall", [np.nan, np.inf, -np.inf])
def test_a_wall_that_is_not_finite_is_backed_away_from(solver: str, wall: float) -> None:
    def walled(theta: Any) -> tuple[float, Any]:  # −log(1 − x) − 2x, a minimum at ½ before x = 1
        x = float(theta[0])
        if x >= 1:
            return wall, theta * wall
        return -np.log(1 - x) - 2 * x, np.array([1 / (1 - x) - 2])

    result = minimize_function(walled, np.array([-40.0]), solver=solver, tol=1e-9, ftol=0)
    assert result.success
    np.testing.assert_allclose(result.x, [0.5], atol=1e-8)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_loss_that_overflows_is_descended(way: dict[str, str]) -> None:
    task = problem("poisson", hidden=(6,), lam=0.01)
    far = bp.init_theta(task.net, seed=1, epsilon=30.0)  # e^z beyond any double on the way
    result = minimize_function(task.cost_and_gradient, far, max_iter=30, **options(task, way))
    assert np.isfinite(result.fun)
    assert result.fun < task.cost_and_gradient(far)[0]


@pytest.mark.parametrize("solver", SOLVERS)
def test_nothing_finite_ahead_keeps_the_last_point_and_says_why(solver: str) -> None:
    def cliff(theta: Any) -> tuple[float, Any]:
        return (1.0, np.array([1.0])) if theta[0] == 3.0 else (np.nan, np.array([np.nan]))

    result = minimize_function(cliff, np.array([3.0]), solver=solver)
    assert result.reason is Stop.NOT_FINITE
    assert not result.success
    assert result.x.tolist() == [3.0]
    assert result.fun == 1.0


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_wrong_gradient_stops_for_want_of_progress(solver: str) -> None:
    result = minimize_function(
        lambda theta: (float(theta @ theta), -2 * theta), np.ones(3), solver=solver
    )
    assert result.reason is Stop.PRECISION
    np.testing.assert_array_equal(result.x, np.ones(3))


def test_unknown_solver_is_named() -> None:
    with pytest.raises(InvalidInput, match="no solver 'bfgs'; the library has"):
        minimize_function(rosenbrock, np.ones(2), solver="bfgs")


def foreign(library: str) -> Any:
    return pytest.importorskip(library)


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("library", ["torch", "array_api_strict"])
def test_foreign_arrays_take_the_same_way(way: dict[str, str], library: str) -> None:
    xp = foreign(library)
    task = problem("log_loss", hidden=(3,))
    theta, rows = start(task), task.rows
    theirs = engine.prepare(task.net, xp.asarray(rows.X), xp.asarray(rows.Y), lam=1.0)
    results = [
        minimize_function(
            chosen.cost_and_gradient,
            first,
            max_iter=15,
            callback=lambda point: None,
            **options(chosen, way),
        )
        for chosen, first in ((task, theta), (theirs, xp.asarray(theta)))
    ]
    assert type(results[1].x) is type(xp.asarray(theta))
    assert results[0].nfev == results[1].nfev
    numbers = [float(number) for number in results[1].x]
    np.testing.assert_allclose(numbers, results[0].x, rtol=1e-6, atol=1e-9)
    described = describe_point(theirs.cost_and_gradient, results[1].x)
    assert described.products == 12


def test_reasons_are_sentences() -> None:
    for reason in Stop:
        assert reason.value[0].isupper()
        assert reason.value.endswith(".")
        assert (reason.status == 0) == reason.success
