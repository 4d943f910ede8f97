"""A table's columns before anybody knows what they mean."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backpass.data.raw import Moments, Numbers, Others, RawTable, Texts

CELLS = st.lists(st.none() | st.sampled_from(["a", "b", "", " a", "7", "007"]), max_size=30)


@given(CELLS)
def test_texts_are_the_cells_that_they_were_made_of(cells):
    texts = Texts.of(cells)
    assert texts.cells() == cells
    assert len(texts) == len(cells)
    assert texts.gaps.tolist() == [cell is None for cell in cells]
    assert len(set(texts.vocabulary)) == len(texts.vocabulary)
    assert texts.counts.tolist() == [cells.count(text) for text in texts.vocabulary]


@given(CELLS)
def test_a_function_is_asked_once_of_each_text(cells):
    asked = []

    def function(text):
        asked.append(text)
        return text.strip() or None

    made = Texts.of(cells, categories=True).mapped(function)
    assert made.cells() == [None if cell is None else cell.strip() or None for cell in cells]
    assert made.categories
    assert sorted(asked) == sorted({cell for cell in cells if cell is not None})


@given(CELLS)
def test_texts_are_read_as_numbers(cells):
    def read(text):
        return float(text) if text.isdigit() else None

    numbers = Texts.of(cells).numbers(read)
    truth = [np.nan if cell is None or not cell.isdigit() else float(cell) for cell in cells]
    np.testing.assert_array_equal(numbers, truth)


COLUMNS = {
    "n": Numbers(np.array([1.0, np.nan, 3.0])),
    "t": Texts.of(["x", None, "x"]),
    "d": Moments(np.array(["2020-01-01", "NaT", "2020-01-03"], "datetime64[us]")),
    "o": Others("lists", np.array([False, True, False])),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_has_a_length_and_gaps(name):
    assert len(COLUMNS[name]) == 3
    assert COLUMNS[name].gaps.tolist() == [False, True, False]


@pytest.mark.parametrize("rows", [np.array([2, 1]), slice(1, None), np.array([], int)])
def test_rows_are_taken_of_all_columns(rows):
    part = RawTable(COLUMNS, 3, "t.csv", ("a note",)).take(rows)
    truth = np.arange(3)[rows]
    assert (part.rows, part.source, part.notes) == (len(truth), "t.csv", ("a note",))
    assert {len(column) for column in part.columns.values()} == {len(truth)}
    np.testing.assert_array_equal(part.columns["n"].values, COLUMNS["n"].values[rows])
    assert part.columns["t"].cells() == [COLUMNS["t"].cells()[row] for row in truth]


def test_whole_numbers_and_truth_values_have_no_gaps():
    assert not Numbers(np.array([1, 2])).gaps.any()
    assert not Numbers(np.array([True])).gaps.any()
    assert RawTable({}, 4).take(np.array([0, 1])).rows == 2
