"""Mistakes of bias units, activations and units on the way to a^(L)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ...activations import ACTIVATIONS, Activation, sigmoid, sigmoid_gradient
from ...losses import softmax
from ...network import Network
from ..convention import Convention
from .columns import Array
from .entry import Entry, Recipe, Variant, hidden_of, in_layers, merged, scopes, shared, thetas_of

COMMON = ("bias column", "brackets", "tanh instead", "softmax instead", "sigmoid instead",
          "activation missing", "last column")  # fmt: skip


INPUTS: dict[str, Callable[[Array], Array]] = {
    "right": lambda X: X,
    "sigmoid": sigmoid,
}

AFFINE: dict[str, Callable[[Array, Array], Array]] = {
    "first": lambda Theta, a: Theta[:, 0] + a @ Theta[:, 1:].T,
    "zero": lambda Theta, a: a @ Theta[:, 1:].T,
    "last": lambda Theta, a: Theta[:, -1] + a @ Theta[:, :-1].T,
    "twice": lambda Theta, a: 2 * Theta[:, 0] + a @ Theta[:, 1:].T,
    "subtracted": lambda Theta, a: a @ Theta[:, 1:].T - Theta[:, 0],
    "last, zero": lambda Theta, a: a @ Theta[:, :-1].T,
}


def _plain_sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def _plain_sigmoid_gradient(z: Array) -> Array:
    e = np.exp(-abs(z))
    return e / ((1 + e) * (1 + e))


_PLAIN: dict[Callable[[Array], Array], Callable[[Array], Array]] = {
    sigmoid: _plain_sigmoid,
    sigmoid_gradient: _plain_sigmoid_gradient,
}


def plain(g: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """The same function, for NumPy alone: asking for an array's library takes longer than it."""
    return _PLAIN.get(g, g)


def _ones_minus(z: Array) -> Array:
    return np.ones_like(z)


def _row_softmax_slope(z: Array) -> Array:
    a = softmax(z)
    return a * (1 - a)


def _shifted(z: Array) -> Array:
    """e^z with each row's largest z taken out, which only a sum over the row makes up for."""
    return np.exp(z - z.max(axis=1, keepdims=True))


G: dict[str, Activation] = {
    **ACTIVATIONS,
    "brackets": Activation("brackets", lambda z: 1 + np.exp(-z), lambda z: -np.exp(-z)),
    "flipped": Activation("flipped", lambda z: sigmoid(-z), lambda z: -sigmoid_gradient(z)),
    "minus": Activation(
        "minus", lambda z: 1 / (1 - np.exp(-z)), lambda z: -np.exp(-z) / (1 - np.exp(-z)) ** 2
    ),
    "softmax": Activation("softmax", softmax, _row_softmax_slope),
    "softmax by columns": Activation(
        "softmax by columns", lambda z: softmax(z.T).T, lambda z: _row_softmax_slope(z.T).T
    ),
    "softmax by columns, rows shifted": Activation(
        "softmax by columns, rows shifted", lambda z: _shifted(z) / _shifted(z).sum(0), _ones_minus
    ),
    "softmax over everything, rows shifted": Activation(
        "softmax over everything, rows shifted",
        lambda z: _shifted(z) / _shifted(z).sum(),
        _ones_minus,
    ),
    "softmax over everything": Activation(
        "softmax over everything", lambda z: np.exp(z) / np.exp(z).sum(), _ones_minus
    ),
    "exp": Activation("exp", np.exp, np.exp),
    "negative exp": Activation("negative exp", lambda z: np.exp(-z), lambda z: -np.exp(-z)),
    "half tanh": Activation("half tanh", lambda z: np.tanh(z / 2), lambda z: 1 - np.tanh(z / 2)),
    "step": Activation("step", lambda z: (z > 0) * 1.0, lambda z: 0 * z),
}


def mistakes(net: Network, convention: Convention) -> Iterator[Entry]:
    """Every mistake on the way to a^(L), for this network."""
    yield from _biases(net)
    yield from _activations(net)
    yield from _twice(net)
    yield from _units(net)


def _biases(net: Network) -> Iterator[Entry]:
    right = "a_0 = 1 in front: z = Θ [1, a]"
    for place, layers in scopes(thetas_of(net), "bias unit of layer {l}"):
        forward, Delta = _in_each("bias", layers), _in_each("delta_bias", layers)
        zero = (merged(forward("zero"), Delta("zero")), forward("zero"))
        yield Entry("bias column zero", place, "a_0 = 0", right, zero)
        yield Entry("bias column of Δ zero", place, "D_0 = 0", right, (Delta("zero"),))
        shifted = in_layers("back", [l for l in layers if l > 1], "shifted")
        last = (
            merged(forward("last"), Delta("last")),
            merged(forward("last"), Delta("last"), shifted),
            forward("last"),
        )
        yield Entry("bias column last", place, "a = [a, 1]", right, last)
        yield Entry("bias column of Δ last", place, "Δ = δ [a, 1]ᵀ", right, (Delta("last"),))
        both = (merged(forward("last, zero"), Delta("last, zero")),)
        yield Entry("bias column last and zero", place, "a = [a, 0]", right, both)
        twice = (forward("twice"), merged(forward("twice"), Delta("twice")))
        yield Entry("bias added twice", place, "z = Θ [1, a] + Θ_0", right, twice)
        minus = (forward("subtracted"), merged(forward("subtracted"), Delta("subtracted")))
        yield Entry("sign of the bias", place, "z = Θ [−1, a]", right, minus)


