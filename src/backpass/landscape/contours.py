"""The mountains from above: contours, the ways down, and what the plane does not show of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..plots import canvas
from ..plots.apart import Place, keep_apart
from ..plots.canvas import Keywords
from .picture import HasPicture, Picture, TrajectoryProjection

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.contour import QuadContourSet
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.lines import Line2D
    from matplotlib.text import Text

_LEVELS = 24
_LABEL_SHARE = 0.03  # of the picture: starts that are nearer share a label
_FOG = (0.62, 0.62, 0.62)


class LandscapeDisplay:
    """Contours of J, the walkers' ways down, and below them how far each is from the plane.

    Parameters
    ----------
    landscape : Landscape
        What ``bp.landscape`` returns.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        The contours; with walkers, the frame of both panels.
    axes_ : list of Axes
        The contours, and where there are walkers the panel of their distances.
    contours_ : QuadContourSet
        The filled contours.
    ways_ : list of Line2D
        The ways down, by walker.
    distances_ : list of Line2D
        By walker: what share of each point's distance from the center the plane does not show.

    Raises
    ------
    MissingExtra
        If matplotlib is not installed.

    Examples
    --------
    >>> import backpass as bp
    >>> net = bp.Network((2, 2, 1), hidden="tanh")
    >>> found = bp.drops(net, [[0.0, 1.0], [1.0, 0.0]], [[1.0], [0.0]], 0.1, n=2)
    >>> display = LandscapeDisplay(found.landscape(steps=7)).plot()
    >>> len(display.ways_), display.axes_[1].get_ylabel()
    (3, 'out of the plane')
    """

    ax_: Axes
    figure_: Figure | SubFigure
    axes_: list[Axes]
    contours_: QuadContourSet
    ways_: list[Line2D]
    distances_: list[Line2D]

    def __init__(self, landscape: HasPicture) -> None:
        self.landscape = landscape

    def plot(
        self, *, ax: Axes | None = None, fog: float | None = None, step: int | None = None
    ) -> LandscapeDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a transparent figure of its own where not given.
        fog : float, optional
            How far a walker sees, as a share of the picture's width.
        step : int, optional
            How many steps the walkers have made; all where not given.

        Returns
        -------
        LandscapeDisplay
            Itself.

        Examples
        --------
        >>> import backpass as bp
        >>> land = bp.landscape(
        ...     bp.Network((1, 1), hidden=()), [[0.0]], [[1.0]], center=[0.0, 1.0], steps=5
        ... )
        >>> bool(LandscapeDisplay(land).plot().contours_.get_array().max() > 0)
        True
        """
        picture = self.landscape.picture
        trajectories = picture.trajectories
        self.ax_ = canvas.new_axes(6.4, 6.8 if trajectories else 5.2) if ax is None else ax
        self.figure_ = self.ax_.figure
        self.axes_ = canvas.panels(self.ax_, [4.0, 1.0]) if trajectories else [self.ax_]
        self.contours_ = _draw_ground(self.axes_[0], picture)
        if fog is not None:
            _draw_fog(self.axes_[0], picture, fog, step)
        self.ways_ = [
            _draw_trajectory(self.axes_[0], k, trajectory, step)
            for k, trajectory in enumerate(trajectories)
        ]
        self.distances_ = [
            _draw_share(self.axes_[-1], k, trajectory) for k, trajectory in enumerate(trajectories)
        ]
        if picture.mark is not None:
            _draw_mark(self.axes_[0], picture.mark)
        if trajectories:
            _label_shares(self.axes_[-1], picture)
            _number_starts(self.axes_[0], picture)
        return self


def colour_of(k: int) -> str:
    """A walker's colour; more walkers than colours share them, and differ by their dashes."""
    return canvas.SERIES[k % len(canvas.SERIES)]


