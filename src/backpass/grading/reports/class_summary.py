"""A class at a glance: how many points there are, and which mistakes are common."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich.table import Table
from rich.text import Text

from ..marking.marks import Mark
from .escaping import one_line
from .feedback import points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_SHOWN = 12
MOST_TICKS = 10


def common_mistakes(marks: Sequence[Mark]) -> list[tuple[str, int]]:
    """Count in how many submissions each mistake is named, the most common first.

    Examples
    --------
    >>> common_mistakes([Mark("a", mistakes=("λ fixed at 1",)), Mark("b")])
    [('λ fixed at 1', 1)]
    """
    counts = Counter(name for mark in marks for name in dict.fromkeys(mark.mistakes))
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))


def marks_table(marks: Sequence[Mark]) -> Table:
    """One line a student; whatever a submission says stands as it is and does nothing."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("student")
    table.add_column("points", justify="right")
    table.add_column("")
    for mark in marks:
        score = f"{points(mark.points)} / {points(mark.out_of)}"
        style = "green" if mark.ok else ""
        said = "; ".join(mark.mistakes) if mark.mistakes else mark.headline
        table.add_row(Text(one_line(mark.student, 40)), Text(score, style), Text(one_line(said)))
    return table


def mistakes_table(marks: Sequence[Mark]) -> Table:
    """The most common mistakes, and how much of the class made each."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("", "share", "most common mistakes"):
        table.add_column(heading, justify="left" if heading.startswith("m") else "right")
    for name, count in common_mistakes(marks)[:MOST_SHOWN]:
        table.add_row(str(count), f"{100 * count / len(marks):.0f} %", Text(one_line(name)))
    return table


def picture(marks: Sequence[Mark]) -> bytes:
    """Draw the most common mistakes as bars; a PNG.

    Raises
    ------
    MissingExtra
        If matplotlib is not installed.
    """
    from ...plots.canvas import BLUE, INK, new_axes

    shown = common_mistakes(marks)[:MOST_SHOWN] or [("no mistake was named", 0)]
    ax = new_axes(8, 1.2 + 0.35 * len(shown))
    y = np.arange(len(shown))[::-1]
    names = [one_line(name, 60).replace("$", r"\$") for name, _ in shown]
    ax.barh(y, [count for _, count in shown], color=BLUE)
    ax.set_yticks(y, names)
    ax.set_xlabel(f"submissions, of {len(marks)}", color=INK)
    most = shown[0][1]
    ax.set_xticks(range(0, most + 1, most // MOST_TICKS + 1))
    return _png(ax)


def _png(ax: Axes) -> bytes:
    from matplotlib.figure import Figure

    from ...plots.canvas import pyplot

    buffer, figure = io.BytesIO(), ax.figure
    assert isinstance(figure, Figure)  # one of its own, never a part of another
    figure.savefig(buffer, format="png", dpi=150)
    pyplot().close(figure)
    return buffer.getvalue()
