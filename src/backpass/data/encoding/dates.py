"""Dates and times as numbers: how long ago, calendar and clock, cycles, and differences.

A cycle (the year, the week, the day) enters as sine and cosine where the training rows see it come
back: where they span one of it or more. Times are those that the table holds; the calendar is the
Gregorian one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

DAY = 86_400_000_000  # microseconds, in which moments are counted
MINUTE = 60_000_000
THURSDAY = 3  # 1 January 1970, with Monday as 0
ALL = slice(None)
MOST_PAIRED = 4  # columns of dates that are subtracted from each other, two by two


class Days:
    """Whole days and their places in the calendar, each found when it is first asked for.

    Parameters
    ----------
    numbers : ndarray of shape (n,), int64
        Days since 1 January 1970.
    """

    def __init__(self, numbers: np.ndarray) -> None:
        self.numbers = numbers

    @cached_property
    def months(self) -> np.ndarray:
        """Whole months since 1970."""
        return self.numbers.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)

    @cached_property
    def years(self) -> np.ndarray:
        """Whole years since 1970."""
        return self.months // 12

    @property
    def day(self) -> np.ndarray:
        """Days of the month, from 1."""
        return self.numbers - _first_day(self.months, "M") + 1

    @property
    def day_of_year(self) -> np.ndarray:
        """Days of the year, from 0."""
        return self.numbers - _first_day(self.years, "Y")

    @property
    def weekday(self) -> np.ndarray:
        """Days of the week, Monday is 0."""
        return (self.numbers + THURSDAY) % 7


def _first_day(numbers: np.ndarray, unit: str) -> np.ndarray:
    """The first day of months or years, all counted from 1970."""
    return numbers.astype(f"datetime64[{unit}]").astype("datetime64[D]").astype(np.int64)


@dataclass(frozen=True)
class Cycle:
    """What comes back after a period, by whole numbers below the period."""

    days: float
    phases: int

    def circle(self, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Sine or cosine, to be looked up: one row has the same bits as a million have."""
        return function(2 * np.pi * np.arange(self.phases) / self.phases)


CYCLES = {
    "day of year": Cycle(365.25, 366),
    "weekday": Cycle(7, 7),
    "time of day": Cycle(1, 24 * 60),
}
SINE, COSINE = ({name: cycle.circle(f) for name, cycle in CYCLES.items()} for f in (np.sin, np.cos))
ELAPSED = "elapsed"  # days since 1970
BY_DAY: dict[str, Callable[[Days], np.ndarray]] = {
    "year": lambda days: days.years + 1970,
    "month": lambda days: days.months % 12 + 1,
    "day": lambda days: days.day,
    "weekday": lambda days: days.weekday,
    "day of year (sine)": lambda days: SINE["day of year"][days.day_of_year],
    "day of year (cosine)": lambda days: COSINE["day of year"][days.day_of_year],
    "weekday (sine)": lambda days: SINE["weekday"][days.weekday],
    "weekday (cosine)": lambda days: COSINE["weekday"][days.weekday],
}
BY_MINUTE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "hour": lambda minutes: minutes // 60,
    "minute": lambda minutes: minutes % 60,
    "time of day (sine)": lambda minutes: SINE["time of day"][minutes],
    "time of day (cosine)": lambda minutes: COSINE["time of day"][minutes],
}
PARTS = (ELAPSED, *BY_DAY, *BY_MINUTE)


@dataclass(frozen=True, eq=False)
class Places:
    """Different whole numbers, and which of them each row has.

    Parameters
    ----------
    numbers : ndarray of shape (n,), int64
        Days since 1970, or minutes of the day; some may be in no row.
    of_rows : ndarray of shape (m,), int32
        Places in them; a gap's is n.
    """

    numbers: np.ndarray
    of_rows: np.ndarray

    @classmethod
    def of(cls, numbers: np.ndarray, gaps: np.ndarray) -> Places:
        """Take all from the least to the greatest, where those are no more than the rows."""
        low, high = (int(numbers.min()), int(numbers.max())) if len(numbers) else (0, 0)
        if high - low < len(numbers):
            found, places = np.arange(low, high + 1), (numbers - low).astype(np.int32)
        else:
            found, places = numbers, np.arange(len(numbers), dtype=np.int32)
        if gaps.any():
            places[gaps] = len(found)
        return cls(found, places)


