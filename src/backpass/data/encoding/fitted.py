"""From known columns to X: fitted on training rows, kept as plain arrays and JSON.

It stands where ``Preprocessing`` does for tables of the first release: the same questions, asked of
columns instead of cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import DTypeLike
from scipy.sparse import csr_matrix

from ...arrays import Array
from ...errors import InvalidInput, warn
from ..threads import in_threads
from .columns import Columns, FittedColumns, fit_columns
from .network_inputs import (
    DENSE_LEVELS,
    Entries,
    NetworkInput,
    SparseRows,
    beside,
    write_levels,
)
from .numbers import Scaling
from .outside import Outside
from .plain_inputs import PlainInputs, Seen
from .stored import Stored, damaged, restored, stored
from .table_rows import TableRows, table_rows
from .unknown import Unknown

TERMS = 50  # of a text, on one side
BLOCK = 2048  # rows whose numbers stay in a cache, and in memory that was touched before


@dataclass(frozen=True, eq=False)
class Encoding:
    """How a table's columns become the X of a single network.

    Parameters
    ----------
    columns : FittedColumns
        What is read of the table.
    scaling : Scaling
        Of the features' numbers.

    Examples
    --------
    >>> from backpass.data.raw import Numbers, Texts
    >>> table = {
    ...     "area": Numbers(np.array([1.0, 2.0, 3.0, np.nan])),
    ...     "city": Texts.of(["Rome", "Oslo", "Oslo", "Rome"]),
    ... }
    >>> encoding = fit_encoding(table, {"area": "number", "city": "category"})
    >>> encoding.outputs
    ('area', 'area is missing', 'city = Oslo', 'city = Rome')
    >>> encoding.transform(table).round(2)
    array([[-1.35,  0.  ,  0.  ,  1.  ],
           [ 0.  ,  0.  ,  1.  ,  0.  ],
           [ 1.35,  0.  ,  1.  ,  0.  ],
           [ 0.  ,  1.  ,  0.  ,  1.  ]])
    """

    columns: FittedColumns
    scaling: Scaling

    def __post_init__(self) -> None:
        """Refuse parts that do not belong together."""
        if len(self.scaling) != len(self.columns.features):
            raise ValueError("features and scales differ in number")

    @cached_property
    def inputs(self) -> tuple[NetworkInput, ...]:
        """The columns of X: numbers, gaps, levels, terms; each in the order of the names."""
        of = self.columns
        found = [NetworkInput(feature.name, feature.columns) for feature in of.features]
        found += [NetworkInput(f"{name} is missing", (name,)) for name in of.gaps]
        found += [NetworkInput(name, (part.column,)) for part in of.levels for name in part.names]
        found += [NetworkInput(name, (part.column,)) for part in of.terms for name in part.names]
        return tuple(found)

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """Names of the columns of X."""
        return tuple(made.name for made in self.inputs)

    @cached_property
    def sparse(self) -> bool:
        """Whether X is a SciPy CSR matrix: where there is free text, or there are many levels."""
        levels = sum(levels.inputs for levels in self.columns.levels)
        return bool(self.columns.terms) or levels > DENSE_LEVELS

    @property
    def numbers_in_row(self) -> int:
        """How many numbers a row of X takes in memory, roughly, where it is sparse with places."""
        of = self.columns
        if not self.sparse:
            return len(self.inputs)
        return 2 * (len(of.features) + len(of.gaps) + len(of.levels) + TERMS * len(of.terms))

    def transform(self, table: Columns) -> Array:
        """Turn columns into X.

        Parameters
        ----------
        table : mapping from str to Numbers, Texts or Moments
            The columns that are read, in any order; others may be there.

        Returns
        -------
        ndarray or csr_matrix of shape (m, len(self.outputs)), float64

        Raises
        ------
        InvalidInput
            If columns are missing, hold other cells than those of the training, differ in length,
            or hold infinite numbers.

        Warns
        -----
        UserWarning
            If the table has what the training rows did not: by column and count.
        """
        X, unknown = self.encode(table)
        for sentence in unknown.sentences():
            warn(sentence)
        return X

    def encode(self, table: Columns, dtype: DTypeLike = np.float64) -> tuple[Array, Unknown]:
        """Turn columns into X of a dtype, and tell what the training rows did not have."""
        of, m = self.columns, self.columns.check(table)
        codes, texts = of.codes(table, m)
        outside = Outside(of, self.scaling)
        for name in self._hiding:
            outside.count_gaps(name, table[name].gaps)
        plain = PlainInputs(of, self.scaling, table, dtype)
        if self.sparse:
            made = self._sparse(plain, codes, np.dtype(dtype), outside)
            return beside(made, of.weights(table, dtype)), outside.unknown(texts)
        return self._dense(plain, codes, np.dtype(dtype), outside), outside.unknown(texts)

    def rows(self, table: Columns, m: int) -> tuple[TableRows, Unknown]:
        """Turn m rows into numbers and levels, and tell what the training rows did not have.

        Raises
        ------
        InvalidInput
            As ``transform``.
        """
        made, texts = table_rows(self.columns, table, m)
        F, outside = made.numbers.T, Outside(self.columns, self.scaling)
        far = {place: F[place, cells] for place, cells in self.scaling.far(F).items()}
        outside.add(Seen(np.count_nonzero(np.isnan(F), axis=1), far))
        for name in self._hiding:
            outside.count_gaps(name, table[name].gaps)
        return made, outside.unknown(texts)

    def _dense(
        self, plain: PlainInputs, codes: np.ndarray, dtype: np.dtype, outside: Outside
    ) -> np.ndarray:
        """Write X block by block, in one piece of memory."""
        X = np.zeros((len(codes), len(self.inputs)), dtype)

        def write(rows: slice) -> Seen:
            seen = plain.write(rows, X[rows])
            write_levels(X[rows], codes[rows], self._starts)
            return seen

        for seen in in_threads(write, _blocks(len(codes))):
            outside.add(seen)
        return X

    def _sparse(
        self, plain: PlainInputs, codes: np.ndarray, dtype: np.dtype, outside: Outside
    ) -> csr_matrix:
        """Write X but for the terms of text, whose inputs are the last."""
        n, width = int(self._starts[0]), int(self._starts[-1])
        X = SparseRows(len(codes), width, n + codes.shape[1], dtype)

        def written(rows: slice) -> tuple[Entries, Seen]:
            part = np.zeros((len(codes[rows]), n), dtype)
            seen = plain.write(rows, part)
            return Entries.of(part, codes[rows], self._starts), seen

        for entries, seen in in_threads(written, _blocks(len(codes))):
            X.add(entries)
            outside.add(seen)
        return X.matrix()

    def to_arrays(self) -> tuple[dict[str, np.ndarray], Stored]:
        """Return plain arrays, and what JSON can hold; ``from_arrays`` is the inverse."""
        return stored(self.columns, self.scaling)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], metadata: Stored) -> Encoding:
        """Make it again from what ``to_arrays`` returned.

        Raises
        ------
        InvalidInput
            If arrays and metadata are of a later version, or do not belong together.
        """
        try:
            return cls(*restored(arrays, metadata))
        except (ArithmeticError, AssertionError, AttributeError, LookupError) as error:
            raise damaged(error) from error
        except (TypeError, ValueError) as error:  # InvalidInput is one
            raise damaged(error) from error

    @cached_property
    def _starts(self) -> np.ndarray:
        """The input of each category's first level, and the end."""
        of = self.columns
        first = len(of.features) + len(of.gaps)
        return first + np.cumsum([0, *(levels.inputs for levels in of.levels)])

    @cached_property
    def _hiding(self) -> list[str]:
        """Columns in which a gap is neither missing a number nor a level of its own."""
        of = self.columns
        shown = {*of.main, *of.gaps, *(levels.column for levels in of.levels if levels.missing)}
        return [name for name in of.kinds if name not in shown]


