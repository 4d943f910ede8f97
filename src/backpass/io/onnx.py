"""Trained estimators as ONNX models, which other programs predict with."""

from __future__ import annotations

import json
import os

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ..estimators.raw_tables import preprocessing_of
from ..models.table_model import Estimator, TableEstimator, Tabular
from ..storage.atomic import atomic_write
from .onnx_ensemble import ensemble_to_onnx
from .onnx_estimator import add_estimator
from .onnx_graph import Graph, Outputs
from .onnx_pipeline import pipeline_to_onnx


def to_onnx(
    estimator: TableEstimator | Pipeline,
    path: str | os.PathLike[str] | None = None,
    *,
    force: bool = False,
) -> bytes:
    """Write a trained estimator as an ONNX model.

    Parameters
    ----------
    estimator : MLPClassifier, MLPRegressor, a Pipeline that ends with one, or a tabular estimator
        Fitted. Where it has a ``preprocessing_`` of numeric columns (gaps filled, numbers scaled),
        the model includes it and takes the raw columns. The other steps of a Pipeline are written
        by skl2onnx. ``TabularClassifier`` and ``TabularRegressor`` have their whole encoding in the
        model.
    path : str or path, optional
        The file; where not given, nothing is written.
    force : bool
        Whether an existing file may be replaced.

    Returns
    -------
    bytes
        The model. Its input ``X`` has the shape (rows, n_features) and the dtype of θ; its outputs
        are ``label`` and ``probabilities`` for classes, ``variable`` for numbers. That of a tabular
        estimator has an input of shape (rows, 1) for each column that it reads, by its name: a
        number in double precision, NaN for a gap; a date or time as seconds since 1 January 1970;
        a category as text, '' for a gap.

    Raises
    ------
    InvalidInput
        If an activation is the user's own, a column is free text, or of a single network
        categorical, there are several outputs of classes, or a step of the Pipeline is one that
        skl2onnx does not know.
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
    elif isinstance(estimator, Tabular):
        check_is_fitted(estimator)
        data = ensemble_to_onnx(estimator)
    else:
        check_is_fitted(estimator, "theta_")
        graph = Graph(estimator.theta_.dtype)
        outputs = add_estimator(graph, estimator, "X")
        inputs: Outputs = {"X": (graph.dtype, ["rows", _n_columns(estimator)])}
        data = graph.model(inputs, outputs, _notes(estimator))
    if path is not None:
        atomic_write(path, data, force)
    return data


def _n_columns(estimator: Estimator) -> int:
    """Columns that the model takes: a table's raw ones, or the network's inputs."""
    preprocessing = preprocessing_of(estimator)
    return estimator.net_.sizes[0] if preprocessing is None else len(preprocessing.names)


def _notes(estimator: Estimator) -> dict[str, str]:
    """What a reader of the file may want to know."""
    notes = {"network": str(estimator.net_)}
    preprocessing = preprocessing_of(estimator)
    if preprocessing is not None:
        notes["columns"] = json.dumps(preprocessing.names)
    return notes