def _in_each(slot: str, layers: tuple[int, ...]) -> Callable[[Variant], Recipe]:
    return lambda variant: in_layers(slot, layers, variant)


_G = {
    "brackets": "brackets of the sigmoid: 1 + e^(−z) instead of 1/(1 + e^(−z))",
    "tanh": "tanh instead of {g}",
    "softmax": "softmax instead of {g}",
    "logistic": "sigmoid instead of {g}",
    "relu": "ReLU instead of {g}",
    "identity": "activation missing: z instead of {g}(z)",
    "flipped": "sign of z in the sigmoid: 1/(1 + e^z)",
    "minus": "sign in the sigmoid: 1/(1 − e^(−z))",
    "negative exp": "e^(−z) instead of {g}",
    "exp": "e^z instead of {g}",
    "half tanh": "tanh(z/2) instead of {g}",
    "step": "a step instead of {g}",
    "leaky_relu": "leaky ReLU instead of {g}",
    "softplus": "softplus instead of {g}",
    "silu": "SiLU instead of {g}",
    "gelu": "GELU instead of {g}",
    "softmax by columns": "softmax over the examples instead of over the classes",
    "softmax over everything": "softmax over classes and examples together",
}

_OF_SIGMOID = ("brackets", "flipped", "minus", "negative exp", "half tanh", "step")

_OF_OUTPUT = ("exp", "softmax by columns", "softmax over everything")


def _activations(net: Network) -> Iterator[Entry]:
    for variant, what in _G.items():
        for place, layers in _activation_scopes(net):
            names = {_name_of(net, l) for l in layers}
            sigmoid_only = variant in _OF_SIGMOID and names != {"logistic"}
            output_only = variant in _OF_OUTPUT and layers != (net.L,)
            if variant in names or sigmoid_only or output_only:
                continue
            right = "/".join(sorted(names)).replace("logistic", "sigmoid")
            name = what.format(g=right)
            flavours = tuple(_g_flavours(net, layers, variant))
            yield Entry(name, place, name, f"a = {right}(z)", flavours)


def _twice(net: Network) -> Iterator[Entry]:
    for place, layers in _activation_scopes(net):
        recipe = in_layers("g", layers, "twice")
        hidden = [l for l in layers if l < net.L]
        flavours = (recipe, merged(recipe, in_layers("g_prime", hidden, "formula of a")))
        yield Entry(
            "g applied twice", place, "a = g(g(z))", "a = g(z)", flavours[: 1 + bool(hidden)]
        )
    if net.L > 2:
        what = "the hidden layers' activation applied to the output's z as well"
        recipe = in_layers("g", [net.L], "after the hidden")
        yield Entry(what, f"layer {net.L}, the output", "a = h(g(z))", "a = h(z)", (recipe,))


def _name_of(net: Network, l: int) -> str:
    return net.loss.output if l == net.L else net.activation(l).name


def _activation_scopes(net: Network) -> Iterator[tuple[str, tuple[int, ...]]]:
    hidden = tuple(hidden_of(net))
    if hidden:
        yield "all layers", (*hidden, net.L)
        yield from ((p.replace("all", "all hidden"), s) for p, s in scopes(hidden, "layer {l}"))
    yield f"layer {net.L}, the output", (net.L,)


def _g_flavours(net: Network, layers: tuple[int, ...], variant: str) -> Iterator[Recipe]:
    """A wrong g may come with the right g′, its own g′, or the right formula in a wrong a."""
    recipe = in_layers("g", layers, variant)
    yield recipe
    if variant in _OF_OUTPUT[1:]:
        yield in_layers("g", layers, variant + ", rows shifted")
    hidden = [l for l in layers if l < net.L]
    if hidden:
        yield merged(recipe, in_layers("g_prime", hidden, "own"))
        yield merged(recipe, in_layers("g_prime", hidden, "formula of a"))


def _units(net: Network) -> Iterator[Entry]:
    right = "z_i = Σ_j Θ_ij a_j over all j = 0 … s_l"
    for word, variant in (("last", "last out"), ("first", "first out")):
        for place, layers in scopes(thetas_of(net), "layer {l}"):
            forward = in_layers("units", layers, variant)
            Delta = in_layers("delta_units", layers, variant)
            what = f"{word} column dropped: the {word} unit is left out"
            wrong = f"the {word} of the a_j is left out"
            yield Entry(what, place, wrong, right, (merged(forward, Delta), forward))
            what = f"{word} column of Δ dropped"
            wrong = f"the {word} column of Δ is zero"
            yield Entry(what, place, wrong, right, (Delta,))
            what = f"{word} column dropped from the gradient"
            last = variant if variant == "last out" else "second out"
            yield Entry(what, place, wrong, right, (in_layers("D_columns", layers, last),))
    yield Entry(
        "sigmoid applied to the inputs", "layer 1", "a^(1) = g(x)", "a^(1) = x",
        (shared("inputs", "sigmoid"),),
    )  # fmt: skip
