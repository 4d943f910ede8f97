"""Which levels of a category have an indicator of their own, and which share one."""

from __future__ import annotations

import numpy as np

NONE = -1
MOST_LEVELS = 100
ROWS_PER_ROW = 2000  # a level has one row in so many, and at least two


def indicators_of(codes: np.ndarray, levels: int) -> np.ndarray:
    """Number the indicators of a category's levels.

    Levels with max(2, m / 2000) rows, at most the 100 most frequent, have one each. The others
    share the next, with whatever is unknown; where there are no others, what is unknown has none.

    Parameters
    ----------
    codes : ndarray of shape (m,), int
        Levels of the training rows, −1 for none.
    levels : int
        How many there are.

    Returns
    -------
    ndarray of shape (levels + 1,), int32
        Each level's indicator, and, where the code −1 finds it, that of what is unknown; −1 for
        none.

    Examples
    --------
    >>> indicators_of(np.array([0, 2, 2, 0, 1]), 4)
    array([0, 2, 1, 2, 2], dtype=int32)
    >>> indicators_of(np.array([0, 1, 1, 0]), 2)
    array([ 0,  1, -1], dtype=int32)
    """
    counts = np.bincount(codes[codes >= 0], minlength=levels)
    frequent = np.flatnonzero(counts >= max(2, len(codes) / ROWS_PER_ROW))
    most_first = frequent[np.argsort(-counts[frequent], kind="stable")]
    kept = np.sort(most_first[:MOST_LEVELS])
    are_others = counts[kept].sum() < len(codes)
    indicators = np.full(levels + 1, len(kept) if are_others else NONE, np.int32)
    indicators[kept] = np.arange(len(kept))
    return indicators
