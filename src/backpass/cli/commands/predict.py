"""``backpass predict``: the raw table in, one prediction a row out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from rich.console import Console

from ..command import (
    AS_JSON,
    Answer,
    Command,
    CommandError,
    Json,
    Values,
    messages,
    next_command,
    plain,
)
from ..headings import predictions
from ..option_types import Real
from ..terminal import echo_data

if TYPE_CHECKING:
    from ...data.parquet import ParquetRows
    from ...data.tables import Table
    from ...models.table_model import TableModel
    from ..answers.asked import Asked
    from ..answers.columns import Beside
    from ..blockwise import StreamingScore

Columns = Mapping[str, Sequence[Json] | np.ndarray]  # a cell a row, by heading


@dataclass(frozen=True)
class Wish:
    """What is to be written: which columns beside the answers, of which rows, under which name."""

    beside: Beside
    keep: tuple[str, ...]
    fill: bool
    name: str | None
    sample: str | None
    strict: bool

    def __post_init__(self) -> None:
        """Refuse what does not go together."""
        others = {"--keep": self.keep, "--fill": self.fill, "--interval": self.beside.coverage}
        option = next((name for name, wanted in others.items() if wanted), None)
        if self.sample is not None and option is not None:
            raise CommandError(f"{option}: the columns of --sample are all that is written.")

    def written(self, kept: Columns, answers: Columns, target: str) -> Columns:
        """The columns of the output."""
        heading = self.name or (target if self.fill else "prediction")
        named = {heading if name == "prediction" else name: a for name, a in answers.items()}
        twice = [name for name in kept if name in named]
        if twice:
            raise CommandError(
                f"--keep {twice[0]}: the predictions have a column of that name; --as NAME calls "
                "them otherwise."
            )
        return {**kept, **named}


@dataclass(frozen=True, eq=False)
class Predicted:
    """Answers to a table: the columns to be written, and what is told of them."""

    columns: Columns
    values: Values
    told: tuple[str, ...]


@click.command(cls=Command)
@click.argument("model")
@click.argument("data")
@click.option("--out", metavar="FILE", help="Write the predictions there, as CSV.")
@click.option(
    "--keep", metavar="COLUMN", multiple=True, help="A column of DATA to write beside them."
)
@click.option("--fill", is_flag=True, help="Predict rows without a target; others keep theirs.")
@click.option("--proba", is_flag=True, help="The probability of each class beside it.")
@click.option(
    "--interval",
    "intervals",
    metavar="PART",
    type=Real(0, 1, min_open=True, max_open=True),
    help="Between which numbers the truth lies in this part of the rows, as 0.9.",
)
@click.option("--as", "name", metavar="NAME", help="What the column of predictions is called.")
@click.option(
    "--sample", metavar="FILE", help="Fill this sample of a competition: its columns and its rows."
)
@click.option("--strict", is_flag=True, help="Refuse what the training's rows did not have.")
@click.option("--force", is_flag=True, help="Replace a file that exists.")
def predict(model: str, data: str, out: str | None, force: bool, **wishes: Any) -> Answer:
    """Predict the rows of the table DATA with the trained MODEL; the output is CSV.

    DATA is the raw table, as the model was trained on it: MODEL knows which columns it needs and
    how to scale them. Where the target is there too, the score is said on standard error. Intervals
    are made of errors on rows that an ensemble set aside for it, or, of one network, on the rows
    that were held out for the test.
    """
    from ...io.saving import load_table_model
    from ..answers.columns import Beside
    from ..answers.written import unread_names
    from ..output import check_free
    from ..source import options_of, too_large

    if out is not None:
        check_free(Path(out), force)
    trained = load_table_model(model)
    _check_one_target(trained, wishes)
    wish = Wish(Beside(wishes.pop("proba"), wishes.pop("intervals")), **wishes)
    options = options_of(trained)
    texts = (*options.texts, *unread_names(trained, wish.keep))
    rows = too_large(data, replace(options, texts=texts))
    if rows is not None:
        return _in_blocks(trained, rows, wish, out, force)
    predicted = _predicted(trained, data, wish)
    hint = [next_command("score", model, data)] if _is_scored(predicted.values) else []
    text = _header(predicted.columns) + _lines(predicted.columns)
    if out is not None:
        from ...storage.atomic import atomic_write

        atomic_write(out, text.encode(), force)
    values = {**predicted.values, "out": out}
    return Answer(values, lambda to: _show(to, text, out, (*predicted.told, *hint)))


def _check_one_target(model: TableModel, wishes: Mapping[str, Any]) -> None:
    """Raise for what is written of one target, where a model has several."""
    for name, option in (("fill", "--fill"), ("name", "--as")):
        if wishes[name] and len(model.target.parts) > 1:
            raise click.UsageError(
                f"{option} is for one target, and this model predicts {model.target.name}"
            )


def _predicted(model: TableModel, data: str, wish: Wish) -> Predicted:
    """Answer a table that fits into memory."""
    from ..answers.asked import ask, told
    from ..answers.written import unread_names, written_cells
    from ..source import load_known

    if wish.fill:
        return _filled(model, data, wish)
    if wish.sample is not None:
        return _submitted(model, data, wish, wish.sample)
    with told(wish.strict):
        table = load_known(data, model, unread_names(model, wish.keep))
        question = ask(model, table)
    answers = wish.beside.columns(model, question.X)
    kept = written_cells(data, model, table, wish.keep)
    score = _score(model, table, predictions(model, answers))
    values = {**_values(question, kept, answers), **score, **wish.beside.told(model)}
    told_of = [question.sentence_of_seen, *_of_score(score)]
    return Predicted(wish.written(kept, answers, model.target.name), values, tuple(told_of))


def _filled(model: TableModel, data: str, wish: Wish) -> Predicted:
    """Answer the rows that have no target."""
    from ..answers.asked import ask, rows_of, told
    from ..answers.filled import filled, target_cells, without_target
    from ..answers.written import unread_names, written_cells
    from ..source import load_known

    with told(wish.strict):
        table = load_known(data, model, unread_names(model, wish.keep))
        rows = without_target(model, table)
        question = ask(model, rows_of(table, rows))
    cells = target_cells(data, model, table)
    answers = filled(cells, rows, wish.beside.columns(model, question.X) if len(rows) else {})
    kept = written_cells(data, model, table, wish.keep)
    what = "had no" if len(rows) != 1 else "has no"
    said = f"{len(rows)} of {len(cells)} rows {what} {model.target.name!r}; predicted."
    values = {**_values(question, kept, answers), "n_filled": len(rows)}
    values |= wish.beside.told(model)
    told_of = (question.sentence_of_seen, said)
    return Predicted(wish.written(kept, answers, model.target.name), values, told_of)


def _submitted(model: TableModel, data: str, wish: Wish, path: str) -> Predicted:
    """Answer the rows that a competition's sample asks for."""
    from ..answers.asked import asked
    from ..answers.columns import Beside
    from ..answers.submission import Sample, submission
    from ..answers.written import column_names, unread_names, written_cells

    sample = Sample.read(path)
    question = asked(data, model, wish.strict, unread_names(model, sample.columns))
    table = question.table
    answers = Beside(proba=model.target.classes).columns(model, question.X)
    predicted = (*model.target.names, wish.name)
    names = sample.identified_by(column_names(data, table), predicted)
    ids = written_cells(data, model, table, names)
    made = submission(sample, model, answers, ids, wish.name, wish.beside.proba)
    score = _score(model, table, predictions(model, answers))
    values = {**_values(question, {}, answers), **score, "submission": made.columns}
    told_of = (question.sentence_of_seen, *made.told, *_of_score(score))
    return Predicted(made.columns, values, told_of)


