"""The network as the notes draw it: units in columns, bias units on top, edges sized by Θ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arrays import Array
from ..errors import InvalidInput
from . import canvas
from .canvas import Keywords
from .models import FittedNetwork, Pass, as_drawable, thetas_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

_MOST_UNITS = 8
_MOST_NUMBERED_EDGES = 30
_WIDEST_EDGE = 4.0  # points
_CENTRED: Keywords = {"ha": "center", "va": "center"}


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
            ax = canvas.new_axes(2.6 * len(self.sizes), 0.85 * tallest + 0.8)
        self.ax_, self.figure_ = ax, ax.figure
        ax.set_axis_off()
        ax.set_xlim(-0.35, len(self.sizes) - 0.65)
        ax.set_ylim(-tallest / 2 - 0.3, tallest / 2 + 0.5)
        _draw_edges(ax, self.units, self.edges)
        _draw_units(ax, self.units, tallest)
        _draw_names(ax, self.sizes, tallest)
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


def _draw_edges(ax: Axes, units: list[Unit], edges: list[Edge]) -> None:
    from matplotlib.collections import LineCollection

    place = {(u.layer, u.number): (u.x, u.y) for u in units}
    segments = [(place[e.layer, e.start], place[e.layer + 1, e.end]) for e in edges]
    largest = max(abs(e.Theta) for e in edges) or 1.0
    lines = LineCollection(
        segments,
        colors=[canvas.POSITIVE if e.Theta >= 0 else canvas.NEGATIVE for e in edges],
        linewidths=[0.3 + _WIDEST_EDGE * abs(e.Theta) / largest for e in edges],
        linestyles=["-" if e.Theta >= 0 else (0, (4, 1.5)) for e in edges],
        zorder=1,
    )
    ax.add_collection(lines)
    if len(edges) <= _MOST_NUMBERED_EDGES:
        for edge, (start, end) in zip(edges, segments):
            starts = sum(u.layer == edge.layer for u in units)
            _write_on_edge(ax, edge, np.array(start), np.array(end), starts)


def _write_on_edge(
    ax: Axes, edge: Edge, start: NDArray[np.float64], end: NDArray[np.float64], starts: int
) -> None:
    """Write Θ on its line, for each start further on, so that the numbers keep apart."""
    x, y = start + (0.24 + 0.5 * edge.start / starts) * (end - start)
    chip = {"boxstyle": "round,pad=0.15", "fc": canvas.PAPER, "ec": "none"}
    look: Keywords = {
        "ha": "center",
        "va": "center",
        "fontsize": 7,
        "color": canvas.DARK,
        "bbox": chip,
    }
    ax.text(x, y, canvas.number(edge.Theta, 2), **look)


def _draw_units(ax: Axes, units: list[Unit], tallest: float) -> None:
    """Circles that just fit their rows, filled by their activation where there is one."""
    inches = ax.bbox.height / ax.figure.dpi / (tallest + 0.8)
    diameter = min(72 * 0.62 * inches, 34.0)  # points
    largest = max((abs(u.a) for u in units if u.a is not None), default=1.0) or 1.0
    colours = canvas.colours(signed=True)
    for u in units:
        a = 0.0 if u.a is None or u.number == 0 else u.a
        fill = colours(0.5 + 0.5 * a / largest)
        ax.plot(u.x, u.y, "o", ms=diameter, mfc=fill, mec=canvas.INK, mew=1.2, zorder=2)
        look: Keywords = {"fontsize": 8, "color": canvas.text_on(fill), **_CENTRED}
        ax.text(u.x, u.y, _label(u), zorder=3, **look)
        if u.delta is not None:
            below: Keywords = {
                "xytext": (0, -diameter / 2 - 1),
                "textcoords": "offset points",
            }
            under: Keywords = {
                "ha": "center",
                "va": "top",
                "fontsize": 7,
                "color": canvas.INK,
            }
            ax.annotate(f"δ {canvas.number(u.delta, 2)}", (u.x, u.y), **below, **under)


def _label(unit: Unit) -> str:
    """Its activation, or its name where there is none."""
    if unit.number == 0:
        return "+1"
    if unit.a is not None:
        return canvas.number(unit.a, 2)
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