def _blocks(m: int) -> list[slice]:
    """Rows that are worked on together; at least one block, which may be empty."""
    return [slice(first, min(first + BLOCK, m)) for first in range(0, max(m, 1), BLOCK)]


def fit_encoding(columns: Columns, kinds: Mapping[str, str]) -> Encoding:
    """Find on training rows how columns become X.

    Parameters
    ----------
    columns : mapping from str to Numbers, Texts or Moments
        The rows that the network is trained on, and no others: an input that is active in none of
        these would answer with weights that no training moved.
    kinds : mapping from str to str
        What each column to learn from is: "number", "category", "date" or "text" (free).

    Returns
    -------
    Encoding

    Raises
    ------
    InvalidInput
        If there is no row, no column varies, or a column is missing, is of another kind or holds
        infinite numbers.

    Examples
    --------
    >>> from backpass.data.raw import Moments
    >>> start = np.array(["2024-05-01 10:00", "2024-05-01 11:30"], "datetime64[us]")
    >>> stop = start + np.array([60, 90], "timedelta64[m]")
    >>> table = {"start": Moments(start), "stop": Moments(stop)}
    >>> fit_encoding(table, {"stop": "date", "start": "date"}).outputs
    ('start: elapsed', 'start: hour', 'start: minute', 'stop: elapsed', 'stop: hour',
     'stop − start')
    """
    fitted, scales = fit_columns(columns, kinds)
    encoding = Encoding(fitted, Scaling.of(scales))
    if not encoding.inputs:
        raise InvalidInput("No column of the table varies; there is nothing to learn from.")
    return encoding


def fit_rows(columns: Columns, kinds: Mapping[str, str]) -> Encoding:
    """Find on training rows how columns become rows for networks that read them in their own way.

    Parameters
    ----------
    columns, kinds
        As of ``fit_encoding``.

    Returns
    -------
    Encoding
        Without any input where no column varies.

    Raises
    ------
    InvalidInput
        If there is no row, or a column is missing, is of another kind or holds infinite numbers.

    Examples
    --------
    >>> fit_rows({}, {}).outputs  # the target's mean is all that can be learned
    ()
    """
    if not kinds:
        return Encoding(FittedColumns({}, (), (), (), ()), Scaling.of([]))
    fitted, scales = fit_columns(columns, kinds)
    return Encoding(fitted, Scaling.of(scales))
