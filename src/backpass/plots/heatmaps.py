"""Any quantity of a pass, layer by layer, as heat maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InvalidInput
from . import canvas
from .models import FittedNetwork, Pass, as_drawable, thetas_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.image import AxesImage


@dataclass(frozen=True)
class Quantity:
    """How a quantity is called, whether it has a sign, and how its rows and columns are named."""

    symbol: str
    signed: bool
    rows: str
    columns: str


_WEIGHTS_LIKE = "units of layer {next}", "0: bias, then the units of layer {l}"
_EXAMPLES_LIKE = "examples", "units of layer {l}"

QUANTITIES = {
    "Theta": Quantity("Θ", True, *_WEIGHTS_LIKE),
    "a": Quantity("a", False, *_EXAMPLES_LIKE),
    "z": Quantity("z", True, *_EXAMPLES_LIKE),
    "delta": Quantity("δ", True, *_EXAMPLES_LIKE),
    "Delta": Quantity("Δ", True, *_WEIGHTS_LIKE),
    "D": Quantity("D", True, *_WEIGHTS_LIKE),
}


class LayersDisplay:
    """Heat maps of one quantity, one panel for each layer.

    Signed quantities (Θ, z, δ, Δ, D) are vermilion below zero and blue above it, on a scale that
    is symmetric about zero; activations run from dark to bright. Each panel has its own scale.
    Panels of at most 80 cells and 11 columns carry their numbers. Rows and columns count from 0, as
    the arrays do and as ``bp.explain`` asks for them.

    Parameters
    ----------
    matrices : mapping of int to array
        What to draw, by layer number: Θ, Δ and D as (s_{l+1}, s_l + 1), the others as (m, s_l).
    quantity : {"Theta", "a", "z", "delta", "Delta", "D"}
        What it is.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        The frame that holds all panels.
    axes_ : list of Axes
        The panels, lowest layer first.
    images_ : list of AxesImage
        One for each panel; ``get_array()`` is the matrix drawn.

    Raises
    ------
    InvalidInput
        If there is no such quantity, or a matrix holds no finite number.
    MissingExtra
        If matplotlib is not installed.

    Examples
    --------
    >>> import backpass as bp
    >>> net = bp.Network((2, 3, 1))
    >>> t = bp.trace(net, bp.init_theta(net), [[0.0, 1.0], [1.0, 0.0]], [[1.0], [0.0]])
    >>> display = LayersDisplay.from_trace(t, "delta")
    >>> [image.get_array().shape for image in display.images_]
    [(2, 3), (2, 1)]
    """

    ax_: Axes
    figure_: Figure | SubFigure
    axes_: list[Axes]
    images_: list[AxesImage]

    def __init__(self, matrices: Mapping[int, ArrayLike], quantity: str = "Theta") -> None:
        if quantity not in QUANTITIES:
            names = ", ".join(QUANTITIES)
            raise InvalidInput(f"There is no quantity {quantity!r}; a pass has {names}.")
        self.quantity = QUANTITIES[quantity]
        self.matrices = {
            l: as_drawable(matrices[l], f"{self.quantity.symbol} of layer {l}")
            for l in sorted(matrices)
        }

    @classmethod
    def from_trace(
        cls, trace: Pass, quantity: str = "a", *, ax: Axes | None = None
    ) -> LayersDisplay:
        """Draw a quantity of one pass.

        Parameters
        ----------
        trace : Trace
            What ``bp.trace`` returns.
        quantity : {"Theta", "a", "z", "delta", "Delta", "D"}
            Which of its quantities.
        ax : matplotlib Axes, optional
            Where to draw; a transparent figure of its own where not given.

        Returns
        -------
        LayersDisplay

        Raises
        ------
        InvalidInput
            If there is no such quantity.

        Examples
        --------
        >>> import backpass as bp
        >>> net = bp.Network((1, 1), hidden=())
        >>> t = bp.trace(net, [0.0, 1.0], [[3.0]], [[1.0]])
        >>> LayersDisplay.from_trace(t, "z").matrices[2].tolist()
        [[3.0]]
        """
        name = "Thetas" if quantity == "Theta" else quantity
        return cls(getattr(trace, name, {}), quantity).plot(ax=ax)

    @classmethod
    def from_estimator(cls, estimator: FittedNetwork, *, ax: Axes | None = None) -> LayersDisplay:
        """Draw the Θ of a fitted estimator, ours or scikit-learn's.

        Parameters
        ----------
        estimator : MLPClassifier or MLPRegressor
            Fitted.
        ax : matplotlib Axes, optional
            Where to draw.

        Returns
        -------
        LayersDisplay

        Raises
        ------
        InvalidInput
            If the estimator is not fitted.

        Examples
        --------
        >>> from types import SimpleNamespace
        >>> import numpy as np
        >>> fitted = SimpleNamespace(coefs_=[np.eye(2)], intercepts_=[np.zeros(2)])
        >>> LayersDisplay.from_estimator(fitted).matrices[1].tolist()
        [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
        """
        return cls(dict(enumerate(thetas_of(estimator), start=1)), "Theta").plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> LayersDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw.

        Returns
        -------
        LayersDisplay
            Itself.

        Examples
        --------
        >>> LayersDisplay({1: [[1.0, 2.0]]}).plot().axes_[0].get_title()
        'Θ$^{(1)}$  1×2'
        """
        heights = [_height(matrix.shape[0]) for matrix in self.matrices.values()]
        self.ax_ = canvas.new_axes(7.0, sum(heights) + 0.8 * len(heights)) if ax is None else ax
        self.figure_ = self.ax_.figure
        self.axes_ = canvas.panels(self.ax_, heights)
        self.images_ = [
            self._draw(panel, l, matrix)
            for panel, (l, matrix) in zip(self.axes_, self.matrices.items())
        ]
        return self

    def _draw(self, ax: Axes, l: int, matrix: NDArray[np.float64]) -> AxesImage:
        image = canvas.heat_map(ax, matrix, self.quantity.signed)
        rows, columns = matrix.shape
        ax.set_title(f"{self.quantity.symbol}$^{{({l})}}$  {rows}×{columns}", fontsize="medium")
        ax.set_xlabel(self.quantity.columns.format(l=l))
        ax.set_ylabel(self.quantity.rows.format(next=l + 1), fontsize="small")
        ax.locator_params(integer=True, min_n_ticks=1)
        return image


def _height(rows: int) -> float:
    """Inches for a panel: more for more rows, within reason."""
    return float(np.clip(0.3 * rows, 0.7, 2.2))
