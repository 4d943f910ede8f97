"""Large text files a block of rows at a time, each made numbers while its cells are at hand.

Arrow's reader would hold all cells as strings before the first becomes a number, in four times the
memory of the numbers; and memory that is touched for the first time costs as much as the reading.
Only files without a quotation mark are cut at the ends of their lines: in others an end of line
may stand within a cell.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ....extras import optional
from ...threads import in_threads
from .plain_numbers import plain_numbers

if TYPE_CHECKING:
    from pyarrow import ChunkedArray, DictionaryArray, Table

    Words: TypeAlias = DictionaryArray

BLOCK = 1 << 22  # bytes: smaller ones cost each column more calls, larger ones leave the cache
LOOK = 1 << 12  # bytes in which an end of line is looked for

Split = Callable[[memoryview], "Table"]


def cut(rows: memoryview, size: int) -> list[memoryview]:
    """Cut rows into blocks of whole lines, of about so many bytes each.

    Examples
    --------
    >>> [bytes(block) for block in cut(memoryview(b"1,2\\n3,4\\n5,6"), 5)]
    [b'1,2\\n3,4\\n', b'5,6']
    """
    ends = [0]
    while ends[-1] < len(rows):
        ends.append(_end_of_line(rows, ends[-1] + size))
    return [rows[start:end] for start, end in pairwise(ends)]


def _end_of_line(rows: memoryview, start: int) -> int:
    """Where the first line ends that does not end before a place."""
    for first in range(start - 1, len(rows), LOOK):
        found = bytes(rows[first : first + LOOK]).find(b"\n")
        if found >= 0:
            return first + found + 1
    return len(rows)


class GrowingColumn:
    """A column to whose end blocks of cells are put.

    Parameters
    ----------
    most : int
        Rows that it may have.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: np.ndarray | None = None
        self._whole = True
        self._empty: list[slice] = []
        self._words: list[Words] = []

    def add(self, rows: slice, cells: np.ndarray | Words) -> None:
        """Add the cells of a block, numbers or distinct words."""
        if not isinstance(cells, np.ndarray):
            self._words.append(cells)
            if not len(cells.dictionary):
                self._empty.append(rows)
            return
        if self._values is None:
            self._values = np.empty(self._most)  # doubles hold all plain whole numbers
        self._values[rows] = cells
        self._whole &= cells.dtype.kind == "i"

    def cells(self, m: int) -> np.ndarray | ChunkedArray | None:
        """Return m numbers, or words; None where some blocks have the ones and some the others."""
        if self._values is None:
            return optional("pyarrow", "Reading a text file").chunked_array(self._words)
        if len(self._empty) < len(self._words):
            return None
        values = self._values[:m]
        for rows in self._empty:
            values[rows] = np.nan
        return values.astype(np.int64) if self._whole and not self._empty else values


def columns_of_blocks(
    blocks: Sequence[memoryview], split: Split, texts: Collection[str]
) -> tuple[dict[str, np.ndarray | ChunkedArray | None], int]:
    """Read blocks of rows in several threads.

    Parameters
    ----------
    blocks : sequence of memoryview
        Whole lines each.
    split : callable
        It makes an Arrow table of strings of a block.
    texts : collection of str
        Columns whose cells stay as they are written.

    Returns
    -------
    columns : dict
        Plain numbers where all filled cells are some; words that are encoded as a dictionary where
        no block has numbers alone; None where that differs from block to block.
    rows : int
    """

    def read(block: memoryview) -> dict[str, np.ndarray | Words]:
        table = split(block)
        if not table.num_rows:
            return {}
        return {
            name: _cells(column, name in texts)
            for name, column in zip(table.column_names, table.columns)
        }

    most, m = sum(in_threads(_n_lines, blocks)), 0
    columns: dict[str, GrowingColumn] = {}
    for found in in_threads(read, blocks):
        rows = slice(m, m + max(map(len, found.values()), default=0))
        for name, cells in found.items():
            columns.setdefault(name, GrowingColumn(most)).add(rows, cells)
        m = rows.stop
    names = [*columns]
    made = in_threads(lambda name: columns.pop(name).cells(m), names)
    return dict(zip(names, made)), m


def _n_lines(block: memoryview) -> int:
    return int(np.count_nonzero(np.frombuffer(block, np.uint8) == ord("\n"))) + 1


def _cells(column: ChunkedArray, text: bool) -> np.ndarray | Words:
    """A block's numbers, where it has nothing else; its distinct words otherwise."""
    numbers = None if text else plain_numbers(column.chunks)
    return column.dictionary_encode().combine_chunks() if numbers is None else numbers
