"""What a member's first layer is given of a table's rows: fitted on training rows, plain arrays.

A number is itself in normal shape and, beside it, a piecewise-linear code; a gap is the column's
median and a flag; a category is an indicator for each frequent level. A target mean is a number
alone, in deviations: with a code, a network can tell from it which fold a row was in, and so which
way its target lies (measured in ``target_means``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike
from scipy import sparse

from ...data.encoding.table_rows import TableRows
from ...engine.encoding import (
    CellEncoding,
    EncodedRows,
    Levels,
    PiecewiseLinear,
    PlainNumber,
    RowEncoder,
)
from .bin_edges import MOST_EDGES, bin_edges, bins_for
from .frequent_levels import indicators_of
from .normal_shape import NormalShape, fit_normal_shape

BLOCK = 8_192  # rows that are encoded at a time: what is made on the way stays in the caches

# Numbers further from zero count as LARGEST, nearer ones as zero, so that squares are neither
# infinite nor zero, and no slope between two numbers overflows.
LARGEST, SMALLEST = 1e150, 1e-150
FURTHEST = 5.2  # deviations of a target mean from the mean of all, as of numbers in normal shape


MemberRows: TypeAlias = EncodedRows | sparse.csr_matrix  # what a member's first layer is given


@dataclass(frozen=True, eq=False)
class NumberCodes:
    """How one column of numbers enters.

    Parameters
    ----------
    column : int
        Of the rows' numbers.
    median : float
        Stands for a gap.
    shape : NormalShape
        Of the number itself.
    edges : ndarray of shape (bins + 1,)
        Of its code.
    """

    column: int
    median: float
    shape: NormalShape
    edges: np.ndarray

    @property
    def cells(self) -> list[CellEncoding]:
        """How what ``columns`` makes becomes inputs."""
        return [PlainNumber(), PiecewiseLinear(self.edges)]

    def columns(self, rows: TableRows) -> list[np.ndarray]:
        """The number in normal shape, and as the code reads it."""
        x = rows.numbers[:, self.column]
        x = np.where(np.isnan(x), self.median, moderate(x))
        return [self.shape(x), self._near(x)]

    def _near(self, x: np.ndarray) -> np.ndarray:
        """Numbers no further outside the edges than a code tells: none overflows beside them."""
        first, last = self.edges[:2], self.edges[-2:]
        return np.clip(x, 2 * first[0] - first[1], 2 * last[1] - last[0])


@dataclass(frozen=True, eq=False)
class ScaledNumber:
    """How one column of target means enters.

    Parameters
    ----------
    column : int
        Of the rows' numbers.
    mean, deviation : float
        Of the training rows.
    """

    column: int
    mean: float
    deviation: float

    @property
    def cells(self) -> list[CellEncoding]:
        """How what ``columns`` makes becomes inputs."""
        return [PlainNumber()]

    def columns(self, rows: TableRows) -> list[np.ndarray]:
        """Deviations from the mean, at most ``FURTHEST``."""
        z = (rows.numbers[:, self.column] - self.mean) / self.deviation
        return [np.clip(z, -FURTHEST, FURTHEST)]


@dataclass(frozen=True, eq=False)
class MemberCodes:
    """How rows of a table enter a member's first layer.

    Parameters
    ----------
    numbers : tuple of NumberCodes and ScaledNumber
        Columns that vary.
    gaps : tuple of int
        Columns of numbers whose gaps have a flag.
    indicators : mapping from int to ndarray of shape (levels + 1,)
        Of each category that varies, the levels' indicators.
    terms : int
        Of free text, behind all others.
    """

    numbers: tuple[NumberCodes | ScaledNumber, ...]
    gaps: tuple[int, ...]
    indicators: dict[int, np.ndarray]
    terms: int = 0

    @property
    def inputs(self) -> int:
        """The first layer's units."""
        return self.encoder.inputs + self.terms

    @cached_property
    def encoder(self) -> RowEncoder:
        """How the columns that ``columns`` makes become the first layer's inputs."""
        cells: list[CellEncoding] = []
        for number in self.numbers:
            cells.extend(number.cells)
        cells.extend(PlainNumber() for _ in self.gaps)
        cells += [Levels(int(each.max()) + 1) for each in self.indicators.values()]
        return RowEncoder(list(enumerate(cells or [PlainNumber()])))

    @cached_property
    def layout(self) -> list[tuple[int, int, int, int, int]]:
        """Of what ``encode`` returns."""
        return self.encoder.encode(np.zeros((1, len(self.encoder.columns)))).layout

    def columns(self, rows: TableRows) -> np.ndarray:
        """Return the columns that the encoder reads, shape (m, ·), float64 and without gaps."""
        made = [column for number in self.numbers for column in number.columns(rows)]
        made += [np.isnan(rows.numbers[:, column]) for column in self.gaps]
        made += [each[rows.codes[:, k]] for k, each in self.indicators.items()]
        made = made or [np.zeros(len(rows))]  # where nothing varies, the biases answer
        return np.column_stack(made).astype(np.float64, copy=False)

    def encode(self, rows: TableRows, dtype: DTypeLike = np.float32) -> MemberRows:
        """Encode rows; places and parts of bins are found in double precision, and rounded last.

        Parameters
        ----------
        rows : TableRows
            With the columns of the training rows.
        dtype : dtype
            Of the arithmetic.

        Returns
        -------
        EncodedRows of shape (m, inputs), or a CSR matrix where there is free text
        """
        encoded = self._looked_up(rows, dtype)
        if rows.terms is None:
            return encoded
        beside: Any = [encoded.tocsr(), rows.terms.astype(dtype)]
        return sparse.csr_matrix(sparse.hstack(beside, "csr"))

    def _looked_up(self, rows: TableRows, dtype: DTypeLike) -> EncodedRows:
        """Rows but for their text."""
        first = self.encoder.encode(self.columns(rows.take(slice(0, BLOCK))))
        numbers = np.empty((len(rows), first.numbers.shape[1]), dtype)
        places = np.empty((len(rows), first.places.shape[1]), first.places.dtype)
        for begin in range(0, len(rows), BLOCK):
            block = slice(begin, begin + BLOCK)
            made = first if begin == 0 else self.encoder.encode(self.columns(rows.take(block)))
            numbers[block], places[block] = made.numbers, made.places
        return replace(first, numbers=numbers, places=places)


