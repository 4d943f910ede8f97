"""What one pass over a table's blocks finds of its columns: the preprocessing, without the table.

Means, deviations, ranges and counts add up block by block. Only the number that fills a gap, a
median, is that of a sample of the rows; of all of them where there are no more than a sample has.

It is what release 0.1.0 read tables larger than memory by, and kept for who imports it from there;
here such tables are known by ``reading.raw_blocks`` and ``knowing``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..errors import InvalidInput
from .cells import ByName, is_numeric, numbers_of, refuse_gaps, refuse_unsupported, texts_of
from .columns import Categorical, Columns, Numeric, categorical_of_counts, refuse_huge
from .labels import as_narrow, labels_of
from .target import Target, fit_target

MOST_TEXTS = 10_000  # different ones in a column; with more, each says next to nothing


class NumericFits:
    """Columns of numbers: mean, deviation and range of what is there, and a sample for medians."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names, k = tuple(names), len(names)
        self._low, self._high = np.full(k, np.inf), np.full(k, -np.inf)
        self._rows, self._n = 0, np.zeros(k)  # all, and those that are no gaps
        self._mean, self._squares = np.zeros(k), np.zeros(k)  # Σ (x − mean)²
        self._sample: list[np.ndarray] = []

    def add(self, cells: ByName, sampled: np.ndarray) -> None:
        """Add the rows of a block, some of them to the sample."""
        if not len(sampled) or not self.names:
            return
        matrix = np.stack([numbers_of(cells[name], name) for name in self.names], axis=1)
        self._low = np.fmin(self._low, np.fmin.reduce(matrix, axis=0))
        self._high = np.fmax(self._high, np.fmax.reduce(matrix, axis=0))
        bounds = np.stack([self._low, self._high])
        refuse_huge(np.where(np.isinf(bounds), 0.0, bounds), list(self.names))
        self._merge(matrix)
        self._rows += len(matrix)
        self._sample.append(matrix[sampled])

    def _merge(self, matrix: np.ndarray) -> None:
        """Chan, Golub and LeVeque's update: the mean and Σ (x − mean)² of two groups together."""
        there = ~np.isnan(matrix)
        n = there.sum(axis=0)
        mean = np.where(there, matrix, 0.0).sum(axis=0) / np.maximum(n, 1)
        squares = np.where(there, (matrix - mean) ** 2, 0.0).sum(axis=0)
        step, total = mean - self._mean, self._n + n
        part = n / np.maximum(total, 1)
        self._mean += step * part
        self._squares += squares + step**2 * self._n * part
        self._n = total

    def fitted(self) -> dict[str, Numeric]:
        """Gaps get the median, then mean 0 and variance 1; a constant column becomes 0."""
        if not self.names:
            return {}
        empty = self._low > self._high
        if empty.any():
            name = self.names[int(empty.argmax())]
            raise InvalidInput(f"Column {name!r} is empty in every row; leave it out.")
        fill = self._medians()
        part = self._n / self._rows  # of the cells that are there
        step = fill - self._mean
        centre = self._mean + (1 - part) * step
        variance = self._squares / self._rows + part * (1 - part) * step**2
        constant = self._low == self._high
        factor = np.where(constant, 0.0, 1.0 / np.sqrt(np.where(constant, 1.0, variance)))
        rows = zip(self.names, fill.tolist(), centre.tolist(), factor.tolist())
        return {name: Numeric(name, *numbers) for name, *numbers in rows}

    def _medians(self) -> np.ndarray:
        """Of the sample; where it has nothing but gaps, the mean."""
        sample = np.concatenate(self._sample)
        if not len(sample):
            return self._mean
        only_gaps = np.isnan(sample).all(axis=0)
        return np.nanmedian(np.where(only_gaps, self._mean, sample), axis=0)


class CategoryCounts:
    """A column of categories: how often each occurs."""

    def __init__(self, name: str, asked: bool) -> None:
        self.name, self._asked = name, asked
        self._counts: Counter[str | None] = Counter()

    def add(self, cells: ByName) -> None:
        """Count the cells of a block."""
        refuse_unsupported(cells[self.name], self.name)
        self._counts.update(texts_of(cells[self.name]))
        if len(self._counts) > MOST_TEXTS:
            raise InvalidInput(
                f"Column {self.name!r} holds more than {MOST_TEXTS:,} different texts, from which "
                "little can be learned; leave it out."
            )

    def fitted(self) -> Categorical:
        """The categories, as they are found in memory."""
        if not self._asked and is_numeric(np.array([*self._counts], dtype=object)):
            raise InvalidInput(
                f"Column {self.name!r} holds numbers written as text, which only a table in memory "
                "may have: store them as numbers, or say that they are categories."
            )
        return categorical_of_counts(self._counts, self.name)


class ColumnFits:
    """All columns of X: of numbers, of text, or (None) categories by the user's word."""

    def __init__(self, numeric: Mapping[str, bool | None]) -> None:
        self._order = tuple(numeric)
        self._numbers = NumericFits([name for name, is_number in numeric.items() if is_number])
        self._texts = [
            CategoryCounts(name, asked=kind is None) for name, kind in numeric.items() if not kind
        ]

    def add(self, cells: ByName, sampled: np.ndarray) -> None:
        """Add the rows of a block, some of them to the sample."""
        self._numbers.add(cells, sampled)
        for counts in self._texts:
            counts.add(cells)

    def fitted(self) -> Columns:
        """How each column becomes a part of X."""
        found: dict[str, Numeric | Categorical] = {**self._numbers.fitted()}
        found |= {counts.name: counts.fitted() for counts in self._texts}
        return tuple(found[name] for name in self._order)


class TargetFit:
    """The target: its different cells while they can be classes, mean and deviation of numbers."""

    def __init__(self, name: str, classes: bool | None) -> None:
        self.name, self._classes = name, classes
        self._distinct = np.empty(0)
        self._many = False
        self._numbers = NumericFits([name])

    def add(self, cells: np.ndarray) -> None:
        """Add the cells of a block."""
        refuse_unsupported(cells, self.name)
        refuse_gaps(cells, self.name)
        if not self._many:
            known = [self._distinct] if len(self._distinct) else []
            self._distinct = np.unique(np.concatenate([*known, cells]))
            self._many = len(self._distinct) > MOST_TEXTS
        if self._classes or not is_numeric(self._distinct if not self._many else cells):
            self._refuse_many()
        else:
            self._numbers.add({self.name: cells}, np.zeros(len(cells), dtype=bool))

    def _refuse_many(self) -> None:
        if self._many:
            raise InvalidInput(
                f"The target column {self.name!r} holds more than {MOST_TEXTS:,} different classes."
            )

    def fitted(self) -> tuple[Target, np.ndarray]:
        """The target, and its different cells where they are classes."""
        # numbers of which there are many are no classes, whatever the first of them look like
        asked = False if self._many else self._classes
        target = fit_target(self.name, self._distinct, asked)
        if target.classes:
            return target, self._distinct
        number = self._numbers.fitted()[self.name]
        return replace(target, centre=number.centre, scale=1 / (number.factor or 1.0)), np.empty(0)


class CellLabels:
    """The different cells of a target as labels: whole numbers, or text."""

    def __init__(self, distinct: np.ndarray) -> None:
        self._cells, self._labels = distinct, as_narrow(labels_of(distinct))

    def __call__(self, cells: np.ndarray) -> np.ndarray:
        """Turn cells into labels."""
        return self._labels[np.searchsorted(self._cells, cells)]
