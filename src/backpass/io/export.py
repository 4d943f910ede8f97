"""To and from other systems: ONNX files, the course's .mat weights, scikit-learn's estimators."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import savemat
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ..data.matlab import read_mat
from ..data.readers import parse, read_npz
from ..errors import InvalidInput
from ..estimators.classifier import MLPClassifier
from ..estimators.regressor import MLPRegressor
from ..estimators.targets.labels import Labels
from ..network import Network
from ..storage.atomic import atomic_write
from ..training.stop import StopReason
from .onnx_estimator import add_estimator
from .onnx_graph import Graph
from .onnx_pipeline import pipeline_to_onnx
from .saving import set_fitted_state


def to_onnx(
    estimator: Any, path: str | os.PathLike[str] | None = None, *, force: bool = False
) -> bytes:
    """Write a trained estimator as an ONNX model.

    Parameters
    ----------
    estimator : MLPClassifier, MLPRegressor, or Pipeline that ends with one
        Fitted. Where it has a ``preprocessing_`` of numeric columns (gaps filled, numbers scaled),
        the model includes it and takes the raw columns. The other steps of a Pipeline are written
        by skl2onnx.
    path : str or path, optional
        The file; where not given, nothing is written.
    force : bool
        Whether an existing file may be replaced.

    Returns
    -------
    bytes
        The model. Its input ``X`` has the shape (rows, n_features) and the dtype of θ; its outputs
        are ``label`` and ``probabilities`` for classes, ``variable`` for numbers.

    Raises
    ------
    InvalidInput
        If an activation is the user's own, a column is categorical, there are several outputs of
        classes, or a step of the Pipeline is one that skl2onnx does not know.
    NotFittedError
        If it is not fitted.
    MissingExtra
        If onnx, or for a Pipeline skl2onnx, is not installed.
    OutputExists
        If the file exists and ``force`` is not given.
    WriteError
        If the disk is full or the like; what was there before is left.

    Examples
    --------
    >>> import numpy as np, backpass as bp
    >>> model = bp.MLPRegressor(solver="lbfgs", random_state=0).fit(np.eye(3), [1.0, 2.0, 3.0])
    >>> len(bp.to_onnx(model)) > 1000
    True
    """
    if isinstance(estimator, Pipeline):
        data = pipeline_to_onnx(estimator)
    else:
        check_is_fitted(estimator, "theta_")
        graph = Graph(estimator.theta_.dtype)
        outputs = add_estimator(graph, estimator, "X")
        data = graph.model(estimator.net_.sizes[0], outputs, _notes(estimator))
    if path is not None:
        atomic_write(path, data, force)
    return data


def to_mat(estimator: Any, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Write the weights as the course's .mat file: Theta1, Theta2, …, bias in column 0.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        Fitted.
    path : str or path
        The file.
    force : bool
        Whether an existing file may be replaced.

    Raises
    ------
    NotFittedError
        If it is not fitted.
    OutputExists
        If the file exists and ``force`` is not given.
    WriteError
        If the disk is full or the like; what was there before is left.

    Examples
    --------
    >>> import tempfile, numpy as np, backpass as bp
    >>> model = bp.MLPRegressor(hidden_layer_sizes=(2,), solver="lbfgs").fit(np.eye(3), [1, 2, 3])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     bp.to_mat(model, folder + "/weights.mat")
    ...     net, theta = bp.from_mat(folder + "/weights.mat", "relu", "squared_error")
    >>> net.sizes, bool((theta == model.theta_).all())
    ((3, 2, 1), True)
    """
    check_is_fitted(estimator, "theta_")
    Thetas = estimator.net_.roll(np.asarray(estimator.theta_))
    buffer = io.BytesIO()
    savemat(buffer, {f"Theta{l}": Theta for l, Theta in enumerate(Thetas, start=1)})
    atomic_write(path, buffer.getvalue(), force)


