"""From a raw table to a known one: every column's kind with its reason, and clean cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ...errors import InvalidInput
from ..cells import quoted
from ..raw import Numbers, RawColumn, RawTable
from ..threads import MANY_ROWS, in_threads
from .clean import Clean, CleanColumn, cleaned
from .duplicates import duplicates
from .kinds import ColumnReading, Kind, Wishes
from .known_columns import known_column
from .leaks import in_order, leaks
from .table_reading import TableReading
from .task import CLASSES, TargetColumn, known_target


@dataclass(frozen=True, eq=False)
class Known:
    """A table whose columns are known.

    Parameters
    ----------
    reading : TableReading
        What each column is, with the reason.
    columns : mapping from str to Numbers (float64), Texts or Moments
        Clean cells of the inputs, in the table's order.
    targets : mapping from str to Numbers (float64) or Texts
        Clean cells of the targets: classes are texts, as they are written; a gap where a row has
        none.
    rows : int
        m.
    unread : mapping from str to int
        Of a table that is read as another one was: filled cells that are none of their column's
        kind, and became gaps.
    examples : mapping from str to str
        The first of them, by column.
    new : tuple of str
        Columns that the other table did not have.
    """

    reading: TableReading
    columns: Mapping[str, CleanColumn]
    targets: Mapping[str, TargetColumn]
    rows: int
    unread: Mapping[str, int] = field(default_factory=dict[str, int])
    examples: Mapping[str, str] = field(default_factory=dict[str, str])
    new: tuple[str, ...] = ()


def know(raw: RawTable, wishes: Wishes | None = None) -> Known:
    """Find out what the columns of a table are.

    Parameters
    ----------
    raw : RawTable
        As it was read.
    wishes : Wishes, optional
        Targets, and what somebody decided about columns; a wish always wins.

    Returns
    -------
    Known

    Raises
    ------
    InvalidInput
        If a column leaves two readings, which is one question that names the options; if a target
        cannot be one; if a wish names no column.

    Examples
    --------
    >>> import numpy as np
    >>> from backpass.data.raw import Texts
    >>> price = Texts.of(["$1,250", "$80", "?", "$95"])
    >>> known = know(RawTable({"price": price, "v": Numbers(np.full(4, 2))}, 4))
    >>> known.columns["price"].values.tolist()
    [1250.0, 80.0, nan, 95.0]
    >>> print(known.reading)
    How I read your table
    price  number    numbers written as '$1,250'; '?' is a gap; 1 gap
    v      constant  2 in every row
    """
    wishes = wishes or Wishes()
    _check(raw, wishes)
    readings: dict[str, ColumnReading] = {}
    columns: dict[str, CleanColumn] = {}
    targets: dict[str, TargetColumn] = {}
    inputs = {name: cells for name, cells in raw.columns.items() if name not in wishes.targets}
    each = in_threads if raw.rows >= MANY_ROWS else map
    known = each(lambda name: known_column(name, inputs[name], wishes, raw.decimal), [*inputs])
    for name, column in raw.columns.items():
        if name in wishes.targets:
            readings[name], targets[name] = known_target(name, column, wishes, raw.decimal)
            continue
        readings[name], cells = next(known)
        if cells is not None:
            columns[name] = cells
    _leave_duplicates(readings, columns, wishes)
    if targets and not columns:
        _take_numbers(raw, readings, columns, wishes)
    _refuse_nothing(readings, targets)
    notes = (*raw.notes, *_notes(raw, readings, columns, targets))
    reading = TableReading(tuple(readings.values()), notes, tuple(wishes.na))
    return Known(reading, columns, targets, raw.rows)


def _check(raw: RawTable, wishes: Wishes) -> None:
    """Raise where there is no row, or a wish that the table cannot fulfil."""
    if not raw.rows:
        raise InvalidInput("The table has no rows.")
    wishes.check(raw.columns)
    for name, n in Counter(wishes.targets).items():
        if n > 1 or wishes.kind_of(name) == Kind.IGNORED:
            what = "named twice" if n > 1 else "to be ignored, too"
            raise InvalidInput(f"The target column {name!r} is {what}.")


def _take_numbers(
    raw: RawTable,
    readings: dict[str, ColumnReading],
    columns: dict[str, CleanColumn],
    wishes: Wishes,
) -> None:
    """Learn from running numbers after all, where nothing else is there: a curve over 1, 2, …."""
    for name, each in readings.items():
        column = raw.columns[name]
        if each.kind != Kind.ID or wishes.kind_of(name) or not isinstance(column, Numbers):
            continue
        columns[name] = cleaned(column, Kind.NUMBER, "", tuple(wishes.na)).column
        reason = "whole numbers; as a key they would be left out, but nothing else is there"
        readings[name] = replace(each, kind=Kind.NUMBER, reason=reason, used=True)


def _refuse_nothing(
    readings: Mapping[str, ColumnReading], targets: Mapping[str, TargetColumn]
) -> None:
    """Raise where there is a target, and nothing to learn it from."""
    if not targets or any(each.used and not each.task for each in readings.values()):
        return
    left = [f"{name!r} is {each.kind.value}" for name, each in readings.items() if not each.task]
    why = f": {', '.join(left[:3])}{' and so on' if len(left) > 3 else ''}" if left else ""
    raise InvalidInput(
        f"No column is left to learn from{why}; --kind COLUMN=category uses one all the same."
    )


def _leave_duplicates(
    readings: dict[str, ColumnReading], columns: dict[str, CleanColumn], wishes: Wishes
) -> None:
    """Leave out columns that equal another one, unless somebody decided what they are."""
    free = {name: cells for name, cells in columns.items() if wishes.kind_of(name) is None}
    for name, first in duplicates(free).items():
        del columns[name]
        reason = f"equal to column {first!r} in every row"
        readings[name] = replace(
            readings[name], kind=Kind.DUPLICATE, reason=reason, used=False, spelling=""
        )


def _notes(
    raw: RawTable,
    readings: Mapping[str, ColumnReading],
    columns: Mapping[str, CleanColumn],
    targets: Mapping[str, TargetColumn],
) -> list[str]:
    """Sentences about columns that give a target away, and about the order of the rows."""
    ids: dict[str, RawColumn] = {
        name: raw.columns[name] for name, each in readings.items() if each.kind == Kind.ID
    }
    given_away = [s for name, y in targets.items() for s in leaks(columns, ids, name, y)]
    return given_away + list(in_order(columns))


def _recognised(column: RawColumn, reading: ColumnReading, na: tuple[str, ...]) -> Clean:
    """A column's cells as a reading says."""
    kind = Kind.CATEGORY if reading.task == CLASSES else reading.kind
    try:
        return cleaned(column, kind, reading.spelling, (*na, *reading.na))
    except InvalidInput as error:
        raise InvalidInput(f"Column {reading.column!r} was a {kind.value}: {error}.") from None


