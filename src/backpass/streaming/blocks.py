"""Rows in ordered blocks: arrays, memory maps and Parquet files behind one protocol.

The blocks, their boundaries and their order belong to the data: whoever sums over them in order
gets the same bits, wherever the rows lie. A *group* is what can be read by itself (one block of an
array, one row group of a Parquet file); the blocks of a group come in order.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

import numpy as np

from ..arrays import ArrayLike, as_csr, in_precision, numbers_of
from ..data.parquet import ParquetRows
from ..errors import InvalidInput
from ..extras import optional

if TYPE_CHECKING:
    import pyarrow

BLOCK_BYTES = 2 << 20  # of X, where the caller does not choose the number of rows
# Of a CSR matrix's cells, at most so many are stored where its rows stay sparse: those of a fuller
# one are hardly larger as dense blocks, and sooner computed with.
SPARSE_PART = 0.25


class Block(NamedTuple):
    """Some consecutive rows."""

    X: ArrayLike  # (rows, n), float32 or float64; CSR where most of it is zero
    y: np.ndarray  # (rows,) or (rows, k), as the user has it
    w: np.ndarray | None  # (rows,)


@runtime_checkable
class Blocks(Protocol):
    """Rows in ordered blocks, each group of them readable at any time."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of X's columns."""
        ...

    @property
    def named(self) -> bool:
        """Whether the names are the data's own."""
        ...

    @property
    def dtype(self) -> np.dtype:
        """X's dtype, float32 or float64."""
        ...

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Rows of each block, by group."""
        ...

    def read(self, group: int) -> Iterator[Block]:
        """Read the blocks of a group, in order."""
        ...

    def read_targets(self, group: int) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Read y and w of a group's blocks, without X."""
        ...


def n_rows(blocks: Blocks) -> int:
    """Number of rows."""
    return sum(map(sum, blocks.groups))


