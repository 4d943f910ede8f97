"""The network as the notes draw it: units in columns, bias units on top, edges sized by Θ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arrays import Array
from ..errors import InvalidInput
from . import canvas
from .apart import Box, Place, box_of, keep_apart, lay_out
from .canvas import Keywords
from .models import FittedNetwork, Pass, as_drawable, thetas_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.text import Text

_MOST_UNITS = 8
_MOST_NUMBERED_EDGES = 30
_WIDEST_EDGE = 4.0  # points
_WIDEST = 16.0  # inches of a whole network, however deep
_CENTRED: Keywords = {"ha": "center", "va": "center"}
_CHIP: Keywords = {"boxstyle": "round,pad=0.15", "fc": canvas.PAPER, "ec": "none"}
_ON_CHIP: Keywords = {"fontsize": 7, "color": canvas.DARK, "bbox": _CHIP}
_ALONG = np.array([0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6]) * 0.05  # of an edge's length
_POSITIVE, _NEGATIVE = "-", (0, (4, 1.5))  # solid, and dashed


class Unit(NamedTuple):
    """A circle: its layer, its number (0 is the bias unit), where it stands, and a and δ in it."""

    layer: int
    number: int
    x: float
    y: float
    a: float | None
    delta: float | None


class Edge(NamedTuple):
    """A line: from unit j of layer l (0: the bias) to unit i of layer l + 1, and its Θ_ij."""

    layer: int
    start: int
    end: int
    Theta: float


class NetworkDisplay:
    """The network diagram: circles for units, +1 for bias units, lines for weights.

    Lines are blue where Θ is positive, vermilion and dashed where it is negative, and as wide as
    Θ is large. Small networks carry the numbers on their lines. Layers of more than eight units
    are folded: the first and the last ones are drawn, with dots between them.

    Parameters
    ----------
    Thetas : sequence of arrays
        Θ^(1), …, Θ^(L−1), each (s_{l+1}, s_l + 1).
    a : sequence of arrays, optional
        The activations of one example by layer, each (s_l,): the numbers in the circles.
    delta : sequence of arrays, optional
        δ of the same example by layer, from layer 2: the numbers below the circles.

    Attributes
    ----------
    units, edges : list of Unit, list of Edge
        What is drawn, with its numbers.
    ax_, figure_ : matplotlib Axes and Figure
        What was drawn on.

    Raises
    ------
    InvalidInput
        If the Thetas do not follow each other.
    MissingExtra
        If matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> display = NetworkDisplay([np.array([[0.5, 1.0, -2.0]])])
    >>> [(unit.layer, unit.number) for unit in display.units]
    [(1, 0), (1, 1), (1, 2), (2, 1)]
    >>> [edge.Theta for edge in display.edges]
    [0.5, 1.0, -2.0]
    """

    ax_: Axes
    figure_: Figure | SubFigure

    def __init__(
        self,
        Thetas: Sequence[ArrayLike],
        a: Sequence[Array] | None = None,
        delta: Sequence[Array] | None = None,
    ) -> None:
        arrays = [as_drawable(Theta, "Θ") for Theta in Thetas]
        self.sizes = (arrays[0].shape[1] - 1, *(Theta.shape[0] for Theta in arrays))
        for l, Theta in enumerate(arrays, start=1):
            if Theta.shape != (self.sizes[l], self.sizes[l - 1] + 1):
                raise InvalidInput(f"Θ^({l}) has shape {Theta.shape}, which does not follow.")
        self.units = _place_units(self.sizes, a, delta)
        self.edges = _edges(arrays, self.units)

    @classmethod
    def from_estimator(cls, estimator: FittedNetwork, *, ax: Axes | None = None) -> NetworkDisplay:
        """Draw a fitted estimator, ours or scikit-learn's.

        Parameters
        ----------
        estimator : MLPClassifier or MLPRegressor
            Fitted.
        ax : matplotlib Axes, optional
            Where to draw; a transparent figure of its own where not given.

        Returns
        -------
        NetworkDisplay

        Raises
        ------
        InvalidInput
            If the estimator is not fitted.

        Examples
        --------
        >>> from types import SimpleNamespace
        >>> import numpy as np
        >>> fitted = SimpleNamespace(coefs_=[np.ones((2, 1))], intercepts_=[np.zeros(1)])
        >>> NetworkDisplay.from_estimator(fitted).sizes
        (2, 1)
        """
        return cls(thetas_of(estimator)).plot(ax=ax)

    @classmethod
    def from_trace(cls, trace: Pass, example: int = 0, *, ax: Axes | None = None) -> NetworkDisplay:
        """Draw a traced network with the numbers of one example in it.

        Parameters
        ----------
        trace : Trace
            What ``bp.trace`` returns.
        example : int
            Row of X, from 0.
        ax : matplotlib Axes, optional
            Where to draw.

        Returns
        -------
        NetworkDisplay

        Examples
        --------
        >>> import backpass as bp
        >>> net = bp.Network((1, 1), hidden=())
        >>> t = bp.trace(net, [0.0, 0.0], [[3.0]], [[1.0]])
        >>> NetworkDisplay.from_trace(t).units[-1]
        Unit(layer=2, number=1, x=1.0, y=0.0, a=0.5, delta=-0.5)
        """
        a = [trace.a[l][example] for l in sorted(trace.a)]
        delta = [trace.delta[l][example] for l in sorted(trace.delta)]
        return cls(list(trace.Thetas.values()), a, delta).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> NetworkDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw.

        Returns
        -------
        NetworkDisplay
            Itself.

        Examples
        --------
        >>> import numpy as np
        >>> display = NetworkDisplay([np.array([[0.5, 1.0, -2.0]])]).plot()
        >>> len(display.ax_.collections[0].get_segments())
        3
        """
        tallest = max(min(s, _MOST_UNITS + 1) for s in self.sizes) + 1
        if ax is None:
            width = min(2.6, max(1.2, _WIDEST / len(self.sizes)))  # of a layer
            ax = canvas.new_axes(width * len(self.sizes), 0.85 * tallest + 1.1)
        self.ax_, self.figure_ = ax, ax.figure
        ax.set_axis_off()
        ax.set_xlim(-0.35, len(self.sizes) - 0.65)
        ax.set_ylim(-tallest / 2 - 0.3, tallest / 2 + 0.5)
        _draw_names(ax, self.sizes, tallest)
        _draw_legend(ax)
        segments = _draw_edges(ax, self.units, self.edges)
        taken = _draw_units(ax, self.units, tallest)
        if len(self.edges) <= _MOST_NUMBERED_EDGES:
            _number_edges(ax, self.edges, segments, taken)
        return self


