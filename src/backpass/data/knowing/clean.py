"""A column's cells made clean, as its kind and spelling say; the same in training and later.

What a kind cannot be made of becomes a gap, and is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ...errors import InvalidInput
from ..cells import count
from ..raw import Moments, Numbers, Others, RawColumn, Texts
from .dates import EPOCH, compact_moments, epoch_moments, moments_in, orders_of
from .gaps import BESIDE_NUMBERS, SURE, gap_words, is_gap_word, without_gaps
from .kinds import Kind
from .written_numbers import USUAL, numbers_in

CleanColumn: TypeAlias = Numbers | Texts | Moments


@dataclass(frozen=True, eq=False)
class Clean:
    """Clean cells, and how many filled ones are none of their kind, with the first as it is."""

    column: CleanColumn
    unread: int = 0
    example: str = ""


def cleaned(column: RawColumn, kind: Kind, spelling: str, na: tuple[str, ...]) -> Clean:
    """Return a column's cells as a kind: numbers, texts or moments.

    Parameters
    ----------
    column : Numbers, Texts, Moments or Others
        As it was read.
    kind : Kind
        Number, category, text or date.
    spelling : str
        How numbers or dates are written, "" for the usual way.
    na : tuple of str
        Words for a gap beside the known ones.

    Returns
    -------
    Clean

    Examples
    --------
    >>> made = cleaned(Texts.of(["$1,250", "?", "many"]), Kind.NUMBER, "", ())
    >>> made.column.values.tolist(), made.unread, made.example
    ([1250.0, nan, nan], 1, 'many')
    """
    if isinstance(column, Others):
        raise InvalidInput(f"it holds {column.what}, of which no {kind.value} can be made")
    makers: dict[Kind, Callable[[RawColumn, str, tuple[str, ...]], Clean]] = {
        Kind.NUMBER: _numbers,
        Kind.CATEGORY: _texts,
        Kind.TEXT: _texts,
        Kind.DATE: _moments,
    }
    return makers[kind](column, spelling, na)


def _numbers(column: RawColumn, spelling: str, na: tuple[str, ...]) -> Clean:
    """As float64, NaN for a gap."""
    if isinstance(column, Texts):
        values = np.append(numbers_in(column.vocabulary, spelling or USUAL), np.nan)[column.codes]
        return _judged(Numbers(values), np.isnan(values), column, BESIDE_NUMBERS, na)
    if isinstance(column, Moments):
        return _nothing(Numbers(np.full(len(column), np.nan)), column)
    assert isinstance(column, Numbers)
    values = without_na(column.values.astype(np.float64, copy=False), na)
    infinite = np.isinf(values)
    if not infinite.any():
        return Clean(Numbers(values))
    finite = np.where(infinite, np.nan, values)
    return Clean(Numbers(finite), int(infinite.sum()), str(values[infinite.argmax()]))


def _texts(column: RawColumn, spelling: str, na: tuple[str, ...]) -> Clean:
    """As they are written; the number 3.0 is "3", since a gap makes 3.0 of 3 elsewhere."""
    if isinstance(column, Texts):
        return Clean(without_gaps(column, gap_words(SURE, na))[0])
    if isinstance(column, Moments):
        return Clean(_distinct(column.values, column.gaps, _moment_text))
    assert isinstance(column, Numbers)
    values = column.values
    if values.dtype.kind == "f":
        values = without_na(values, na)
        return Clean(_distinct(values, np.isnan(values), _number_text))
    texts = _distinct(values, column.gaps, str)
    return Clean(without_gaps(texts, gap_words(frozenset(), na))[0] if na else texts)


def _moments(column: RawColumn, spelling: str, na: tuple[str, ...]) -> Clean:
    """As datetime64[us]."""
    if isinstance(column, Moments):
        return Clean(column)
    if isinstance(column, Numbers):
        values = without_na(column.values.astype(np.float64), na)
        made = Moments((epoch_moments if spelling == EPOCH else compact_moments)(values))
        wrong = made.gaps & ~np.isnan(values)
        first = _number_text(values[wrong.argmax()]) if wrong.any() else ""
        return Clean(made, int(wrong.sum()), first)
    assert isinstance(column, Texts)
    read = moments_in(column.vocabulary, spelling or best_order(column))
    values = np.append(read, np.datetime64("NaT", "us"))[column.codes]
    return _judged(Moments(values), np.isnat(values), column, BESIDE_NUMBERS, na)


def best_order(column: Texts) -> str:
    """Return the order of dates that reads most of a column's texts, "ymd" where none does."""
    found = orders_of(column.vocabulary)
    return max(found, key=lambda order: int((~np.isnat(found[order])).sum()), default="ymd")


def _judged(
    made: CleanColumn, gone: np.ndarray, column: Texts, words: frozenset[str], na: tuple[str, ...]
) -> Clean:
    """Count the texts that became a gap and are no word for one."""
    if not (gone & ~column.gaps).any():
        return Clean(made)
    words = gap_words(words, na)
    unread = np.array([not is_gap_word(text, words) for text in column.vocabulary] + [False])
    wrong = gone & unread[column.codes]
    if not wrong.any():
        return Clean(made)
    return Clean(made, int(wrong.sum()), column.vocabulary[column.codes[wrong.argmax()]])


def _nothing(made: CleanColumn, column: Moments) -> Clean:
    """Moments where numbers were asked for."""
    filled = ~column.gaps
    first = _moment_text(column.values[filled.argmax()]) if filled.any() else ""
    return Clean(made, int(filled.sum()), first)


def without_na(values: np.ndarray, na: tuple[str, ...]) -> np.ndarray:
    """Make gaps of the numbers among words for a gap: -999, inf."""
    for word in na:
        try:
            values = np.where(values == float(word), np.nan, values)
        except ValueError:
            continue
    return values


def _distinct(values: np.ndarray, gaps: np.ndarray, text: Callable[[object], str]) -> Texts:
    """Texts of distinct values, those of equal text one."""
    found, places = np.unique(values[~gaps], return_inverse=True)
    made = Texts.of([text(value) for value in found.tolist()])
    codes = np.full(len(values), -1, dtype=np.int32)
    codes[~gaps] = made.codes[places]
    return Texts(codes, made.vocabulary)


def _number_text(value: object) -> str:
    """A number as text, a whole one without its point."""
    number = float(value)  # type: ignore[arg-type]
    return str(int(number)) if number.is_integer() else str(number)


def _moment_text(value: object) -> str:
    """A moment in ISO's form, a day without its midnight."""
    text = str(value).replace(" ", "T")
    return text.removesuffix(".000000").removesuffix("T00:00:00")


def unread_words(made: Clean, kind: Kind) -> str:
    """Say at the end of a reason how many cells are none of the kind."""
    if not made.unread:
        return ""
    cells = count(made.unread, "cell")
    verb = "is" if made.unread == 1 else "are"
    return f"; {cells} that {verb} no {kind.value} ({made.example[:40]!r}) became gaps"
