"""``backpass train``: from a table to a model file and a report."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import click

from ...activations import ACTIVATIONS, ALIASES
from ...errors import InvalidInput, MissingExtra, listed
from ...experiment.settings import AUTO, MLP, MODELS, TABULAR, Settings
from ...losses import FOR_CLASSES, FOR_NUMBERS, LOSSES
from ...solvers.registry import FULL_BATCH, MINI_BATCH, SOLVERS
from ...training.schedules import SCHEDULES
from ..command import Answer, Command, command_line, given_parameters, messages, plain
from ..option_types import OneOf, Real, Whole
from ..output import check_free
from ..reading import how_to_read, reading_options, show_reading
from ..sizes import Image, Sizes

if TYPE_CHECKING:
    from ...experiment.outcome import Outcome
    from ...experiment.parting import Parting
    from ...experiment.ready import PreparedTable
    from ...experiment.scoring.scores import FoldScores
    from ...experiment.streamed import StreamedTable
    from ...experiment.unparted import Unparted
    from ..source import HowToRead


class ColumnOptions(TypedDict):
    """How the columns of DATA are taken."""

    ignore: tuple[str, ...]
    categorical: tuple[str, ...]
    classes: bool | None


INTERRUPTED = 130  # the exit code that shells know for Ctrl-C
OF_ONE_NETWORK = (  # parameters; an option of theirs asks for one network
    *("hidden", "activation", "loss", "solver", "lam", "epochs", "batch_size", "learning_rate"),
    *("schedule", "dropout", "early_stopping", "dtype"),
)


DEFAULT = Settings()


def _with_default(losses: Sequence[str]) -> str:
    """Names, of which the first is taken where none is given."""
    return listed([f"{losses[0]} (if left out)", *losses[1:]], "or")


POSITIVE = Real(0, min_open=True)


@click.command(cls=Command)
@click.argument("source", metavar="DATA")
@click.option(
    "--target", metavar="COLUMN", multiple=True, help="The column to predict, or several."
)
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
    "--model",
    type=OneOf(MODELS),
    metavar="NAME",
    default=AUTO,
    help=f"{TABULAR}: an ensemble of networks for a table; {MLP}: one network; {AUTO}: the first, "
    "but the other of pictures, or where an option from --hidden to --early-stopping, or --dtype, "
    "is given.",
)
@click.option(
    "--time",
    "time_limit",
    type=POSITIVE,
    metavar="SECONDS",
    help="As many networks of an ensemble as fit into it.",
)
@click.option("--members", type=Whole(1), help="Networks of an ensemble at most; else 16.")
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
@click.option(
    "--checkpoint",
    metavar="PATH",
    help="Save the run there, and go on from there: in a file, of an ensemble in a folder.",
)
@click.option("--every", type=Whole(1), default=DEFAULT.every, help="Epochs between.")
@click.option("--out", metavar="FILE", help="The model file; NAME.backpass if left out.")
@click.option("--no-report", is_flag=True, help="Do not write the HTML report.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
def train(
    source: str,
    target: tuple[str, ...],
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
    """Train an ensemble of networks, or one, on DATA; write the model and an HTML report.

    DATA is a table in a file (.csv, .parquet, .npz, .mat, ...), or the name of a built-in set:
    digits, notes-digits, iris, wine, breast_cancer, diabetes. Part of the rows is held out for the
    test; gaps are filled, numbers scaled, and categories made numbers as the training rows say. A
    Parquet file, a folder of them, text or JSON lines too large for memory is read block by block.
    """
    from ..answers.outcomes import show_outcome, values_of
    from ..checkpoint import hold

    model = Path(out or f"{_stem(source)}.backpass")
    check_free(model, force)
    report = None if no_report else _free(model.with_suffix(".html"), force)
    how, parting = how_to_read(settings), _how_to_part(settings)
    _refuse_unused_size(parting)
    chosen = _as_asked(Settings(**settings))
    columns: ColumnOptions = {"ignore": ignore, "categorical": categorical, "classes": classes}
    table = _unparted(source, target, chosen, image, how, parting, **columns)
    chosen = _settled(chosen, table)
    data = _prepared(table, chosen, drop_missing_target)
    show_reading(data)
    if cv is not None:
        _check_folds(table, cv, chosen)
    held = None if chosen.checkpoint is None else hold(chosen.checkpoint, data, chosen)
    outcome = _run(data, replace(chosen, checkpoint=held))
    if cv is not None and not outcome.interrupted:
        outcome = replace(outcome, folds=_cross_validated(table, cv, chosen))
    _save(outcome, parting, model, force)
    if report is not None:
        report = _write_report(outcome, report, force)
    if held is not None and not outcome.interrupted:
        held.release()
    if outcome.interrupted:
        messages().print("Stopped by Ctrl-C; the model so far is kept.")
    return Answer(
        values_of(outcome, model, report),
        lambda to: show_outcome(to, outcome, model, report),
        exit_code=INTERRUPTED if outcome.interrupted else 0,
    )


def _how_to_part(options: dict[str, Any]) -> Parting:
    """Take what is said of the rows out of the command's options."""
    from ...experiment.parting import Parting

    rule = options.pop("split")
    return Parting(rule, *(options.pop(name) for name in ("test", "validation", "weights")))


