"""A member's first layer as an ONNX graph: what ``MemberCodes`` makes of a table's rows.

Places and parts of bins are found in double precision and rounded last, as there. All columns of
numbers are worked on side by side; a code is written out, an input for each bin.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..engine.encoding import BEYOND
from ..tabular.members.codes import (
    FURTHEST,
    LARGEST,
    SMALLEST,
    MemberCodes,
    NumberCodes,
    ScaledNumber,
)
from ..tabular.members.normal_shape import LEAST_SHARE, NormalShape
from .onnx_graph import Graph
from .onnx_rows import Rows

# The quantile of the normal distribution to about 1 part in 10^7: M. J. Wichura, "Algorithm AS 241:
# The percentage points of the normal distribution", 1988, PPND7. Highest powers first.
SPLIT, CENTRE, SHIFT = 0.425, 0.180625, 1.6
MIDDLE = (
    (59.109374720, 159.29113202, 50.434271938, 3.3871327179),
    (67.187563600, 78.757757664, 17.895169469, 1.0),
)
TAIL = (
    (0.17023821103, 1.3067284816, 2.7568153900, 1.4234372777),
    (0.12021132975, 0.73700164250, 1.0),
)


def add_codes(graph: Graph, codes: MemberCodes, rows: Rows) -> str:
    """Add a first layer's a, shape (rows, inputs), single precision.

    Parameters
    ----------
    graph : Graph
        Of double precision.
    codes : MemberCodes
        Of the member.
    rows : Rows
        With target means behind the other numbers.

    Returns
    -------
    str
        The value's name.
    """
    made = _numbers(graph, codes, rows)
    if codes.gaps:
        made.append(_single(graph, graph.add("IsNaN", _chosen(graph, rows, codes.gaps))))
    for k, indicators in codes.indicators.items():
        # the last row, of what has no level, is that of the code −1
        hot = indicators[:, None] == np.arange(indicators.max() + 1)
        table = graph.constant(hot.astype(np.float32))
        made.append(graph.add("Gather", table, rows.codes[k], axis=0))
    if not made:  # nothing varies, and the biases answer
        made.append(_single(graph, graph.add("Mul", _chosen(graph, rows, [0]), 0.0)))
    return graph.add("Concat", *made, axis=1) if len(made) > 1 else made[0]


def _single(graph: Graph, value: str) -> str:
    return graph.add("Cast", value, to=graph.type_of(np.float32))


def _chosen(graph: Graph, rows: Rows, columns: Sequence[int]) -> str:
    """Some columns of numbers."""
    assert rows.numbers is not None
    places = graph.constant(np.array(columns, np.int64))
    return graph.add("Gather", rows.numbers, places, axis=1)


def _numbers(graph: Graph, codes: MemberCodes, rows: Rows) -> list[str]:
    """The inputs of all columns of numbers, in the order that the member has them in."""
    coded = [each for each in codes.numbers if isinstance(each, NumberCodes)]
    scaled = [each for each in codes.numbers if isinstance(each, ScaledNumber)]
    parts, places = [], {}
    width = 0
    if coded:
        x = _filled(graph, coded, _chosen(graph, rows, [each.column for each in coded]))
        parts += [_normal(graph, [each.shape for each in coded], x), _bins(graph, coded, x)]
        first_bin = len(coded)
        for k, each in enumerate(coded):
            bins = len(each.edges) - 1
            places[id(each)] = [k, *range(first_bin, first_bin + bins)]
            first_bin += bins
        width = first_bin
    if scaled:
        z = _chosen(graph, rows, [each.column for each in scaled])
        mean, deviation = np.array([(each.mean, each.deviation) for each in scaled]).T
        z = graph.add("Div", graph.add("Sub", z, mean), deviation)
        parts.append(graph.add("Clip", z, -FURTHEST, FURTHEST))
        places |= {id(each): [width + k] for k, each in enumerate(scaled)}
    if not parts:
        return []
    joined = graph.add("Concat", *parts, axis=1) if len(parts) > 1 else parts[0]
    order = np.array([place for each in codes.numbers for place in places[id(each)]], np.int64)
    return [_single(graph, graph.add("Gather", joined, graph.constant(order), axis=1))]


def _filled(graph: Graph, coded: Sequence[NumberCodes], x: str) -> str:
    """Numbers as codes read them: gaps at the medians, none beyond all bounds."""
    near_zero = graph.add("Less", graph.add("Abs", x), SMALLEST)
    moderate = graph.add("Where", near_zero, 0.0, graph.add("Clip", x, -LARGEST, LARGEST))
    medians = np.array([each.median for each in coded])
    return graph.add("Where", graph.add("IsNaN", x), medians, moderate)


def _bins(graph: Graph, coded: Sequence[NumberCodes], x: str) -> str:
    """t of every bin: 1 below the number's own, 0 above, beyond those in the outer ones."""
    column = [np.full(len(each.edges) - 1, k, np.int64) for k, each in enumerate(coded)]
    low = np.concatenate([each.edges[:-1] for each in coded])
    high = np.concatenate([each.edges[1:] for each in coded])
    least, most = np.zeros(len(low)), np.ones(len(low))
    ends = np.cumsum([len(each) for each in column])
    least[[0, *ends[:-1]]] = -BEYOND
    most[ends - 1] = 1 + BEYOND
    x = graph.add("Gather", x, graph.constant(np.concatenate(column)), axis=1)
    t = graph.add("Div", graph.add("Sub", x, low), high - low)
    return graph.add("Max", graph.add("Min", t, most), least)