def _values(question: Asked, kept: Columns, answers: Columns) -> Values:
    """What --json tells of answers."""
    return {
        **answers,
        "n_rows": len(next(iter(answers.values()))),
        "n_seen_in_training": question.seen,
        "unknown_categories": question.unknown.texts,
        **({"kept": kept} if kept else {}),
    }


def _score(model: TableModel, table: Table, predicted: np.ndarray) -> dict[str, float]:
    """Accuracy, or R² and the mean error, on the rows that have a target."""
    from ..answers.scored import weights_if_any
    from ..blockwise import StreamingScore

    score = StreamingScore(model.target)
    score.add(model.truth(table), predicted, weights_if_any(model, table))
    return score.score


def _in_blocks(
    model: TableModel, rows: ParquetRows, wish: Wish, out: str | None, force: bool
) -> Answer:
    """Predict a table that does not fit into memory; the answer has no predictions in it."""
    from ...experiment.kept import seen_rows
    from ...experiment.splitting.seen import sentence_of_seen
    from ...storage.atomic import atomic_write_parts
    from ..answers.blocks import Seen, answered
    from ..blockwise import StreamingScore

    _refuse_in_blocks(wish, out)
    score, target = StreamingScore(model.target), model.target.name
    seen = Seen(seen_rows(model))
    blocks = answered(model, rows, wish.beside, wish.keep, score, seen)
    written = (wish.written(kept, answers, target) for kept, answers in blocks)
    said = _told_at_the_end(_csv_parts(written), wish.strict, score, model)
    if out is not None:
        atomic_write_parts(out, (part.encode() for part in said), force)
    else:
        for part in said:
            echo_data(part)
    unknown = {"unknown_categories": score.unknown.texts}
    counted = {"n_rows": score.n_rows, "n_seen_in_training": seen.count}
    values = {**counted, **score.score, **unknown, **wish.beside.told(model), "out": out}
    told = (sentence_of_seen(seen.count or 0, score.n_rows), *_of_score(score.score))
    return Answer(values, lambda to: _show(to, "", out, told))


