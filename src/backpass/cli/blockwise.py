"""Predicting a table larger than memory: block by block, written as it goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from ..arrays import ArrayLike
from ..data.encoding.unknown import Unknown
from ..data.parquet import ParquetRows
from ..data.parsing import error_context
from ..data.tables import Table
from ..estimators.table_model import TableModel
from ..estimators.targets.scores import Accuracy, RSquared
from ..streaming.blocks import cut, rows_of_block
from ..streaming.table_blocks import cells_by_block

Predict = Callable[[ArrayLike], dict[str, np.ndarray]]


class StreamingScore:
    """Accuracy, or R² and mean error, of blocks of predictions; what was unknown in them."""

    def __init__(self, classes: bool) -> None:
        self._classes, self.n_rows = classes, 0
        self._accuracy, self._r_squared, self._absolute = Accuracy(), RSquared(), 0.0
        self.unknown: dict[str, Counter[str]] = {}

    def note(self, unknown: Unknown) -> None:
        """Count the unknown categories of a block."""
        for name, texts in unknown.texts.items():
            self.unknown.setdefault(name, Counter()).update(texts)

    def add(self, truth: tuple[np.ndarray, np.ndarray] | None, predicted: np.ndarray) -> None:
        """Count the rows of a block, and where the truth is known, how right they are."""
        self.n_rows += len(predicted)
        if truth is None or not truth[0].any():
            return
        there, known = truth
        answers = predicted[there]
        if self._classes:
            right = [a == b for a, b in zip(known.tolist(), answers.tolist())]
            self._accuracy = self._accuracy.plus(np.array(right, dtype=bool))
            return
        self._r_squared = self._r_squared.plus(known[:, None], answers[:, None])
        self._absolute += float(np.sum(np.abs(known - answers)))

    @property
    def score(self) -> dict[str, float]:
        """The score by its name, where there is one; no R² of numbers that are all the same."""
        if self._accuracy.weight:
            return {"accuracy": self._accuracy.value}
        if not self._r_squared.weight:
            return {}
        varied = bool(np.all(self._r_squared.squares))
        r2 = {"r2": self._r_squared.value} if varied else {}
        return r2 | {"mean_error": self._absolute / self._r_squared.weight}


def tables(model: TableModel, rows: ParquetRows) -> Iterator[tuple[str, Table]]:
    """Read the columns that the model knows, block by block, each with its place in words."""
    known = model.preprocessing
    known.check_columns(rows.names)
    needed = {model.target.name, *known.names}
    columns = [name for name in rows.names if name in needed]
    size = rows_of_block(len(known.outputs), np.dtype(np.float64))
    for group, n in enumerate(rows.sizes):
        for where, cells in cells_by_block(rows, group, cut(n, size), columns):
            yield where, Table(cells, None, tuple(cells))


def predicted(
    model: TableModel, rows: ParquetRows, predict: Predict, score: StreamingScore
) -> Iterator[dict[str, np.ndarray]]:
    """Predict block by block; `predict` makes the output's columns of X."""
    for where, table in tables(model, rows):
        with error_context(where):
            X, unknown = model.encode(table)
            truth = model.truth(table)
        columns = predict(X)
        score.note(unknown)
        score.add(truth, columns["prediction"])
        yield columns
