"""The strong Wolfe conditions, on drawn functions and on the classical hard ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backpass.solvers.line_search import MAX_EVALUATIONS, strong_wolfe


def search(phi: Any, phi_prime: Any, t: float, c1: float, c2: float) -> Any:
    def fun(theta: Any) -> tuple[float, Any]:
        return phi(theta[0]), np.array([phi_prime(theta[0])])

    theta = np.zeros(1)
    J, D = fun(theta)
    return strong_wolfe(fun, theta, J, D, np.ones(1), t=t, c1=c1, c2=c2)


MORE_THUENTE = {  # Moré and Thuente's (1994) first two, c1 (their μ) and c2 (their η)
    "1": (lambda t: -t / (t * t + 2), lambda t: (t * t - 2) / (t * t + 2) ** 2, 1e-3, 0.1),
    "2": (
        lambda t: (t + 0.004) ** 5 - 2 * (t + 0.004) ** 4,
        lambda t: 5 * (t + 0.004) ** 4 - 8 * (t + 0.004) ** 3,
        0.1,
        0.9,
    ),
}


@pytest.mark.parametrize("which", ["1", "2"])
@pytest.mark.parametrize("t", [1e-3, 1e-1, 1e1, 1e3])
def test_more_and_thuentes_functions(which: str, t: float) -> None:
    phi, phi_prime, c1, c2 = MORE_THUENTE[which]
    found = search(phi, phi_prime, t, c1, c2)
    step = found.point.t
    assert phi(step) <= phi(0) + c1 * step * phi_prime(0)
    assert abs(phi_prime(step)) <= c2 * abs(phi_prime(0))
    assert found.nfev <= 20


@given(
    a=st.floats(0.1, 10),
    b=st.floats(0.01, 10),
    c=st.floats(-1, 1),
    t=st.floats(1e-3, 1e3),
    c2=st.floats(0.1, 0.9),
)
def test_wolfe_conditions_hold_on_drawn_functions(
    a: float, b: float, c: float, t: float, c2: float
) -> None:
    def phi(x: float) -> float:
        return a * (x - b) ** 2 + c * np.sin(3 * x)

    def phi_prime(x: float) -> float:
        return 2 * a * (x - b) + 3 * c * np.cos(3 * x)

    if phi_prime(0) >= -1e-3:
        return
    found = search(phi, phi_prime, t, 1e-4, c2)
    step = found.point.t
    assert step > 0
    assert phi(step) <= phi(0) + 1e-4 * step * phi_prime(0)
    assert abs(phi_prime(step)) <= c2 * abs(phi_prime(0))


def level_bowl(dtype: Any, level: float) -> Any:
    """J = level + ½ Σ x², whose fall is lost in level's rounding near the minimum; D is exact."""

    def fun(theta: Any) -> tuple[Any, Any]:
        return dtype(level) + (theta @ theta) / dtype(2), theta

    return fun


@pytest.mark.parametrize(
    ("dtype", "start"), [(np.float64, 1e-6), (np.float64, -1e-7), (np.float32, 1e-3)]
)
@pytest.mark.parametrize("level", [1e6, -1e6])
@pytest.mark.parametrize("t", [0.5, 1.0, 0.9])
def test_where_rounding_hides_the_fall_of_J_the_gradient_decides(
    dtype: Any, start: float, level: float, t: float
) -> None:
    """Hager and Zhang's approximate Wolfe conditions: no first Wolfe condition can hold here."""
    fun, theta = level_bowl(dtype, level), np.full(3, start, dtype)
    J, D = fun(theta)
    assert fun(dtype(0) * theta)[0] == J  # the minimum itself is no lower
    found = strong_wolfe(fun, theta, J, D, -D, t=t, c1=1e-4, c2=0.9)
    assert found.nfev <= 3
    assert found.point.t > 0
    assert np.abs(found.point.D).max() < 0.6 * np.abs(D).max()
    assert found.point.J == J


@pytest.mark.parametrize("t", [1e-3, 2.5])
def test_the_approximate_conditions_still_bound_the_slope(t: float) -> None:
    """Neither a step so short that φ′ has hardly changed nor one far beyond the minimum will do."""
    fun, theta = level_bowl(np.float64, 1e6), np.full(3, 1e-6)
    J, D = fun(theta)
    found = strong_wolfe(fun, theta, J, D, -D, t=t, c1=1e-4, c2=0.9)
    assert found.point.t not in (t, 0.0) or found.point.t == 0
    slopes = -(D @ D), found.point.slope
    if found.point.t > 0:
        assert 0.9 * slopes[0] <= slopes[1] <= (2e-4 - 1) * slopes[0]


def test_a_J_that_rises_by_more_than_rounding_is_no_level() -> None:
    """The gradient alone does not decide where J can be told apart."""

    def fun(theta: Any) -> tuple[float, Any]:
        return 1.0 + (1e-9 if theta[0] > 0 else 0.0), theta - 1.0  # J rises, D says it falls

    theta = np.zeros(1)
    J, D = fun(theta)
    found = strong_wolfe(fun, theta, J, D, -D, t=0.9, c1=1e-4, c2=0.9)
    assert found.point.t == 0
    assert found.nfev <= MAX_EVALUATIONS


def test_an_ascent_direction_gives_up() -> None:
    found = search(lambda t: t, lambda t: -1.0, 1.0, 1e-4, 0.9)
    assert found.point.t == 0
    assert found.nfev <= MAX_EVALUATIONS


def test_overflow_is_reported_and_left() -> None:
    def phi(t: float) -> float:
        return np.inf if t > 1 else -t

    found = search(phi, lambda t: -1.0 if t <= 1 else np.nan, 50.0, 1e-4, 0.9)
    assert found.overflowed
    assert 0 < found.point.t <= 1
