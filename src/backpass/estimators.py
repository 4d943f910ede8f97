"""MLPClassifier and MLPRegressor: scikit-learn's estimators, on this library's objective.

What is said here is what y means: labels that become one-hot rows, or numbers. The rest, from
validation to the training, is ``perceptron.py``'s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from sklearn.base import (
    ClassifierMixin,
    RegressorMixin,
    _fit_context,  # pyright: ignore[reportPrivateUsage]
)
from sklearn.metrics import accuracy_score
from sklearn.utils import compute_sample_weight
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import (
    _check_partial_fit_first_call,  # pyright: ignore[reportPrivateUsage]
    check_classification_targets,
    type_of_target,
    unique_labels,
)

from .arrays import array_namespace, as_numpy, is_array_api_obj, like
from .blocks import Blocks
from .cluster import is_dask, lazily, lazy_accuracy, lazy_r_squared
from .losses import Loss
from .network import Network
from .parameters import CONSTRAINTS, documented
from .perceptron import Perceptron, keep
from .streaming import Encode, all_targets, as_columns
from .targets import Labels


@documented
class MLPClassifier(ClassifierMixin, Perceptron):
    """A multi-layer perceptron that learns classes: scikit-learn's, and more.

    Two classes have one logistic output; more have a softmax, or with ``binary_log_loss`` the
    notes' one logistic output each. Multilabel indicators, and several columns of classes, are
    learnt side by side.

    Parameters
    ----------
    {SHARED}
    loss : {"log_loss", "binary_log_loss"} or Loss
        The notes' loss is ``binary_log_loss``: one sigmoid for each class.
    class_weight : dict, "balanced" or None
        Weights of the classes, multiplied with ``sample_weight``.
    {OURS}

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

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "loss": [StrOptions({"log_loss", "binary_log_loss"}), Loss],
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }
    _y_is_numeric = False
    class_weight: Any
    classes_: Any
    _labels: Labels

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        loss: Any = "log_loss",
        class_weight: Any = None,
        init: str = "auto",
        weight_decay: float = 0.0,
        dropout: Any = 0.0,
        schedule_epochs: int | None = None,
        n_init: int = 1,
        n_threads: int | None = None,
        callbacks: Any = None,
        checkpoint: Any = None,
        every: int = 1,
    ) -> None:
        keep(self, locals())

    @available_if(lambda self: self._check_solver())
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        classes: Any = None,
        *,
        total_weight: float | None = None,
    ) -> Any:
        """Make one pass over the given rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.
        y : array-like of shape (m,) or (m, n_outputs)
            Labels.
        sample_weight : array-like of shape (m,), optional
            Weights of the rows.
        classes : array-like, optional
            All classes; the first call needs them.
        total_weight : float, optional
            W of all the data that is still to come, where these rows are a part; their own weight
            else.

        Returns
        -------
        self
            The trained estimator.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' is not supported for partial_fit, which does not see all "
                "rows: pass a dict of weights instead."
            )
        if _check_partial_fit_first_call(self, classes):
            multilabel = type_of_target(y).startswith("multilabel")
            self._learn_labels(np.asarray(y if multilabel else classes))
        return self._partial_fit(X, y, sample_weight, total_weight)

    def _learn_labels(self, y: np.ndarray) -> None:
        check_classification_targets(y)
        multilabel = type_of_target(y).startswith("multilabel")
        labels = Labels.indicators(y.shape[1]) if multilabel else Labels.of(y)
        self._labels = labels
        single = labels.classes[0] if labels.single else list(labels.classes)
        self.classes_ = np.arange(y.shape[1]) if multilabel else single

    def _encode(self, y: Any, known: bool) -> np.ndarray:
        if not known:
            self._learn_labels(y)
        elif self._labels.single or self._labels.multilabel:
            self._check_labels(unique_labels(y))
        else:
            self._labels.check_columns(y)
        return self._labels.encode(y)

    def _block_encoder(self, blocks: Blocks, known: bool) -> Encode:
        self._encode(all_targets(blocks), known)
        return self._labels.encode

    def _check_labels(self, classes: np.ndarray) -> None:
        if self.warm_start and set(classes) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous "
                f"call to fit. Previously got {self.classes_}, `y` has {classes}"
            )
        if len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. "
                f"'y' has {classes}."
            )

    def _network_loss(self) -> str | Loss:
        if self.loss == "log_loss" and not self._labels.softmax:
            return "binary_log_loss"
        return self.loss

    def _weights(self, sample_weight: Any, X: Any, y: Any) -> Any:
        w = super()._weights(sample_weight, X, y)
        if self.class_weight is None:
            return w
        by_class = compute_sample_weight(self.class_weight, y)
        return like(X, by_class if w is None else as_numpy(w) * by_class)

    def _scorer(self, net: Network, Y: Any, w: Any) -> Callable[[Any], float]:
        xp, labels, W = array_namespace(Y), self._labels, float(w.sum())
        truth = labels.codes(Y - 0.5, xp)

        def accuracy(z: Any) -> float:
            right = labels.codes(z, xp) == truth
            right = right[:, 0] if right.shape[1] == 1 else xp.all(right, axis=1)
            return float(xp.sum(w[right])) / W

        return accuracy

    def _stratify(self, Y: Any) -> np.ndarray | None:
        return as_numpy(Y).astype(bool) if Y.shape[1] == 1 else None

    def predict(self, X: Any) -> Any:
        """Predict labels.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (m,) or (m, n_outputs)
            The labels with the largest probability.
        """
        if is_dask(X):
            return lazily(self.predict, X)
        z = self._logits(X, "predict")
        xp = array_namespace(z)
        codes = self._labels.codes(z, xp)
        if isinstance(codes, np.ndarray):
            return self._labels.decode(codes)
        labels = self._labels.decode(as_numpy(codes))
        return xp.asarray(labels, device=z.device) if labels.dtype.kind in "biuf" else labels

    def predict_proba(self, X: Any) -> Any:
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
        """
        if is_dask(X):
            return lazily(self.predict_proba, X)
        return self._probabilities(self._activations(X, "predict_proba"))

    def _probabilities(self, a: Any) -> Any:
        """Activations as rows that sum to 1, by output; those of labels as they are."""
        if self._labels.multilabel:
            return a
        output, parts = self.net_.loss.output, self._labels.parts(a)
        parts = [_probabilities(p, k, output) for p, k in zip(parts, self._labels.sizes)]
        return parts[0] if self._labels.single else parts

    def predict_log_proba(self, X: Any) -> Any:
        """Predict the logarithm of ``predict_proba``.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (m, K), or a list of them for several outputs of classes
            Logarithms, in the order of ``classes_``.
        """
        probabilities = self._probabilities(self._activations(X, "predict_log_proba"))
        if isinstance(probabilities, list):
            return [np.log(part) for part in probabilities]
        return array_namespace(probabilities).log(probabilities)

    def decision_function(self, X: Any) -> Any:
        """Compute the logits z^(L), which the output activation turns into probabilities.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (m,) for two classes, else (m, s_L)
            Positive, or largest, for the predicted class.
        """
        z = self._logits(X, "decision_function")
        return z[:, 0] if z.shape[1] == 1 else z

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Compute the accuracy: the part of the rows whose every label is right.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.
        y : array-like of shape (m,) or (m, n_outputs)
            True labels.
        sample_weight : array-like of shape (m,), optional
            Weights of the rows.

        Returns
        -------
        float
            Between 0 and 1.
        """
        if is_dask(X):
            return lazy_accuracy(self.predict(X), y)
        if self._labels_of_several_outputs():
            right = (self.predict(X) == np.asarray(y)).all(axis=1)
            return float(np.average(right, weights=sample_weight))
        y = as_numpy(y) if is_array_api_obj(y) else y
        return float(accuracy_score(y, as_numpy(self.predict(X)), sample_weight=sample_weight))

    def _labels_of_several_outputs(self) -> bool:
        labels = getattr(self, "_labels", None)
        return labels is not None and not (labels.single or labels.multilabel)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


@documented
class MLPRegressor(RegressorMixin, Perceptron):
    """A multi-layer perceptron that learns numbers: scikit-learn's, and more.

    Parameters
    ----------
    loss : {"squared_error", "poisson", "huber", "absolute_error", "quantile"} or Loss
        ½ Σ (a − y)², half the Poisson deviance with a = e^z, or a robust loss; ``huber(1.5)`` and
        ``quantile(0.9)`` have a parameter.
    {SHARED}
    {OURS}

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

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "loss": [
            StrOptions({"squared_error", "poisson", "huber", "absolute_error", "quantile"}),
            Loss,
        ],
    }

    def __init__(
        self,
        loss: Any = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        init: str = "auto",
        weight_decay: float = 0.0,
        dropout: Any = 0.0,
        schedule_epochs: int | None = None,
        n_init: int = 1,
        n_threads: int | None = None,
        callbacks: Any = None,
        checkpoint: Any = None,
        every: int = 1,
    ) -> None:
        keep(self, locals())

    @available_if(lambda self: self._check_solver())
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, total_weight: float | None = None
    ) -> Any:
        """Make one pass over the given rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.
        y : array-like of shape (m,) or (m, n_outputs)
            Numbers.
        sample_weight : array-like of shape (m,), optional
            Weights of the rows.
        total_weight : float, optional
            W of all the data that is still to come, where these rows are a part; their own weight
            else.

        Returns
        -------
        self
            The trained estimator.
        """
        return self._partial_fit(X, y, sample_weight, total_weight)

    _y_is_numeric = True

    def _encode(self, y: Any, known: bool) -> np.ndarray:
        if self.loss == "poisson" and (y < 0).any():
            raise ValueError("y holds negative numbers, but loss='poisson' needs y >= 0.")
        return y[:, None] if y.ndim == 1 else y

    def _block_encoder(self, blocks: Blocks, known: bool) -> Encode:
        return as_columns

    def _network_loss(self) -> str | Loss:
        return self.loss

    def _sklearn_loss(self, J: float, decay: float) -> float:
        """scikit-learn takes the mean over the outputs, and the gradient of the sum."""
        return (J - decay) / self.n_outputs_ + decay

    def _scorer(self, net: Network, Y: Any, w: Any) -> Callable[[Any], float]:
        Y, w = as_numpy(Y), as_numpy(w)
        return lambda z: _r_squared(as_numpy(net.loss.h(z)), Y, w)

    def predict(self, X: Any) -> Any:
        """Predict numbers.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (m,) or (m, n_outputs)
            The network's answers.
        """
        if is_dask(X):
            return lazily(self.predict, X)
        a = self._activations(X, "predict")
        return a[:, 0] if a.shape[1] == 1 else a

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Compute R², the part of y's variance that the predictions explain.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (m, n_features)
            Inputs; for a Dask collection the score, too, is computed when it is asked for.
        y : array-like of shape (m,) or (m, n_outputs)
            True numbers.
        sample_weight : array-like of shape (m,), optional
            Weights of the rows.

        Returns
        -------
        float
            At most 1; 0 for the mean of y.
        """
        if is_dask(X):
            return lazy_r_squared(self.predict(X), y)
        return super().score(X, y, sample_weight)


def _probabilities(a: Any, n_classes: int, output: str) -> Any:
    """One output's activations as rows that sum to 1."""
    xp = array_namespace(a)
    if n_classes == 1:
        return xp.ones_like(a)
    if n_classes == 2:
        return xp.concat([1 - a, a], axis=1)
    return a if output == "softmax" else a / xp.sum(a, axis=1, keepdims=True)


def _r_squared(a: np.ndarray, Y: np.ndarray, w: np.ndarray) -> float:
    """R² as ``sklearn.metrics.r2_score`` computes it: the mean over the outputs."""
    w = w[:, None]
    residual = (w * (Y - a) ** 2).sum(axis=0)
    total = (w * (Y - (w * Y).sum(axis=0) / w.sum()) ** 2).sum(axis=0)
    constant = total == 0
    scores = 1 - residual / np.where(constant, 1, total)
    return float(np.where(constant, residual == 0, scores).mean())
