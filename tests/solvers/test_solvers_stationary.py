"""What kind of point: against eigenvalues, and on points that are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backpass as bp
from backpass import engine
from backpass.solvers import Finding, describe_point, minimize_function
from backpass.solvers.stationary import hessian_product, lanczos


def quadratic(A: np.ndarray) -> Any:
    return lambda theta: (float(theta @ A @ theta) / 2, A @ theta)


@pytest.fixture
def symmetric(rng: np.random.Generator) -> np.ndarray:
    A = rng.standard_normal((8, 8))
    return A + A.T


def test_lanczos_finds_all_eigenvalues_of_a_small_matrix(symmetric: np.ndarray) -> None:
    values, products = lanczos(lambda v: symmetric @ v, np.zeros(8), 8)
    np.testing.assert_allclose(values, np.linalg.eigvalsh(symmetric), atol=1e-10)
    assert products == 8


def test_lanczos_stops_where_the_space_ends() -> None:
    values, products = lanczos(lambda v: 3 * v, np.zeros(50), 12)
    assert products == 1
    np.testing.assert_allclose(values, [3])


def test_lanczos_finds_the_ends_of_a_wide_spectrum(rng: np.random.Generator) -> None:
    spectrum = np.concatenate([[-5.0], rng.uniform(0, 1, 300), [40.0]])
    values, _ = lanczos(lambda v: spectrum * v, np.zeros(302), 12)
    np.testing.assert_allclose([values.min(), values.max()], [-5, 40], rtol=1e-3)


def test_products_are_the_hessians(symmetric: np.ndarray, rng: np.random.Generator) -> None:
    v = rng.standard_normal(8)
    product = hessian_product(quadratic(symmetric), rng.standard_normal(8))
    np.testing.assert_allclose(product(v), symmetric @ v, rtol=1e-6)


def test_saddle_minimum_and_slope() -> None:
    point = np.zeros(3)
    bowl, saddle = np.diag([1.0, 2.0, 3.0]), np.diag([1.0, -0.01, 3.0])
    assert describe_point(quadratic(bowl), point).finding is Finding.MINIMUM
    assert describe_point(quadratic(saddle), point).finding is Finding.SADDLE
    assert describe_point(quadratic(bowl), point + 1).finding is Finding.UNFINISHED
    given = describe_point(quadratic(bowl), point, point, product=lambda v: bowl @ v)
    assert (given.smallest_curvature, given.largest_curvature) == pytest.approx((1, 3))


def test_zero_is_a_saddle_of_the_xor_network(rng: np.random.Generator) -> None:
    X = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    net = bp.Network((2, 2, 1), hidden="tanh", loss="squared_error")
    task = engine.prepare(net, X, np.array([[0.0], [1], [1], [0]]))
    flat = np.zeros(net.n_parameters)
    flat[-3] = 0.5  # the output's bias is the mean of Y, every weight is zero
    flat[:6] = [0, 0, 0.5, -1, -0.5, 1]  # …so no weight of the first layer has a gradient
    description = describe_point(task.cost_and_gradient, flat)
    H = np.array([hessian_product(task.cost_and_gradient, flat)(e) for e in np.eye(flat.size)])
    assert description.finding is Finding.SADDLE
    assert description.smallest_curvature == pytest.approx(np.linalg.eigvalsh(H).min(), abs=1e-5)


def test_a_trained_network_ends_in_a_minimum_and_a_short_fit_is_unfinished() -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 3))
    net = bp.Network((3, 4, 1), hidden="tanh", loss="squared_error")
    task = engine.prepare(net, X, np.sin(X[:, :1]), lam=1.0)
    theta = bp.init_theta(net, seed=0)
    done = minimize_function(task.cost_and_gradient, theta, max_iter=1000, tol=1e-7)
    found = describe_point(task.cost_and_gradient, done.x, done.jac)
    assert found.finding is Finding.MINIMUM
    assert str(found).startswith(Finding.MINIMUM.value)
    short = minimize_function(task.cost_and_gradient, theta, max_iter=3)
    found = describe_point(task.cost_and_gradient, short.x)
    assert found.finding is Finding.UNFINISHED


def test_float32_noise_is_no_saddle() -> None:
    A = np.diag(np.array([1e-6, 1.0, 100.0], dtype=np.float32))
    found = describe_point(quadratic(A), np.zeros(3, dtype=np.float32))
    assert found.finding is Finding.MINIMUM
