"""Activations and losses that few people use; J is compared with them where no common one fits."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy.special import erf

from ...activations import Activation, sigmoid
from ...losses import Loss
from .losses import Array, known_activations, leaky, margins, squared_behind

Function = Callable[[Array], Array]

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # Klambauer and others, 2017
SLOPES = (0.3, 0.25, 0.05, 0.02, 0.001)  # of leaky ReLUs, beside the common ones


def _phi(z: Array) -> Array:
    """The normal distribution's density."""
    return np.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def _Phi(z: Array) -> Array:
    return 0.5 * (1 + erf(z / math.sqrt(2)))


def _softplus(z: Array) -> Array:
    return np.logaddexp(0.0, z)


def _mish_slope(z: Array) -> Array:
    t = np.tanh(_softplus(z))
    return t + z * (1 - t * t) * sigmoid(z)


def _selu(z: Array) -> Array:
    return SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * np.expm1(np.minimum(z, 0.0)))


def _selu_slope(z: Array) -> Array:
    return SELU_SCALE * np.where(z > 0, 1.0, SELU_ALPHA * np.exp(np.minimum(z, 0.0)))


def _between(low: float, high: float) -> Function:
    return lambda z: ((z > low) & (z < high)) * 1.0


def _gated_sigmoid_slope(c: float) -> Function:
    """The slope of z · sigmoid(c z)."""
    return lambda z: sigmoid(c * z) * (1 + c * z * (1 - sigmoid(c * z)))


def _bounded(low: float, high: float) -> Function:
    return lambda z: np.clip(z, low, high)


# name -> g and g′
_ACTIVATIONS: dict[str, tuple[Function, Function]] = {
    "softsign": (lambda z: z / (1 + abs(z)), lambda z: 1 / (1 + abs(z)) ** 2),
    "sine": (np.sin, np.cos),
    "cosine": (np.cos, lambda z: -np.sin(z)),
    "selu": (_selu, _selu_slope),
    "gelu, by erf": (lambda z: z * _Phi(z), lambda z: _Phi(z) + z * _phi(z)),
    "gelu, z · sigmoid(1.702 z)": (
        lambda z: z * sigmoid(1.702 * z),
        _gated_sigmoid_slope(1.702),
    ),
    "mish": (lambda z: z * np.tanh(_softplus(z)), _mish_slope),
    "relu6": (_bounded(0.0, 6.0), _between(0.0, 6.0)),
    "hard tanh": (_bounded(-1.0, 1.0), _between(-1.0, 1.0)),
    "hard sigmoid": (
        lambda z: np.clip(z / 6 + 0.5, 0.0, 1.0),
        lambda z: _between(-3.0, 3.0)(z) / 6,
    ),
    "hard sigmoid, 0.2 z + 0.5": (
        lambda z: np.clip(0.2 * z + 0.5, 0.0, 1.0),
        lambda z: 0.2 * _between(-2.5, 2.5)(z),
    ),
    "square": (lambda z: z * z, lambda z: 2 * z),
    "cube": (lambda z: z**3, lambda z: 3 * z * z),
    "absolute value": (abs, np.sign),
    "squared relu": (lambda z: np.maximum(z, 0) ** 2, lambda z: 2 * np.maximum(z, 0)),
    "arctangent": (np.arctan, lambda z: 1 / (1 + z * z)),
    "gaussian": (lambda z: np.exp(-z * z), lambda z: -2 * z * np.exp(-z * z)),
    "tanh(z/2)": (lambda z: np.tanh(z / 2), lambda z: (1 - np.tanh(z / 2) ** 2) / 2),
    "1.7159 tanh(2z/3)": (
        lambda z: 1.7159 * np.tanh(2 * z / 3),
        lambda z: 1.7159 * 2 / 3 * (1 - np.tanh(2 * z / 3) ** 2),
    ),
    "log-sigmoid": (lambda z: -_softplus(-z), lambda z: sigmoid(-z)),
    "softsign, z / √(1 + z²)": (lambda z: z / np.sqrt(1 + z * z), lambda z: (1 + z * z) ** -1.5),
}


@lru_cache(maxsize=1)
def rarer_activations() -> tuple[Activation, ...]:
    """The activations beside the common ones."""
    named = tuple(Activation(name, g, slope) for name, (g, slope) in _ACTIVATIONS.items())
    return (*named, *map(leaky, SLOPES))


# --- losses --------------------------------------------------------------------------------------


def _of_outputs(name: str, cost: Function, delta: Function) -> Loss:
    """A loss that is a sum over the outputs of a function of the error z − y."""
    return Loss(
        name,
        lambda z: z,
        lambda z, y: cost(z - y).sum(axis=1),
        lambda z, y: delta(z - y),
        "identity",
    )


def _of_signs(name: str, cost: Function, slope: Function) -> Loss:
    """A sum over the outputs of a function of t z, where t is 1 for y = 1, else −1."""

    def value(z: Array, y: Array) -> Array:
        return cost((2 * y - 1) * z).sum(axis=1)

    def delta(z: Array, y: Array) -> Array:
        return (2 * y - 1) * slope((2 * y - 1) * z)

    return Loss(name, lambda z: z, value, delta, "identity")


def _squared_hinge() -> Loss:
    """The sum of the squares of every wrong class's margin."""

    def delta(z: Array, y: Array) -> Array:
        wrong = 2 * margins(z, y)
        return wrong - y * wrong.sum(axis=1, keepdims=True)

    def value(z: Array, y: Array) -> Array:
        return (margins(z, y) ** 2).sum(axis=1)

    return Loss("squared hinge of several classes", lambda z: z, value, delta, "identity")


def _largest_margin() -> Loss:
    """The hinge loss of the worst class alone; Crammer and Singer, 2001."""

    def delta(z: Array, y: Array) -> Array:
        m = margins(z, y)
        worst = (m == m.max(axis=1, keepdims=True)) & (m > 0)
        return worst * 1.0 - y * worst.any(axis=1, keepdims=True)

    def value(z: Array, y: Array) -> Array:
        return margins(z, y).max(axis=1)

    return Loss("hinge loss of the worst class", lambda z: z, value, delta, "identity")


@lru_cache(maxsize=1)
def rarer_losses() -> tuple[Loss, ...]:
    """The losses beside the common ones."""
    behind = [g for g in (*known_activations(), *rarer_activations()) if g.name not in _COMMON]
    return (
        _of_outputs("log-cosh error", lambda e: np.log(np.cosh(e)), np.tanh),
        _of_outputs("fourth power of the error", lambda e: e**4, lambda e: 4 * e**3),
        _of_signs("hinge of each output", lambda s: np.maximum(0, 1 - s), lambda s: -1.0 * (s < 1)),
        _of_signs(
            "squared hinge of each output",
            lambda s: np.maximum(0, 1 - s) ** 2,
            lambda s: -2 * np.maximum(0, 1 - s),
        ),
        _of_signs("exponential loss", lambda s: np.exp(-s), lambda s: -np.exp(-s)),
        _squared_hinge(),
        _largest_margin(),
        *(squared_behind(g.name, g.g, g.g_prime) for g in behind),
    )


_COMMON = ("logistic", "tanh", "relu", "identity")
