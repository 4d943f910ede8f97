"""Cells of every type: which are numbers, which are missing, and which are neither."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from backpass.data.cells import (
    as_table,
    cells_of,
    is_gap,
    is_numeric,
    numbers_of,
    refuse_unsupported,
    texts_of,
)
from backpass.errors import InvalidInput


def objects(*cells):
    array = np.empty(len(cells), dtype=object)
    array[:] = cells
    return array


WRITTEN = ["1", "-1.5", " 1 ", "1e3", "1_000", "１２", "1,5", "0x10", "+3", ".5", "5.", "1 2", "٣"]


@pytest.mark.parametrize("text", WRITTEN)
def test_a_number_is_what_pandas_takes_for_one(text, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(f'a\n"{text}"\n"{text}"\n', encoding="utf-8")
    theirs = pd.read_csv(path)["a"]
    assert is_numeric(objects(text)) == pd.api.types.is_numeric_dtype(theirs)
    if is_numeric(objects(text)):
        assert numbers_of(objects(text), "a")[0] == theirs[0]


def test_an_infinity_in_words_is_refused_and_not_a_nan():
    with pytest.raises(InvalidInput, match="1 infinite number, the first in row 1"):
        numbers_of(objects("1", "inf"), "a")
    with pytest.raises(InvalidInput, match=r"row 1 .* holds 'nan'"):
        numbers_of(objects("1", "nan", "2"), "a")


GAPS = [None, np.nan, np.float32("nan"), Decimal("nan"), np.datetime64("NaT"), pd.NA, pd.NaT]
GAPS += ["", "  ", "\t"]
CELLS = [0, 0.0, False, "0", "nan", Decimal(0), [], [np.nan], np.array([np.nan, 1.0]), {}, b""]


@pytest.mark.parametrize(("cells", "missing"), [(GAPS, True), (CELLS, False)])
def test_what_is_missing(cells, missing):
    for cell in cells:
        assert is_gap(objects(cell)).tolist() == [missing], repr(cell)


STRANGE = [
    ([1.0, 2.0], "a list"),
    (np.array([1.0, 2.0]), "a list"),
    ({"field": 1}, "a structure of fields"),
    (b"bytes", "a piece of binary data"),
    (datetime.date(2020, 1, 1), "a date"),
    (datetime.time(12), "a time"),
]


@pytest.mark.parametrize(("cell", "kind"), STRANGE)
def test_what_is_neither_number_nor_text_is_named(cell, kind):
    with pytest.raises(InvalidInput, match=rf"'a' holds {kind} in row 1 .*leave the column out"):
        refuse_unsupported(objects("x", cell), "a")


@pytest.mark.parametrize("dtype", ["M8[ns]", "m8[s]"])
def test_times_are_named(dtype):
    with pytest.raises(InvalidInput, match="'a' holds dates or times"):
        refuse_unsupported(np.zeros(2, dtype), "a")


def test_texts_of_numbers_and_gaps():
    cells = objects(3, 3.0, 0.5, "3.0", None, True, Decimal("1.10"))
    assert texts_of(cells) == ["3", "3", "0.5", "3.0", None, "True", "1.10"]


def test_a_table_of_any_kind_by_name():
    frame = pd.DataFrame({"a": pd.array([1, None], "Int8"), "b": pd.Categorical(["u", None]), 3: 0})
    found = as_table(frame)
    assert list(found) == ["a", "b", "3"]
    assert is_gap(found["a"]).tolist() == is_gap(found["b"]).tolist() == [False, True]
    assert list(as_table(frame, {"3", "b", "z"})) == ["b", "3"]
    assert as_table({"x": [1, 2]})["x"].tolist() == [1, 2]


def test_a_name_that_occurs_twice_is_no_column():
    twice = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(InvalidInput, match=r"'a' has the shape .* occurs once"):
        cells_of(twice["a"], "a")
