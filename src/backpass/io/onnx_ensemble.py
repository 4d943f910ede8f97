"""An ensemble as an ONNX model, its encoding inside: from a table's raw columns to its answers."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np

from ..data.table_preprocessing import TablePreprocessing
from ..errors import InvalidInput
from ..estimators.raw_tables import preprocessing_of
from ..estimators.targets.labels import Labels
from ..estimators.targets.thresholds import Threshold
from ..losses import output_of
from ..models.table_model import Tabular
from ..tabular.ensemble import Pack
from ..tabular.members.member import DTYPE
from ..tabular.outputs import ClassOutputs, LogOutputs, NumberOutputs, Outputs
from .onnx_codes import add_codes
from .onnx_estimator import label_table, target_by_output
from .onnx_graph import Graph, Shape, add_logits, add_output
from .onnx_graph import Outputs as Values
from .onnx_rows import Rows, add_rows, inputs_of
from .saving import class_labels


def ensemble_to_onnx(estimator: Tabular) -> bytes:
    """Write an ensemble as an ONNX model.

    Raises
    ------
    InvalidInput
        If it knows no table, a column is free text, there are several targets of classes, or labels
        are of a type that ONNX lacks.
    """
    preprocessing = preprocessing_of(estimator)
    if not isinstance(preprocessing, TablePreprocessing):
        raise InvalidInput("The ensemble knows no table whose columns an ONNX model could take.")
    inputs = inputs_of(preprocessing.encoding)
    graph = Graph(np.float64)
    graph.keep_free(inputs, ("label", "probabilities", "variable"))
    if not inputs:
        raise InvalidInput("No column of the table varies, so that an ONNX model has no input.")
    rows = add_rows(graph, preprocessing.encoding, preprocessing.reading.na)
    ensemble = estimator.ensemble_
    shares = ensemble.weights
    total: str | None = None
    first = 0
    for pack in ensemble.packs:
        weights = shares[first : first + len(pack.members)]
        first += len(pack.members)
        each = _pack(graph, pack, ensemble.outputs, weights, rows)
        total = each if total is None else graph.add("Add", total, each)
    assert total is not None
    answers = _bounded(graph, ensemble.outputs, ensemble.held_out, total)
    values = _outputs(graph, estimator, preprocessing, answers)
    notes = {"members": str(np.count_nonzero(shares)), "columns": json.dumps([*inputs])}
    return graph.model(inputs, values, notes)


def _pack(graph: Graph, pack: Pack, outputs: Outputs, weights: np.ndarray, rows: Rows) -> str:
    """Σ weight · answers of a pack's members that count."""
    means = [
        graph.add("Gather", graph.constant(table), code, axis=0)
        for table, code in zip(pack.means.tables, rows.codes)
    ]
    if means:
        before = [] if rows.numbers is None else [rows.numbers]
        rows = Rows(graph.add("Concat", *before, *means, axis=1), rows.codes)
    encoded: dict[int, str] = {}
    single, total = graph.at(DTYPE), None
    for member, weight in zip(pack.members, weights.tolist()):
        if not weight or member.theta is None:
            continue
        if id(member.codes) not in encoded:
            encoded[id(member.codes)] = add_codes(graph, member.codes, rows)
        z = add_logits(single, member.net, member.theta, encoded[id(member.codes)])
        H = add_output(single, output_of(member.net.loss, member.net.sizes[-1]), z)
        H = graph.add("Cast", H, to=graph.type_of(np.float64))
        part = graph.add("Mul", _answers(graph, outputs, H), weight)
        total = part if total is None else graph.add("Add", total, part)
    assert total is not None
    return total


def _answers(graph: Graph, outputs: Outputs, H: str) -> str:
    """What is averaged over members, of a^(L)."""
    if isinstance(outputs, NumberOutputs):
        if isinstance(outputs, LogOutputs):
            H = _of_logarithms(graph, outputs, H)
        return graph.add("Max", graph.add("Min", H, outputs.high), outputs.low)
    assert isinstance(outputs, ClassOutputs)
    sizes, units = outputs.sizes, [1 if size <= 2 else size for size in outputs.sizes]
    parts = [H]
    if len(sizes) > 1:
        ends = np.cumsum([0, *units])
        parts = [_columns(graph, H, *span) for span in pairwise(ends)]
    made = [_shares(graph, part, size) for part, size in zip(parts, sizes)]
    return graph.add("Concat", *made, axis=1) if len(made) > 1 else made[0]


