"""A target's column whose gaps are filled with what a model predicts; the others' cells stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...data.tables import Table, columns_of
from ..command import Json, plain
from .written import written_cells

if TYPE_CHECKING:
    from ...models.table_model import TableModel

Cells = Sequence[Json]


def without_target(model: TableModel, table: Table) -> np.ndarray:
    """Return the numbers of the rows that have no target; all where the table has no such."""
    truth = model.truth(table)
    return np.arange(n_rows(table)) if truth is None else np.flatnonzero(~truth[0])


def n_rows(table: Table) -> int:
    """Return how many rows a table has."""
    if table.known is not None:
        return table.known.rows
    return len(next(iter(columns_of(table).values())))


def target_cells(source: str, model: TableModel, table: Table) -> list[Json]:
    """Return the target's cells as they are written; gaps where the table has no such column."""
    name, truth = model.target.name, model.truth(table)
    if truth is None:
        return [None] * n_rows(table)
    if table.raw is None:
        return _spread(plain(truth[1]), np.flatnonzero(truth[0]), len(truth[0]))
    return list(written_cells(source, model, table, [name])[name])


def filled(
    cells: Cells, rows: np.ndarray, answers: dict[str, np.ndarray]
) -> dict[str, Cells | np.ndarray]:
    """Put answers to some rows into the cells of all; other columns of theirs have gaps.

    Examples
    --------
    >>> filled([3, None, 4], np.array([1]), {"prediction": np.array([5]), "p": np.array([0.5])})
    {'prediction': [3, 5, 4], 'p': [None, 0.5, None]}
    """
    places = {name: _spread(plain(found), rows, len(cells)) for name, found in answers.items()}
    if places:
        known = {*rows.tolist()}
        both = zip(places["prediction"], cells)
        places["prediction"] = [new if i in known else old for i, (new, old) in enumerate(both)]
    return {"prediction": cells, **places}


def _spread(values: Cells, rows: np.ndarray, m: int) -> list[Json]:
    """Values of some rows among m, None elsewhere."""
    spread: list[Json] = [None] * m
    for row, value in zip(rows.tolist(), values):
        spread[row] = value
    return spread
