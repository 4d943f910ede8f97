"""Mistakes of g′(z^(l))."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from ...activations import ACTIVATIONS, Activation, sigmoid_gradient
from ...network import Network
from ..convention import Convention
from .columns import Array, Infeasible
from .entry import Entry, hidden_of, in_layers, scopes

COMMON = ("g′ missing", "g′ of a", "z(1 − z)", "g′ of the wrong", "g instead")


def _in_a(g: Activation, v: Array) -> Array:
    """g′ as the formula in a that people know: a(1 − a), 1 − a², …; here of any v."""
    formulas: dict[str, Callable[[Array], Array]] = {
        "logistic": lambda v: v * (1 - v),
        "tanh": lambda v: 1 - v * v,
        "relu": lambda v: (v > 0) * 1.0,
        "leaky_relu": lambda v: np.where(v > 0, 1.0, 0.01),
        "identity": np.ones_like,
        "softplus": lambda v: 1 - np.exp(-v),
    }
    formula = formulas.get(g.name)
    if formula is None:
        raise Infeasible
    return formula(v)


# (g, a, z) -> what stands where g′(z) belongs
G_PRIME: dict[str, Callable[[Activation, Array, Array], Array]] = {
    "right": lambda g, a, z: g.g_prime(z),
    "missing": lambda g, a, z: np.ones_like(z),
    "of a": lambda g, a, z: g.g_prime(a),
    "formula of a": lambda g, a, z: _in_a(g, a),
    "formula of g′": lambda g, a, z: _in_a(g, g.g_prime(z)),
    "z(1−z)": lambda g, a, z: z * (1 - z),
    "a(1−a)": lambda g, a, z: a * (1 - a),
    "1−a²": lambda g, a, z: 1 - a * a,
    "1−z²": lambda g, a, z: 1 - z * z,
    "a": lambda g, a, z: a,
    "g(z)": lambda g, a, z: g.g(z),
    "z": lambda g, a, z: z,
    "1−a": lambda g, a, z: 1 - a,
    "1+a": lambda g, a, z: 1 + a,
    "a(1+a)": lambda g, a, z: a * (1 + a),
    "a²": lambda g, a, z: a * a,
    "(1−a)²": lambda g, a, z: (1 - a) ** 2,
    "a(a−1)": lambda g, a, z: -g.g_prime(z),
    "a−a(1−a)": lambda g, a, z: a - a * (1 - a),
    "twice": lambda g, a, z: g.g_prime(z) ** 2,
    "logistic": lambda g, a, z: sigmoid_gradient(z),
    "tanh": lambda g, a, z: ACTIVATIONS["tanh"].g_prime(z),
    "relu": lambda g, a, z: (z > 0) * 1.0,
    "brackets": lambda g, a, z: (1 + np.exp(-z)) * -np.exp(-z),
    "1−g′": lambda g, a, z: 1 - g.g_prime(z),
    "z²": lambda g, a, z: z * z,
    "1−z": lambda g, a, z: 1 - z,
    "half": lambda g, a, z: g.g_prime(z) / 2,
    "double": lambda g, a, z: 2 * g.g_prime(z),
    "1−2a": lambda g, a, z: 1 - 2 * a,
}

_SLOPES: dict[str, tuple[str, ...]] = {
    "g′ missing": ("missing",),
    "g′ of a instead of z": ("of a",),
    "z(1 − z) instead of g′(z)": ("z(1−z)",),
    "g′ of the wrong layer": ("above", "below"),
    "g instead of g′": ("a", "g(z)"),
    "z instead of g′(z)": ("z",),
    "1 − a instead of g′(z)": ("1−a",),
    "a² instead of g′(z)": ("a²",),
    "(1 − a)² instead of g′(z)": ("(1−a)²",),
    "1 + a instead of g′(z)": ("1+a",),
    "a(1 + a) instead of a(1 − a)": ("a(1+a)",),
    "a − a(1 − a) instead of g′(z)": ("a−a(1−a)",),
    "sign of g′": ("a(a−1)",),
    "g′ twice": ("twice",),
    "g′ of g′": ("formula of g′",),
    "a(1 − a), the sigmoid's formula, instead of g′(z)": ("a(1−a)",),
    "1 − a², the tanh's formula, instead of g′(z)": ("1−a²",),
    "1 − z² instead of g′(z)": ("1−z²",),
    "g′ of the sigmoid instead of the layer's": ("logistic",),
    "g′ of tanh instead of the layer's": ("tanh",),
    "g′ of ReLU instead of the layer's": ("relu",),
    "g′ from a sigmoid without its brackets": ("brackets",),
    "1 − g′ instead of g′(z)": ("1−g′",),
    "1 − z instead of g′(z)": ("1−z",),
    "z² instead of g′(z)": ("z²",),
    "1 − 2a instead of g′(z)": ("1−2a",),
    "g′ doubled": ("double",),
    "g′ halved": ("half",),
}

# What a mistake is called besides, where the layers' activation is this.
_IN_WORDS = {
    ("logistic", "g instead of g′"): ": one factor of a(1 − a) is missing",
    ("logistic", "1 − a instead of g′(z)"): ": one factor of a(1 − a) is missing",
    ("logistic", "z(1 − z) instead of g′(z)"): ": the formula of a is fed with z",
    ("tanh", "1 − a instead of g′(z)"): ": the square of 1 − a² is missing",
    ("tanh", "1 − z² instead of g′(z)"): ": the formula of a is fed with z",
    ("relu", "1 − g′ instead of g′(z)"): ": the mask of ReLU is inverted",
    ("relu", "g′ missing"): ": no mask of ReLU",
}


def _in_words(net: Network, layers: Iterable[int], what: str) -> str:
    names = {net.activation(l).name for l in layers}
    return what + (_IN_WORDS.get((names.pop(), what), "") if len(names) == 1 else "")


def mistakes(net: Network, convention: Convention) -> Iterator[Entry]:
    """Every mistake of g′, for this network."""
    for what, variants in _SLOPES.items():
        for place, layers in scopes(hidden_of(net), "δ^({l}), layer {l}"):
            flavours = tuple(in_layers("g_prime", layers, variant) for variant in variants)
            name = _in_words(net, layers, what)
            right = "δ^(l) = Θ^(l)ᵀδ^(l+1) ⊙ g′(z^(l))"
            yield Entry(name, place, name, right, flavours)
