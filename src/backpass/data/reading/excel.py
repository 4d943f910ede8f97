"""Workbooks (.xlsx, .xlsm): a sheet's cells, as they were stored when it was saved."""

from __future__ import annotations

import io
import warnings
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from ...errors import InvalidInput, listed
from ...extras import optional
from ..memory import has_room_for
from ..raw import RawTable
from .frames import raw_of_columns
from .header import distinct_names, given_names, has_groups, has_header, has_units
from .how import ReadingOptions
from .python_cells import text_of
from .unpacking import check_measure

if TYPE_CHECKING:
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

Row = tuple[object, ...]

CELL_BYTES = 60  # that a cell takes in memory, roughly
STEP = 1 << 12  # rows


def read_excel(
    data: bytes | memoryview,
    sheet: str | None,
    options: ReadingOptions,
    columns: Collection[str] | None = None,
) -> RawTable:
    """Read a sheet of a workbook.

    Parameters
    ----------
    data : bytes-like
        The whole file.
    sheet : str, optional
        Which sheet; by default the first one with a table that is not hidden.
    options : ReadingOptions
        Whether there is a header, names, rows to pass over, and what stands for a gap.
    columns : collection of str, optional
        Columns to return; all by default.

    Raises
    ------
    InvalidInput
        If it is no workbook, or has no table, or no such sheet.
    MissingExtra
        If openpyxl is not installed.
    """
    openpyxl = optional("openpyxl", "Reading a workbook")
    check_measure(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and pictures, which are not looked at
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        shown = [each for each in book.worksheets if each.sheet_state == "visible"]
        name, rows, others = _chosen(shown, sheet or options.sheet, options.skip_rows or 0)
    table = _table(rows, options, columns)
    table = replace(table, notes=(*table.notes, *_without_values(data, name, table)))
    note = [f"The sheet {name!r} was read, not {listed(map(repr, others))}."] if others else []
    return replace(table, notes=(*note, *table.notes))


def _without_values(data: bytes | memoryview, sheet: str, table: RawTable) -> list[str]:
    """A note where empty columns are ones of formulas that no program has calculated."""
    if not any(column.gaps.all() for column in table.columns.values()):
        return []
    openpyxl = optional("openpyxl", "Reading a workbook")
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
    rows = book[sheet].iter_rows()
    if not any(cell.data_type == "f" for row in rows for cell in row):
        return []
    return [
        "Empty columns hold formulas whose values were never stored; open the workbook in a "
        "program that calculates them, and save it."
    ]


def _chosen(
    sheets: list[ReadOnlyWorksheet], wanted: str | None, skipped: int
) -> tuple[str, list[Row], list[str]]:
    """A sheet's name and its rows; and the other sheets with a table, where none is asked for."""
    if wanted is not None:
        for sheet in sheets:
            if sheet.title == wanted:
                return wanted, _rows(sheet, skipped), []
        names = listed(repr(sheet.title) for sheet in sheets) if sheets else "none"
        raise InvalidInput(f"It has no sheet {wanted!r}; those that are not hidden are {names}.")
    filled = [(sheet.title, rows) for sheet in sheets if (rows := _rows(sheet, skipped))]
    if not filled:
        raise InvalidInput("It is a workbook without a table; hidden sheets are not read.")
    name, rows = next((each for each in filled if _is_table(each[1])), filled[0])
    return name, rows, [title for title, _ in filled if title != name]


def _rows(sheet: ReadOnlyWorksheet, skipped: int) -> list[Row]:
    """Read a sheet's rows, those without a cell at the top and at the end left out."""
    rows: list[Row] = []
    cells = 0
    # The size that a file claims is not believed: it may be one cell's, or a million columns.
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows(values_only=True)):
        if number >= skipped and (rows or _filled(row)):
            rows.append(_trimmed(row))
            cells += len(rows[-1])
        if number % STEP == 0:
            _check_room(sheet.title, cells)
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _check_room(sheet: str, cells: int) -> None:
    if not has_room_for(CELL_BYTES * cells):
        raise InvalidInput(f"The sheet {sheet!r} has more cells than the memory holds.")


def _trimmed(row: Row) -> Row:
    end = len(row)
    while end and (row[end - 1] is None or row[end - 1] == ""):
        end -= 1
    return row[:end]


def _filled(row: Iterable[object]) -> int:
    return sum(cell is not None and cell != "" for cell in row)


def _is_table(rows: list[Row]) -> bool:
    return len(rows) > 1 and max(map(_filled, rows)) > 1


def _table(rows: list[Row], options: ReadingOptions, columns: Collection[str] | None) -> RawTable:
    """Tell the names from the cells, as in files of text."""
    width = max(map(len, rows))
    _check_room("of the table", width * len(rows))
    left = min(next((i for i, cell in enumerate(row) if cell is not None), width) for row in rows)
    padded = [(*row, *(None,) * (width - len(row)))[left:] for row in rows]
    titles = 0
    while titles < len(padded) - 1 and width - left > 1 and _filled(padded[titles]) < 2:
        titles += 1
    words = [["" if c is None else text_of(c) for c in row] for row in padded[titles:][: 1 << 9]]
    groups = options.header is None and has_groups(words)
    titles, words = titles + groups, words[groups:]
    notes = [f"Rows over the table were passed over: {titles}."] if titles else []
    body = padded[titles:]
    header = has_header(words) if options.header is None else options.header
    units = header and has_units(words[1:])
    if units:
        notes.append(f"The row under the names holds units ({', '.join(words[1])}) and no data.")
    names, changed = distinct_names(words[0] if header else [""] * len(words[0]))
    if options.names:
        names, changed = given_names(options.names, len(names)), []
    if not header:
        changed = ["The first row is data, so the columns are called by their numbers."]
    body = body[header + units :]
    if not body:
        raise InvalidInput("Its sheet has names, but no row of data.")
    cells: dict[str, object] = {
        name: column
        for name, column in zip(names, zip(*body))
        if columns is None or name in columns
    }
    raw = raw_of_columns(cells, None, options.na)
    return replace(raw, rows=len(body), notes=(*notes, *changed), header=header)
