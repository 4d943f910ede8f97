"""The report of an experiment: one HTML page that holds all it shows, for light and dark screens.

The pictures are matplotlib's, inlined; the page asks for nothing from anywhere.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TypedDict

import numpy as np

from .. import __version__
from ..data.knowing.table_reading import TableReading
from ..data.table_preprocessing import TablePreprocessing
from ..extras import optional
from .outcome import Label, Outcome
from .page.answers import ShownAnswers, shown_answers
from .page.cells import axis_label, rounded, row_of, written
from .page.members import score_name, shown_members
from .page.pictures import data_uri, drawn_rows, png_of_figure, svg
from .page.scores import ShownClass, shown_classes, shown_metrics
from .scoring.scores import Line

MOST_MISTAKES = 24
MOST_CELLS = 6  # of a row's, that are shown
MOST_LETTERS_OF_A_HEAD = 12  # of a confusion matrix
MOST_CLASSES = 30  # of a confusion matrix that can still be read


@dataclass(frozen=True)
class WrongRow:
    """A test row that the model gets wrong: where it is, and how sure the model was."""

    row: int
    truth: str
    predicted: str
    how_wrong: str
    image: str | None = None  # a data URI
    loss: str = ""
    cells: tuple[str, ...] = ()  # of the columns that count most


class Confusion(TypedDict):
    """Test rows by true class and predicted one: count, share of the true class, right or wrong."""

    labels: list[Label]
    heads: list[str]  # of the columns: numbers, where names are too long to stand side by side
    rows: list[tuple[str, list[tuple[int, float, bool]]]]


class OfTarget(TypedDict):
    """What is shown of a target; None for what it has not."""

    name: str
    outcome: Outcome
    confusion: Confusion | None
    metrics: tuple[Line, ...]
    by_class: list[ShownClass] | None
    scatter: str | None
    answers: ShownAnswers | None
    mistakes: list[WrongRow]
    beside: Sequence[str]


def render(outcome: Outcome, command: str | None = None) -> str:
    """Make the page.

    Parameters
    ----------
    outcome : Outcome
        What ``run`` returned.
    command : str, optional
        The command line that repeats it.

    Returns
    -------
    str
        A whole HTML document.

    Raises
    ------
    MissingExtra
        If matplotlib or jinja2 are not installed.

    Examples
    --------
    >>> from backpass.data.datasets import load_digits
    >>> from backpass.experiment import prepare, run
    >>> from backpass.experiment.settings import Settings
    >>> quick = Settings(hidden=(8,), epochs=2)
    >>> page = render(run(prepare(load_digits(), quick), quick))
    >>> page.startswith("<!doctype html>"), "http" in page
    (True, False)
    """
    jinja2 = optional("jinja2", "The report")
    optional("matplotlib", "The report")
    environment = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FunctionLoader(_template),
    )
    return environment.get_template("report.html.jinja").render(
        outcome=outcome,
        title=f"{_name(outcome.data.source)}: {outcome.data.target.name}",
        command=command,
        version=__version__,
        facts=_facts(outcome),
        reading=_reading(outcome),
        members=shown_members(outcome),
        curve=_curve(outcome),
        of=lambda name: f" of {name}" if len(outcome.targets) > 1 else "",
        targets=[_of_target(each) for each in outcome.targets],
        hidden_units=_hidden_units(outcome),
    )


def _template(name: str) -> str:
    """The text of a template, or of a part of one."""
    return files("backpass.experiment.page").joinpath(name).read_text("utf-8")


def _of_target(outcome: Outcome) -> OfTarget:
    """What is shown of each target."""
    return {
        "name": outcome.data.target.name,
        "outcome": outcome,
        "confusion": _confusion(outcome),
        "metrics": shown_metrics(outcome),
        "by_class": shown_classes(outcome),
        "scatter": None if outcome.data.target.classes else _scatter(outcome),
        "answers": shown_answers(outcome),
        "mistakes": _mistakes(outcome),
        "beside": _beside(outcome),
    }


def _name(source: str) -> str:
    """../cars.csv.gz -> cars: what a table is called."""
    return re.split(r"[/\\]", source.rstrip("/\\"))[-1].split(".")[0] or "table"


def _facts(outcome: Outcome) -> list[tuple[str, str]]:
    """What the page says in words: name and value."""
    data, shown = outcome.data, outcome.shown
    rows = ", ".join(f"{n} {part}" for part, n in data.counts.items() if n)
    return [
        *_members(outcome),
        ("network", str(shown.net)),
        ("parameters", f"{shown.net.n_parameters:,}"),
        ("rows", rows),
        (
            "columns",
            f"{len(data.preprocessing.names)}, as {len(data.preprocessing.outputs)} inputs",
        ),
        ("solver", f"{shown.solver}, {shown.epochs} epochs in {outcome.seconds:.2f} s"),
        ("λ", f"{shown.lam:g}"),
        ("J at the end", f"{outcome.J:.6g}"),
        ("seed", str(outcome.settings.seed)),
        ("stopped", outcome.stop_reason),
    ]


def _members(outcome: Outcome) -> list[tuple[str, str]]:
    """How many networks answer; what is told of one is of that with the largest share."""
    ensemble = outcome.model.ensemble
    if ensemble is None:
        return []
    counted, largest = np.count_nonzero(ensemble.weights), int(ensemble.weights.argmax())
    return [
        ("members", f"{len(ensemble.members)} networks, of which {counted} answer together"),
        (
            "shown here",
            f"member {largest}, which has {ensemble.weights[largest]:.0%} of the answer",
        ),
    ]


def _reading(outcome: Outcome) -> TableReading | None:
    """How the table was read, where its columns were found out."""
    preprocessing = outcome.data.preprocessing
    return preprocessing.reading if isinstance(preprocessing, TablePreprocessing) else None


def _curve(outcome: Outcome) -> str | None:
    """J and the validation score by epoch, as SVG; nothing where J was never finite."""
    from ..plots import TrainingDisplay

    shown = outcome.shown
    if not np.isfinite(shown.J_curve).any():
        return None
    name = score_name(outcome)
    return svg(TrainingDisplay(shown.J_curve, shown.scores, score_name=name).plot().figure_)


def _hidden_units(outcome: Outcome) -> str | None:
    """The first hidden layer as images, where the inputs are one."""
    data = outcome.data
    if data.image is None or outcome.shown.net.L < 3:
        return None
    from ..plots import HiddenUnitsDisplay

    display = HiddenUnitsDisplay.from_estimator(
        outcome.estimator, shape=data.image.shape, order=data.image.order
    )
    return png_of_figure(display.figure_)


def _scatter(outcome: Outcome) -> str:
    """Predicted against true numbers, as SVG."""
    from ..plots import canvas

    ax = canvas.styled(canvas.new_axes(5.4, 5.0))
    ends = [float(min(outcome.truth.min(), outcome.predicted.min()))]
    ends.append(float(max(outcome.truth.max(), outcome.predicted.max())))
    ax.plot(ends, ends, color=canvas.INK, lw=1)
    some = drawn_rows(len(outcome.truth))
    ax.plot(outcome.truth[some], outcome.predicted[some], ".", color=canvas.BLUE, alpha=0.6)
    ax.set(xlabel=axis_label(f"true {outcome.data.target.name}"), ylabel="predicted")
    return svg(ax.figure)


def _confusion(outcome: Outcome) -> Confusion | None:
    """Labels and rows of cells (count, share of its true class, right or wrong)."""
    counts = outcome.confusion
    if counts is None or len(counts) > MOST_CLASSES:
        return None
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    rows = [
        [(int(n), float(share), i == j) for j, (n, share) in enumerate(zip(*row))]
        for i, row in enumerate(zip(counts, shares))
    ]
    names = [str(label) for label in outcome.labels]
    heads, sides = names, names
    if max(map(len, names)) > MOST_LETTERS_OF_A_HEAD:
        heads = [str(k) for k in range(1, len(names) + 1)]
        sides = [f"{k}: {name}" for k, name in zip(heads, names)]
    return {"labels": outcome.labels, "heads": heads, "rows": list(zip(sides, rows))}


def _mistakes(outcome: Outcome) -> list[WrongRow]:
    """The worst test rows, worst first: the surest wrong classes, or the largest errors."""
    if outcome.probabilities is not None:
        sure = outcome.probabilities.max(axis=1)
        size = np.where(outcome.predicted != outcome.truth, sure, 0.0)
        reasons = [f"{p:.1%} sure" for p in sure]
    else:
        size = np.abs(outcome.predicted - outcome.truth)
        reasons = [f"off by {rounded(error, 4)}" for error in size.tolist()]
    beside, insight = _beside(outcome), outcome.insight
    worst = [k for k in np.argsort(-size, kind="stable")[:MOST_MISTAKES] if size[k] > 0]
    return [
        WrongRow(
            row=int(outcome.data.rows["test"][k]),
            truth=written(outcome.truth[k]),
            predicted=written(outcome.predicted[k]),
            how_wrong=reasons[k],
            image=_image(outcome, int(k)),
            loss="" if insight is None else rounded(float(insight.losses[k]), 4),
            cells=row_of(outcome.data.columns, beside, int(k)),
        )
        for k in worst
    ]


def _beside(outcome: Outcome) -> list[str]:
    """The columns whose cells are shown of a row: those that count most."""
    insight = outcome.insight
    return [] if insight is None else [each.column for each in insight.importances[:MOST_CELLS]]


def _image(outcome: Outcome, k: int) -> str | None:
    """A test row as a picture, where the inputs are one."""
    data = outcome.data
    if data.image is None:
        return None
    from matplotlib.image import imsave

    pixels = data.image.images(data.X["test"][k : k + 1])[0]
    file = io.BytesIO()
    imsave(file, pixels, cmap="gray_r", vmin=0.0, vmax=1.0, format="png")
    return data_uri(file.getvalue())
