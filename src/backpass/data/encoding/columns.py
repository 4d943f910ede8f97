"""A table's columns as numbers with gaps, levels and sparse text: what all input forms share.

Everything is found on training rows. Columns are taken in the order of their names, and what does
not vary in the training rows is left out, so that neither the order of a table's columns nor a
constant among them changes anything that follows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import DTypeLike
from scipy import sparse

from ...errors import InvalidInput, listed
from ..cells import count, quoted
from ..raw import Moments, Numbers, RawColumn, Texts
from ..threads import MANY_ROWS, in_threads
from .categories import Levels, fit_levels
from .dates import ELAPSED, Calendar, DatePart, Difference, differences_of, parts_of
from .numbers import NumberCells, Scale, fit_scale
from .texts import TermWeights, fit_terms

NUMBER, CATEGORY, DATE, TEXT = "number", "category", "date", "text"
CELLS: dict[str, type[RawColumn]] = {NUMBER: Numbers, CATEGORY: Texts, DATE: Moments, TEXT: Texts}
WORDS: dict[type[RawColumn], str] = {Numbers: "numbers", Texts: "text", Moments: "dates or times"}

Feature: TypeAlias = NumberCells | DatePart | Difference
Columns: TypeAlias = Mapping[str, RawColumn]


@dataclass(frozen=True, eq=False)
class FittedColumns:
    """Which numbers, levels and terms a table's columns have, as the training rows show them.

    Parameters
    ----------
    kinds : mapping from str to str
        The columns that are read, in the order of their names: "number", "category", "date" or
        "text".
    features : tuple of NumberCells, DatePart and Difference
        Each makes a number of a row.
    gaps : tuple of str
        Columns of numbers, dates or text of which some training rows, but not all, have gaps.
    levels : tuple of Levels
        A column of categories each.
    terms : tuple of TermWeights
        One or two sides of a column of text each.
    """

    kinds: Mapping[str, str]
    features: tuple[Feature, ...]
    gaps: tuple[str, ...]
    levels: tuple[Levels, ...]
    terms: tuple[TermWeights, ...]

    def __post_init__(self) -> None:
        """Refuse what does not fit together, as it may in a damaged file."""
        check_kinds(self.kinds)
        read = [(feature.columns, _kind_of(feature)) for feature in self.features]
        read += [((levels.column,), CATEGORY) for levels in self.levels]
        read += [((terms.column,), TEXT) for terms in self.terms]
        wrong = [names for names, kind in read for name in names if self.kinds.get(name) != kind]
        wrong += [(name,) for name in self.gaps if self.kinds.get(name, CATEGORY) == CATEGORY]
        if wrong:
            raise ValueError(f"the columns {wrong[0]!r} are not what is made of them")

    @cached_property
    def main(self) -> dict[str, int]:
        """The feature that is a column itself: its number, or how long ago its moment is."""
        return {
            feature.columns[0]: place
            for place, feature in enumerate(self.features)
            if isinstance(feature, NumberCells)
            or (isinstance(feature, DatePart) and feature.part == ELAPSED)
        }

    def check(self, table: Columns) -> int:
        """Return the number of rows of a table that has what is read."""
        missing = [name for name in self.kinds if name not in table]
        if missing:
            raise InvalidInput(
                f"The table lacks {count(len(missing), 'column')} of the model: {quoted(missing)}."
            )
        return _n_rows({name: table[name] for name in self.kinds}, self.kinds)

    def calendars(self, table: Columns) -> dict[str, Calendar]:
        """Return the calendars of the columns of dates, by name."""
        return _calendars(table, self.kinds)

    def codes(self, table: Columns, m: int) -> tuple[np.ndarray, dict[str, Counter[str]]]:
        """Return levels of shape (m, categories), −1 for none, and texts that have no level."""
        codes = np.empty((m, len(self.levels)), dtype=np.int32)
        unknown: dict[str, Counter[str]] = {}
        for place, levels in enumerate(self.levels):
            cells = table[levels.column]
            assert isinstance(cells, Texts)
            codes[:, place], unseen = levels.codes(cells)
            if unseen:
                unknown[levels.column] = unseen
        return codes, unknown

    def weights(self, table: Columns, dtype: DTypeLike) -> list[sparse.csr_matrix]:
        """Return the terms' weights, a matrix of m rows for each side of a column of text."""
        return [terms.rows(_texts(table, terms.column), dtype) for terms in self.terms]


