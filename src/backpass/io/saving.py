"""bp.save and bp.load: a trained estimator ↔ a model file.

A file holds θ and the network, or those of an ensemble's members, the constructor's parameters,
the classes, what was said of the training, and the preprocessing if there is one: data, never code.
With ``state=True`` it also holds everything that going on with the training depends on.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, cast

import numpy as np

from .. import __version__
from ..activations import Activation
from ..arrays import State
from ..data.preprocessing import Preprocessing, Stored
from ..data.table_preprocessing import FORM, StoredTable, TablePreprocessing
from ..errors import InvalidInput
from ..estimators.base import CURVES
from ..estimators.classifier import MLPClassifier
from ..estimators.raw_tables import AnyPreprocessing, preprocessing_of
from ..estimators.regressor import MLPRegressor
from ..estimators.starts import assigned_start
from ..estimators.targets.labels import Labels
from ..estimators.targets.thresholds import Label, Threshold
from ..losses import Loss
from ..models.table_model import Estimator, TableEstimator, TableModel
from ..network import Network
from ..storage.modelfile import Content, read_model, reading, write_model
from ..storage.packing import Json, Packer, Unpacker
from ..tabular.classifier import TabularClassifier
from ..tabular.outputs import ClassOutputs
from ..tabular.regressor import TabularRegressor
from ..training.state import pack as state_to_plain
from ..training.state import unpack as state_from_plain
from ..training.stop import StopReason
from . import ensembles

Loaded = Any  # one of the four; the file says which, and a caller knows what was saved
NETWORKS: dict[str, type[Estimator]] = {
    "MLPClassifier": MLPClassifier,
    "MLPRegressor": MLPRegressor,
}
ENSEMBLES: dict[str, type[TabularClassifier | TabularRegressor]] = {
    "TabularClassifier": TabularClassifier,
    "TabularRegressor": TabularRegressor,
}
KINDS: dict[str, type[TableEstimator]] = NETWORKS | ENSEMBLES

KEPT = "kept."  # before the names of what is kept of the training's rows

# How a training runs, which belongs to the machine and the hour: not what the model is.
NOT_KEPT = ("callbacks", "checkpoint", "every", "n_threads", "on_cluster", "verbose")

# Fitted attributes that are plain values; the rest follow from the network and the classes.
RESULTS = (
    "n_iter_",
    "t_",
    "total_weight_",
    "loss_",
    "best_loss_",
    "best_validation_score_",
    "feature_names_in_",
)
RESULTS_OF_ENSEMBLES = ("n_features_in_", "feature_names_in_")


def save(
    estimator: TableEstimator,
    path: str | os.PathLike[str],
    *,
    preprocessing: AnyPreprocessing | None = None,
    state: bool = False,
    force: bool = False,
    about: Mapping[str, object] | None = None,
    kept: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Save a trained estimator, whole or not at all.

    Parameters
    ----------
    estimator : MLPClassifier, MLPRegressor, TabularClassifier or TabularRegressor
        Fitted. Of an ensemble's members, those without a share are kept without their weights.
    path : str or path
        The file; it is safetensors with a hash over everything.
    preprocessing : TablePreprocessing or Preprocessing, optional
        What turns a table into the estimator's X; its own ``preprocessing_`` where not given.
    state : bool
        Whether to keep what ``partial_fit`` and ``warm_start`` need to go on, to the same bits, as
        if the estimator had not been saved. Without it the file is little more than the weights.
        An ensemble has no such state.
    force : bool
        Whether an existing file may be replaced.
    about : mapping, optional
        What else is known of the training (rows, scores, the table's name), as JSON holds it, for
        ``backpass info``; its own ``about_`` where not given.
    kept : mapping from str to ndarray, optional
        What is kept of the training's rows for later answers (fingerprints, errors); its own
        ``kept_`` where not given.

    Raises
    ------
    InvalidInput
        If the estimator is not fitted, or is none of these.
    OutputExists
        If the file exists and ``force`` is not given.
    WriteError
        If the disk is full or the like; what was there before is left.

    Notes
    -----
    What says how a training runs (``callbacks``, ``checkpoint``, ``every``, ``n_threads``,
    ``verbose``) is not kept, and neither are objects as ``random_state`` or ``validation`` (numbers
    are); a pickle keeps them. Activations and losses of your own are code, so the file has only
    their names: hand them to ``load``.

    Examples
    --------
    >>> import tempfile, numpy as np, backpass as bp
    >>> X, y = np.eye(4), np.array(["a", "b", "a", "b"])
    >>> model = bp.MLPClassifier((3,), solver="lbfgs", random_state=0).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     bp.save(model, folder + "/model.backpass")
    ...     same = bp.load(folder + "/model.backpass")
    >>> same.predict(X).tolist()
    ['a', 'b', 'a', 'b']
    """
    write_model(path, to_content(estimator, preprocessing, state, about, kept), force)


