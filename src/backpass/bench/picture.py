"""The report as a picture: everybody's time as a multiple of ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InvalidInput
from ..plots.canvas import INK, SERIES, legend, new_axes, styled
from .results import US, Line, Report
from .table import threads

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKERS = "osD^vPX*"


def draw(report: Report, dtype: str = "float32") -> Axes:
    """Return matplotlib axes: a row for each workload, a mark for each candidate.

    Raises InvalidInput where the report has no times of ours in that dtype, and MissingExtra
    without matplotlib.
    """
    lines = [line for line in report.lines if line.dtype == dtype and US in line.timings]
    if not lines:
        raise InvalidInput(f"The report has no times of backpass in {dtype}, so nothing to draw.")
    ax = new_axes(10, 1.8 + 0.4 * len(lines))
    names = list(dict.fromkeys(name for line in lines for name in line.timings if name != US))
    ax.axvline(1, color=INK, linewidth=1.5)
    for k, name in enumerate(names):
        _marks(ax, lines, name, k)
    ax.set_xscale("log")
    ax.set_yticks(range(len(lines)), [line.workload.title for line in lines])
    ax.invert_yaxis()
    ax.set_xlabel(f"time, backpass = 1 ({dtype}, {threads(report.threads)}; log scale)")
    _number_the_scale(ax)
    styled(ax)
    legend(ax, loc="upper center", bbox_to_anchor=(0.2, -0.1 - 0.6 / len(lines)), ncols=4)
    return ax


def save(report: Report, path: Path, dtype: str = "float32") -> None:
    """Draw into a file; its ending chooses the format."""
    from matplotlib.figure import Figure

    figure = draw(report, dtype).figure
    assert isinstance(figure, Figure)  # and no subfigure
    figure.savefig(path, bbox_inches="tight")


def _marks(ax: Axes, lines: list[Line], name: str, k: int) -> None:
    """One candidate's marks, one a row where it took part."""
    rows = [(line, y) for y, line in enumerate(lines) if name in line.timings]
    times = [line.timings[name].median / line.timings[US].median for line, _ in rows]
    colour = INK if name in lines[0].ours else SERIES[k % len(SERIES)]
    marker = MARKERS[k % len(MARKERS)]
    ax.plot(times, [y for _, y in rows], marker, color=colour, label=name, markersize=7)


def _number_the_scale(ax: Axes) -> None:
    """Write 1, 2, 5, 10, … and no powers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
