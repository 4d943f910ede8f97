"""Rows that are alike, against pairs compared one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backpass.experiment.splitting.alike import (
    flattering,
    row_hashes,
)

CELLS = st.sampled_from([0.0, -0.0, 1.0, -1.0, np.nan, 2.5])
ROWS = st.lists(st.tuples(CELLS, st.integers(-1, 1), st.booleans()), min_size=4, max_size=40)


def same(one, other):
    return all(a == b or (a != a and b != b) for a, b in zip(one, other))


@given(ROWS, st.data())
def test_identical_rows_are_those_of_every_pair(rows, data):
    a, b, c = (np.array(column) for column in zip(*rows))
    held_out = np.array(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))))
    learn, test = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    expected = sum(any(same(rows[i], rows[j]) for j in learn) for i in test)
    hashes = row_hashes([a, b, c])
    said = flattering(hashes[learn], hashes[test])
    assert [note.split(" test rows")[0] for note in said] == (
        [f"{expected} of {len(test)}"] if expected else []
    )


def test_hashes_tell_columns_signs_and_payloads_apart_only_where_rows_differ():
    nans = np.array([0x7FF8000000000000, 0xFFF8000000000001], dtype=np.uint64).view(np.float64)
    assert len(set(row_hashes([nans]).tolist())) == 1
    one, two = np.array([1]), np.array([2])
    assert row_hashes([one, two]) != row_hashes([two, one])
    assert row_hashes([one, one]) != row_hashes([two, two])
    assert row_hashes([np.array([2**60])]) != row_hashes([np.array([2**60 + 1])])
    days = np.array(["2024-01-01", "2024-01-02", "2024-01-01", "NaT", "NaT"], "M8[us]")
    h = row_hashes([days])
    assert [h[0] == h[2], h[0] == h[1], h[3] == h[4], h[3] == h[0]] == [True, False, True, False]


def test_the_mixing_is_splitmix64s():
    """Its first outputs from the seed 0, as the reference implementation has them."""
    zero = np.zeros(2)
    assert row_hashes([zero]).tolist() == [0xE220A8397B1DCDAF] * 2


def test_a_hundred_thousand_different_rows_have_as_many_hashes():
    i = np.arange(100_000)
    assert len(np.unique(row_hashes([i // 300, (i % 300) / 7]))) == 100_000


@pytest.mark.parametrize(("n", "note"), [(1, "1 of 9 test rows has"), (2, "2 of 9 test rows have")])
def test_identical_rows_are_said(n, note):
    learnt, tested = np.arange(n, dtype=np.uint64), np.arange(9, dtype=np.uint64)
    assert flattering(learnt, tested)[0].startswith(note)
    assert flattering(learnt + np.uint64(9), tested) == ()
