"""One column becomes known: its kind with the reason, and clean cells where it is an input."""

from __future__ import annotations

import numpy as np

from ...errors import InvalidInput
from ..cells import as_argument
from ..raw import Moments, Numbers, Others, RawColumn, Texts
from .clean import CleanColumn, best_order, cleaned, unread_words, without_na
from .gaps import SURE, gap_words, said, without_gaps
from .kinds import ColumnReading, Judgement, Kind, Wishes
from .whole_numbers import EXACT
from .words import judged_words
from .written import infinite_question, judged_numbers, judged_written
from .written_numbers import spelling_of

KnownColumn = tuple[ColumnReading, CleanColumn | None]

EMPTY = Judgement(Kind.IGNORED, "empty in every row")


def known_column(name: str, column: RawColumn, wishes: Wishes, decimal: str = ".") -> KnownColumn:
    """Return how a column is read, and its clean cells; None where it is no input.

    Parameters
    ----------
    name : str
        The column's name.
    column : Numbers, Texts, Moments or Others
        Its cells.
    wishes : Wishes
        What somebody decided.
    decimal : {".", ","}
        The table's decimal mark.

    Returns
    -------
    ColumnReading and Numbers, Texts, Moments or None

    Raises
    ------
    InvalidInput
        A question, where the cells leave two readings; or a wish that no cell can fulfil.

    Examples
    --------
    >>> reading, clean = known_column("zip", Texts.of(["02139", "10001"] * 9), Wishes())
    >>> reading.kind.value, reading.reason, clean.vocabulary
    ('category', '2 different texts', ('02139', '10001'))
    """
    wish = wishes.kind_of(name)
    if wish is None:
        judgement = judged(name, column, wishes, decimal)
        return _finished(name, column, judgement, tuple(wishes.na))
    if not wish.learned_from:
        what = "left out" if wish == Kind.IGNORED else "not learned from"
        judgement = Judgement(wish, f"{what}, as you wish")
        return _finished(name, column, judgement, tuple(wishes.na))
    return _as_wished(name, column, wish, wishes, decimal)


def judged(name: str, column: RawColumn, wishes: Wishes, decimal: str = ".") -> Judgement:
    """Say what a column is by its cells.

    Examples
    --------
    >>> judged("v", Numbers(np.array([4, 4])), Wishes()).reason
    '4 in every row'
    """
    if isinstance(column, Others):
        return Judgement(Kind.IGNORED, f"{column.what}: neither numbers nor text")
    if isinstance(column, Moments):
        return _judged_moments(column)
    if isinstance(column, Numbers):
        return _judged_numbers(name, column, tuple(wishes.na))
    return _judged_texts(name, column, wishes, decimal)


def _judged_moments(column: Moments) -> Judgement:
    """Dates of the source."""
    filled = column.values[~column.gaps]
    if not len(filled):
        return EMPTY
    if len(filled) == len(column) and (filled == filled[0]).all():
        return Judgement(Kind.CONSTANT, f"{filled[0]} in every row", levels=1)
    return Judgement(Kind.DATE, "dates, as the source has them", "ymd")


def _judged_numbers(name: str, column: Numbers, na: tuple[str, ...]) -> Judgement:
    """Numbers and truth values of the source."""
    values = column.values
    if values.dtype.kind == "b":
        return _judged_truth(values)
    if na:
        values = without_na(values, na)
    if values.dtype.kind == "f":
        infinite = np.isinf(values)
        if infinite.any():
            word = str(values[infinite.argmax()])
            raise infinite_question(name, infinite, word)
        gaps = np.isnan(values)
        filled = values[~gaps] if gaps.any() else values
    else:
        filled = values
    if not len(filled):
        return EMPTY
    low, high = filled.min(), filled.max()
    if low == high:
        return _one_value(f"{low:.10g}" if filled.dtype.kind == "f" else str(low), filled, values)
    if filled.dtype.kind in "iu" and max(-int(low), int(high)) >= EXACT:
        texts = cleaned(column, Kind.CATEGORY, "", na).column
        assert isinstance(texts, Texts)
        return judged_words(name, texts)
    return judged_numbers(name, filled, len(values))


