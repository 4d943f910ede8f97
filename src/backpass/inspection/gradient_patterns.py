"""What is wrong with a gradient, array by array: a factor, a column, a transposition, …"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Array = np.ndarray
Order = Literal["C", "F"]

CLOSE = 1e-6  # of the largest number: far above a numeric derivative's error, below any factor


@dataclass(frozen=True, eq=False)
class Part:
    """One array of θ: its name, its numbers, and where they begin in the vector."""

    name: str
    theta: Array
    start: int = 0
    order: Order = "C"

    @property
    def where(self) -> slice:
        """Its entries in the vector."""
        return slice(self.start, self.start + self.theta.size)

    def entry(self, k: int) -> str:
        """The name of an entry of the vector, such as ``W2[3, 1]``.

        Examples
        --------
        >>> Part("W2", np.zeros((4, 2)), start=10).entry(17)
        'W2[3, 1]'
        """
        place = np.unravel_index(k - self.start, self.theta.shape, order=self.order)
        return self.named([int(i) for i in place])

    def named(self, place: Sequence[int]) -> str:
        """The name of the entry at this place."""
        return f"{self.name}[{', '.join(map(str, place))}]" if place else self.name

    def shaped(self, vector: Array) -> Array:
        """Its entries of a vector, in its shape."""
        return vector[self.where].reshape(self.theta.shape, order=self.order)


@dataclass(frozen=True, eq=False)
class _Pair:
    """What came back for one array, what is right, and where the two differ."""

    part: Part
    came: Array
    right: Array
    wrong: Array
    room: Array

    def agrees(self, value: Array, where: Array | slice = slice(None)) -> bool:
        """Whether what came back is this."""
        return bool((np.abs(self.came - value) <= self.room)[where].all())

    def of(self, where: Array) -> _Pair:
        """Some entries alone."""
        return _Pair(self.part, *(each[where] for each in self._arrays))

    @property
    def _arrays(self) -> tuple[Array, Array, Array, Array]:
        return self.came, self.right, self.wrong, self.room


def patterns(
    parts: Sequence[Part], analytic: Array, numeric: Array, wrong: Array, error: Array
) -> tuple[str, ...]:
    """Say of every array whose gradient is wrong how it differs from the right one.

    Parameters
    ----------
    parts : sequence of Part
        θ's arrays.
    analytic, numeric : ndarray of shape (n,)
        What came back, and what is right.
    wrong : ndarray of shape (n,), bool
        Where the two differ.
    error : ndarray of shape (n,)
        What each numeric entry may be wrong by.

    Returns
    -------
    tuple of str
        A sentence each; one for all arrays where it is the same.
    """
    pairs = [_pair(part, analytic, numeric, wrong, error) for part in parts]
    found = {pair.part.name: _of_one(pair, pairs) for pair in pairs if pair.wrong.any()}
    if len(found) == len(parts) > 1 and len(set(found.values())) == 1 and "alone" not in str(found):
        return (f"Every array {next(iter(found.values()))}.",)
    return tuple(f"{name} {what}." for name, what in found.items())


def _pair(part: Part, analytic: Array, numeric: Array, wrong: Array, error: Array) -> _Pair:
    came, right, differs, unsure = map(part.shaped, (analytic, numeric, wrong, error))
    size = max(float(np.abs(np.nan_to_num(right)).max(initial=0.0)), 1e-300)
    return _Pair(part, came, right, differs, CLOSE * size + 2 * unsure)


def _of_one(pair: _Pair, pairs: Sequence[_Pair]) -> str:
    everything = _multiple(pair) or _moved(pair) or _exchanged(pair, pairs)
    return everything or _decay(pair) or _of_a_slice(pair) or _counted(pair)


def _multiple(pair: _Pair) -> str:
    """A constant factor, where it is one."""
    if not pair.came.any():
        return "is zero" if pair.came.size > 1 else "is 0"
    square = float((pair.right * pair.right).sum())
    times = float((pair.came * pair.right).sum()) / (square or 1.0)
    if pair.right.size < 2 or not times or not pair.agrees(times * pair.right):
        return ""
    plain = [words for number, words in _PLAIN.items() if pair.agrees(number * pair.right)]
    return f"is {plain[0] if plain else f'{times:.6g} times what it should be'} throughout"


_PLAIN = {-1: "what it should be with the other sign", 2: "twice what it should be",
          0.5: "half of what it should be"}  # fmt: skip


def _moved(pair: _Pair) -> str:
    """The right numbers in other places of the array."""
    right = pair.right
    if right.ndim != 2 or 1 in right.shape:
        return ""
    rows, columns = right.shape
    moves: dict[str, Callable[[], Array]] = {
        "is transposed": lambda: pair.came.reshape(columns, rows, order=pair.part.order).T,
        "has its rows in reversed order": lambda: pair.came[::-1],
        "has its columns in reversed order": lambda: pair.came[:, ::-1],
        "has its columns moved by one": lambda: np.roll(pair.came, 1, axis=1),
        "has its columns moved by one the other way": lambda: np.roll(pair.came, -1, axis=1),
    }
    for what, back in moves.items():
        if (np.abs(back() - right) <= pair.room).all():
            return what
    return ""


def _exchanged(pair: _Pair, pairs: Sequence[_Pair]) -> str:
    """Another array's gradient, or the array itself, in this one's place."""
    if pair.came.size < 2:
        return ""
    if pair.agrees(pair.part.theta):
        return "came back itself, where its gradient should stand"
    for other in pairs:
        if other is pair or other.right.size != pair.came.size:
            continue
        if pair.agrees(other.right.reshape(pair.came.shape)):
            back = other.agrees(pair.right.reshape(other.came.shape))
            name = other.part.name
            return f"and {name} are exchanged" if back else f"has the gradient of {name}"
    return ""


def _decay(pair: _Pair) -> str:
    """A multiple of θ too much or too little, as of a weight decay that J has not, or D."""
    theta, rest = pair.part.theta[pair.wrong], (pair.came - pair.right)[pair.wrong]
    times = float(rest @ theta) / (float(theta @ theta) or 1.0)
    if theta.size < 2 or not pair.of(pair.wrong).agrees(pair.right[pair.wrong] + times * theta):
        return ""
    more = "more" if times > 0 else "less"
    return (
        f"has {abs(times):.6g} times {pair.part.name} {more} than it should, as of a weight decay"
    )


def _of_a_slice(pair: _Pair) -> str:
    """One column, or one row, that alone is wrong."""
    wrong = pair.wrong
    if wrong.ndim != 2 or 1 in wrong.shape:
        return ""
    for axis, kind in ((0, "column"), (1, "row")):
        lines = np.flatnonzero(wrong.any(axis=axis))
        if len(lines) == 1:
            i = int(lines[0])
            part = pair.of((slice(None), i) if axis == 0 else (i, slice(None)))  # type: ignore[arg-type]
            how = _multiple(part)
            return f"is wrong in {kind} {i} alone" + (f", which {how}" if how else "")
    return ""


def _counted(pair: _Pair) -> str:
    count, size = int(pair.wrong.sum()), pair.wrong.size
    if size == 1:
        return "is wrong"
    if count == size:
        return f"is wrong in all {size} entries"
    places = ", ".join(pair.part.named(place) for place in np.argwhere(pair.wrong).tolist())
    return f"is wrong in {count} of {size} entries" + (f": {places}" if count <= 3 else "")
