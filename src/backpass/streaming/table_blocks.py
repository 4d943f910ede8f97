"""A table in Parquet files as blocks of X and y: preprocessed, and split, while it is read.

Which rows are held out is drawn anew from the seed whenever a row group is read, so that not even
their numbers have to be kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from ..data.cells import ByName, as_table
from ..data.parquet import ParquetRows
from ..data.parsing import error_context
from ..data.preprocessing import Preprocessing
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


class TableBlocks:
    """The training rows of a table, preprocessed block by block.

    Parameters
    ----------
    rows : ParquetRows
        The table.
    split : Split
        Which rows are left out.
    preprocessing : Preprocessing
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
        preprocessing: Preprocessing,
        encode: Callable[[np.ndarray], np.ndarray],
        dtype: DTypeLike,
    ) -> None:
        assert preprocessing.target is not None
        self.names, self.dtype = preprocessing.outputs, np.dtype(dtype)
        self._rows, self._split, self._preprocessing = rows, split, preprocessing
        self._target, self._encode = preprocessing.target.name, encode
        size = rows_of_block(len(self.names), self.dtype)
        self._sizes = [cut(n, size) for n in rows.sizes]
        kept = [self._kept(group) for group in range(len(self._sizes))]
        self._groups = [group for group, sizes in enumerate(kept) if sizes]
        self.groups = tuple(kept[group] for group in self._groups)

    def _kept(self, group: int) -> tuple[int, ...]:
        """Training rows of a row group's blocks, those with none left out."""
        draws = self._split.draw(group, self._sizes[group])
        counts = [int(np.count_nonzero(self._split.for_training(part))) for part in draws]
        return tuple(count for count in counts if count)

    def read(self, group: int) -> Iterator[Block]:
        """Read and preprocess a row group block by block."""
        columns = list(self._preprocessing.names)
        for where, cells in self._training_cells(group, [*columns, self._target]):
            with error_context(where):
                X = self._preprocessing.encode(cells)[0].astype(self.dtype, copy=False)
                y = self._encode(cells[self._target])
            yield Block(X, y, None)

    def read_targets(self, group: int) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Read the target's column alone."""
        for _, cells in self._training_cells(group, [self._target]):
            yield self._encode(cells[self._target]), None

    def _training_cells(self, group: int, columns: list[str]) -> Iterator[tuple[str, ByName]]:
        """The cells of the training rows, in blocks that are not empty."""
        raw = self._groups[group]
        draws = self._split.draw(raw, self._sizes[raw])
        blocks = cells_by_block(self._rows, raw, self._sizes[raw], columns)
        for (where, cells), part in zip(blocks, draws):
            learned = self._split.for_training(part)
            if learned.any():
                yield where, {name: column[learned] for name, column in cells.items()}
