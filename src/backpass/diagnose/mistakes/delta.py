"""Mistakes of δ^(L), with which the way back begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ...activations import sigmoid_gradient
from ...losses import Loss
from ...network import Network
from ..convention import Convention
from .columns import Array, first_column_zero, last_column_zero
from .entry import Entry, shared
from .means import scales_of

COMMON = ("an extra g′ at the output (", "δ doubled")


def _with_slope(slope: Callable[[Array], Array]) -> Callable[[Loss, Array, Array, Array], Array]:
    """(a − y) times something of a."""
    return lambda loss, a, z, Y: (a - Y) * slope(a)


DELTA: dict[str, Callable[[Loss, Array, Array, Array], Array]] = {
    "right": lambda loss, a, z, Y: _delta_of_a(loss, a, z, Y),
    "sign": lambda loss, a, z, Y: -_delta_of_a(loss, a, z, Y),
    "a(1−a)": _with_slope(lambda a: a * (1 - a)),
    "−a(1−a)": _with_slope(lambda a: -a * (1 - a)),
    "slope of z": lambda loss, a, z, Y: _delta_of_a(loss, a, z, Y) * sigmoid_gradient(z),
    "z(1−z)": lambda loss, a, z, Y: _delta_of_a(loss, a, z, Y) * z * (1 - z),
    "slope of a": lambda loss, a, z, Y: _delta_of_a(loss, a, z, Y) * sigmoid_gradient(a),
    "1−a²": _with_slope(lambda a: 1 - a * a),
    "twice": lambda loss, a, z, Y: 2 * _delta_of_a(loss, a, z, Y),
    "half": lambda loss, a, z, Y: 0.5 * _delta_of_a(loss, a, z, Y),
    "over K": lambda loss, a, z, Y: _delta_of_a(loss, a, z, Y) / Y.shape[1],
    "twice a(1−a)": _with_slope(lambda a: 2 * a * (1 - a)),
    "over a(1−a)": _with_slope(lambda a: 1 / (a * (1 - a))),
    "−y/a": lambda loss, a, z, Y: -Y / a,
    "z − y": lambda loss, a, z, Y: z - Y,
    "a": lambda loss, a, z, Y: a,
    "−y": lambda loss, a, z, Y: -Y,
    "a + y": lambda loss, a, z, Y: a + Y,
    "a y": lambda loss, a, z, Y: a * Y,
    "y(a − 1)": lambda loss, a, z, Y: Y * (a - 1),
    "a − y squared": lambda loss, a, z, Y: (a - Y) ** 2,
    "half squared": lambda loss, a, z, Y: (a - Y) ** 2 / 2,
    "absolute": lambda loss, a, z, Y: abs(a - Y),
    "sign of": lambda loss, a, z, Y: np.sign(a - Y),
    "a − y": lambda loss, a, z, Y: a - Y,
    "last out": lambda loss, a, z, Y: last_column_zero(_delta_of_a(loss, a, z, Y)),
    "first out": lambda loss, a, z, Y: first_column_zero(_delta_of_a(loss, a, z, Y)),
    "summed": lambda loss, a, z, Y: 0 * a + _delta_of_a(loss, a, z, Y).sum(axis=1, keepdims=True),
}


def _delta_of_a(loss: Loss, a: Array, z: Array, Y: Array) -> Array:
    """δ^(L) at an a^(L) that may be wrong."""
    if loss.name in ("log_loss", "binary_log_loss", "poisson"):
        return a - Y
    return loss.delta(a if loss.output == "identity" else z, Y)


def mistakes(net: Network, convention: Convention) -> Iterator[Entry]:
    """Every mistake of δ^(L), for this network."""
    right = "δ^(L) = a^(L) − y" if net.loss.canonical else f"δ^(L) of {net.loss.name}"
    extra = "an extra g′ at the output (the squared error's δ)"
    deltas: dict[str, tuple[str, ...]] = {
        "sign of δ": ("sign",),
        extra: ("a(1−a)", "slope of z", "hidden slope"),
        extra + ", with the wrong sign": ("−a(1−a)",),
        "an extra g′ at the output, of a instead of z": ("slope of a",),
        "an extra g′ at the output, as z(1 − z)": ("z(1−z)",),
        "an extra g′ at the output, as 1 − a²": ("1−a²",),
        "an extra g′ and a 2 at the output": ("twice a(1−a)",),
        "δ doubled": ("twice",),
        "δ halved": ("half",),
        "δ divided by K": ("over K",),
        "g′ missing at the output: ∂cost/∂a instead of ∂cost/∂z": ("over a(1−a)",),
        "only the first term of the cost differentiated": ("−y/a", "y(a − 1)"),
        "δ from z instead of a": ("z − y",),
        "y missing in δ": ("a",),
        "a missing in δ": ("−y",),
        "a + y instead of a − y": ("a + y",),
        "a · y instead of a − y": ("a y",),
        "a − y squared": ("a − y squared", "half squared"),
        "|a − y| instead of a − y": ("absolute",),
        "sign(a − y) instead of a − y": ("sign of",),
        "last output missing in δ": ("last out",),
        "first output missing in δ": ("first out",),
        "δ summed over the outputs": ("summed",),
    }
    if not net.loss.canonical:
        deltas["a − y instead of the loss's own δ"] = ("a − y",)
    for what, variants in deltas.items():
        flavours = tuple(shared("delta", variant) for variant in variants)
        place = f"δ^({net.L}), the output layer"
        yield Entry(what, place, what, right, flavours, scales=scales_of(what))
