"""What reading a table gives and knowing it takes: each column's cells, as its source has them.

A column of numbers, of texts, of moments, or of something that no network learns from. Texts are
held as distinct ones and their places, so that whatever is asked of them is asked once of each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np

GAP = -1  # the code of a cell that is empty


@dataclass(frozen=True, eq=False)
class Numbers:
    """Cells that the source itself holds as numbers or truth values.

    Parameters
    ----------
    values : ndarray of shape (m,)
        Of bool, of whole numbers (64 bits), or of float64, where NaN is a gap.

    Examples
    --------
    >>> Numbers(np.array([1.0, np.nan])).gaps.tolist()
    [False, True]
    """

    values: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    @property
    def gaps(self) -> np.ndarray:
        """Whether each cell is missing, shape (m,)."""
        if self.values.dtype.kind == "f":
            return np.isnan(self.values)
        return np.zeros(len(self.values), dtype=bool)

    def take(self, rows: np.ndarray | slice) -> Numbers:
        """Return some rows."""
        return Numbers(self.values[rows])


@dataclass(frozen=True, eq=False)
class Texts:
    """Cells that are text: distinct ones, and which of them each row has.

    Parameters
    ----------
    codes : ndarray of shape (m,), int32
        Places in the vocabulary; −1 where the cell is missing.
    vocabulary : tuple of str
        Distinct texts, as they are written; of a part of the rows, those of others may be there.
    categories : bool
        Whether the source says that the texts are some categories.

    Examples
    --------
    >>> texts = Texts.of(["red", None, "blue", "red"])
    >>> texts.vocabulary, texts.codes.tolist(), texts.counts.tolist()
    (('red', 'blue'), [0, -1, 1, 0], [2, 1])
    >>> texts.mapped(str.upper).cells()
    ['RED', None, 'BLUE', 'RED']
    """

    codes: np.ndarray
    vocabulary: tuple[str, ...]
    categories: bool = False

    @classmethod
    def of(cls, cells: Sequence[str | None], categories: bool = False) -> Texts:
        """Make it of cells, None for a gap; the vocabulary is in the order of appearance."""
        places: dict[str | None, int] = {None: GAP}
        codes = [places.setdefault(cell, len(places) - 1) for cell in cells]
        del places[None]
        return cls(
            np.array(codes, dtype=np.int32), tuple(p for p in places if p is not None), categories
        )

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def gaps(self) -> np.ndarray:
        """Whether each cell is missing, shape (m,)."""
        return self.codes == GAP

    @cached_property
    def counts(self) -> np.ndarray:
        """How often each text of the vocabulary occurs."""
        filled = self.codes[self.codes != GAP] if (self.codes == GAP).any() else self.codes
        return np.bincount(filled, minlength=len(self.vocabulary))

    def take(self, rows: np.ndarray | slice) -> Texts:
        """Return some rows; the vocabulary stays."""
        return replace(self, codes=self.codes[rows])

    def cells(self) -> list[str | None]:
        """Return each row's text, None for a gap."""
        return [None if code == GAP else self.vocabulary[code] for code in self.codes.tolist()]

    def mapped(self, function: Callable[[str], str | None]) -> Texts:
        """Return the texts that a function makes of these; where it makes None there is a gap."""
        made = Texts.of([function(text) for text in self.vocabulary])
        codes = np.append(made.codes, np.int32(GAP))[self.codes]  # the last is a gap's
        return Texts(codes, made.vocabulary, self.categories)

    def numbers(self, function: Callable[[str], float | None]) -> np.ndarray:
        """Return the numbers that a function reads in the cells, float64; NaN where in none."""
        read = [function(text) for text in self.vocabulary]
        values = np.array([np.nan if x is None else x for x in read] + [np.nan], dtype=np.float64)
        return values[self.codes]


@dataclass(frozen=True, eq=False)
class Moments:
    """Cells that the source itself holds as dates or times.

    Parameters
    ----------
    values : ndarray of shape (m,), datetime64[us]
        In universal time where the source names a zone; NaT is a gap.

    Examples
    --------
    >>> Moments(np.array(["2024-02-29", "NaT"], "datetime64[us]")).gaps.tolist()
    [False, True]
    """

    values: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    @property
    def gaps(self) -> np.ndarray:
        """Whether each cell is missing, shape (m,)."""
        return np.isnat(self.values)

    def take(self, rows: np.ndarray | slice) -> Moments:
        """Return some rows."""
        return Moments(self.values[rows])


@dataclass(frozen=True, eq=False)
class Others:
    """Cells that are neither numbers nor text: lists, structures, binary data.

    Parameters
    ----------
    what : str
        What they are, for a message: "lists of numbers".
    gaps : ndarray of shape (m,), bool
        Whether each cell is missing.

    Examples
    --------
    >>> len(Others("lists", np.zeros(3, dtype=bool)))
    3
    """

    what: str
    gaps: np.ndarray

    def __len__(self) -> int:
        return len(self.gaps)

    def take(self, rows: np.ndarray | slice) -> Others:
        """Return some rows."""
        return replace(self, gaps=self.gaps[rows])


RawColumn: TypeAlias = Numbers | Texts | Moments | Others


@dataclass(frozen=True, eq=False)
class RawTable:
    """A table's columns by name, and what was found out or changed while it was read.

    Parameters
    ----------
    columns : mapping from str to Numbers, Texts, Moments or Others
        All of one length; the names are distinct and not empty.
    rows : int
        m.
    source : str
        Where the table comes from, as a message names it.
    notes : tuple of str
        A sentence each for what the reader guessed or changed, for people: a separator other than
        the usual one, an encoding, lines that were passed over, a column that was renamed.
    header : bool
        Whether the source names its columns; otherwise they are called "1", "2", ….
    decimal : {".", ","}
        The decimal mark of those texts that hold numbers with a sign, as "3,50 €".

    Examples
    --------
    >>> table = RawTable({"a": Numbers(np.array([1, 2]))}, 2, "t.csv")
    >>> table.take(np.array([1])).columns["a"].values
    array([2])
    """

    columns: Mapping[str, RawColumn]
    rows: int
    source: str = ""
    notes: tuple[str, ...] = field(default=())
    header: bool = True
    decimal: str = "."

    def take(self, rows: np.ndarray | slice) -> RawTable:
        """Return some rows."""
        columns = {name: column.take(rows) for name, column in self.columns.items()}
        m = len(next(iter(columns.values()))) if columns else len(np.arange(self.rows)[rows])
        return replace(self, columns=columns, rows=m)