def rows_of_block(numbers_in_a_row: int, dtype: np.dtype) -> int:
    """How many rows make a block of about 2 MiB."""
    return max(256, BLOCK_BYTES // max(1, numbers_in_a_row * dtype.itemsize))


def stays_sparse(X: ArrayLike) -> bool:
    """Whether blocks of X are CSR: it is sparse, and few of its cells are stored."""
    return hasattr(X, "tocsr") and X.nnz <= SPARSE_PART * X.shape[0] * X.shape[1]


def computed_in(dtype: np.dtype) -> np.dtype:
    """float32 for single and half precision, else float64."""
    return np.dtype(np.float32 if dtype.kind == "f" and dtype.itemsize <= 4 else np.float64)


def cut(rows: int, size: int) -> tuple[int, ...]:
    """Cut rows into blocks of that size; the last may be smaller."""
    return tuple(min(size, rows - start) for start in range(0, rows, size))


@dataclass(frozen=True, eq=False)
class ArrayBlocks:
    """Blocks of arrays: NumPy's of any dtype and order, memory maps, or CSR.

    A CSR matrix of which at most a quarter is stored comes in CSR blocks; a fuller one in dense.

    Parameters
    ----------
    X : array, memory map or CSR matrix of shape (m, n)
        Inputs. Float32 and halves are computed in float32, everything else in float64.
    y : array or CSR matrix of shape (m,) or (m, k)
        Targets.
    sample_weight : float or array of shape (m,), optional
        Weights of the rows; a number counts for every row.
    rows : int, sequence of int, or sequence of sequences of int, optional
        Rows of a block, or of each block, or of each block by group; about 2 MiB of X where not
        given. With another source's ``groups``, a training has that source's bits.

    Raises
    ------
    InvalidInput
        If the shapes do not fit together, or a CSR matrix names columns that do not exist.

    Examples
    --------
    >>> blocks = ArrayBlocks(np.ones((5, 2)), np.arange(5), rows=2)
    >>> blocks.groups
    ((2,), (2,), (1,))
    >>> [block.y.tolist() for group in range(3) for block in blocks.read(group)]
    [[0, 1], [2, 3], [4]]
    """

    X: ArrayLike
    y: ArrayLike
    sample_weight: ArrayLike = None
    rows: int | Sequence[int] | Sequence[Sequence[int]] | None = None
    named = False

    def __post_init__(self) -> None:
        shape: tuple[int, ...] = getattr(self.X, "shape", ())
        if len(shape) != 2 or 0 in shape:
            raise InvalidInput(f"X has shape {tuple(shape)}; it needs rows and columns.")
        if hasattr(self.X, "toarray") and getattr(self.X, "format", "") != "csr":
            raise InvalidInput("A sparse X is read by rows, so it must be CSR: X.tocsr().")
        if hasattr(self.X, "toarray"):
            as_csr(self.X)  # refuses one that names columns which do not exist
        if self.sample_weight is not None and np.ndim(self.sample_weight) == 0:
            every = np.broadcast_to(np.float64(self.sample_weight), shape[0])
            object.__setattr__(self, "sample_weight", every)
        for name in ("y", "sample_weight"):
            part = getattr(self, name)
            rows = 0 if part is None else part.shape[0] if hasattr(part, "shape") else len(part)
            if part is not None and rows != shape[0]:
                raise InvalidInput(f"X has {shape[0]} rows, but {name} has {rows}.")
        sizes = [size for group in self.groups for size in group]
        if sum(sizes) != shape[0] or min(sizes) < 1:
            raise InvalidInput(f"The blocks have {sum(sizes)} rows, but X has {shape[0]}.")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """x0, x1, … for X's columns."""
        return tuple(f"x{i}" for i in range(self.X.shape[1]))

    @property
    def dtype(self) -> np.dtype:
        """float32 for single and half precision, else float64."""
        return computed_in(self.X.dtype)

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """One block each, where nothing else was asked for."""
        m, n = self.X.shape
        numbers = 2 * self.X.nnz // m if stays_sparse(self.X) else n  # of CSR values and indices
        rows = rows_of_block(numbers, self.dtype) if self.rows is None else self.rows
        sizes = cut(m, rows) if isinstance(rows, int) else rows
        return tuple((size,) if isinstance(size, int) else tuple(size) for size in sizes)

    def read(self, group: int) -> Iterator[Block]:
        """Read the blocks of a group, in order.

        Parameters
        ----------
        group : int
            Its number in ``groups``.

        Yields
        ------
        Block
            X of shape (rows, n) in ``dtype``, dense or CSR, y as it was given, and w or None.

        Raises
        ------
        InvalidInput
            If X holds NaN or infinite numbers; the message names the first place.

        Examples
        --------
        >>> blocks = ArrayBlocks(np.eye(3), np.arange(3), sample_weight=2.0, rows=2)
        >>> [(block.X.shape, block.y, block.w) for block in blocks.read(0)]
        [((2, 3), array([0, 1]), array([2., 2.]))]
        """
        for here, (y, w) in zip(self._slices(group), self.read_targets(group)):
            yield Block(rows_as_block(self.X[here], self.dtype, self.names, here.start), y, w)

    def read_targets(self, group: int) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Read y and w of a group's blocks, without X.

        Parameters
        ----------
        group : int
            Its number in ``groups``.

        Yields
        ------
        y : ndarray of shape (rows,) or (rows, k)
            Targets of a block, as they were given.
        w : ndarray of shape (rows,), float64, or None
            Weights, where there are any.

        Examples
        --------
        >>> blocks = ArrayBlocks(np.eye(3), np.arange(3), rows=2)
        >>> [(y.tolist(), w) for group in range(2) for y, w in blocks.read_targets(group)]
        [([0, 1], None), ([2], None)]
        """
        w = self.sample_weight
        for here in self._slices(group):
            y = self.y[here]
            y = y.toarray() if hasattr(y, "toarray") else np.array(y)
            yield y, None if w is None else np.array(w[here], np.float64)

    def _slices(self, group: int) -> Iterator[slice]:
        start = sum(map(sum, self.groups[:group]))
        for size in self.groups[group]:
            yield slice(start, start + size)
            start += size


class ParquetBlocks:
    """Blocks of a Parquet file, or of a folder of them, read by pyarrow.

    Parameters
    ----------
    path : str or path
        A file, or a folder whose ``.parquet`` files are taken in the order of their names.
    target : str
        The column to predict.
    columns : sequence of str, optional
        The columns of X; all numeric ones but the target and the weights where not given.
    sample_weight : str, optional
        The column of the weights.
    rows : int, optional
        Rows of a block at most; a block never crosses a row group.

    Raises
    ------
    InvalidInput
        If there are no such files or columns, or a column holds no numbers.
    MissingExtra
        If pyarrow is not installed.

    Examples
    --------
    >>> import pandas, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> frame = pandas.DataFrame({"a": [1.0, 2.0, 3.0], "y": [0, 1, 0]})
    >>> frame.to_parquet(folder.name + "/part-0.parquet")
    >>> blocks = ParquetBlocks(folder.name, target="y", rows=2)
    >>> blocks.names, blocks.groups
    (('a',), ((2, 1),))
    >>> [block.X.tolist() for block in blocks.read(0)]
    [[[1.0], [2.0]], [[3.0]]]
    >>> folder.cleanup()
    """

    named = True

    def __init__(
        self,
        path: str | os.PathLike[str],
        target: str,
        *,
        columns: Sequence[str] | None = None,
        sample_weight: str | None = None,
        rows: int | None = None,
    ) -> None:
        self.rows = ParquetRows(path)
        self.path, self.target, self.sample_weight = self.rows.path, target, sample_weight
        self.names = tuple(columns) if columns else self._numeric_columns()
        self.rows.check(self._needed)
        types = {str(self.rows.schema.field(name).type) for name in self.names}
        self.dtype = np.dtype(np.float32 if types <= {"float", "halffloat"} else np.float64)
        size = rows or rows_of_block(len(self.names), self.dtype)
        self.groups = tuple(cut(rows_in_group, size) for rows_in_group in self.rows.sizes)

    @property
    def _needed(self) -> list[str]:
        weight = [] if self.sample_weight is None else [self.sample_weight]
        return [*self.names, self.target, *weight]

    def _numeric_columns(self) -> tuple[str, ...]:
        """All columns but y and w; one that is not of numbers has to be left out by name."""
        types = optional("pyarrow.types", "Reading a Parquet file")
        names = [n for n in self.rows.names if n not in (self.target, self.sample_weight)]
        for name in names:
            kind = self.rows.schema.field(name).type
            if not (types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)):
                raise InvalidInput(
                    f"{self.path}: column {name!r} holds {kind} values; blocks hold numbers, so "
                    "name the columns that you want."
                )
        if not names:
            raise InvalidInput(f"{self.path} has no column besides the target {self.target!r}.")
        return tuple(names)

    def read(self, group: int) -> Iterator[Block]:
        """Read a row group block by block, without holding more than a block.

        Parameters
        ----------
        group : int
            Its number in ``groups``.

        Yields
        ------
        Block
            X of shape (rows, n) in ``dtype``, y as the file has it, and w in ``dtype`` or None.

        Raises
        ------
        InvalidInput
            If X holds NaN or infinite numbers or a column no numbers, or a target is missing.

        Examples
        --------
        >>> import pandas, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> frame = pandas.DataFrame({"a": [1.0, 2.0, 3.0], "y": [0, 1, 0]})
        >>> frame.to_parquet(folder.name + "/rows.parquet")
        >>> blocks = ParquetBlocks(folder.name, target="y", rows=2)
        >>> [(block.X.shape, block.y) for block in blocks.read(0)]
        [((2, 1), array([0, 1])), ((1, 1), array([0]))]
        >>> folder.cleanup()
        """
        start = 0
        for table in self.rows.tables(group, self.groups[group], self._needed):
            X = np.empty((len(table), len(self.names)), self.dtype)
            for k, name in enumerate(self.names):
                X[:, k] = self._numbers(table, name)
            _refuse_not_finite(X, self.names, start, self.rows.where(group))
            yield Block(X, *self._targets(table))
            start += len(X)

    def read_targets(self, group: int) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Read the target's and the weights' columns alone.

        Parameters
        ----------
        group : int
            Its number in ``groups``.

        Yields
        ------
        y : ndarray of shape (rows,)
            Targets of a block, as the file has them.
        w : ndarray of shape (rows,), in ``dtype``, or None
            Weights, where there are any.

        Raises
        ------
        InvalidInput
            If a target is missing.

        Examples
        --------
        >>> import pandas, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> frame = pandas.DataFrame({"a": [1.0, 2.0, 3.0], "y": [0, 1, 0]})
        >>> frame.to_parquet(folder.name + "/rows.parquet")
        >>> blocks = ParquetBlocks(folder.name, target="y", rows=2)
        >>> [(y.tolist(), w) for y, w in blocks.read_targets(0)]
        [([0, 1], None), ([0], None)]
        >>> folder.cleanup()
        """
        needed = self._needed[len(self.names) :]
        for table in self.rows.tables(group, self.groups[group], needed):
            yield self._targets(table)

    def _numbers(self, table: pyarrow.Table, name: str) -> np.ndarray:
        """One column as numbers; a missing one becomes NaN."""
        try:
            return np.asarray(table.column(name).to_numpy(), dtype=self.dtype)
        except (TypeError, ValueError) as error:
            raise InvalidInput(f"{self.path}: column {name!r}: {error}.") from None

    def _targets(self, table: pyarrow.Table) -> tuple[np.ndarray, np.ndarray | None]:
        column = table.column(self.target)
        if column.null_count:
            raise InvalidInput(
                f"{self.path}: the target {self.target!r} is missing in {column.null_count} rows."
            )
        w = self.sample_weight
        return column.to_numpy(), None if w is None else self._numbers(table, w)


@dataclass(frozen=True, eq=False)
class BlocksInDtype:
    """Blocks whose X is read in another dtype than their own."""

    source: Blocks
    dtype: np.dtype

    @property
    def names(self) -> tuple[str, ...]:
        """Names of X's columns."""
        return self.source.names

    @property
    def named(self) -> bool:
        """Whether the names are the data's own."""
        return self.source.named

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Rows of each block, by group."""
        return self.source.groups

    def read(self, group: int) -> Iterator[Block]:
        """Read the blocks of a group."""
        for block in self.source.read(group):
            yield block._replace(X=in_precision(np.empty(0, self.dtype), block.X))

    def read_targets(self, group: int) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Read y and w of a group's blocks."""
        return self.source.read_targets(group)


def rows_as_block(X: ArrayLike, dtype: np.dtype, names: Sequence[str], start: int) -> ArrayLike:
    """Some rows of any array as floats of their own, CSR where they stay sparse."""
    if not stays_sparse(X):
        return dense_block(X, dtype, names, start)
    block = as_csr(X).astype(dtype)
    _refuse_not_finite(block, names, start, "X")
    return block


def dense_block(X: ArrayLike, dtype: np.dtype, names: Sequence[str], start: int) -> np.ndarray:
    """Some rows of any array as C-ordered floats of its own; NaN and infinity are refused."""
    dense = X.toarray() if hasattr(X, "toarray") else X
    block = np.array(dense, dtype, order="C", subok=False)
    _refuse_not_finite(block, names, start, "X")
    return block


def _refuse_not_finite(X: ArrayLike, names: Sequence[str], start: int, where: str) -> None:
    """Raise for NaN and infinity, with the count and the first place."""
    numbers = numbers_of(X)
    with np.errstate(over="ignore", invalid="ignore"):
        total = numbers.sum()  # one pass, without a temporary
    if np.isfinite(total):
        return
    bad = ~np.isfinite(numbers)
    if bad.any():
        row, column = _place(X, int(bad.argmax()))
        raise InvalidInput(
            f"{where} has {bad.sum()} NaN or infinite numbers in the block from row {start} on, "
            f"the first in row {start + row}, column {names[column]!r}."
        )


def _place(X: ArrayLike, k: int) -> tuple[int, int]:
    """Row and column of the k-th number of an array, or of those that a CSR matrix stores."""
    if hasattr(X, "tocsr"):
        return int(np.searchsorted(X.indptr, k, side="right")) - 1, int(X.indices[k])
    row, column = np.unravel_index(k, X.shape)
    return int(row), int(column)
