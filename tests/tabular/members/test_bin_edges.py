"""Edges part the rows evenly; where one value has most rows, the others keep edges of their own."""

import numpy as np
import pytest

from backpass.tabular.members.bin_edges import INFLATED, bin_edges, bins_for


@pytest.mark.parametrize("bins", [4, 16, 48])
def test_every_bin_has_its_share_of_the_rows(rng, bins):
    x = rng.lognormal(size=4_800)
    edges = bin_edges(x, bins)
    counts, _ = np.histogram(x, edges)
    assert len(edges) == bins + 1
    assert (edges[0], edges[-1]) == (x.min(), x.max())
    assert np.abs(counts - len(x) / bins).max() <= 1


def inflated(rng, share, m=3_000, distinct=40):
    zeros = round(share * m)
    return rng.permutation(np.r_[np.zeros(zeros), rng.integers(1, distinct + 1, m - zeros)])


def test_quantiles_are_edges_up_to_a_share_of_one_value(rng):
    x = inflated(rng, INFLATED)
    np.testing.assert_array_equal(bin_edges(x, 16), np.unique(np.quantile(x, np.arange(17) / 16)))


def test_all_distinct_values_are_edges_beyond(rng):
    x = inflated(rng, INFLATED + 0.01)
    np.testing.assert_array_equal(bin_edges(x, 16), np.arange(41.0))


def test_of_too_many_distinct_values_their_quantiles_are(rng):
    x = np.r_[np.zeros(9_000), rng.exponential(size=1_000)]
    edges = bin_edges(x, 16, 100)
    assert len(edges) == 100
    counts, _ = np.histogram(np.unique(x), edges)
    assert counts.max() - counts.min() <= 2


@pytest.mark.parametrize("x", [[3.0] * 5, [0.0, 1.0], [0.0] * 9 + [1.0], [-1e150, 0.0, 1e150]])
def test_edges_ascend_whatever_the_column(x):
    edges = bin_edges(np.array(x), 16)
    assert (np.diff(edges) > 0).all()
    assert edges[0] == min(x)
    assert edges[-1] == max(x)


def test_many_columns_have_few_bins_each():
    assert [bins_for(48, columns) for columns in (0, 1, 21, 22, 500)] == [48, 48, 48, 46, 4]
