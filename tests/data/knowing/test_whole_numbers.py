"""Whole numbers: quantities, codes, keys and running numbers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backpass.data.knowing.kinds import Kind
from backpass.data.knowing.whole_numbers import Whole, judged_whole

RNG = np.random.default_rng(0)
M = 300
PATIENTS = np.repeat(RNG.permutation(np.arange(500, 900, 5))[:60], 5)


def kind_of(name, values, rows=None):
    whole = Whole(np.asarray(values, dtype=np.int64), len(values) if rows is None else rows)
    return judged_whole(name, whole).kind


@given(st.lists(st.integers(-(2**53), 2**53), min_size=1, max_size=30))
def test_what_is_counted_is_what_numpy_counts(values):
    whole = Whole(np.array(values), len(values))
    levels, counts = np.unique(values, return_counts=True)
    np.testing.assert_array_equal(whole.levels, levels)
    np.testing.assert_array_equal(whole.counts, counts)
    assert whole.n == len(set(values))
    assert whole.runs == 1 + sum(a != b for a, b in pairwise(values))
    assert whole.sorted == (values in (sorted(values), sorted(values, reverse=True)))
    widths = {len(str(v)) for v in (min(values), max(values))}
    assert whole.width == (widths.pop() if len(widths) == 1 and min(values) > 0 else 0)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("age", RNG.integers(0, 80, M)),
        ("rooms", RNG.integers(1, 7, M)),
        ("answer", RNG.integers(0, 2, M)),
        ("pixel", RNG.integers(0, 256, M)),
        ("salary", RNG.integers(20_000, 99_999, M)),
        ("year", np.arange(1700, 2000)),
        ("year", np.repeat(np.arange(1990, 2015), 12)),
        ("month", np.tile(np.arange(1, 13), 25)),
        ("sample", np.arange(12)),
        ("x", np.arange(M)),
        ("t", np.arange(M)),
        ("yyyymm", [100 * y + m for y in range(1990, 2015) for m in range(1, 13)]),
        ("yyyymm", [*[199012, 200101, 201007, 201112] * 75]),
        ("stock", RNG.choice([102, 205, 310, 414, 630, 799], M) * 3),
        ("days", RNG.choice([3, 7, 28, 90], M)),
        ("cc", RNG.choice([1000, 1200, 1400, 1600, 2000], M)),
        ("dose", np.repeat(np.arange(1000, 4000, 100), 10)),
        ("users", RNG.integers(0, 60, M)),
        ("customer_age", RNG.integers(18, 80, M)),
        ("number", np.arange(1, 20) ** 3),
        ("heat_index", RNG.integers(100, 200, M)),
        ("index of prices", RNG.integers(100, 200, M)),
        ("sparse", np.sort(RNG.choice(10_000, M, replace=False))),
        ("sold", np.sort(RNG.integers(0, 60, M))),
        ("zip", RNG.integers(0, 2, M)),
    ],
)
def test_quantities_stay_numbers(name, values):
    assert kind_of(name, values) == Kind.NUMBER


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("row", np.arange(M)),
        ("sample_no", np.arange(10_001, 10_001 + M)),
        ("order", RNG.permutation(M)),
        ("PassengerId", np.delete(np.arange(400), slice(0, 400, 4))),
        ("id", np.arange(12)),
        ("patient", PATIENTS),
        ("patient_no", RNG.permutation(PATIENTS)),
        ("CustomerID", RNG.permutation(np.repeat(np.arange(100), 3))),
        ("account_id", RNG.permutation(np.repeat(np.arange(100), 3))),
        ("x", PATIENTS),
        ("x", RNG.permutation(np.repeat(RNG.choice(np.arange(1000, 9999), 60, False), 5))),
    ],
)
def test_keys_and_running_numbers_are_ids(name, values):
    assert kind_of(name, values) == Kind.ID


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("zip", RNG.choice([2139, 10001, 94110], M)),
        ("product code", RNG.integers(0, 40, M)),
        ("shop_id", RNG.integers(0, 12, M)),
        ("ward", RNG.choice([101, 204, 317, 532, 733], M)),
        ("ward", RNG.choice([210001, 210912, 211007, 219111], M)),
        ("ward", RNG.choice([190001, 200713, 201008, 202211], M)),
    ],
)
def test_codes_are_categories(name, values):
    assert kind_of(name, values) == Kind.CATEGORY


def test_seconds_since_1970_are_dates_where_the_name_says_so():
    seconds = 1_600_000_000 + 86_400 * RNG.integers(0, 400, M)
    judged = judged_whole("timestamp", Whole(seconds, M))
    assert (judged.kind, judged.spelling) == (Kind.DATE, "epoch")
    assert judged.reason.startswith("seconds since 1970, from 2020-09-1")
    assert judged_whole("created", Whole(1000 * seconds, M)).reason.startswith("milliseconds")
    assert kind_of("price", seconds) == Kind.NUMBER
    assert kind_of("timestamp", [*seconds, 5]) == Kind.NUMBER
    assert kind_of("x", 202_001_010_000 + np.arange(60)) == Kind.DATE


def test_days_in_one_number_are_dates():
    days = np.arange("2021-01-01", "2022-01-01", dtype="M8[D]")
    numbers = [int(str(day).replace("-", "")) for day in days]
    assert kind_of("x", numbers) == Kind.DATE
    assert kind_of("date", numbers[:2]) == Kind.DATE
    assert kind_of("x", numbers[:2]) == Kind.NUMBER
    assert kind_of("date", [*numbers, 20210229]) == Kind.NUMBER


def test_a_running_number_with_gaps_is_none_for_rows_are_without_it():
    assert kind_of("sample", np.arange(M), rows=M + 1) == Kind.NUMBER


def test_rows_that_belong_together_are_said():
    reason = judged_whole("patient", Whole(PATIENTS, M)).reason
    assert "5 rows each" in reason
    assert "--split group:patient" in reason


def test_few_values_may_be_names_and_the_option_is_said():
    assert "--kind 'my rooms'=category" in judged_whole("my rooms", Whole(PATIENTS % 7, M)).reason
    assert "--kind" not in judged_whole("age", Whole(np.arange(M) % 50, M)).reason
