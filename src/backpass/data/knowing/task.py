"""What is predicted: a target's task with its reason, and its cells as classes or numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...errors import InvalidInput
from ..cells import as_argument, count
from ..raw import Moments, Numbers, Others, RawColumn, Texts
from .clean import cleaned, without_na
from .gaps import SURE, gap_words, said, without_gaps
from .kinds import ColumnReading, Judgement, Kind, Wishes
from .whole_numbers import are_whole
from .written import infinite_question, judged_written
from .written_numbers import USUAL, spelling_of

CLASSES, NUMBER = "classes", "number"

TargetColumn = Numbers | Texts
MAX_CLASSES = 20  # a target with more different whole numbers is a quantity, not a label
_WHOLE = re.compile("-?(?:0|[1-9][0-9]{0,14})")
COUNTED = ("days", "times written as", "seconds", "milliseconds")  # dates that are whole numbers
SHOWN = 3  # classes that a reason names


def known_target(
    name: str, column: RawColumn, wishes: Wishes, decimal: str = "."
) -> tuple[ColumnReading, TargetColumn]:
    """Return a target's task with its reason, and its cells: texts of classes, or numbers.

    Text, truth values and up to 20 different whole numbers are classes, named as they are
    written, to the last digit; everything else is a number.

    Parameters
    ----------
    name : str
        The target's column.
    column : Numbers, Texts, Moments or Others
        Its cells.
    wishes : Wishes
        A kind "number" or "category" decides the task.
    decimal : {".", ","}
        The table's decimal mark.

    Returns
    -------
    ColumnReading and Numbers or Texts

    Raises
    ------
    InvalidInput
        If the cells are neither classes nor numbers, all missing, of one class only, or leave two
        readings.

    Examples
    --------
    >>> reading, cells = known_target("y", Texts.of(["007", "7", None] * 2), Wishes(("y",)))
    >>> reading.task, cells.vocabulary
    ('classes', ('007', '7'))
    >>> reading.reason
    '2 classes; 2 rows have none: they are left out of the training, and predicted'
    """
    _refuse_kind(name, column)
    wish = wishes.kinds.get(name)
    if wish is not None and wish not in (Kind.NUMBER, Kind.CATEGORY):
        raise InvalidInput(
            f"The target column {name!r} can be a number or a category, not a {wish!s}."
        )
    quantity = _judged_quantity(name, column, wishes, decimal)
    if quantity is None:
        return _classes(name, column, wishes)
    return _numbers(name, column, quantity, wishes)


def _refuse_kind(name: str, column: RawColumn) -> None:
    """Raise for a target of neither numbers nor text."""
    if isinstance(column, Moments):
        raise InvalidInput(
            f"The target column {name!r} holds dates or times; turn it into numbers (a year, "
            "days from a day on) first."
        )
    if isinstance(column, Others):
        raise InvalidInput(
            f"The target column {name!r} holds {column.what}, which are neither numbers nor text."
        )


def _judged_quantity(
    name: str, column: RawColumn, wishes: Wishes, decimal: str
) -> Judgement | None:
    """How a target's numbers are written, None where they are classes."""
    wish, quantity = wishes.kinds.get(name), Judgement(Kind.NUMBER, "", USUAL)
    if isinstance(column, Numbers):
        few = wish is None and _few_whole(column.values, tuple(wishes.na))
        return None if few or wish == Kind.CATEGORY else quantity
    assert isinstance(column, Texts)
    if wish == Kind.NUMBER:
        return replace(quantity, spelling=spelling_of(column.vocabulary, decimal))
    if wish is not None or column.categories or _are_grades(column, tuple(wishes.na)):
        return None
    written = judged_written(name, column, wishes, decimal)
    if written is None:
        return None
    if written.kind == Kind.DATE and not written.reason.startswith(COUNTED):
        raise InvalidInput(
            f"The target column {name!r} holds {written.reason}; turn it into numbers (a year, "
            f"days from a day on) first, or --kind {as_argument(name)}=category takes them for "
            "classes."
        )
    if written.spelling and written.kind == Kind.NUMBER:
        return written
    values = cleaned(column, Kind.NUMBER, USUAL, tuple(wishes.na)).column
    assert isinstance(values, Numbers)
    return None if _few_whole(values.values, ()) else replace(quantity, na=written.na)


def _are_grades(column: Texts, na: tuple[str, ...]) -> bool:
    """Whether cells are a few whole numbers and, in fewer rows, words: 1, 2, 3, other."""
    made = cleaned(column, Kind.NUMBER, USUAL, na)
    assert isinstance(made.column, Numbers)
    read = int(np.count_nonzero(~made.column.gaps))
    return 0 < made.unread <= read and _few_whole(made.column.values, ())


