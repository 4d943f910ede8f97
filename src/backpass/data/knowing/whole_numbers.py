"""Columns that hold numbers: quantities, codes that are whole numbers, running numbers, keys."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..cells import as_argument
from .dates import EPOCH, compact_moments, epoch_moments
from .kinds import Judgement, Kind
from .names import is_variable, says_code, says_date, says_id, says_person, says_time

EXACT = 2**53  # from here on float64 does not hold every whole number
FEW = 20  # different whole numbers, of which a reason says that they may be categories
MOST_CODES = 50  # different numbers that are codes by their look alone
ROWS_A_CODE = 5  # at least, on average: below, there is too little to see a code's look
FEWEST = 30  # rows from which a running number is one, whatever its name; 1 to 12 may be months
DENSE = 0.5  # a running number of which rows were left out still has this part of its range
PEOPLE = 10  # different numbers that are people by their name; fewer are a category
ROWS_A_KEY = 10  # a key that repeats more often on average names a category: shops, films
GROUPS = 20  # different numbers whose rows stand together, from which they are keys


def are_whole(values: np.ndarray) -> bool:
    """Whether all numbers are whole; where they are not, the first ones tell.

    Examples
    --------
    >>> are_whole(np.array([1.0, 2.0])), are_whole(np.array([1.0, 2.5])), are_whole(np.array([3]))
    (True, False, True)
    """
    if values.dtype.kind in "iu":
        return True
    return all(bool((part == np.rint(part)).all()) for part in (values[:1000], values))


@dataclass(frozen=True, eq=False)
class Whole:
    """Whole numbers without gaps, and what is counted of them.

    Parameters
    ----------
    values : ndarray of shape (m,), int64
        The filled cells in the table's order.
    rows : int
        Rows of the table, gaps included.

    Examples
    --------
    >>> Whole(np.array([3, 1, 3]), 3).counts.tolist()
    [1, 2]
    """

    values: np.ndarray
    rows: int

    @cached_property
    def _counted(self) -> tuple[np.ndarray, np.ndarray]:
        """Different values in order, and how often each occurs."""
        low, high = int(self.values.min()), int(self.values.max())
        if high - low > 4 * len(self.values) + 1000:  # an array that long costs more than a sort
            return np.unique(self.values, return_counts=True)
        counts = np.bincount(self.values - low)
        places = np.flatnonzero(counts)
        return places + low, counts[places]

    @property
    def levels(self) -> np.ndarray:
        """The different values, in order."""
        return self._counted[0]

    @property
    def counts(self) -> np.ndarray:
        """How often each occurs."""
        return self._counted[1]

    @property
    def n(self) -> int:
        """How many different ones there are."""
        return len(self.levels)

    @property
    def rows_a_level(self) -> float:
        """Filled rows of each, on average."""
        return len(self.values) / self.n

    @property
    def width(self) -> int:
        """Digits of every number, 0 where they differ or a number is negative."""
        low, high = int(self.levels[0]), int(self.levels[-1])
        return len(str(low)) if low > 0 and len(str(low)) == len(str(high)) else 0

    @property
    def runs(self) -> int:
        """How many stretches of equal neighbours the column has."""
        return 1 + int(np.count_nonzero(np.diff(self.values)))

    @property
    def sorted(self) -> bool:
        """Whether the numbers only rise, or only fall."""
        steps = np.diff(self.values)
        return bool((steps >= 0).all() or (steps <= 0).all())


def judged_whole(name: str, whole: Whole) -> Judgement:
    """Say what a column of whole numbers is; whatever nothing speaks for is a quantity.

    Parameters
    ----------
    name : str
        The column's name, heard where the cells leave two readings.
    whole : Whole
        Its filled cells.

    Returns
    -------
    Judgement

    Examples
    --------
    >>> judged_whole("sample", Whole(np.arange(100, 200), 100)).kind.value
    'id'
    >>> judged_whole("age", Whole(np.arange(100) % 50, 100)).kind.value
    'number'
    """
    for judge in (_day, _epoch, _running, _key, _code):
        judgement = judge(name, whole)
        if judgement is not None:
            return judgement
    return _quantity(name, whole)


def _day(name: str, whole: Whole) -> Judgement | None:
    """20240229: a number of eight digits is a day of a century by chance in 1 of 140 cases."""
    if whole.width not in (8, 12, 14) or not (says_date(name) or whole.n >= 5):
        return None
    if np.isnat(compact_moments(whole.levels)).any():
        return None
    what = "days" if whole.width == 8 else "times"
    return Judgement(Kind.DATE, f"{what} written as {whole.levels[0]}", "ymd", whole.n)


def _epoch(name: str, whole: Whole) -> Judgement | None:
    """Seconds or milliseconds since 1970, where the column's name says that they are times."""
    if not says_date(name) or np.isnat(moments := epoch_moments(whole.levels)).any():
        return None
    first, last = str(moments[0])[:10], str(moments[-1])[:10]
    unit = "milliseconds" if whole.width == 13 else "seconds"
    why = f"{unit} since 1970, from {first} to {last}"
    return Judgement(
        Kind.DATE, f"{why}; --kind {as_argument(name)}=number overrules", EPOCH, whole.n
    )


