"""X for a single network: scaled numbers, then gaps, levels and terms; dense where all is dense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from scipy import sparse

DENSE_LEVELS = 256  # levels of all columns together up to which X is dense


@dataclass(frozen=True)
class NetworkInput:
    """A column of X.

    Parameters
    ----------
    name : str
        What people call it: 'area', 'area is missing', 'city = Paris', 'day: month'.
    columns : tuple of str
        The columns of the table that it follows from: one, or the two of a difference.
    """

    name: str
    columns: tuple[str, ...]


def write_levels(X: np.ndarray, codes: np.ndarray, starts: np.ndarray) -> None:
    """Write the levels' ones into a dense X.

    Parameters
    ----------
    X : ndarray of shape (m, inputs)
        Zero at the levels' inputs.
    codes : ndarray of shape (m, categories), int32
        Levels; −1 for none.
    starts : ndarray of shape (categories + 1,)
        The input of each category's first level, and their end.
    """
    for place, start in enumerate(starts[:-1].tolist()):
        rows = np.flatnonzero(codes[:, place] >= 0)
        X[rows, start + codes[rows, place]] = 1.0


@dataclass(frozen=True, eq=False)
class Entries:
    """What some rows of a sparse matrix hold: values, their inputs, and how many each row has."""

    values: np.ndarray
    inputs: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, numbers: np.ndarray, codes: np.ndarray, starts: np.ndarray) -> Entries:
        """Join numbers and levels; inputs ascend in each row, and no value is zero.

        Parameters
        ----------
        numbers : ndarray of shape (m, n)
            The first n inputs.
        codes : ndarray of shape (m, categories), int32
            Levels; −1 for none.
        starts : ndarray of shape (categories + 1,)
            The input of each category's first level, from n on; at last their end.
        """
        m, n = numbers.shape
        shape = (m, n + codes.shape[1])
        values, inputs = np.empty(shape, numbers.dtype), np.empty(shape, np.int32)
        kept = np.empty(shape, bool)
        values[:, :n], values[:, n:] = numbers, 1.0
        inputs[:, :n] = np.arange(n)
        np.add(codes, starts[:-1], out=inputs[:, n:], casting="same_kind")
        np.not_equal(numbers, 0, out=kept[:, :n])
        np.greater_equal(codes, 0, out=kept[:, n:])
        return cls(values[kept], inputs[kept], np.count_nonzero(kept, axis=1))


class SparseRows:
    """A sparse matrix in one piece of memory, to which rows are added.

    Parameters
    ----------
    m, inputs : int
        Its shape.
    most : int
        Entries that a row has at most; what is not used of their memory is never touched.
    dtype : dtype
        Of the values.
    """

    def __init__(self, m: int, inputs: int, most: int, dtype: DTypeLike) -> None:
        self._shape = (m, inputs)
        self._values = np.empty(m * most, dtype)
        self._inputs = np.empty(m * most, np.int32)
        self._counts = np.zeros(m, np.intp)
        self._rows = self._used = 0

    def add(self, entries: Entries) -> None:
        """Add rows below the others."""
        used, rows = self._used + len(entries.values), self._rows + len(entries.counts)
        self._values[self._used : used] = entries.values
        self._inputs[self._used : used] = entries.inputs
        self._counts[self._rows : rows] = entries.counts
        self._used, self._rows = used, rows

    def matrix(self) -> sparse.csr_matrix:
        """Return the matrix of the rows that were added."""
        starts = np.concatenate([[0], np.cumsum(self._counts)])
        parts = (self._values[: self._used], self._inputs[: self._used], starts)
        return sparse.csr_matrix(parts, shape=self._shape)


def beside(made: sparse.csr_matrix, terms: list[sparse.csr_matrix]) -> sparse.csr_matrix:
    """Put the terms of all rows beside numbers and levels."""
    joined: Any = sparse.hstack([made, *terms], format="csr") if terms else made
    return joined
