"""Which strings are numbers: the oracle is Python's float and a pattern."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backpass.data.raw import Numbers, Texts
from backpass.data.reading.text_files.plain_numbers import column_of, plain_numbers

pa = pytest.importorskip("pyarrow")

PLAIN = re.compile(r"[-+]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
WHOLE = re.compile(r"[-+]?\d+")
LONG = re.compile(r"[-+]?\d{16,}")
ODD = ["007", "02139", "1_2", "$5", "5%", "inf", "-inf", "nan", "NaN", "Infinity", "1e999", "0x1F"]
ODD += [
    "1,5",
    "1 2",
    "--5",
    "5-",
    "٣",
    "1d5",
    "-007",
    "+01",
]
NUMBERS = ["0", "-0", "7", "-12", "+5", "0.5", ".5", "5.", "-.5", "1e5", "2E-3", "-0.0", "0e0"]
NUMBERS += ["0.1234567890123456789", "123456789012345", "1.7976931348623157e308", "5e-324", ".05"]


def column(cells, pieces=1):
    step = -(-len(cells) // pieces) or 1
    chunks = [cells[start : start + step] for start in range(0, len(cells), step)]
    return pa.chunked_array(chunks, pa.string())


def is_plain(cell):
    return bool(PLAIN.fullmatch(cell)) and cell.isascii() and np.isfinite(float(cell))


def are_labels(cells):
    return all(map(WHOLE.fullmatch, cells)) and any(map(LONG.fullmatch, cells))


CELLS = st.lists(
    st.none()
    | st.sampled_from(NUMBERS + ODD)
    | st.floats(allow_nan=False, allow_infinity=False).map(repr)
    | st.integers(-(10**17), 10**17).map(str),
    min_size=1,
    max_size=8,
)


@given(CELLS, st.integers(1, 3))
def test_a_column_is_numbers_where_each_filled_cell_is_a_plain_one(cells, pieces):
    filled = [cell for cell in cells if cell is not None]
    found = column_of(column(cells, pieces))
    if not filled or not all(map(is_plain, filled)) or are_labels(filled):
        assert isinstance(found, Texts)
        assert found.cells() == cells
        return
    assert isinstance(found, Numbers)
    truth = [np.nan if cell is None else float(cell) for cell in cells]
    np.testing.assert_array_equal(found.values, truth)


@pytest.mark.parametrize("cell", NUMBERS)
def test_numbers(cell):
    assert column_of(column([cell, "2.5"])).values.tolist() == [float(cell), 2.5]


@pytest.mark.parametrize("cell", ODD)
def test_one_odd_cell_makes_texts_of_all(cell):
    assert column_of(column(["1", cell, "2"])).cells() == ["1", cell, "2"]
    assert column_of(column(["1.5", cell, None])).cells() == ["1.5", cell, None]


@pytest.mark.parametrize("gap", [None, "7"])
@pytest.mark.parametrize("cell", ["9007199254740993", "-1234567890123456", "99999999999999999999"])
def test_a_long_whole_number_is_a_label_among_whole_ones(cell, gap):
    assert column_of(column([cell, gap])).cells() == [cell, gap]
    assert column_of(column([cell, "0.5"])).values.tolist() == [float(cell), 0.5]


@pytest.mark.parametrize(
    ("cells", "dtype"),
    [(["1", "-2"], "int64"), (["1", None], "float64"), (["1", "2.0"], "float64")],
)
def test_whole_numbers_without_gaps_stay_whole(cells, dtype):
    assert column_of(column(cells)).values.dtype == dtype


def test_blanks_around_cells_are_no_part_of_them():
    assert column_of(column([" 12 ", "3", "\t"])).values.tolist()[:2] == [12, 3]
    assert column_of(column([" a", "a", "  ", None])).cells() == ["a", "a", None, None]
    assert column_of(column([" a", "a"])).vocabulary == ("a",)


def test_words_that_stand_for_a_gap():
    found = column_of(column(["1", "?", "-"]), na=("?", "-"))
    np.testing.assert_array_equal(found.values, [1, np.nan, np.nan])
    assert column_of(column(["x", "?"]), na=("?",)).cells() == ["x", None]


@pytest.mark.parametrize(
    ("cells", "decimal", "thousands", "truth"),
    [
        (["1,5", "2"], ",", None, [1.5, 2]),
        (["1.234,5", "12"], ",", None, [1234.5, 12]),
        (["1.234", "12.500"], ",", None, [1234, 12500]),
        (["1.25", "12.5"], ",", None, [1.25, 12.5]),
        (["1,234", "12"], ".", ",", [1234, 12]),
        (["1 234,5", "12"], ",", " ", [1234.5, 12]),
        (["1'234.5", "0.5"], ".", "'", [1234.5, 0.5]),
    ],
)
def test_marks(cells, decimal, thousands, truth):
    assert column_of(column(cells), decimal, thousands).values.tolist() == truth


@pytest.mark.parametrize("cells", [["12,34", "1"], ["1,2345"], ["0,123"], ["1,23,456"]])
def test_a_mark_between_other_groups_than_three_is_none_of_thousands(cells):
    assert column_of(column(cells), ".", ",").cells() == cells


def test_a_part_of_an_arrow_array_is_looked_at_and_no_more():
    cells = pa.array(["007", "1", "2", "08"])
    np.testing.assert_array_equal(plain_numbers([cells.slice(1, 2)]), [1, 2])