def _of_logarithms(graph: Graph, outputs: LogOutputs, H: str) -> str:
    """Deviations of numbers whose logarithms' deviations a member answers with."""
    logs = graph.add("Add", graph.add("Mul", H, outputs.log_deviation), outputs.log_mean)
    most = np.log(outputs.numbers(outputs.high)) + 1
    numbers = graph.add("Exp", graph.add("Min", logs, most))
    return graph.add("Div", graph.add("Sub", numbers, outputs.mean), outputs.deviation)


def _columns(graph: Graph, value: str, start: int, stop: int) -> str:
    return graph.add("Gather", value, graph.constant(np.arange(start, stop)), axis=1)


def _shares(graph: Graph, H: str, size: int) -> str:
    """A target's probabilities of its units' answers."""
    if size == 1:
        return graph.add("Add", graph.add("Mul", H, 0.0), 1.0)
    if size == 2:
        return graph.add("Concat", graph.add("Sub", 1.0, H), H, axis=1)
    total = graph.add("ReduceSum", H, graph.constant(np.array([1])), keepdims=1)
    there = graph.add("Greater", total, 0.0)
    shares = graph.add("Div", H, graph.add("Where", there, total, 1.0))
    return graph.add("Where", there, shares, 1 / size)


def _bounded(graph: Graph, outputs: Outputs, held_out: int, answers: str) -> str:
    """What few rows can vouch for, which is linear in each probability."""
    if isinstance(outputs, NumberOutputs):
        return answers
    n = sum(outputs.sizes) if isinstance(outputs, ClassOutputs) else outputs.units
    least, most = (outputs.bounded(np.full((1, n), p), held_out)[0] for p in (0.0, 1.0))
    return graph.add("Add", graph.add("Mul", answers, most - least), least)


def _outputs(
    graph: Graph, estimator: Tabular, preprocessing: TablePreprocessing, answers: str
) -> Values:
    """Label and probabilities, or numbers in the target's own units."""
    outputs, labels = estimator.ensemble_.outputs, class_labels(estimator)
    if labels is not None:
        return _add_classes(graph, labels, vars(estimator).get("threshold_"), answers)
    assert isinstance(outputs, NumberOutputs)
    numbers = graph.add("Add", graph.add("Mul", answers, outputs.deviation), outputs.mean)
    target = preprocessing.target
    if target is not None:
        scale, centre = (target_by_output(target, name) for name in ("scale", "centre"))
        numbers = graph.add("Add", graph.add("Mul", numbers, scale), centre)
    graph.add("Identity", numbers, name="variable")
    return {"variable": (np.float64, ["rows", outputs.units])}


def _add_classes(graph: Graph, labels: Labels, threshold: Threshold | None, P: str) -> Values:
    """Add label and probabilities, as the estimator computes them."""
    whole = graph.type_of(np.int64)
    if labels.multilabel:
        n = len(labels.classes)
        P = graph.add("Gather", P, graph.constant(np.arange(1, 2 * n, 2)), axis=1)
        graph.add("Identity", P, name="probabilities")
        graph.add("Cast", graph.add("Greater", P, 0.5), to=whole, name="label")
        side_by_side: Shape = ["rows", n]
        return {"label": (np.int64, side_by_side), "probabilities": (np.float64, side_by_side)}
    table = label_table(labels)
    graph.add("Identity", P, name="probabilities")
    code = graph.add("ArgMax", P, axis=1, keepdims=0)
    if threshold is not None:
        k = labels.classes[0].tolist().index(threshold.positive)
        p = graph.add("Gather", P, graph.constant(np.array(k)), axis=1)
        told = graph.add("Cast", graph.add("GreaterOrEqual", p, threshold.value), to=whole)
        code = told if k else graph.add("Sub", graph.constant(np.array(1)), told)
    graph.add("Gather", graph.constant(table), code, name="label")
    shape: Shape = ["rows", len(table)]
    return {"label": (table.dtype, ["rows"]), "probabilities": (np.float64, shape)}