def _as_asked(settings: Settings) -> Settings:
    """Take an option of one network for the wish to train one."""
    given = [param.opts[0] for param in given_parameters() if param.name in OF_ONE_NETWORK]
    if given and settings.model == TABULAR:
        raise click.UsageError(f"{listed(given)}: for one network, and {TABULAR} trains several")
    return replace(settings, model=MLP) if given and settings.model == AUTO else settings


def _settled(settings: Settings, table: Unparted | StreamedTable) -> Settings:
    """Choose the model by the table, and say why it is one network where that is not plain."""
    settled = settings.settled(table.for_one_network)
    if settings.model == AUTO and not settled.tabular:
        messages().print(
            f"One network is trained: an ensemble does not read {table.for_one_network}.",
            soft_wrap=True,
            markup=False,
        )
    _say_in_blocks(settled, table)
    return settled


def _say_in_blocks(settings: Settings, table: Unparted | StreamedTable) -> None:
    """Say how a table larger than memory is trained on."""
    from ...experiment.ready import PreparedTable

    if not isinstance(table, PreparedTable):
        return
    what = "Every network of the ensemble" if settings.tabular else "One network is trained; it"
    messages().print(
        f"{what} reads the table block by block in every epoch; rows to validate on and to test "
        "on are held in memory.",
        soft_wrap=True,
        markup=False,
    )


def _refuse_unused_size(parting: Parting) -> None:
    """Raise where a size is asked for of a test that has a file of its own."""
    if parting.test is not None and "test_size" in [param.name for param in given_parameters()]:
        raise click.UsageError("--test-size is of a test that is drawn, and --test names its file")


def _unparted(
    source: str,
    target: tuple[str, ...],
    settings: Settings,
    image: tuple[int, int] | None,
    how: HowToRead,
    parting: Parting,
    **columns: Unpack[ColumnOptions],
) -> Unparted | StreamedTable:
    """Load a table; one that is too large for memory is parted and read block by block."""
    from ...data.knowing.kinds import Wishes
    from ...experiment.prepared import unparted
    from ...experiment.streamed import prepare_streamed
    from ..source import as_written, load_to_learn, too_large

    options = as_written(how, target, **columns)
    rows = too_large(source, options)
    if rows is None:
        table = load_to_learn(source, target, image, how=how, **columns)
        return unparted(table, settings, **columns, parting=parting)
    _refuse_in_blocks(image, parting, target)
    wishes = Wishes((), how.kinds, (), how.date_format, how.options.na)
    one = target[0] if target else None
    return prepare_streamed(rows, one, settings, **columns, how=wishes, options=options)


def _refuse_in_blocks(
    image: tuple[int, int] | None, parting: Parting, target: tuple[str, ...]
) -> None:
    """Raise for what takes the whole table."""
    from ...experiment.parting import Parting

    asked = {
        "--image": image is not None,
        "--target twice": len(target) > 1,
        "--test, --validation, --split, --weights": parting != Parting(),
    }
    for options, wanted in asked.items():
        if wanted:
            raise click.UsageError(f"{options}: for a table that fits into memory")


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


def _check_folds(table: Unparted | StreamedTable, n: int, settings: Settings) -> None:
    """Raise before the training where there could be no folds."""
    from ...experiment.ready import PreparedTable
    from ...experiment.training import check_folds

    if isinstance(table, PreparedTable):
        raise click.UsageError("--cv is for a table that fits into memory")
    check_folds(table, n, settings)


def _cross_validated(
    table: Unparted | StreamedTable, n: int, settings: Settings
) -> tuple[FoldScores, ...]:
    """Score folds under a progress bar, by target; nothing where Ctrl-C stopped it."""
    from rich.progress import track

    from ...experiment.ready import PreparedTable
    from ...experiment.scoring.scores import FoldScores
    from ...experiment.training import cross_validated

    assert not isinstance(table, PreparedTable)
    folds = cross_validated(table, n, settings)
    try:
        scores = track(folds, "folds", n, console=messages(), transient=True)
        return tuple(map(FoldScores, zip(*scores)))
    except KeyboardInterrupt:
        messages().print("Stopped by Ctrl-C: there is no score of the folds.")
        return ()


def _stem(source: str) -> str:
    """cars.csv.gz -> cars: what a file, or a built-in set, is called."""
    return Path(source).name.split(".")[0] or "model"


def _free(path: Path, force: bool) -> Path:
    check_free(path, force)
    return path


def _run(data: PreparedTable, settings: Settings) -> Outcome:
    """Train under a progress bar."""
    from ...experiment.training import run
    from ..progress import EpochBar, MembersBar

    if settings.tabular:
        with MembersBar(messages()) as bar:
            return run(data, settings, (bar.update,))
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


def _save(outcome: Outcome, parting: Parting, path: Path, force: bool) -> None:
    """Write the model, with what there is to know of its training."""
    from ...experiment.kept import to_keep
    from ...io.saving import save_table_model
    from ..answers.outcomes import about_training

    about = plain({**about_training(outcome), "parting": vars(parting)})
    model = replace(outcome.model, about=about, kept=to_keep(outcome))
    save_table_model(model, path, force=force)


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
