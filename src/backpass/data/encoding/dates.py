"""Dates and times as numbers: how long ago, calendar and clock, cycles, and differences.

A cycle (the year, the week, the day) enters as sine and cosine where the training rows see it come
back: where they span one of it or more. Times are those that the table holds; the calendar is the
Gregorian one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

DAY = 86_400_000_000  # microseconds, in which moments are counted
MINUTE = 60_000_000
THURSDAY = 3  # 1 January 1970, with Monday as 0
MOST_PAIRED = 4  # columns of dates that are subtracted from each other, two by two


class Calendar:
    """The parts of moments, each found when it is first asked for.

    Parameters
    ----------
    values : ndarray of shape (m,), datetime64[us]
        NaT is a gap, and a gap's parts are those of 1 January 1970.

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
        self.values = np.where(self.gaps, np.datetime64(0, "us"), values.astype("datetime64[us]"))
        self.microseconds = self.values.astype(np.int64)

    def part(self, name: str) -> np.ndarray:
        """Return a part of `PARTS`, shape (m,), float64; NaN for a gap."""
        values = PARTS[name](self).astype(np.float64)
        if self.gaps.any():
            values[self.gaps] = np.nan
        return values

    @cached_property
    def days(self) -> np.ndarray:
        """Whole days since 1970."""
        return self.microseconds // DAY

    @cached_property
    def minutes(self) -> np.ndarray:
        """Minutes of the day."""
        return (self.microseconds - self.days * DAY) // MINUTE

    @cached_property
    def months(self) -> np.ndarray:
        """Whole months since 1970."""
        return self.values.astype("datetime64[M]").astype(np.int64)

    @cached_property
    def years(self) -> np.ndarray:
        """Whole years since 1970."""
        return self.months // 12

    @property
    def day(self) -> np.ndarray:
        """Days of the month, from 1."""
        return (
            self.days - self.months.astype("datetime64[M]").astype("datetime64[D]").astype(int) + 1
        )

    @property
    def day_of_year(self) -> np.ndarray:
        """Days of the year, from 0."""
        return self.days - self.years.astype("datetime64[Y]").astype("datetime64[D]").astype(int)

    @property
    def weekday(self) -> np.ndarray:
        """Days of the week, Monday is 0."""
        return (self.days + THURSDAY) % 7


@dataclass(frozen=True)
class Cycle:
    """What comes back after a period, by whole numbers below the period."""

    days: float
    phases: int
    phase: Callable[[Calendar], np.ndarray]

    def on_circle(self, function: Callable[[np.ndarray], np.ndarray]) -> Callable[..., np.ndarray]:
        """Sine or cosine, looked up: one row has the same bits as a million have."""
        table = function(2 * np.pi * np.arange(self.phases) / self.phases)
        return lambda calendar: table[self.phase(calendar)]


CYCLES = {
    "day of year": Cycle(365.25, 366, lambda calendar: calendar.day_of_year),
    "weekday": Cycle(7, 7, lambda calendar: calendar.weekday),
    "time of day": Cycle(1, 24 * 60, lambda calendar: calendar.minutes),
}
ELAPSED = "elapsed"  # days since 1970
PARTS: dict[str, Callable[[Calendar], np.ndarray]] = {
    ELAPSED: lambda calendar: calendar.microseconds / DAY,
    "year": lambda calendar: calendar.years + 1970,
    "month": lambda calendar: calendar.months % 12 + 1,
    "day": lambda calendar: calendar.day,
    "weekday": lambda calendar: calendar.weekday,
    "hour": lambda calendar: calendar.minutes // 60,
    "minute": lambda calendar: calendar.minutes % 60,
    **{f"{name} (sine)": cycle.on_circle(np.sin) for name, cycle in CYCLES.items()},
    **{f"{name} (cosine)": cycle.on_circle(np.cos) for name, cycle in CYCLES.items()},
}


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

    def values(self, calendars: Mapping[str, Calendar]) -> np.ndarray:
        """The part, shape (m,), NaN for a gap."""
        return calendars[self.column].part(self.part)


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

    def values(self, calendars: Mapping[str, Calendar]) -> np.ndarray:
        """The difference, shape (m,), NaN where either is missing."""
        first, second = calendars[self.column], calendars[self.other]
        days = (second.microseconds - first.microseconds) / DAY
        return np.where(first.gaps | second.gaps, np.nan, days)


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
