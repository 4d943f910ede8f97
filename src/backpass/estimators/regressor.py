"""MLPRegressor: scikit-learn's regressor, on this library's objective."""

from __future__ import annotations

from typing import Self

from sklearn.base import (
    RegressorMixin,
    _fit_context,  # pyright: ignore[reportPrivateUsage]
)
from sklearn.metrics import r2_score
from sklearn.utils.metaestimators import available_if

from ..arrays import Array, ArrayLike, as_numpy
from ..streaming.dask_blocks import is_dask
from ..streaming.dask_predictions import lazily, lazy_r_squared
from .base import Perceptron
from .drafts import published_at_once
from .parameters import RegressorParameters, documented
from .raw_tables import in_units
from .targets.labels import as_numbers
from .targets.sample_weights import row_weights
from .targets.strategies import NumberTargets


@documented
class MLPRegressor(RegressorMixin, Perceptron, RegressorParameters):
    """A multi-layer perceptron that learns numbers: scikit-learn's, and more.

    Parameters
    ----------
    {PARAMETERS}

    Attributes
    ----------
    {ATTRIBUTES}

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> reg = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", random_state=0, alpha=0.0)
    >>> round(reg.fit(X, y).score(X, y), 3)
    0.518
    """

    @available_if(lambda self: self._check_solver())
    @_fit_context(prefer_skip_nested_validation=True)
    @published_at_once
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike = None,
        *,
        total_weight: float | None = None,
    ) -> Self:
        """Make one pass over the given rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.
        y : array-like of shape (m,) or (m, n_outputs)
            Numbers.
        sample_weight : float or array-like of shape (m,), optional
            Weights of the rows; a number counts for every row.
        total_weight : float, optional
            W of all the data that is still to come, where these rows are a part; their own weight
            else.

        Returns
        -------
        self
            The trained estimator.

        Raises
        ------
        ValueError
            If ``early_stopping`` is set.
        InvalidInput
            If ``total_weight`` is not positive, or ``checkpoint`` is set.

        Examples
        --------
        >>> reg = MLPRegressor(hidden_layer_sizes=(4,), random_state=0)
        >>> for X, y in (([[0.0], [1.0]], [1.0, 3.0]), ([[2.0], [3.0]], [5.0, 7.0])):
        ...     reg = reg.partial_fit(X, y)
        >>> reg.t_
        4
        """
        return self._partial_fit(X, y, sample_weight, total_weight)

    def _targets(self) -> NumberTargets:
        return NumberTargets(self.loss)

    def predict(self, X: ArrayLike) -> Array:
        """Predict numbers.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (m,) or (m, n_outputs)
            The network's answers.

        Raises
        ------
        NotFittedError
            If there was no fit before.
        ValueError
            If X has other columns than in the fit, or a number that is not finite.

        Examples
        --------
        >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
        >>> reg = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=0.0, random_state=0)
        >>> reg = reg.fit(X, y)
        >>> reg.predict([[3.0], [10.0]]).round(2)
        array([ 7., 21.])
        """
        if is_dask(X):
            return lazily(self.predict, X)
        a = self._activations(X, "predict")
        return in_units(self, X, a[:, 0] if a.shape[1] == 1 else a)

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike = None) -> float:
        """Compute R², the part of y's variance that the predictions explain.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs; for a Dask collection the score, too, is computed when it is asked for.
        y : array-like of shape (m,) or (m, n_outputs)
            True numbers.
        sample_weight : float or array-like of shape (m,), optional
            Weights of the rows; a number counts for every row.

        Returns
        -------
        float
            At most 1; 0 for the mean of y.

        Raises
        ------
        NotFittedError
            If there was no fit before.
        ValueError
            If X has other columns than in the fit, or a number that is not finite.

        Examples
        --------
        >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
        >>> reg = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=0.0, random_state=0)
        >>> reg = reg.fit(X, y)
        >>> round(reg.score(X, y), 6)
        1.0
        """
        if is_dask(X):
            return lazy_r_squared(self.predict(X), y, sample_weight)
        predicted = as_numpy(self.predict(X))
        w = row_weights(sample_weight, len(predicted))
        return float(r2_score(as_numpy(as_numbers(y)), predicted, sample_weight=w))