def load(path: str | os.PathLike[str], *, own: Iterable[Activation | Loss] = ()) -> Loaded:
    """Load an estimator that ``save`` wrote; no code of the file runs, for it holds none.

    Parameters
    ----------
    path : str or path
        The file.
    own : iterable of Activation and Loss
        Your own activations and losses, if the model uses such; they are found by name.

    Returns
    -------
    MLPClassifier, MLPRegressor, TabularClassifier or TabularRegressor
        Ready to predict; with ``preprocessing_`` where the model has one. What says how a training
        runs is at its defaults, whatever the file says.

    Raises
    ------
    ModelFileError
        If there is no such file, it is not a model file, one bit of it is wrong, it is from a later
        version, or its parts do not fit together; one sentence says which.

    Examples
    --------
    >>> import backpass as bp
    >>> bp.load("no-such-file")
    Traceback (most recent call last):
    backpass.errors.ModelFileError: There is no file no-such-file.
    """
    content = read_model(path)
    with reading(os.fspath(path)):
        return from_content(content, own)


def to_content(
    estimator: TableEstimator,
    preprocessing: AnyPreprocessing | None,
    state: bool,
    about: Mapping[str, object] | None = None,
    kept: Mapping[str, np.ndarray] | None = None,
) -> Content:
    """Take a fitted estimator apart into arrays and metadata."""
    _check_fitted(estimator)
    arrays: dict[str, np.ndarray] = {}
    pack = Packer(arrays).pack
    metadata: dict[str, Json] = {"backpass": __version__, "kind": type(estimator).__name__}
    if isinstance(estimator, TabularClassifier | TabularRegressor):
        metadata |= {
            "ensemble": ensembles.to_plain(estimator.ensemble_, arrays),
            "results": pack(_existing(estimator, RESULTS_OF_ENSEMBLES), "results"),
        }
    else:
        metadata |= _network_to_content(estimator, state, arrays)
    metadata |= {
        "parameters": pack(_kept_parameters(estimator), "parameters"),
        "labels": pack(_labels_to_plain(estimator), "labels"),
        "preprocessing": _preprocessing_to_plain(estimator, preprocessing, arrays),
    }
    about = about or getattr(estimator, "about_", None)
    if about:
        metadata["about"] = dict(about)
    of_rows = dict(kept or vars(estimator).get("kept_", {}))
    arrays.update({f"{KEPT}{name}": array for name, array in of_rows.items()})
    threshold: Threshold | None = vars(estimator).get("threshold_")
    if threshold is not None:
        metadata["threshold"] = pack((threshold.positive, threshold.value), "threshold")
    return Content(arrays, metadata)


def _check_fitted(estimator: TableEstimator) -> None:
    kind = type(estimator).__name__
    if type(estimator) is not KINDS.get(kind):
        raise InvalidInput(
            "A model file holds an MLPClassifier or MLPRegressor, a TabularClassifier or "
            f"TabularRegressor, not a {kind}."
        )
    if not (hasattr(estimator, "theta_") or hasattr(estimator, "ensemble_")):
        raise InvalidInput(f"This {kind} is not fitted yet, so there is nothing to save.")


def _network_to_content(
    estimator: Estimator, state: bool, arrays: dict[str, np.ndarray]
) -> dict[str, Json]:
    """What a file holds of a single network and of its training."""
    pack = Packer(arrays).pack
    return {
        "theta": pack(np.asarray(estimator.theta_), "theta"),
        "network": pack(_network_to_plain(estimator.net_), "network"),
        "results": pack(_existing(estimator, RESULTS), "results"),
        "curves": pack(_curves(estimator), "curve"),
        "stop_reason": estimator.stop_reason_.name,
        "state": pack(state_to_plain(estimator.training_state_), "state") if state else None,
    }


