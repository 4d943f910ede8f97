"""What separates and quotes the cells of a text file: clevercsv's answer, where it is one.

Of 48 dialects drawn here (numbers, dates, sentences, decimal commas; four separators, with header
and without) and 37 files of people, clevercsv took all for what they are, csv.Sniffer 81, and
pandas, which shows csv.Sniffer the first line alone, 73: decimal commas, bars and comments misled
them. clevercsv splits the text in every way that is possible and weighs how regular the rows are
and how many cells have a type; 64 kB take it some 40 ms. Whoever reads the file then checks that
every row has the same number of cells.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ....errors import InvalidInput
from ....extras import optional

SEPARATORS = ",;\t|:~^ \x01\x1c\x1d\x1e\x1f"  # what people put between cells
SAMPLE = 1 << 16  # bytes
FEWEST_LINES = 3  # however long they are
LONGEST_CELL = (1 << 31) - 1  # what a C long holds everywhere
LONG_WORD = re.compile(r"(\w{64})\w+")  # clevercsv's patterns take time with its length squared
REGULAR = 0.9  # of the rows have one number of cells where blanks separate them


@dataclass(frozen=True)
class Dialect:
    """What separates and quotes cells.

    Parameters
    ----------
    sep : str
        One character; a blank stands for any number of blanks and tabulators, and an empty string
        says that there is one column.
    quote : str
        The quotation mark.
    escape : str
        What stands before a quotation mark inside a quoted cell, where it isn't doubled.
    """

    sep: str
    quote: str = '"'
    escape: str = ""

    def rows(self, lines: Iterable[str]) -> Iterator[tuple[list[str], int]]:
        """Split lines into rows of cells; with each, how many lines have been read by then.

        Raises
        ------
        InvalidInput
            If a cell is longer than a text may be, or a quotation mark makes no sense.
        """
        squeezed = (" ".join(line.split()) + "\n" for line in lines)
        reader = csv.reader(
            squeezed if self.sep == " " else lines,
            delimiter=self.sep or "\x1f",
            quotechar=self.quote,
            doublequote=not self.escape,
            escapechar=self.escape or None,
            skipinitialspace=True,
        )
        while True:
            try:
                with _cells_of_any_length():
                    row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise InvalidInput(f"Line {reader.line_num} cannot be read: {error}.") from None
            yield row, reader.line_num

    def unclosed(self, lines: Iterable[str]) -> int | None:
        """The line where the last row begins, if a quotation mark in it is never closed."""
        reader = csv.reader(lines, delimiter=self.sep or "\x1f", quotechar=self.quote, strict=True)
        done = 0
        while True:
            try:
                with _cells_of_any_length():
                    next(reader)
            except StopIteration:
                return None
            except csv.Error as error:
                return done + 1 if "unexpected end of data" in str(error) else None
            done = reader.line_num


@contextmanager
def _cells_of_any_length() -> Generator[None]:
    """Lift the csv module's limit, which is one for the whole process, for a moment."""
    limit = csv.field_size_limit(LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def find_dialect(lines: Sequence[str], sep: str | None = None) -> Dialect:
    """Find out what separates and quotes the cells of some lines.

    Parameters
    ----------
    lines : sequence of str
        The first lines of the table, comments and titles left out, with their ends.
    sep : str, optional
        The separator, where it is known.

    Examples
    --------
    >>> find_dialect(["a;b\\n", "1,5;x\\n", "2,25;y\\n"]).sep
    ';'
    """
    sample = "".join(lines[: _n_lines(lines)])
    found = _sniffed(sample)
    quote = found.quote or '"'
    if sep is not None:
        return Dialect(sep, quote, found.escape)
    if found.sep in ("", "\t") and _in_columns(lines) and _regular(Dialect(" ", quote), lines):
        return Dialect(" ", quote)  # blanks between cells, and a tabulator here and there
    if found.sep not in SEPARATORS:
        return Dialect("")
    if found.sep == " ":
        plain = [Dialect(mark, quote) for mark in ";\t|," if mark != "," or _names_with(lines)]
        for each in plain:  # what people see between cells goes before the blanks in them
            if _regular(each, lines):
                return each
        if not _regular(Dialect(" ", quote), lines):
            return Dialect("")  # one column of sentences
    return Dialect(found.sep, quote, found.escape)


def _names_with(lines: Sequence[str]) -> bool:
    """Whether commas part names in the first line, where blanks would part 1,5 from 2,5."""
    first = next((line for line in lines if line.strip()), "")
    return "," in first and all(re.search(r"[^\W\d_]", cell) for cell in first.split(","))


def _n_lines(lines: Sequence[str]) -> int:
    """How many lines are a sample."""
    size = 0
    for number, line in enumerate(lines):
        size += len(line)
        if size > SAMPLE and number >= FEWEST_LINES:
            return number
    return len(lines)


def _sniffed(sample: str) -> Dialect:
    """Ask clevercsv; where it finds nothing there is one column."""
    clevercsv = optional("clevercsv", "Reading a text file")
    try:
        found = clevercsv.Sniffer().sniff(LONG_WORD.sub(r"\1", sample), verbose=False)
        return Dialect(found.delimiter or "", found.quotechar or "", found.escapechar or "")
    except Exception:  # its own error, or what it stumbles over in a text without any order
        return Dialect("")


def _in_columns(lines: Sequence[str]) -> bool:
    """Whether nearly all lines have blanks side by side, as between columns of one width."""
    filled = [line for line in lines if line.strip()]
    return sum("  " in line.strip() for line in filled) >= REGULAR * len(filled)


def _regular(dialect: Dialect, lines: Sequence[str]) -> bool:
    """Whether nearly all rows have the same number of cells, and more than one."""
    try:
        counts = Counter(len(row) for row, _ in dialect.rows(lines) if row)
    except InvalidInput:
        return False
    if not counts:
        return False
    width, often = counts.most_common(1)[0]
    return width > 1 and often >= REGULAR * counts.total()