def dash_of(k: int) -> str:
    """A walker's dashes."""
    return ("-", "--", ":")[k // len(canvas.SERIES) % 3]


def _draw_ground(ax: Axes, picture: Picture) -> QuadContourSet:
    """Filled contours, closer to each other in the valleys, where walkers spend their time."""
    (alpha, beta), J = picture.axes, picture.values
    low, high = float(np.nanmin(J)), float(np.nanmax(J))
    levels = low + (max(high - low, 1e-12)) * np.linspace(0, 1, _LEVELS) ** 2
    filled = ax.contourf(alpha, beta, J, levels=levels, cmap=canvas.colours(signed=False))
    ax.contour(alpha, beta, J, levels=levels, colors="white", linewidths=0.3)
    bar = ax.figure.colorbar(filled, ax=ax, label="J", format="%.3g")
    bar.ax.tick_params(colors=canvas.INK)
    bar.ax.yaxis.label.set_color(canvas.INK)
    bar.outline.set_edgecolor(canvas.INK)
    ax.set_xlabel("α")
    ax.set_ylabel("β")
    canvas.styled(ax)
    return filled


def _draw_fog(ax: Axes, picture: Picture, fog: float, step: int | None) -> None:
    veil = np.empty((*picture.values.shape, 4))
    veil[..., :3] = _FOG
    veil[..., 3] = 1 - picture.clear_share(fog, step)
    alpha, beta = picture.axes
    extent = (alpha[0], alpha[-1], beta[0], beta[-1])
    ax.imshow(
        veil, extent=extent, origin="lower", aspect="auto", interpolation="bilinear", zorder=2
    )


def _draw_trajectory(
    ax: Axes, k: int, trajectory: TrajectoryProjection, step: int | None
) -> Line2D:
    """A line with a pale edge, its start a ring and its end a star."""
    from matplotlib import patheffects

    upto = None if step is None else step + 1
    alpha, beta = trajectory.alpha[:upto], trajectory.beta[:upto]
    edge = [patheffects.withStroke(linewidth=3.4, foreground="white")]
    look: Keywords = {"color": colour_of(k), "zorder": 3, "path_effects": edge}
    (line,) = ax.plot(alpha, beta, lw=1.8, ls=dash_of(k), label=trajectory.name, **look)
    ax.plot(alpha[0], beta[0], "o", ms=6, **look)
    ax.plot(alpha[-1], beta[-1], "*", ms=11, **look)
    return line


def _number_starts(ax: Axes, picture: Picture) -> None:
    """The walkers' numbers beside their starts; those that start together share a label."""
    from matplotlib import patheffects

    edge = [patheffects.withStroke(linewidth=3.4, foreground="white")]
    place: Keywords = {"xytext": (0, 0), "textcoords": "offset points", "zorder": 4}
    centred: Keywords = {"ha": "center", "va": "center"}
    look: Keywords = {"color": canvas.DARK, "fontsize": 8, "path_effects": edge}
    look["arrowprops"] = {"arrowstyle": "-", "color": canvas.DARK, "lw": 0.7, "shrinkA": 2}
    written: list[tuple[Text, list[Place]]] = []
    for start, numbers in _starts(picture):
        words = ", ".join(map(str, numbers))
        text = ax.annotate(words, start, **look, **place, **centred)
        written.append((text, _around(len(words))))
    keep_apart(ax, written, [_box(ax, place) for place in _drawn_places(picture)])


def _around(letters: int) -> list[Place]:
    """Offsets in points around a start, the nearest first; wide words stand further to the side."""
    turns = np.pi * np.array([0.25, 0.75, 1.25, 1.75, 0.0, 1.0, 0.5, 1.5])
    return [
        (float((r + 2.5 * letters) * np.cos(turn)), float(r * np.sin(turn)))
        for r in (11, 19, 28, 40)
        for turn in turns
    ]


def _drawn_places(picture: Picture) -> list[tuple[float, float]]:
    """Where starts and ends are drawn, and the network."""
    marks = [] if picture.mark is None else [picture.mark]
    starts = [each.position(0) for each in (*picture.trajectories, *marks)]
    return starts + [each.position(None) for each in picture.trajectories]


def _box(ax: Axes, place: tuple[float, float]) -> NDArray[np.float64]:
    """The pixels of what is drawn there."""
    x, y = ax.transData.transform(place)
    half = 4 * ax.figure.dpi / 72
    return np.array([x - half, y - half, x + half, y + half])


def _draw_mark(ax: Axes, mark: TrajectoryProjection) -> None:
    """A diamond where the network stands, named in a legend."""
    look: Keywords = {"ms": 9, "mfc": canvas.PAPER, "mec": canvas.DARK, "mew": 1.5, "zorder": 5}
    words = f"{mark.name}, J = {mark.J[0]:.4g}"
    (diamond,) = ax.plot(mark.alpha, mark.beta, "D", ls="none", label=words, **look)
    place: Keywords = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0), "fontsize": 8}
    canvas.legend(ax, handles=[diamond], **place)


def _starts(picture: Picture) -> list[tuple[tuple[float, float], list[int]]]:
    """Places where walkers start, further apart than labels are tall, with who starts there."""
    size = _LABEL_SHARE * np.array([np.ptp(line) for line in picture.axes])
    found: list[tuple[tuple[float, float], list[int]]] = []
    for k, trajectory in enumerate(picture.trajectories):
        start = trajectory.position(0)
        near = [both for place, both in found if (abs(np.subtract(place, start)) < size).all()]
        if near:
            near[0].append(k)
        else:
            found.append((start, [k]))
    return found


def _draw_share(ax: Axes, k: int, trajectory: TrajectoryProjection) -> Line2D:
    steps = np.arange(len(trajectory.hidden))
    look: Keywords = {"color": colour_of(k), "ls": dash_of(k), "lw": 1.4}
    (line,) = ax.plot(steps, trajectory.hidden, label=f"{k}: {trajectory.name}", **look)
    return line


def _label_shares(ax: Axes, picture: Picture) -> None:
    ax.set_ylim(-0.03, 1.03)
    ax.set_yticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
    ax.set_xlabel("step")
    ax.set_ylabel("out of the plane")
    ax.set_title(
        f"The plane shows {100 * picture.shown:.0f} % of the ways' spread about its center",
        fontsize="medium",
        color=canvas.INK,
    )
    columns = min(4, len(picture.trajectories))
    canvas.legend(ax, ncols=columns, fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.6))
