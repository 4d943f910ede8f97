"""``backpass export``: a trained model in a form that other programs read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from ...errors import InvalidInput
from ..command import Answer, Command

if TYPE_CHECKING:
    from ...models.table_model import TableEstimator

Write = Callable[["TableEstimator", Path, bool], object]


@click.command(cls=Command)
@click.argument("model")
@click.option("--onnx", metavar="FILE", help="As ONNX, for onnxruntime and the like.")
@click.option(
    "--mat", metavar="FILE", help="The weights as the course's Theta1, Theta2, … in .mat."
)
@click.option("--force", is_flag=True, help="Replace files that exist.")
def export(model: str, onnx: str | None, mat: str | None, force: bool) -> Answer:
    """Write the trained MODEL for other programs: as ONNX, as a .mat file, or both.

    The ONNX model of an ensemble takes each raw column by its name: numbers, texts of categories,
    and dates as seconds since 1970; that of a single network takes the raw columns of numbers in
    the order of training. The .mat file holds a network's weights alone, which take what the
    preprocessing makes of a table.
    """
    from ...io.saving import load
    from ..output import check_free

    asked = [(option, Path(file)) for option, file in (("onnx", onnx), ("mat", mat)) if file]
    if not asked:
        raise click.UsageError("name what to write: --onnx FILE, --mat FILE, or both")
    for option, path in asked:
        check_free(path, force, f"--{option}")
    estimator = load(model)
    for option, path in asked:
        _WRITERS[option](estimator, path, force)
    files = {option: str(path) for option, path in asked}
    return Answer({"model": model, "onnx": None, "mat": None, **files}, lambda to: _show(to, files))


def _as_onnx(estimator: TableEstimator, path: Path, force: bool) -> object:
    from ...io.onnx import to_onnx

    return to_onnx(estimator, path, force=force)


def _as_mat(estimator: TableEstimator, path: Path, force: bool) -> None:
    from ...io.mat import to_mat
    from ...models.table_model import Tabular

    if isinstance(estimator, Tabular):
        raise InvalidInput("A .mat file holds the weights of one network, and this is an ensemble.")

    to_mat(estimator, path, force=force)


_WRITERS: dict[str, Write] = {"onnx": _as_onnx, "mat": _as_mat}


def _show(to: Console, files: dict[str, str]) -> None:
    for form, path in files.items():
        to.print(f"{form.upper()}: {path}", soft_wrap=True)
