"""TabularRegressor: an ensemble of small networks that learns numbers of a table's rows."""

from __future__ import annotations

import numpy as np
from sklearn.base import RegressorMixin

from ..arrays import ArrayLike
from ..estimators.raw_tables import in_units
from ..estimators.targets.strategies import NumberTargets, Targets
from .base import TabularEstimator
from .outputs import NumberOutputs
from .parameters import TabularRegressorParameters, documented


@documented
class TabularRegressor(RegressorMixin, TabularEstimator, TabularRegressorParameters):
    """Numbers of a table's rows, by several small networks: columns are taken as they are.

    Each member is a network of the notes on piecewise-linear codes of the numbers [1]_ and
    indicators of the categories, its hidden matrices trained by Muon and the rest by AdamW, its
    epoch chosen on rows that no member learns from. A greedy search on those rows says how much
    each counts. No answer is beyond the numbers that were seen.

    Parameters
    ----------
    {PARAMETERS}

    Attributes
    ----------
    {ATTRIBUTES}

    References
    ----------
    .. [1] Y. Gorishniy, I. Rubachev, A. Babenko, "On embeddings for numerical features in tabular
       deep learning", NeurIPS 2022.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> reg = TabularRegressor(n_members=4, random_state=0).fit(X[:300], y[:300])
    >>> reg.score(X[300:], y[300:]) > 0.4
    True
    >>> reg.weights_.shape, round(float(reg.weights_.sum()), 6)
    ((4,), 1.0)
    """

    def _targets(self) -> Targets:
        return NumberTargets("squared_error")

    def _learnt(self, targets: Targets, y: np.ndarray) -> np.ndarray:
        return y.reshape(len(y), -1).astype(np.float64, copy=False)

    def _outputs(self, y: np.ndarray) -> NumberOutputs:
        return NumberOutputs.of(y)

    def _strata(self, y: np.ndarray) -> None:
        """Numbers have no classes."""

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict numbers.

        Parameters
        ----------
        X : data frame, mapping, records, array-like or sparse matrix of m rows
            With the columns of the fit.

        Returns
        -------
        ndarray of shape (m,) or (m, targets)
            In the targets' own units, none beyond what the rows of the fit have.

        Raises
        ------
        NotFittedError
            If there was no fit before.
        ValueError
            If X has other columns than in the fit, or an infinite number.

        Examples
        --------
        >>> X, y = [[k] for k in range(40)], [k % 2 for k in range(40)]
        >>> reg = TabularRegressor(n_members=2, random_state=0).fit(X, y)
        >>> h = reg.predict([[3], [999]])
        >>> bool(((h >= 0) & (h <= 1)).all())
        True
        """
        answers = self._answers(X)
        outputs = self.ensemble_.outputs
        assert isinstance(outputs, NumberOutputs)
        numbers = outputs.numbers(answers)
        return in_units(self, X, numbers[:, 0] if outputs.units == 1 else numbers)
