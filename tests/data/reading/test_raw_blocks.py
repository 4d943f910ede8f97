"""Blocks of a table's rows: joined as they were, and rows that tell what a sample lacks."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backpass.data.raw import Moments, Numbers, Others, RawTable, Texts
from backpass.data.reading import raw_blocks
from backpass.data.reading.raw_blocks import Telling, joined

CELLS = st.lists(st.none() | st.sampled_from("abcdef"), min_size=1, max_size=30)


def table(cells) -> RawTable:
    """The same cells as texts, numbers, moments and lists."""
    values = np.array([np.nan if c is None else float(ord(c)) for c in cells])
    moments = np.array(
        ["NaT" if c is None else f"2024-01-{ord(c) - 90:02d}" for c in cells], "M8[us]"
    )
    columns = {
        "t": Texts.of(cells),
        "n": Numbers(values),
        "m": Moments(moments),
        "o": Others("lists", np.isnan(values)),
    }
    return RawTable(columns, len(cells))


@given(CELLS, st.data())
def test_blocks_joined_are_the_table(cells, data):
    whole = table(cells)
    ends = sorted(data.draw(st.lists(st.integers(0, len(cells)), max_size=4)))
    bounds = [0, *ends, len(cells)]
    parts = [whole.take(slice(*pair)) for pair in pairwise(bounds)]
    again = joined(parts)
    assert again.rows == len(cells)
    assert again.columns["t"].cells() == cells
    for name in ("n", "m"):
        np.testing.assert_array_equal(again.columns[name].values, whole.columns[name].values)
    assert again.columns["o"].gaps.tolist() == whole.columns["o"].gaps.tolist()


def test_vocabularies_keep_what_some_row_has():
    one = RawTable({"t": Texts.of(["x", "y", "z"]).take(slice(2, 3))}, 1)
    other = RawTable({"t": Texts.of(["y", "z", None])}, 3)
    assert joined([one, other]).columns["t"].vocabulary == ("z", "y")


def test_numbers_too_long_for_a_column_of_them_make_it_text():
    whole, long = Numbers(np.array([3, 4])), Texts.of(["12345678901234567890", None])
    both = joined([RawTable({"a": whole}, 2), RawTable({"a": long}, 2)])
    assert both.columns["a"].cells() == ["3", "4", "12345678901234567890", None]


@given(CELLS, st.integers(1, 7))
def test_the_rows_that_tell_have_ends_gaps_and_every_word_twice(cells, size):
    telling, whole = Telling(), table(cells)
    blocks = range(0, len(cells), size)
    found = [
        first + row
        for first in blocks
        for row in telling.rows(whole.take(slice(first, first + size))).tolist()
    ]
    kept = whole.take(np.array(found, dtype=np.intp))
    assert found == sorted(found)
    for name in ("n", "m"):
        ours, theirs = kept.columns[name], whole.columns[name]
        assert ours.gaps.any() == theirs.gaps.any()
        if not theirs.gaps.all():
            for end in (np.fmin, np.fmax):
                assert end.reduce(ours.values) == end.reduce(theirs.values)
    counts = {word: cells.count(word) for word in cells if word is not None}
    told = kept.columns["t"].cells()
    assert {word: min(2, told.count(word)) for word in counts} == {
        word: min(2, n) for word, n in counts.items()
    }
    telling.rows(kept)  # a word of one row has a second one now
    assert not len(telling.rows(kept))


def test_of_many_different_numbers_only_the_ends_tell():
    values = np.random.default_rng(0).normal(size=3000)
    telling = Telling()
    first = telling.rows(RawTable({"a": Numbers(values[:2000])}, 2000))
    assert {*first} == {values[:2000].argmin(), values[:2000].argmax()}
    assert len(telling.rows(RawTable({"a": Numbers(np.linspace(-1, 1, 20))}, 20))) == 0
    assert Telling(telling.quantities).rows(RawTable({"a": Numbers(np.arange(9))}, 9)).tolist() == [
        0, 8,
    ]  # fmt: skip


def test_words_without_end_are_not_looked_for(monkeypatch):
    monkeypatch.setattr(raw_blocks, "MOST_WORDS", 50)
    words = Texts.of([f"w{i}" for i in range(500)])
    assert len(Telling().rows(RawTable({"t": words}, 500))) == 51


@pytest.mark.parametrize("categories", [False, True])
def test_what_the_source_calls_categories_stays_one(categories):
    block = RawTable({"t": Texts.of(["a"], categories)}, 1)
    assert joined([block, block]).columns["t"].categories == categories
