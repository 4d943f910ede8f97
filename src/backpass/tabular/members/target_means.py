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

from collections.abc import Sequence
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
    if not _are_wanted(m, categories, Y.shape[1]):
        return TargetMeans(), np.empty((m, 0))
    folds = KFold(FOLDS, shuffle=True, random_state=0).split(codes)
    of_training_rows = np.empty((m, categories * Y.shape[1]))
    for others, fold in folds:
        of_training_rows[fold] = _means_of(codes[others], levels, Y[others])(codes[fold])
    return _means_of(codes, levels, Y), of_training_rows


class MeansByFold:
    """Sums of targets by fold and level, of rows that come in blocks.

    Parameters
    ----------
    levels : tuple of int
        How many levels each category has.
    outputs : int
        Columns of Y.

    Examples
    --------
    >>> sums = MeansByFold((2,), 1)
    >>> folds = np.arange(100) % FOLDS
    >>> sums.add(np.repeat([[0], [1]], 50, axis=0), folds, np.repeat([[0.0], [1.0]], 50, axis=0))
    >>> whole, by_fold = sums.means()
    >>> whole(np.array([[0], [1], [-1]])).ravel().round(3), len(by_fold)
    (array([0.143, 0.857, 0.5  ]), 5)
    """

    def __init__(self, levels: tuple[int, ...], outputs: int) -> None:
        self.outputs = outputs
        self.counts = [np.zeros((FOLDS, n + 1)) for n in levels]
        self.sums = [np.zeros((FOLDS, n + 1, outputs)) for n in levels]

    def wanted(self, m: int) -> bool:
        """Whether m rows of so many categories have means at all."""
        return _are_wanted(m, len(self.counts), self.outputs)

    def add(self, codes: np.ndarray, folds: np.ndarray, Y: np.ndarray) -> None:
        """Add the rows of a block: levels, folds and targets."""
        for counts, sums, levels in zip(self.counts, self.sums, codes.T):
            size = counts.shape[1]
            places = folds * size + np.where(levels < 0, size - 1, levels)
            counts += np.bincount(places, minlength=counts.size).reshape(counts.shape)
            for output, y in enumerate(Y.T):
                of_one = np.bincount(places, y, minlength=counts.size)
                sums[:, :, output] += of_one.reshape(counts.shape)

    def means(self) -> tuple[TargetMeans, tuple[TargetMeans, ...]]:
        """Return the means of all rows, and for each fold those of the other folds' rows."""
        by_fold = [self._of(np.arange(FOLDS) != fold) for fold in range(FOLDS)]
        return self._of(np.ones(FOLDS, bool)), tuple(by_fold)

    def _of(self, folds: np.ndarray) -> TargetMeans:
        """The means of some folds' rows."""
        tables: list[np.ndarray] = []
        for counts, sums in zip(self.counts, self.sums):
            n, total = counts[folds].sum(axis=0)[:, None], sums[folds].sum(axis=0)
            mean = total.sum(axis=0) / max(n.sum(), 1)
            tables.append((total + PRIOR_ROWS * mean) / (n + PRIOR_ROWS))
        return TargetMeans(tuple(tables))


def folded(by_fold: Sequence[TargetMeans], codes: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Look up the means of rows that are trained on, each in the table of its own fold.

    Parameters
    ----------
    by_fold : sequence of TargetMeans
        For each fold, of the other folds' rows.
    codes : ndarray of shape (m, categories), int
        Levels, −1 for none.
    folds : ndarray of shape (m,), int
        Each row's.

    Returns
    -------
    ndarray of shape (m, categories · outputs), float64
    """
    each = [means(codes[folds == fold]) for fold, means in enumerate(by_fold)]
    made = np.empty((len(codes), each[0].shape[1]))
    for fold, part in enumerate(each):
        made[folds == fold] = part
    return made


def _are_wanted(m: int, categories: int, outputs: int) -> bool:
    """Whether there are rows for means, and not too many columns of them."""
    return categories > 0 and m >= LEAST_ROWS and categories * outputs <= MOST_MEANS


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
