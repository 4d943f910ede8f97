"""Text files of rows, their cells separated by whatever it is.

pyarrow's reader splits them, in blocks and threads, every cell as a string, and checks that each
row has the same number; then columns become numbers where all their cells are. pandas' own reader
does not say whether a code had zeros before it, and passes over rows that are too short.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ....errors import InvalidInput
from ....extras import optional
from ...raw import Numbers, RawColumn, RawTable, Texts
from ...threads import in_threads
from ..header import distinct_names, given_names
from ..how import ReadingOptions
from .encodings import as_utf8
from .layout import Layout, find_layout, without_remarks
from .plain_numbers import column_of, column_of_words, decimal_mark, text_of
from .row_blocks import BLOCK, columns_of_blocks, cut

if TYPE_CHECKING:
    from pyarrow import ChunkedArray, Table

CHUNK = 1 << 20
BLOCKS = (1 << 21, 1 << 24, 1 << 28, (1 << 31) - 1)  # bytes; a row has to fit
FEWEST_BLOCKS = 4  # of rows that are made numbers block by block
BLOCK_ROWS = 1 << 13  # that a block should have, since each block costs each column some time
LARGEST_BLOCK = 1 << 26
REMARKS = 1 << 16  # bytes at the end in which remarks are looked for
END = b"\r\n \x1a"  # blank lines, and the mark that DOS put behind a text
FREE = "\x1f"  # ASCII's separator of units, which no text has
SAID = {
    ";": "Semicolons separate the cells.",
    "\t": "Tabulators separate the cells.",
    "|": "Bars separate the cells.",
    " ": "Blanks separate the cells.",
    ":": "Colons separate the cells.",
    "~": "Tildes separate the cells.",
    "^": "Carets separate the cells.",
    **dict.fromkeys("\x01\x1c\x1d\x1e\x1f", "A control character separates the cells."),
}
WRITTEN = {"\\t": "\t", "tab": "\t", "\\s+": " ", "space": " "}  # as people say separators


def read_separated(
    data: bytes | memoryview,
    options: ReadingOptions,
    columns: Collection[str] | None = None,
    tabs: bool = False,
) -> RawTable:
    """Read a text file.

    Parameters
    ----------
    data : bytes-like
        The whole file.
    options : ReadingOptions
        What is known of it.
    columns : collection of str, optional
        Columns to read; all by default.
    tabs : bool
        Whether the file's name says that tabulators separate the cells.

    Returns
    -------
    RawTable
        Without a source.

    Raises
    ------
    InvalidInput
        If it is no text, or a row has another number of cells than the others.
    MissingExtra
        If pyarrow or clevercsv are not installed.

    Examples
    --------
    >>> table = read_separated(b"code;price\\n007;3,5\\n012;4,25\\n", ReadingOptions())
    >>> table.columns["code"].cells(), table.columns["price"].values.tolist()
    (['007', '012'], [3.5, 4.25])
    """
    text = as_utf8(data, options.encoding)
    body, options = _prepared(text.data, options)
    layout = find_layout(body, options, tabs)
    sep = layout.dialect.sep
    if layout.dialect.sep == " ":
        blanks = layout.start
        body = memoryview(bytes(body[:blanks]) + _squeezed(bytes(body[blanks:])))
        layout = replace(layout, dialect=replace(layout.dialect, sep="\t"))
    head = head_of(layout, options)
    made, passed = _columns(rows_of(body, layout), head, options, columns)
    _let_go(data)
    table = _table(made, head, layout, options)
    guessed = None if tabs or options.sep else SAID.get(sep)
    notes = [text.note, guessed, *layout.notes, passed, *head.notes, *table.notes]
    return replace(table, notes=tuple(note for note in notes if note))


def _let_go(data: bytes | memoryview) -> None:
    """Give back a mapped file's pages, whose cells have been copied, and what Arrow holds ready."""
    mapped = data.obj if isinstance(data, memoryview) else None
    if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
    if len(data) >= FEWEST_BLOCKS * BLOCK:
        optional("pyarrow", "Reading a text file").default_memory_pool().release_unused()


def _prepared(data: memoryview, options: ReadingOptions) -> tuple[memoryview, ReadingOptions]:
    """Give a separator of several bytes a byte of its own, and leave out the comments."""
    sep = None if options.sep is None else WRITTEN.get(options.sep, options.sep)
    if options.comment:
        mark = re.escape(options.comment.encode())
        data = memoryview(re.sub(rb"(?m)^" + mark + rb".*$", b"", bytes(data)))
    if sep is not None and len(sep.encode()) > 1:
        data, sep = memoryview(bytes(data).replace(sep.encode(), FREE.encode())), FREE
    return data, replace(options, sep=sep)


