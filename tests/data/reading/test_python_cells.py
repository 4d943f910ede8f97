"""Columns of Python's objects and of NumPy's arrays."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backpass.data.raw import Moments, Numbers, Others, Texts
from backpass.data.reading.python_cells import column_of_array, column_of_cells, of_words

ZONE = dt.timezone(dt.timedelta(hours=2))


@pytest.mark.parametrize(
    ("cells", "truth"),
    [
        ([1, 2], [1, 2]),
        ([1, None], [1, np.nan]),
        ([1, 2.5, float("nan")], [1, 2.5, np.nan]),
        ([Decimal("0.1"), 1], [0.1, 1]),
        ([True, False], [True, False]),
        ([np.int8(3), np.float32(0.5)], [3, 0.5]),
        ([1, ""], [1, np.nan]),
    ],
)
def test_numbers(cells, truth):
    column = column_of_cells(cells)
    assert isinstance(column, Numbers)
    np.testing.assert_array_equal(column.values, truth)


@pytest.mark.parametrize(
    ("cells", "truth"),
    [
        (["a", " b ", "", None], ["a", "b", None, None]),
        ([7, "A/5", 2.5, 3.0], ["7", "A/5", "2.5", "3"]),
        ([True, None, False], ["True", None, "False"]),
        ([dt.date(2024, 2, 29), "soon"], ["2024-02-29", "soon"]),
        ([dt.time(12, 30)], ["12:30:00"]),
        ([10**15, 1], ["1000000000000000", "1"]),
        ([9007199254740993, None], ["9007199254740993", None]),
        ([None, float("nan")], [None, None]),
        ([], []),
    ],
)
def test_texts(cells, truth):
    assert column_of_cells(cells).cells() == truth


def test_moments_are_in_universal_time():
    cells = [dt.datetime(2024, 1, 1, 1, tzinfo=ZONE), None, dt.date(2024, 1, 2)]
    column = column_of_cells(cells)
    assert isinstance(column, Moments)
    truth = np.array(["2023-12-31T23", "NaT", "2024-01-02"], "datetime64[us]")
    np.testing.assert_array_equal(column.values, truth)


@pytest.mark.parametrize(
    ("cells", "word"),
    [
        ([[1], None], "lists"),
        ([{"a": 1}, None], "structures"),
        ([b"a", None], "binary"),
        ([1j, None], "objects"),
        ([{1}, "text", None], "lists"),
    ],
)
def test_others(cells, word):
    column = column_of_cells(cells)
    assert isinstance(column, Others)
    assert word in column.what
    assert column.gaps.tolist() == [cell is None for cell in cells]


def test_words_for_gaps():
    np.testing.assert_array_equal(column_of_cells([1, "?"], na=("?",)).values, [1, np.nan])
    assert of_words(np.array([0, 1, 2, -1]), ["a", "?", None], ("?",)).cells() == ["a"] + [None] * 3


@pytest.mark.parametrize("kind", ["b1", "i1", "u2", "i8", "u8", "f2", "f4", "f8"])
def test_arrays_of_numbers(kind):
    values = np.array([0, 1, 1], kind)
    column = column_of_array(values)
    np.testing.assert_array_equal(column.values, values)
    assert column.values.dtype == {"b": bool, "f": np.float64}.get(kind[0], np.int64)


def test_other_arrays():
    assert column_of_array(np.array(["b", "a", "b", ""])).cells() == ["b", "a", "b", None]
    assert column_of_array(np.array([2**63, 5], "u8")).cells() == [str(2**63), "5"]
    assert column_of_array(np.array([-(2**63), 5])).cells() == [str(-(2**63)), "5"]
    stamps = np.array(["2024-01-01", "NaT"], "datetime64[ns]")
    np.testing.assert_array_equal(column_of_array(stamps).values, stamps)
    lengths = np.array([90, "NaT"], "timedelta64[m]")
    np.testing.assert_array_equal(column_of_array(lengths).values, [5400, np.nan])
    masked = np.ma.array([1.0, 2.0], mask=[False, True])
    np.testing.assert_array_equal(column_of_array(masked).values, [1, np.nan])
    assert isinstance(column_of_array(np.array([1j])), Others)
    assert isinstance(column_of_array(np.array([[1], None], object)), Others)


@given(st.lists(st.none() | st.integers(-(10**16), 10**16), max_size=6))
def test_whole_numbers_keep_every_digit(cells):
    column = column_of_cells(cells)
    if isinstance(column, Texts):
        assert column.cells() == [None if cell is None else str(cell) for cell in cells]
    else:
        assert [None if x != x else int(x) for x in column.values.tolist()] == cells