def _shown(size: int) -> list[int]:
    """Numbers of the units to draw: all, or the first and the last ones."""
    if size <= _MOST_UNITS:
        return list(range(1, size + 1))
    half = _MOST_UNITS // 2
    return [*range(1, half + 1), *range(size - half + 1, size + 1)]


def _place_units(
    sizes: Sequence[int], a: Sequence[Array] | None, delta: Sequence[Array] | None
) -> list[Unit]:
    """Stand the units of each layer in a column; a fold takes the room of one unit."""
    units: list[Unit] = []
    for l, size in enumerate(sizes, start=1):
        numbers = _shown(size)
        has_bias = l < len(sizes)
        rows = len(numbers) + has_bias + (len(numbers) < size)
        top = (rows - 1) / 2
        if has_bias:
            units.append(Unit(l, 0, float(l - 1), top, None if a is None else 1.0, None))
        for k, number in enumerate(numbers):
            below_fold = len(numbers) < size and k >= _MOST_UNITS // 2
            here = None if a is None else float(a[l - 1][number - 1])
            error = None if delta is None or l == 1 else float(delta[l - 2][number - 1])
            units.append(Unit(l, number, l - 1.0, top - has_bias - k - below_fold, here, error))
    return units


def _edges(Thetas: list[NDArray[np.float64]], units: list[Unit]) -> list[Edge]:
    """All weights between units that are drawn."""
    by_layer = {l: [u.number for u in units if u.layer == l] for l in range(1, len(Thetas) + 2)}
    return [
        Edge(l, j, i, float(Theta[i - 1, j]))
        for l, Theta in enumerate(Thetas, start=1)
        for i in by_layer[l + 1]
        if i > 0
        for j in by_layer[l]
    ]


def _draw_edges(ax: Axes, units: list[Unit], edges: list[Edge]) -> list[NDArray[np.float64]]:
    """Draw the lines; return their two ends each, (2, 2)."""
    from matplotlib.collections import LineCollection

    place = {(u.layer, u.number): (u.x, u.y) for u in units}
    ends = [(place[e.layer, e.start], place[e.layer + 1, e.end]) for e in edges]
    segments = [np.array(both) for both in ends]
    largest = max(abs(e.Theta) for e in edges) or 1.0
    lines = LineCollection(
        segments,
        colors=[canvas.POSITIVE if e.Theta >= 0 else canvas.NEGATIVE for e in edges],
        linewidths=[0.3 + _WIDEST_EDGE * abs(e.Theta) / largest for e in edges],
        linestyles=[_POSITIVE if e.Theta >= 0 else _NEGATIVE for e in edges],
        zorder=1,
    )
    ax.add_collection(lines)
    return segments


