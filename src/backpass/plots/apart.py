"""Words that cover no others: each is given places, and takes the first that is free."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

Place = tuple[float, float]
Box = NDArray[np.float64]  # left, bottom, right, top, in pixels

_AIR = 1.5  # pixels around each


def keep_apart(
    ax: Axes, texts: Iterable[tuple[Text, Sequence[Place]]], taken: Sequence[Box] = ()
) -> list[Box]:
    """Put each text at the first of its places where it covers nothing, or else the least.

    Parameters
    ----------
    ax : matplotlib Axes
        Where they are written. Its figure is laid out first, since room is measured in pixels.
    texts : iterable of (Text, places)
        What is written, and where it may stand, the best place first: data coordinates of a text,
        offsets of an annotation.
    taken : sequence of arrays of shape (4,)
        What stands there already: left, bottom, right, top, in pixels.

    Returns
    -------
    list of arrays of shape (4,)
        What is taken now.
    """
    several = list(texts)
    for text, _ in several:
        text.set_in_layout(False)  # whatever place it gets, the axes stay where they are
    lay_out(ax)
    boxes = list(taken)
    for text, places in several:
        covered = [(_covered(_box_at(text, place), boxes, ax), k) for k, place in enumerate(places)]
        boxes.append(_box_at(text, places[min(covered)[1]]))
    return boxes


def lay_out(ax: Axes) -> None:
    """Have the figure decide where its axes are, as drawing it would."""
    figure = ax.figure.canvas.figure  # of a subfigure the whole one
    figure.draw_without_rendering()


def box_of(text: Text) -> Box:
    """The pixels that a text takes, with a little air; a line that leads to it takes none."""
    from matplotlib.text import Text

    text.get_window_extent()  # has an annotation find its place
    letters = Text.get_window_extent(text)
    return np.array(letters.extents) + _AIR * np.array([-1.0, -1.0, 1.0, 1.0])


def _box_at(text: Text, place: Place) -> Box:
    """Move the text there, and measure."""
    text.set_position(place)
    return box_of(text)


def _covered(box: Box, boxes: Sequence[Box], ax: Axes) -> float:
    """How many pixels it would cover of others, or stand out of the axes."""
    inside = _common(box, np.array(ax.bbox.extents))
    outside = float(np.prod(box[2:] - box[:2])) - inside
    return round(outside + sum(_common(box, other) for other in boxes), 3)


def _common(one: Box, other: Box) -> float:
    """The area of both."""
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    return float(np.prod(np.maximum(sides, 0.0)))
