"""A table in Parquet files as blocks of X and y: encoded, and split, while it is read.

Which rows are held out is drawn anew from the seed whenever a row group is read, so that not even
their numbers have to be kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import DTypeLike

from ..arrays import ArrayLike
from ..data.cells import ByName, as_table, refuse_gaps
from ..data.encoding.columns import Columns
from ..data.encoding.fitted import TERMS
from ..data.encoding.table_rows import TableRows
from ..data.knowing.know import recognise
from ..data.knowing.table_reading import TableReading
from ..data.parquet import ParquetRows
from ..data.parsing import error_context
from ..data.raw import Numbers, RawTable, Texts
from ..data.table_preprocessing import TablePreprocessing
from ..data.tables import cells_of_target
from ..data.target import Target
from .blocks import Block, cut, rows_of_block


@dataclass(frozen=True)
class Split:
    """What part of the rows is for the test, for validation, and in the sample to learn from."""

    seed: int
    test: float
    validation: float
    sample: float

    def draw(self, group: int, sizes: Sequence[int]) -> list[np.ndarray]:
        """Draw a number in [0, 1) for every row of a group, block by block."""
        generator = np.random.Generator(np.random.PCG64([self.seed, group]))
        draws = generator.random(sum(sizes), dtype=np.float32)
        return np.split(draws, np.cumsum(sizes)[:-1])

    def for_test(self, draws: np.ndarray) -> np.ndarray:
        """Whether each row is for the test."""
        return draws < self.test

    def for_validation(self, draws: np.ndarray) -> np.ndarray:
        """Whether each row is for validation."""
        return (draws >= self.test) & (draws < self.test + self.validation)

    def for_training(self, draws: np.ndarray) -> np.ndarray:
        """Whether each row is to be learned from."""
        return draws >= self.test + self.validation

    def sampled(self, draws: np.ndarray) -> np.ndarray:
        """Whether each row to be learned from is in the sample."""
        return draws >= 1 - self.sample


def cells_by_block(
    rows: ParquetRows, group: int, sizes: Sequence[int], columns: list[str]
) -> Iterator[tuple[str, ByName]]:
    """Read a row group's cells block by block, each with its place in words."""
    start = 0
    for frame in rows.frames(group, sizes, columns):
        where = f"{rows.where(group)}, in the rows from {start} on"
        start += len(frame)
        yield where, as_table(frame)


class TargetCells:
    """Turns the cells of a known target into y; a class is the label that the training knows.

    Parameters
    ----------
    reading : TableReading
        How the training's table was read.
    target : Target
        What it predicts.
    classes : ndarray or None
        The labels, in order; None for numbers.
    """

    def __init__(self, reading: TableReading, target: Target, classes: np.ndarray | None) -> None:
        columns = tuple(each for each in reading.targets if each.column == target.name)
        self._reading = replace(reading, columns=columns)
        self._target, self._classes = target, classes

    def __call__(self, table: RawTable) -> np.ndarray:
        """Return y of a table's rows; every row has a target.

        Raises
        ------
        InvalidInput
            If a target is missing.
        """
        column = recognise(table, self._reading).targets[self._target.name]
        if isinstance(column, Numbers):
            return self._target.encode(column.values)
        refuse_gaps(np.where(column.gaps, np.nan, 0.0), self._target.name)
        used, places = np.unique(column.codes, return_inverse=True)
        words = tuple(column.vocabulary[code] for code in used.tolist())
        cells = cells_of_target(Texts(np.arange(len(words), dtype=np.int32), words))
        return self._target.encode(cells, self._classes)[places]


class TableBlocks:
    """The training rows of a table, encoded block by block.

    Parameters
    ----------
    rows : ParquetRows
        The table.
    split : Split
        Which rows are left out.
    preprocessing : TablePreprocessing
        What makes X; its target is the column of y.
    encode : callable
        What turns the target's cells into y.
    dtype : dtype
        X's, float32 or float64.
    """

    named = False  # as the matrix is that preprocessing makes in memory

    def __init__(
        self,
        rows: ParquetRows,
        split: Split,
        preprocessing: TablePreprocessing,
        encode: TargetCells,
        dtype: DTypeLike,
    ) -> None:
        assert preprocessing.target is not None
        self.names, self.dtype = preprocessing.outputs, np.dtype(dtype)
        self._rows, self._split, self._preprocessing = rows, split, preprocessing
        self._target, self._encode = preprocessing.target.name, encode
        size = rows_of_block(self._numbers_in_row, self.dtype)
        self._sizes = [cut(n, size) for n in rows.sizes]
        kept = [self._kept(group) for group in range(len(self._sizes))]
        self._groups = [group for group, sizes in enumerate(kept) if sizes]
        self.groups = tuple(kept[group] for group in self._groups)

    @property
    def _numbers_in_row(self) -> int:
        """How many numbers a row of X takes in memory, roughly."""
        return self._preprocessing.encoding.numbers_in_row

    def _inputs(self, columns: Columns, rows: int) -> ArrayLike:
        """X of some rows."""
        return self._preprocessing.encoding.encode(columns, self.dtype)[0]

    def _kept(self, group: int) -> tuple[int, ...]:
        """Training rows of a row group's blocks, those with none left out."""
        draws = self._split.draw(group, self._sizes[group])
        counts = [int(np.count_nonzero(self._split.for_training(part))) for part in draws]
        return tuple(count for count in counts if count)

    def read(self, group: int) -> Iterator[Block]:
        """Read and encode a row group block by block."""
        known = self._preprocessing
        for where, table in self._training_rows(group, [*known.names, self._target]):
            with error_context(where):
                columns = recognise(table, known.reading).columns
                X, y = self._inputs(columns, table.rows), self._encode(table)
            yield Block(X, y, None)

    def read_targets(self, group: int) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Read the target's column alone."""
        for where, table in self._training_rows(group, [self._target]):
            with error_context(where):
                yield self._encode(table), None

    def _training_rows(self, group: int, columns: list[str]) -> Iterator[tuple[str, RawTable]]:
        """The training rows, in blocks that are not empty."""
        raw = self._groups[group]
        sizes, na = self._sizes[raw], self._preprocessing.options.na
        blocks = self._rows.raw_tables(raw, sizes, columns, na)
        for (where, table), draws in zip(blocks, self._split.draw(raw, sizes)):
            learned = self._split.for_training(draws)
            if learned.any():
                yield where, table.take(np.flatnonzero(learned))


class TableRowBlocks(TableBlocks):
    """The training rows of a table block by block, for networks that read them in their own way.

    Their X is ``TableRows``; parameters are those of ``TableBlocks``.
    """

    @property
    def _numbers_in_row(self) -> int:
        of = self._preprocessing.encoding.columns
        return len(of.features) + len(of.levels) + 2 * TERMS * len(of.terms)

    def _inputs(self, columns: Columns, rows: int) -> TableRows:
        return self._preprocessing.encoding.rows(columns, rows)[0]
