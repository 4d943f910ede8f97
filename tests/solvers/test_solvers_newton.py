"""Levenberg-Marquardt's steps against the dense formula, and its way to the minimum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import datasets

import backpass as bp
from backpass import engine
from backpass.errors import InvalidInput
from backpass.solvers import GaussNewton, Stop, minimize_function
from backpass.solvers.linear_solve import solve_damped
from backpass.solvers.newton import Dense


def regression(seed: int, lam: float = 0.0) -> Any:
    """A small regression: sines of drawn mixtures of the inputs, with noise."""
    rng = np.random.default_rng(seed)
    n, h, k = (int(rng.integers(low, high)) for low, high in ((2, 6), (3, 9), (1, 3)))
    X = rng.standard_normal((int(rng.integers(60, 200)), n))
    Y = np.sin(X @ rng.standard_normal((n, k))) + 0.1 * rng.standard_normal((len(X), k))
    net = bp.Network((n, h, k), hidden="tanh", loss="squared_error")
    return engine.prepare(net, X, Y, lam=lam)


def start(task: Any, seed: int = 0) -> np.ndarray:
    return bp.init_theta(task.net, seed=seed, method="glorot")


def jacobian_and_residuals(task: Any, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """J of all outputs by the complex step, one parameter after another, and r = a − y."""

    def outputs(parameters: np.ndarray) -> np.ndarray:
        return engine.forward(task.net, parameters, task.rows.X.astype(parameters.dtype)).ravel()

    columns = [outputs(theta + 1e-30j * e).imag / 1e-30 for e in np.eye(theta.size)]
    return np.array(columns).T, outputs(theta) - task.rows.Y.ravel()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("mu", [1e-3, 1.0])
def test_the_step_is_the_dense_formulas(seed: int, mu: float) -> None:
    task = regression(seed)
    theta, m = start(task), task.rows.m
    J, r = jacobian_and_residuals(task, theta)
    expected = -np.linalg.solve(J.T @ J + m * mu * np.eye(theta.size), J.T @ r)
    D = task.cost_and_gradient(theta)[1]
    curvature = engine.ProblemCurvature(task)
    exact = Dense(curvature.dense(theta), D).solve(mu)
    np.testing.assert_allclose(exact.p, expected, rtol=0, atol=1e-10 * abs(expected).max())
    iterated = solve_damped(curvature.product(theta), -D, mu, lambda h: h, 1e-14, 1000)
    np.testing.assert_allclose(iterated.p, expected, rtol=0, atol=1e-10 * abs(expected).max())
    np.testing.assert_allclose(iterated.Bp, J.T @ (J @ expected) / m, atol=1e-10)


def small_regressions() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Ten classical ones: curves, Friedman's three, and two of scikit-learn's tables."""
    x, X = np.linspace(-3, 3, 80)[:, None], np.random.default_rng(0).standard_normal((100, 2))
    return {
        "sinc": (x, np.sinc(x)),
        "corner": (x, np.abs(x)),
        "waves": (x, np.hstack([np.sin(2 * x), np.cos(x)])),
        "step": (x, np.sign(x) + 0.1 * x),
        "product": (X, X[:, :1] * X[:, 1:]),
        "friedman1": datasets.make_friedman1(150, 5, noise=0.5, random_state=0),
        "friedman2": datasets.make_friedman2(150, noise=50, random_state=0),
        "friedman3": datasets.make_friedman3(150, noise=0.1, random_state=0),
        "diabetes": datasets.load_diabetes(return_X_y=True),
        "linnerud": datasets.load_linnerud(return_X_y=True),
    }


def standardised(array: np.ndarray) -> np.ndarray:
    array = array.reshape(len(array), -1)
    return (array - array.mean(axis=0)) / array.std(axis=0)


def test_fewer_evaluations_than_lbfgs_on_eight_of_ten_small_regressions() -> None:
    sooner = []
    for name, (X, Y) in small_regressions().items():
        X, Y = standardised(X), standardised(Y)
        net = bp.Network((X.shape[1], 10, Y.shape[1]), hidden="tanh", loss="squared_error")
        task = engine.prepare(net, X, Y, lam=0.01)
        theta, curvature = start(task), engine.ProblemCurvature(task)
        plain = minimize_function(task.cost_and_gradient, theta, max_iter=200)
        ours = minimize_function(
            task.cost_and_gradient,
            theta,
            solver="newton",
            curvature=curvature,
            callback=lambda point, level=plain.fun: point.fun <= level,
        )
        if ours.fun <= plain.fun and ours.nfev < plain.nfev:
            sooner.append(name)
    assert len(sooner) >= 8, sooner


@pytest.mark.parametrize("dense_below", [0, 10**6])
def test_both_ways_to_solve_reach_a_minimum(dense_below: int) -> None:
    task = regression(2, lam=1.0)
    solver = GaussNewton(engine.ProblemCurvature(task), dense_below=dense_below)
    result = minimize_function(
        task.cost_and_gradient, start(task), solver=solver, tol=1e-6, max_iter=1000
    )
    assert result.success
    assert abs(result.jac).max() <= 1e-6
    assert (result.nhev > 0) == (dense_below == 0)


def test_a_rejected_step_raises_the_damping() -> None:
    task = regression(4, lam=0.1)
    timid = GaussNewton(engine.ProblemCurvature(task), first_damping=1e-12)
    state = timid.init(task.cost_and_gradient, start(task, 3))
    after = timid.step(task.cost_and_gradient, state)
    assert after["nfev"] > state["nfev"] + 1
    assert after["J"] < state["J"]
    assert state["mu"] < 0  # the state that was given is left alone


@pytest.mark.parametrize("where", ["J", "D"])
def test_no_finite_step_keeps_the_point(where: str) -> None:
    task = regression(0)
    theta = start(task)

    def cliff(x: np.ndarray) -> tuple[float, np.ndarray]:
        J, D = task.cost_and_gradient(x)
        if np.array_equal(x, theta):
            return J, D
        return (np.nan, D) if where == "J" else (J, D * np.nan)

    result = minimize_function(
        cliff, theta, solver="newton", curvature=engine.ProblemCurvature(task)
    )
    assert result.reason is Stop.NOT_FINITE
    np.testing.assert_array_equal(result.x, theta)


def test_newton_without_curvature_is_refused() -> None:
    with pytest.raises(InvalidInput, match="newton needs curvature="):
        minimize_function(lambda theta: (0.0, theta), np.ones(2), solver="newton")
