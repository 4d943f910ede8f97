"""TabularClassifier: an ensemble of small networks that learns the classes of a table's rows."""

from __future__ import annotations

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags

from ..arrays import ArrayLike
from ..errors import InvalidInput
from ..estimators.raw_tables import truth_of
from ..estimators.targets.accuracy import accuracy
from ..estimators.targets.labels import Labels, as_labels
from ..estimators.targets.sample_weights import row_weights
from ..estimators.targets.strategies import ClassTargets, Targets
from ..estimators.targets.thresholds import Threshold
from ..streaming.blocks import Blocks
from .base import TabularEstimator
from .outputs import ClassOutputs
from .parameters import TabularClassifierParameters, documented
from .partings.rows import strata_of


@documented
class TabularClassifier(ClassifierMixin, TabularEstimator, TabularClassifierParameters):
    """Classes of a table's rows, by several small networks: columns are taken as they are.

    Each member is a network of the notes on piecewise-linear codes of the numbers [1]_ and
    indicators of the categories, its hidden matrices trained by Muon and the rest by AdamW, its
    epoch chosen on rows that no member learns from. A greedy search on those rows says how much
    each counts.

    Parameters
    ----------
    {PARAMETERS}

    Attributes
    ----------
    classes_ : ndarray, or a list of them for several targets
        The labels.
    {ATTRIBUTES}

    References
    ----------
    .. [1] Y. Gorishniy, I. Rubachev, A. Babenko, "On embeddings for numerical features in tabular
       deep learning", NeurIPS 2022.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = TabularClassifier(n_members=4, random_state=0).fit(X, y)
    >>> clf.predict(X[[0, 60, 120]])
    array([0, 1, 2])
    >>> clf.members_[2].settings.hidden
    (64, 64, 64)
    """

    classes_: np.ndarray | list[np.ndarray]
    _labels: Labels

    def _targets(self) -> Targets:
        return ClassTargets("log_loss", self.class_weight)

    def _learnt(self, targets: Targets, y: np.ndarray) -> np.ndarray:
        assert isinstance(targets, ClassTargets)
        self._labels, self.classes_ = targets.known, targets.known.public
        return targets.known.numbers(y)

    def _outputs(self, y: np.ndarray) -> ClassOutputs:
        return ClassOutputs(self._labels.sizes)

    def _outputs_of_blocks(self, targets: Targets, blocks: Blocks) -> ClassOutputs:
        if self.class_weight is not None:
            raise InvalidInput("Rows in blocks are trained on without class_weight.")
        assert isinstance(targets, ClassTargets)
        self._labels, self.classes_ = targets.known, targets.known.public
        return ClassOutputs(self._labels.sizes)

    def _strata(self, y: np.ndarray) -> np.ndarray:
        return strata_of(y)

    def _by_target(self, X: ArrayLike) -> list[np.ndarray]:
        answers = self._answers(X)
        outputs = self.ensemble_.outputs
        assert isinstance(outputs, ClassOutputs)
        return outputs.by_target(answers)

    def predict(self, X: ArrayLike) -> ArrayLike:
        """Predict labels.

        Parameters
        ----------
        X : data frame, mapping, records, array-like or sparse matrix of m rows
            With the columns of the fit.

        Returns
        -------
        ndarray of shape (m,) or (m, targets)
            The labels with the largest probability; of two, by ``threshold_`` where the estimator
            has one.

        Raises
        ------
        NotFittedError
            If there was no fit before.
        ValueError
            If X has other columns than in the fit, or an infinite number.

        Examples
        --------
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]] * 9, ["no", "no", "yes", "yes"] * 9
        >>> TabularClassifier(n_members=2, random_state=0).fit(X, y).predict([[0.5], [2.5]])
        array(['no', 'yes'], dtype='<U3')
        """
        threshold: Threshold | None = vars(self).get("threshold_")
        if threshold is not None:
            return threshold.decide(self._by_target(X)[0], np.asarray(self.classes_))
        codes = [P.argmax(axis=1) for P in self._by_target(X)]
        return self._labels.decode(np.column_stack(codes))

    def predict_proba(self, X: ArrayLike) -> np.ndarray | list[np.ndarray]:
        """Predict the probability of every class.

        Parameters
        ----------
        X : data frame, mapping, records, array-like or sparse matrix of m rows
            With the columns of the fit.

        Returns
        -------
        ndarray of shape (m, K), or a list of them for several targets
            Rows that sum to 1, in the order of ``classes_``; none is surer than the rows that chose
            can vouch for. For multilabel targets the probability of each label by itself.

        Raises
        ------
        NotFittedError
            If there was no fit before.
        ValueError
            If X has other columns than in the fit, or an infinite number.

        Examples
        --------
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]] * 9, ["no", "no", "yes", "yes"] * 9
        >>> P = TabularClassifier(n_members=2, random_state=0).fit(X, y).predict_proba([[0.5]])
        >>> P.shape, bool(P[0, 0] > 0.8)
        ((1, 2), True)
        """
        parts = self._by_target(X)
        if self._labels.multilabel:
            return np.column_stack([part[:, 1] for part in parts])
        return parts[0] if self._labels.single else parts

    def predict_log_proba(self, X: ArrayLike) -> np.ndarray | list[np.ndarray]:
        """Predict the logarithm of ``predict_proba``.

        Parameters
        ----------
        X : data frame, mapping, records, array-like or sparse matrix of m rows
            With the columns of the fit.

        Returns
        -------
        ndarray of shape (m, K), or a list of them for several targets
            Logarithms, in the order of ``classes_``.

        Raises
        ------
        NotFittedError
            If there was no fit before.
        ValueError
            If X has other columns than in the fit, or an infinite number.

        Examples
        --------
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]] * 9, ["no", "no", "yes", "yes"] * 9
        >>> clf = TabularClassifier(n_members=2, random_state=0).fit(X, y)
        >>> bool((np.exp(clf.predict_log_proba([[0.5]])) == clf.predict_proba([[0.5]])).all())
        True
        """
        P = self.predict_proba(X)
        return [np.log(part) for part in P] if isinstance(P, list) else np.log(P)

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike = None) -> float:
        """Compute the accuracy: the part of the rows whose every label is right.

        Parameters
        ----------
        X : data frame, mapping, records, array-like or sparse matrix of m rows
            With the columns of the fit.
        y : array-like of shape (m,) or (m, targets)
            True labels.
        sample_weight : float or array-like of shape (m,), optional
            Weights of the rows; a number counts for every row.

        Returns
        -------
        float
            Between 0 and 1.

        Raises
        ------
        NotFittedError
            If there was no fit before.
        ValueError
            If X has other columns than in the fit, or an infinite number.

        Examples
        --------
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]] * 9, ["no", "no", "yes", "yes"] * 9
        >>> TabularClassifier(n_members=2, random_state=0).fit(X, y).score(X, y)
        1.0
        """
        predicted = self.predict(X)
        w = row_weights(sample_weight, predicted.shape[0])
        return accuracy(self._labels, as_labels(truth_of(self, X, y)), predicted, w)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
