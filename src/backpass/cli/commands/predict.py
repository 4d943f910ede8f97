"""``backpass predict``: the raw table in, one prediction a row out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
from rich.console import Console

from ..command import AS_JSON, Answer, Command, messages, plain
from ..terminal import echo_data

if TYPE_CHECKING:
    from ...arrays import ArrayLike
    from ...data.parquet import ParquetRows
    from ...data.tables import Table
    from ...estimators.table_model import TableModel


@click.command(cls=Command)
@click.argument("model")
@click.argument("data")
@click.option("--out", metavar="FILE", help="Write the predictions there, as CSV.")
@click.option("--proba", is_flag=True, help="The probability of each class beside it.")
@click.option("--force", is_flag=True, help="Replace a file that exists.")
def predict(model: str, data: str, out: str | None, proba: bool, force: bool) -> Answer:
    """Predict the rows of the table DATA with the trained MODEL; the output is CSV.

    DATA is the raw table, as the model was trained on it: MODEL knows which columns it needs and
    how to scale them. Where the target is there too, the score is said on standard error.
    """
    from ...errors import warn
    from ...io.saving import load_table_model
    from ..output import check_free
    from ..source import load_known, too_large

    if out is not None:
        check_free(Path(out), force)
    trained = load_table_model(model)
    rows = too_large(data)
    if rows is not None:
        return _in_blocks(trained, rows, out, proba, force)
    table = load_known(data, trained)
    X, unknown = trained.encode(table)
    for sentence in unknown.sentences():
        warn(sentence)
    columns = _predictions(trained, X, proba)
    score = _score(trained, table, columns["prediction"])
    text = _header(columns) + _lines(columns)
    if out is not None:
        from ...storage.atomic import atomic_write

        atomic_write(out, text.encode(), force)
    n_rows = len(columns["prediction"])
    values = {**columns, "n_rows": n_rows, **score, "unknown_categories": unknown.texts, "out": out}
    return Answer(values, lambda to: _show(to, text, out, score))


def _predictions(model: TableModel, X: ArrayLike, proba: bool) -> dict[str, np.ndarray]:
    """Columns of the output: the prediction, and a probability for each class."""
    X = X.astype(model.estimator.theta_.dtype)
    columns = {"prediction": model.predict(X)}
    if proba:
        probabilities = model.probabilities(X)
        if model.classes is None or probabilities is None:
            raise click.UsageError(
                f"--proba: the target {model.target.name!r} is a number, which has no classes"
            )
        names = [f"probability of {label}" for label in model.classes]
        columns |= dict(zip(names, probabilities.T))
    return columns


def _score(model: TableModel, table: Table, predicted: np.ndarray) -> dict[str, float]:
    """Accuracy, or R² and the mean error, on the rows that have a target."""
    from ..blockwise import StreamingScore

    score = StreamingScore(model.target.classes)
    score.add(model.truth(table), predicted)
    return score.score


def _in_blocks(
    model: TableModel, rows: ParquetRows, out: str | None, proba: bool, force: bool
) -> Answer:
    """Predict a table that does not fit into memory; the answer has no predictions in it."""
    from ...data.encoding.unknown import Unknown
    from ...errors import warn
    from ...storage.atomic import atomic_write_parts
    from ..blockwise import StreamingScore, predicted

    score = StreamingScore(model.target.classes)
    parts = _csv_parts(predicted(model, rows, lambda X: _predictions(model, X, proba), score))
    if out is not None:
        atomic_write_parts(out, (part.encode() for part in parts), force)
    elif click.get_current_context().meta.get(AS_JSON):
        raise click.UsageError("--json: these rows are too many for one object; name a file, --out")
    else:
        for part in parts:
            echo_data(part)
    for sentence in Unknown(texts=score.unknown).sentences():
        warn(sentence)
    unknown = {"unknown_categories": score.unknown}
    values = {"n_rows": score.n_rows, **score.score, **unknown, "out": out}
    return Answer(values, lambda to: _show(to, "", out, score.score))


def _csv_parts(blocks: Iterator[dict[str, np.ndarray]]) -> Iterator[str]:
    """A header, then the lines of each block."""
    for number, columns in enumerate(blocks):
        yield _lines(columns) if number else _header(columns) + _lines(columns)


def _header(columns: dict[str, np.ndarray]) -> str:
    return _as_csv([list(columns)])


def _lines(columns: dict[str, np.ndarray]) -> str:
    """One line a row; numbers keep all their digits."""
    return _as_csv(zip(*(plain(column) for column in columns.values())))


def _as_csv(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _show(to: Console, text: str, out: str | None, score: dict[str, float]) -> None:
    """Print the predictions, or where they are; the score goes to standard error."""
    if out is None:
        echo_data(text)
    else:
        to.print(f"Predictions: {out}", soft_wrap=True)
    for name, value in score.items():
        name = {"r2": "R²", "mean_error": "mean error"}.get(name, name)
        messages().print(f"{name} on these rows: {value:.4f}")