def _normal(graph: Graph, shapes: Sequence[NormalShape], x: str) -> str:
    """Numbers in normal shape: the quantile of the share of training rows below."""
    share = _share(graph, shapes, x)
    return _quantile(graph, graph.add("Clip", share, LEAST_SHARE, 1 - LEAST_SHARE))


def _share(graph: Graph, shapes: Sequence[NormalShape], x: str) -> str:
    """Linear interpolation between knots, whose places a binary search finds."""
    steps = int(np.ceil(np.log2(max(len(each.knots) for each in shapes))))
    size = 2**steps
    knots, shares, slopes = (np.zeros((len(shapes), size)) for _ in range(3))
    knots[:] = np.inf
    for k, each in enumerate(shapes):
        n = len(each.knots)
        knots[k, :n], shares[k, :n] = each.knots, each.shares
        widths, rises = np.diff(each.knots), np.diff(each.shares)
        slopes[k, : n - 1] = np.divide(rises, widths, out=np.zeros(n - 1), where=widths > 0)
    tables = [graph.constant(each.ravel()) for each in (knots, shares, slopes)]
    x = graph.add("Max", x, knots[:, 0])
    place = graph.constant(np.arange(len(shapes), dtype=np.int64)[None] * size)
    whole = graph.type_of(np.int64)
    for step in size // 2 ** np.arange(1, steps + 1):
        beyond = graph.add("Add", place, graph.constant(np.array(step, np.int64)))
        reached = graph.add("GreaterOrEqual", x, graph.add("Gather", tables[0], beyond))
        moved = graph.add("Cast", reached, to=whole)
        moved = graph.add("Mul", moved, graph.constant(np.array(step, np.int64)))
        place = graph.add("Add", place, moved)
    knot, share, slope = (graph.add("Gather", table, place) for table in tables)
    return graph.add("Add", share, graph.add("Mul", slope, graph.add("Sub", x, knot)))


def _quantile(graph: Graph, p: str) -> str:
    """The normal quantile of a share that is neither 0 nor 1."""
    q = graph.add("Sub", p, 0.5)
    r = graph.add("Sub", CENTRE, graph.add("Mul", q, q))
    middle = graph.add("Mul", q, _ratio(graph, MIDDLE, r))
    nearer = graph.add("Min", p, graph.add("Sub", 1.0, p))
    r = graph.add("Sqrt", graph.add("Neg", graph.add("Log", nearer)))
    tail = _ratio(graph, TAIL, graph.add("Sub", r, SHIFT))
    outside = graph.add("Mul", graph.add("Sign", q), tail)
    inside = graph.add("LessOrEqual", graph.add("Abs", q), SPLIT)
    return graph.add("Where", inside, middle, outside)


def _ratio(graph: Graph, polynomials: tuple[tuple[float, ...], tuple[float, ...]], r: str) -> str:
    above, below = (_polynomial(graph, each, r) for each in polynomials)
    return graph.add("Div", above, below)


def _polynomial(graph: Graph, coefficients: tuple[float, ...], r: str) -> str:
    """Horner's rule."""
    first, second, *others = coefficients
    value = graph.add("Add", graph.add("Mul", r, first), second)
    for each in others:
        value = graph.add("Add", graph.add("Mul", value, r), each)
    return value
