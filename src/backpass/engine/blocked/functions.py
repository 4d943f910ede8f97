"""The library's functions written in place, on transposed blocks of shape (units, rows).

With one column per example, sums and maxima over a layer's units run along whole rows of memory,
and a narrow layer wastes nothing. What is not written in place here, a user's own g or loss among
it, is called as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ... import activations, losses
from ...activations import LEAKY_SLOPE, Activation
from ...losses import Loss

LOGS_GATHERED = 64  # factors of at most 2, whose product 2^64 fits a float32 (below 2^128)


class Hidden(NamedTuple):
    """An activation in place."""

    g: Callable[[np.ndarray, np.ndarray], None]  # (z, a): a := g(z)
    times_slope: Callable[[np.ndarray, np.ndarray, np.ndarray], None]  # (δ, z, a): δ := δ ⊙ g′(z)


class Output(NamedTuple):
    """A loss in place, with its output activation."""

    h: Callable[[np.ndarray], None]  # z := h(z)
    value: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]  # (z, y, δ): one per row


def hidden_in_place(activation: Activation) -> Hidden:
    """The activation's in-place form; the same signature around its own functions otherwise."""
    known = _HIDDEN.get(activations.core_name(activation))
    if known is not None:
        return known

    def g(z: np.ndarray, a: np.ndarray) -> None:
        a[...] = activation.g(z.T).T

    def times_slope(delta: np.ndarray, z: np.ndarray, a: np.ndarray) -> None:
        delta *= activation.g_prime(z.T).T

    return Hidden(g, times_slope)


def output_in_place(loss: Loss) -> Output:
    """The loss's in-place form; the same signature around its own functions otherwise."""
    known = _OUTPUT.get(losses.core_name(loss))
    if known is not None:
        return known

    def h(z: np.ndarray) -> None:
        z[...] = loss.h(z.T).T

    def value(z: np.ndarray, y: np.ndarray, delta: np.ndarray) -> np.ndarray:
        delta[...] = loss.delta(z.T, y.T).T
        return loss.value(z.T, y.T)

    return Output(h, value)


def _identity(z: np.ndarray, a: np.ndarray) -> None:
    a[...] = z


def _identity_slope(delta: np.ndarray, z: np.ndarray, a: np.ndarray) -> None:
    """g′ = 1."""


def _logistic(z: np.ndarray, a: np.ndarray) -> None:
    """g = ½ + ½ tanh(z/2), which overflows nowhere."""
    # No branch on z's sign and no second buffer, as 1 / (1 + e^(−z)) without overflow would need.
    np.multiply(z, 0.5, out=a)
    np.tanh(a, out=a)
    a *= 0.5
    a += 0.5


def _logistic_slope(delta: np.ndarray, z: np.ndarray, a: np.ndarray) -> None:
    """g′ = a (1 − a)."""
    # z is not needed again: each slope uses it as its scratch.
    np.subtract(1, a, out=z)
    z *= a
    delta *= z


def _tanh(z: np.ndarray, a: np.ndarray) -> None:
    np.tanh(z, out=a)


def _tanh_slope(delta: np.ndarray, z: np.ndarray, a: np.ndarray) -> None:
    """g′ = 1 − a²."""
    np.multiply(a, a, out=z)
    np.subtract(1, z, out=z)
    delta *= z


def _relu(z: np.ndarray, a: np.ndarray) -> None:
    np.maximum(z, 0, out=a)


def _relu_slope(delta: np.ndarray, z: np.ndarray, a: np.ndarray) -> None:
    np.greater(z, 0, out=z, casting="unsafe")  # a comparison written as 0.0 and 1.0
    delta *= z


def _leaky_relu(z: np.ndarray, a: np.ndarray) -> None:
    np.multiply(z, LEAKY_SLOPE, out=a)  # max(z, 0.01 z) needs no mask
    np.maximum(z, a, out=a)


