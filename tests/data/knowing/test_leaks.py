"""Columns that give a target away, and rows in its order."""

from __future__ import annotations

import numpy as np
import pytest

from backpass.data.knowing.leaks import in_order, leaks
from backpass.data.raw import Moments, Numbers, Others, Texts

RNG = np.random.default_rng(0)
M = 500
Y = RNG.normal(size=M)
KIND = RNG.integers(0, 3, M)
RARE = np.arange(M) % 50 == 0


def words(codes):
    return Texts.of([f"w{code}" for code in codes])


def told(column, target):
    said = leaks({"x": column}, {}, "y", target)
    assert len(said) <= 1
    assert not said or ("'x'" in said[0] and "'y'" in said[0])
    return bool(said)


@pytest.mark.parametrize(
    ("column", "target"),
    [
        (Numbers(Y), Numbers(Y)),
        (Numbers(-np.exp(Y)), Numbers(Y)),
        (Numbers(Y + RNG.normal(0, 0.01, M)), Numbers(Y)),
        (Numbers(np.arange(M) * 1.0), Numbers((np.arange(M) - 250.0) ** 2)),
        (words(KIND), words(KIND)),
        (words(KIND), Numbers(KIND + RNG.normal(0, 0.001, M))),
        (Numbers(KIND * 10 + RNG.normal(0, 1, M)), words(KIND)),
        (Numbers(KIND * 1.0), words(KIND)),
        (words(RARE), words(RARE)),
        (Numbers(np.where(RARE, np.nan, Y)), words(RARE)),
        (Texts.of([None if rare else "w" for rare in RARE]), words(RARE)),
        (Moments(np.datetime64("2024-01-01", "us") + np.arange(M)), Numbers(np.arange(M) * 1.0)),
    ],
)
def test_a_column_that_gives_the_target_away_is_told(column, target):
    assert told(column, target)


@pytest.mark.parametrize(
    ("column", "target"),
    [
        (Numbers(RNG.normal(size=M)), Numbers(Y)),
        (Numbers(Y + RNG.normal(0, 0.3, M)), Numbers(Y)),
        (words(RNG.integers(0, 3, M)), words(KIND)),
        (words(np.where(RNG.random(M) < 0.1, 0, KIND)), words(KIND)),
        (Numbers(RNG.normal(size=M)), words(RARE)),
        (words(np.arange(M)), words(KIND)),
        (words(np.arange(M)), Numbers(Y)),
        (Numbers(np.zeros(M)), Numbers(Y)),
        (Numbers(Y[:10]), Numbers(Y[:10])),
        (Numbers(np.full(M, np.nan)), Numbers(Y)),
        (Numbers(Y), Numbers(np.full(M, 0.5))),
        (words(np.arange(M)), words(np.arange(M))),
        (words(np.arange(M) // 2), words(np.arange(M) // 2)),
        (words(KIND[:19]), words(KIND[:19])),
    ],
)
def test_other_columns_are_not(column, target):
    assert not told(column, target)


def test_rows_without_a_target_are_left_out():
    gaps = RNG.random(M) < 0.5
    target = Numbers(np.where(gaps, np.nan, Y))
    assert told(Numbers(np.where(gaps, 0.0, Y)), target)


def test_an_id_in_the_target_s_order_is_told():
    ids = Numbers(np.arange(M))
    rows_by_kind = words(np.sort(KIND))
    (said,) = leaks({}, {"no": ids}, "y", rows_by_kind)
    assert "order" in said
    assert "'no'" in said
    assert leaks({}, {"no": ids}, "y", words(KIND)) == ()
    names = Texts.of([f"n{i:04d}" for i in range(M)])
    assert len(leaks({}, {"name": names}, "y", rows_by_kind)) == 1
    assert leaks({}, {"odd": Others("lists", np.zeros(M, bool))}, "y", rows_by_kind) == ()


def test_people_whose_rows_are_alike_are_no_order():
    own = RNG.integers(0, 2, M // 5)
    people = np.repeat(RNG.permutation(M // 5), 5)
    assert leaks({}, {"person": Numbers(people)}, "y", words(np.repeat(own, 5))) == ()


def test_of_many_rows_some_are_looked_at(monkeypatch):
    taken = []
    real = Numbers.take
    monkeypatch.setattr(
        Numbers, "take", lambda self, rows: taken.append(len(rows)) or real(self, rows)
    )
    y = np.arange(200_000.0)
    assert len(leaks({"x": Numbers(y)}, {}, "y", Numbers(y))) == 1
    assert taken == [10_000, 10_000]


def test_rows_in_order_of_a_date_are_told():
    days = np.arange("2024-01-01", "2024-04-01", dtype="M8[D]").astype("M8[us]")
    (said,) = in_order({"the day": Moments(days), "x": Numbers(np.arange(91.0))})
    assert "--split time:'the day'" in said
    shuffled, gap = RNG.permutation(days), days.copy()
    gap[5] = np.datetime64("NaT")
    for moments in (shuffled, gap, days[:5], np.repeat(days[:5], 20), days[::-1]):
        assert in_order({"day": Moments(moments)}) == ()
