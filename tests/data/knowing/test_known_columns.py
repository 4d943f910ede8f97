"""One column: its kind, its clean cells, and what somebody wishes of it."""

from __future__ import annotations

import numpy as np
import pytest

from backpass.data.knowing.kinds import Kind, Wishes
from backpass.data.knowing.known_columns import known_column
from backpass.data.raw import Moments, Numbers, Others, Texts
from backpass.errors import InvalidInput

DAYS = np.arange("2024-01-01", "2024-03-01", dtype="M8[D]").astype("M8[us]")
LISTS = Others("lists of numbers", np.array([False, True]))


def known(column, **wishes):
    return known_column("x", column, Wishes(**wishes))


@pytest.mark.parametrize(
    ("column", "kind", "reason", "gaps"),
    [
        (Numbers(np.full(3, np.nan)), "ignored", "empty in every row", 3),
        (Texts.of([None, " ", "NULL"]), "ignored", "empty in every row; 'NULL' is a gap", 3),
        (Moments(DAYS[:0].repeat(0)), "ignored", "empty in every row", 0),
        (Numbers(np.array([4, 4])), "constant", "4 in every row", 0),
        (Numbers(np.array([4.5, 4.5])), "constant", "4.5 in every row", 0),
        (Numbers(np.array([True, True])), "constant", "True in every row", 0),
        (Texts.of(["$5", "$5"]), "constant", "'$5' in every row", 0),
        (Moments(DAYS[:1].repeat(2)), "constant", "2024-01-01T00:00:00.000000 in every row", 0),
        (Numbers(np.array([4.0, np.nan])), "number", "4 or a gap", 1),
        (Texts.of(["yes", None]), "category", "'yes' or a gap", 1),
        (Numbers(np.array([True, False])), "category", "True and False", 0),
        (Numbers(np.array([0.5, 1.5])), "number", "numbers from 0.5 to 1.5", 0),
        (Moments(DAYS), "date", "dates, as the source has them", 0),
        (LISTS, "ignored", "lists of numbers: neither numbers nor text", 1),
        (Texts.of(["3", "8"] * 9, categories=True), "category", "2 categories, as the source", 0),
        (Texts.of(["?", "a", "b"] * 9), "category", "2 different texts; '?' is a gap", 9),
        (Numbers(np.array([2**60 + i for i in (0, 1, 0, 1)])), "category", "2 different texts", 0),
        (Texts.of(["a7", "b8", "c9", None]), "id", "another text in each row", 1),
    ],
)
def test_a_column_s_kind_has_a_reason(column, kind, reason, gaps):
    reading, clean = known(column)
    assert reading.kind == kind
    assert reading.reason.startswith(reason)
    assert reading.gaps == gaps
    assert reading.used == (clean is not None) == reading.kind.learned_from
    assert clean is None or clean.gaps.sum() == gaps
    assert (reading.levels == 1) == (kind == "constant" or "or a gap" in reason)


def test_big_whole_numbers_keep_every_digit():
    _, clean = known(Numbers(np.array([2**60, 2**60 + 1] * 2)))
    assert set(clean.vocabulary) == {str(2**60), str(2**60 + 1)}


@pytest.mark.parametrize(
    "column",
    [
        Numbers(np.array([1.0, np.inf])),
        Texts.of(["1", "many"] * 2),
        Texts.of(["01/02/2024", "02/03/2024"]),
        Texts.of(["3%", "4"]),
        Moments(DAYS),
        LISTS,
    ],
)
def test_ignoring_works_whatever_the_cells(column):
    reading, clean = known(column, ignore=["x"])
    assert (reading.kind, reading.used, clean) == (Kind.IGNORED, False, None)
    assert known(column, kinds={"x": "ignored"})[0].kind == Kind.IGNORED
    assert known(column, kinds={"x": "id"})[0].kind == Kind.ID


@pytest.mark.parametrize(
    ("column", "kind", "cells", "reason"),
    [
        (Texts.of(["02139", "x", "?"]), "number", [2139, np.nan, np.nan], "1 cell that is no num"),
        (
            Numbers(np.array([1.0, np.inf])),
            "number",
            [1, np.nan],
            "that is no number ('inf'",
        ),
        (Texts.of(["3%", "4"]), "number", [3, 4], "a number, as you wish"),
        (Texts.of(["1,5", "2,25"]), "number", [1.5, 2.25], "a number, as you wish"),
        (Numbers(np.array([True, False])), "number", [1, 0], "a number, as you wish"),
        (Numbers(np.array([1.0, np.inf, np.nan])), "category", ["1", "inf", None], "a category"),
        (Numbers(np.array([1.0, 2.5])), "category", ["1", "2.5"], "a category"),
        (Numbers(np.array([True, False])), "category", ["True", "False"], "a category"),
        (Texts.of(["$5", "$5"]), "category", ["$5", "$5"], "a category"),
        (Moments(DAYS[:2]), "category", ["2024-01-01", "2024-01-02"], "a category"),
        (Texts.of(["a", "b"]), "text", ["a", "b"], "a text, as you wish"),
        (Numbers(np.array([7, 8])), "text", ["7", "8"], "a text, as you wish"),
        (Texts.of(["2024-01-01", "soon"]), "date", ["2024-01-01", "NaT"], "1 cell that is no date"),
        (Numbers(np.array([20240101, 7])), "date", ["2024-01-01", "NaT"], "1 cell that is no date"),
    ],
)
def test_a_wish_wins_and_what_it_cannot_read_is_counted(column, kind, cells, reason):
    reading, clean = known(column, kinds={"x": kind})
    assert (reading.kind, reading.used) == (kind, True)
    assert reason in f"a {kind}, as you wish" or reason in reading.reason
    if kind == "date":
        assert clean.values.astype("M8[D]").astype(str).tolist() == cells
    elif kind == "number":
        np.testing.assert_array_equal(clean.values, cells)
    else:
        assert clean.cells() == cells


@pytest.mark.parametrize(
    ("column", "kind", "said"),
    [
        (LISTS, "category", "Column 'x' cannot be a category: it holds lists of numbers"),
        (Texts.of(["a", "b"]), "number", "no cell is one, the first is 'a'; --ignore x"),
        (Moments(DAYS), "number", "no cell is one"),
        (Texts.of(["a", "b"]), "date", "no cell is one"),
        (Texts.of(["a", "b"]), "constant", "a column can be number, category"),
        (Texts.of(["a", "b"]), "nonsense", "a column can be number, category"),
    ],
)
def test_a_wish_that_no_cell_can_fulfil_is_one_sentence(column, kind, said):
    with pytest.raises(InvalidInput, match=said):
        known(column, kinds={"x": kind})


def test_a_wish_is_heard_of_the_order_of_dates():
    texts = Texts.of(["01/02/2024", "03/04/2024"])
    _, clean = known(texts, kinds={"x": "date"}, date_format="mdy")
    assert clean.values.astype("M8[D]").astype(str).tolist() == ["2024-01-02", "2024-03-04"]


@pytest.mark.parametrize("word", ["-999", "-999.0"])
def test_a_number_can_be_a_word_for_a_gap(word):
    reading, clean = known(Numbers(np.array([1.5, -999, 2.5])), na=[word])
    assert reading.gaps == 1
    np.testing.assert_array_equal(clean.values, [1.5, np.nan, 2.5])
    reading, clean = known(Numbers(np.array([1, -999, 2])), na=[word], kinds={"x": "category"})
    assert (reading.gaps, reading.levels) == ((1, 2) if word == "-999" else (0, 3))
