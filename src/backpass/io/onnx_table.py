"""What makes inputs of a table's columns as an ONNX graph: of columns of numbers."""

from __future__ import annotations

import numpy as np

from ..data.encoding.numbers import LINEAR, NumberCells
from ..data.table_preprocessing import TablePreprocessing
from ..errors import InvalidInput
from .onnx_graph import Graph


def add_table(graph: Graph, preprocessing: TablePreprocessing, X: str) -> str:
    """Add the scaling of raw columns, in the order of ``preprocessing.names``, and their gaps.

    Raises
    ------
    InvalidInput
        If a column is none of numbers.
    """
    names, columns = preprocessing.names, preprocessing.encoding.columns
    other = next((name for name, kind in columns.kinds.items() if kind != "number"), None)
    if other is not None:
        raise InvalidInput(
            f"Column {other!r} is a {columns.kinds[other]}; ONNX export takes tables of numbers."
        )
    features = [each for each in columns.features if isinstance(each, NumberCells)]
    parts = [_scaled(graph, preprocessing, X, [names.index(each.column) for each in features])]
    if columns.gaps:
        missing = graph.add("IsNaN", _chosen(graph, X, [names.index(g) for g in columns.gaps]))
        parts.append(graph.add("Cast", missing, to=graph.type_of(graph.dtype)))
    return graph.add("Concat", *parts, axis=1) if len(parts) > 1 else parts[0]


def _chosen(graph: Graph, X: str, places: list[int]) -> str:
    return graph.add("Gather", X, graph.constant(np.array(places, dtype=np.int64)), axis=1)


def _scaled(graph: Graph, preprocessing: TablePreprocessing, X: str, places: list[int]) -> str:
    """z = (x − centre) / scale; beyond 3 its logarithm goes on; a gap is 0."""
    centre, scale = preprocessing.encoding.scaling.table[:, :2].T
    raw = _chosen(graph, X, places)
    z = graph.add("Div", graph.add("Sub", raw, centre), scale)
    size = graph.add("Abs", z)
    beyond = graph.add("Max", graph.add("Sub", size, LINEAR - 1.0), 1.0)
    tail = graph.add(
        "Mul", graph.add("Sign", z), graph.add("Add", graph.add("Log", beyond), LINEAR)
    )
    a = graph.add("Where", graph.add("LessOrEqual", size, LINEAR), z, tail)
    return graph.add("Where", graph.add("IsNaN", raw), 0.0, a)
