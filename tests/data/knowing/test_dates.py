"""Dates and times as people write them; Python's and pandas' own readers are the oracle."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backpass.data.knowing.dates import compact_moments, epoch_moments, moments_in, orders_of

DAYS = st.datetimes(datetime(1969, 1, 1), datetime(2068, 12, 31))


@pytest.mark.parametrize(
    ("order", "pattern"),
    [
        ("ymd", "%Y-%m-%d"),
        ("ymd", "%Y/%m/%d %H:%M"),
        ("ymd", "%Y-%m-%dT%H:%M:%S"),
        ("ymd", "%Y-%m-%d %H:%M:%S.%f"),
        ("ymd", "%Y%m%d"),
        ("ymd", "%Y%m%dT%H%M%S"),
        ("ymd", "%Y-%m"),
        ("ymd", "%Y/%m"),
        ("ymd", "%Y. %m. %d."),
        ("ymd", "%Y年%m月%d日"),
        ("ymd", "%Y%m%d%H%M%S"),
        ("ymd", "%Y%m%d_%H%M%S"),
        ("ymd", "%G-W%V-%u"),
        ("dmy", "%Y-%m-%d %H:%M"),
        ("dmy", "%d/%b/%Y:%H:%M:%S +0000"),
        ("mdy", "%a %b %d %H:%M:%S %Y"),
        ("mdy", "%a %b %d %H:%M:%S +0000 %Y"),
        ("mdy", "%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)"),
        ("mdy", "%m/%Y"),
        ("mdy", "%m.%Y"),
        ("mdy", "%b-%y"),
        ("ymd", "%Y-%b-%d"),
        ("dmy", "%d/%m/%Y"),
        ("dmy", "%d.%m.%Y %H:%M"),
        ("dmy", "%d/%m/%y"),
        ("dmy", "%d-%m-%Y"),
        ("dmy", "%d %B %Y"),
        ("dmy", "%d-%b-%y"),
        ("dmy", "%a, %d %b %Y %H:%M:%S"),
        ("mdy", "%m/%d/%Y %I:%M %p"),
        ("mdy", "%m/%d/%y"),
        ("mdy", "%B %d, %Y"),
        ("mdy", "%b %d %Y"),
        ("mdy", "%B %Y"),
        ("hms", "%H:%M"),
        ("hms", "%H:%M:%S"),
    ],
)
@given(moment=DAYS)
def test_a_moment_is_read_as_it_was_written(order, pattern, moment):
    text = moment.strftime(pattern)
    truth = datetime.strptime(text, pattern)
    if order == "hms":
        truth = truth.replace(year=1970)
    assert moments_in([text], order)[0] == np.datetime64(truth, "us")
    if order == "hms":
        truth = truth.replace(year=1900)
    assert moments_in([text], pattern)[0] == np.datetime64(truth, "us")


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-29T12:30:00Z",
        "2024-02-29 12:30+02:00",
        "2024-02-29T12:30:00.25-0530",
        "2024-02-29T23:30:00-01:00",
    ],
)
def test_a_zone_is_left_for_universal_time(text):
    truth = datetime.fromisoformat(text)
    naive = truth.replace(tzinfo=None) - truth.utcoffset()
    assert moments_in([text], "ymd")[0] == np.datetime64(naive, "us")
    assert moments_in(["29.02.2024 +0100"], "dmy").astype(str).tolist() == ["NaT"]


def test_a_pattern_s_zone_is_left_too():
    (moment,) = moments_in(["2024-02-29 12:30 +0200"], "%Y-%m-%d %H:%M %z")
    assert moment == np.datetime64("2024-02-29T10:30")


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("29. Februar 2024", "dmy"),
        ("29 février 2024", "dmy"),
        ("29 de febrero de 2024", "dmy"),
        ("February 29th, 2024", "mdy"),
        ("29 Feb. 2024", "dmy"),
        ("29.2.24", "dmy"),
        ("29 de fevereiro de 2024", "dmy"),
        ("29 februari 2024", "dmy"),
        ("29 lutego 2024", "dmy"),
        ("29. února 2024", "dmy"),
        ("29 şubat 2024", "dmy"),
        ("29 февраля 2024", "dmy"),
    ],
)
def test_months_have_names_in_several_languages(text, order):
    assert moments_in([text], order).astype("M8[D]").astype(str).tolist() == ["2024-02-29"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2023-02-29",
        "2024-13-01",
        "2024-00-10",
        "2024-01-00",
        "31.04.2024",
        "2024",
        "now",
        "today",
        "NaT",
        "1-2-10",
        "12.05",
        "24:00",
        "12:60",
        "1.2.3",
        "13:00 PM",
        "12",
        "1_2",
        "2024-1",
        "10 apples 2024",
        "2024-02/29",
        "5550101",
        "99999999",
    ],
)
def test_what_is_no_moment_is_none(text):
    assert orders_of([text]) == {}


def test_one_day_that_is_none_does_not_spoil_the_others():
    read = moments_in(["2023-02-28", "2023-02-29"], "ymd")
    assert read.astype("M8[D]").astype(str).tolist() == ["2023-02-28", "NaT"]


@given(st.lists(DAYS, min_size=1, max_size=20))
def test_days_in_one_number_are_read(moments):
    numbers = np.array(
        [float(m.strftime("%Y%m%d")) for m in moments] + [np.nan, 20230229, 20240229.5, 2.0**63]
    )
    truth = [np.datetime64(m.date(), "us") for m in moments] + [np.datetime64("NaT", "us")] * 4
    np.testing.assert_array_equal(compact_moments(numbers), truth)


@given(st.lists(st.text(max_size=20), max_size=5))
def test_any_text_is_a_moment_or_none(texts):
    for order in ("ymd", "dmy", "mdy", "hms"):
        assert len(moments_in(texts, order)) == len(texts)


@pytest.mark.parametrize("zone", ["UTC+0200", "GMT+02:00", "+02", "+0200", "GMT+0200 (CEST)"])
def test_a_zone_is_told_by_its_hours(zone):
    (moment,) = moments_in([f"2024-02-29 12:30 {zone}"], "ymd")
    assert moment == np.datetime64("2024-02-29T10:30")


def test_days_in_one_number_are_of_two_centuries():
    days = np.array([18991231, 19000101, 20991231, 21000101, 209912312359, 209912312400])
    told = ~np.isnat(compact_moments(days))
    assert told.tolist() == [False, True, True, False, True, False]
    seconds = np.array([20240229235959, 20240229236059, 20240229235960, 20240229240000])
    assert (~np.isnat(compact_moments(seconds))).tolist() == [True, False, False, False]


def test_quarters_begin_with_their_first_month():
    texts = ["2024-Q2", "2024Q2", "Q2 2024", "q2/2024"]
    assert {*moments_in(texts, "ymd").astype("M8[D]").astype(str)} == {"2024-04-01"}


def test_durations_are_counted_from_1970_on():
    texts = ["0 days 00:05:00", "1 day, 2:03:04", "26:03:04", "3 days 26:61:00", "26:10"]
    lasted = moments_in(texts, "hms") - np.datetime64("1970-01-01", "us")
    assert lasted[:3].astype("m8[s]").astype(int).tolist() == [300, 93784, 93784]
    assert np.isnat(lasted[3:]).all()


def test_seconds_and_milliseconds_since_1970_are_told_by_their_size():
    seconds = np.array([10**8, 1709209800, 4 * 10**9 - 1])
    truth = seconds.astype("M8[s]").astype("M8[us]")
    np.testing.assert_array_equal(epoch_moments(seconds)[:2], truth[:2])
    np.testing.assert_array_equal(epoch_moments(seconds[1:] * 1000), truth[1:])
    texts = [*map(str, seconds), "x"]
    np.testing.assert_array_equal(moments_in(texts, "epoch"), [*truth, np.datetime64("NaT")])
    assert np.isnat(epoch_moments(np.array([0, 10**8 - 1, 4 * 10**9, -(10**9)]))).all()
