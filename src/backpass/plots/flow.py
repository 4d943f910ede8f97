"""The size of δ by layer: does the error signal vanish or explode on its way back?"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import canvas
from .canvas import Keywords
from .models import Pass, as_drawable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.lines import Line2D

STEADY_WITHIN = 100.0  # a factor from the last layer to the first hidden one
_MOST_NAMES = 14  # of layers, below the axis


class Flow(Enum):
    """How δ fares on its way back; the values are the sentences shown.

    Attributes
    ----------
    STEADY, VANISHING, EXPLODING
        It keeps its size, shrinks or grows by more than a factor of 100.
    SILENT
        It is zero from the start.

    Examples
    --------
    >>> Flow.STEADY.value
    'δ keeps its size on its way back.'
    """

    STEADY = "δ keeps its size on its way back."
    VANISHING = "δ vanishes on its way back: the first layers hardly learn."
    EXPLODING = "δ explodes on its way back: the first layers' steps are far too long."
    SILENT = "δ is zero at the output: there is no error to send back."


class DeltaSizeDisplay:
    """The root mean square of δ^(l) over examples and units, by layer, on a logarithmic axis.

    Parameters
    ----------
    delta : mapping of int to array of shape (m, s_l)
        δ^(l) by layer number, 2 to L, as a trace holds it.

    Attributes
    ----------
    sizes : ndarray
        √(mean of δ²) by layer, layer 2 first.
    ranges : ndarray of shape (2, L − 1)
        The 10th and 90th percentile of the same by example: how much the examples differ.
    flow : Flow
        Steady, vanishing or exploding, by a factor of 100 from layer L to layer 2.
    ax_, figure_ : matplotlib Axes and Figure
        What was drawn on.

    Raises
    ------
    InvalidInput
        If a δ holds no finite number.
    MissingExtra
        If matplotlib is not installed.

    Notes
    -----
    δ^(l) = ∂cost/∂z^(l) is multiplied by Θᵀ and by g′ at every layer on its way back. The logistic
    g′ is at most ¼, so in deep networks of sigmoids it shrinks with every layer (Hochreiter, 1991;
    Glorot and Bengio, 2010).

    Examples
    --------
    >>> import numpy as np
    >>> display = DeltaSizeDisplay({2: np.array([[1e-6]]), 3: np.array([[0.5]])})
    >>> display.flow.value
    'δ vanishes on its way back: the first layers hardly learn.'
    """

    ax_: Axes
    figure_: Figure | SubFigure
    line_: Line2D

    def __init__(self, delta: Mapping[int, ArrayLike]) -> None:
        self.layers = np.array(sorted(delta))
        arrays = [as_drawable(delta[l], f"δ of layer {l}") for l in sorted(delta)]
        self.sizes = np.array([np.sqrt(np.mean(d**2)) for d in arrays])
        by_example = [np.sqrt(np.mean(d**2, axis=1)) for d in arrays]
        self.ranges = np.array([np.percentile(s, [10, 90]) for s in by_example]).T
        self.flow = _judge(self.sizes)

    @classmethod
    def from_trace(cls, trace: Pass, *, ax: Axes | None = None) -> DeltaSizeDisplay:
        """Draw the δ of one pass.

        Parameters
        ----------
        trace : Trace
            What ``bp.trace`` returns.
        ax : matplotlib Axes, optional
            Where to draw; a transparent figure of its own where not given.

        Returns
        -------
        DeltaSizeDisplay

        Examples
        --------
        >>> import numpy as np
        >>> from types import SimpleNamespace
        >>> t = SimpleNamespace(delta={2: np.array([[3.0, 4.0]]), 3: np.array([[1.0]])})
        >>> DeltaSizeDisplay.from_trace(t).sizes.round(4).tolist()
        [3.5355, 1.0]
        """
        return cls(trace.delta).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> DeltaSizeDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw.

        Returns
        -------
        DeltaSizeDisplay
            Itself.

        Examples
        --------
        >>> import numpy as np
        >>> DeltaSizeDisplay({2: np.ones((3, 2))}).plot().ax_.get_yscale()
        'log'
        """
        self.ax_ = canvas.new_axes(6.4, 4.0) if ax is None else ax
        self.figure_ = self.ax_.figure
        low, high = np.maximum(self.ranges, np.finfo(float).tiny)
        self.ax_.set_yscale("log")
        bars: Keywords = {"color": canvas.BLUE, "alpha": 0.45, "lw": 7}
        self.ax_.vlines(self.layers, low, high, label="8 of 10 examples", **bars)
        line: Keywords = {"color": canvas.VERMILION, "label": "all examples"}
        (self.line_,) = self.ax_.plot(self.layers, self.sizes, "o-", **line)
        named = self.layers[:: -(-len(self.layers) // _MOST_NAMES)]
        self.ax_.set_xticks(named, [f"δ$^{{({l})}}$" for l in named])
        self.ax_.set_ylabel("root mean square of δ")
        if len(self.layers) > 1:
            self.ax_.set_title(self.flow.value, fontsize="medium")
        canvas.legend(self.ax_, fontsize="small")
        canvas.styled(self.ax_)
        return self


def _judge(sizes: NDArray[np.float64]) -> Flow:
    """Compare the first hidden layer's δ with the last layer's."""
    if sizes[-1] == 0:
        return Flow.SILENT
    ratio = sizes[0] / sizes[-1]
    if ratio * STEADY_WITHIN < 1:
        return Flow.VANISHING
    return Flow.EXPLODING if ratio > STEADY_WITHIN else Flow.STEADY