def from_content(content: Content, own: Iterable[Activation | Loss] = ()) -> TableEstimator:
    """Put an estimator together again; whatever does not fit raises."""
    metadata, unpacker = content.metadata, Unpacker(content.arrays, own)
    estimator = KINDS[metadata["kind"]](**_wanted(unpacker.unpack(metadata["parameters"])))
    estimator._validate_params()  # pyright: ignore[reportPrivateUsage]  # scikit-learn's
    labels = _labels(unpacker.unpack(metadata["labels"]))
    if isinstance(estimator, TabularClassifier | TabularRegressor):
        _set_ensemble(estimator, metadata, labels, unpacker)
    else:
        _set_network(estimator, metadata, labels, unpacker)
    _set_preprocessing(estimator, metadata["preprocessing"], unpacker.arrays)
    if metadata.get("about"):
        estimator.__dict__["about_"] = dict(metadata["about"])
    kept = _named(unpacker.arrays, KEPT)
    if kept:
        estimator.__dict__["kept_"] = kept
    if metadata.get("threshold") is not None:
        stored = unpacker.unpack(metadata["threshold"])
        estimator.__dict__["threshold_"] = _threshold(estimator, stored)
    return estimator


def _set_network(
    estimator: Estimator, metadata: Mapping[str, Json], labels: Labels | None, unpacker: Unpacker
) -> None:
    """Give an estimator its network, θ, and what is known of the training."""
    unpack = unpacker.unpack
    net = Network(*unpack(metadata["network"]))
    theta = _checked_theta(net, unpack(metadata["theta"]))
    set_fitted_state(estimator, net, theta, labels, StopReason[metadata["stop_reason"]])
    _set(estimator, unpack(metadata["results"]), RESULTS)
    _set(estimator, {k: _as_list(v) for k, v in unpack(metadata["curves"]).items()}, CURVES)
    if metadata["state"] is not None:
        state = dict(unpack(metadata["state"]))
        estimator.training_state_ = state_from_plain(state, estimator.training_state_)


def _set_ensemble(
    estimator: TabularClassifier | TabularRegressor,
    metadata: Mapping[str, Json],
    labels: Labels | None,
    unpacker: Unpacker,
) -> None:
    """Give a tabular estimator its members, and what its answers are."""
    ensemble = ensembles.from_plain(metadata["ensemble"], unpacker)
    sizes = ensemble.outputs.sizes if isinstance(ensemble.outputs, ClassOutputs) else None
    classes = isinstance(estimator, TabularClassifier)
    if sizes != (None if labels is None else labels.sizes) or classes != (labels is not None):
        raise InvalidInput("The file's classes are not those that its members answer with.")
    if labels is not None:
        estimator.__dict__.update(_labels=labels, classes_=labels.public)
    estimator.__dict__["ensemble_"] = ensemble
    _set(estimator, unpacker.unpack(metadata["results"]), RESULTS_OF_ENSEMBLES)


def _labels(stored: State | None) -> Labels | None:
    """Classes by output; the first release did not know of sparse ones."""
    if stored is None:
        return None
    return Labels(stored["classes"], stored["multilabel"], stored.get("sparse", False))


def _threshold(estimator: TableEstimator, stored: tuple[Label, float]) -> Threshold:
    """A threshold, if it is of a class that the model knows."""
    classes = getattr(estimator, "classes_", ())
    positive, value = stored
    if len(classes) != 2 or positive not in list(classes) or not 0 <= value <= 1:
        raise InvalidInput(f"The file's threshold {value!r} is not one of its classes.")
    return Threshold(positive, value)


def set_fitted_state(
    estimator: Estimator, net: Network, theta: np.ndarray, labels: Labels | None, reason: StopReason
) -> None:
    """Give an estimator weights, and a training state that begins at them."""
    estimator.net_, estimator.theta_ = net, theta
    estimator.n_features_in_ = net.sizes[0]
    estimator.n_layers_, estimator.n_outputs_ = net.L, net.sizes[-1]
    estimator.out_activation_ = net.loss.output
    estimator.stop_reason_ = reason
    if isinstance(estimator, MLPClassifier):
        _set_labels(estimator, labels or Labels(()))
    estimator.training_state_ = assigned_start(estimator, theta)


def save_table_model(
    model: TableModel, path: str | os.PathLike[str], *, force: bool = False
) -> None:
    """Save the model of a table, whole or not at all: the file of ``backpass train``."""
    known, about, kept = model.preprocessing, model.about, model.kept
    save(model.estimator, path, preprocessing=known, force=force, about=about, kept=kept)


