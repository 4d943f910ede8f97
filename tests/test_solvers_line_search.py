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
