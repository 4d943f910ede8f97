"""Hidden units as images: what each unit of the first hidden layer looks for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arrays import ImageShape
from ..errors import InvalidInput
from . import canvas
from .models import FittedNetwork, Pass, as_drawable, thetas_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.image import AxesImage

_MOST_UNITS = 100


class HiddenUnitsDisplay:
    """The weights of the units of layer 2, each as an image of the inputs.

    Blue pixels excite the unit, vermilion ones inhibit it. Every image is scaled by its own
    largest weight, which ``scales`` keeps; the bias is left out.

    Parameters
    ----------
    Theta : array of shape (s_2, s_1 + 1)
        Θ^(1), bias in column 0.
    shape : tuple of int, optional
        Rows and columns of an input image; square where not given.
    order : {"C", "F"}
        How the images were unrolled: by rows, or by columns as the notes' digits are.

    Attributes
    ----------
    images : ndarray of shape (s_2, rows, columns)
        The weights, unscaled.
    scales : ndarray of shape (s_2,)
        Each unit's largest weight, without its sign.
    ax_, figure_ : matplotlib Axes and Figure
        What was drawn on.
    image_ : AxesImage
        The mosaic of at most 100 units.

    Raises
    ------
    InvalidInput
        If the inputs do not make an image of that shape.
    MissingExtra
        If matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> HiddenUnitsDisplay(np.array([[9.0, 1.0, 2.0, 3.0, 4.0]]), order="F").images.tolist()
    [[[1.0, 3.0], [2.0, 4.0]]]
    """

    ax_: Axes
    figure_: Figure | SubFigure
    image_: AxesImage

    def __init__(
        self, Theta: ArrayLike, shape: tuple[int, int] | None = None, order: str = "C"
    ) -> None:
        weights = as_drawable(Theta, "Θ^(1)")[:, 1:]
        if order not in ("C", "F"):
            raise InvalidInput(f"order is 'C' (by rows) or 'F' (by columns), not {order!r}.")
        image = _square(weights.shape[1], order) if shape is None else ImageShape(*shape, order)
        if image.pixels != weights.shape[1]:
            raise InvalidInput(
                f"{weights.shape[1]} inputs do not make an image of shape {image.shape}."
            )
        self.images = image.images(weights)
        self.scales = np.abs(weights).max(axis=1)

    @classmethod
    def from_estimator(
        cls,
        estimator: FittedNetwork,
        *,
        shape: tuple[int, int] | None = None,
        order: str = "C",
        ax: Axes | None = None,
    ) -> HiddenUnitsDisplay:
        """Draw the first hidden layer of a fitted estimator, ours or scikit-learn's.

        Parameters
        ----------
        estimator : MLPClassifier or MLPRegressor
            Fitted on images.
        shape : tuple of int, optional
            Rows and columns of an image.
        order : {"C", "F"}
            How the images were unrolled.
        ax : matplotlib Axes, optional
            Where to draw; a transparent figure of its own where not given.

        Returns
        -------
        HiddenUnitsDisplay

        Raises
        ------
        InvalidInput
            If the estimator is not fitted, or its inputs make no image.

        Examples
        --------
        >>> from types import SimpleNamespace
        >>> import numpy as np
        >>> fitted = SimpleNamespace(coefs_=[np.ones((4, 3))], intercepts_=[np.zeros(3)])
        >>> HiddenUnitsDisplay.from_estimator(fitted).images.shape
        (3, 2, 2)
        """
        return cls(thetas_of(estimator)[0], shape, order).plot(ax=ax)

    @classmethod
    def from_trace(
        cls,
        trace: Pass,
        *,
        shape: tuple[int, int] | None = None,
        order: str = "C",
        ax: Axes | None = None,
    ) -> HiddenUnitsDisplay:
        """Draw the first hidden layer of a traced network.

        Parameters
        ----------
        trace : Trace
            What ``bp.trace`` returns.
        shape, order, ax
            As for ``from_estimator``.

        Returns
        -------
        HiddenUnitsDisplay

        Raises
        ------
        InvalidInput
            If the inputs make no image.

        Examples
        --------
        >>> import backpass as bp
        >>> net = bp.Network((4, 3, 1))
        >>> t = bp.trace(net, bp.init_theta(net), [[1.0, 0.0, 0.0, 1.0]], [[1.0]])
        >>> HiddenUnitsDisplay.from_trace(t).images.shape
        (3, 2, 2)
        """
        return cls(trace.Thetas[1], shape, order).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> HiddenUnitsDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw.

        Returns
        -------
        HiddenUnitsDisplay
            Itself.

        Examples
        --------
        >>> import numpy as np
        >>> HiddenUnitsDisplay(np.ones((2, 5))).plot().image_.get_array().shape
        (2, 5)
        """
        self.ax_ = canvas.new_axes(5.4, 5.6) if ax is None else ax
        self.figure_ = self.ax_.figure
        scales = np.where(self.scales > 0, self.scales, 1.0)[:, None, None]
        mosaic = _mosaic((self.images / scales)[:_MOST_UNITS])
        self.image_ = self.ax_.imshow(
            mosaic, cmap=canvas.colours(signed=True), vmin=-1, vmax=1, interpolation="nearest"
        )
        self.ax_.set_axis_off()
        title = _title(len(self.images))
        self.ax_.set_title(title, fontsize="medium", color=canvas.INK)
        return self


def _title(units: int) -> str:
    """How many there are, their scale, and what the colours mean."""
    if units == 1:
        counted = "1 hidden unit, scaled by its largest weight"
    else:
        counted = f"{units} hidden units, each scaled by its largest weight"
    if units > _MOST_UNITS:
        counted = f"the first {_MOST_UNITS} of {counted}"
    return f"{counted}\nblue pixels excite, vermilion ones inhibit"


def _square(inputs: int, order: str) -> ImageShape:
    """The caller asked for pictures: a square of any size is one."""
    image = ImageShape.guess(inputs, least=0, order=order)
    if image is None:
        raise InvalidInput(
            f"{inputs} inputs do not make a square image: pass shape=(rows, columns)."
        )
    return image


def _mosaic(images: NDArray[np.float64]) -> NDArray[np.float64]:
    """Tile images, one pixel of nothing between them."""
    n, rows, columns = images.shape
    across = math.ceil(math.sqrt(n * rows / columns))
    down = math.ceil(n / across)
    tiles = np.full((down * across, rows + 1, columns + 1), np.nan)
    tiles[:n, :-1, :-1] = images
    grid = tiles.reshape(down, across, rows + 1, columns + 1).swapaxes(1, 2)
    return grid.reshape(down * (rows + 1), across * (columns + 1))[:-1, :-1]