def _leaky_relu_slope(delta: np.ndarray, z: np.ndarray, a: np.ndarray) -> None:
    np.greater(z, 0, out=z, casting="unsafe")  # 0.99 [z > 0] + 0.01
    z *= 1 - LEAKY_SLOPE
    z += LEAKY_SLOPE
    delta *= z


def _softplus(z: np.ndarray, a: np.ndarray) -> None:
    np.logaddexp(z, 0, out=a)


def _softplus_slope(delta: np.ndarray, z: np.ndarray, a: np.ndarray) -> None:
    _logistic(z, a)
    delta *= a


def _softmax(z: np.ndarray) -> None:
    z -= z.max(axis=0)  # the largest exponent is 0: nothing overflows, and the sum is ≥ 1
    np.exp(z, out=z)
    z /= z.sum(axis=0)


def _log_loss(z: np.ndarray, y: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """log Σ e^z − Σ y z, with the column's largest logit taken out first; δ = a − y."""
    top = z.max(axis=0)
    z -= top
    np.multiply(y, z, out=delta)
    # With z' = z − top: log Σ e^z − Σ y z = log Σ e^z' − Σ y z' + top (1 − Σ y). For a one-hot y
    # top's factor is exactly 0, so large logits cost no digits.
    value = top * (1 - y.sum(axis=0))
    value -= delta.sum(axis=0)
    np.exp(z, out=z)
    total = z.sum(axis=0)
    np.divide(z, total, out=delta)
    delta -= y
    value += np.log(total)
    return value


def _sigmoid(z: np.ndarray) -> None:
    """h = 1 / (1 + e^(−z)): small probabilities keep digits that ½ + ½ tanh(z/2) rounds off."""
    np.negative(z, out=z)
    with np.errstate(over="ignore"):  # e^(−z) = ∞ where h is 0 in any case
        np.exp(z, out=z)
    z += 1
    np.divide(1, z, out=z)


def _binary_log_loss(z: np.ndarray, y: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """Σ max(z, 0) − z y + log(1 + e^(−|z|)); δ = a − y, from t = e^(−|z|) / (1 + e^(−|z|))."""
    np.multiply(z, y, out=delta)
    value = np.maximum(z, 0).sum(axis=0)
    value -= delta.sum(axis=0)
    np.abs(z, out=delta)
    np.negative(delta, out=delta)
    np.exp(delta, out=delta)
    denominator = delta + 1
    value += _sum_of_logs(denominator)
    delta /= denominator
    # t = 1 − a or a, whichever is small. ½ − t has the sign of z put to it, so that no mask is
    # needed to choose between the two.
    np.subtract(0.5, delta, out=delta)
    np.copysign(delta, z, out=delta)  # a = ½ ± (½ − t)
    delta += 0.5
    delta -= y
    return value


def _sum_of_logs(factors: np.ndarray) -> np.ndarray:
    """Σ log by columns, of numbers from 1 to 2: one logarithm for the product of many."""
    starts = range(0, len(factors), LOGS_GATHERED)
    products = np.multiply.reduceat(factors, list(starts), axis=0)
    return np.log(products).sum(axis=0)


def _unchanged(z: np.ndarray) -> None:
    """h(z) = z."""


def _squared_error(z: np.ndarray, y: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """½ Σ (a − y)²; δ = a − y."""
    np.subtract(z, y, out=delta)
    np.multiply(delta, delta, out=z)
    return z.sum(axis=0) / 2


_HIDDEN: dict[str | None, Hidden] = {
    "identity": Hidden(_identity, _identity_slope),
    "logistic": Hidden(_logistic, _logistic_slope),
    "tanh": Hidden(_tanh, _tanh_slope),
    "relu": Hidden(_relu, _relu_slope),
    "leaky_relu": Hidden(_leaky_relu, _leaky_relu_slope),
    "softplus": Hidden(_softplus, _softplus_slope),
}
_OUTPUT: dict[str | None, Output] = {
    "log_loss": Output(_softmax, _log_loss),
    "binary_log_loss": Output(_sigmoid, _binary_log_loss),
    "squared_error": Output(_unchanged, _squared_error),
}
