"""``backpass train``: from a table to a model file and a report."""

from __future__ import annotations

import contextlib
import importlib.metadata
import platform
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import click
import numpy as np
from rich.console import Console
from rich.table import Table as RichTable

from ...activations import ACTIVATIONS, ALIASES
from ...errors import InvalidInput, MissingExtra, listed
from ...experiment.settings import Settings
from ...losses import FOR_CLASSES, FOR_NUMBERS, LOSSES
from ...solvers.registry import FULL_BATCH, MINI_BATCH, SOLVERS
from ...training.schedules import SCHEDULES
from ..command import Answer, Command, Json, Values, command_line, messages, next_command, plain
from ..option_types import OneOf, Real, Whole
from ..output import check_free
from ..reading import how_to_read, reading_options, show_reading, told_reading
from ..sizes import Image, Sizes

if TYPE_CHECKING:
    from ...experiment.outcome import Outcome
    from ...experiment.parting import Parting
    from ...experiment.ready import PreparedTable
    from ...experiment.scoring.scores import FoldScores, Line
    from ...experiment.streamed import StreamedTable
    from ...experiment.unparted import Unparted
    from ..source import HowToRead


class ColumnOptions(TypedDict):
    """How the columns of DATA are taken."""

    ignore: tuple[str, ...]
    categorical: tuple[str, ...]
    classes: bool | None


INTERRUPTED = 130  # the exit code that shells know for Ctrl-C
FOLD_LINES = 3  # metrics that are shown of folds
COMPUTING = ("numpy", "scipy", "scikit-learn")  # whose versions may change a bit of a training
CONFUSION_CLASSES = 20  # more classes do not fit into a terminal


DEFAULT = Settings()


def _with_default(losses: Sequence[str]) -> str:
    """Names, of which the first is taken where none is given."""
    return listed([f"{losses[0]} (if left out)", *losses[1:]], "or")


POSITIVE = Real(0, min_open=True)


