"""How good answers are: scores that count rows as they come, weighted or not.

A score is a value; ``plus`` returns the same with more rows, so that a table larger than memory is
scored block by block, and one in memory in one call.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...arrays import Array, array_namespace

Numbers = NDArray[np.floating]


@dataclass(frozen=True)
class Accuracy:
    """The part of the rows whose every label is right.

    Parameters
    ----------
    right, weight : float
        What the rows that are right weigh, and what all weigh.

    Examples
    --------
    >>> Accuracy().plus(np.array([True, True, False, True])).value
    0.75
    """

    right: float = 0.0
    weight: float = 0.0

    def plus(self, right: Array, w: Array | None = None) -> Accuracy:
        """Count more rows, of which it is known whether they are right; all weigh 1 without w."""
        xp = array_namespace(right)
        if w is None:
            return Accuracy(self.right + int(xp.count_nonzero(right)), self.weight + right.shape[0])
        return Accuracy(self.right + float(xp.sum(w[right])), self.weight + float(xp.sum(w)))

    @property
    def value(self) -> float:
        """The accuracy; NaN of no rows."""
        return self.right / self.weight if self.weight else float("nan")


@dataclass(frozen=True)
class RSquared:
    """R² = 1 − Σ w (y − a)² / Σ w (y − ȳ)², the mean over the outputs, as scikit-learn has it.

    Blocks are joined by their means and sums of squares [1]_, so that no digit is lost to a large
    mean.

    Parameters
    ----------
    weight : float
        What the rows weigh.
    mean : ndarray of shape (outputs,)
        ȳ of each output.
    squares, errors : ndarray of shape (outputs,)
        Σ w (y − ȳ)² and Σ w (y − a)².

    References
    ----------
    .. [1] T. Chan, G. Golub, R. LeVeque, "Algorithms for computing the sample variance: analysis
       and recommendations", The American Statistician, 1983.

    Examples
    --------
    >>> y = np.array([[1.0], [2.0], [3.0]])
    >>> RSquared().plus(y[:1], y[:1]).plus(y[1:], y[1:] + 1).value
    0.0
    """

    weight: float = 0.0
    mean: Numbers | float = 0.0
    squares: Numbers | float = 0.0
    errors: Numbers | float = 0.0

    def plus(self, Y: Numbers, a: Numbers, w: Numbers | None = None) -> RSquared:
        """Count more rows: true numbers and answers of shape (m, outputs), weights (m,)."""
        by_row = np.ones((len(Y), 1)) if w is None else w[:, None]
        here = by_row.sum()
        if not here:
            return self
        mean = (by_row * Y).sum(axis=0) / here
        total = self.weight + here
        step, part = mean - self.mean, here / total
        squares = (by_row * (Y - mean) ** 2).sum(axis=0) + step**2 * self.weight * part
        more = RSquared(total, self.mean + step * part, self.squares + squares, self.errors)
        return more.plus_errors(Y, a, w)

    def plus_errors(self, Y: Numbers, a: Numbers, w: Numbers | None = None) -> RSquared:
        """Count the errors of rows whose numbers are counted already."""
        by_row = np.ones((len(Y), 1)) if w is None else w[:, None]
        errors = self.errors + (by_row * (Y - a) ** 2).sum(axis=0)
        return RSquared(self.weight, self.mean, self.squares, errors)

    @property
    def value(self) -> float:
        """R²; where y is constant 1 if the answers are right, 0 if not; NaN of no rows."""
        if not self.weight:
            return float("nan")
        constant = np.equal(self.squares, 0)
        scores = 1 - self.errors / np.where(constant, 1, self.squares)
        return float(np.where(constant, np.equal(self.errors, 0), scores).mean())