class Calendar:
    """The parts of moments; the calendar is asked once for each day, however many rows have it.

    Parameters
    ----------
    values : ndarray of shape (m,), datetime64
        NaT is a gap.

    Examples
    --------
    >>> calendar = Calendar(np.array(["2024-02-29T13:05", "NaT"], "datetime64[us]"))
    >>> [int(calendar.part(name)[0]) for name in ("year", "month", "day", "hour", "minute")]
    [2024, 2, 29, 13, 5]
    >>> calendar.part("weekday").tolist()
    [3.0, nan]
    """

    def __init__(self, values: np.ndarray) -> None:
        self.gaps = np.isnat(values)
        self.microseconds = values.astype("datetime64[us]", copy=False).view(np.int64)
        if self.gaps.any():
            filled = self.microseconds[~self.gaps]
            first = filled.min() if len(filled) else 0
            self.microseconds = np.where(self.gaps, first, self.microseconds)

    def part(self, name: str, rows: slice = ALL) -> np.ndarray:
        """Return a part of `PARTS` of some rows, float64; NaN for a gap."""
        if name == ELAPSED:
            days = self.microseconds[rows] / DAY
            days[self.gaps[rows]] = np.nan
            return days
        return self.table([name])[self.places(name).of_rows[rows], 0]

    def places(self, name: str) -> Places:
        """Return the days, or minutes of the day, that a part is looked up by."""
        return self._minutes if name in BY_MINUTE else self._days

    def table(self, names: Sequence[str]) -> np.ndarray:
        """Return parts of each day, or of each minute of the day.

        Parameters
        ----------
        names : sequence of str
            Parts that are looked up by the same ``places``.

        Returns
        -------
        ndarray of shape (n + 1, len(names)), float64
            Its last row is a gap's, of NaN.
        """
        numbers = self.places(names[0]).numbers
        table = np.full((len(numbers) + 1, len(names)), np.nan)
        days = Days(numbers)
        for column, name in enumerate(names):
            found = BY_DAY[name](days) if name in BY_DAY else BY_MINUTE[name](numbers)
            table[:-1, column] = found
        return table

    @cached_property
    def _day_numbers(self) -> np.ndarray:
        return self.microseconds // DAY

    @cached_property
    def _days(self) -> Places:
        return Places.of(self._day_numbers, self.gaps)

    @cached_property
    def _minutes(self) -> Places:
        return Places.of((self.microseconds - self._day_numbers * DAY) // MINUTE, self.gaps)


@dataclass(frozen=True)
class DatePart:
    """A part of the moments of one column."""

    column: str
    part: str

    def __post_init__(self) -> None:
        """Refuse what is no part."""
        if self.part not in PARTS:
            raise ValueError(f"a date has no {self.part!r}")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table that it reads."""
        return (self.column,)

    @property
    def name(self) -> str:
        """What its input is called."""
        return f"{self.column}: {self.part}"

    def values(self, calendars: Mapping[str, Calendar], rows: slice = ALL) -> np.ndarray:
        """The part of some rows, NaN for a gap."""
        return calendars[self.column].part(self.part, rows)


@dataclass(frozen=True)
class Difference:
    """The days from the moments of one column to those of another."""

    column: str
    other: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table that it reads."""
        return (self.column, self.other)

    @property
    def name(self) -> str:
        """What its input is called."""
        return f"{self.other} − {self.column}"

    def values(self, calendars: Mapping[str, Calendar], rows: slice = ALL) -> np.ndarray:
        """The difference in some rows, NaN where either is missing."""
        first, second = calendars[self.column], calendars[self.other]
        days = (second.microseconds[rows] - first.microseconds[rows]) / DAY
        return np.where(first.gaps[rows] | second.gaps[rows], np.nan, days)


def parts_of(column: str, calendar: Calendar) -> list[DatePart]:
    """Return what may be asked of a column: each part, and the cycles that come back in it.

    Parameters
    ----------
    column : str
        Its name.
    calendar : Calendar
        Of the training rows.

    Returns
    -------
    list of DatePart

    Examples
    --------
    >>> days = np.arange("2024-01-01", "2024-01-20", dtype="datetime64[D]")
    >>> [part.name for part in parts_of("day", Calendar(days))][7:9]
    ['day: weekday (sine)', 'day: weekday (cosine)']
    """
    days = calendar.microseconds[~calendar.gaps] / DAY
    span = float(days.max() - days.min()) if len(days) else 0.0
    names = [name for name in PARTS if " (" not in name]
    for name, cycle in CYCLES.items():
        if span >= cycle.days:
            names += [f"{name} (sine)", f"{name} (cosine)"]
    return [DatePart(column, name) for name in names]


def differences_of(columns: list[str]) -> list[Difference]:
    """Return the differences of columns of dates, two by two; none where the columns are many."""
    if len(columns) > MOST_PAIRED:
        return []
    return [Difference(*pair) for pair in combinations(columns, 2)]


def written(days: float) -> str:
    """Days since 1970 as the moment that a message writes."""
    return str(np.datetime64(round(days * DAY), "us").astype("datetime64[s]")).replace("T", " ")
