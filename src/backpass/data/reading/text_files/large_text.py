"""Text files larger than memory: tables of some of their rows, one after the other."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np

from ....errors import InvalidInput
from ...raw import Others, RawTable
from ..how import ReadingOptions
from .encodings import in_utf8
from .layout import find_layout
from .plain_numbers import column_of, decimal_mark, text_of
from .separated import (
    SAID,
    WRITTEN,
    Head,
    Ragged,
    Rows,
    head_of,
    ragged_row,
    rows_of,
    without_empty,
)

BLOCK = 1 << 24  # bytes


@dataclass(frozen=True, eq=False)
class LargeText:
    """A text file that is read block by block, as often as is asked.

    Parameters
    ----------
    rows : Rows
        The bytes of its rows, which are looked at where they lie.
    head : Head
        The columns' names.
    options : ReadingOptions
        What the user says.
    decimal : {".", ","}
        The decimal mark.
    guessed : str or None
        A sentence on the separator, where it is not the usual one.
    """

    rows: Rows
    head: Head
    options: ReadingOptions
    decimal: str
    guessed: str | None

    @classmethod
    def of(cls, data: memoryview, options: ReadingOptions, tabs: bool = False) -> LargeText:
        """Find out how a file is laid out.

        Raises
        ------
        InvalidInput
            If it is stored or laid out in a way that takes the whole of it to read.
        """
        view = in_utf8(data) if options.encoding in (None, "utf-8") else None
        if view is None:
            raise InvalidInput(
                "It is no UTF-8, as a file larger than memory has to be; save it so."
            )
        sep = None if options.sep is None else WRITTEN.get(options.sep, options.sep)
        options = replace(options, sep=sep)
        if options.comment or len((sep or ",").encode()) > 1:
            raise InvalidInput(
                "Comments, and separators of several letters, are only read of a file that fits "
                "into memory; save it without them."
            )
        layout = find_layout(view, options, tabs)
        if layout.dialect.sep == " ":
            raise InvalidInput(
                "Blanks separate its cells, as is only read of a file that fits into memory; save "
                "it with commas."
            )
        rows, head = rows_of(view, layout), head_of(layout, options)
        first = next(rows.batches(BLOCK, head), None)
        auto = "." if layout.dialect.sep == "," or first is None else decimal_mark(first.columns)
        guessed = None if tabs or options.sep else SAID.get(layout.dialect.sep)
        return cls(rows, head, options, options.decimal or auto, guessed)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found out about it, for people."""
        comma = self.decimal == "," and not self.options.decimal
        said = ("The comma was read as the decimal mark.",) if comma else ()
        guessed = (self.guessed,) if self.guessed else ()
        return (*guessed, *self.rows.layout.notes, *self.head.notes, *said)

    def left_out(self, empty: Collection[str]) -> tuple[str, ...]:
        """Return columns that have neither a name nor a cell; a cell beyond the names is an error.

        Parameters
        ----------
        empty : collection of str
            Columns without any cell.
        """
        names = self.head.unnamed if self.rows.layout.cells else frozenset[str]()
        cells = {name: Others("", np.array([name in empty])) for name in self.head.names}
        without_empty({**cells}, self.head, bool(self.rows.layout.cells))
        return tuple(name for name in names if name in empty)

    def blocks(self, texts: Collection[str] = ()) -> Iterator[RawTable]:
        """Read all rows; the cells of some columns stay as they are written.

        Raises
        ------
        InvalidInput
            If a row has another number of cells than the others.
        """
        options, layout = self.options, self.rows.layout
        asis = {*texts, *options.texts}
        try:
            for table in self.rows.batches(BLOCK, self.head):
                columns = {
                    name: text_of(cells, options.na)
                    if name in asis
                    else column_of(cells, self.decimal, options.thousands, options.na)
                    for name, cells in zip(table.column_names, table.columns)
                }
                made = RawTable(columns, table.num_rows, header=bool(layout.cells))
                yield replace(made, decimal=self.decimal)
        except Ragged:
            raise InvalidInput(ragged_row(self.rows.letters, layout)) from None
