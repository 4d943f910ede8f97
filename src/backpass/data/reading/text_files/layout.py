"""Where in a text file the rows begin, and what their columns are called.

Over the rows there may be comments, titles, the names and their units; whatever is passed over is
said in a note.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ....errors import InvalidInput
from ..header import has_groups, has_header, has_units, is_text_under_numbers
from ..how import ReadingOptions
from .dialect import Dialect, find_dialect

HEAD = 1 << 18  # bytes that are looked at
LONGEST_HEAD = 1 << 24  # where lines are long
FEWEST_LINES = 4
COMMENTS = ("#", "%", "//")  # what comments at the top begin with
MOST_TITLES = 40  # lines
GROUPS = 50  # rows that tell whether the first one groups the names in the second

Row = tuple[list[str], int]  # its cells, and how many lines have been read by its end


@dataclass(frozen=True)
class Layout:
    """How a text file is laid out.

    Parameters
    ----------
    dialect : Dialect
        What separates and quotes cells.
    width : int
        Cells of a row.
    cells : tuple of str
        The cells of the header; empty where there is none.
    lines, start : int
        Lines and bytes before the first row of data.
    row_bytes : int
        Bytes of a row, roughly.
    notes : tuple of str
        What was passed over.
    """

    dialect: Dialect
    width: int
    cells: tuple[str, ...]
    lines: int
    start: int
    row_bytes: int
    notes: tuple[str, ...]


def find_layout(data: memoryview, options: ReadingOptions, tabs: bool = False) -> Layout:
    """Find out how a text in UTF-8 is laid out.

    Parameters
    ----------
    data : memoryview
        The whole file.
    options : ReadingOptions
        What is known.
    tabs : bool
        Whether the file's name says that tabulators separate the cells.

    Examples
    --------
    >>> layout = find_layout(memoryview(b"# a comment\\na;b\\n1;2\\n3;4\\n"), ReadingOptions())
    >>> layout.cells, layout.lines
    (('a', 'b'), 2)
    """
    lines = head_lines(data)
    top = options.skip_rows or 0
    sep, top = _declared(lines, top, options.sep)
    comments, top = _comments(lines, top, options.comment)
    if top >= len(lines):
        raise InvalidInput("It has no row besides comments and empty lines.")
    if sep is None and tabs and "\t" in lines[top]:
        sep = "\t"
    dialect = find_dialect(lines[top:], sep)
    rows = _rows(dialect, lines[top:], whole=sum(map(_size, lines)) == len(data))
    width = _width(rows)
    titles = _n_titles(rows, width)
    body = [row for row, _ in rows[titles:]]
    groups = options.header is None and has_groups(_of_width(body[:GROUPS], width))
    titles, body = titles + groups, body[groups:]
    names, below = _names(body, options.header, comments, dialect, width)
    units = bool(names) and below > 0 and has_units(_of_width(body[1:], width))
    used = titles + below + units
    passed = rows[used - 1][1] if used else 0
    notes = _notes(comments, titles, names if not below else (), body[1] if units else ())
    start = sum(map(_size, lines[: top + passed]))
    row_bytes = sum(map(_size, lines[top:])) // (len(lines) - top)
    return Layout(dialect, width, names, top + passed, start, row_bytes, tuple(notes))


def head_lines(data: memoryview) -> list[str]:
    """The first whole lines of a text, enough of them to see how it is laid out."""
    size = HEAD
    while True:
        lines = bytes(data[:size]).splitlines(keepends=True)
        if size >= len(data) or len(lines) > FEWEST_LINES or size >= LONGEST_HEAD:
            break
        size *= 4
    if size < len(data) and len(lines) > 1:
        del lines[-1]
    return [line.decode("utf-8", errors="replace") for line in lines]


def _size(line: str) -> int:
    return len(line) if line.isascii() else len(line.encode())


def _declared(lines: list[str], top: int, sep: str | None) -> tuple[str | None, int]:
    """Read the line ``sep=;`` that spreadsheets put over a table."""
    found = re.fullmatch(r"sep=(.)\s*", lines[top]) if top < len(lines) else None
    return (sep or found[1], top + 1) if found else (sep, top)


def _comments(lines: list[str], top: int, mark: str | None) -> tuple[list[str], int]:
    """Pass over comments and empty lines at the top; return the comments' text."""
    marks = (mark,) if mark else COMMENTS
    comments: list[str] = []
    while top < len(lines) and (lines[top].startswith(marks) or not lines[top].strip()):
        if lines[top].strip():
            comments.append(lines[top].lstrip("".join(marks)).strip())
        top += 1
    return comments, top


def _rows(dialect: Dialect, lines: list[str], whole: bool) -> list[Row]:
    """Split the lines; the last row may be cut where there are more lines."""
    rows = list(dialect.rows(lines))
    return rows if whole or len(rows) < FEWEST_LINES else rows[:-1]


def _width(rows: Sequence[Row]) -> int:
    """How many cells most rows have; of two numbers that are as frequent, the larger."""
    counts = Counter(len(row) for row, _ in rows if row)
    return max(counts, key=lambda width: (counts[width], width))