def _squeezed(data: bytes) -> bytes:
    """Put one tabulator for blanks between cells; those in quotes stay."""
    data = re.sub(rb'("[^"]*")|[ \t]+', lambda found: found[1] or b"\t", data)
    return re.sub(rb"(?m)^\t|\t(?=\r?$)", b"", data)


# --- names -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Head:
    """The columns' names, which of them the file lacks, and what was changed."""

    names: list[str]
    unnamed: frozenset[str]
    surplus: frozenset[str]
    notes: tuple[str, ...]


def head_of(layout: Layout, options: ReadingOptions) -> Head:
    """Name as many columns as a row has cells."""
    cells, width = [cell.strip() for cell in layout.cells], layout.width
    while len(cells) > width and not cells[-1]:
        del cells[-1]
    if len(cells) > width:
        raise InvalidInput(
            f"Line {layout.lines} names {len(cells)} columns, but the rows have {width} cells."
        )
    n_named = len(cells) if cells else width
    written = cells + [""] * (width - len(cells))
    names, notes = distinct_names(written)
    unnamed = frozenset(name for name, cell in zip(names, written) if not cell)
    surplus = frozenset(names[n_named:])
    if options.names:
        names, notes = given_names(options.names, width), []
        unnamed = surplus = frozenset[str]()
    if not layout.cells:
        unnamed, notes = frozenset(names[-1:]), [_NO_HEADER]
    elif unnamed:
        notes = [note for note in notes if "without a name" not in note]  # said if they are kept
    return Head(names, unnamed, surplus, tuple(notes))


_NO_HEADER = "The first row is data, so the columns are called by their numbers."


# --- cells -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rows:
    """The bytes of a file's rows, and how they are split."""

    letters: memoryview
    layout: Layout
    quoted: bool

    @property
    def in_blocks(self) -> list[memoryview]:
        """The rows in blocks, where there are several and no cell hides an end of line."""
        if self.quoted or self.layout.dialect.escape or len(self.letters) < FEWEST_BLOCKS * BLOCK:
            return []
        blocks = cut(self.letters, BLOCK)
        return blocks if len(blocks) >= FEWEST_BLOCKS else []

    def split(self, letters: memoryview, block: int, head: Head, kept: list[str]) -> Table:
        """Let pyarrow make columns of strings of some rows."""
        arrow = optional("pyarrow", "Reading a text file")
        csv = optional("pyarrow.csv", "Reading a text file")
        with self._refusing() as handle:
            how = self._how(block, head, kept, handle, threads=len(letters) > block)
            return csv.read_csv(arrow.py_buffer(letters), *how)

    def batches(self, block: int, head: Head) -> Iterator[Table]:
        """Let pyarrow make tables of strings of all rows, one after the other."""
        arrow = optional("pyarrow", "Reading a text file")
        csv = optional("pyarrow.csv", "Reading a text file")
        with self._refusing() as handle:
            how = self._how(block, head, head.names, handle, threads=True)
            for batch in csv.open_csv(arrow.py_buffer(self.letters), *how):
                yield arrow.Table.from_batches([batch])

    @contextmanager
    def _refusing(self) -> Generator[Callable[[object], str]]:
        """What pyarrow calls for a row of another number of cells, which is refused."""
        ragged: list[object] = []

        def handle(row: object) -> str:
            ragged.append(row)
            return "error"

        try:
            yield handle
        except optional("pyarrow", "Reading a text file").ArrowInvalid:
            if ragged:
                raise Ragged from None
            raise

    def _how(
        self,
        block: int,
        head: Head,
        kept: list[str],
        handle: Callable[[object], str],
        threads: bool,
    ) -> tuple[object, object, object]:
        """How pyarrow reads, parses and converts."""
        arrow = optional("pyarrow", "Reading a text file")
        csv = optional("pyarrow.csv", "Reading a text file")
        dialect = self.layout.dialect
        parse = csv.ParseOptions(
            delimiter=dialect.sep or FREE,
            quote_char=dialect.quote,
            escape_char=dialect.escape or False,
            newlines_in_values=self.quoted,
            ignore_empty_lines=self.layout.width > 1,
            invalid_row_handler=handle,
        )
        convert = csv.ConvertOptions(
            check_utf8=False,  # it was checked before
            column_types=dict.fromkeys(head.names, arrow.string()),
            null_values=[""],
            strings_can_be_null=True,
            include_columns=kept,
        )
        read = csv.ReadOptions(column_names=head.names, block_size=block, use_threads=threads)
        return read, parse, convert


