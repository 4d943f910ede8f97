"""What the columns are called: whether a first row names them, whether a second holds units.

That is told by the rows below. A name differs from what it names: text over numbers or dates. A
first row of the same kind as the others is data, but for names that are numbers themselves, as
years or 0, 1, 2, … are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from ...errors import InvalidInput, listed

Rows = Sequence[Sequence[str]]

MOST_ROWS, FEWEST_ROWS, MOST_CELLS = 500, 20, 1 << 15  # that are looked at
MOST = 0.8  # of a column's filled cells are of its kind
YEAR = 1000  # names that are numbers are as large, or follow on each other
LONGEST_UNIT = 16  # letters
FEWEST_UNITS = 2  # that are units, or types, whatever stands over text beside them
GAPS = {"", "?", "-", "--", ".", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "missing"} | {
    *("unknown", "n.a.", "nd", "n/d", "k.a.", "unbekannt", "tbd", "not available", "*", "\\n"),
}
SIGN = r"[$€£¥₹]|USD|EUR|GBP|CHF"
NUMBER = re.compile(
    rf"\(?[-+−]?\s*(?:{SIGN})?\s*[-+−]?(?:\d[\d.,' \u00a0\u202f_]*|\.\d+)(?:[eE][-+]?\d+)?"
    rf"\s*(?:%|‰|{SIGN})?\)?|[-+]?inf(?:inity)?",
    re.IGNORECASE,
)
DATE = re.compile(
    r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}(?:[T ]+\d{1,2}:\d{2}.*)?|"
    r"\d{1,2}:\d{2}(?::\d{2}.*)?|\d{4}-\d{2}"
)


def has_header(rows: Rows) -> bool:
    """Whether the first of some rows names the columns.

    Parameters
    ----------
    rows : sequence of rows of str
        The first rows of a table, all of one length.

    Examples
    --------
    >>> has_header([["length", "kind"], ["4.9", "alba"]])
    True
    >>> has_header([["5.1", "brevis"], ["4.9", "alba"]])
    False
    """
    if len(rows) < 2:
        return not any(_kind(cell) for cell in rows[0] if _kind(cell) != "text")
    columns = _columns(rows[1:])
    votes = Counter(_vote(cell, column) for cell, column in zip(rows[0], columns))
    if votes["data"] and _counts_on(
        rows[0], columns, enough=2 if votes["name"] or votes["new"] else 3
    ):
        return True
    if votes["name"] or votes["data"]:
        return votes["name"] > 0 and votes["name"] >= votes["data"]
    return 2 * votes["again"] < max(1, votes.total() - votes[""])


def has_units(rows: Rows) -> bool:
    """Whether the first of some rows, which follow on the names, holds units and no data.

    Examples
    --------
    >>> has_units([["m/s", "°C"], ["9.9", "3.0"], ["3.1", "7.2"]])
    True
    """
    if len(rows) < 3 or any(_kind(cell) in ("number", "date") for cell in rows[0]):
        return False
    columns = _columns(rows[1:])
    numbers = [_kind_of(column) == "number" for column in columns]
    over = [
        _over_numbers(cell) if number else _over_text(cell, column)
        for cell, column, number in zip(rows[0], columns, numbers)
    ]
    units = over.count("unit")
    if units >= FEWEST_UNITS and units == sum(numbers):  # "float, float, str": words, too
        return "data" not in over
    return units > 0 and "data" not in over and "word" not in over


def has_groups(rows: Rows) -> bool:
    """Whether the first of some rows groups the names, which stand in the second.

    Examples
    --------
    >>> has_groups([["size", "", "kind"], ["length", "width", "name"], ["4.9", "3.0", "alba"]])
    True
    >>> has_groups([["length", "width", "kind"], ["cm", "cm", ""], ["4.9", "3.0", "alba"]])
    False
    """
    if len(rows) < 3:
        return False
    above, names = ([cell.strip() for cell in row] for row in rows[:2])
    if len({*above} - {""}) == len(above) or len({*names} - {""}) < len(names):
        return False
    if any(_kind(cell) != "text" for cell in names) or {_kind(c) for c in above} - {"", "text"}:
        return False
    columns = _columns(rows[2:])
    kinds = [_kind_of(column) for column in columns]
    new = [not column or name not in column for name, column in zip(names, columns)]
    return all(new) and "number" in kinds and "text" in kinds


def _columns(rows: Rows) -> list[list[str]]:
    most = min(MOST_ROWS, max(FEWEST_ROWS, MOST_CELLS // max(1, len(rows[0]))))
    return [[cell.strip() for cell in column] for column in zip(*rows[:most])]


def _kind(cell: str) -> str:
    """What a cell looks like; an empty string for a gap."""
    cell = cell.strip()
    if cell.lower() in GAPS:
        return ""
    if DATE.fullmatch(cell):
        return "date"
    return "number" if NUMBER.fullmatch(cell) else "text"


def _kind_of(column: list[str]) -> str:
    """What nearly all filled cells of a column look like; text where they differ."""
    kinds = Counter(_kind(cell) for cell in column)
    del kinds[""]
    if not kinds:
        return ""
    kind, often = kinds.most_common(1)[0]
    return kind if often >= MOST * kinds.total() else "text"


def is_text_under_numbers(cell: str, column: Sequence[str]) -> bool:
    """Whether a cell is text and the column over it one of numbers or dates, as its start tells.

    Examples
    --------
    >>> is_text_under_numbers("Source: the lab", ["4.9", "3.5"])
    True
    """
    above = _kind_of([each.strip() for each in column[:MOST_ROWS]])
    return above in ("number", "date") and _kind(cell) == "text"


def _vote(cell: str, column: list[str]) -> str:
    """What a cell over a column speaks for: a name, data, text that occurs again, or nothing."""
    here, below = _kind(cell), _kind_of(column)
    if not here or not below:
        return ""
    if below == "text":
        return _vote_of_text(cell.strip(), column) if here == "text" else ""
    if here == "number" == below:
        return "" if _is_whole(cell) and not any(map(_is_whole, column)) else "data"
    return "data" if here == below else "name"


def _vote_of_text(cell: str, column: list[str]) -> str:
    """Text that occurs again is data; one that does not, where the others do, may be a name."""
    if cell in column:
        return "again"
    return "new" if 2 * len({*column}) <= len(column) else ""


def _is_whole(cell: str) -> bool:
    return bool(re.fullmatch(r"\d{1,9}", cell.strip()))


def _counts_on(cells: Sequence[str], columns: list[list[str]], enough: int) -> bool:
    """Whether the numbers among the cells are names, each as much larger than the one before.

    Where nothing else speaks for names, they count from 0 or 1 on over numbers that are not whole.
    """
    numbers = [int(cell) for cell in cells if _is_whole(cell)]
    steps = {after - before for before, after in pairwise(numbers)}
    again = any(c.strip() in column for c, column in zip(cells, columns) if not _is_whole(c))
    if len(numbers) < enough or len(steps) != 1 or min(steps) < 1 or again:
        return False
    if len(numbers) < len(cells):
        return numbers[0] >= YEAR or steps == {1}
    whole = all(_is_whole(cell) for column in columns for cell in column)
    return numbers[0] in (0, 1) and steps == {1} and not whole


def _over_numbers(cell: str) -> str:
    kind = _kind(cell)
    if kind == "text" and len(cell.strip()) <= LONGEST_UNIT:
        return "unit"
    return "data" if kind or cell.strip() not in ("", "-") else ""


def _over_text(cell: str, column: list[str]) -> str:
    """A unit stands over no text: an empty cell, a dash, or a word in brackets does."""
    cell = cell.strip()
    if cell in column:
        return "data" if cell else ""
    return "word" if _kind(cell) and not re.fullmatch(r"[\[(].*[\])]", cell) else ""


# --- distinct names --------------------------------------------------------------------------


def distinct_names(cells: Sequence[str]) -> tuple[list[str], list[str]]:
    """Make names of the cells of a header, and notes on those that were changed.

    Parameters
    ----------
    cells : sequence of str
        A name that occurs again gets a number ("grip.1"), an empty one the column's number.

    Examples
    --------
    >>> distinct_names(["grip", "", "grip"])[0]
    ['grip', '2', 'grip.1']
    """
    written = [cell.strip() for cell in cells]
    taken: set[str] = {*written}
    seen: set[str] = set()
    names: list[str] = []
    for number, name in enumerate(written, start=1):
        wanted = name or str(number)
        if wanted in seen or (not name and wanted in taken):
            wanted = _free(wanted, taken)
        seen.add(wanted)
        taken.add(wanted)
        names.append(wanted)
    return names, _notes(written, names)


def _free(name: str, taken: set[str]) -> str:
    number = 1
    while f"{name}.{number}" in taken:
        number += 1
    return f"{name}.{number}"


def _notes(written: list[str], names: list[str]) -> list[str]:
    changed = [(old, new) for old, new in zip(written, names) if old != new]
    again = [f"{new!r}" for old, new in changed if old]
    notes = [f"Names that occur again were numbered: {listed(again[:8])}."] if again else []
    empty = [f"{new!r}" for old, new in changed if not old]
    return notes + ([f"Columns without a name are called {listed(empty[:8])}."] if empty else [])


def given_names(names: Sequence[str], width: int) -> list[str]:
    """Check the names that a user gave for a table of so many columns."""
    if len(names) != width:
        raise InvalidInput(f"names has {len(names)} names, but the table has {width} columns.")
    if len({*names}) != width or not all(names):
        raise InvalidInput("names must be distinct, and none of them empty.")
    return [*names]
