"""MLPClassifier: scikit-learn's classifier, on this library's objective."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Self
from weakref import WeakKeyDictionary

import numpy as np
from sklearn.base import (
    ClassifierMixin,
    _fit_context,  # pyright: ignore[reportPrivateUsage]
)
from sklearn.utils import Tags
from sklearn.utils.metaestimators import available_if

from ..arrays import Array, ArrayLike, array_namespace, as_numpy, is_array_api_obj
from ..streaming.dask_blocks import is_dask
from ..streaming.dask_predictions import lazily, lazy_accuracy
from .base import Perceptron
from .drafts import published_at_once
from .parameters import ClassifierParameters, documented
from .raw_tables import truth_of
from .targets.accuracy import accuracy
from .targets.decisions import Decision
from .targets.labels import Labels, as_labels
from .targets.sample_weights import row_weights
from .targets.strategies import ClassTargets, Targets
from .targets.thresholds import Threshold

# Beside the estimators, whose own attributes a prediction must not change.
_DECISIONS: WeakKeyDictionary[Perceptron, Decision] = WeakKeyDictionary()


@documented
class MLPClassifier(ClassifierMixin, Perceptron, ClassifierParameters):
    """A multi-layer perceptron that learns classes: scikit-learn's, and more.

    Two classes have one logistic output; more have a softmax, or with ``binary_log_loss`` the
    notes' one logistic output each. Multilabel indicators, and several columns of classes, are
    learnt side by side.

    Parameters
    ----------
    {PARAMETERS}

    Attributes
    ----------
    classes_ : ndarray, or a list of them for several outputs of classes
        The labels.
    {ATTRIBUTES}

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = MLPClassifier((8,), "tanh", solver="lbfgs", alpha=1.0, random_state=0).fit(X, y)
    >>> clf.predict(X[[0, 60, 120]])
    array([0, 1, 2])
    >>> clf.score(X, y) > 0.95
    True
    >>> clf.coefs_[0].shape, clf.intercepts_[0].shape
    ((4, 8), (8,))
    """

    classes_: np.ndarray | list[np.ndarray]
    _labels: Labels

    @available_if(lambda self: self._check_solver())
    @_fit_context(prefer_skip_nested_validation=True)
    @published_at_once
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike = None,
        classes: ArrayLike = None,
        *,
        total_weight: float | None = None,
    ) -> Self:
        """Make one pass over the given rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.
        y : array-like or sparse matrix of shape (m,) or (m, n_outputs)
            Labels.
        sample_weight : float or array-like of shape (m,), optional
            Weights of the rows; a number counts for every row.
        classes : array-like of shape (K,), or a list of them, optional
            All classes, for several outputs those of each; the first call needs them.
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
            If the first call names no classes, a later one others, or a parameter needs all rows
            at once.
        InvalidInput
            If ``total_weight`` is not positive, or ``checkpoint`` is set.

        Examples
        --------
        >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], ["no", "yes", "yes", "no"]
        >>> clf = MLPClassifier((4,), random_state=0)
        >>> for rows in (slice(0, 2), slice(2, 4)):
        ...     clf = clf.partial_fit(X[rows], y[rows], classes=["no", "yes"])
        >>> clf.t_
        4
        """
        if self._balances():
            raise ValueError(
                "class_weight='balanced' is not supported for partial_fit, which does not see all "
                "rows: pass a dict of weights instead."
            )
        self._learn_classes(classes, y)
        return self._partial_fit(X, y, sample_weight, total_weight)

    def _balances(self) -> bool:
        many = self.class_weight if isinstance(self.class_weight, list) else [self.class_weight]
        return any(isinstance(one, str) for one in many)

    def _learn_classes(self, classes: ArrayLike, y: ArrayLike) -> None:
        """Take the classes of a first ``partial_fit``, or compare them with those known."""
        known = getattr(self, "classes_", None)
        if known is None and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        if classes is None:
            return
        labels = Labels.named(classes, as_labels(y))
        if known is None:
            self._set_labels(labels)
        elif not labels.same_classes(self._labels):
            raise ValueError(
                f"`classes={classes!r}` is not the same as on last call to partial_fit, was: "
                f"{known!r}"
            )

    def _set_labels(self, labels: Labels) -> None:
        self._labels, self.classes_ = labels, labels.public

    def _targets(self) -> ClassTargets:
        return ClassTargets(self.loss, self.class_weight, getattr(self, "_labels", None))

    def _remember(self, targets: Targets) -> None:
        assert isinstance(targets, ClassTargets)
        self._set_labels(targets.known)

    @property
    def _decision(self) -> Decision:
        """How answers are read; kept, as making it takes as long as one row's forward pass."""
        kept = _DECISIONS.get(self)
        if kept is None or kept.labels is not self._labels or kept.loss is not self.net_.loss:
            kept = _DECISIONS[self] = Decision(self._labels, self.net_.loss)
        return kept

    def predict(self, X: ArrayLike) -> Array:
        """Predict labels.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (m,) or (m, n_outputs)
            The labels with the largest probability.

        Raises
        ------
        NotFittedError
            If there was no fit before.
        ValueError
            If X has other columns than in the fit, or a number that is not finite.

        Examples
        --------
        >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], ["no", "yes", "yes", "no"]
        >>> clf = MLPClassifier((4,), "tanh", alpha=0.1, solver="lbfgs", random_state=0).fit(X, y)
        >>> clf.predict([[0, 0], [1, 0]])
        array(['no', 'yes'], dtype='<U3')
        """
        if is_dask(X):
            return lazily(self.predict, X)
        if "threshold_" in self.__dict__:
            return self._told_apart(self.__dict__["threshold_"], X)
        z = self._logits(X, "predict")
        codes = self._decision.codes(z)
        if isinstance(codes, np.ndarray):
            return self._labels.decode(codes)
        labels = self._labels.decode(as_numpy(codes))
        if labels.dtype.kind not in "biuf":
            return labels
        return array_namespace(codes).asarray(labels, device=codes.device)

    def _told_apart(self, threshold: Threshold, X: ArrayLike) -> np.ndarray:
        """Labels by a threshold other than the largest probability's."""
        return threshold.decide(as_numpy(self.predict_proba(X)), np.asarray(self.classes_))

    def predict_proba(self, X: ArrayLike) -> Array:
        """Predict the probability of every class.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (m, K), or a list of them for several outputs of classes
            Rows that sum to 1, in the order of ``classes_``; for multilabel targets the probability
            of each label by itself.

        Raises
        ------
        NotFittedError
            If there was no fit before.
        ValueError
            If X has other columns than in the fit, or a number that is not finite.

        Examples
        --------
        >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], ["no", "yes", "yes", "no"]
        >>> clf = MLPClassifier((4,), "tanh", alpha=0.1, solver="lbfgs", random_state=0).fit(X, y)
        >>> clf.predict_proba([[0, 0], [1, 0]]).round(2)
        array([[0.79, 0.21],
               [0.21, 0.79]])
        """
        if is_dask(X):
            return self._lazily(self.predict_proba, X)
        X, decision = self._checked(X, "predict_proba"), self._decision
        parts = decision.probabilities(self._forward(self.net_, X))
        if decision.unclear(parts):
            parts = decision.exact_probabilities(self._forward(self.net_.linear, X))
        return self._by_output(parts)

    def _by_output(self, parts: list[Array]) -> Array | list[Array]:
        """One array, or a list of them for several outputs of classes."""
        return parts if self._has_several_outputs() else parts[0]

    def _lazily(self, method: Callable[[ArrayLike], Array], X: ArrayLike) -> Array:
        """Answers by partitions; those of several outputs are a list of such."""
        if not self._has_several_outputs():
            return lazily(method, X)
        parts = range(len(self._labels.classes))
        return [lazily(partial(_of_output, k, method), X) for k in parts]

    def predict_log_proba(self, X: ArrayLike) -> Array:
        """Predict the logarithm of ``predict_proba``, exact where that underflows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (m, K), or a list of them for several outputs of classes
            Logarithms, in the order of ``classes_``.

        Raises
        ------
        NotFittedError
            If there was no fit before.
        ValueError
            If X has other columns than in the fit, or a number that is not finite.

        Examples
        --------
        >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], ["no", "yes", "yes", "no"]
        >>> clf = MLPClassifier((4,), "tanh", alpha=0.1, solver="lbfgs", random_state=0).fit(X, y)
        >>> clf.predict_log_proba([[0, 0], [1, 0]]).round(2)
        array([[-0.23, -1.58],
               [-1.58, -0.23]])
        """
        if is_dask(X):
            return self._lazily(self.predict_log_proba, X)
        X, decision = self._checked(X, "predict_log_proba"), self._decision
        z = self._forward(self.net_.linear, X)
        if self._labels.multilabel:
            return decision.log_of_labels(self._forward(self.net_, X), z)
        return self._by_output(decision.log_probabilities(z))

    def decision_function(self, X: ArrayLike) -> Array:
        """Compute what decides: the logits z^(L), which the output makes probabilities of.

        Where the loss's output is no probability, its answer a^(L), less ½ for a single unit.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (m,) for two classes, else (m, s_L)
            Positive, or largest, for the predicted class.

        Raises
        ------
        NotFittedError
            If there was no fit before.
        ValueError
            If X has other columns than in the fit, or a number that is not finite.

        Examples
        --------
        >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], ["no", "yes", "yes", "no"]
        >>> clf = MLPClassifier((4,), "tanh", alpha=0.1, solver="lbfgs", random_state=0).fit(X, y)
        >>> clf.decision_function([[0, 0], [1, 0]]).round(2)
        array([-1.35,  1.35])
        """
        if is_dask(X):
            return lazily(self.decision_function, X)
        z = self._logits(X, "decision_function")
        scores = self._decision.scores(z)
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike = None) -> float:
        """Compute the accuracy: the part of the rows whose every label is right.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.
        y : array-like of shape (m,) or (m, n_outputs)
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
            If X has other columns than in the fit, or a number that is not finite.

        Examples
        --------
        >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], ["no", "yes", "yes", "no"]
        >>> clf = MLPClassifier((4,), "tanh", alpha=0.1, solver="lbfgs", random_state=0).fit(X, y)
        >>> clf.score(X, ["no", "yes", "yes", "yes"])
        0.75
        """
        if is_dask(X):
            return lazy_accuracy(self.predict(X), y, sample_weight)
        predicted, y = (
            as_numpy(labels) if is_array_api_obj(labels) else labels
            for labels in (self.predict(X), as_labels(truth_of(self, X, y)))
        )
        w = row_weights(sample_weight, predicted.shape[0])
        return accuracy(self._labels, y, predicted, w)

    def _has_several_outputs(self) -> bool:
        labels = getattr(self, "_labels", None)
        return labels is not None and not (labels.single or labels.multilabel)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _of_output(k: int, method: Callable[[ArrayLike], Array], X: ArrayLike) -> Array:
    """The answers for one of several outputs."""
    return method(X)[k]
