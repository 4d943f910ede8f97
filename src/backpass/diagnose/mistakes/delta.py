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
from .kinds import delta_in_a, kind_of, output_slope, through_softmax
from .means import scales_of

COMMON = ("an extra g′ at the output (", "g′ missing at the output: a − y", "δ doubled")

Delta = Callable[[Loss, Array, Array, Array], Array]


def _with_slope(slope: Callable[[Array], Array]) -> Delta:
    """(a − y) times something of a."""
    return lambda loss, a, z, Y: (a - Y) * slope(a)


def _with_output_slope(slope: Callable[[Array, Array], Array]) -> Delta:
    """(a − y) times something of g′ of the output and of z."""
    return lambda loss, a, z, Y: (a - Y) * slope(output_slope(loss, a), z)


def _through_output(error: Callable[[Array, Array, Array], Array]) -> Delta:
    """What stands in (a − y)'s place, with the output's g′ where a squared error has one."""

    def delta(loss: Loss, a: Array, z: Array, Y: Array) -> Array:
        value = error(a, z, Y)
        if kind_of(loss) != "squares":
            return value
        if loss.output == "softmax":
            return through_softmax(a, value)
        return value * output_slope(loss, a)

    return delta


DELTA: dict[str, Delta] = {
    "right": lambda loss, a, z, Y: delta_in_a(loss, a, z, Y),
    "sign": lambda loss, a, z, Y: -delta_in_a(loss, a, z, Y),
    "a(1−a)": _with_slope(lambda a: a * (1 - a)),
    "−a(1−a)": _with_slope(lambda a: -a * (1 - a)),
    "slope of z": lambda loss, a, z, Y: delta_in_a(loss, a, z, Y) * sigmoid_gradient(z),
    "z(1−z)": lambda loss, a, z, Y: (a - Y) * z * (1 - z),
    "slope of a": lambda loss, a, z, Y: (a - Y) * sigmoid_gradient(a),
    "1−a²": _with_slope(lambda a: 1 - a * a),
    "1−z²": lambda loss, a, z, Y: (a - Y) * (1 - z * z),
    "only a": _with_slope(lambda a: a),
    "only 1−a": _with_slope(lambda a: 1 - a),
    "slope twice": _with_output_slope(lambda slope, z: slope * slope),
    "own slope": _with_output_slope(lambda slope, z: slope),
    "twice": lambda loss, a, z, Y: 2 * delta_in_a(loss, a, z, Y),
    "half": lambda loss, a, z, Y: 0.5 * delta_in_a(loss, a, z, Y),
    "over K": lambda loss, a, z, Y: delta_in_a(loss, a, z, Y) / Y.shape[1],
    "twice a(1−a)": _with_slope(lambda a: 2 * a * (1 - a)),
    "over a(1−a)": _with_slope(lambda a: 1 / (a * (1 - a))),
    "−y/a": lambda loss, a, z, Y: -Y / a,
    "y(a − 1)": lambda loss, a, z, Y: Y * (a - 1),
    "(1 − y)/(1 − a)": lambda loss, a, z, Y: (1 - Y) / (1 - a),
    "(1 − y)a": lambda loss, a, z, Y: (1 - Y) * a,
    "y(a − 1) − (1 − y)a": lambda loss, a, z, Y: Y * (a - 1) - (1 - Y) * a,
    "z − y": _through_output(lambda a, z, Y: z - Y),
    "a": _through_output(lambda a, z, Y: a),
    "−y": _through_output(lambda a, z, Y: -Y),
    "a + y": _through_output(lambda a, z, Y: a + Y),
    "a y": _through_output(lambda a, z, Y: a * Y),
    "log a − y": _through_output(lambda a, z, Y: np.log(a) - Y),
    "a − m y": _through_output(lambda a, z, Y: a - len(Y) * Y),
    "a − y squared": _through_output(lambda a, z, Y: (a - Y) ** 2),
    "half squared": _through_output(lambda a, z, Y: (a - Y) ** 2 / 2),
    "absolute": _through_output(lambda a, z, Y: abs(a - Y)),
    "sign of": _through_output(lambda a, z, Y: np.sign(a - Y)),
    "a − y": lambda loss, a, z, Y: a - Y,
    "no count": lambda loss, a, z, Y: np.where(Y > 0, 0, delta_in_a(loss, a, z, Y)),
    "−1": lambda loss, a, z, Y: np.where(Y > 0, -1, delta_in_a(loss, a, z, Y)),
    "last out": lambda loss, a, z, Y: last_column_zero(delta_in_a(loss, a, z, Y)),
    "first out": lambda loss, a, z, Y: first_column_zero(delta_in_a(loss, a, z, Y)),
    "summed": lambda loss, a, z, Y: 0 * a + delta_in_a(loss, a, z, Y).sum(axis=1, keepdims=True),
}

