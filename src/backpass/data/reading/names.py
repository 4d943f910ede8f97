"""The columns' names: distinct, none of them empty, and a word where a source's are not."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import InvalidInput, listed


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
