"""Predicting a table larger than memory: block by block, written as it goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator

import numpy as np

from ..arrays import ArrayLike
from ..data.encoding.unknown import Unknown
from ..data.knowing.know import recognise
from ..data.parquet import ParquetRows
from ..data.parsing import error_context
from ..data.table_preprocessing import TablePreprocessing, sentence_of_unread
from ..data.tables import Table
from ..data.target import AnyTarget
from ..estimators.raw_tables import AnyPreprocessing
from ..estimators.targets.scores import Accuracy, RSquared
from ..models.table_model import TableModel
from ..streaming.blocks import cut, rows_of_block
from ..streaming.table_blocks import cells_by_block
from .headings import predictions

Predict = Callable[[ArrayLike, Table], dict[str, np.ndarray]]


class StreamingScore:
    """Accuracy, or R² and mean error, of blocks of predictions; what was unknown in them."""

    def __init__(self, target: AnyTarget) -> None:
        self.n_rows, self.unknown = 0, Unknown()
        self._unread: Counter[str] = Counter()
        self._examples: dict[str, str] = {}
        self._by_target = {name: _OfOneTarget(target.classes) for name in target.names}

    def note(self, unknown: Unknown, table: Table) -> None:
        """Add what a block has that the training rows did not, and what of it is not read."""
        self.unknown = self.unknown.plus(unknown)
        if table.known is not None:
            self._unread.update(table.known.unread)
            self._examples = {**table.known.examples, **self._examples}

    def sentences(self, known: AnyPreprocessing) -> Iterator[str]:
        """Say what was noted."""
        yield from self.unknown.sentences()
        if isinstance(known, TablePreprocessing):
            for name, n in self._unread.items():
                yield sentence_of_unread(known.reading[name], n, self._examples[name])

    def add(
        self,
        truth: tuple[np.ndarray, np.ndarray] | None,
        predicted: np.ndarray,
        w: np.ndarray | None = None,
    ) -> None:
        """Count the rows of a block, and where the truth is known, how right they are.

        ``w`` is what those weigh.
        """
        self.n_rows += len(predicted)
        if truth is None or not truth[0].any():
            return
        there, known = truth
        columns = (each.reshape(len(known), -1).T for each in (known, predicted[there]))
        for score, true, answered in zip(self._by_target.values(), *columns):
            score.add(true, answered, w)

    @property
    def score(self) -> dict[str, float]:
        """The score by its name, where there is one; of several targets the mean, then each's."""
        each = {name: score.score for name, score in self._by_target.items()}
        if len(each) == 1:
            return next(iter(each.values()))
        metrics = set.intersection(*(set(score) for score in each.values()))
        means = {
            metric: float(np.mean([score[metric] for score in each.values()]))
            for metric in ("accuracy", "r2")
            if metric in metrics
        }
        named = {f"{m} of {name}": v for name, score in each.items() for m, v in score.items()}
        return means | named


class _OfOneTarget:
    """The score of one target."""

    def __init__(self, classes: bool) -> None:
        self._classes = classes
        self._accuracy, self._r_squared, self._absolute = Accuracy(), RSquared(), 0.0

    def add(self, known: np.ndarray, answers: np.ndarray, w: np.ndarray | None) -> None:
        if self._classes:
            right = [a == b for a, b in zip(known.tolist(), answers.tolist())]
            self._accuracy = self._accuracy.plus(np.array(right, dtype=bool), w)
            return
        self._r_squared = self._r_squared.plus(known[:, None], answers[:, None], w)
        errors = np.abs(known - answers)
        self._absolute += float(np.sum(errors if w is None else w * errors))

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


def tables(
    model: TableModel, rows: ParquetRows, also: Collection[str] = ()
) -> Iterator[tuple[str, Table]]:
    """Read the columns that the model knows, and others, block by block with its place in words."""
    known = model.preprocessing
    known.check_columns(rows.names)
    needed = {*model.target.names, *known.names, *also}
    columns = [name for name in rows.names if name in needed]
    size = rows_of_block(len(known.outputs), np.dtype(np.float64))
    for group, n in enumerate(rows.sizes):
        sizes = cut(n, size)
        if not isinstance(known, TablePreprocessing):  # a model of the first release
            for where, cells in cells_by_block(rows, group, sizes, columns):
                yield where, Table(cells, None, tuple(cells))
            continue
        for where, raw in rows.raw_tables(group, sizes, columns, known.options.na):
            with error_context(where):
                found = recognise(raw, known.reading)
            yield where, Table(None, None, tuple(found.columns), known=found, raw=raw)


def predicted(
    model: TableModel,
    rows: ParquetRows,
    predict: Predict,
    score: StreamingScore,
    also: Collection[str] = (),
) -> Iterator[tuple[Table, dict[str, np.ndarray]]]:
    """Predict block by block; `predict` makes the output's columns of X and the table."""
    for where, table in tables(model, rows, also):
        with error_context(where):
            X, unknown = model.encode(table)
            truth = model.truth(table)
            columns = predict(X, table)
        score.note(unknown, table)
        score.add(truth, predictions(model, columns))
        yield table, columns
