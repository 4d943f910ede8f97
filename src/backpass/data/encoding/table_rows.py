"""A table's rows for networks that each read them in their own way: numbers and levels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from scipy import sparse

from ..raw import RawColumn
from .columns import FittedColumns, infinite_number
from .numbers import NumberCells


@dataclass(frozen=True, eq=False)
class TableRows:
    """Rows of a table, before any network's own encoding.

    Parameters
    ----------
    numbers : ndarray of shape (m, F), float64
        NaN for a gap.
    codes : ndarray of shape (m, K), int32
        Levels of the categories; −1 for what is none.
    levels : tuple of int, K of them
        How many levels each category has.
    plain : int
        How many of the last columns of numbers are target means, which have no codes.
    terms : csr_matrix of shape (m, T), float64, or None
        Weights of free text's terms, where there is any.
    """

    numbers: np.ndarray
    codes: np.ndarray
    levels: tuple[int, ...]
    plain: int = 0
    terms: sparse.csr_matrix | None = None

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def n_terms(self) -> int:
        """How many terms free text has."""
        return 0 if self.terms is None else cast(tuple[int, int], self.terms.shape)[1]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, and columns of every sort."""
        return len(self), self.numbers.shape[1] + self.codes.shape[1] + self.n_terms

    def __getitem__(self, rows: slice | np.ndarray) -> TableRows:
        return self.take(rows)

    def take(self, rows: slice | np.ndarray) -> TableRows:
        """Some rows."""
        terms = None if self.terms is None else self.terms[rows]
        return replace(self, numbers=self.numbers[rows], codes=self.codes[rows], terms=terms)

    @classmethod
    def joined(cls, parts: Sequence[TableRows]) -> TableRows:
        """Put rows of one table below each other."""
        numbers = np.concatenate([part.numbers for part in parts])
        codes = np.concatenate([part.codes for part in parts])
        terms = None if parts[0].terms is None else sparse.vstack([p.terms for p in parts], "csr")
        return replace(parts[0], numbers=numbers, codes=codes, terms=terms)

    def with_means(self, means: np.ndarray) -> TableRows:
        """The same rows with target means, shape (m, ·), behind the numbers."""
        if not means.shape[1]:
            return self
        numbers = np.hstack([self.numbers, means])
        return replace(self, numbers=numbers, plain=self.plain + means.shape[1])


def table_rows(
    columns: FittedColumns, table: Mapping[str, RawColumn], rows: int
) -> tuple[TableRows, dict[str, Counter[str]]]:
    """Read rows of a table.

    Parameters
    ----------
    columns : FittedColumns
        What is read, as the training rows showed it.
    table : mapping from str to Numbers, Texts or Moments
        The rows.
    rows : int
        How many there are: nothing else says it where no column is read.

    Returns
    -------
    TableRows, and texts of each category that have no level

    Raises
    ------
    InvalidInput
        If columns are missing or hold other cells than those of the training, or a number is
        infinite.

    Examples
    --------
    >>> from backpass.data.encoding.columns import fit_columns
    >>> from backpass.data.raw import Numbers, Texts
    >>> table = {"area": Numbers(np.array([1.0, np.nan])), "city": Texts.of(["Rome", "Oslo"])}
    >>> columns, _ = fit_columns(
    ...     {"area": Numbers(np.arange(4.0)), "city": Texts.of(["Rome", "Oslo", "Rome", "Oslo"])},
    ...     {"area": "number", "city": "category"},
    ... )
    >>> rows, _ = table_rows(columns, table, 2)
    >>> rows.numbers.ravel(), rows.codes.ravel(), rows.levels
    (array([ 1., nan]), array([1, 0], dtype=int32), (2,))
    """
    columns.check(table)
    numbers = _numbers(columns, table, rows)
    codes, texts = columns.codes(table, rows)
    levels = tuple(each.inputs for each in columns.levels)
    return TableRows(numbers, codes, levels, terms=_terms(columns, table)), texts


def _terms(columns: FittedColumns, table: Mapping[str, RawColumn]) -> sparse.csr_matrix | None:
    """All columns' terms side by side."""
    weights: Any = columns.weights(table, np.float64)
    return sparse.csr_matrix(sparse.hstack(weights, "csr")) if weights else None


def _numbers(columns: FittedColumns, table: Mapping[str, RawColumn], m: int) -> np.ndarray:
    """Every feature's numbers, shape (m, features)."""
    calendars = columns.calendars(table)
    numbers = np.empty((m, len(columns.features)))
    for f, feature in enumerate(columns.features):
        if isinstance(feature, NumberCells):
            numbers[:, f] = feature.values(table)
        else:
            numbers[:, f] = feature.values(calendars)
        infinite = np.isinf(numbers[:, f])
        if infinite.any():
            raise infinite_number(feature.name, int(infinite.argmax()))
    return numbers