_EXTRA = "an extra g′ at the output (the squared error's δ)"

# Where the cost has a logarithm that takes the output's slope away.
_WITHOUT_SLOPE: dict[str, tuple[str, ...]] = {
    _EXTRA: ("a(1−a)", "slope of z", "hidden slope"),
    _EXTRA + ", with the wrong sign": ("−a(1−a)",),
    "an extra g′ at the output, of a instead of z": ("slope of a",),
    "an extra g′ at the output, as z(1 − z)": ("z(1−z)",),
    "an extra g′ at the output, as 1 − a²": ("1−a²",),
    "an extra g′ and a 2 at the output": ("twice a(1−a)",),
    "g′ missing at the output: ∂cost/∂a instead of ∂cost/∂z": ("over a(1−a)",),
    "only the first term of the cost differentiated": ("−y/a", "y(a − 1)"),
    "only the second term of the cost differentiated": ("(1 − y)/(1 − a)", "(1 − y)a"),
    "sign of the second term's derivative": ("y(a − 1) − (1 − y)a",),
}

# Where the output's own slope belongs to δ.
_WITH_SLOPE: dict[str, tuple[str, ...]] = {
    "g′ missing at the output: a − y, the cross-entropy's δ": ("a − y",),
    "g′ twice at the output": ("slope twice",),
    "g′ of a instead of z at the output": ("slope of a",),
    "z(1 − z) instead of g′(z) at the output": ("z(1−z)",),
    "1 − z² instead of g′(z) at the output": ("1−z²",),
    "a instead of g′(z) at the output: one factor of a(1 − a) is missing": ("only a",),
    "1 − a instead of g′(z) at the output: a factor is missing": ("only 1−a",),
    "a(1 − a), the sigmoid's formula, instead of g′(z) at the output": ("a(1−a)",),
    "1 − a², the tanh's formula, instead of g′(z) at the output": ("1−a²",),
    "g′ of the hidden layer instead of the output's": ("hidden slope",),
    "g′ of each output alone, although a softmax mixes them": ("own slope",),
}

_OF_HINGE: dict[str, tuple[str, ...]] = {
    "the right class's δ is 0: the number of margins is not subtracted": ("no count",),
    "the right class's δ is −1 instead of minus the number of margins": ("−1",),
}

_EVERYWHERE: dict[str, tuple[str, ...]] = {
    "δ doubled": ("twice",),
    "δ halved": ("half",),
    "δ divided by K": ("over K",),
    "δ from z instead of a": ("z − y",),
    "y missing in δ": ("a",),
    "a missing in δ": ("−y",),
    "a + y instead of a − y": ("a + y",),
    "a · y instead of a − y": ("a y",),
    "1/m missing before y: a/m − y": ("a − m y",),
    "a − y squared": ("a − y squared", "half squared"),
    "|a − y| instead of a − y": ("absolute",),
    "sign(a − y) instead of a − y": ("sign of",),
    "last output missing in δ": ("last out",),
    "first output missing in δ": ("first out",),
    "δ summed over the outputs": ("summed",),
}


def mistakes(net: Network, convention: Convention) -> Iterator[Entry]:
    """Every mistake of δ^(L), for this network."""
    place = f"δ^({net.L}), the output layer"
    for what, variants in _deltas(net.loss).items():
        flavours = tuple(shared("delta", variant) for variant in variants)
        yield Entry(what, place, what, _right(net.loss), flavours, scales=scales_of(what))


def _deltas(loss: Loss) -> dict[str, tuple[str, ...]]:
    """What may stand in δ's place, the commonest first."""
    behind_g = kind_of(loss) == "squares" and loss.output != "identity"
    deltas = {
        "sign of δ": ("sign",),
        **(_WITH_SLOPE if behind_g else _WITHOUT_SLOPE),
        **_EVERYWHERE,
    }
    if loss.output in ("softmax", "logistic"):
        deltas["log a − y instead of a − y: exp is missing"] = ("log a − y",)
    if loss.name == "hinge":
        deltas |= _OF_HINGE
    if not (loss.canonical or behind_g):
        deltas["a − y instead of the loss's own δ"] = ("a − y",)
    return deltas


def _right(loss: Loss) -> str:
    if loss.canonical:
        return "δ^(L) = a^(L) − y"
    if kind_of(loss) == "squares":
        return "δ^(L) = (a^(L) − y) ⊙ g′(z^(L))"
    return f"δ^(L) of {loss.name}"
