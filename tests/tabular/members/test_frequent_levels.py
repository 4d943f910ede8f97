"""Frequent levels have an indicator each, the others one together."""

from collections import Counter

import numpy as np
import pytest

from backpass.tabular.members.frequent_levels import MOST_LEVELS, indicators_of


@pytest.mark.parametrize(("m", "least"), [(50, 2), (4_000, 2), (4_001, 3), (10_000, 5)])
def test_a_level_needs_two_rows_or_one_in_two_thousand(m, least):
    codes = np.zeros(m, np.int32)
    codes[: least - 1], codes[least - 1 : 2 * least - 1] = 1, 2
    assert indicators_of(codes, 3).tolist() == [0, 2, 1, 2]


def test_the_most_frequent_of_many_levels_are_kept(rng):
    codes = rng.zipf(1.2, 6_000) % 500
    indicators = indicators_of(codes, 500)
    counts = Counter(codes.tolist())
    kept = [level for level in range(500) if indicators[level] < MOST_LEVELS]
    others = [level for level in range(500) if indicators[level] == MOST_LEVELS]
    assert sorted(indicators[kept].tolist()) == list(range(MOST_LEVELS))
    assert len(kept) + len(others) == 500
    assert min(counts[level] for level in kept) >= max(counts[level] for level in others)
    assert indicators[-1] == MOST_LEVELS


def test_what_is_unknown_has_no_indicator_where_none_is_rare():
    assert indicators_of(np.array([0, 1] * 20), 3).tolist() == [0, 1, -1, -1]


def test_rows_without_a_level_are_rare_ones():
    assert indicators_of(np.array([0, -1, 0, 1, 1, -1]), 2).tolist() == [0, 1, 2]