def _number_edges(
    ax: Axes, edges: list[Edge], segments: list[NDArray[np.float64]], taken: list[Box]
) -> None:
    """Write each Θ on its line, where it covers no other number and no unit."""
    written: list[tuple[Text, list[Place]]] = []
    for edge, (start, end) in zip(edges, segments):
        on_line = start + (0.5 + _ALONG)[:, None] * (end - start)
        places = [(float(x), float(y)) for x, y in on_line]
        x, y = places[0]
        text = ax.text(x, y, canvas.number(edge.Theta, 2), zorder=4, **_CENTRED, **_ON_CHIP)
        written.append((text, places))
    keep_apart(ax, written, taken)


def _draw_legend(ax: Axes) -> None:
    """What blue and vermilion, solid and dashed mean."""
    from matplotlib.lines import Line2D

    signs = {"Θ > 0": (canvas.POSITIVE, _POSITIVE), "Θ < 0": (canvas.NEGATIVE, _NEGATIVE)}
    lines = [
        Line2D([], [], color=colour, ls=dash, lw=2, label=f"{name}, the wider the larger")
        for name, (colour, dash) in signs.items()
    ]
    place: Keywords = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0), "fontsize": 8}
    canvas.legend(ax, handles=lines, ncols=1 if ax.bbox.width < 400 else 2, **place)


def _draw_units(ax: Axes, units: list[Unit], tallest: float) -> list[Box]:
    """Circles that just fit their rows, filled by their activation; return what they take."""
    lay_out(ax)
    inches = ax.bbox.height / ax.figure.dpi / (tallest + 0.8)
    diameter = min(72 * 0.62 * inches, 34.0)  # points
    largest = max((abs(u.a) for u in units if u.a is not None), default=1.0) or 1.0
    colours = canvas.colours(signed=True)
    taken: list[Box] = []
    half = diameter / 2 * ax.figure.dpi / 72  # pixels
    for u in units:
        a = 0.0 if u.a is None or u.number == 0 else u.a
        fill = colours(0.5 + 0.5 * a / largest)
        ax.plot(u.x, u.y, "o", ms=diameter, mfc=fill, mec=canvas.INK, mew=1.2, zorder=2)
        label = _label(u)
        look: Keywords = {"fontsize": _fitting(label, diameter), "color": canvas.text_on(fill)}
        ax.text(u.x, u.y, label, zorder=3, **look, **_CENTRED)
        x, y = ax.transData.transform((u.x, u.y))
        taken.append(np.array([x - half, y - half, x + half, y + half]))
        if u.delta is not None:
            below: Keywords = {"xytext": (0, -diameter / 2 - 2), "textcoords": "offset points"}
            under: Keywords = {"ha": "center", "va": "top", "zorder": 3, **_ON_CHIP}
            words = f"δ {canvas.number(u.delta, 2)}"
            taken.append(box_of(ax.annotate(words, (u.x, u.y), **below, **under)))
    return taken


def _fitting(label: str, diameter: float) -> float:
    """How large a label stays in its circle; digits are 0.6 as wide as high."""
    letters = 1 if label[0] == "$" else len(label)
    return min(8.0, 0.92 * diameter / (0.6 * letters))


def _label(unit: Unit) -> str:
    """Its activation, or its name where there is none."""
    if unit.number == 0:
        return "+1"
    if unit.a is not None:
        return canvas.short_number(unit.a)
    return f"$x_{{{unit.number}}}$" if unit.layer == 1 else f"$a_{{{unit.number}}}$"


def _draw_names(ax: Axes, sizes: Sequence[int], tallest: float) -> None:
    """Layer numbers above the columns, and dots where a layer is folded."""
    for l, size in enumerate(sizes, start=1):
        label = f"layer {l}" + (f"\n{size} units" if size > _MOST_UNITS else "")
        ax.text(l - 1, tallest / 2 + 0.15, label, ha="center", va="bottom", color=canvas.INK)
        if size > _MOST_UNITS:
            bias = 1 if l < len(sizes) else 0
            y = (_MOST_UNITS + bias) / 2 - bias - _MOST_UNITS // 2
            ax.text(l - 1, y, "⋮", ha="center", va="center", fontsize=16, color=canvas.INK)
