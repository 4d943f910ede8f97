"""Answers to a table larger than memory, and what there is to say of its rows at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ...arrays import ArrayLike
from ...data.parquet import ParquetRows
from ...data.raw import RawTable
from ...data.tables import Table, find_column
from ...errors import InvalidInput, warn
from ...experiment.kept import seen_rows
from ...experiment.parting import weights_of
from ...experiment.splitting.seen import SeenRows, fingerprints
from ...models.table_model import TableModel
from ..blockwise import StreamingScore, predicted
from ..headings import columns_of
from .asked import rows_of, told
from .columns import Beside, Columns
from .scored import (
    Answered,
    Rows,
    Scored,
    answered_by,
    lacks,
    scored,
    sentence_of_weights,
    weighing_column,
)
from .written import Cell, cells_as_written


@dataclass
class Seen:
    """Counts the rows that a model learnt from, block by block; 8 bytes a row."""

    known: SeenRows | None
    _hashes: list[np.ndarray] = field(default_factory=list[np.ndarray])

    def add(self, model: TableModel, table: Table) -> None:
        """Add the rows of a block."""
        if self.known is not None:
            self._hashes.append(fingerprints(model.cells(table)))

    @property
    def count(self) -> int | None:
        """How many there are so far; None of a model that does not keep them."""
        if self.known is None or not self._hashes:
            return None
        return self.known.count(np.concatenate(self._hashes))


def answered(
    model: TableModel,
    rows: ParquetRows,
    beside: Beside,
    keep: Sequence[str],
    score: StreamingScore,
    seen: Seen,
) -> Iterator[tuple[dict[str, list[Cell]], Columns]]:
    """Yield columns that are kept, and those of the answers, block by block."""
    for name in keep:
        find_column(str(rows.path), name, rows.names)

    def answer(X: ArrayLike, table: Table) -> Columns:
        seen.add(model, table)
        return beside.columns(model, model.in_precision(X))

    for table, columns in predicted(model, rows, answer, score, keep):
        yield {name: _kept(table, name) for name in keep}, columns


def _kept(table: Table, name: str) -> list[Cell]:
    if table.raw is None:
        raise InvalidInput("--keep: a model of the first release reads in blocks what it knows.")
    return cells_as_written(name, table.raw.columns[name])


@dataclass
class Answers:
    """Answers to rows that have a target, block by block, and what those weigh."""

    model: TableModel
    column: str | None  # of weights
    seen: Seen
    _parts: list[Answered] = field(default_factory=list[Answered])
    _raws: list[RawTable] = field(default_factory=list[RawTable])
    _there: list[np.ndarray] = field(default_factory=list[np.ndarray])

    def add(self, X: ArrayLike, table: Table) -> Columns:
        """Add the rows of a block, and return the answers to all of them."""
        model, X = self.model, self.model.in_precision(X)
        truth, predicted = model.truth(table), model.predict(X)
        made = columns_of(model, predicted)
        if truth is None:
            return made
        there = truth[0]
        if there.any():
            self._parts.append(answered_by(model, X[there], truth[1]))
            self.seen.add(model, rows_of(table, np.flatnonzero(there)))
        self._there.append(there)
        if self.column is not None and table.raw is not None:
            weighing = {self.column: table.raw.columns[self.column]}
            self._raws.append(replace(table.raw, columns=weighing))
        return made

    def scored(self, source: str) -> list[Scored]:
        """All of them as one, target by target.

        Raises
        ------
        InvalidInput
            If no row has a target, or one that has has no weight.
        """
        if not self._parts:
            raise InvalidInput(f"{source} has {lacks(self.model, bool(self._there))}.")
        found = Answered.joined(self._parts)
        if self.column is None:
            return scored(self.model, found, None)
        there = np.concatenate(self._there)
        return scored(self.model, found, weights_of(self.column, self._raws, there)[there])


def score_blocks(model: TableModel, rows: ParquetRows, strict: bool) -> tuple[list[Scored], Rows]:
    """Score a table block by block: only what is answered is held in memory.

    Raises
    ------
    InvalidInput
        If no row has a target.
    """
    score, source = StreamingScore(model.target), str(rows.path)
    column = weighing_column(model)
    if column is not None and column not in rows.names:
        warn(sentence_of_weights(source, column))
        column = None
    answers = Answers(model, column, Seen(seen_rows(model)))
    with told(strict):
        for _ in predicted(model, rows, answers.add, score, [column] if column else []):
            pass
        for sentence in score.sentences(model.preprocessing):
            warn(sentence)
    found = answers.scored(source)
    without = score.n_rows - len(found[0].truth)
    return found, Rows(source, score.n_rows, without, answers.seen.count, score.unknown.texts)
