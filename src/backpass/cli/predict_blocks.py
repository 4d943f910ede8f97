"""Predicting a table larger than memory: block by block, written as it goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..data.columns import Unknown
from ..data.parquet import ParquetRows
from ..data.tables import Table
from ..streaming.blocks import cut, rows_of_block
from ..streaming.table_blocks import cells_by_block, saying
from .model import Model


class Tally:
    """Accuracy, or R² and mean error, of blocks of predictions; what was unknown in them."""

    def __init__(self, classes: bool) -> None:
        self._classes, self.n_rows = classes, 0
        self._right, self._errors, self._absolute = 0, 0.0, 0.0
        self._n, self._mean, self._squares = 0, 0.0, 0.0  # of the truth; Σ (y − mean)²
        self.unknown: Unknown = {}

    def note(self, unknown: Unknown) -> None:
        """Count the unknown categories of a block."""
        for name, texts in unknown.items():
            self.unknown.setdefault(name, Counter()).update(texts)

    def add(self, truth: tuple[np.ndarray, np.ndarray] | None, predicted: np.ndarray) -> None:
        """Count the rows of a block, and where the truth is known, how right they are."""
        self.n_rows += len(predicted)
        if truth is None or not truth[0].any():
            return
        there, truth_there = truth
        self._compare(truth_there, predicted[there])

    def _compare(self, truth: np.ndarray, predicted: np.ndarray) -> None:
        """Count right labels, or add up squares."""
        n, self._n = self._n, self._n + len(truth)
        if self._classes:
            self._right += sum(a == b for a, b in zip(truth.tolist(), predicted.tolist()))
            return
        self._errors += float(np.sum((truth - predicted) ** 2))
        self._absolute += float(np.sum(np.abs(truth - predicted)))
        step, part = float(truth.mean()) - self._mean, len(truth) / self._n
        self._mean += step * part
        self._squares += len(truth) * float(truth.var()) + step**2 * n * part

    @property
    def score(self) -> dict[str, float]:
        """The score by its name, where there is one."""
        if self._n == 0:
            return {}
        if self._classes:
            return {"accuracy": self._right / self._n}
        r2 = {"r2": 1 - self._errors / self._squares} if self._squares else {}
        return r2 | {"mean_error": self._absolute / self._n}


def tables(model: Model, rows: ParquetRows) -> Iterator[tuple[str, Table]]:
    """Read the columns that the model knows, block by block, each with its place in words."""
    known = model.preprocessing
    known.check_columns(rows.names)
    needed = {model.target.name, *(column.name for column in known.columns)}
    columns = [name for name in rows.names if name in needed]
    size = rows_of_block(len(known.outputs), np.dtype(np.float64))
    for group, n in enumerate(rows.sizes):
        for where, cells in cells_by_block(rows, group, cut(n, size), columns):
            yield where, Table(cells, None, tuple(cells))


def predicted(
    model: Model, rows: ParquetRows, predict: Any, tally: Tally
) -> Iterator[dict[str, np.ndarray]]:
    """Predict block by block; `predict` makes the output's columns of X."""
    for where, table in tables(model, rows):
        with saying(where):
            X, unknown = model.encode(table)
            truth = model.truth(table)
        columns = predict(X)
        tally.note(unknown)
        tally.add(truth, columns["prediction"])
        yield columns
