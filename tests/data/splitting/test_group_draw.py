"""Groups that are held out: against every subset of a few, and in proportion of many."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backpass.data.splitting.group_draw import draw_groups


@given(st.lists(st.integers(1, 9), min_size=2, max_size=9), st.floats(0.1, 0.9), st.integers(0, 9))
def test_the_size_is_nearly_the_best_of_all_subsets(sizes, part, seed):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    held_out = draw_groups(groups, None, part, seed)
    wanted = np.rint(part * sum(sizes))
    subsets = (s for n in range(1, len(sizes)) for s in combinations(sizes, n))
    best = min(abs(sum(subset) - wanted) for subset in subsets)
    assert 0 < held_out.sum() < len(sizes)
    assert abs(np.dot(sizes, held_out) - wanted) <= best + 1


@pytest.mark.parametrize("seed", range(5))
def test_many_groups_have_the_size_and_nearly_the_classes_that_are_wanted(seed):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(400), rng.integers(1, 12, 400))
    ill = (rng.random(400) < 0.1)[groups].astype(int)
    held_out = draw_groups(groups, ill, 0.2, seed)[groups]
    assert abs(held_out.sum() - 0.2 * len(groups)) <= 2
    assert abs(ill[held_out].sum() - 0.2 * ill.sum()) <= 2


def test_a_seed_draws_the_same_groups_and_another_seed_others():
    groups = np.repeat(np.arange(100), 3)
    first, again, other = (draw_groups(groups, None, 0.2, seed) for seed in (0, 0, 1))
    assert first.sum() == other.sum() == 20
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_more_classes_than_are_looked_at_and_a_huge_group():
    rng = np.random.default_rng(0)
    groups = np.r_[np.zeros(500, int), rng.integers(0, 50, 1000)]
    groups = np.unique(groups, return_inverse=True)[1]
    held_out = draw_groups(groups, rng.integers(0, 200, 1500), 0.2, 0)[groups]
    assert not held_out[:500].any()
    assert held_out.sum() == pytest.approx(300, abs=5)


def test_as_many_groups_as_asked_for_stay():
    for keep in range(1, 5):
        assert draw_groups(np.arange(5), None, 0.9, 0, keep).sum() == min(4, 5 - keep)