class Ragged(Exception):
    """A row has another number of cells."""


def rows_of(data: memoryview, layout: Layout) -> Rows:
    """The rows; where there is one column, an empty line is a gap, but not at the end."""
    rows = data[layout.start :]
    end = len(rows)
    while end and rows[end - 1] in END:
        end -= 1
    rows = rows[: end + 1] if end < len(rows) else rows
    if not len(rows):
        raise InvalidInput("It has names, but no row of data.")
    sep, quote = layout.dialect.sep, layout.dialect.quote
    quoted = _contains(rows, quote.encode())
    if sep and (quoted if quote == '"' else _contains(rows, b'"')):
        rows = _without_blanks_before_quotes(rows, sep)
    if quoted:
        _check_quotes(rows, layout)
    return Rows(rows, layout, quoted)


def _without_blanks_before_quotes(rows: memoryview, sep: str) -> memoryview:
    if not _contains(rows, f'{sep} "'.encode()):
        return rows
    mark = re.escape(sep.encode())
    return memoryview(re.sub(mark + rb' +"', (sep + '"').encode(), bytes(rows)))


def _contains(data: memoryview, letters: bytes) -> bool:
    """Whether some bytes occur; a chunk's last ones are seen again with the next chunk."""
    step = CHUNK - len(letters) + 1
    return any(letters in bytes(data[start : start + CHUNK]) for start in range(0, len(data), step))


def _check_quotes(rows: memoryview, layout: Layout) -> None:
    """Refuse a quotation mark that is opened and never closed, which eats the rows after it."""
    mark = layout.dialect.quote.encode()
    step = range(0, len(rows), CHUNK)
    if sum(bytes(rows[start : start + CHUNK]).count(mark) for start in step) % 2 == 0:
        return
    line = layout.dialect.unclosed(_lines(rows))
    if line is not None:
        raise InvalidInput(
            f"The row from line {layout.lines + line} on has a quotation mark that is never "
            "closed; mend it."
        )


def _parsed(rows: Rows, head: Head, kept: list[str]) -> Table:
    """Let pyarrow split all rows, in blocks that are as long as the longest row needs."""
    smallest = min(BLOCK_ROWS * rows.layout.row_bytes, LARGEST_BLOCK)
    for block in BLOCKS:
        try:
            return rows.split(rows.letters, max(block, smallest), head, kept)
        except optional("pyarrow", "Reading a text file").ArrowInvalid as error:
            if "straddling" not in str(error) or block == BLOCKS[-1]:
                raise
    raise AssertionError("one of the blocks returns or raises")


def ragged_row(rows: memoryview, layout: Layout) -> str:
    """Find the first row whose number of cells differs, and say its line."""
    done = layout.lines
    for row, read in layout.dialect.rows(_lines(rows)):
        if len(row) not in (0, layout.width):
            cells = "cell" if len(row) == 1 else "cells"
            return (
                f"Line {layout.lines + read} has {len(row)} {cells}, but most lines have "
                f"{layout.width}; mend the line, or name the separator and the quotes."
                if done + 1 >= layout.lines + read
                else f"The row from line {done + 1} to {layout.lines + read} has {len(row)} "
                f"{cells}, but most rows have {layout.width}; is a quotation mark missing?"
            )
        done = layout.lines + read
    return f"A row has another number of cells than {layout.width}."


def _lines(data: memoryview) -> Iterator[str]:
    """The lines one after the other; there may be more of them than the memory holds."""
    for block in cut(data, CHUNK):
        for line in bytes(block).splitlines(keepends=True):
            yield line.decode()


# --- columns ---------------------------------------------------------------------------------


def _table(made: _Columns, head: Head, layout: Layout, options: ReadingOptions) -> RawTable:
    """Name the columns; those without name and cell are left out."""
    if made.rows == 0:
        raise InvalidInput("It has no row of data.")
    columns, head = _with_row_names(made.columns, head)
    columns, notes = without_empty(columns, head, bool(layout.cells))
    if made.decimal == "," and not options.decimal:
        notes.append("The comma was read as the decimal mark.")
    return RawTable(columns, made.rows, "", tuple(notes), bool(layout.cells), made.decimal)


@dataclass(frozen=True, eq=False)
class _Columns:
    """Columns by name, their number of rows, and the decimal mark."""

    columns: dict[str, RawColumn]
    rows: int
    decimal: str


