"""A table's raw columns as an ONNX graph's inputs, and what ``table_rows`` makes of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..data.encoding.categories import Levels
from ..data.encoding.columns import CATEGORY, DATE
from ..data.encoding.dates import DAY, DatePart, Difference
from ..data.encoding.fitted import Encoding
from ..data.encoding.numbers import NumberCells
from ..errors import InvalidInput
from .onnx_dates import Moments
from .onnx_graph import ML, Graph, Outputs


@dataclass(frozen=True)
class Rows:
    """A graph's rows as networks are given them.

    Parameters
    ----------
    numbers : str or None
        A value of shape (rows, features), NaN for a gap.
    codes : tuple of str
        Of each category, a value of shape (rows,): levels, and the number of levels for what is
        none.
    """

    numbers: str | None
    codes: tuple[str, ...]


def inputs_of(encoding: Encoding) -> Outputs:
    """Return the columns that are read: numbers, seconds since 1970, and texts.

    Raises
    ------
    InvalidInput
        If a column is free text.
    """
    kinds = encoding.columns.kinds
    if encoding.columns.terms:
        name = encoding.columns.terms[0].column
        raise InvalidInput(
            f"Column {name!r} is free text; ONNX export takes numbers, categories and dates."
        )
    return {
        name: (object if kind == CATEGORY else np.float64, ["rows", 1])
        for name, kind in kinds.items()
    }


def add_rows(graph: Graph, encoding: Encoding, gaps: tuple[str, ...]) -> Rows:
    """Add numbers and levels of the columns; texts of ``gaps`` are none, as '' is."""
    of = encoding.columns
    moments = {n: Moments(graph, n) for n, kind in of.kinds.items() if kind == DATE}
    made: list[str] = []
    for feature in of.features:
        if isinstance(feature, NumberCells):
            made.append(feature.column)
        elif isinstance(feature, DatePart):
            made.append(moments[feature.column].part(feature.part))
        else:
            made.append(_difference(graph, moments, feature))
    numbers = graph.add("Concat", *made, axis=1) if made else None
    return Rows(numbers, tuple(_levels(graph, levels, gaps) for levels in of.levels))


def _difference(graph: Graph, moments: dict[str, Moments], of: Difference) -> str:
    first, second = moments[of.column], moments[of.other]
    days = graph.add("Div", graph.add("Sub", second.microseconds, first.microseconds), DAY)
    return graph.add("Where", graph.add("Or", first.gaps, second.gaps), np.nan, days)


def _levels(graph: Graph, levels: Levels, gaps: tuple[str, ...]) -> str:
    """Each text's level, shape (rows,); whole numbers may be written with a point behind them."""
    none = levels.inputs  # stands for −1, the code of what has no level
    unknown = none if levels.of_unknown < 0 else levels.of_unknown
    missing = levels.inputs - 1 if levels.missing else none
    known = {f"{whole}{end}": at for whole, at in levels.wholes.items() for end in (".0", ".", "")}
    known |= dict.fromkeys(("", *gaps), missing) | levels.places
    texts = graph.add("Squeeze", levels.column, graph.constant(np.array([1])))
    return graph.add(
        "LabelEncoder",
        texts,
        domain=ML,
        keys_strings=[*known],
        values_int64s=[*known.values()],
        default_int64=unknown,
    )
