"""What came of a training: for people, for --json, and for the model file."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table as RichTable

from ..command import Json, Values, next_command
from ..reading import told_reading
from .members import lines_of_members, told_members
from .shown import CONFUSION_CLASSES, confusion_table

if TYPE_CHECKING:
    from ...experiment.outcome import Outcome
    from ...experiment.scoring.scores import Line

COMPUTING = ("numpy", "scipy", "scikit-learn")  # whose versions may change a bit of a training
ALWAYS_SHOWN = ("accuracy", "R²", "mean error")
FOLD_LINES = 3  # metrics that are shown of folds


def about_training(outcome: Outcome) -> Values:
    """Return what the model file says of its training, for ``backpass info``."""
    references = [each.reference for each in outcome.targets]
    known = [reference.to_json() for reference in references if reference is not None]
    return {
        **_scores(outcome),
        "source": Path(outcome.data.source).name,
        "rows": outcome.data.counts,
        "J": outcome.J,
        "target_of_training": known[0] if len(known) == 1 else known or None,
        "metric": outcome.settings.metric,
        "libraries": {name: importlib.metadata.version(name) for name in COMPUTING},
        "python": platform.python_version(),
    }


def _scores(outcome: Outcome) -> Values:
    """Scores by plain names; several targets have theirs under their names, and the mean."""
    values: dict[str, Json] = {} if outcome.scores is None else dict(outcome.scores.to_json())
    values |= {outcome.score_name: outcome.score, "baseline": outcome.baseline}
    if not outcome.data.target.classes:
        values["test_mean_error"] = outcome.mean_error
    if len(outcome.targets) > 1:
        values["targets"] = {each.data.target.name: _scores(each) for each in outcome.targets}
    elif outcome.folds:
        values["cv"] = outcome.folds[0].to_json()
    if outcome.confusion is not None:
        values |= {"classes": outcome.labels, "confusion": outcome.confusion}
    return values


def values_of(outcome: Outcome, model: Path, report: Path | None) -> Values:
    """Return the result for --json."""
    data, shown = outcome.data, outcome.shown
    names = data.target.names
    values: dict[str, Json] = {
        **_scores(outcome),
        "source": data.source,
        "target": names[0] if len(names) == 1 else list(names),
        "J": outcome.J,
        "epochs": shown.epochs,
        "seconds": outcome.seconds,
        "stop_reason": outcome.stop_reason,
        "interrupted": outcome.interrupted,
        "model": str(model),
        "report": None if report is None else str(report),
        **{f"n_{part}": n for part, n in data.counts.items()},
        "n_features": len(data.preprocessing.outputs),
        "network": str(shown.net),
        "n_parameters": shown.net.n_parameters,
        **told_members(outcome.model),
        **told_reading(data),
    }
    if outcome.threshold is not None:
        values["threshold"] = outcome.threshold.value
    return values


def show_outcome(to: Console, outcome: Outcome, model: Path, report: Path | None) -> None:
    """Show the result to people: a table, the confusion, and where the files are."""
    to.print(_summary(outcome))
    for each in outcome.targets:
        if each.confusion is not None and len(each.labels) <= CONFUSION_CLASSES:
            named = f" of {each.data.target.name}" if len(outcome.targets) > 1 else ""
            what = f"Test rows by true class{named} (down) and predicted class (across):"
            to.print(f"\n{what}", soft_wrap=True)
            to.print(confusion_table(each.labels, each.confusion))
    to.print(f"Model:  {model}", soft_wrap=True)
    if report is not None:
        to.print(f"Report: {report}", soft_wrap=True)
    to.print(next_command("predict", model, "FILE"), soft_wrap=True, markup=False)


def _summary(outcome: Outcome) -> RichTable:
    """Score, J, time and why it stopped."""
    table = RichTable(show_header=False, box=None, padding=(0, 2, 0, 0))
    for each in outcome.targets:
        named = f" of {each.data.target.name}" if len(outcome.targets) > 1 else ""
        for label, what in _of_target(each, named):
            table.add_row(label, what)
    for label, what in _of_threshold(outcome):
        table.add_row(label, what)
    for label, what in lines_of_members(outcome.model):
        table.add_row(label, what)
    table.add_row("network", str(outcome.shown.net))
    table.add_row("rows", _rows(outcome))
    table.add_row("J", f"{outcome.J:.6g}")
    table.add_row("time", f"{outcome.seconds:.2f} s, {outcome.shown.epochs} epochs")
    table.add_row("stopped", outcome.stop_reason)
    return table


def _rows(outcome: Outcome) -> str:
    """How many rows each part has; an ensemble that parts them itself has no validation's."""
    counts = outcome.data.counts
    names = {part: part for part in counts}
    if outcome.model.ensemble is not None:
        alone = not counts["validation"]
        names |= {"train": "train and choose" if alone else "train", "validation": "choose"}
        counts = {part: n for part, n in counts.items() if n}
    return ", ".join(f"{n} {names[part]}" for part, n in counts.items())


def _of_target(outcome: Outcome, named: str) -> Iterator[tuple[str, str]]:
    """The scores of one target, which is named where there are several."""
    if outcome.data.target.classes:
        right = int(np.sum(outcome.truth == outcome.predicted))
        what = f"{right} of {len(outcome.truth)} rows; {outcome.baseline:.1%} without a model"
        yield f"test accuracy{named}", f"[bold]{outcome.score:.2%}[/bold]  ({what})"
    else:
        unit = f"in the unit of {outcome.data.target.name}"
        yield f"test R²{named}", f"[bold]{outcome.score:.4f}[/bold]"
        yield f"mean error{named}", f"{outcome.mean_error:.4g}, {unit}"
    for line in _further(outcome):
        yield f"{line.label}{named}", f"{line.value}  ({line.baseline} without a model)"
    for of in outcome.folds:
        for line in of.lines(FOLD_LINES):
            what = f"{line.value}  ({line.baseline} without a model)"
            yield f"{line.label}{named}, {len(of.folds)} folds", what


def _further(outcome: Outcome) -> list[Line]:
    """Metrics beside the first ones; of classes that are balanced, accuracy says enough."""
    scores = outcome.scores
    usual = outcome.settings.metric is None
    if scores is None or (usual and scores.headline in ("accuracy", "r2", "mean_error")):
        return []
    return [line for line in scores.lines() if line.label not in ALWAYS_SHOWN]


def _of_threshold(outcome: Outcome) -> list[tuple[str, str]]:
    """From where on a row is told to be of the rarer class."""
    threshold = outcome.threshold
    if threshold is None:
        return []
    return [("threshold", f"{threshold.positive} from a probability of {threshold.value:.4g} on")]
