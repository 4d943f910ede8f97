"""Conjugate gradients: the formula of Polak and Ribière, and the n steps of a quadratic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.optimize

from backpass.solvers import ConjugateGradients


def rosenbrock(theta: np.ndarray) -> tuple[float, np.ndarray]:
    return float(scipy.optimize.rosen(theta)), scipy.optimize.rosen_der(theta)


def test_direction_is_polak_and_ribieres() -> None:
    solver = ConjugateGradients()
    state = solver.init(rosenbrock, np.linspace(-1, 1.5, 6))
    np.testing.assert_array_equal(state["d"], -state["D"])
    restarts = 0
    for _ in range(25):
        before, state = state, solver.step(rosenbrock, state)
        old, D = before["D"], state["D"]
        beta = D @ (D - old) / (old @ old)
        restarts += beta < 0
        np.testing.assert_allclose(state["d"], max(beta, 0) * before["d"] - D, rtol=1e-12)
        assert state["d"] @ D < 0
    assert restarts < 25


@pytest.mark.parametrize("n", [2, 5, 8])
def test_a_quadratic_takes_about_as_many_steps_as_it_has_dimensions(n: int) -> None:
    rng = np.random.default_rng(n)
    A = rng.standard_normal((n, n))
    A = A @ A.T + np.eye(n)

    def quadratic(theta: np.ndarray) -> tuple[float, np.ndarray]:
        return float(theta @ A @ theta) / 2, A @ theta

    solver: Any = ConjugateGradients(c2=0.01)  # nearly exact searches
    state = solver.init(quadratic, rng.standard_normal(n))
    first = abs(state["D"]).max()
    for _ in range(2 * n):
        state = solver.step(quadratic, state)
    assert abs(state["D"]).max() < 1e-4 * first
