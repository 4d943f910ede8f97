"""TabularRegressor: an ensemble of small networks that learns numbers of a table's rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sklearn.base import RegressorMixin

from ..arrays import ArrayLike
from ..errors import InvalidInput
from ..estimators.raw_tables import in_units
from ..estimators.targets.intervals import half_width
from ..estimators.targets.strategies import NumberTargets, Targets
from ..streaming.blocks import Blocks
from .base import TabularEstimator, naming_parameters
from .costs import cost_of
from .ensemble import Parts, fit_ensemble
from .outputs import ClassOutputs, LogOutputs, NumberOutputs
from .parameters import TabularRegressorParameters, documented

SKEWED = 1.0  # of a normal distribution 0, of an exponential one 2
TRIAL_ROWS, TRIAL_MEMBERS = 3_000, 2


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
    target_ : {"log", "none"}
        Whether members learn the target's logarithm.
    {ATTRIBUTES}

    References
    ----------
    .. [1] Y. Gorishniy, I. Rubachev, A. Babenko, "On embeddings for numerical features in tabular
       deep learning", NeurIPS 2022.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> reg = TabularRegressor(n_members=8, random_state=0).fit(X[:300], y[:300])
    >>> reg.score(X[300:], y[300:]) > 0.4
    True
    >>> reg.weights_.shape, round(float(reg.weights_.sum()), 6)
    ((8,), 1.0)
    """

    _sets_aside = True

    def _targets(self) -> Targets:
        return NumberTargets("squared_error")

    def _learnt(self, targets: Targets, y: np.ndarray) -> np.ndarray:
        return y.reshape(len(y), -1).astype(np.float64, copy=False)

    def _outputs(self, y: np.ndarray) -> NumberOutputs:
        return NumberOutputs.of(y)

    def _outputs_of_blocks(self, targets: Targets, blocks: Blocks) -> NumberOutputs:
        every = (y for group in range(len(blocks.groups)) for y, _ in blocks.read_targets(group))
        return NumberOutputs.of_blocks(self._learnt(targets, y) for y in every)

    def _learns(
        self, outputs: ClassOutputs | NumberOutputs, parts: Parts, seed: int
    ) -> ClassOutputs | NumberOutputs:
        """The numbers or their logarithms, by what is asked for, or by a trial of two members."""
        assert isinstance(outputs, NumberOutputs)
        given = (parts.train.at_hand, parts.held_out, parts.aside)
        y = outputs.numbers(np.concatenate([each.Y for each in given if each is not None]))
        positive = bool((y > 0).all())
        if self.target == "log" and not positive:
            raise InvalidInput(
                f"target='log' is for numbers above 0, and y holds {y[y <= 0].min():g}."
            )
        if self.target == "none" or not positive:
            return outputs
        logs = outputs.in_logarithms(y)
        if self.target == "log":
            return logs
        skewed = (
            np.mean(parts.train.at_hand.Y**3, axis=0).min() > SKEWED
        )  # the third moment, in deviations
        return self._better((outputs, logs), parts, seed) if skewed else outputs

    def _better(
        self, candidates: tuple[NumberOutputs, NumberOutputs], parts: Parts, seed: int
    ) -> NumberOutputs:
        """Try what members may learn on some of the rows; the rows that choose say which is."""
        rows = parts.train.at_hand
        m = rows.m
        some = np.linspace(0, m - 1, min(m, TRIAL_ROWS)).astype(int)
        trial = replace(
            parts,
            train=rows.some(some),
            settings=self._settings(range(TRIAL_MEMBERS), len(some), seed, {}),
            aside=None,
        )
        cost = cost_of(self.metric, candidates[0])
        costs = [
            fit_ensemble([trial], each, cost, n_threads=self.n_threads).cost for each in candidates
        ]
        return candidates[int(np.argmin(costs))]

    @property
    def target_(self) -> str:
        """Whether members learn the target's logarithm: "log" or "none"."""
        return "log" if isinstance(self._ensemble().outputs, LogOutputs) else "none"

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
        return self._numbers(X, self._answers(X))

    def _numbers(self, X: ArrayLike, answers: np.ndarray) -> np.ndarray:
        """Deviations as numbers in the targets' own units; of one target a vector."""
        outputs = self.ensemble_.outputs
        assert isinstance(outputs, NumberOutputs)
        numbers = outputs.numbers(answers)
        return in_units(self, X, numbers[:, 0] if outputs.units == 1 else numbers)

    def predict_interval(self, X: ArrayLike, coverage: float = 0.9) -> np.ndarray:
        """Predict between what numbers lie.

        Parameters
        ----------
        X : data frame, mapping, records, array-like or sparse matrix of m rows
            With the columns of the fit.
        coverage : float
            The part of rows like those of the fit whose number is to be within.

        Returns
        -------
        ndarray of shape (m, 2), or (m, targets, 2)
            The least and the greatest: the prediction less and plus a width that is the same for
            every row, from errors on rows that neither trained a member nor chose any [1]_.

        Raises
        ------
        NotFittedError
            If there was no fit before.
        InvalidInput
            If too few rows were kept for it, or X has other columns than in the fit.

        References
        ----------
        .. [1] J. Lei, M. G'Sell, A. Rinaldo, R. J. Tibshirani, L. Wasserman, "Distribution-free
           predictive inference for regression", Journal of the American Statistical Association,
           2018.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> X, y = load_diabetes(return_X_y=True)
        >>> reg = TabularRegressor(n_members=4, random_state=0).fit(X[:300], y[:300])
        >>> low, high = reg.predict_interval(X[300:], coverage=0.8).T
        >>> within = float(np.mean((low <= y[300:]) & (y[300:] <= high)))
        >>> 0.7 < within < 0.95
        True
        """
        answers, errors = self._answers(X), self.ensemble_.errors
        errors = np.empty((0, answers.shape[1])) if errors is None else errors
        with naming_parameters():
            half = np.array([half_width(np.abs(each), coverage) for each in errors.T])
        ends = [self._numbers(X, answers + side) for side in (-half, half)]
        return np.stack(ends, axis=-1)
