"""A trained estimator as nodes of an ONNX graph: its preprocessing, its network, its answers."""

from __future__ import annotations

import numpy as np

from ..data.columns import Numeric
from ..data.table_preprocessing import TablePreprocessing
from ..data.target import AnyTarget
from ..errors import InvalidInput
from ..estimators.raw_tables import AnyPreprocessing, preprocessing_of
from ..estimators.targets.decisions import Decision
from ..estimators.targets.labels import Labels
from ..losses import output_of
from ..models.table_model import Estimator
from .onnx_graph import Graph, Outputs, Shape, add_logits, add_output
from .onnx_table import add_table
from .saving import class_labels


def add_estimator(graph: Graph, estimator: Estimator, X: str) -> Outputs:
    """Add an estimator that reads X: its outputs, ``label`` and ``probabilities``, or ``variable``.

    Raises
    ------
    InvalidInput
        If an activation or output is the user's own, a column is categorical, a label is of a type
        that ONNX lacks, or there are several outputs of classes.
    """
    net, preprocessing = estimator.net_, preprocessing_of(estimator)
    X = X if preprocessing is None else _add_preprocessing(graph, preprocessing, X)
    z = add_logits(graph, net, np.asarray(estimator.theta_), X)
    a = add_output(graph, output_of(net.loss, net.sizes[-1]), z)
    labels = class_labels(estimator)
    if labels is not None:
        return _add_classes(graph, Decision(labels, net.loss), z, a)
    target = None if preprocessing is None else preprocessing.target
    if target is not None:  # in the target's own units
        scale, centre = (target_by_output(target, name) for name in ("scale", "centre"))
        a = graph.add("Add", graph.add("Mul", a, scale), centre)
    graph.add("Identity", a, name="variable")
    return {"variable": (graph.dtype, ["rows", net.sizes[-1]])}


def target_by_output(target: AnyTarget, name: str) -> float | np.ndarray:
    """Return a number of the target, or of several a row of them."""
    values = [getattr(part, name) for part in target.parts]
    return values[0] if len(values) == 1 else np.array(values)


def outputs_of(estimator: Estimator) -> Outputs:
    """Return what ``add_estimator`` adds, without adding it."""
    dtype, labels = estimator.theta_.dtype, class_labels(estimator)
    if labels is None:
        return {"variable": (dtype, ["rows", estimator.net_.sizes[-1]])}
    if labels.multilabel:
        side_by_side: Shape = ["rows", len(labels.classes)]
        return {"label": (np.int64, side_by_side), "probabilities": (dtype, side_by_side)}
    table = label_table(labels)
    shape: Shape = ["rows", max(2, len(table))]
    return {"label": (table.dtype, ["rows"]), "probabilities": (dtype, shape)}


def label_table(labels: Labels) -> np.ndarray:
    """Return the classes in a type that ONNX has; booleans as 0 and 1."""
    if not labels.single:
        raise InvalidInput("ONNX export takes one output of classes, or a multilabel one.")
    classes = labels.classes[0]
    if classes.dtype.kind in "bi" or (classes.dtype.kind == "u" and classes.max() < 2**63):
        return classes.astype(np.int64)
    if classes.dtype.kind == "U" or isinstance(classes[0], str):
        return classes.astype(object)
    if classes.dtype.name not in ("uint64", "float32", "float64"):
        raise InvalidInput(f"ONNX has no type for the labels {classes}.")
    return classes


def _add_preprocessing(graph: Graph, preprocessing: AnyPreprocessing, X: str) -> str:
    """Add gaps filled and numbers scaled: (where(isnan(X), fill, X) − centre) · factor."""
    if isinstance(preprocessing, TablePreprocessing):
        return add_table(graph, preprocessing, X)
    columns = [c for c in preprocessing.columns if isinstance(c, Numeric)]
    other = next((c.name for c in preprocessing.columns if not isinstance(c, Numeric)), None)
    if other is not None:
        raise InvalidInput(f"Column {other!r} is categorical; ONNX export takes numeric tables.")
    fill, centre, factor = np.array([(c.fill, c.centre, c.factor) for c in columns]).T
    filled = graph.add("Where", graph.add("IsNaN", X), fill, X)
    return graph.add("Mul", graph.add("Sub", filled, centre), factor)


def _add_classes(graph: Graph, decision: Decision, z: str, a: str) -> Outputs:
    """Add label and probabilities, as the estimator computes them."""
    labels, is_probability = decision.labels, decision.output in ("softmax", "logistic")
    several = not labels.multilabel and labels.units[0] > 1
    if not is_probability and not several:
        z, a = graph.add("Sub", a, 0.5), graph.add("Clip", a, 0.0, 1.0)
    elif not is_probability:
        z, a = a, _add_nearest_of_simplex(graph, a, labels.units[0])
    if labels.multilabel:
        graph.add("Identity", a, name="probabilities")
        graph.add("Cast", graph.add("Greater", z, 0.0), to=graph.type_of(np.int64), name="label")
        side_by_side: Shape = ["rows", len(labels.classes)]
        return {"label": (np.int64, side_by_side), "probabilities": (graph.dtype, side_by_side)}
    table = label_table(labels)
    if not several:
        a = graph.add("Concat", graph.add("Sub", 1.0, a), a, axis=1)
        code = graph.add("Cast", graph.add("Greater", z, 0.0), to=graph.type_of(np.int64))
        code = graph.add("Squeeze", code, graph.constant(np.array([1])))
    else:
        code = graph.add("ArgMax", z, axis=1, keepdims=0)
        if decision.output == "logistic":
            one = graph.constant(np.array([1]))
            a = graph.add("Div", a, graph.add("ReduceSum", a, one, keepdims=1))
    graph.add("Identity", a, name="probabilities")
    graph.add("Gather", graph.constant(table), code, name="label")
    shape: Shape = ["rows", max(2, len(table))]
    return {"label": (table.dtype, ["rows"]), "probabilities": (graph.dtype, shape)}


def _add_nearest_of_simplex(graph: Graph, a: str, K: int) -> str:
    """Add max(a − τ, 0) with rows that sum to 1; see ``decisions``."""
    one = graph.constant(np.array([1]))
    a = graph.add("Sub", a, graph.add("ReduceMax", a, axes=[1], keepdims=1))
    falling = graph.add("TopK", a, graph.constant(np.array([K])), n_outputs=2)
    sums = graph.add("CumSum", falling, graph.constant(np.array(1)))
    taus = graph.add("Div", graph.add("Sub", sums, 1.0), np.arange(1.0, K + 1))
    kept = graph.add("Cast", graph.add("Greater", falling, taus), to=graph.type_of(np.int64))
    last = graph.add("Sub", graph.add("ReduceSum", kept, one, keepdims=1), one)
    return graph.add("Relu", graph.add("Sub", a, graph.add("GatherElements", taus, last, axis=1)))
