"""JSON: one object a line, a list of objects, or an object of columns."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import cast

from ...errors import InvalidInput
from ..raw import RawTable
from .encodings import as_utf8
from .frames import raw_of_columns, raw_of_records
from .how import ReadingOptions

Record = dict[str, object]


def read_json(
    data: bytes | memoryview, options: ReadingOptions, columns: Collection[str] | None = None
) -> RawTable:
    """Read a text of JSON.

    Parameters
    ----------
    data : bytes-like
        The whole file.
    options : ReadingOptions
        Its encoding, and what stands for a gap.
    columns : collection of str, optional
        Columns to return; all by default.

    Raises
    ------
    InvalidInput
        If it is no JSON, or no table; the line is named.

    Examples
    --------
    >>> table = read_json(b'{"a": 1, "b": "x"}\\n{"a": 2}\\n', ReadingOptions())
    >>> table.columns["a"].values.tolist(), table.columns["b"].cells()
    ([1, 2], ['x', None])
    """
    text = as_utf8(data, options.encoding)
    try:
        table = _table(bytes(text.data), columns, options.na)
    except RecursionError:
        raise InvalidInput("Its lists and objects are nested too deeply for a table.") from None
    if not table.rows:
        raise InvalidInput("It has no row.")
    return replace(table, notes=(*([text.note] if text.note else []), *table.notes))


def _table(data: bytes, columns: Collection[str] | None, na: Collection[str]) -> RawTable:
    """Read lines where the first one is a whole object and more follow, and one value else."""
    lines = data.split(b"\n")
    filled = (number for number, line in enumerate(lines) if line.strip())
    first, second = next(filled, None), next(filled, None)
    if first is None:
        raise InvalidInput("It has no row.")
    if second is None or not _is_object(lines[first]):
        return _of_value(_value(data, "It"), columns, na)
    return raw_of_records([*_records(lines)], columns, na)


def _of_value(value: object, columns: Collection[str] | None, na: Collection[str]) -> RawTable:
    if isinstance(value, list):
        rows = cast(list[object], value)
        for number, row in enumerate(rows):
            if not isinstance(row, dict):
                raise InvalidInput(f"Item {number} of its list is {_shown(row)}, not an object.")
        return raw_of_records(cast(list[Record], rows), columns, na)
    if _is_columns(value):
        return raw_of_columns(cast(Record, value), columns, na)
    if isinstance(value, dict):
        lists = [v for v in cast(Record, value).values() if _is_records(v)]
        if len(lists) == 1:  # {"data": [{…}, …]}
            return _of_value(lists[0], columns, na)
        if not all(isinstance(v, list | dict) for v in cast(Record, value).values()):
            return raw_of_records([cast(Record, value)], columns, na)
    raise InvalidInput("Its JSON is no table: neither a list of objects nor an object of columns.")


def _is_columns(value: object) -> bool:
    """Whether a value is an object of lists, as long as each other, and not of objects."""
    if not isinstance(value, dict) or not value:
        return False
    cells = [*cast(Record, value).values()]
    return all(isinstance(c, list) and not _is_records(c) for c in cells)


def _is_records(value: object) -> bool:
    rows = cast(list[object], value) if isinstance(value, list) else []
    return bool(rows) and all(isinstance(row, dict) for row in rows)


def _records(lines: list[bytes]) -> Iterator[Record]:
    """Read one object of each line that is not empty."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            value = _value(line, f"Line {number}")
            if not isinstance(value, dict):
                raise InvalidInput(f"Line {number} is {_shown(value)}, not an object.")
            yield cast(Record, value)


def _is_object(line: bytes) -> bool:
    """Whether a line is a whole object, and not the beginning of one."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _value(data: bytes, where: str) -> object:
    """Read a value; a NaN is a gap, and infinity a text, as in other files of text."""
    constants = {"NaN": None, "Infinity": "Infinity", "-Infinity": "-Infinity"}
    try:
        return json.loads(data, parse_constant=constants.__getitem__, parse_float=_number)
    except ValueError as error:
        raise InvalidInput(f"{where} is no JSON: {error}.") from None


def _number(written: str) -> float | str:
    """Read a number; one that no double holds stays text."""
    number = float(written)
    return number if abs(number) != float("inf") else written


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