def _refuse_in_blocks(wish: Wish, out: str | None) -> None:
    """Raise for what takes the whole table."""
    asked = {"--fill": wish.fill, "--sample": wish.sample}
    option = next((name for name, wanted in asked.items() if wanted), None)
    if option is not None:
        raise click.UsageError(f"{option}: it takes a table that fits into memory")
    if out is None and click.get_current_context().meta.get(AS_JSON):
        raise click.UsageError("--json: these rows are too many for one object; name a file, --out")


def _told_at_the_end(
    parts: Iterator[str], strict: bool, score: StreamingScore, model: TableModel
) -> Iterator[str]:
    """The parts of the output; what there is to say of the rows is known after the last one."""
    from ...errors import warn
    from ..answers.asked import told

    with told(strict):
        yield from parts
        for sentence in score.sentences(model.preprocessing):
            warn(sentence)


def _csv_parts(blocks: Iterable[Columns]) -> Iterator[str]:
    """A header, then the lines of each block."""
    for number, columns in enumerate(blocks):
        yield _lines(columns) if number else _header(columns) + _lines(columns)


def _header(columns: Columns) -> str:
    return _as_csv([list(columns)])


def _lines(columns: Columns) -> str:
    """One line a row; numbers keep all their digits."""
    return _as_csv(zip(*(plain(column) for column in columns.values())))


def _as_csv(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _is_scored(values: Values) -> bool:
    """Whether rows had a target beside their predictions."""
    return "accuracy" in values or "mean_error" in values


def _of_score(score: dict[str, float]) -> list[str]:
    """A sentence a score."""
    words = {"r2": "R²", "mean_error": "mean error"}
    parts = {name: name.partition(" of ") for name in score}
    return [
        f"{words.get(metric, metric)}{of}{target} on these rows: {score[name]:.4f}"
        for name, (metric, of, target) in parts.items()
    ]


def _show(to: Console, text: str, out: str | None, told: Iterable[str]) -> None:
    """Print the predictions, or where they are; what is told of them goes to standard error."""
    if out is None:
        echo_data(text)
    else:
        to.print(f"Predictions: {out}", soft_wrap=True)
    for sentence in filter(None, told):
        messages().print(sentence, soft_wrap=True, markup=False)