def fit_columns(table: Columns, kinds: Mapping[str, str]) -> tuple[FittedColumns, list[Scale]]:
    """Find what the columns' numbers, levels and terms are.

    Parameters
    ----------
    table : mapping from str to Numbers, Texts or Moments
        The training rows.
    kinds : mapping from str to str
        The kind of each column to learn from.

    Returns
    -------
    columns : FittedColumns
        Columns that do not vary are not in it.
    scales : list of Scale
        Of the features.

    Raises
    ------
    InvalidInput
        If a column is missing, holds infinite numbers or other cells than its kind, or there is no
        row.
    """
    names = sorted(kinds)
    by_name = {name: str(kinds[name]) for name in names}  # a StrEnum's value
    check_kinds(by_name)
    if not _n_rows({name: _found(table, name) for name in names}, by_name):
        raise InvalidInput("The table has no rows.")
    of_kind = {kind: [name for name in names if kinds[name] == kind] for kind in CELLS}
    scaled = list(_scaled(table, of_kind))
    features, scales = [feature for feature, _ in scaled], [scale for _, scale in scaled]
    gaps = tuple(name for name in names if kinds[name] != CATEGORY and _some(table[name].gaps))
    levels = [fit_levels(name, _texts(table, name)) for name in of_kind[CATEGORY]]
    kept_levels = tuple(found for found in levels if found is not None)
    terms = tuple(t for name in of_kind[TEXT] for t in fit_terms(name, _texts(table, name)))
    used = {name for feature in features for name in feature.columns} | {*gaps}
    used |= {found.column for found in kept_levels} | {found.column for found in terms}
    read = {name: kind for name, kind in by_name.items() if name in used}
    return FittedColumns(read, tuple(features), gaps, kept_levels, terms), scales


def _scaled(table: Columns, of_kind: Mapping[str, list[str]]) -> Iterator[tuple[Feature, Scale]]:
    """The features that vary in the training rows, and their scales."""
    m = len(next(iter(table.values())))
    each = in_threads if m >= MANY_ROWS else map

    def numbers(name: str) -> list[tuple[Feature, Scale]]:
        return _varying(NumberCells(name), NumberCells(name).values(table))

    for found in each(numbers, of_kind[NUMBER]):
        yield from found
    calendars = _calendars(table, dict.fromkeys(of_kind[DATE], DATE))
    varying: list[str] = []
    for name, calendar in calendars.items():

        def part(of: DatePart) -> list[tuple[Feature, Scale]]:
            return _varying(of, of.values(calendars))

        parts = [found for several in each(part, parts_of(name, calendar)) for found in several]
        varying += [name] if parts else []
        yield from parts
    for difference in differences_of(varying):
        yield from _varying(difference, difference.values(calendars))


def _varying(feature: Feature, values: np.ndarray) -> list[tuple[Feature, Scale]]:
    """A feature and its scale, where its numbers vary."""
    infinite = np.isinf(values)
    if infinite.any():
        raise infinite_number(feature.name, int(infinite.argmax()))
    scale = fit_scale(values)
    return [] if scale is None else [(feature, scale)]


def check_kinds(kinds: Mapping[str, str]) -> None:
    """Raise for a kind of column that enters no network."""
    for name, kind in kinds.items():
        if kind not in CELLS:
            raise InvalidInput(
                f"Column {name!r} cannot be read as {kind!r}; there are {listed(CELLS)}."
            )


def _kind_of(feature: Feature) -> str:
    return NUMBER if isinstance(feature, NumberCells) else DATE


def _some(gaps: np.ndarray) -> bool:
    """Whether some cells are missing, but not all."""
    return bool(gaps.any()) and not bool(gaps.all())


def _texts(table: Columns, name: str) -> Texts:
    cells = table[name]
    assert isinstance(cells, Texts)
    return cells


def _found(table: Columns, name: str) -> RawColumn:
    """A column to learn from."""
    if name not in table:
        raise InvalidInput(f"The table has no column {name!r}.")
    return table[name]


def _calendars(table: Columns, kinds: Mapping[str, str]) -> dict[str, Calendar]:
    """The parts of each column of dates, by name."""
    found: dict[str, Calendar] = {}
    for name, kind in kinds.items():
        cells = table[name]
        if kind == DATE and isinstance(cells, Moments):
            found[name] = Calendar(cells.values)
    return found


def _n_rows(columns: Columns, kinds: Mapping[str, str]) -> int:
    """The rows of columns, all of the same number and of their kind's cells."""
    lengths: dict[int, str] = {}
    for name, cells in columns.items():
        if not isinstance(cells, CELLS[kinds[name]]):
            raise InvalidInput(
                f"Column {name!r} is read as {WORDS[CELLS[kinds[name]]]}, but holds "
                f"{WORDS.get(type(cells), 'something else')}."
            )
        lengths.setdefault(len(cells), name)
    if len(lengths) > 1:
        (one, first), (other, second) = list(lengths.items())[:2]
        raise InvalidInput(
            f"Column {first!r} has {count(one, 'row')}, but column {second!r} has {other}."
        )
    return next(iter(lengths), 0)


def infinite_number(name: str, row: int) -> InvalidInput:
    """The error of an infinite number."""
    return InvalidInput(
        f"Column {name!r} holds an infinite number in row {row} (the first row is 0)."
    )
