"""Rows that are no data: the names again, as in joined files, and sums or remarks at the end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..cells import count
from ..raw import GAP, RawColumn, RawTable, Texts

MOST = 20  # rows at the end
SAMPLED = 500  # different texts that are looked at
MOST_ARE = 0.8  # of them numbers
MOST_LETTERS = 3  # of a number's unit, or as many as digits
TOTALS = {
    *("total", "totals", "grand total", "subtotal", "sum", "average", "mean", "summe", "gesamt"),
    *("gesamtsumme", "insgesamt", "mittelwert", "durchschnitt", "somme", "total général"),
    *("moyenne", "totale", "suma", "soma", "promedio", "totaal", "итого", "всего", "合計", "合计"),
}
REMARKS = "*(†‡#[-–—"  # what a remark begins with


def without_surplus_rows(table: RawTable) -> RawTable:
    """Leave out rows that repeat the names, and sums, remarks and empty rows at the end.

    Parameters
    ----------
    table : RawTable
        As it was read.

    Returns
    -------
    RawTable
        With a note where rows were left out.

    Examples
    --------
    >>> from backpass.data.raw import Texts
    >>> city = Texts.of(["Ulm", "city", "Rom", "Total"])
    >>> table = RawTable({"city": city, "n": Texts.of(["3", "n", "4", "7"])}, 4)
    >>> left = without_surplus_rows(table)
    >>> left.columns["n"].cells(), left.notes[-1]
    (['3', '4'], "The last row, 'Total', sums the others up and was left out.")
    """
    again = _names_again(table)
    if again.any():
        note = f"The names stand over {count(int(again.sum()), 'further row')} again; left out."
        table = _kept(table, ~again, note)
    return _without_end(table)


def _kept(table: RawTable, rows: np.ndarray | slice, note: str) -> RawTable:
    """Some rows of a table; texts that none of them has are no more in the vocabularies."""
    left = table.take(rows)
    columns = {name: _occurring(column) for name, column in left.columns.items()}
    return replace(left, columns=columns, notes=(*table.notes, note))


def _occurring(column: RawColumn) -> RawColumn:
    if not isinstance(column, Texts) or (column.counts > 0).all():
        return column
    places, codes = np.unique(column.codes, return_inverse=True)
    gaps = int(places[0] == GAP)
    vocabulary = tuple(column.vocabulary[place] for place in places[gaps:].tolist())
    return Texts((codes - gaps).astype(np.int32), vocabulary, column.categories)


# --- the names again -------------------------------------------------------------------------


def _names_again(table: RawTable) -> np.ndarray:
    """Whether each row holds the columns' names; then nearly every column is one of text."""
    again = np.full(table.rows, table.header and len(table.columns) > 1)
    n_named = 0
    for name, column in table.columns.items():
        if not again.any():
            break
        place = _place(column, name) if isinstance(column, Texts) else None
        if place is None:  # a column without a name
            again &= column.gaps
        else:
            assert isinstance(column, Texts)
            again &= column.codes == place
            n_named += 1
    return again & (2 * n_named > len(table.columns))


def _place(column: Texts, name: str) -> int | None:
    """Where a name stands in a vocabulary; one that was numbered without its number."""
    for written in (name, name.rpartition(".")[0]):
        if written in column.vocabulary:
            return column.vocabulary.index(written)
    return None


# --- the end ---------------------------------------------------------------------------------


def _without_end(table: RawTable) -> RawTable:
    """Leave out rows at the end that are no data, as far as some rows are left."""
    for _ in range(min(MOST, table.rows - 1)):
        note = _said_of_last(table)
        if note is None:
            return table
        table = _kept(table, slice(0, table.rows - 1), note)
    return table


def _said_of_last(table: RawTable) -> str | None:
    """A note on the last row where it is no data, None where it is."""
    filled = {name: c for name, c in table.columns.items() if not c.gaps[-1]}
    if len(table.columns) < 2:
        return None
    if not filled:
        return "The last row is empty; it was left out."
    words = [word for column in filled.values() if (word := _own_word(column))]
    if any(word.strip(" :.").casefold() in TOTALS for word in words):
        return f"The last row, {words[0][:40]!r}, sums the others up and was left out."
    if len(filled) == 1 and words and _is_remark(words[0], next(iter(filled.values()))):
        return f"The last row, {words[0][:40]!r}, is a remark and was left out."
    return None


def _own_word(column: RawColumn) -> str | None:
    """The last cell, if it is text that no other row has."""
    if not isinstance(column, Texts):
        return None
    code = int(column.codes[-1])
    return column.vocabulary[code] if np.count_nonzero(column.codes == code) == 1 else None


def _is_remark(word: str, column: RawColumn) -> bool:
    """Whether a lone cell in the last row begins as remarks do, or stands under numbers."""
    assert isinstance(column, Texts)
    others = [text for text in column.vocabulary if text != word][:SAMPLED]
    under = sum(map(_is_numeric, others)) >= MOST_ARE * len(others) and not _is_numeric(word)
    return under or (word[0] in REMARKS and " " in word)


def _is_numeric(text: str) -> bool:
    """Whether a text may be a number with a unit, or a date: with a digit and few letters."""
    digits = sum(map(str.isdecimal, text))
    return digits > 0 and sum(map(str.isalpha, text)) <= max(digits, MOST_LETTERS)
