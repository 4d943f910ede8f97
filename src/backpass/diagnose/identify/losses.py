"""The losses, with their outputs, that people put on top of a network."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ...activations import Activation, find_activation, relu, relu_gradient, sigmoid, tanh
from ...losses import LOSSES, Loss, find_loss, softmax

Array = np.ndarray
Function = Callable[[Array], Array]


def squared_behind(output: str, h: Function, slope: Function) -> Loss:
    """½ (a − y)², summed over the outputs, where a = h(z) unit by unit."""

    def value(z: Array, y: Array) -> Array:
        return 0.5 * ((h(z) - y) ** 2).sum(axis=1)

    def delta(z: Array, y: Array) -> Array:
        return (h(z) - y) * slope(z)

    return Loss(f"squared error behind {output}", h, value, delta, output)


def _squared_behind_softmax() -> Loss:
    def value(z: Array, y: Array) -> Array:
        return 0.5 * ((softmax(z) - y) ** 2).sum(axis=1)

    def delta(z: Array, y: Array) -> Array:
        a = softmax(z)
        return a * (a - y - (a * (a - y)).sum(axis=1, keepdims=True))

    return Loss("squared error behind softmax", softmax, value, delta, "softmax")


def margins(z: Array, y: Array) -> Array:
    """max(0, z_k − z_y + 1) of every wrong class."""
    return np.where(y > 0, 0.0, np.maximum(0.0, z - (z * y).sum(axis=1, keepdims=True) + 1.0))


def _hinge() -> Loss:
    """The hinge loss of several classes; Weston and Watkins, 1999."""

    def delta(z: Array, y: Array) -> Array:
        wrong = (margins(z, y) > 0) * 1.0
        return wrong - y * wrong.sum(axis=1, keepdims=True)

    def value(z: Array, y: Array) -> Array:
        return margins(z, y).sum(axis=1)

    return Loss("hinge", lambda z: z, value, delta, "identity", smooth=False)


@lru_cache(maxsize=1)
def known_losses() -> tuple[Loss, ...]:
    """Every loss that J is compared with, the commonest first."""
    return (
        find_loss("binary_log_loss"),
        find_loss("log_loss"),
        squared_behind("logistic", sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
        find_loss("squared_error"),
        squared_behind("tanh", tanh, lambda z: 1 - tanh(z) ** 2),
        _squared_behind_softmax(),
        squared_behind("relu", relu, relu_gradient),
        _hinge(),
        *(find_loss(name) for name in LOSSES if name not in _LISTED),
    )


_LISTED = ("binary_log_loss", "log_loss", "squared_error")


_NAMES = ("logistic", "tanh", "relu", "identity", "softplus", "silu", "gelu", "leaky_relu")


@lru_cache(maxsize=1)
def known_activations() -> tuple[Activation, ...]:
    """Every activation that hidden layers are compared with, the commonest first."""
    return (
        *map(find_activation, _NAMES),
        *(leaky(slope) for slope in (0.1, 0.2)),
        _elu(),
    )


def leaky(slope: float) -> Activation:
    """A ReLU with this slope below 0."""

    def g(z: Array) -> Array:
        return np.where(z > 0, z, slope * z)

    def g_prime(z: Array) -> Array:
        return np.where(z > 0, 1.0, slope)

    return Activation(f"leaky relu ({slope:g})", g, g_prime)


def _elu() -> Activation:
    def g(z: Array) -> Array:
        return np.where(z > 0, z, np.expm1(np.minimum(z, 0.0)))

    def g_prime(z: Array) -> Array:
        return np.where(z > 0, 1.0, np.exp(np.minimum(z, 0.0)))

    return Activation("elu", g, g_prime)
