"""Rows of a table in the codes of several members at once, to the bits of each one's own.

Members of a parting share their normal shapes, and those of several partings the columns. A
number's place among the knots and edges of all of them is searched once, and each one's own place
looked up by it; the rest is arithmetic on all of them side by side. So one row takes a handful of
calls, whatever the number of members and columns.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Generic, TypeAlias, TypeVar

import numpy as np
from scipy.special import ndtri

from ...data.encoding.table_rows import TableRows
from ...engine.encoding import BEYOND, EncodedRows
from ...engine.joint_answers import BINS, GAP, INDICATOR, NOTHING, OF_LEVEL, SHAPE, RawCells
from .codes import FURTHEST, LARGEST, SMALLEST, MemberCodes, NumberCodes, ScaledNumber, moderate
from .normal_shape import LEAST_SHARE

T = TypeVar("T")
ROWS = 2_048  # that are worked on at a time: what is made of them stays in the caches
Layout: TypeAlias = list[tuple[int, int, int, int, int]]


class _Distinct(Generic[T]):
    """Values that are kept once each, in the order in which they came."""

    def __init__(self) -> None:
        self.places: dict[Hashable, int] = {}
        self.values: list[T] = []

    def place(self, key: Hashable, value: T) -> int:
        """Which one it is."""
        if key not in self.places:
            self.places[key] = len(self.values)
            self.values.append(value)
        return self.places[key]


class _Wanted:
    """What some codes are made of, each part once.

    Parameters
    ----------
    numbers : int
        How many columns of numbers the rows have before any target means.
    """

    def __init__(self, numbers: int) -> None:
        self.n = numbers
        self.shapes = _Distinct[tuple[int, NumberCodes]]()
        self.bins = _Distinct[tuple[int, NumberCodes]]()
        self.scaled = _Distinct[tuple[int, ScaledNumber]]()
        self.gaps = _Distinct[int]()
        self.levels = _Distinct[tuple[int, np.ndarray]]()

    def add(self, codes: MemberCodes, first_mean: int) -> tuple[list[tuple[int, int]], list[int]]:
        """Return the numbers (kind, which) and levels of a member whose means begin there."""
        places: list[tuple[int, int]] = []
        for of in codes.numbers:
            column = of.column if of.column < self.n else of.column - self.n + first_mean
            if isinstance(of, ScaledNumber):
                key = (column, of.mean, of.deviation)
                places.append((OF_LEVEL, self.scaled.place(key, (column, of))))
                continue
            key = (column, of.median, of.shape.knots.tobytes(), of.shape.shares.tobytes())  # type: ignore[assignment]
            places.append((SHAPE, self.shapes.place(key, (column, of))))
            key = (column, of.median, of.edges.tobytes())  # type: ignore[assignment]
            places.append((BINS, self.bins.place(key, (column, of))))
        places += [(GAP, self.gaps.place(column, column)) for column in codes.gaps]
        levels = [
            self.levels.place((k, each.tobytes()), (k, each))
            for k, each in codes.indicators.items()
        ]
        return places or ([] if levels else [(NOTHING, 0)]), levels


class _Places:
    """Places of numbers among the breakpoints of several lists, a list an entry.

    Parameters
    ----------
    entries : sequence of (int, NumberCodes)
        Which column each reads, and the code whose median stands for a gap.
    breakpoints : sequence of ndarray
        Each entry's own, ascending.
    """

    def __init__(
        self, entries: Sequence[tuple[int, NumberCodes]], breakpoints: Sequence[np.ndarray]
    ) -> None:
        columns = [column for column, _ in entries]
        self.columns = np.array(sorted(set(columns)), np.intp)
        self.slots = np.searchsorted(self.columns, np.array(columns, np.intp))
        self.joined: list[np.ndarray] = []
        for k in range(len(self.columns)):
            own = [each for slot, each in zip(self.slots.tolist(), breakpoints) if slot == k]
            self.joined.append(np.unique(np.concatenate(own)))
        self.of_gaps = np.array([len(each) + 1 for each in self.joined], np.intp)
        tables: list[np.ndarray] = []
        for slot, own, (_, of) in zip(self.slots.tolist(), breakpoints, entries):  # type: ignore[assignment]
            reached = np.r_[-np.inf, self.joined[slot], of.median]  # below all, at each, of a gap
            tables.append(np.searchsorted(own, reached, side="right"))  # type: ignore[arg-type]
        self.starts = np.cumsum([0, *map(len, tables)])[:-1]
        self.table = np.concatenate([np.empty(0, np.int32), *tables]).astype(np.int32)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """How many breakpoints of each entry are no greater: (m, columns) to (m, entries)."""
        found = np.empty(x.shape, np.intp)
        for k, joined in enumerate(self.joined):
            found[:, k] = joined.searchsorted(x[:, k], side="right")
        np.copyto(found, self.of_gaps, where=np.isnan(x))
        return self.table.take(found.take(self.slots, axis=1) + self.starts)

    def described(self) -> list[tuple[int, np.ndarray]]:
        """Which column each entry reads, and its places by what is found."""
        return list(zip(self.slots.tolist(), np.split(self.table, self.starts[1:])))


class _Shapes:
    """Columns in normal shape, side by side."""

    def __init__(self, entries: Sequence[tuple[int, NumberCodes]]) -> None:
        shapes = [of.shape for _, of in entries]
        self.medians = np.array([of.median for _, of in entries])
        self.breakpoints = [shape.knots for shape in shapes]
        self.least = np.array([shape.knots[0] for shape in shapes])
        # the number of knots that are no greater is 0 or at least 1, and both are the first's
        self.first = np.cumsum([0, *(len(shape.knots) + 1 for shape in shapes)])[:-1]
        self.knots, self.shares, self.slopes = (np.empty(0) for _ in range(3))
        for shape in shapes:
            widths, rises = np.diff(shape.knots), np.diff(shape.shares)
            slopes = np.divide(rises, widths, out=np.zeros(len(rises)), where=widths > 0)
            slopes = np.r_[slopes, 0.0]  # no share rises behind the last knot
            self.knots = np.r_[self.knots, shape.knots[0], shape.knots]
            self.shares = np.r_[self.shares, shape.shares[0], shape.shares]
            self.slopes = np.r_[self.slopes, slopes[0], slopes]

    def __call__(self, x: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Numbers in normal shape, of (m, entries) with gaps."""
        x = np.maximum(np.where(np.isnan(x), self.medians, x), self.least)
        at = places + self.first
        below = self.slopes.take(at) * (x - self.knots.take(at)) + self.shares.take(at)
        return ndtri(np.clip(below, LEAST_SHARE, 1 - LEAST_SHARE))

    def described(
        self, places: list[tuple[int, np.ndarray]]
    ) -> list[tuple[int, np.ndarray, np.ndarray, float, float]]:
        """Each with its stretches: (number, share, slope)."""
        joined = np.column_stack([self.knots, self.shares, self.slopes])
        stretches = np.split(joined, self.first[1:])
        ends = zip(self.medians.tolist(), self.least.tolist())
        return [(*at, each, *end) for at, each, end in zip(places, stretches, ends)]


