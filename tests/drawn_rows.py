"""Drawn rows of tables, with whatever tables have."""

import numpy as np

from backpass.tabular.table_rows import TableRows


def drawn_rows(rng, m, numbers=4, categories=3, gaps=0.1):
    """Numbers on unlike scales, some repeated, some with gaps; categories of 2 to 12 levels."""
    X = rng.normal(size=(m, numbers)) * 10.0 ** rng.integers(-3, 4, numbers)
    for f in range(0, numbers, 3):
        X[:, f] = np.where(rng.random(m) < 0.8, 0, X[:, f])  # most of them one value
    X[rng.random(X.shape) < gaps * rng.integers(0, 2, numbers)] = np.nan
    levels = tuple(rng.integers(2, 13, categories).tolist())
    codes = [rng.zipf(1.5, m) % (n + 1) - 1 for n in levels]
    stacked = np.column_stack(codes) if codes else np.empty((m, 0))
    return TableRows(X, stacked.astype(np.int32), levels)