def fit_codes(rows: TableRows, bins: int) -> MemberCodes:
    """Find on training rows how rows enter a first layer.

    Parameters
    ----------
    rows : TableRows
        The rows that the member is trained on, and no others.
    bins : int
        Of a number's code, at most; fewer where there are many columns.

    Returns
    -------
    MemberCodes
        Of rows that do not vary with a single input, which is 0.

    Examples
    --------
    >>> numbers = np.column_stack([np.arange(90.0), np.r_[np.nan, np.ones(89)]])
    >>> rows = TableRows(numbers, np.repeat([[0], [1], [0]], 30, axis=0), (2,))
    >>> codes = fit_codes(rows, bins=4)
    >>> codes.inputs  # a number and its 4 bins, one flag, 2 levels
    8
    >>> codes.encode(rows.take(slice(44, 45))).toarray().round(2) + 0.0
    array([[-0.01,  1.  ,  0.98,  0.  ,  0.  ,  0.  ,  0.  ,  1.  ]],
          dtype=float32)
    """
    F = rows.numbers.shape[1] - rows.plain
    made: list[NumberCodes | ScaledNumber | None] = []
    made += [_number_codes(rows.numbers[:, f], f, bins_for(bins, F), F) for f in range(F)]
    made += [_scaled(rows.numbers[:, f], f) for f in range(F, F + rows.plain)]
    indicators = {k: indicators_of(rows.codes[:, k], n) for k, n in enumerate(rows.levels)}
    return MemberCodes(
        tuple(each for each in made if each is not None),
        _flagged(np.isnan(rows.numbers)),
        {k: each for k, each in indicators.items() if each.max() > 0},
        rows.n_terms,
    )


def _number_codes(x: np.ndarray, column: int, bins: int, columns: int) -> NumberCodes | None:
    """A column's codes, None where it does not vary."""
    there = moderate(x[~np.isnan(x)])
    if not len(there) or there.min() == there.max():
        return None
    edges = bin_edges(there, bins, bins_for(MOST_EDGES, columns))
    if len(edges) < 2:  # of what no quantile tells apart
        edges = np.array([there.min(), there.max()])
    return NumberCodes(column, float(np.median(there)), fit_normal_shape(there), edges)


def _scaled(x: np.ndarray, column: int) -> ScaledNumber | None:
    """A column of target means, None where it does not vary."""
    deviation = float(x.std())
    return ScaledNumber(column, float(x.mean()), deviation) if deviation > 0 else None


def moderate(x: np.ndarray) -> np.ndarray:
    """Numbers whose squares are neither infinite nor, but for 0, zero."""
    x = np.clip(x, -LARGEST, LARGEST)
    return np.where(np.abs(x) < SMALLEST, 0.0, x)


def _flagged(gaps: np.ndarray) -> tuple[int, ...]:
    """Columns with gaps in some rows, but not all; of those with the same gaps, the first."""
    some = np.flatnonzero(gaps.any(axis=0) & ~gaps.all(axis=0))
    patterns = {gaps[:, column].tobytes(): column for column in some[::-1].tolist()}
    return tuple(sorted(patterns.values()))