def _n_titles(rows: Sequence[Row], width: int) -> int:
    """How many rows at the top are titles: one cell where the table has several."""
    top = [row for row, _ in rows[: min(MOST_TITLES, len(rows) - 1)]]
    first = next((i for i, row in enumerate(top) if len(row) == width), 0)
    if width > 1 and first > 1:
        return first  # lines of other numbers of cells; a single one may be a header
    for number in reversed(range(len(top))):
        if not top[number] and _stands_over(top[:number], rows[number + 1][0], width):
            return number + 1
    return next((i for i, row in enumerate(top) if not _is_title(row, width)), len(top))


def _stands_over(above: list[list[str]], below: list[str], width: int) -> bool:
    """Whether an empty line parts rows with gaps from the first whole one."""
    return _n_filled(below) == width > 1 and all(_n_filled(row) < width for row in above)


def _n_filled(row: list[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _is_title(row: list[str], width: int) -> bool:
    filled = [cell for cell in row if cell.strip()]
    if width == 1 or not filled:
        return not filled
    return len(filled) == 1 and filled[0] is row[0] and (len(row) == 1 or width > 2)


def _of_width(rows: list[list[str]], width: int) -> list[list[str]]:
    return [row for row in rows if len(row) == width]


def _names(
    body: list[list[str]],
    header: bool | None,
    comments: list[str],
    dialect: Dialect,
    width: int,
) -> tuple[tuple[str, ...], int]:
    """Return the header's cells, none where there is no header, and how many rows they take."""
    first = body[0]
    if header is None:
        short = len(first) != width  # the names of fewer columns than there are
        header = short or has_header(_of_width(body, width))
    if header:
        return tuple(first), 1
    last = next(dialect.rows(comments[-1:]), ([], 0))[0]
    return (tuple(last), 0) if 1 < len(last) == width and has_header([last, *body]) else ((), 0)


def _notes(
    comments: list[str], titles: int, commented: tuple[str, ...], units: Sequence[str]
) -> list[str]:
    notes: list[str] = []
    if comments:
        lines = "1 line" if len(comments) == 1 else f"{len(comments)} lines"
        notes.append(f"Comments at the top were passed over ({lines}).")
    if titles:
        notes.append(f"Lines over the table were passed over: {titles}.")
    if commented:
        notes.append("The last comment names the columns.")
    if units:
        notes.append(f"The row under the names holds units ({', '.join(units)}) and no data.")
    return notes


# --- lines that are no rows ------------------------------------------------------------------


def without_remarks(rows: memoryview, layout: Layout, end: int) -> tuple[memoryview, str] | None:
    """Leave out comments between the rows, and remarks under them.

    Parameters
    ----------
    rows : memoryview
        All lines from the first row of data on.
    layout : Layout
        How many cells a row has.
    end : int
        So many bytes at the end are looked at.

    Returns
    -------
    (memoryview, str) or None
        The rows, with a note; None where another line than these has a wrong number of cells, as
        the last one of a file that is cut off, or where there is none.

    Examples
    --------
    >>> text = b"a,b\\n1,2\\n# cooler\\n3,4\\n5,6\\n\\nSource: the lab\\n"
    >>> layout = find_layout(memoryview(text), ReadingOptions())
    >>> rows, note = without_remarks(memoryview(text[4:]), layout, 99)
    >>> bytes(rows), note
    (b'1,2\\n3,4\\n5,6\\n\\n', 'Lines that are no rows were passed over: 2.')
    """
    start = max(0, len(rows) - end)
    before, ending = bytes(rows[:start]), bytes(rows[start:]).splitlines(keepends=True)
    if start:
        before += ending.pop(0)  # the rest of a line
    if before.count(layout.dialect.quote.encode()) % 2:
        return None  # the cut is within a cell
    lines = [line.decode() for line in ending]
    spans = _spans(layout.dialect, lines)
    whole = [number for number, (row, _) in enumerate(spans) if len(row) == layout.width]
    if not whole:
        return None
    first_column = [spans[number][0][0] for number in whole]
    kept: list[str] = []
    passed, parted = 0, False
    for number, (row, span) in enumerate(spans):
        if len(row) in (0, layout.width):
            kept += lines[span]
            parted = parted or (not row and number > whole[-1])
        elif _is_comment(row) or (
            number > whole[-1] and (parted or _is_remark(row, layout.width, first_column))
        ):
            passed += span.stop - span.start
        else:
            return None
    if not passed:
        return None
    note = f"Lines that are no rows were passed over: {passed}."
    return memoryview(before + "".join(kept).encode()), note


def _spans(dialect: Dialect, lines: list[str]) -> list[tuple[list[str], slice]]:
    """The rows of some lines, each with the lines that it takes."""
    done, spans = 0, list[tuple[list[str], slice]]()
    for row, read in dialect.rows(lines):
        spans.append((row, slice(done, read)))
        done = read
    return spans


def _is_comment(row: list[str]) -> bool:
    return row[0].lstrip().startswith(COMMENTS)


def _is_remark(row: list[str], width: int, first_column: list[str]) -> bool:
    """Whether a short last row is a remark: text under numbers, or in brackets."""
    first = row[0].strip()
    if len(row) > width or not first:
        return False
    return first[0] in "(*[" or is_text_under_numbers(first, first_column)