@click.command(cls=Command)
@click.argument("source", metavar="DATA")
@click.option("--target", metavar="COLUMN", help="The column to predict.")
@click.option("--ignore", metavar="COLUMN", multiple=True, help="A column not to learn from.")
@click.option(
    "--categorical", metavar="COLUMN", multiple=True, help="A column of numbers that are codes."
)
@reading_options
@click.option(
    "--image", type=Image(), help="Rows of DATA are pictures, as 28x28, unrolled by rows."
)
@click.option(
    "--classes/--numbers", default=None, help="What the target holds; else it decides itself."
)
@click.option(
    "--hidden",
    type=Sizes(),
    help="Hidden layers, as 64,32; if left out, 256,128 for images and 256 for tables.",
)
@click.option(
    "--activation",
    type=OneOf([*ACTIVATIONS, *ALIASES]),
    metavar="NAME",
    default=DEFAULT.activation,
    help=f"Of the hidden layers: {', '.join(ACTIVATIONS)}.",
)
@click.option(
    "--loss",
    type=OneOf([*LOSSES]),
    metavar="NAME",
    help=f"For classes {_with_default(FOR_CLASSES)}; for numbers {_with_default(FOR_NUMBERS)}.",
)
@click.option(
    "--solver",
    type=OneOf(SOLVERS),
    metavar="NAME",
    default=DEFAULT.solver,
    help=f"{'; '.join(f'{name}: {each.about}' for name, each in SOLVERS.items())}.",
)
@click.option(
    "--lambda",
    "lam",
    type=Real(0),
    help="Weight decay λ; if left out, 0.3 for images and 3 for tables.",
)
@click.option("--epochs", type=Whole(1), help=f"Epochs, or iterations of {listed(FULL_BATCH)}.")
@click.option("--batch-size", type=Whole(1), help="Rows of a mini-batch.")
@click.option("--learning-rate", type=POSITIVE, help=f"Step size of {listed(MINI_BATCH)}.")
@click.option(
    "--schedule",
    type=OneOf(SCHEDULES),
    help=f"Of the learning rate of {listed(MINI_BATCH)}; if left out, cosine.",
)
@click.option(
    "--dropout",
    type=Real(0, 1, max_open=True),
    help="Part of the hidden units left out of each step; if left out, 0.4 for images.",
)
@click.option("--early-stopping", is_flag=True, help="Stop when the validation score settles.")
@click.option(
    "--test-size",
    type=Real(0, 1, min_open=True, max_open=True),
    default=DEFAULT.test_size,
    help="Part of the rows that is held out for the test.",
)
@click.option("--test", metavar="FILE", help="A table of its own to test on.")
@click.option("--validation", metavar="FILE", help="A table of its own to validate on.")
@click.option(
    "--split",
    metavar="RULE",
    help="time:COLUMN, the latest rows test; group:COLUMN, whole groups do; else drawn at random.",
)
@click.option("--cv", type=Whole(2), metavar="K", help="Score K folds, too: mean and spread.")
@click.option("--weights", metavar="COLUMN", help="What rows weigh.")
@click.option(
    "--class-weight", type=OneOf(["balanced"]), help="balanced: each class weighs as much."
)
@click.option("--metric", metavar="NAME", help="Shown first: accuracy, auc, f1, r2, rmse, …")
@click.option(
    "--threshold",
    metavar="P|best",
    help="The probability from which on a row is of the rarer of two classes; best is found on the "
    "validation rows.",
)
@click.option(
    "--drop-missing-target/--no-drop-missing-target",
    default=True,
    help="Whether rows without a target are left out of the training, or refused.",
)
@click.option("--seed", type=Whole(0, 2**32 - 1), default=DEFAULT.seed)
@click.option("--threads", type=Whole(1), help="Threads at most.")
@click.option("--dtype", type=OneOf(["float32", "float64"]), default=DEFAULT.dtype)
@click.option("--checkpoint", metavar="FILE", help="Save the run there, and go on from there.")
@click.option("--every", type=Whole(1), default=DEFAULT.every, help="Epochs between.")
@click.option("--out", metavar="FILE", help="The model file; NAME.backpass if left out.")
@click.option("--no-report", is_flag=True, help="Do not write the HTML report.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
def train(
    source: str,
    target: str | None,
    ignore: tuple[str, ...],
    categorical: tuple[str, ...],
    image: tuple[int, int] | None,
    classes: bool | None,
    out: str | None,
    no_report: bool,
    force: bool,
    cv: int | None,
    drop_missing_target: bool,
    **settings: Any,
) -> Answer:
    """Train a network on DATA; write the model and an HTML report with pictures.

    DATA is a table in a file (.csv, .parquet, .npz, .mat, ...), or the name of a built-in set:
    digits, notes-digits, iris, wine, breast_cancer, diabetes. Part of the rows is held out for the
    test; gaps are filled, numbers scaled, and categories made numbers as the training rows say. A
    Parquet file, a folder of them, text or JSON lines too large for memory is read block by block.
    """
    from ...experiment.kept import to_keep
    from ...io.saving import save_table_model
    from ..checkpoint import hold

    model = Path(out or f"{_stem(source)}.backpass")
    check_free(model, force)
    report = None if no_report else _report_beside(model)
    if report is not None:
        check_free(report, force)
    how, parting = how_to_read(settings), _how_to_part(settings)
    chosen = Settings(**settings)
    columns: ColumnOptions = {"ignore": ignore, "categorical": categorical, "classes": classes}
    table = _unparted(source, target, chosen, image, how, parting, **columns)
    data = _prepared(table, chosen, drop_missing_target)
    show_reading(data)
    held = None if chosen.checkpoint is None else hold(chosen.checkpoint, data, chosen)
    outcome = _run(data, replace(chosen, checkpoint=held))
    if cv is not None and not outcome.interrupted:
        outcome = replace(outcome, folds=_cross_validated(table, cv, chosen))
    about = plain({**_about(outcome), "parting": vars(parting)})
    save_table_model(replace(outcome.model, about=about, kept=to_keep(outcome)), model, force=force)
    if report is not None:
        report = _write_report(outcome, report, force)
    if held is not None and not outcome.interrupted:
        held.release()
    if outcome.interrupted:
        messages().print("Stopped by Ctrl-C; the model so far is kept.")
    return Answer(
        _values(outcome, model, report),
        lambda to: _show(to, outcome, model, report),
        exit_code=INTERRUPTED if outcome.interrupted else 0,
    )


def _how_to_part(options: dict[str, Any]) -> Parting:
    """Take what is said of the rows out of the command's options."""
    from ...experiment.parting import Parting

    rule = options.pop("split")
    return Parting(rule, *(options.pop(name) for name in ("test", "validation", "weights")))


def _unparted(
    source: str,
    target: str | None,
    settings: Settings,
    image: tuple[int, int] | None,
    how: HowToRead,
    parting: Parting,
    **columns: Unpack[ColumnOptions],
) -> Unparted | StreamedTable:
    """Load a table; one that is too large for memory is parted and read block by block."""
    from ...data.knowing.kinds import Wishes
    from ...experiment.parting import Parting
    from ...experiment.prepared import unparted
    from ...experiment.streamed import prepare_streamed
    from ..source import as_written, load_to_learn, too_large

    options = as_written(how, target, **columns)
    rows = too_large(source, options)
    if rows is None:
        table = load_to_learn(source, target, image, how=how, **columns)
        return unparted(table, settings, **columns, parting=parting)
    if image is not None:
        raise click.UsageError("--image: pictures are learnt from a table that fits into memory")
    if parting != Parting():
        raise click.UsageError(
            "--test, --validation, --split and --weights are for a table that fits into memory"
        )
    wishes = Wishes((), how.kinds, (), how.date_format, how.options.na)
    return prepare_streamed(rows, target, settings, **columns, how=wishes, options=options)


def _prepared(
    table: Unparted | StreamedTable, settings: Settings, drop_missing_target: bool
) -> PreparedTable:
    """Part the rows, and make the table ready."""
    from ...experiment.ready import PreparedTable

    if isinstance(table, PreparedTable):
        return table
    known = table.rows.targets.known
    if not (drop_missing_target or known.all()):
        n, name = int((~known).sum()), table.rows.targets.name
        raise InvalidInput(
            f"{n} of {len(known)} rows have no target {name!r}, the first of them row "
            f"{int(known.argmin())}; --drop-missing-target leaves them out."
        )
    return table.prepared(table.rows.split(settings), settings)


def _cross_validated(
    table: Unparted | StreamedTable, n: int, settings: Settings
) -> FoldScores | None:
    """Score folds under a progress bar; None where Ctrl-C stopped it."""
    from rich.progress import track

    from ...experiment.ready import PreparedTable
    from ...experiment.scoring.scores import FoldScores
    from ...experiment.training import cross_validated

    if isinstance(table, PreparedTable):
        raise click.UsageError("--cv is for a table that fits into memory")
    folds = cross_validated(table, n, settings)
    try:
        return FoldScores(tuple(track(folds, "folds", n, console=messages(), transient=True)))
    except KeyboardInterrupt:
        messages().print("Stopped by Ctrl-C: there is no score of the folds.")
        return None


def _stem(source: str) -> str:
    """cars.csv.gz -> cars: what a file, or a built-in set, is called."""
    return Path(source).name.split(".")[0] or "model"


def _report_beside(model: Path) -> Path:
    return model.with_suffix(".html")


def _run(data: PreparedTable, settings: Settings) -> Outcome:
    """Train under a progress bar."""
    from ...experiment.training import run
    from ..progress import EpochBar

    with EpochBar(data.n_epochs(settings), messages()) as bar, in_options():
        return run(data, settings, (bar.update,))


@contextlib.contextmanager
def in_options() -> Generator[None]:
    """Say in the options' words that no training is possible at all."""
    from ...training.mini_batch import NOT_FINITE_AT_ONCE

    try:
        yield
    except InvalidInput as error:
        if str(error) != NOT_FINITE_AT_ONCE:
            raise
        raise InvalidInput(
            "J is not finite from the start: a smaller --lambda or --learning-rate, or smaller "
            "numbers in the table, should help."
        ) from error


def _write_report(outcome: Outcome, report: Path, force: bool) -> Path | None:
    """Write the report; without matplotlib, say so and go on."""
    from ...experiment.report import render
    from ...storage.atomic import atomic_write

    try:
        page = render(outcome, command_line())
    except MissingExtra as error:
        messages().print(f"No report: {error}", soft_wrap=True)
        return None
    atomic_write(report, page.encode(), force)
    return report


def _about(outcome: Outcome) -> Values:
    """What the model file says of its training, for ``backpass info``."""
    error = {} if outcome.data.target.classes else {"test_mean_error": outcome.mean_error}
    source = Path(outcome.data.source).name
    return {
        **({} if outcome.scores is None else outcome.scores.to_json()),
        **({} if outcome.folds is None else {"cv": outcome.folds.to_json()}),
        "source": source,
        "rows": outcome.data.counts,
        outcome.score_name: outcome.score,
        "baseline": outcome.baseline,
        **error,
        "target_of_training": outcome.reference and outcome.reference.to_json(),
        "metric": outcome.settings.metric,
        "libraries": {name: importlib.metadata.version(name) for name in COMPUTING},
        "python": platform.python_version(),
    }


def _values(outcome: Outcome, model: Path, report: Path | None) -> Values:
    """The result for --json."""
    data, estimator = outcome.data, outcome.estimator
    values: dict[str, Json] = {
        **({} if outcome.scores is None else outcome.scores.to_json()),
        "source": data.source,
        "target": data.target.name,
        outcome.score_name: outcome.score,
        "baseline": outcome.baseline,
        **({} if data.target.classes else {"test_mean_error": outcome.mean_error}),
        "J": outcome.J,
        "epochs": estimator.n_iter_,
        "seconds": outcome.seconds,
        "stop_reason": outcome.stop_reason,
        "interrupted": outcome.interrupted,
        "model": str(model),
        "report": None if report is None else str(report),
        **{f"n_{part}": n for part, n in data.counts.items()},
        "n_features": len(data.preprocessing.outputs),
        "network": str(estimator.net_),
        "n_parameters": estimator.net_.n_parameters,
        **told_reading(data),
    }
    if outcome.folds is not None:
        values["cv"] = outcome.folds.to_json()
    if outcome.threshold is not None:
        values["threshold"] = outcome.threshold.value
    if outcome.confusion is not None:
        values |= {"classes": outcome.labels, "confusion": outcome.confusion}
    return values


def _show(to: Console, outcome: Outcome, model: Path, report: Path | None) -> None:
    """The result for people: a table, the confusion, and where the files are."""
    to.print(_summary(outcome))
    if outcome.confusion is not None and len(outcome.labels) <= CONFUSION_CLASSES:
        to.print("\nTest rows by true class (down) and predicted class (across):", soft_wrap=True)
        to.print(_confusion(outcome))
    to.print(f"Model:  {model}", soft_wrap=True)
    if report is not None:
        to.print(f"Report: {report}", soft_wrap=True)
    to.print(next_command("predict", model, "FILE"), soft_wrap=True, markup=False)


def _summary(outcome: Outcome) -> RichTable:
    """Score, J, time and why it stopped."""
    table = RichTable(show_header=False, box=None, padding=(0, 2, 0, 0))
    data = outcome.data
    if data.target.classes:
        right = int(np.sum(outcome.truth == outcome.predicted))
        what = f"{right} of {len(outcome.truth)} rows; {outcome.baseline:.1%} without a model"
        table.add_row("test accuracy", f"[bold]{outcome.score:.2%}[/bold]  ({what})")
    else:
        table.add_row("test R²", f"[bold]{outcome.score:.4f}[/bold]")
        table.add_row("mean error", f"{outcome.mean_error:.4g}, in the unit of {data.target.name}")
    for line in _further(outcome):
        table.add_row(line.label, f"{line.value}  ({line.baseline} without a model)")
    for label, what in (*_of_folds(outcome), *_of_threshold(outcome)):
        table.add_row(label, what)
    table.add_row("network", str(outcome.estimator.net_))
    table.add_row("rows", ", ".join(f"{n} {part}" for part, n in data.counts.items()))
    table.add_row("J", f"{outcome.J:.6g}")
    table.add_row("time", f"{outcome.seconds:.2f} s, {outcome.estimator.n_iter_} epochs")
    table.add_row("stopped", outcome.stop_reason)
    return table


def _further(outcome: Outcome) -> list[Line]:
    """Metrics beside the first ones; of classes that are balanced, accuracy says enough."""
    scores = outcome.scores
    usual = outcome.settings.metric is None
    if scores is None or (usual and scores.headline in ("accuracy", "r2", "mean_error")):
        return []
    return [line for line in scores.lines() if line.label != "accuracy"]


def _of_folds(outcome: Outcome) -> list[tuple[str, str]]:
    """Means and spreads of a cross-validation."""
    if outcome.folds is None:
        return []
    n, lines = len(outcome.folds.folds), outcome.folds.lines(FOLD_LINES)
    return [
        (f"{line.label}, {n} folds", f"{line.value}  ({line.baseline} without a model)")
        for line in lines
    ]


def _of_threshold(outcome: Outcome) -> list[tuple[str, str]]:
    """From where on a row is told to be of the rarer class."""
    threshold = outcome.threshold
    if threshold is None:
        return []
    return [("threshold", f"{threshold.positive} from a probability of {threshold.value:.4g} on")]


def _confusion(outcome: Outcome) -> RichTable:
    """True classes down, predicted ones across; what is wrong stands out."""
    table = RichTable(box=None)
    table.add_column("")
    for label in outcome.labels:
        table.add_column(str(label), justify="right")
    assert outcome.confusion is not None
    for i, (label, row) in enumerate(zip(outcome.labels, outcome.confusion)):
        table.add_row(str(label), *(_cell(int(n), i == j) for j, n in enumerate(row)))
    return table


def _cell(count: int, right: bool) -> str:
    if count == 0:
        return "[dim]·[/dim]"
    return str(count) if right else f"[bold red]{count}[/bold red]"
