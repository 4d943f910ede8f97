"""The optimisers' steps written in place: the same state, in the same order of operations.

Long vectors are worked through in pieces that stay in cache, for a step reads and writes θ, D and
the state several times over. The gradient is overwritten.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from ...arrays import State
from ..problem import HasMatrices, HasMoments, HasMomentum, Optimizer, rule_name

PIECE = 16384  # numbers: of θ, D, both moments and the scratch 640 KB in double precision

# (state, θ, D, α): all three arrays are overwritten
Step = Callable[[State, np.ndarray, np.ndarray, float], None]


def step_in_place(optimizer: Optimizer) -> Step:
    """Return the rule's in-place form; for a rule of the user's own, one that copies."""
    return partial(_IN_PLACE.get(rule_name(optimizer), _pure), optimizer)


def _pure(optimizer: Optimizer, state: State, theta: np.ndarray, D: np.ndarray, lr: float) -> None:
    new_state, theta[...] = optimizer.step(state, theta, D, lr)
    state.update(new_state)


def _gradient_descent(
    optimizer: Optimizer, state: State, theta: np.ndarray, D: np.ndarray, lr: float
) -> None:
    """θ := θ − α D."""
    state["t"] += 1
    for here in pieces(theta):
        D[here] *= lr
        theta[here] -= D[here]


def _momentum(
    optimizer: HasMomentum, state: State, theta: np.ndarray, D: np.ndarray, lr: float
) -> None:
    """v := μ v − α D; θ := θ + v."""
    state["t"] += 1
    for here in pieces(theta):
        v = state["v"][here]
        _update_velocity(v, D[here], optimizer.momentum, lr)
        theta[here] += v


def _nesterov(
    optimizer: HasMomentum, state: State, theta: np.ndarray, D: np.ndarray, lr: float
) -> None:
    """v := μ v − α D; θ := θ + μ v − α D."""
    state["t"] += 1
    for here in pieces(theta):
        v = state["v"][here]
        _update_velocity(v, D[here], optimizer.momentum, lr)
        theta[here] += optimizer.momentum * v
        theta[here] -= D[here]


def _update_velocity(v: np.ndarray, D: np.ndarray, mu: float, lr: float) -> None:
    """v := μ v − α D, and D := α D."""
    D *= lr
    v *= mu
    v -= D


def _adam(optimizer: HasMoments, state: State, theta: np.ndarray, D: np.ndarray, lr: float) -> None:
    """Adam; all of θ shrinks where ``weight_decay`` is not zero."""
    _follow_moments(optimizer, state, theta, D, lr, 1 - lr * optimizer.weight_decay)


def _adamw(
    optimizer: HasMatrices, state: State, theta: np.ndarray, D: np.ndarray, lr: float
) -> None:
    """AdamW: the matrices shrink."""
    for matrix in optimizer.all_matrices:
        weights = theta[matrix.offset : matrix.offset + matrix.inputs * matrix.units]
        weights *= 1 - lr * optimizer.weight_decay
    _follow_moments(optimizer, state, theta, D, lr, 1.0)


def _follow_moments(
    optimizer: HasMoments, state: State, theta: np.ndarray, D: np.ndarray, lr: float, kept: float
) -> None:
    """Move the moments, and what is kept of θ along them."""
    state["t"] = t = state["t"] + 1
    beta_1, beta_2 = optimizer.beta_1, optimizer.beta_2
    # Both bias corrections in one number, as in the last lines of Kingma and Ba's section 2.
    alpha = lr * math.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    scratch = np.empty_like(D[:PIECE])
    for here in pieces(theta):
        g, m, v = D[here], state["m"][here], state["v"][here]
        s = scratch[: len(g)]
        _moving_average(m, beta_1, np.multiply(g, 1 - beta_1, out=s))
        _moving_average(v, beta_2, np.multiply(np.multiply(g, 1 - beta_2, out=s), g, out=s))
        # g := α m / (√v + ε); the operations are in solvers.first_order's order, for the same bits.
        np.sqrt(v, out=s)
        s += optimizer.epsilon
        np.multiply(m, alpha, out=g)
        g /= s
        if kept != 1:
            theta[here] *= kept
        theta[here] -= g


def _moving_average(average: np.ndarray, beta: float, new: np.ndarray) -> None:
    average *= beta
    average += new


def pieces(theta: np.ndarray) -> Iterator[slice]:
    """Slices of at most PIECE numbers."""
    return (slice(start, start + PIECE) for start in range(0, len(theta), PIECE))


_IN_PLACE: dict[str | None, Callable[..., None]] = {
    "gd": _gradient_descent,
    "momentum": _momentum,
    "nesterov": _nesterov,
    "adam": _adam,
    "adamw": _adamw,
}
