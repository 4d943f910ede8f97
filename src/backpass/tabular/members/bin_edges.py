"""Where the bins of a number's piecewise-linear code begin and end."""

from __future__ import annotations

import numpy as np

INFLATED = 0.6  # part of the rows that one value has, from which on quantiles are no edges
MOST_EDGES = 256
MOST_INPUTS, LEAST_BINS = 1024, 4  # of all columns' codes together; of each one's


def bins_for(bins: int, columns: int) -> int:
    """How many bins each of several columns has: as asked for, while they are not too many.

    Examples
    --------
    >>> bins_for(48, 10), bins_for(48, 64), bins_for(48, 1_000)
    (48, 16, 4)
    """
    return min(bins, max(LEAST_BINS, MOST_INPUTS // max(1, columns)))


def bin_edges(x: np.ndarray, bins: int, most_edges: int = MOST_EDGES) -> np.ndarray:
    """Find a column's edges: quantiles, so that every bin has its share of the rows.

    Where one value has more than 0.6 of the rows, as zero in a column of gains, most quantiles
    would be that value. There the edges are all distinct values, or, of too many, quantiles of
    these.

    Parameters
    ----------
    x : ndarray of shape (m,)
        Training cells, finite.
    bins : int
        At most so many, where quantiles are the edges.
    most_edges : int
        At most so many edges, where distinct values are.

    Returns
    -------
    ndarray of shape (at most bins + 1,), float64
        Ascending, each above the last; a single one for a constant.

    Examples
    --------
    >>> bin_edges(np.arange(9.0), 4)
    array([0., 2., 4., 6., 8.])
    >>> bin_edges(np.array([0.0] * 9 + [1.0, 5.0, 7.0]), 4)
    array([0., 1., 5., 7.])
    """
    distinct, counts = np.unique(x, return_counts=True)
    if counts.max() <= INFLATED * len(x):
        ascending = np.sort(x)  # of which many quantiles take a third
        return np.unique(np.quantile(ascending, np.linspace(0, 1, bins + 1)))
    if len(distinct) <= most_edges:
        return distinct
    return np.unique(np.quantile(distinct, np.linspace(0, 1, most_edges)))
