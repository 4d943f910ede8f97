"""Columns that are equal to another one in every row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backpass.data.knowing import duplicates as module
from backpass.data.knowing.duplicates import duplicates
from backpass.data.raw import Moments, Numbers, Texts

CELLS = st.lists(st.sampled_from([None, "a", "b", "c"]), min_size=4, max_size=4)


@given(st.dictionaries(st.sampled_from("pqrstu"), CELLS, max_size=6))
def test_columns_are_duplicates_where_all_their_cells_are_equal(tables):
    found = duplicates({name: Texts.of(cells) for name, cells in tables.items()})
    truth = {}
    for name in sorted(tables):
        equal = [first for first in sorted(tables) if tables[first] == tables[name]]
        if equal[0] != name:
            truth[name] = equal[0]
    assert found == truth


@given(st.permutations(["a", "b", "c", "d"]))
def test_the_order_of_columns_means_nothing(names):
    values = {"a": 1.0, "b": 2.0, "c": 1.0, "d": 1.0}
    columns = {name: Numbers(np.array([values[name], 5.0])) for name in names}
    assert duplicates(columns) == {"c": "a", "d": "a"}


def test_a_vocabulary_in_another_order_and_with_more_words_is_the_same():
    one = Texts(np.array([0, 1, -1], np.int32), ("a", "b"))
    other = Texts(np.array([2, 1, -1], np.int32), ("x", "b", "a"))
    assert duplicates({"one": one, "other": other}) == {"other": "one"}


def test_one_row_far_inside_tells_columns_apart():
    one = np.zeros(100_000)
    other = one.copy()
    other[77] = 1
    assert duplicates({"a": Numbers(one), "b": Numbers(other)}) == {}
    assert duplicates({"a": Numbers(one), "b": Numbers(-one)}) == {"b": "a"}


def test_numbers_and_moments_are_told_apart():
    zeros = np.zeros(3, np.int64)
    columns = {"a": Moments(zeros.view("datetime64[us]")), "b": Numbers(zeros.view(np.float64))}
    assert duplicates(columns) == {}


@pytest.mark.parametrize("n", [10, 100])
def test_columns_that_differ_at_a_glance_are_not_read_to_the_end(monkeypatch, n):
    read = []
    monkeypatch.setattr(module, "_whole", lambda column: read.append(column) or len(read))
    columns = {f"x{i}": Numbers(np.full(1000, float(i))) for i in range(n)}
    duplicates(columns | {"y": columns["x3"]})
    assert len(read) == 2
