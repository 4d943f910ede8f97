"""From which probability on a row is told to be of one class of two: chosen, or found."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...errors import InvalidInput, SettingError, listed

Rate = Callable[[np.ndarray, np.ndarray, float, float], np.ndarray]
FROM_RATES: dict[str, Rate] = {  # by true and false positives, of what all of either side weigh
    "accuracy": lambda tp, fp, p, n: (tp + n - fp) / (p + n),
    "balanced_accuracy": lambda tp, fp, p, n: (tp / p + 1 - fp / n) / 2,
    "f1": lambda tp, fp, p, n: 2 * tp / (tp + fp + p),
}


def read_threshold(text: str) -> float | None:
    """Read a threshold: a probability, or "best", which is None: to be found on validation rows.

    Raises
    ------
    SettingError
        If it is neither.

    Examples
    --------
    >>> read_threshold("0.3"), read_threshold("best")
    (0.3, None)
    """
    if text == "best":
        return None
    try:
        threshold = float(text)
    except ValueError:
        threshold = np.nan
    if not 0 <= threshold <= 1:
        raise SettingError("threshold", text, "it is a probability between 0 and 1, or best.")
    return threshold


def best_threshold(
    is_positive: np.ndarray,
    p: np.ndarray,
    metric: str = "f1",
    w: np.ndarray | None = None,
) -> float:
    """Find the threshold on a probability whose decisions are best by a metric.

    All thresholds between two neighbouring probabilities decide alike: their middle is tried, and
    one below and one above all. Of several that are best, the one that is closest to 0.5 is taken.

    Parameters
    ----------
    is_positive : ndarray of shape (m,), bool
        Whether each row is of the class.
    p : ndarray of shape (m,)
        Its probabilities of it, from 0 to 1.
    metric : str
        "accuracy", "balanced_accuracy" or "f1".
    w : ndarray of shape (m,) or None
        What rows weigh.

    Returns
    -------
    float
        From 0 to 1; a row with p ≥ it is of the class.

    Raises
    ------
    SettingError
        If the metric depends on no threshold, or has its best value at 0 or 1 whatever the rows.
    InvalidInput
        If the rows are not of two classes.

    Examples
    --------
    >>> best_threshold(np.array([False, False, True, True]), np.array([0.1, 0.2, 0.3, 0.9]))
    0.25
    """
    if metric not in FROM_RATES:
        raise SettingError(
            "metric", metric, f"a best threshold is found for {listed(list(FROM_RATES), 'or')}."
        )
    p = p.astype(np.float64)
    w = np.ones(len(p)) if w is None else w
    positive, negative = float(w[is_positive].sum()), float(w[~is_positive].sum())
    if not positive or not negative:
        raise InvalidInput(
            "A best threshold is found on validation rows of two classes, and these are of one."
        )
    thresholds, tp, fp = _decisions(is_positive, p, w)
    values = FROM_RATES[metric](tp, fp, positive, negative)
    best = thresholds[values == values.max()]
    return float(best[np.abs(best - 0.5).argmin()])


def _decisions(
    is_positive: np.ndarray, p: np.ndarray, w: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each threshold that decides differently, and its true and false positives."""
    distinct, place = np.unique(p, return_inverse=True)
    of_place = (np.bincount(place, w * side, len(distinct)) for side in (is_positive, ~is_positive))
    tp, fp = (np.append(np.cumsum(each[::-1])[::-1], 0.0) for each in of_place)
    edges = np.r_[0.0, distinct, 1.0]
    middles = (edges[:-1] + edges[1:]) / 2
    # The middle of two neighbouring floats may round to the lower one, which is not positive.
    middles = np.where(middles > edges[:-1], middles, edges[1:])
    some = len(middles) if middles[-1] > distinct[-1] else len(distinct)  # none is above a p of 1
    return middles[:some], tp[:some], fp[:some]
