"""A report on tables as a picture: everybody's loss by CatBoost's, a row for each table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InvalidInput
from ...plots.canvas import INK, SERIES, legend, new_axes, number, styled
from .candidates import US
from .results import TablesReport
from .standings import REFERENCE, Means, log_ratios, means, ranks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKERS = "osD^vP"
LINEAR = 10  # up to here about CatBoost's line
TICKS = (-100, -20, -5, 0, 5, 20, 100)


def draw(report: TablesReport) -> Axes:
    """Return matplotlib axes: a row for each table, a mark for each candidate.

    Raises InvalidInput where no table is finished or CatBoost took no part, and MissingExtra
    without matplotlib.
    """
    found = means(report)
    if not found.tables or REFERENCE not in found.candidates:
        raise InvalidInput(f"The report has no finished table with {REFERENCE}: nothing to draw.")
    ax = new_axes(9, 1.8 + 0.34 * len(found.tables))
    ax.axvline(0, color=INK, linewidth=1.5)
    order = _best_for_us_first(found)
    # The line is CatBoost's; ours is drawn last, over the others.
    names = sorted((n for n in found.candidates if n != REFERENCE), key=lambda name: name == US)
    for k, name in enumerate(names):
        _marks(ax, found, order, name, _look(name, k))
    _number_the_scale(ax)
    ax.set_yticks(range(len(order)), [found.tables[row] for row in order])
    ax.invert_yaxis()
    ax.set_xlabel(f"100 ln(loss / {REFERENCE}'s): further left is better")
    styled(ax)
    legend(ax, loc="upper center", bbox_to_anchor=(0.4, -0.1 - 0.6 / len(order)), ncols=4)
    return ax


def save(report: TablesReport, path: Path) -> None:
    """Draw into a file; its ending chooses the format."""
    from matplotlib.figure import Figure

    figure = draw(report).figure
    assert isinstance(figure, Figure)  # and no subfigure
    figure.savefig(path, bbox_inches="tight")


def _best_for_us_first(found: Means) -> list[int]:
    """Rows by our ratio, or by name where we took no part."""
    if US not in found.candidates:
        return list(range(len(found.tables)))
    return np.argsort(log_ratios(found, US), kind="stable").tolist()


def _look(name: str, k: int) -> tuple[str, str]:
    """Colour and marker: ours is filled in the first colour, whoever else takes part."""
    if name == US:
        return SERIES[0], "o"
    others = SERIES[1:]
    return others[k % len(others)], MARKERS[1 + k % (len(MARKERS) - 1)]


def _marks(ax: Axes, found: Means, order: list[int], name: str, look: tuple[str, str]) -> None:
    """One candidate's marks, with the mean rank in the legend."""
    rank = ranks(found.loss)[:, found.candidates.index(name)].mean()
    colour, marker = look
    ax.plot(
        log_ratios(found, name)[order],
        range(len(order)),
        marker,
        color=colour,
        markerfacecolor=colour if name == US else "none",
        markersize=8 if name == US else 6,
        label=f"{name}, mean rank {rank:.2f}",
    )


def _number_the_scale(ax: Axes) -> None:
    """Linear about CatBoost's line, and logarithmic where losses differ by much."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    ax.set_xscale("symlog", linthresh=LINEAR)
    ax.xaxis.set_major_locator(FixedLocator(list(TICKS)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, 3)))
