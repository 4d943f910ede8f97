"""What a loss is as a function of h and y, found from its numbers: any loss, not its name.

A loss whose formula in h is known can be evaluated at an h that is wrong, and its δ can be taken
apart into ∂cost/∂a and the output's slope.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ...losses import Loss
from .columns import Array, Infeasible


def _binary_cross_entropy(h: Array, Y: Array, eps: float = 0.0) -> Array:
    return (-Y * np.log(h + eps) - (1 - Y) * np.log(1 - h + eps)).sum(axis=1)


def _cross_entropy(h: Array, Y: Array, eps: float = 0.0) -> Array:
    return -(Y * np.log(h + eps)).sum(axis=1)


def _half_squares(h: Array, Y: Array, eps: float = 0.0) -> Array:
    return ((h - Y) ** 2).sum(axis=1) / 2


IN_H: dict[str, Callable[..., Array]] = {
    "binary cross-entropy": _binary_cross_entropy,
    "cross-entropy": _cross_entropy,
    "squares": _half_squares,
}

# ∂cost/∂a of each.
BY_A: dict[str, Callable[[Array, Array], Array]] = {
    "binary cross-entropy": lambda a, Y: (a - Y) / (a * (1 - a)),
    "cross-entropy": lambda a, Y: -Y / a,
    "squares": lambda a, Y: a - Y,
}

# g′ of the output as a function of a.
OUTPUT_SLOPE: dict[str, Callable[[Array], Array]] = {
    "logistic": lambda a: a * (1 - a),
    "tanh": lambda a: 1 - a * a,
    "identity": np.ones_like,
    "relu": lambda a: (a > 0) * 1.0,
}


@lru_cache(maxsize=256)
def kind_of(loss: Loss) -> str:
    """Which of ``IN_H`` a loss is; "" where it is none of them."""
    rng = np.random.default_rng(0)
    z, Y = rng.normal(size=(6, 3)), np.eye(3)[[0, 1, 2, 2, 0, 1]]
    try:
        with np.errstate(all="ignore"):
            h, value = np.asarray(loss.h(z)), np.asarray(loss.value(z, Y))
            agree = [kind for kind, cost in IN_H.items() if np.allclose(cost(h, Y), value)]
    except (TypeError, ValueError):
        return ""  # a loss for one output alone
    return agree[0] if agree else ""


def delta_in_a(loss: Loss, a: Array, z: Array, Y: Array) -> Array:
    """δ^(L) at an a^(L) that may be wrong."""
    kind = kind_of(loss)
    if (kind, loss.output) in _CANONICAL or loss.name == "poisson":
        return a - Y
    if kind and loss.output == "softmax":
        return through_softmax(a, BY_A[kind](a, Y))
    if kind and loss.output in OUTPUT_SLOPE:
        return BY_A[kind](a, Y) * OUTPUT_SLOPE[loss.output](a)
    return loss.delta(a if loss.output == "identity" else z, Y)


_CANONICAL = {
    ("binary cross-entropy", "logistic"),
    ("cross-entropy", "softmax"),
    ("squares", "identity"),
}


def through_softmax(a: Array, by_a: Array) -> Array:
    """∂cost/∂z of a softmax from ∂cost/∂a: a_k (v_k − Σ_j a_j v_j)."""
    return a * (by_a - (a * by_a).sum(axis=1, keepdims=True))


def output_slope(loss: Loss, a: Array) -> Array:
    """g′ of the output, element by element."""
    if loss.output not in OUTPUT_SLOPE:
        raise Infeasible
    return OUTPUT_SLOPE[loss.output](a)