def _judged_truth(values: np.ndarray) -> Judgement:
    """Truth values: two names, as they are in a file of text."""
    if not len(values) or (values == values[0]).all():
        return Judgement(Kind.CONSTANT, f"{values[0]} in every row", levels=1)
    return Judgement(Kind.CATEGORY, "True and False", levels=2)


def _one_value(shown: str, filled: np.ndarray, values: np.ndarray) -> Judgement:
    """A number that every filled row has; beside gaps it still tells whether it is there."""
    if len(filled) == len(values):
        return Judgement(Kind.CONSTANT, f"{shown} in every row", levels=1)
    return Judgement(Kind.NUMBER, f"{shown} or a gap", levels=1)


def _judged_texts(name: str, column: Texts, wishes: Wishes, decimal: str) -> Judgement:
    """Texts: dates, numbers, or words."""
    filled, gone = without_gaps(column, gap_words(SURE, wishes.na))
    if not filled.vocabulary:
        return Judgement(EMPTY.kind, EMPTY.reason + said(gone))
    if len(filled.vocabulary) == 1:
        return _one_text(filled)
    if filled.categories:
        n = len(filled.vocabulary)
        return Judgement(Kind.CATEGORY, f"{n} categories, as the source says", levels=n)
    written = judged_written(name, column, wishes, decimal)
    if written is not None:
        return written
    found = judged_words(name, filled)
    return Judgement(found.kind, found.reason + said(gone), found.spelling, found.levels)


def _one_text(column: Texts) -> Judgement:
    """A text that every filled row has; beside gaps it still tells whether it is there."""
    shown = repr(column.vocabulary[0][:40])
    if column.gaps.any():
        return Judgement(Kind.CATEGORY, f"{shown} or a gap", levels=1)
    return Judgement(Kind.CONSTANT, f"{shown} in every row", levels=1)


def _as_wished(
    name: str, column: RawColumn, wish: Kind, wishes: Wishes, decimal: str
) -> KnownColumn:
    """Read a column as somebody decided; what that kind cannot be made of becomes a gap."""
    spelling = _wished_spelling(column, wish, wishes.date_format, decimal)
    try:
        made = cleaned(column, wish, spelling, tuple(wishes.na))
    except InvalidInput as error:
        raise InvalidInput(f"Column {name!r} cannot be a {wish.value}: {error}.") from None
    if made.unread and made.column.gaps.all():
        raise InvalidInput(
            f"Column {name!r} cannot be a {wish.value}: no cell is one, the first is "
            f"{made.example[:40]!r}; --ignore {as_argument(name)} leaves it out."
        )
    reason = f"a {wish.value}, as you wish{unread_words(made, wish)}"
    gaps = int(np.count_nonzero(made.column.gaps))
    return ColumnReading(name, wish, reason, gaps, _levels(made.column), True, spelling), (
        made.column
    )


def _wished_spelling(column: RawColumn, wish: Kind, date_format: str, decimal: str) -> str:
    """How the cells of a wished kind are written."""
    if wish == Kind.DATE:
        return date_format or (best_order(column) if isinstance(column, Texts) else "ymd")
    if wish == Kind.NUMBER and isinstance(column, Texts):
        return spelling_of(column.vocabulary, decimal)
    return ""


def _finished(
    name: str, column: RawColumn, judgement: Judgement, na: tuple[str, ...]
) -> KnownColumn:
    """A judgement with the column's clean cells."""
    kind, spelling = judgement.kind, judgement.spelling
    na = (*na, *judgement.na)
    made = cleaned(column, kind, spelling, na).column if kind.learned_from else None
    gaps = column.gaps if made is None else made.gaps
    if made is None and isinstance(column, Texts):
        gaps = without_gaps(column, gap_words(SURE, na))[0].gaps
    levels = judgement.levels if made is None or judgement.levels else _levels(made)
    n_gaps = int(np.count_nonzero(gaps))
    reading = ColumnReading(
        name, kind, judgement.reason, n_gaps, levels, kind.learned_from, spelling, na=judgement.na
    )
    return reading, made


def _levels(column: CleanColumn) -> int | None:
    """How many different texts there are."""
    return len(column.vocabulary) if isinstance(column, Texts) else None