def _running(name: str, whole: Whole) -> Judgement | None:
    """Each row has its own number, and together they fill (most of) their range."""
    m = len(whole.values)
    full = int(whole.levels[-1] - whole.levels[0]) + 1
    if whole.n < m or m < whole.rows or says_time(name) or is_variable(name):
        return None
    if m < FEWEST and not (says_id(name) or says_person(name)):
        return None
    if full == m:
        why = f"a running number from {whole.levels[0]} to {whole.levels[-1]}"
    elif whole.sorted and m >= DENSE * full:
        why = "a running number with holes, another one in each row"
    else:
        return None
    return Judgement(Kind.ID, f"{why}: nothing can be learned from it", levels=whole.n)


def _key(name: str, whole: Whole) -> Judgement | None:
    """A number of somebody or something that has a row or a few: rows of one belong together."""
    reason = _key_reason(name, whole)
    if reason is None:
        return None
    why = f"{reason}; it is not learned from"
    if whole.rows_a_level >= 1.5:
        why = (
            f"{reason}, about {whole.rows_a_level:.3g} rows each, which belong on one side of a "
            f"split (--split group:{as_argument(name)}); it is not learned from"
        )
    return Judgement(Kind.ID, why, levels=whole.n)


def _key_reason(name: str, whole: Whole) -> str | None:
    """Why a number is a key, None where it is none."""
    if whole.n >= PEOPLE and says_person(name):
        return f"{whole.n} keys, as the column's name says"
    if whole.n > FEW and says_id(name) and whole.rows_a_level <= ROWS_A_KEY:
        return f"{whole.n} keys, as the column's name says"
    if whole.n < GROUPS or whole.rows_a_level < 1.5 or says_time(name):
        return None
    # Rows of one stand together, but not in order of the numbers: no quantity does that.
    if whole.runs == whole.n and not whole.sorted:
        return f"{whole.n} numbers whose rows stand together"
    return f"{whole.n} numbers, each equally often" if _is_panel(whole) else None


def _is_panel(whole: Whole) -> bool:
    """Whether long numbers at irregular distances occur equally often: a designed quantity has
    regular ones, and a measured one is not that balanced."""
    steps = np.diff(whole.levels)
    balanced = bool((whole.counts == whole.counts[0]).all())
    return balanced and whole.width >= 4 and len(np.unique(steps)) > 2 and not _is_month(whole)


def _code(name: str, whole: Whole) -> Judgement | None:
    """Numbers that name things: a zip code, a code of three digits."""
    if whole.n < 3:  # two numbers carry the same as two names
        return None
    if says_code(name) and whole.rows_a_level >= 2:
        why = "whole numbers that name something, as the column's name says"
    elif (says_id(name) and whole.rows_a_level > ROWS_A_KEY) or _looks_like_codes(whole):
        why = "whole numbers that look like codes"
    else:
        return None
    return Judgement(
        Kind.CATEGORY, f"{why}; --kind {as_argument(name)}=number overrules", levels=whole.n
    )


def _looks_like_codes(whole: Whole) -> bool:
    """Few numbers of one length from three digits on, without a common step, far from each other.

    Ages, counts and years fill their range, and settings have round steps.
    """
    if whole.n > MOST_CODES or whole.rows_a_level < ROWS_A_CODE or whole.width < 3:
        return False
    sparse = whole.n * 5 < int(whole.levels[-1] - whole.levels[0])
    round_ = math.gcd(*np.diff(whole.levels).tolist()) > 1
    return sparse and not round_ and not _is_month(whole)


def _is_month(whole: Whole) -> bool:
    """Whether the numbers may be months, written as 202402."""
    months = whole.levels % 100
    years = whole.levels // 100
    return bool(((months >= 1) & (months <= 12) & (years >= 1900) & (years < 2100)).all())


def _quantity(name: str, whole: Whole) -> Judgement:
    """Whole numbers that count or measure; few of them may be names, and then somebody says so."""
    why = f"whole numbers from {whole.levels[0]} to {whole.levels[-1]}"
    if 2 < whole.n <= FEW:
        why += f", {whole.n} of them; --kind {as_argument(name)}=category makes names of them"
    return Judgement(Kind.NUMBER, why, levels=whole.n)