def _few_whole(values: np.ndarray, na: tuple[str, ...]) -> bool:
    """Whether cells are truth values, or up to 20 different whole numbers."""
    if values.dtype.kind == "b":
        return True
    if na:
        values = without_na(values, na)
    filled = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    # The first rows tell most quantities from classes, without a sort of all.
    if len(np.unique(filled[:1000])) > MAX_CLASSES:
        return False
    found = np.unique(filled)
    return len(found) <= MAX_CLASSES and bool((found == np.rint(found)).all())


def _numbers(
    name: str, column: RawColumn, quantity: Judgement, wishes: Wishes
) -> tuple[ColumnReading, Numbers]:
    """Numbers of a quantity."""
    spelling, na = quantity.spelling, (*wishes.na, *quantity.na)
    if isinstance(column, Numbers) and column.values.dtype.kind == "f":
        infinite = np.isinf(without_na(column.values, tuple(wishes.na)))
        if infinite.any():
            raise _infinite(name, infinite, column)
    made = cleaned(column, Kind.NUMBER, spelling, na).column
    assert isinstance(made, Numbers)
    filled = made.values[~made.gaps]
    if not len(filled) and isinstance(column, Texts):
        _refuse_words(name, column, wishes)
    _refuse_empty(name, filled)
    whole = are_whole(filled)
    what = "whole numbers" if whole else "numbers"
    reason = f"{what} from {filled.min():.10g} to {filled.max():.10g}"
    if whole and filled.min() >= 0:
        reason += ", a count or a quantity"
    gaps = len(made) - len(filled)
    usual = "" if spelling == USUAL and isinstance(column, Numbers) else spelling
    why = reason + said(quantity.na) + _left_out(gaps)
    reading = ColumnReading(name, Kind.NUMBER, why, gaps, None, True, usual, NUMBER, quantity.na)
    return reading, made


def _infinite(name: str, rows: np.ndarray, column: Numbers) -> InvalidInput:
    """A target that is infinite cannot be left out, but its rows can."""
    asked = infinite_question(name, rows, str(column.values[rows.argmax()]))
    return InvalidInput(str(asked).split(", --ignore")[0] + ", rows that are not learned from.")


def _classes(name: str, column: RawColumn, wishes: Wishes) -> tuple[ColumnReading, Texts]:
    """Classes, as they are written."""
    made = cleaned(column, Kind.CATEGORY, "", tuple(wishes.na)).column
    assert isinstance(made, Texts)
    gone: list[str] = []
    if isinstance(column, Texts):
        gone = without_gaps(column, gap_words(SURE, wishes.na))[1]
    _refuse_empty(name, made.vocabulary)
    if len(made.vocabulary) == 1:
        raise InvalidInput(
            f"The target column {name!r} holds one class only ({made.vocabulary[0]!r}); "
            "there is nothing to tell apart."
        )
    gaps = int(np.count_nonzero(made.gaps))
    n = len(made.vocabulary)
    reason = f"{n} classes{_rare(made)}{said(gone)}{_left_out(gaps)}"
    if n > 2 and wishes.kinds.get(name) is None and _are_quantities(made):
        reason += f"; --kind {as_argument(name)}=number predicts their size"
    return ColumnReading(name, Kind.CATEGORY, reason, gaps, n, True, "", CLASSES), made


def _are_quantities(column: Texts) -> bool:
    """Whether classes are whole numbers, and none of them a code as 007."""
    return not column.categories and all(map(_WHOLE.fullmatch, column.vocabulary))


def _refuse_empty(name: str, filled: Sequence[object] | np.ndarray) -> None:
    if not len(filled):
        raise InvalidInput(f"The target column {name!r} is empty in every row.")


def _refuse_words(name: str, column: Texts, wishes: Wishes) -> None:
    """Raise where a target that was to be numbers holds nothing but other words."""
    words = without_gaps(column, gap_words(SURE, wishes.na))[0].vocabulary
    if words:
        raise InvalidInput(
            f"The target column {name!r} holds no numbers; its first text is {words[0][:40]!r}."
        )


def _rare(column: Texts) -> str:
    """Name classes of a single row, which can only be trained on or only tested."""
    single = [text for text, n in zip(column.vocabulary, column.counts.tolist()) if n == 1]
    if not single:
        return ""
    names = ", ".join(repr(text[:40]) for text in single[:SHOWN])
    more = f" and {len(single) - SHOWN} more" if len(single) > SHOWN else ""
    return f"; a single row has {names}{more}"


def _left_out(gaps: int) -> str:
    """Say what becomes of rows without a target."""
    if not gaps:
        return ""
    has, it_is = ("has", "it is") if gaps == 1 else ("have", "they are")
    return f"; {count(gaps, 'row')} {has} none: {it_is} left out of the training, and predicted"
