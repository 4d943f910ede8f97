"""What a model's answers to the test rows tell of it, as bars and curves of a page."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...inspection.insight import Calibration, Dependence, Importance
from ...inspection.insight.overview import MOST_DEPENDENCE_ROWS
from ..outcome import Label, Outcome
from .cells import rounded, written
from .pictures import drawn_rows, svg

MOST_BARS = 20


@dataclass(frozen=True)
class Bar:
    """A number as a bar from 0, in per cent of the longest one, with a spread to both sides."""

    name: str
    length: float
    text: str
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True)
class ShownDependence:
    """Mean answers by a column's cell: a picture of numbers and dates, bars of texts."""

    column: str
    picture: str | None
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class ShownAnswers:
    """All that is shown of a target's answers.

    Parameters
    ----------
    unit : str
        What rises where a column says nothing.
    rows : int
        On how many test rows that was measured.
    importances : tuple of Bar
        The most important first.
    others : int
        Columns that count less than those.
    dependences : tuple of ShownDependence
        Of the most important columns.
    shown_class : bool, int, float, str or None
        The class whose probability these are of.
    calibration, residuals : str or None
        Pictures.
    bins : tuple of (str, str, int)
        Of the calibration: predicted, come true, rows.
    two : bool
        Whether there are two classes.
    """

    unit: str
    rows: int
    importances: tuple[Bar, ...]
    others: int
    dependences: tuple[ShownDependence, ...]
    shown_class: Label | None
    calibration: str | None
    bins: tuple[tuple[str, str, int], ...]
    residuals: str | None
    two: bool
    most_rows: int = MOST_DEPENDENCE_ROWS


def shown_answers(outcome: Outcome) -> ShownAnswers | None:
    """Draw what was found out; None where columns are not known."""
    found, classes = outcome.insight, outcome.classes
    if found is None:
        return None
    calibration = found.calibration
    answer = f"mean {outcome.data.target.name}" if classes is None else "mean probability"
    return ShownAnswers(
        f"RMSE of {outcome.data.target.name}" if classes is None else "log loss",
        found.rows,
        tuple(_importances(found.importances[:MOST_BARS])),
        max(len(found.importances) - MOST_BARS, 0),
        tuple(_dependence(each, answer) for each in found.dependences if len(each.cells)),
        found.shown_class,
        None if calibration is None else _diagonal(calibration),
        () if calibration is None else tuple(_bins(calibration)),
        _residuals(outcome) if classes is None else None,
        classes is not None and len(classes) == 2,
    )


def _importances(each: Sequence[Importance]) -> list[Bar]:
    """Bars as long as the means; what is below 0 has none."""
    longest = max([one.mean + one.spread for one in each] + [1e-300])
    return [
        Bar(
            one.column,
            _part(one.mean, longest),
            f"{rounded(one.mean, 3)} ± {rounded(one.spread, 2)}",
            _part(one.mean - one.spread, longest),
            _part(one.mean + one.spread, longest),
        )
        for one in each
    ]


def _part(value: float, whole: float) -> float:
    return round(100 * min(max(value / whole, 0.0), 1.0), 1) if np.isfinite(value) else 0.0


def _dependence(found: Dependence, answer: str) -> ShownDependence:
    if found.cells.dtype.kind == "O":
        return ShownDependence(found.column, None, tuple(_levels(found)))
    from ...plots import canvas

    ax = canvas.new_axes(3.6, 2.6)
    ax.plot(found.cells, found.answers, "-", color=canvas.BLUE, lw=1.6)
    ax.plot(found.cells, found.answers, ".", color=canvas.BLUE, ms=5)
    if found.cells.dtype.kind == "M":
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        places = AutoDateLocator(maxticks=5)
        ax.xaxis.set_major_locator(places)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(places))
        ax.xaxis.get_offset_text().set_color(canvas.INK)
    else:
        ax.locator_params(axis="x", nbins=4)  # numbers of seven digits stand side by side
    ax.set_ylabel(textwrap.fill(textwrap.shorten(answer, 56, placeholder=" …"), 28))
    ax.yaxis.get_offset_text().set_color(canvas.INK)
    return ShownDependence(found.column, svg(ax.figure), ())


def _levels(found: Dependence) -> list[Bar]:
    """Bars from 0 on, or from the least answer where that is below."""
    ends = [*found.answers.tolist(), 0.0]
    low, high = min(ends), max(ends)
    return [
        Bar(
            written(cell),
            _part(answer - low, high - low or 1.0),
            rounded(answer, 4),
        )
        for cell, answer in zip(found.cells, found.answers.tolist())
    ]


def _diagonal(found: Calibration) -> str:
    """Shares that came true by predicted probability; a dot's area is a bin's rows."""
    from ...plots import canvas

    ax = canvas.new_axes(4.2, 3.8)
    ax.plot([0, 1], [0, 1], color=canvas.INK, lw=1)
    ax.plot(found.predicted, found.observed, color=canvas.BLUE, lw=1.4)
    areas = 70 * found.counts / found.counts.max()
    ax.scatter(found.predicted, found.observed, s=areas, color=canvas.BLUE)
    ax.set(xlabel="predicted", ylabel="came true", xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
    return svg(ax.figure)


def _bins(found: Calibration) -> list[tuple[str, str, int]]:
    each = zip(found.predicted.tolist(), found.observed.tolist(), found.counts.tolist())
    return [(f"{p:.1%}", f"{so:.1%}", n) for p, so, n in each]


def _residuals(outcome: Outcome) -> str:
    """True less predicted numbers, by predicted ones."""
    from ...plots import canvas

    some = drawn_rows(len(outcome.truth))
    predicted, truth = outcome.predicted[some], outcome.truth[some]
    ax = canvas.new_axes(5.4, 3.6)
    ax.axhline(0, color=canvas.INK, lw=1)
    ax.plot(predicted, truth - predicted, ".", color=canvas.BLUE, alpha=0.6)
    ax.set(xlabel="predicted", ylabel="true − predicted")
    return svg(ax.figure)
