"""Blocks of the rows of one table: put together again, and the rows that tell most of it.

A table larger than memory becomes known by a sample of its rows, and by those rows that have what
the sample lacks: a column's ends, its gaps, its rarer words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from ..raw import GAP, Moments, Numbers, Others, RawColumn, RawTable, Texts

MOST_WORDS = 10_000  # different ones of a column that are looked for
MOST_NUMBERS = 256  # different ones of a column; with more it is a quantity
ROWS_A_WORD = 2  # of one row alone a category is rare


def joined(tables: Sequence[RawTable]) -> RawTable:
    """Put the rows of tables of the same columns below each other.

    Examples
    --------
    >>> one = RawTable({"a": Texts.of(["x", "y"])}, 2)
    >>> other = RawTable({"a": Texts.of(["y", "z"])}, 2)
    >>> joined([one, other]).columns["a"].cells()
    ['x', 'y', 'y', 'z']
    """
    first = tables[0]
    columns = {name: _joined([table.columns[name] for table in tables]) for name in first.columns}
    return replace(first, columns=columns, rows=sum(table.rows for table in tables))


def _joined(columns: Sequence[RawColumn]) -> RawColumn:
    if len({type(column) for column in columns}) > 1:  # whole numbers, and ones too long for it
        columns = [as_texts(column) for column in columns]
    if all(isinstance(column, Texts) for column in columns):
        return _joined_texts([column for column in columns if isinstance(column, Texts)])
    if isinstance(columns[0], Others):
        return replace(columns[0], gaps=np.concatenate([column.gaps for column in columns]))
    values = np.concatenate([c.values for c in columns if isinstance(c, Numbers | Moments)])
    return Numbers(values) if isinstance(columns[0], Numbers) else Moments(values)


def as_texts(column: RawColumn) -> Texts:
    """Return numbers as text, a whole one without its point; others than texts are gaps."""
    if isinstance(column, Texts):
        return column
    if not isinstance(column, Numbers):
        return Texts(np.full(len(column), GAP, dtype=np.int32), ())
    cells = zip(column.values.tolist(), column.gaps.tolist())
    return Texts.of([None if gap else _written(value) for value, gap in cells])


def _written(value: float) -> str:
    """Truth values and whole numbers as they are, others with the digits that they need."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _joined_texts(columns: Sequence[Texts]) -> Texts:
    """Join vocabularies; of each, what no row has is left out."""
    places: dict[str, int] = {}
    codes: list[np.ndarray] = []
    for column in columns:
        place_of = np.full(len(column.vocabulary) + 1, GAP, dtype=np.int32)  # the last is a gap's
        for used in np.flatnonzero(column.counts).tolist():
            place_of[used] = places.setdefault(column.vocabulary[used], len(places))
        codes.append(place_of[column.codes])
    return Texts(np.concatenate(codes), tuple(places), any(each.categories for each in columns))


class Telling:
    """Finds rows that hold what no row before them held.

    Parameters
    ----------
    quantities : collection of str
        Columns of numbers of which too many differ to look for each.
    """

    def __init__(self, quantities: Collection[str] = ()) -> None:
        self.quantities: set[str] = {*quantities}
        self._ends: dict[str, tuple[float, float]] = {}
        self._gaps: set[str] = set()
        self._words: dict[str, Counter[object]] = {}

    def rows(self, table: RawTable) -> np.ndarray:
        """Return the numbers of the rows of a block that tell something new, ascending."""
        found: set[int] = set()
        for name, column in table.columns.items():
            gaps = column.gaps
            if name not in self._gaps and gaps.any():
                self._gaps.add(name)
                found.add(int(gaps.argmax()))
            if isinstance(column, Texts):
                found |= self._of_words(name, column.codes, list(column.vocabulary))
            elif isinstance(column, Numbers | Moments) and not gaps.all():
                found |= self._of_values(name, column, gaps)
        return np.array(sorted(found), dtype=np.intp)

    def _of_values(self, name: str, column: Numbers | Moments, gaps: np.ndarray) -> set[int]:
        """Rows with a new end of a column; of few different numbers, with each of them."""
        values = column.values.view(np.int64) if isinstance(column, Moments) else column.values
        there = np.flatnonzero(~gaps)
        filled = values[there]
        low, high = self._ends.get(name, (np.inf, -np.inf))
        least, most = int(filled.argmin()), int(filled.argmax())
        found = {int(there[least])} if filled[least] < low else set[int]()
        found |= {int(there[most])} if filled[most] > high else set[int]()
        self._ends[name] = (min(low, float(filled[least])), max(high, float(filled[most])))
        if isinstance(column, Moments) or name in self.quantities:
            return found
        different, places = np.unique(filled, return_inverse=True)
        if len(self._words.get(name, ())) + len(different) > 2 * MOST_NUMBERS:
            self.quantities.add(name)
            return found
        rows = self._of_words(name, places, different.tolist())
        return found | {int(there[row]) for row in rows}

    def _of_words(self, name: str, codes: np.ndarray, words: Sequence[object]) -> set[int]:
        """Rows with a word that fewer rows had so far than tell it from a rare one."""
        seen = self._words.setdefault(name, Counter())
        if len(seen) > MOST_WORDS:
            return set()
        new = np.array([seen[word] < ROWS_A_WORD for word in words] + [False])  # the last: a gap
        found: set[int] = set()
        for row in np.flatnonzero(new[codes]).tolist():
            word = words[codes[row]]
            if seen[word] < ROWS_A_WORD and len(seen) <= MOST_WORDS:
                seen[word] += 1
                found.add(row)
        return found
