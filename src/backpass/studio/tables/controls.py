"""A table's columns as controls: numbers within what was seen, categories as choices.

Of a single network the page makes X of them by itself; what an ensemble answers, Python tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

import numpy as np

from ...data.encoding.fitted import Encoding
from ...data.encoding.numbers import NumberCells
from ...data.raw import Numbers, RawColumn, Texts
from ...data.table_preprocessing import TablePreprocessing
from ...data.tables import Table
from ...inspection.insight.asked import AskedModel
from ...models.table_model import TableModel

MOST_CHOICES = 200


class NumberControl(TypedDict):
    """A column of numbers: between which it lies, and how it becomes its input of X."""

    kind: str
    name: str
    low: float
    high: float
    whole: bool
    cells: list[float | None]  # of the page's rows
    input: int
    gap: int | None  # the input that says that it is missing
    centre: float
    scale: float


class ChoiceControl(TypedDict):
    """A column of categories: what may be chosen, and the input of X of each."""

    kind: str
    name: str
    options: list[tuple[str | None, str, int]]  # text, what it is called, its input
    cells: list[str | None]


Control = NumberControl | ChoiceControl


def controls_of(model: TableModel, table: Table, rows: Sequence[int]) -> list[Control]:
    """Return the controls of a model's columns; dates and texts have none.

    Parameters
    ----------
    model : TableModel
        Of a table of known columns; any other has no controls.
    table : Table
        Where the page's rows are from.
    rows : sequence of int
        Their numbers in it.
    """
    known = model.preprocessing
    if not isinstance(known, TablePreprocessing):
        return []
    cells, which = model.cells(table), np.asarray(rows, dtype=np.intp)
    numbers = _numbers(known.encoding, cells, which)
    return sorted([*numbers, *_choices(known.encoding, cells, which)], key=lambda c: c["name"])


def _numbers(
    encoding: Encoding, cells: Mapping[str, RawColumn], rows: np.ndarray
) -> list[NumberControl]:
    found: list[NumberControl] = []
    columns, features = encoding.columns, len(encoding.columns.features)
    for place, feature in enumerate(columns.features):
        column = cells.get(feature.columns[0])
        if not isinstance(feature, NumberCells) or not isinstance(column, Numbers):
            continue
        centre, scale, low, high = encoding.scaling.table[place].tolist()
        values = column.values.astype(np.float64)
        gap = (
            columns.gaps.index(feature.column) + features
            if feature.column in columns.gaps
            else None
        )
        found.append({
            "kind": "number", "name": feature.column, "low": low, "high": high,
            "whole": bool(np.all(np.isnan(values) | (values == np.round(values)))),
            "cells": [None if np.isnan(v) else v for v in values[rows].tolist()],
            "input": place, "gap": gap, "centre": centre, "scale": scale,
        })  # fmt: skip
    return found


def _choices(
    encoding: Encoding, cells: Mapping[str, RawColumn], rows: np.ndarray
) -> list[ChoiceControl]:
    found: list[ChoiceControl] = []
    start = len(encoding.columns.features) + len(encoding.columns.gaps)
    for levels in encoding.columns.levels:
        column = cells.get(levels.column)
        options: list[tuple[str | None, str, int]] = [
            (text, text, start + k) for k, text in enumerate(levels.texts)
        ]
        if levels.rare:
            options.append((levels.rare[0], "(rare)", start + len(levels.texts)))
        if levels.missing:
            options.append((None, "(missing)", start + levels.inputs - 1))
        start += levels.inputs
        if isinstance(column, Texts) and len(options) <= MOST_CHOICES:
            own = column.take(rows).cells()
            found.append(
                {"kind": "choice", "name": levels.column, "options": options, "cells": own}
            )
    return found


def answered(
    model: TableModel, table: Table, row: int, changed: Mapping[str, float | str | None]
) -> dict[str, float]:
    """Return what a model answers to a row in which some cells are others.

    Parameters
    ----------
    model : TableModel
        Of one target.
    table : Table
        Where the row is from.
    row : int
        Its number in the table.
    changed : mapping from str to float, str or None
        Cells by column; None for a gap.

    Returns
    -------
    dict from str to float
        The probability of each class, or the number in the target's own unit.
    """
    asked = AskedModel(model)
    cells = model.cells(table)
    columns: dict[str, RawColumn] = {
        name: cells[name].take(np.array([row])) for name in asked.kinds
    }
    for name, value in changed.items():
        columns[name] = _cell(columns[name], value)
    told = np.asarray(asked.answers(columns), dtype=np.float64).reshape(-1)
    classes = model.classes
    names = model.target.names if classes is None else [str(c) for c in classes.tolist()]
    return dict(zip(names, told.tolist(), strict=True))


def _cell(of: RawColumn, value: float | str | None) -> RawColumn:
    """A column of one cell of the same kind."""
    if isinstance(of, Texts):
        return Texts.of([None if value is None else str(value)])
    if isinstance(of, Numbers):
        return Numbers(np.array([np.nan if value is None else float(value)]))
    raise TypeError("only numbers and categories have controls")
