"""The numbers of one trace by their names; each array of a name is computed once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...arrays import Array, ArrayLike
from ...errors import InvalidInput
from ..trace import Trace
from .number import Number

BY_EXAMPLE = {"X", "Y", "w", "a", "z", "delta", "cost"}  # arrays with a row for each example
OF_TARGETS = {"J", "Y", "cost", "delta", "Delta", "D"}  # what a trace without targets lacks


class TraceNumbers:
    """Looks up what a trace holds, and what follows from it: cost, slope and penalty."""

    def __init__(self, trace: Trace) -> None:
        self.trace, self.net = trace, trace.net
        self.Thetas = trace.Thetas
        self._W = trace.W
        self._arrays: dict[tuple[str, int | None], ArrayLike] = {}

    def number(self, symbol: str, layer: int | None, *index: int | None) -> Number:
        """Look a number up, or say what there is."""
        array = self._array(symbol, layer)
        first = self.trace.first if symbol in BY_EXAMPLE else 0
        place = _place(index, array.shape, first)
        if place is None:
            name = f"{symbol}{'' if layer is None else layer}"
            asked = ", ".join(map(str, index))
            counted = f"examples are counted from {first}" if first else "counted from 0"
            raise InvalidInput(
                f"There is no {name}[{asked}]: its shape is {array.shape}, {counted}."
            )
        shown = (place[0] + first, *place[1:]) if place else ()
        return Number(symbol, layer, shown, float(array[place]))

    def slope(self, l: int, i: int, k: int) -> Number:
        """g′(z^(l)) of an example's unit."""
        z = self.number("z", l, i, k)
        slope = self.net.activation(l).g_prime(np.asarray(z.value))
        return Number("slope", l, (i, k), float(slope))

    def penalty(self) -> Number:
        """½ ΣΘ², biases left out."""
        squares = sum(float((Theta[:, 1:] ** 2).sum()) for Theta in self.Thetas.values())
        return Number("penalty", None, (), squares / 2)

    def outputs_of(self, example: int) -> tuple[Array, Array | None]:
        """z^(L) and Y of one example, (1, s_L): a loss is asked for one row as for many."""
        place = example - self.trace.first
        row, Y = slice(place, place + 1), self.trace.Y
        return self.trace.z[self.net.L][row], None if Y is None else Y[row]

    def examples(self) -> range:
        """The numbers of the examples."""
        return range(self.trace.first, self.trace.first + self.trace.X.shape[0])

    def units(self, layer: int, example: int) -> Sequence[int]:
        """The units of a layer whose activation an example has: of sparse inputs those not 0."""
        a = self._array("a", layer)
        if not _is_sparse(a):
            return range(a.shape[1])
        return _named(a[[example - self.trace.first], :])[1].tolist()

    def examples_of(self, layer: int, unit: int) -> Sequence[int]:
        """The examples that have a unit's activation: of a sparse input those where it is not 0."""
        a = self._array("a", layer)
        if not _is_sparse(a):
            return self.examples()
        return (self.trace.first + _named(a[:, [unit]])[0]).tolist()

    def _array(self, symbol: str, layer: int | None) -> ArrayLike:
        """What is called so: an array, or sparse inputs as CSR."""
        if (symbol, layer) not in self._arrays:
            found = self._looked_up(symbol, layer)
            self._arrays[symbol, layer] = found if _is_sparse(found) else np.asarray(found)
        return self._arrays[symbol, layer]

    def _looked_up(self, symbol: str, layer: int | None) -> Array | float:
        t = self.trace
        if t.Y is None and symbol in OF_TARGETS:
            raise InvalidInput(f"There is no {symbol}: the trace was made without targets.")
        if symbol == "cost":
            return t.net.loss.value(t.z[t.net.L], t.Y)
        whole = {"J": t.J, "X": t.X, "Y": t.Y, "w": t.w, "W": self._W, "lam": t.lam}
        if symbol in whole:
            return whole[symbol]
        by_layer = {"Theta": self.Thetas, "a": t.a, "z": t.z, "delta": t.delta}
        arrays = (by_layer | {"Delta": t.Delta, "D": t.D})[symbol]
        if not _is_whole(layer) or layer not in arrays:
            layers = sorted(arrays)
            raise InvalidInput(
                f"There is no {symbol} of layer {layer}: it has layers {layers[0]} to {layers[-1]}."
            )
        return arrays[layer]


def _place(
    index: tuple[int | None, ...], shape: tuple[int, ...], first: int
) -> tuple[int, ...] | None:
    """Where an index lies in an array whose rows are counted from `first`; None for nowhere."""
    if len(index) != len(shape):
        return None
    starts = (first, 0)
    place = [int(k) - start for k, start in zip(index, starts) if _is_whole(k)]  # type: ignore[arg-type]
    inside = len(place) == len(index) and all(0 <= k < n for k, n in zip(place, shape))
    return tuple(place) if inside else None


def _is_sparse(array: object) -> bool:
    return hasattr(array, "tocsr")


def _named(part: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of what is not 0 in a part of a CSR matrix, which is no one else's."""
    part.sum_duplicates()
    return part.nonzero()


def _is_whole(k: object) -> bool:
    """Whether it counts something: an integer, and no truth value."""
    return isinstance(k, int | np.integer) and not isinstance(k, bool)