class _Bins:
    """Columns in piecewise-linear codes, side by side."""

    def __init__(self, entries: Sequence[tuple[int, NumberCodes]]) -> None:
        edges = [of.edges for _, of in entries]
        self.medians = np.array([of.median for _, of in entries])
        self.breakpoints = [each[1:-1] for each in edges]
        self.least = np.array([2 * each[0] - each[1] for each in edges])
        self.most = np.array([2 * each[-1] - each[-2] for each in edges])
        self.first = np.cumsum([0, *map(len, edges)])[:-1]
        self.edges = np.concatenate([np.empty(0), *edges])

    def __call__(self, x: np.ndarray, places: np.ndarray) -> np.ndarray:
        """How far numbers are in their bins, of (m, entries) with gaps."""
        x = np.clip(np.where(np.isnan(x), self.medians, x), self.least, self.most)
        at = places + self.first
        low = self.edges.take(at)
        at += 1
        return np.clip((x - low) / (self.edges.take(at) - low), -BEYOND, 1 + BEYOND)

    def described(
        self, places: list[tuple[int, np.ndarray]]
    ) -> list[tuple[int, np.ndarray, np.ndarray, float, float, float]]:
        """Each with its bins: (lower edge, width)."""
        edges = np.split(self.edges, self.first[1:])
        bins = [np.column_stack([each[:-1], np.diff(each)]) for each in edges]
        ends = zip(self.medians.tolist(), self.least.tolist(), self.most.tolist())
        return [(*at, each, *end) for at, each, end in zip(places, bins, ends)]


class _Levels:
    """Indicators of categories, side by side."""

    def __init__(self, entries: Sequence[tuple[int, np.ndarray]]) -> None:
        self.columns = np.array([k for k, _ in entries], np.intp)
        self.unknown = np.array([len(each) - 1 for _, each in entries], np.int32)
        self.first = np.cumsum([0, *(len(each) for _, each in entries)])[:-1]
        self.table = np.concatenate([np.empty(0, np.int32), *(each for _, each in entries)])

    def __call__(self, codes: np.ndarray) -> np.ndarray:
        """Each category's indicator, of (m, categories); −1 for none."""
        codes = codes.take(self.columns, axis=1)
        codes = np.where(codes < 0, self.unknown, codes)
        return self.table.take(codes + self.first)

    def described(self) -> list[tuple[int, np.ndarray]]:
        """Each category, and its indicators by level."""
        return list(zip(self.columns.tolist(), np.split(self.table, self.first[1:])))


