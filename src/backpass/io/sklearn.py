"""scikit-learn's own multi-layer perceptrons as this library's estimators."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, overload

import numpy as np

from ..errors import InvalidInput
from ..estimators.classifier import MLPClassifier
from ..estimators.regressor import MLPRegressor
from ..estimators.targets.labels import Labels
from ..models.table_model import Estimator
from ..network import Network
from ..training.stop import StopReason
from .saving import set_fitted_state

if TYPE_CHECKING:
    from sklearn import neural_network

    Theirs: TypeAlias = neural_network.MLPClassifier | neural_network.MLPRegressor


@overload
def from_sklearn(estimator: neural_network.MLPClassifier) -> MLPClassifier: ...
@overload
def from_sklearn(estimator: neural_network.MLPRegressor) -> MLPRegressor: ...
def from_sklearn(estimator: Theirs) -> Estimator:
    """Make one of this library's estimators of scikit-learn's MLPClassifier or MLPRegressor.

    Parameters
    ----------
    estimator : sklearn.neural_network.MLPClassifier or MLPRegressor
        Fitted.

    Returns
    -------
    MLPClassifier or MLPRegressor
        With the same parameters and weights: it predicts the same. A training that goes on
        (``partial_fit``, ``warm_start``) begins its solver anew.

    Raises
    ------
    InvalidInput
        If it is neither of the two, or not fitted.

    Notes
    -----
    ``alpha`` is taken over as it is. For full batches it means the same; for mini-batches
    scikit-learn divides it by the batch's size, this library by the number of rows.

    Examples
    --------
    >>> import numpy as np, sklearn.neural_network, backpass as bp
    >>> theirs = sklearn.neural_network.MLPRegressor(solver="lbfgs", random_state=0)
    >>> ours = bp.from_sklearn(theirs.fit(np.eye(3), [1.0, 2.0, 3.0]))
    >>> bool(np.allclose(ours.predict(np.eye(3)), theirs.predict(np.eye(3))))
    True
    """
    from sklearn import neural_network

    kinds: dict[type, type[Estimator]] = {
        neural_network.MLPClassifier: MLPClassifier,
        neural_network.MLPRegressor: MLPRegressor,
    }
    kind = kinds.get(type(estimator))
    if kind is None:
        raise InvalidInput(f"A {type(estimator).__name__} is not one of scikit-learn's MLPs.")
    if not hasattr(estimator, "coefs_"):
        raise InvalidInput("This estimator is not fitted yet, so there is nothing to take over.")
    ours = kind(**estimator.get_params(deep=False))
    layers = zip(estimator.intercepts_, estimator.coefs_)
    theta = np.concatenate([np.vstack([b, W]).reshape(-1) for b, W in layers])
    sizes = (estimator.coefs_[0].shape[0], *(W.shape[1] for W in estimator.coefs_))
    net = Network(sizes, estimator.activation, _loss_of(estimator))
    set_fitted_state(ours, net, theta, _class_labels(estimator), StopReason.MAX_ITER)
    for name in ("n_iter_", "t_", "loss_", "best_loss_", "loss_curve_", "feature_names_in_"):
        if hasattr(estimator, name):
            setattr(ours, name, getattr(estimator, name))
    return ours


def _loss_of(estimator: Theirs) -> str:
    """The loss's name: scikit-learn's log_loss is two of ours."""
    if estimator.out_activation_ == "softmax":
        return "log_loss"
    return "binary_log_loss" if estimator.out_activation_ == "logistic" else estimator.loss


def _class_labels(estimator: Theirs) -> Labels | None:
    binarizer = getattr(estimator, "_label_binarizer", None)
    if binarizer is None:
        return None
    if binarizer.y_type_.startswith("multilabel"):
        return Labels.indicators(estimator.n_outputs_)
    return Labels((binarizer.classes_,))
