"""Mistakes of passing δ from a layer to the one below."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ...activations import sigmoid_gradient
from ...network import Network
from ..convention import Convention
from .columns import Array, Infeasible, last_column_zero, ones_column
from .entry import Entry, Recipe, hidden_of, in_layers, scopes, thetas_of

COMMON = ("bias not dropped", "δ not passed")


# (δ^(l+1), Θ^(l), g′ of layer l, s_l) -> δ^(l)
Back = Callable[[Array, Array, Array, int], Array]


def _kept(bias_slope: Callable[[Array], Array], keep: slice) -> Back:
    """δ^(l) with the bias unit's own δ in front, of which ``keep`` is used."""

    def back(delta: Array, Theta: Array, slope: Array, s: int) -> Array:
        return ((_fits(delta, Theta) @ Theta) * np.hstack([bias_slope(slope), slope]))[:, keep]

    return back


def _fits(delta: Array, Theta: Array) -> Array:
    if delta.shape[1] != Theta.shape[0]:
        raise Infeasible
    return delta


def _right(delta: Array, Theta: Array, slope: Array, s: int) -> Array:
    if Theta.shape[1] != s + 1:
        raise Infeasible
    return (_fits(delta, Theta) @ Theta[:, 1:]) * slope


def _shifted(delta: Array, Theta: Array, slope: Array, s: int) -> Array:
    return (_fits(delta, Theta) @ Theta[:, :-1]) * slope


def _back_transposed(delta: Array, Theta: Array, slope: Array, s: int) -> Array:
    if Theta.shape[0] != s or delta.shape[1] != s:
        raise Infeasible
    return (delta @ Theta[:, 1:].T) * slope


def _only(delta: Array, k: int) -> Array:
    """δ of one unit, the others' set to zero."""
    only = np.zeros_like(delta)
    only[:, k] = delta[:, k]
    return only


def _top(delta: Array, Theta: Array, slope: Array, s: int) -> Array:
    k = min(delta.shape[1], Theta.shape[0])
    return (delta[:, :k] @ Theta[:k, 1:]) * slope


def _unmixed(delta: Array, Theta: Array, slope: Array, s: int) -> Array:
    """δ^(l) = δ^(l+1) ⊙ g′, Θ left out; only for layers of one size."""
    if delta.shape[1] != s:
        raise Infeasible
    return delta * slope


def _elementwise(axis: int) -> Back:
    """Θ ⊙ δ in place of Θᵀδ: δ_j meets Θ_ij; only where δ has a number for every unit."""

    def back(delta: Array, Theta: Array, slope: Array, s: int) -> Array:
        if delta.shape[1] < s or Theta.shape[0] < s or Theta.shape[1] != s + 1:
            raise Infeasible
        weights = Theta[:, 1:]
        factor = weights.sum(axis=0) if axis == 0 else np.diag(weights)
        return factor * delta[:, :s] * slope

    return back


def _copied(delta: Array, Theta: Array, slope: Array, s: int) -> Array:
    """δ^(l) = δ^(l+1), as far as it has numbers."""
    if delta.shape[1] < s:
        raise Infeasible
    return delta[:, :s]


def _gated(delta: Array, Theta: Array, slope: Array, s: int) -> Array:
    """What comes back is let through where it is positive itself: ReLU's mask from δ."""
    handed = _right(delta, Theta, np.ones_like(slope), s)
    return handed * (handed > 0)


def _own_slope(formula: Callable[[Array], Array]) -> Back:
    """g′ fed with what comes back instead of z."""

    def back(delta: Array, Theta: Array, slope: Array, s: int) -> Array:
        handed = _right(delta, Theta, np.ones_like(slope), s)
        return handed * formula(handed)

    return back


G1, G0 = 0.19661193324148185, 0.25  # sigmoid′(1) and sigmoid′(0): g′ of a bias unit put into z