class JointCodes:
    """Codes of several members, which one pass over the rows makes.

    Parameters
    ----------
    codes : sequence of MemberCodes
        Of members of one ensemble.
    numbers : int
        How many columns of numbers the rows have before any target means.
    first_means : sequence of int
        Of each of the codes, the column at which its own target means begin.

    Examples
    --------
    >>> from .codes import fit_codes
    >>> rows = TableRows(np.arange(90.0)[:, None], np.empty((90, 0), np.int32), ())
    >>> codes = [fit_codes(rows, bins) for bins in (4, 2)]
    >>> made = JointCodes(codes, 1, [1, 1]).encode(rows)
    >>> [each.shape for each in made]
    [(90, 5), (90, 3)]
    >>> bool((made[0].toarray() == codes[0].encode(rows).toarray()).all())
    True
    """

    def __init__(
        self, codes: Sequence[MemberCodes], numbers: int, first_means: Sequence[int]
    ) -> None:
        self.numbers, wanted = numbers, _Wanted(numbers)
        asked = [wanted.add(each, first) for each, first in zip(codes, first_means)]
        self.shapes, self.bins = _Shapes(wanted.shapes.values), _Bins(wanted.bins.values)
        entries = [*wanted.shapes.values, *wanted.bins.values]
        self.places = _Places(entries, [*self.shapes.breakpoints, *self.bins.breakpoints])
        scaled = wanted.scaled.values
        self.scaled = np.array([column for column, _ in scaled], np.intp)
        scales = np.array([(of.mean, of.deviation) for _, of in scaled])
        self.means, self.deviations = scales.reshape(-1, 2).T
        self.gaps = np.array(wanted.gaps.values, np.intp)
        self.levels = _Levels(wanted.levels.values)
        sizes = [len(wanted.shapes.values), len(wanted.bins.values), len(scaled), len(self.gaps)]
        starts = np.cumsum([0, *sizes])
        self.members: list[tuple[np.ndarray, np.ndarray, Layout]] = []
        self.forms: list[list[tuple[int, int, int, int]]] = []
        for each, (made, levels) in zip(codes, asked):
            taken = [starts[kind] + which for kind, which in made]
            places = [which for kind, which in made if kind == BINS]
            places += [sizes[BINS] + which for which in levels]
            of = np.array(taken, np.intp), np.array(places, np.intp), each.layout
            self.members.append(of)
            parts = [*made, *((INDICATOR, which) for which in levels)]
            self.forms.append([(*part, *at[1:3]) for part, at in zip(parts, each.layout)])

    def encode(self, rows: TableRows) -> list[EncodedRows]:
        """Encode rows for each of the codes; text is left out.

        Parameters
        ----------
        rows : TableRows of m rows
            With the target means of all.

        Returns
        -------
        list of EncodedRows of shape (m, inputs), single precision
            As ``MemberCodes.encode`` makes each.
        """
        m = len(rows)
        blocks = [slice(begin, begin + ROWS) for begin in range(0, max(m, 1), ROWS)]
        made = [self._block(rows.numbers[block], rows.codes[block]) for block in blocks]
        numbers, places = (np.concatenate(each) if m > ROWS else each[0] for each in zip(*made))
        return [
            EncodedRows(numbers.take(taken, axis=1), places.take(its_places, axis=1), layout)
            for taken, its_places, layout in self.members
        ]

    def raw_cells(self, means: Sequence[tuple[int, np.ndarray]]) -> RawCells:
        """Describe all of it to the core, with target means as numbers that levels have.

        Parameters
        ----------
        means : sequence of (int, ndarray of shape (levels + 1,))
            Each column of target means: its category, and the mean by level, last of none.
        """
        places, n = self.places.described(), len(self.shapes.medians)
        each = zip(self.scaled.tolist(), self.means.tolist(), self.deviations.tolist())
        scaled = [
            (*means[column - self.numbers], mean, deviation) for column, mean, deviation in each
        ]
        return RawCells(
            (LARGEST, SMALLEST, LEAST_SHARE, BEYOND),
            list(zip(self.places.columns.tolist(), self.places.joined)),
            self.shapes.described(places[:n]),
            self.bins.described(places[n:]),
            [(k, _scaled(x, mean, deviation)) for k, x, mean, deviation in scaled],
            self.gaps.tolist(),
            self.levels.described(),
            self.forms,
        )

    def _block(self, x: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Every number and every place that any of the codes has of some rows."""
        z = (x.take(self.scaled, axis=1) - self.means) / self.deviations
        gaps = np.isnan(x.take(self.gaps, axis=1))
        x = moderate(x.take(self.places.columns, axis=1))
        places, n = self.places(x), len(self.shapes.medians)
        x = x.take(self.places.slots, axis=1)
        shaped, t = self.shapes(x[:, :n], places[:, :n]), self.bins(x[:, n:], places[:, n:])
        parts = [shaped, t, np.clip(z, -FURTHEST, FURTHEST), gaps, np.zeros((len(x), 1))]
        numbers = np.concatenate(parts, axis=1).astype(np.float32)
        return numbers, np.concatenate([places[:, n:], self.levels(codes)], axis=1)


def _scaled(x: np.ndarray, mean: float, deviation: float) -> np.ndarray:
    """Deviations from the mean, in single precision."""
    return np.clip((x - mean) / deviation, -FURTHEST, FURTHEST).astype(np.float32)
