"""Tables whose columns are encoded in front of the first layer, and never stored widened.

A column of numbers may be one input, or a *piecewise-linear code*: for B bins with edges
e_0 < … < e_B it is B inputs, 1 in the bins below the number's own, t in its own, 0 in those above,

    t = (x − e_b) / (e_{b+1} − e_b),

so that a linear layer over it is a continuous, piecewise-linear function of x with a slope of its
own in each bin (Gorishniy, Rubachev and Babenko, "On embeddings for numerical features in tabular
deep learning", 2022). Beyond the outer edges t runs on, by a bin's width at most. A category of K
levels is K inputs, of which the cell's is 1. Of a code only the bin and t are kept, of a category
the level; the core multiplies by looking Θ's rows and their running sums up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from scipy import sparse

from ..arrays import ArrayLike, as_matrix
from ..errors import InvalidInput

BEYOND = 1.0  # how far t runs on below 0 and above 1, in widths of the outer bin
NUMBER, LEVEL, CODE = range(3)  # as the core numbers them


class CellEncoding(Protocol):
    """How the cells of one column of a table enter the first layer."""

    kind: ClassVar[int]

    @property
    def inputs(self) -> int:
        """How many inputs a cell is."""
        ...

    def names(self, column: str) -> list[str]:
        """Name each input, beginning with the column's name."""
        ...

    def encode(self, x: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
        """The number and the place that are kept of each cell; None for what has none."""
        ...


@dataclass(frozen=True)
class PlainNumber:
    """A number as it is: one input."""

    kind: ClassVar[int] = NUMBER

    @property
    def inputs(self) -> int:
        """One."""
        return 1

    def names(self, column: str) -> list[str]:
        """The column's own name."""
        return [column]

    def encode(self, x: np.ndarray) -> tuple[np.ndarray, None]:
        """The number."""
        return x, None


@dataclass(frozen=True)
class Levels:
    """A category, its levels numbered from 0: an input for each; any other number is none of them.

    Parameters
    ----------
    inputs : int
        How many levels there are.
    """

    inputs: int
    kind: ClassVar[int] = LEVEL

    def __post_init__(self) -> None:
        if self.inputs < 1:
            raise InvalidInput(f"A category of {self.inputs} levels has no input.")

    def names(self, column: str) -> list[str]:
        """``column=level``."""
        return [f"{column}={level}" for level in range(self.inputs)]

    def encode(self, x: np.ndarray) -> tuple[None, np.ndarray]:
        """The level, -1 for what is none."""
        known = (x >= 0) & (x < self.inputs) & (x == np.floor(x))
        return None, np.where(known, x, -1).astype(np.int32)


class PiecewiseLinear:
    """A number in piecewise-linear codes: an input for each bin.

    Parameters
    ----------
    edges : array-like of shape (bins + 1,)
        The bins' edges, ascending.
    """

    kind: ClassVar[int] = CODE

    def __init__(self, edges: ArrayLike) -> None:
        self.edges = np.asarray(edges, np.float64)
        if self.edges.ndim != 1 or len(self.edges) < 2 or not (np.diff(self.edges) > 0).all():
            raise InvalidInput("The edges of a code are at least two numbers, each above the last.")

    @property
    def inputs(self) -> int:
        """The number of bins."""
        return len(self.edges) - 1

    def names(self, column: str) -> list[str]:
        """``column[lower, upper]``."""
        return [f"{column}[{low:g}, {high:g}]" for low, high in zip(self.edges, self.edges[1:])]

    def encode(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """t and the bin."""
        place = np.searchsorted(self.edges[1:-1], x, side="right").astype(np.int32)
        low, high = self.edges[place], self.edges[place + 1]
        return np.clip((x - low) / (high - low), -BEYOND, 1 + BEYOND), place


class RowEncoder:
    """Encodes a table's rows for a network's first layer.

    Parameters
    ----------
    columns : sequence of (int, encoding)
        For each encoded column which column of the table it is, and a `PlainNumber`, `Levels` or
        `PiecewiseLinear`. A column of the table may be encoded more than once, or not at all.

    Raises
    ------
    InvalidInput
        If there are no columns.

    References
    ----------
    Y. Gorishniy, I. Rubachev and A. Babenko, "On embeddings for numerical features in tabular deep
    learning", 2022.

    Examples
    --------
    >>> import numpy as np
    >>> encoder = RowEncoder([(0, PiecewiseLinear([0, 10, 20])), (1, Levels(3))])
    >>> rows = encoder.encode(np.array([[15.0, 2.0], [4.0, 0.0]]))
    >>> rows.toarray()
    array([[1. , 0.5, 0. , 0. , 1. ],
           [0.4, 0. , 1. , 0. , 0. ]])
    >>> encoder.names(["age", "town"])
    ['age[0, 10]', 'age[10, 20]', 'town=0', 'town=1', 'town=2']
    """

    def __init__(self, columns: Sequence[tuple[int, CellEncoding]]) -> None:
        if not columns:
            raise InvalidInput("A row encoder needs a column to encode.")
        self.columns = list(columns)
        widths = [encoding.inputs for _, encoding in self.columns]
        self.first_inputs = np.concatenate([[0], np.cumsum(widths)])

    @property
    def inputs(self) -> int:
        """How many inputs a row is: the first layer's units."""
        return int(self.first_inputs[-1])

    def names(self, columns: Sequence[str]) -> list[str]:
        """Name each input after the table's columns."""
        return [name for c, encoding in self.columns for name in encoding.names(columns[c])]

    def encode(self, X: ArrayLike) -> EncodedRows:
        """Encode a table.

        Parameters
        ----------
        X : array-like of shape (m, columns)
            Numbers without gaps; of a category the level's number.

        Returns
        -------
        EncodedRows of shape (m, inputs)
            In X's dtype.

        Raises
        ------
        InvalidInput
            If a number that is to be encoded is not finite.
        """
        X = as_matrix(X, "X", X.shape[1])
        numbers: list[np.ndarray] = []
        places: list[np.ndarray] = []
        layout = []
        for (c, encoding), first in zip(self.columns, self.first_inputs.tolist()):
            number, place = encoding.encode(X[:, c])
            if number is not None and not np.isfinite(number).all():
                raise InvalidInput(f"Column {c} of the table has cells without a finite number.")
            at = [
                -1 if part is None else len(kept)
                for part, kept in ((number, numbers), (place, places))
            ]
            layout.append((encoding.kind, first, encoding.inputs, *at))
            numbers += [] if number is None else [number]
            places += [] if place is None else [place]
        return EncodedRows(
            _joined(numbers, len(X), X.dtype), _joined(places, len(X), np.dtype(np.int32)), layout
        )


def _joined(columns: list[np.ndarray], m: int, dtype: np.dtype) -> np.ndarray:
    return (
        np.ascontiguousarray(np.stack(columns, axis=1), dtype)
        if columns
        else np.empty((m, 0), dtype)
    )


@dataclass(frozen=True, eq=False)
class EncodedRows:
    """Rows of a table as they are kept: numbers and places; to whom asks, a sparse matrix.

    Parameters
    ----------
    numbers : array of shape (m, ·)
        Plain numbers and codes' t.
    places : int32 array of shape (m, ·)
        Levels and bins.
    layout : list of (kind, first input, inputs, number, place)
        Of each encoded column; -1 for what it has not.
    """

    numbers: np.ndarray
    places: np.ndarray
    layout: list[tuple[int, int, int, int, int]]
    format: ClassVar[str] = "codes"

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and inputs."""
        _, first, inputs, _, _ = self.layout[-1]
        return len(self.numbers), first + inputs

    @property
    def dtype(self) -> np.dtype:
        """Of the numbers, and of all arithmetic on them."""
        return self.numbers.dtype

    @property
    def data(self) -> np.ndarray:
        """The kept numbers, as of a sparse matrix its values."""
        return self.numbers

    @property
    def nnz(self) -> int:
        """At most so many inputs are not zero."""
        return len(self.numbers) * sum(
            inputs if kind == CODE else 1 for kind, _, inputs, *_ in self.layout
        )

    def check(self) -> None:
        """Raise where a place is none of its column's: the core looks up what it is told."""
        if not self.places.size:
            return
        low, high = self.places.min(axis=0).tolist(), self.places.max(axis=0).tolist()
        for kind, _, inputs, _, place in self.layout:
            if place < 0:
                continue
            if low[place] < (-1 if kind == LEVEL else 0) or high[place] >= inputs:
                raise InvalidInput(f"A place of the encoded rows is none of 0 to {inputs - 1}.")

    def tocsr(self) -> sparse.csr_array:
        """Write every code out, as a sparse matrix: for engines that know no look-up."""
        columns = [self._column(*column) for column in self.layout]
        return sparse.csr_array(sparse.hstack(columns, "csr"))

    def toarray(self) -> np.ndarray:
        """Write every code out."""
        return self.tocsr().toarray()

    def __getitem__(self, rows: slice | np.ndarray | tuple[slice, slice]) -> sparse.csr_array:
        """Some rows, written out as a sparse matrix."""
        return self.take(rows[0] if isinstance(rows, tuple) else rows).tocsr()

    def take(self, rows: slice | np.ndarray) -> EncodedRows:
        """Some rows."""
        return EncodedRows(self.numbers[rows], self.places[rows], self.layout)

    @classmethod
    def joined(cls, parts: Sequence[EncodedRows]) -> EncodedRows:
        """Put rows of one encoder below each other."""
        numbers = np.concatenate([part.numbers for part in parts])
        return cls(numbers, np.concatenate([part.places for part in parts]), parts[0].layout)

    def _column(
        self, kind: int, first: int, inputs: int, number: int, place: int
    ) -> sparse.csr_array:
        """One column's inputs, (m, inputs)."""
        if kind == NUMBER:
            return sparse.csr_array(self.numbers[:, [number]])
        places = self.places[:, place]
        if kind == LEVEL:
            m = np.flatnonzero(places >= 0)
            ones = np.ones(len(m), self.dtype)
            return sparse.csr_array((ones, (m, places[m])), shape=(len(places), inputs))
        starts = np.concatenate([[0], np.cumsum(places + 1)])
        values = np.ones(starts[-1], self.dtype)
        values[starts[1:] - 1] = self.numbers[:, number]
        columns = np.arange(starts[-1]) - np.repeat(starts[:-1], places + 1)
        return sparse.csr_array((values, columns, starts), shape=(len(places), inputs))


__all__ = ["CellEncoding", "EncodedRows", "Levels", "PiecewiseLinear", "PlainNumber", "RowEncoder"]
