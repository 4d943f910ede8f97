"""The mean target of each level of a category, as numbers beside its indicators.

Of a row that is trained on, the means come from the other folds' rows, so that no row tells its own
target; of any other row, from all rows. Both are drawn towards the mean of all rows, as if each
level had ``PRIOR_ROWS`` more of that mean.

The folds' means differ by what the left-out rows were, which a piecewise-linear code of them lets a
network tell: as numbers in deviations they cost less. Measured on inner splits, 16 members, 100 ·
ln of the loss against means in codes, without any / as numbers / as numbers in normal shape: adult
−2.0, −1.5, −1.4; bank +0.3, +0.6, +0.6; german +0.6, −1.0, −0.7; abalone −0.6, −0.9, −0.2;
california −0.1, −0.5, −0.3; diamonds −1.6, −1.7, −0.9. 20 rows of prior instead of what each
level's spread suggests (5 splits): german −1.6, bank −0.5, diamonds −0.1, adult +0.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from sklearn.model_selection import KFold
from sklearn.preprocessing import TargetEncoder

FOLDS = 5
LEAST_ROWS = 2 * FOLDS
PRIOR_ROWS = 20.0
MOST_MEANS = 64  # columns beyond which there are none: many classes, or very many categories


@dataclass(frozen=True, eq=False)
class TargetMeans:
    """Means by level.

    Parameters
    ----------
    tables : tuple of ndarray of shape (levels + 1, outputs)
        A category each; the last row, where the code −1 finds it, is for what is unknown.
    """

    tables: tuple[np.ndarray, ...] = ()

    def __call__(self, codes: np.ndarray) -> np.ndarray:
        """Look up the means of rows that were not trained on.

        Parameters
        ----------
        codes : ndarray of shape (m, categories), int
            Levels, −1 for none.

        Returns
        -------
        ndarray of shape (m, categories · outputs), float64; no columns where there are no tables
        """
        columns = [table[codes[:, k]] for k, table in enumerate(self.tables)]
        return np.hstack([np.empty((len(codes), 0)), *columns])


def fit_target_means(
    codes: np.ndarray, levels: tuple[int, ...], Y: np.ndarray
) -> tuple[TargetMeans, np.ndarray]:
    """Find the means, and those of the training rows.

    Parameters
    ----------
    codes : ndarray of shape (m, categories), int
        Levels of the training rows, −1 for none.
    levels : tuple of int
        How many levels each category has.
    Y : ndarray of shape (m, outputs)
        Targets, as a network learns them.

    Returns
    -------
    means : TargetMeans
        For rows that were not trained on; without tables for fewer than 10 rows, or where there
        would be more than 64 columns.
    of_training_rows : ndarray of shape (m, categories · outputs), float64
        From the other folds.

    References
    ----------
    D. Micci-Barreca, "A preprocessing scheme for high-cardinality categorical attributes in
    classification and prediction problems", 2001.

    Examples
    --------
    >>> codes, Y = np.repeat([[0], [1]], 50, axis=0), np.repeat([[0.0], [1.0]], 50, axis=0)
    >>> means, of_training_rows = fit_target_means(codes, (2,), Y)
    >>> means(np.array([[0], [1], [-1]])).ravel().round(3)
    array([0.143, 0.857, 0.5  ])
    """
    m, categories = codes.shape
    if not categories or m < LEAST_ROWS or categories * Y.shape[1] > MOST_MEANS:
        return TargetMeans(), np.empty((m, 0))
    folds = KFold(FOLDS, shuffle=True, random_state=0).split(codes)
    of_training_rows = np.empty((m, categories * Y.shape[1]))
    for others, fold in folds:
        of_training_rows[fold] = _means_of(codes[others], levels, Y[others])(codes[fold])
    return _means_of(codes, levels, Y), of_training_rows


def _means_of(codes: np.ndarray, levels: tuple[int, ...], Y: np.ndarray) -> TargetMeans:
    """The means of some rows."""
    tables = [np.empty((n + 1, Y.shape[1])) for n in levels]
    for output, y in enumerate(Y.T):
        encoder = TargetEncoder(smooth=cast(Any, PRIOR_ROWS), target_type="continuous").fit(
            codes, y
        )
        for table, known, means in zip(tables, encoder.categories_, encoder.encodings_):
            table[:, output] = encoder.target_mean_
            table[known, output] = means
    return TargetMeans(tuple(tables))
