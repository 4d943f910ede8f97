"""L-BFGS's direction against BFGS's textbook update, and what it remembers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.optimize

from backpass.solvers import LBFGS, PlainScaling, lbfgs
from backpass.solvers.line_search import LineSearchResult, Point


def bowl(theta: np.ndarray) -> tuple[float, np.ndarray]:
    return float(scipy.optimize.rosen(theta)), scipy.optimize.rosen_der(theta)


class Diagonal(PlainScaling):
    """H₀ = diag(1, 2, …), refreshed to twice itself by the iteration of every refresh."""

    def refresh(self, theta: np.ndarray) -> Any:
        return [np.arange(1.0, theta.size + 1)]

    def apply(self, held: Any, v: np.ndarray) -> np.ndarray:
        return held[0] * v if held else v


def bfgs_matrix(pairs: list[tuple[np.ndarray, np.ndarray]], H0: np.ndarray) -> np.ndarray:
    """H := (I − ρ s yᵀ) H (I − ρ y sᵀ) + ρ s sᵀ, pair after pair."""
    H, identity = H0, np.eye(len(H0))
    for s, y in pairs:
        rho = 1 / (s @ y)
        left = identity - rho * np.outer(s, y)
        H = left @ H @ left.T + rho * np.outer(s, s)
    return H


@pytest.mark.parametrize("stretch", [lbfgs.STRETCH, 4])  # θ in one, and in two
@pytest.mark.parametrize("preconditioner", [PlainScaling(), Diagonal()], ids=["plain", "diagonal"])
@pytest.mark.parametrize("memory", [1, 2, 5])
def test_direction_is_the_textbooks(
    preconditioner: Any, memory: int, stretch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lbfgs, "STRETCH", stretch)
    solver = LBFGS(memory=memory, preconditioner=preconditioner, every=3)
    state = solver.init(bowl, np.linspace(-1, 1.5, 6))
    history: list[tuple[np.ndarray, np.ndarray]] = []
    for _ in range(12):
        before = state
        state = solver.step(bowl, before)
        history.append((state["theta"] - before["theta"], state["D"] - before["D"]))
        s, y = history[-1]
        base = np.diag(preconditioner.apply(state["H0"], np.ones(6)))
        gamma = (s @ y) / (y @ base @ y)
        H = bfgs_matrix(history[-memory:], gamma * base)
        direction, first = solver._direction(state)
        np.testing.assert_allclose(direction, -H @ state["D"], rtol=1e-7, atol=1e-10)
        assert first == 1.0
        assert len(state["pairs"]) == min(memory, len(history))


def test_a_pair_without_positive_curvature_is_not_remembered() -> None:
    solver = LBFGS()
    state = solver.init(bowl, np.zeros(3))
    theta = np.ones(3)
    point = Point(1.0, theta, 0.0, state["D"] - theta, -1.0)  # y = −s
    assert solver._with_pair(state, LineSearchResult(point, 1, False)) == {}


def test_a_step_without_a_pair_leaves_no_product_of_an_older_gradient(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    solver = LBFGS()
    state = solver.init(bowl, np.linspace(-1, 1.5, 6))
    for _ in range(3):
        state = solver.step(bowl, state)
    s, y = state["S"][state["pairs"]], state["Y"][state["pairs"]]
    D = np.arange(1.0, 7)
    point = Point(1.0, state["theta"] + 1, state["J"], D, 0.0)
    moved = {**state, "D": state["D"] + 1, "theta": state["theta"]}  # sᵀy < 0 with the point's D
    flat = point._replace(theta=state["theta"] - (D - moved["D"]))
    monkeypatch.setattr(lbfgs, "strong_wolfe", lambda *_, **__: LineSearchResult(flat, 1, False))
    state = solver.step(bowl, moved)
    assert len(state["pairs"]) == len(s)
    gamma = (s[-1] @ y[-1]) / (y[-1] @ y[-1])
    H = bfgs_matrix(list(zip(s, y)), gamma * np.eye(6))
    np.testing.assert_allclose(solver._direction(state)[0], -H @ D, rtol=1e-7)


def test_a_state_of_the_first_release_goes_on_with_the_same_bits() -> None:
    solver = LBFGS()
    state = solver.init(bowl, np.linspace(-1, 1.5, 6))
    for _ in range(4):
        state = solver.step(bowl, state)
    without = {name: value for name, value in state.items() if name != "SD"}
    np.testing.assert_array_equal(solver._direction(without)[0], solver._direction(state)[0])


def test_the_state_that_a_step_was_given_can_be_stepped_again() -> None:
    solver = LBFGS(memory=3)
    state = solver.init(bowl, np.linspace(-1, 1.5, 6))
    for _ in range(8):
        once, twice = solver.step(bowl, state), solver.step(bowl, state)
        np.testing.assert_array_equal(once["theta"], twice["theta"])
        state = twice


def test_as_few_evaluations_as_scipys() -> None:
    theta = np.linspace(-1, 1.5, 20)
    options = {"maxcor": 10, "gtol": 1e-6, "ftol": 0}
    theirs = scipy.optimize.minimize(bowl, theta, jac=True, method="L-BFGS-B", options=options)
    solver = LBFGS()
    state = solver.init(bowl, theta)
    while abs(state["D"]).max() > 1e-6:
        state = solver.step(bowl, state)
    assert state["nfev"] <= 1.2 * theirs.nfev