def _columns(
    rows: Rows, head: Head, options: ReadingOptions, columns: Collection[str] | None
) -> tuple[_Columns, str | None]:
    """Make columns of the rows; lines between and under them that are none are passed over."""
    wanted = {*head.names} if columns is None else {*columns, *head.unnamed}
    kept = [name for name in head.names if name in wanted]
    passed: str | None = None
    for end in (0, REMARKS, len(rows.letters)):  # what stands under the rows is found by their end
        left = without_remarks(rows.letters, rows.layout, end) if end else (rows.letters, None)
        if left is None:
            continue
        letters, passed = left
        try:
            return _of_rows(replace(rows, letters=letters), head, options, kept), passed
        except Ragged:
            continue
    raise InvalidInput(ragged_row(rows.letters, rows.layout))


def _of_rows(rows: Rows, head: Head, options: ReadingOptions, kept: list[str]) -> _Columns:
    return _by_blocks(rows, head, options, kept) or _at_once(rows, head, options, kept)


def _at_once(rows: Rows, head: Head, options: ReadingOptions, kept: list[str]) -> _Columns:
    """Split all rows, then make columns of the strings."""
    parsed = _parsed(rows, head, kept)
    m, names, cells = parsed.num_rows, parsed.column_names, parsed.columns
    del parsed
    auto = "." if rows.layout.dialect.sep == "," else decimal_mark(cells)
    decimal = options.decimal or auto

    def convert(number: int) -> RawColumn:
        column: ChunkedArray = cells[number]
        cells[number] = None  # so that its memory is free for the next
        if names[number] in options.texts:
            return text_of(column, options.na)
        return column_of(column, decimal, options.thousands, options.na)

    return _Columns(dict(zip(names, in_threads(convert, range(len(names))))), m, decimal)


def _by_blocks(rows: Rows, head: Head, options: ReadingOptions, kept: list[str]) -> _Columns | None:
    """Split and convert a block of rows at a time; None where a point may be no decimal mark."""
    blocks = rows.in_blocks
    if not blocks or options.decimal == "," or options.thousands == ".":
        return None

    def split(block: memoryview) -> Table:
        return rows.split(block, len(block) + 1, head, kept)

    certain = rows.layout.dialect.sep == "," or options.decimal is not None
    if not certain and decimal_mark(split(blocks[0]).columns) == ",":
        return None
    cells, m = columns_of_blocks(blocks, split, options.texts)
    words = [column for column in cells.values() if not isinstance(column, np.ndarray | None)]
    if not certain and decimal_mark(words) == ",":
        return None
    mixed = [name for name, column in cells.items() if column is None]
    again = _at_once(rows, head, options, mixed).columns if mixed else {}

    def convert(name: str) -> RawColumn:
        column = cells.pop(name)
        if isinstance(column, np.ndarray):
            return Numbers(column)
        if column is None:
            return again[name]
        if name in options.texts:
            return text_of(column, options.na)
        return column_of_words(column, ".", options.thousands, options.na)

    names = [*cells]
    return _Columns(dict(zip(names, in_threads(convert, names))), m, ".")


def _with_row_names(columns: dict[str, RawColumn], head: Head) -> tuple[dict[str, RawColumn], Head]:
    """Where a name is missing and the first column names or numbers the rows, that one lacks it.

    So R and pandas write the names of rows.
    """
    cells = [*columns.values()]
    last = len(cells) - 1
    if len(head.surplus) != 1 or cells[last].gaps.all() or not _names_rows(cells[0]):
        return columns, head
    names, _ = distinct_names(["", *head.names[:last]])
    first = frozenset(names[:1])
    head = replace(head, names=names, unnamed=head.unnamed - head.surplus | first)
    return dict(zip(names, cells)), replace(head, surplus=frozenset[str]())


def _names_rows(column: RawColumn) -> bool:
    """Whether texts all differ, or numbers count from 0 or 1 on."""
    if isinstance(column, Texts):
        return bool((column.counts <= 1).all()) and not column.gaps.any()
    assert isinstance(column, Numbers)
    return bool((np.diff(column.values) == 1).all()) and column.values[0] in (0, 1)


def without_empty(
    columns: dict[str, RawColumn], head: Head, header: bool
) -> tuple[dict[str, RawColumn], list[str]]:
    """Leave out columns that have neither a name nor a cell; the other nameless ones are said."""
    nameless = [name for name in columns if name in head.unnamed]
    empty = [name for name in nameless if columns[name].gaps.all()]
    filled = [name for name in nameless if name not in empty]
    for name in filled:
        if name in head.surplus:
            raise InvalidInput(
                "It has more cells in its rows than names in its first line; mend that line, or "
                "give all names with names."
            )
    notes = [f"Column {name} has neither name nor cells; it is left out." for name in empty]
    if header:
        notes += [f"A column without a name is called {name!r}." for name in filled]
    return {name: column for name, column in columns.items() if name not in empty}, notes