def recognise(raw: RawTable, reading: TableReading) -> Known:
    """Read a new table as another one was read.

    Parameters
    ----------
    raw : RawTable
        As it was read; its columns may stand in any order.
    reading : TableReading
        Of the table that a model was trained on.

    Returns
    -------
    Known
        Its targets are those that the new table has.

    Raises
    ------
    InvalidInput
        If columns that are learned from are missing, all of them named; or if one holds what its
        kind cannot be made of (lists).

    Examples
    --------
    >>> from backpass.data.raw import Texts
    >>> known = know(RawTable({"a": Texts.of(["1,250", "80", "?"])}, 3))
    >>> new = recognise(RawTable({"a": Texts.of(["9,999", "many"])}, 2), known.reading)
    >>> new.columns["a"].values.tolist(), dict(new.unread)
    ([9999.0, nan], {'a': 1})
    """
    missing = [each.column for each in reading.inputs if each.column not in raw.columns]
    if missing:
        what = "the column" if len(missing) == 1 else "the columns"
        raise InvalidInput(
            f"The table lacks {what} {quoted(missing)}, which the model learned from."
        )
    columns: dict[str, CleanColumn] = {}
    targets: dict[str, TargetColumn] = {}
    unread: dict[str, int] = {}
    examples: dict[str, str] = {}
    for each in (*reading.inputs, *reading.targets):
        if each.column not in raw.columns:
            continue
        made = _recognised(raw.columns[each.column], each, reading.na)
        if made.unread:
            unread[each.column], examples[each.column] = made.unread, made.example
        if each.task:
            targets[each.column] = made.column  # type: ignore[assignment]
        else:
            columns[each.column] = made.column
    known = {each.column for each in reading.columns}
    new = tuple(name for name in raw.columns if name not in known)
    return Known(reading, columns, targets, raw.rows, unread, examples, new)