def load_table_model(path: str | os.PathLike[str]) -> TableModel:
    """Load the model of a table; another model's file is refused."""
    model = TableModel.of(load(path))
    if model is None:
        raise InvalidInput(
            f"{os.fspath(path)} holds a model without the preprocessing of a table; load it in "
            "Python, with backpass.load."
        )
    return model


# --- the parts -------------------------------------------------------------------------------


def _network_to_plain(net: Network) -> tuple[object, ...]:
    return net.sizes, net.hidden, net.loss


def _checked_theta(net: Network, theta: np.ndarray) -> np.ndarray:
    """θ of the network's length, in single or double precision."""
    if theta.dtype.name not in ("float32", "float64") or theta.shape != (net.n_parameters,):
        raise InvalidInput(
            f"The file's theta has the shape {theta.shape} and the dtype {theta.dtype}, but {net} "
            f"has {net.n_parameters} parameters."
        )
    return theta


def _kept_parameters(estimator: TableEstimator) -> State:
    """The constructor's arguments that are data."""
    parameters = estimator.get_params(deep=False)
    for name in ("random_state", "validation"):
        if not isinstance(parameters.get(name), int | float | np.integer):
            parameters |= {name: None} if name in parameters else {}
    return _wanted(parameters)


def _wanted(parameters: State) -> State:
    """Parameters without those that say how a training runs, on which machine."""
    return {name: value for name, value in parameters.items() if name not in NOT_KEPT}


def _existing(estimator: TableEstimator, names: Iterable[str]) -> State:
    return {name: getattr(estimator, name) for name in names if hasattr(estimator, name)}


def _set(estimator: TableEstimator, values: State, allowed: tuple[str, ...]) -> None:
    for name, value in values.items():
        if name not in allowed:
            raise InvalidInput(f"The file sets {name!r}, which no model has.")
        setattr(estimator, name, value)


def _curves(estimator: Estimator) -> dict[str, np.ndarray | None]:
    """Curves as arrays: eight bytes a number."""
    curves = _existing(estimator, CURVES)
    return {k: None if v is None else np.array(v, dtype=np.float64) for k, v in curves.items()}


def _as_list(curve: np.ndarray | None) -> list[float] | None:
    return None if curve is None else curve.tolist()


def class_labels(estimator: TableEstimator) -> Labels | None:
    """Return a classifier's classes by output; None for a regressor."""
    return getattr(estimator, "_labels", None)


def _labels_to_plain(estimator: TableEstimator) -> State | None:
    labels = class_labels(estimator)
    if labels is None:
        return None
    return {
        "classes": labels.classes,
        "multilabel": labels.multilabel,
        "sparse": labels.sparse,
    }


def _set_labels(estimator: MLPClassifier, labels: Labels) -> None:
    """Give a classifier its classes, if they fit its outputs."""
    units = sum(labels.units)
    if units != estimator.net_.sizes[-1] or any(c.ndim != 1 or not len(c) for c in labels.classes):
        raise InvalidInput(
            f"The classes need {units} output units, but the network has "
            f"{estimator.net_.sizes[-1]}."
        )
    estimator.__dict__.update(_labels=labels, classes_=labels.public)


def _preprocessing_to_plain(
    estimator: TableEstimator, preprocessing: AnyPreprocessing | None, arrays: dict[str, np.ndarray]
) -> Stored | StoredTable | None:
    preprocessing = preprocessing or preprocessing_of(estimator)
    if preprocessing is None:
        return None
    its_arrays, metadata = preprocessing.to_arrays()
    arrays.update({f"preprocessing.{name}": array for name, array in its_arrays.items()})
    return metadata


def _named(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """The arrays of a part of the file, by their names in it."""
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}


def _preprocessing(
    arrays: dict[str, np.ndarray], metadata: Stored | StoredTable
) -> AnyPreprocessing:
    if metadata.get("form") == FORM:
        return TablePreprocessing.from_arrays(arrays, cast(StoredTable, metadata))
    return Preprocessing.from_arrays(arrays, cast(Stored, metadata))


def _set_preprocessing(
    estimator: TableEstimator, metadata: Stored | StoredTable | None, arrays: dict[str, np.ndarray]
) -> None:
    """Give an estimator the preprocessing that makes its X, if there is one."""
    if metadata is None:
        return
    made = _preprocessing(_named(arrays, "preprocessing."), metadata)
    estimator.__dict__["preprocessing_"] = TableModel(estimator, made).preprocessing