BACK: dict[str, Back] = {
    "right": _right,
    "shifted": _shifted,
    "kept": _kept(lambda g: ones_column(g) * G1, slice(None)),
    "kept, 0": _kept(lambda g: ones_column(g) * 0, slice(None)),
    "kept, 1": _kept(ones_column, slice(None)),
    "kept, g′(0)": _kept(lambda g: ones_column(g) * G0, slice(None)),
    "kept, cut": _kept(lambda g: ones_column(g) * G1, slice(0, -1)),
    "kept, cut, 0": _kept(lambda g: ones_column(g) * 0, slice(0, -1)),
    "kept, cut, 1": _kept(ones_column, slice(0, -1)),
    "kept, cut, g′(0)": _kept(lambda g: ones_column(g) * G0, slice(0, -1)),
    "slope first": lambda d, T, g, s: (_fits(d, T) @ (T[:, 1:])) * g.sum(axis=1, keepdims=True),
    "transposed": _back_transposed,
    "no Θ": lambda d, T, g, s: d.sum(axis=1, keepdims=True) * g,
    "unmixed": _unmixed,
    "diagonal": _elementwise(1),
    "column sums": _elementwise(0),
    "copied": _copied,
    "nothing": lambda d, T, g, s: 0 * g,
    "no δ": lambda d, T, g, s: T[:, 1:].sum(axis=0) * g,
    "only g′": lambda d, T, g, s: g,
    "top": _top,
    "without its g′": _right,
    "no brackets": _right,
    "bias added": lambda d, T, g, s: (_fits(d, T) @ T[:, 1:] + _fits(d, T) @ T[:, :1]) * g,
    "negative": lambda d, T, g, s: -_right(d, T, g, s),
    "last out": lambda d, T, g, s: last_column_zero(_right(d, T, g, s)),
    "last δ out": lambda d, T, g, s: _right(last_column_zero(d), T, g, s),
    "one unit, last": lambda d, T, g, s: _right(_only(d, -1), T, g, s),
    "one unit, first": lambda d, T, g, s: _right(_only(d, 0), T, g, s),
    "squared Θ": lambda d, T, g, s: (_fits(d, T) @ (T[:, 1:] ** 2)) * g,
    "added": lambda d, T, g, s: _fits(d, T) @ T[:, 1:] + g,
    "gated": _gated,
    "sigmoid′ of δ": _own_slope(sigmoid_gradient),
    "v(1−v) of δ": _own_slope(lambda v: v * (1 - v)),
    "1−v² of δ": _own_slope(lambda v: 1 - v * v),
    "tanh′ of δ": _own_slope(lambda v: 1 - np.tanh(v) ** 2),
}

_BACK: dict[str, tuple[str, ...]] = {
    "bias not dropped from δ": (
        "shifted", "kept, cut", "kept, cut, 0", "kept, cut, 1", "kept, cut, g′(0)", "kept",
        "kept, 0", "kept, 1", "kept, g′(0)",
    ),
    "δ not passed on": ("nothing", "only g′", "no δ", "top", "copied"),
    "brackets of g′: … ⊙ a − a instead of … ⊙ a(1 − a)": ("no brackets",),
    "δ passed on without its g′": ("without its g′",),
    "Θ missing on the way back": ("no Θ", "unmixed"),
    "Θ not transposed on the way back": ("transposed",),
    "`*` instead of a matrix product on the way back": ("diagonal", "column sums"),
    "g′ summed over the units": ("slope first",),
    "g′ added instead of multiplied": ("added",),
    "the bias column added to every weight on the way back": ("bias added",),
    "sign of δ on the way back": ("negative",),
    "last column dropped: last unit of δ is zero": ("last out",),
    "last unit of the next δ left out": ("last δ out",),
    "δ overwritten, `=` where `+=` belongs: only one unit of the next layer counts": (
        "one unit, last", "one unit, first",
    ),
    "Θ squared on the way back": ("squared Θ",),
}  # fmt: skip


def mistakes(net: Network, convention: Convention) -> Iterator[Entry]:
    """Every mistake of the way back, for this network."""
    right = "δ^(l) = Θ^(l)ᵀδ^(l+1) ⊙ g′(z^(l)), bias column dropped"
    for what, variants in _BACK.items():
        for place, layers in scopes(hidden_of(net), "δ^({l}), layer {l}"):
            flavours = tuple(in_layers("back", layers, variant) for variant in variants)
            yield Entry(what, place, what, right, flavours)
    yield from _gates(net, right)
    yield from _other_Thetas(net, right)


# g′ fed with δ, by the layer's activation; a ReLU is a mask.
_OF_DELTA: dict[str, tuple[str, ...]] = {
    "relu": ("gated",),
    "logistic": ("sigmoid′ of δ", "v(1−v) of δ"),
    "tanh": ("tanh′ of δ", "1−v² of δ"),
}


def _gates(net: Network, right: str) -> Iterator[Entry]:
    for place, layers in scopes(hidden_of(net), "δ^({l}), layer {l}"):
        names = {net.activation(l).name for l in layers}
        variants = _OF_DELTA.get(names.pop(), ()) if len(names) == 1 else ()
        what = "g′ of δ instead of z" + (", as ReLU's mask" if variants == ("gated",) else "")
        flavours = tuple(in_layers("back", layers, variant) for variant in variants)
        if flavours:
            yield Entry(what, place, "g′(Θ^(l)ᵀδ^(l+1))", right, flavours)


def _other_Thetas(net: Network, right: str) -> Iterator[Entry]:
    for l in hidden_of(net):
        for other in thetas_of(net):
            if other != l:
                what = f"Θ^({other}) instead of Θ^({l}) on the way back"
                place = f"δ^({l}), layer {l}"
                yield Entry(what, place, what, right, ({("back_theta", l): other},))
    if net.L > 3:
        below: Recipe = {("back_theta", l): l - 1 for l in hidden_of(net)}
        what = "Θ^(l−1), below the layer, instead of Θ^(l) on the way back"
        yield Entry(what, "all layers", what, right, (below,))
