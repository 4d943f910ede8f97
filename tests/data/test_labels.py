"""Labels stay what they are: each written form, each type, alone and beside its look-alikes."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backpass.data.labels import (
    as_narrow,
    known_labels,
    labels_of,
    looks_like_classes,
    places_of,
    text_array,
    typed,
)


def objects(*cells):
    array = np.empty(len(cells), dtype=object)
    array[:] = cells
    return array


@pytest.mark.parametrize(
    "cells",
    [
        [True, False],
        [3, 1],
        [-(2**63), 2**63 - 1],
        [1.0, 2.0],
        ["02139", "2139"],
        ["1_2", "12", "１２"],
        ["1e3", "1000"],
        ["True", "False"],
        ["nan", "inf", "None"],
        [" a", "a"],
    ],
)
def test_labels_have_the_type_of_their_cells(cells):
    for given_as in (np.array(cells), objects(*cells)):
        labels = labels_of(given_as)
        assert labels.tolist() == cells
        assert [type(label) for label in labels.tolist()] == [type(cell) for cell in cells]
        assert len(np.unique(labels)) == len(cells)


def test_mixed_and_long_labels_are_text():
    assert labels_of(objects(1, "a", True)).tolist() == ["1", "a", "True"]
    assert labels_of(objects(Decimal("1.10"), Decimal(2))).tolist() == ["1.10", "2"]
    assert labels_of(np.array([0.5, 1.0])).tolist() == ["0.5", "1.0"]
    assert labels_of(objects(2**70, 1)).tolist() == [str(2**70), "1"]
    assert labels_of(objects(2**64 - 1, 1)).tolist() == [2**64 - 1, 1]
    assert labels_of(np.array([2**64 - 1], np.uint64)).tolist() == [2**64 - 1]
    assert labels_of(objects(np.int64(2), np.int8(1))).tolist() == [2, 1]
    assert labels_of(np.array([], dtype=object)).tolist() == []


def test_one_long_label_does_not_widen_all():
    texts = ["x" * 10_000, *["ab"] * 5_000]
    assert text_array(texts).nbytes < 1e5
    assert text_array(texts).tolist() == texts
    assert text_array(["ab", "c"]).dtype == np.dtype("U2")


KEPT_AS_TEXT = ["007", "1e3", "1_2", "+1", "-0", "1.", ".5", "1.50", "0x10", "1,5", "１"]
KEPT_AS_TEXT += [str(2**64)]


@pytest.mark.parametrize("text", KEPT_AS_TEXT)
def test_what_is_not_written_in_full_stays_text(text):
    assert typed(objects("1", text)).tolist() == ["1", text]


@pytest.mark.parametrize("dtype", [np.int64, np.float64])
def test_what_is_written_in_full_becomes_numbers(dtype):
    numbers = np.array([3, -7, 12345678901234567, 0], dtype)
    texts = objects(*map(str, numbers.tolist()))
    assert typed(texts).dtype == dtype
    assert typed(texts).tolist() == numbers.tolist()


def test_gaps_stay_gaps_and_whole_numbers_whole():
    cells = typed(objects("12345678901234567", np.nan, "2"))
    assert [cells[0], cells[2]] == [12345678901234567, 2]
    assert np.isnan(cells[1])
    assert np.isnan(typed(objects("0.5", np.nan))[1])
    assert typed(objects(np.nan)).dtype == object


def test_spaces_around_numbers_are_no_label_unless_they_tell_two_apart():
    assert typed(objects(" 0", " 1")).tolist() == [0, 1]
    assert typed(objects(" 1", "1", "0")).tolist() == [" 1", "1", "0"]


@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False), min_size=1))
def test_typed_text_is_written_as_it_was(numbers):
    texts = [str(number) for number in numbers]
    assert [str(cell) for cell in typed(objects(*texts)).tolist()] == texts


@pytest.mark.parametrize(
    ("classes", "cells", "expected"),
    [
        (np.array(["False", "True"]), np.array([True, False]), ["True", "False"]),
        (np.array([False, True]), objects("True", "False"), [True, False]),
        (np.array([0, 1]), np.array([1.0, 0.0]), [1, 0]),
        (np.array([0.0, 1.0]), np.array([1, 0]), [1.0, 0.0]),
        (np.array([1, 2]), objects("2", "01", "x"), [2, "01", "x"]),
        (np.array(["007", "7"]), objects("7", "007"), ["7", "007"]),
        (np.array(["1", "1.0"]), objects("1.0", "1", "1.00"), ["1.0", "1", "1.00"]),
        (np.array([12345678901234567]), np.array([12345678901234568]), [12345678901234568]),
    ],
)
def test_labels_of_a_file_are_those_of_the_model(classes, cells, expected):
    found = known_labels(cells, classes).tolist()
    assert found == expected
    assert [type(label) for label in found] == [type(label) for label in expected]


def test_places_are_those_of_equal_names_first():
    assert places_of(["b", "a", "c"], ["a", "b"]).tolist() == [1, 0, -1]
    assert places_of(["3.0", "3", "03", "3.5"], ["3", "4"]).tolist() == [0, 0, -1, -1]
    assert places_of(["3", "-2"], ["3.0", "-2.00"]).tolist() == [0, 1]
    assert places_of(["3", "3.0", "3.00"], ["3.0", "3"]).tolist() == [1, 0, -1]
    assert places_of([], ["a"]).tolist() == []
    assert places_of(["a", "a"], []).tolist() == [-1, -1]


def test_rows_of_classes_take_what_their_texts_take():
    wide = as_narrow(np.array(["a", "b" * 20_000]))
    assert wide[np.zeros(5000, int)].nbytes == 40_000
    assert known_labels(objects(*"a" * 5000), wide).nbytes == 40_000
    assert wide.tolist() == ["a", "b" * 20_000]
    assert as_narrow(objects("a", "bc")).dtype == "U2"
    assert as_narrow(objects("a", "a\0")).tolist() == ["a", "a\0"]
    for others in (np.arange(3), objects(2**70, 1), objects("a", 1), objects()):
        assert as_narrow(others) is others


@pytest.mark.parametrize(
    ("cells", "classes"),
    [
        (np.array([True, False]), True),
        (np.arange(20), True),
        (np.arange(21), False),
        (np.array([0.0, 0.5]), False),
        (objects("1", "2"), True),
        (objects("1.5", "2"), False),
        (objects("a", "b", "1"), True),
        (objects("1_1", "1_2"), True),
        (pd.array(["x", "y"]).to_numpy(dtype=object), True),
    ],
)
def test_what_looks_like_classes(cells, classes):
    assert looks_like_classes(cells, "y") == classes
