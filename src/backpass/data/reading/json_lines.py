"""JSON: one object a line, a list of objects or of rows, an object of columns or of objects."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import cast

from ...errors import InvalidInput
from ..raw import RawTable
from .frames import raw_of_columns, raw_of_records
from .header import distinct_names
from .how import ReadingOptions
from .text_files.encodings import as_utf8, in_utf8
from .text_files.row_blocks import cut

Record = dict[str, object]
BLOCK = 1 << 24  # bytes
LONGEST_LINE = 1 << 24
NO_TABLE = "Its JSON is no table: neither a list of objects nor an object of columns."


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


@dataclass(frozen=True, eq=False)
class LargeLines:
    """JSON lines larger than memory, read block by block, as often as is asked.

    Parameters
    ----------
    data : memoryview
        The lines, in UTF-8.
    options : ReadingOptions
        What stands for a gap.
    """

    data: memoryview
    options: ReadingOptions
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, data: memoryview, options: ReadingOptions) -> LargeLines:
        """Check that a file is one of JSON lines.

        Raises
        ------
        InvalidInput
            If it is another JSON, which is read as a whole.
        """
        view = in_utf8(data)
        first = b"" if view is None else bytes(view[:LONGEST_LINE]).lstrip().split(b"\n", 1)[0]
        if view is None or not _is_object(first):
            raise InvalidInput(
                "JSON larger than memory has to be an object a line, in UTF-8; save it so."
            )
        return cls(view, options)

    def left_out(self, empty: Collection[str]) -> tuple[str, ...]:
        """Return no column: each has a name."""
        return ()

    def blocks(self, texts: Collection[str] = ()) -> Iterator[RawTable]:
        """Read all rows; numbers stay numbers in columns of texts, too."""
        first = 1
        for block in cut(self.data, BLOCK):
            lines = bytes(block).split(b"\n")
            records = [*_records(lines, first)]
            first += len(lines) - 1
            if records:
                yield _of_records(records, None, self.options.na)


def _table(data: bytes, columns: Collection[str] | None, na: Collection[str]) -> RawTable:
    """Read lines where the first one is a whole object and more follow, and one value else."""
    lines = data.split(b"\n")
    filled = (number for number, line in enumerate(lines) if line.strip())
    first, second = next(filled, None), next(filled, None)
    if first is None:
        raise InvalidInput("It has no row.")
    if second is None or not _is_object(lines[first]):
        return _of_value(_value(data, "It"), columns, na)
    return _of_records([*_records(lines)], columns, na)


def _of_value(value: object, columns: Collection[str] | None, na: Collection[str]) -> RawTable:
    if isinstance(value, list):
        return _of_list(cast(list[object], value), columns, na)
    if not isinstance(value, dict):
        raise InvalidInput(NO_TABLE)
    fields = cast(Record, value)
    if fields.keys() >= {"columns", "data"} and _are_all(fields["data"], list):
        names = cast(list[object], fields["columns"])  # as pandas splits a frame
        return _of_rows(names, cast(list[list[object]], fields["data"]), columns, na)
    if _is_columns(value):
        return raw_of_columns(fields, columns, na)
    lists = [v for v in fields.values() if _are_all(v, dict)]
    if len(lists) == 1:  # {"data": [{…}, …]}
        return _of_value(lists[0], columns, na)
    if _are_all([*fields.values()], dict):
        return _of_records(_turned(cast(dict[str, Record], fields)), columns, na)
    if all(isinstance(v, list | dict) for v in fields.values()):
        raise InvalidInput(NO_TABLE)
    return _of_records([fields], columns, na)


def _of_list(rows: list[object], columns: Collection[str] | None, na: Collection[str]) -> RawTable:
    """Objects, or rows of one length under a first one of names."""
    if _are_all(rows, list) and len(rows) > 1:
        (names, *cells) = cast(list[list[object]], rows)
        if all(isinstance(name, str) for name in names):
            return _of_rows(names, cells, columns, na)
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise InvalidInput(f"Item {number} of its list is {_shown(row)}, not an object.")
    return _of_records(cast(list[Record], rows), columns, na)


def _of_records(
    records: list[Record], columns: Collection[str] | None, na: Collection[str]
) -> RawTable:
    """Records; the fields of records in them are columns of their own, as "size.length"."""
    names = dict.fromkeys(name for record in records for name in record)
    cells = _spread({name: [record.get(name) for record in records] for name in names})
    if not cells:
        return raw_of_records(records, columns, na)
    return raw_of_columns(cells, columns, na)


def _spread(cells: dict[str, list[object]]) -> dict[str, list[object]]:
    """Make columns of the fields of those whose cells are all records."""
    found: dict[str, list[object]] = {}
    for name, column in cells.items():
        records = [cast(Record, cell) if isinstance(cell, dict) else {} for cell in column]
        fields = dict.fromkeys(field for record in records for field in record)
        if not fields or not all(cell is None or isinstance(cell, dict) for cell in column):
            found[name] = column
            continue
        inner = {f"{name}.{each}": [record.get(each) for record in records] for each in fields}
        for field, values in _spread(inner).items():
            while field in cells or field in found:
                field += "'"
            found[field] = values
    return found


def _of_rows(
    names: list[object],
    rows: list[list[object]],
    columns: Collection[str] | None,
    na: Collection[str],
) -> RawTable:
    """Rows of cells under names."""
    for number, row in enumerate(rows):
        if len(row) != len(names):
            raise InvalidInput(f"Row {number} has {len(row)} cells for {len(names)} names.")
    written, notes = distinct_names([str(name) for name in names])
    table = raw_of_columns(dict(zip(written, zip(*rows))), columns, na)
    return replace(table, notes=(*notes, *table.notes))


def _turned(value: dict[str, Record]) -> list[Record]:
    """Records of an object of objects: those by row, or columns by name, as pandas writes both."""
    inner = dict.fromkeys(key for each in value.values() for key in each)
    if all(map(str.isdecimal, value)) or not all(map(str.isdecimal, inner)):
        return [*value.values()]
    return [{name: cells.get(key) for name, cells in value.items()} for key in inner]


def _is_columns(value: object) -> bool:
    """Whether a value is an object of lists, as long as each other, and not of objects."""
    if not isinstance(value, dict) or not value:
        return False
    cells = [*cast(Record, value).values()]
    return all(isinstance(c, list) and not _are_all(c, dict) for c in cells)


def _are_all(value: object, kind: type) -> bool:
    """Whether a value is a list, not empty, of lists or of objects."""
    rows = cast(list[object], value) if isinstance(value, list) else []
    return bool(rows) and all(isinstance(row, kind) for row in rows)


def _records(lines: list[bytes], first: int = 1) -> Iterator[Record]:
    """Read one object of each line that is not empty; the first one has a number."""
    for number, line in enumerate(lines, start=first):
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
