"""Cells of a table as they stand in it, to be written beside answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...data.datasets import NAMED
from ...data.raw import Numbers, Others, RawColumn, RawTable, Texts
from ...data.readers import is_of_arrays
from ...data.reading import ReadingOptions, read_raw
from ...data.table_preprocessing import TablePreprocessing
from ...data.tables import Table, find_column
from ...errors import InvalidInput

if TYPE_CHECKING:
    from ...models.table_model import TableModel

Cell = str | int | float | bool | None


def written_cells(
    source: str, model: TableModel, table: Table, names: Sequence[str]
) -> dict[str, list[Cell]]:
    """Return columns of a table that a model has read, as they are written.

    Those that the model reads itself are read once more, since it knows '1.50' as 1.5; from
    standard input there is no second time, and they are as they were read.

    Parameters
    ----------
    source : str
        The table.
    model : TableModel
        What has read it, the columns that it does not know as text.
    table : Table
        As it did.
    names : sequence of str
        The columns.

    Returns
    -------
    dict from str to list
        A cell a row, None for one that is missing.

    Raises
    ------
    InvalidInput
        If there is no such column, or it holds lists and the like.
    """
    if not names:
        return {}
    raw = _raw(source, model, table, names)
    for name in names:
        find_column(source, name, raw.columns)
    return {name: cells_as_written(name, raw.columns[name]) for name in names}


def unread_names(model: TableModel, names: Iterable[str]) -> list[str]:
    """Return those columns of some that a model reads nothing from."""
    known = {model.target.name, *model.preprocessing.names}
    return [name for name in names if name not in known]


def column_names(source: str, table: Table) -> tuple[str, ...]:
    """Return the names of all of a table's columns; those of arrays have none."""
    if table.raw is not None:
        return tuple(table.raw.columns)
    return () if _has_arrays(source) else tuple(read_raw(source).columns)


def _has_arrays(source: str) -> bool:
    return source in NAMED or is_of_arrays(source)


def _raw(source: str, model: TableModel, table: Table, names: Sequence[str]) -> RawTable:
    """The table's columns, those that are asked for as they are written."""
    if table.raw is None:
        if _has_arrays(source):
            raise InvalidInput(f"{source} is one of arrays, whose columns have no names to keep.")
        return read_raw(source, ReadingOptions(texts=tuple(names)))
    again = {*names} - {*unread_names(model, names)}
    if not again or source == "-":
        return table.raw
    known = model.preprocessing
    assert isinstance(known, TablePreprocessing)
    options = replace(known.options, texts=(*known.options.texts, *again))
    columns = {**table.raw.columns, **read_raw(source, options, again).columns}
    return replace(table.raw, columns=columns)


def cells_as_written(name: str, column: RawColumn) -> list[Cell]:
    """Return each cell as a value that CSV and JSON write alike, None for a gap."""
    if isinstance(column, Texts):
        return list(column.cells())
    if isinstance(column, Others):
        raise InvalidInput(f"Column {name!r} holds {column.what}, which no cell of text can hold.")
    gaps = column.gaps.tolist()
    values = _numbers(column) if isinstance(column, Numbers) else _moments(column.values)
    return [None if gap else value for gap, value in zip(gaps, values)]


def _numbers(column: Numbers) -> list[Cell]:
    """Numbers; whole ones that are floats for the sake of a gap are whole again."""
    values = column.values
    if values.dtype.kind == "f" and column.gaps.any() and _are_whole(values[~column.gaps]):
        return [int(value) for value in np.nan_to_num(values).tolist()]
    return values.tolist()


def _are_whole(values: np.ndarray) -> bool:
    return bool((np.isfinite(values) & (values == np.floor(values))).all())


def _moments(values: np.ndarray) -> list[Cell]:
    """In ISO's form, days without their midnight."""
    texts = np.datetime_as_string(values, unit="us").tolist()
    return [text.removesuffix(".000000").removesuffix("T00:00:00") for text in texts]