def from_mat(
    path: str | os.PathLike[str], hidden: Any = "logistic", loss: Any = "binary_log_loss"
) -> tuple[Network, np.ndarray]:
    """Read weights Theta1, Theta2, … from a .mat or .npz file.

    Parameters
    ----------
    path : str or path
        The file, as the course has it.
    hidden : str, Activation, or a list of them
        The activations of the hidden layers, which such a file does not name.
    loss : str or Loss
        And the loss.

    Returns
    -------
    net : Network
        Of the sizes that the matrices have.
    theta : ndarray of shape (n,)
        The matrices unrolled.

    Raises
    ------
    InvalidInput
        If the file has no such matrices, or their shapes do not make a network.

    Examples
    --------
    >>> import tempfile, backpass as bp
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(folder + "/weights.npz", Theta1=np.ones((2, 4)), Theta2=np.ones((1, 3)))
    ...     net, theta = bp.from_mat(folder + "/weights.npz", "tanh", "squared_error")
    >>> net.sizes, theta.shape
    ((3, 2, 1), (11,))
    """
    path = Path(path)
    if not os.path.exists(path):
        raise InvalidInput(f"There is no file {path}.")
    arrays = parse(path, read_npz if path.suffix == ".npz" else read_mat)
    Thetas: list[np.ndarray] = []
    while (name := f"Theta{len(Thetas) + 1}") in arrays:
        Thetas.append(_checked_matrix(path, name, arrays[name], Thetas))
    if not Thetas:
        raise InvalidInput(f"{path} has no matrix Theta1; it has {', '.join(arrays) or 'none'}.")
    sizes = (Thetas[0].shape[1] - 1, *(len(Theta) for Theta in Thetas))
    net = Network(sizes, hidden, loss)
    return net, net.unroll(Thetas)


def from_sklearn(estimator: Any) -> Any:
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

    kinds = {neural_network.MLPClassifier: MLPClassifier, neural_network.MLPRegressor: MLPRegressor}
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
    set_fitted_state(ours, net, theta, _labels_of(estimator), StopReason.MAX_ITER)
    for name in ("n_iter_", "t_", "loss_", "best_loss_", "loss_curve_", "feature_names_in_"):
        if hasattr(estimator, name):
            setattr(ours, name, getattr(estimator, name))
    return ours


def _loss_of(estimator: Any) -> str:
    """The loss's name: scikit-learn's log_loss is two of ours."""
    if estimator.out_activation_ == "softmax":
        return "log_loss"
    return "binary_log_loss" if estimator.out_activation_ == "logistic" else estimator.loss


def _labels_of(estimator: Any) -> Labels | None:
    if not hasattr(estimator, "classes_"):
        return None
    if estimator._label_binarizer.y_type_.startswith("multilabel"):
        return Labels.indicators(estimator.n_outputs_)
    return Labels((estimator.classes_,))


def _checked_matrix(
    path: Path, name: str, Theta: np.ndarray, before: list[np.ndarray]
) -> np.ndarray:
    """A Θ of numbers whose columns fit the rows of the one before."""
    if Theta.ndim != 2 or Theta.dtype.kind not in "iuf" or Theta.shape[1] < 2:
        raise InvalidInput(f"{path}: {name} has the shape {Theta.shape} and is no matrix Θ.")
    if before and Theta.shape[1] != len(before[-1]) + 1:
        raise InvalidInput(
            f"{path}: {name} has {Theta.shape[1]} columns, but the layer before has "
            f"{len(before[-1])} units, so it needs {len(before[-1]) + 1}."
        )
    if not np.isfinite(Theta).all():
        raise InvalidInput(f"{path}: {name} holds NaN or infinite numbers.")
    return Theta if Theta.dtype.name in ("float32", "float64") else Theta.astype(np.float64)


def _notes(estimator: Any) -> dict[str, str]:
    """What a reader of the file may want to know."""
    notes = {"network": str(estimator.net_)}
    if getattr(estimator, "preprocessing_", None) is not None:
        notes["columns"] = json.dumps([c.name for c in estimator.preprocessing_.columns])
    return notes
