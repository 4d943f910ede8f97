"""The one place that imports matplotlib, and colours that read on light and dark paper alike.

Figures are transparent: they take the page's own background. So every ink has a contrast of at
least 3 : 1 against white and against the near-black of dark themes, and the colours are those of
Okabe and Ito ("Color universal design", 2008), which colour-blind readers can tell apart, made a
little lighter or darker where one of the two papers asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import old_names
from ..errors import InvalidInput
from ..extras import optional

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.image import AxesImage

__getattr__ = old_names("plots.canvas")

Keywords = dict[str, Any]  # of a drawing function of matplotlib: each takes its own

INK = "#7f7f7f"
BLUE, VERMILION, GREEN, PURPLE = "#1a80bb", "#d55e00", "#00936b", "#b8649a"
SERIES = (BLUE, VERMILION, GREEN, PURPLE)
POSITIVE, NEGATIVE = BLUE, VERMILION

PAPER = "#f3efe9"  # zero on the signed scale, and what stands behind numbers on lines
DARK = "#1a1a1a"

_SIGNED = ("#7a2f00", NEGATIVE, PAPER, POSITIVE, "#00344f")
_UNSIGNED = "cividis"
_LIGHT = "#ffffff"
_MOST_NUMBERS = 80  # cells of a heat map that can carry their numbers
_MOST_COLUMNS = 11  # of such a map, side by side


def pyplot() -> ModuleType:
    """Return matplotlib.pyplot, or say how to get it."""
    return optional("matplotlib.pyplot", "Drawing a picture")


def new_axes(width: float, height: float) -> Axes:
    """Make axes on a transparent figure, with inks that read on light and dark pages.

    Parameters
    ----------
    width, height : float
        Of the figure, in inches.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    MissingExtra
        If matplotlib is not installed.

    Examples
    --------
    >>> ax = new_axes(6, 3)
    >>> ax.figure.patch.get_alpha()
    0.0
    """
    figure = pyplot().figure(figsize=(width, height), layout="constrained")
    figure.patch.set_alpha(0.0)
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    return without_paper(styled(figure.add_subplot()))


def without_paper(ax: Axes) -> Axes:
    """Let the page show through the axes."""
    ax.patch.set_alpha(0.0)
    return ax


def styled(ax: Axes) -> Axes:
    """Give axes the ink that reads on both papers."""
    ax.tick_params(colors=INK, which="both")
    for text in (ax.xaxis.label, ax.yaxis.label, ax.title):
        text.set_color(INK)
    for spine in ax.spines.values():
        spine.set_color(INK)
    return ax


def panels(ax: Axes, heights: list[float]) -> list[Axes]:
    """Divide axes into panels below each other; the given axes stay as their invisible frame."""
    ax.set_axis_off()
    place = ax.get_subplotspec()
    if place is None:
        raise InvalidInput("Several panels need axes that plt.subplots or add_subplot made.")
    grid = place.subgridspec(len(heights), 1, height_ratios=heights)
    cells = [grid[row, 0] for row in range(len(heights))]
    return [without_paper(styled(ax.figure.add_subplot(cell))) for cell in cells]


def heat_map(ax: Axes, matrix: NDArray[np.float64], signed: bool) -> AxesImage:
    """Draw a matrix with its colour bar, rows and columns counted from 0 as arrays are."""
    low, high = _limits(matrix, signed)
    look: Keywords = {"cmap": colours(signed), "aspect": "auto", "interpolation": "nearest"}
    image = ax.imshow(matrix, vmin=low, vmax=high, **look)
    bar = ax.figure.colorbar(image, ax=ax, fraction=0.05, pad=0.02)
    bar.ax.tick_params(colors=INK)
    bar.outline.set_edgecolor(INK)
    if matrix.size <= _MOST_NUMBERS and matrix.shape[1] <= _MOST_COLUMNS:
        _write_numbers(ax, image, matrix)
    return image


def colours(signed: bool) -> Colormap:
    """Return the colour map: vermilion, paper, blue around zero; or one that only grows."""
    pyplot()
    from matplotlib import colormaps
    from matplotlib.colors import LinearSegmentedColormap

    if signed:
        return LinearSegmentedColormap.from_list("backpass_signed", list(_SIGNED))
    return colormaps[_UNSIGNED]


def legend(ax: Axes, **where: Any) -> None:
    """Draw a legend without a frame, in ink."""
    ax.legend(frameon=False, labelcolor=INK, **where)


def number(value: float, digits: int) -> str:
    """Write a number with so many significant digits and a minus that is one."""
    return f"{value:.{digits}g}".replace("-", "−")


def short_number(value: float) -> str:
    """Write a number in two digits, or in one where its exponent has to be said."""
    two = number(value, 2)
    return number(value, 1).replace("e−0", "e−") if "e" in two else two


def text_on(rgba: Sequence[float] | NDArray[np.float64]) -> str:
    """Return black or white, whichever reads better on that colour."""
    return DARK if luminance(rgba[:3]) > 0.19 else _LIGHT


def luminance(rgb: ArrayLike) -> float:
    """Return the relative luminance of sRGB in 0..1 (WCAG 2.2)."""
    c = np.asarray(rgb, dtype=float)
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))


def _limits(matrix: NDArray[np.float64], signed: bool) -> tuple[float, float]:
    """The ends of the colour scale: symmetric about zero for signed numbers."""
    shown = matrix[np.isfinite(matrix)]
    if signed:
        top = float(np.abs(shown).max()) or 1.0
        return -top, top
    return float(shown.min()), float(shown.max())


def _write_numbers(ax: Axes, image: AxesImage, matrix: NDArray[np.float64]) -> None:
    centred: Keywords = {"ha": "center", "va": "center", "fontsize": 8}
    for (row, column), value in np.ndenumerate(matrix):
        ink = text_on(image.to_rgba(np.asarray(value)))
        ax.text(column, row, number(value, 3), color=ink, **centred)
