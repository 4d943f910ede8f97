"""Whether probabilities hold: of rows that are told to be so with 70 %, are 70 % so?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BINS = 10


@dataclass(frozen=True, eq=False)
class Calibration:
    """Predicted probabilities beside the shares that came true.

    Parameters
    ----------
    predicted : ndarray of shape (bins,)
        Mean probability of a bin's rows, ascending.
    observed : ndarray of shape (bins,)
        The share of them that is so.
    counts : ndarray of shape (bins,), int
        How many rows there are.
    """

    predicted: np.ndarray
    observed: np.ndarray
    counts: np.ndarray


def calibration(p: np.ndarray, so: np.ndarray, w: np.ndarray | None = None) -> Calibration:
    """Put rows in bins of about as many each, and compare.

    Parameters
    ----------
    p : ndarray of shape (m,)
        Probabilities; rows of the same one are in the same bin.
    so : ndarray of shape (m,), bool
        Whether what they are of is so.
    w : ndarray of shape (m,), optional
        What rows weigh.

    Returns
    -------
    Calibration
        Of at most 10 bins, those of scikit-learn's ``calibration_curve(strategy="quantile")``.

    Examples
    --------
    >>> found = calibration(np.array([0.1, 0.1, 0.9, 0.9]), np.array([False, False, True, False]))
    >>> found.predicted, found.observed, found.counts
    (array([0.1, 0.9]), array([0. , 0.5]), array([2, 2]))
    """
    ends = np.percentile(p, np.linspace(0, 100, BINS + 1))
    bins = np.searchsorted(ends[1:-1], p)
    counts, weights = np.bincount(bins), np.bincount(bins, w)
    some = weights > 0
    predicted = np.bincount(bins, p if w is None else w * p)[some] / weights[some]
    observed = np.bincount(bins, so if w is None else w * so)[some] / weights[some]
    return Calibration(predicted, observed, counts[some])
