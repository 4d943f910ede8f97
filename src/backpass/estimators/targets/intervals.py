"""Intervals that hold the truth as often as is asked for, from errors on rows not trained on."""

from __future__ import annotations

from math import ceil

import numpy as np

from ...errors import SettingError


def half_width(errors: np.ndarray, coverage: float = 0.9) -> float:
    """Return the half-width of split-conformal intervals [1]_.

    For rows that are exchangeable with those of the errors, predicted ± the half-width holds the
    truth with at least this probability, whatever the model and the distribution: it is the
    ⌈(n + 1) coverage⌉-th smallest of the n errors.

    Parameters
    ----------
    errors : ndarray of shape (n,)
        |truth − predicted| of rows that neither trained the model nor chose anything of it, in the
        target's units.
    coverage : float
        Between 0 and 1.

    Returns
    -------
    float
        In the target's units.

    Raises
    ------
    SettingError
        If it takes more rows to say so much: 1 / (1 − coverage) − 1 of them.

    References
    ----------
    .. [1] J. Lei, M. G'Sell, A. Rinaldo, R. J. Tibshirani, L. Wasserman, "Distribution-free
       predictive inference for regression", Journal of the American Statistical Association, 2018:
       algorithm 2.

    Examples
    --------
    >>> half_width(np.arange(9.0), coverage=0.8)
    7.0
    """
    if not 0 < coverage < 1:
        raise SettingError("intervals", coverage, "it is a part of the rows between 0 and 1.")
    n = len(errors)
    # (n + 1) · coverage may round up beyond a whole number that it is.
    k = ceil((n + 1) * coverage * (1 - 1e-12))
    if k > n:
        needed = ceil(coverage / (1 - coverage) * (1 - 1e-12))
        raise SettingError(
            "intervals",
            coverage,
            f"intervals that hold {coverage:.4g} of the rows take {needed} rows that were held "
            f"out, and there are {n}.",
        )
    return float(np.partition(errors, k - 1)[k - 1])
