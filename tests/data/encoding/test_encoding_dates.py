"""Dates as numbers: against Python's own calendar, from year 1 to 9999, with gaps."""

from __future__ import annotations

import calendar
import math
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backpass.data.encoding.dates import (
    PARTS,
    Calendar,
    DatePart,
    Difference,
    differences_of,
    parts_of,
    written,
)

MOMENTS = st.lists(st.none() | st.datetimes(), min_size=1, max_size=20)
EPOCH = datetime(1970, 1, 1)


def moments(cells: list[datetime | None]) -> np.ndarray:
    return np.array(["NaT" if c is None else c.isoformat() for c in cells], "datetime64[us]")


def circle(phase: int, period: int) -> tuple[float, float]:
    angle = 2 * math.pi * phase / period
    return math.sin(angle), math.cos(angle)


def truth(cell: datetime) -> dict[str, float]:
    """What Python's calendar says of a moment."""
    day_of_year = cell.timetuple().tm_yday - 1
    circles = {
        "day of year": circle(day_of_year, 366),
        "weekday": circle(calendar.weekday(cell.year, cell.month, cell.day), 7),
        "time of day": circle(60 * cell.hour + cell.minute, 24 * 60),
    }
    return {
        "elapsed": (cell - EPOCH) / timedelta(days=1),
        "year": cell.year,
        "month": cell.month,
        "day": cell.day,
        "weekday": calendar.weekday(cell.year, cell.month, cell.day),
        "hour": cell.hour,
        "minute": cell.minute,
        **{f"{name} (sine)": at[0] for name, at in circles.items()},
        **{f"{name} (cosine)": at[1] for name, at in circles.items()},
    }


@given(MOMENTS)
def test_every_part_is_what_pythons_calendar_says(cells):
    found = Calendar(moments(cells))
    true = [None if cell is None else truth(cell) for cell in cells]
    assert {*PARTS} == {*truth(EPOCH)}
    for name in PARTS:
        expected = [math.nan if t is None else t[name] for t in true]
        np.testing.assert_allclose(found.part(name), expected, rtol=1e-14, atol=1e-14)


@given(MOMENTS)
def test_one_row_has_the_bits_that_many_have(cells):
    values = moments(cells)
    for name in PARTS:
        whole = Calendar(values).part(name)
        single = [Calendar(values[i : i + 1]).part(name)[0] for i in range(len(values))]
        np.testing.assert_array_equal(whole, single)


def test_rows_that_share_their_days_have_the_parts_of_each_alone():
    hours = np.arange("1969-12-20", "1970-01-20", dtype="datetime64[h]").astype("datetime64[us]")
    values = np.append(np.random.default_rng(0).permutation(hours), np.datetime64("NaT"))
    calendar = Calendar(values)
    assert len(calendar.places("day").numbers) == 31
    assert len(calendar.places("minute").numbers) == len(values)
    minutes = Calendar(np.repeat(values, 2)).places("minute").numbers
    np.testing.assert_array_equal(minutes, np.arange(23 * 60 + 1))
    for name in PARTS:
        alone = [Calendar(values[i : i + 1]).part(name)[0] for i in range(len(values))]
        np.testing.assert_array_equal(calendar.part(name), alone)
        np.testing.assert_array_equal(calendar.part(name, slice(5, 9)), alone[5:9])


@given(MOMENTS, st.randoms(use_true_random=False))
def test_a_difference_is_that_of_pythons_moments(cells, random):
    others = random.sample(cells, len(cells))
    calendars = {"a": Calendar(moments(cells)), "b": Calendar(moments(others))}
    difference = Difference("a", "b")
    expected = [
        math.nan if None in (one, other) else (other - one) / timedelta(days=1)
        for one, other in zip(cells, others)
    ]
    np.testing.assert_allclose(difference.values(calendars), expected, rtol=1e-15)
    assert (difference.name, difference.columns) == ("b − a", ("a", "b"))


@pytest.mark.parametrize(
    ("step", "rows", "cycles"),
    [
        ("1 h", 24, []),
        ("1 h", 25, ["time of day"]),
        ("1 D", 7, ["time of day"]),
        ("1 D", 8, ["weekday", "time of day"]),
        ("1 D", 366, ["weekday", "time of day"]),
        ("1 D", 400, ["day of year", "weekday", "time of day"]),
    ],
)
def test_a_cycle_is_one_that_the_rows_see_come_back(step, rows, cycles):
    number, unit = step.split()
    values = np.datetime64("2024-01-01", "us") + np.arange(rows) * np.timedelta64(int(number), unit)
    found = parts_of("t", Calendar(np.append(values, np.datetime64("NaT"))))
    assert [part.name for part in found] == [
        *(
            f"t: {name}"
            for name in ("elapsed", "year", "month", "day", "weekday", "hour", "minute")
        ),
        *(f"t: {name} ({of})" for name in cycles for of in ("sine", "cosine")),
    ]


def test_only_gaps_have_no_cycle():
    assert len(parts_of("t", Calendar(moments([None, None])))) == 7


def test_few_columns_are_subtracted_two_by_two():
    assert differences_of(["a"]) == []
    assert differences_of(["a", "b", "c"]) == [
        Difference("a", "b"), Difference("a", "c"), Difference("b", "c"),
    ]  # fmt: skip
    assert len(differences_of(list("abcd"))) == 6
    assert differences_of(list("abcde")) == []


def test_a_part_that_no_date_has_is_refused():
    with pytest.raises(ValueError, match="'age'"):
        DatePart("t", "age")


def test_a_moment_is_written_as_people_do():
    assert written(float(Calendar(moments([datetime(2024, 2, 29, 13, 5)])).part("elapsed")[0])) == (
        "2024-02-29 13:05:00"
    )
