"""Mistakes of the cost of one example."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ...losses import Loss
from ...network import Network
from ..convention import Convention
from .columns import Array, Infeasible
from .entry import Entry, shared
from .kinds import IN_H, kind_of

COMMON = ("second cost term", "first cost term", "squared error instead")


def _from_h(loss: Loss, h: Array, Y: Array, eps: float = 0.0) -> Array | None:
    """The cost of each example from h(x), for losses that people write that way."""
    kind = kind_of(loss)
    return IN_H[kind](h, Y, eps) if kind else None


def cost_from_h(loss: Loss, h: Array, z: Array, Y: Array, eps: float) -> Array:
    """The right cost of each example, at an h that may be wrong; (m,)."""
    if loss.output == "identity":
        return loss.value(h, Y)
    by_h = _from_h(loss, h, Y, eps)
    if by_h is not None:
        return by_h
    if loss.name == "poisson":
        return loss.value(np.log(h), Y)
    return loss.value(z, Y)


def _all_pairs(Y: Array, values: Array) -> Array:
    """Yᵀ log h summed: every class of y meets every class of h."""
    return Y.sum(axis=1) * values.sum(axis=1)


def _all_rows(Y: Array, values: Array) -> Array:
    """Y (log h)ᵀ summed: every example meets every other."""
    return Y @ values.sum(axis=0)


def _product_with(
    product: Callable[[Array, Array], Array],
) -> Callable[[Array, Array, Loss], Array]:
    def cost(h: Array, Y: Array, loss: Loss) -> Array:
        total = -product(Y, np.log(h))
        if kind_of(loss) == "binary cross-entropy":
            total = total - product(1 - Y, np.log(1 - h))
        return total

    return cost


def _squares(h: Array, Y: Array, loss: Loss) -> Array:
    return ((h - Y) ** 2).sum(axis=1)


def _without_constant(h: Array, Y: Array, loss: Loss) -> Array:
    return (h - Y * np.log(h)).sum(axis=1)


def _hinge_without_margin(h: Array, Y: Array, loss: Loss) -> Array:
    return np.maximum(0, h - (h * Y).sum(axis=1, keepdims=True)).sum(axis=1)


COST: dict[str, Callable[[Array, Array, Loss], Array]] = {
    "second out": lambda h, Y, loss: -(Y * np.log(h)).sum(axis=1),
    "first out": lambda h, Y, loss: -((1 - Y) * np.log(1 - h)).sum(axis=1),
    "second sign": lambda h, Y, loss: (-Y * np.log(h) + (1 - Y) * np.log(1 - h)).sum(axis=1),
    "first sign": lambda h, Y, loss: (Y * np.log(h) - (1 - Y) * np.log(1 - h)).sum(axis=1),
    "crossed": lambda h, Y, loss: (-Y * np.log(1 - h) - (1 - Y) * np.log(h)).sum(axis=1),
    "second without 1 − y": lambda h, Y, loss: (-Y * np.log(h) - np.log(1 - h)).sum(axis=1),
    "first without y": lambda h, Y, loss: (-np.log(h) - (1 - Y) * np.log(1 - h)).sum(axis=1),
    "y twice": lambda h, Y, loss: (-Y * np.log(h) - Y * np.log(1 - h)).sum(axis=1),
    "h twice": lambda h, Y, loss: (-Y * np.log(h) - (1 - Y) * np.log(h)).sum(axis=1),
    "both terms": lambda h, Y, loss: (-Y * np.log(h) - (1 - Y) * np.log(1 - h)).sum(axis=1),
    "no log": lambda h, Y, loss: (-Y * h - (1 - Y) * (1 - h)).sum(axis=1),
    "log2": lambda h, Y, loss: _or_infeasible(_from_h(loss, h, Y)) / np.log(2),
    "log10": lambda h, Y, loss: _or_infeasible(_from_h(loss, h, Y)) / np.log(10),
    "squares": _squares,
    "half squares": lambda h, Y, loss: _squares(h, Y, loss) / 2,
    "mean squares": lambda h, Y, loss: _squares(h, Y, loss) / Y.shape[1],
    "absolute": lambda h, Y, loss: abs(h - Y).sum(axis=1),
    "product of classes": _product_with(_all_pairs),
    "product of examples": _product_with(_all_rows),
    "no constant": _without_constant,
    "own margin": lambda h, Y, loss: loss.value(h, Y) + 1,
    "no margin": _hinge_without_margin,
    "last class out": lambda h, Y, loss: _or_infeasible(_from_h(loss, h[:, :-1], Y[:, :-1])),
    "first class out": lambda h, Y, loss: _or_infeasible(_from_h(loss, h[:, 1:], Y[:, 1:])),
}


def _or_infeasible(value: Array | None) -> Array:
    if value is None:
        raise Infeasible
    return value


_COSTS = {
    "second out": "second cost term missing: (1 − y) log(1 − h)",
    "first out": "first cost term missing: y log h",
    "second sign": "sign of the second cost term",
    "first sign": "sign of the first cost term",
    "crossed": "log h and log(1 − h) in each other's place",
    "second without 1 − y": "1 − y missing before log(1 − h)",
    "first without y": "y missing before log h",
    "y twice": "y log(1 − h) instead of (1 − y) log(1 − h)",
    "h twice": "(1 − y) log h instead of (1 − y) log(1 − h)",
    "no log": "log missing in the cost",
    "log2": "log2 instead of the natural logarithm",
    "log10": "log10 instead of the natural logarithm",
    "product of classes": "matrix product of y and log h instead of `*`: classes are mixed",
    "product of examples": "matrix product of y and log h instead of `*`: examples are mixed",
    "last class out": "last class left out of the cost",
    "first class out": "first class left out of the cost",
    "half squares": "squared error instead of the cross-entropy",
    "squares": "squared error without its ½",
    "mean squares": "mean of the squared errors instead of half their sum",
    "absolute": "absolute error instead of the loss",
    "own margin": "the right class's own margin is counted as well",
    "no margin": "the margin of 1 is missing",
    "both terms": "cross-entropy of each class instead of the softmax's",
}

_COSTS_OF_KINDS = {
    "binary cross-entropy": (
        "second out",
        "first out",
        "second sign",
        "first sign",
        "crossed",
        "second without 1 − y",
        "first without y",
        "y twice",
        "h twice",
        "no log",
        "log2",
        "log10",
        "product of classes",
        "product of examples",
        "last class out",
        "first class out",
        "half squares",
        "squares",
        "mean squares",
        "absolute",
    ),
    "cross-entropy": (
        "both terms",
        "no log",
        "log2",
        "log10",
        "product of classes",
        "product of examples",
        "last class out",
        "first class out",
        "half squares",
        "squares",
        "absolute",
    ),
    "squares": ("squares", "mean squares", "absolute", "both terms", "second out"),
}
_OF_SQUARES = {
    "both terms": "cross-entropy instead of the squared error",
    "second out": "−y log h instead of the squared error",
}
_COSTS_OF_NAMES = {
    "poisson": ("half squares", "squares", "absolute"),
    "huber": ("half squares", "squares", "absolute"),
    "absolute_error": ("half squares", "squares", "mean squares"),
    "quantile": ("half squares", "absolute"),
    "hinge": ("own margin", "no margin", "half squares", "absolute"),
}  # fmt: skip


def _costs_of(loss: Loss) -> dict[str, str]:
    """What may stand in the cost's place, and how that is called."""
    kind = kind_of(loss)
    variants = _COSTS_OF_KINDS.get(kind, _COSTS_OF_NAMES.get(loss.name, ("half squares",)))
    if kind == "squares" and loss.output == "identity":
        variants = ("squares", "mean squares", "absolute")  # no h of these has a logarithm
    named = {variant: _COSTS[variant] for variant in variants}
    return {**named, **_OF_SQUARES} if "second out" in named and kind == "squares" else named


def mistakes(net: Network, convention: Convention) -> Iterator[Entry]:
    """Every mistake of the cost, for this network."""
    known = net.loss.formula
    right = f"cost(i) = {known.text}" if known else f"cost(i) of {net.loss.name}"
    for variant, what in _costs_of(net.loss).items():
        yield Entry(what, "the cost term of J", what, right, (shared("cost", variant),))
    if net.loss.name == "poisson":
        yield Entry(
            "terms of y alone left out of the cost",
            "the cost term of J",
            "e^z − y z",
            "e^z − y z + y log y − y",
            (shared("cost", "no constant"),),
            convention="harmless",
        )
    if kind_of(net.loss) in ("binary cross-entropy", "cross-entropy"):
        for eps in (1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10):
            what = f"{eps:.0e} added inside the logarithms"
            recipe = shared("log_eps", eps)
            yield Entry(what, "the cost term of J", what, "log h", (recipe,), convention="harmless")
