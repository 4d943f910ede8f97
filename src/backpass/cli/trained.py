"""A trained model and the rows that a command gives to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Array
from ..errors import InvalidInput, warn
from ..inspection.decay import lam_of_rows, what_is_missing
from ..inspection.trace import Trace, trace
from .source import load_known

if TYPE_CHECKING:
    from ..models.table_model import TableModel


def lam_of(model: TableModel, rows: int) -> float:
    """Return the λ of some rows, whose λ/m is the training's; warn where that is not known."""
    if model.ensemble is not None:
        return 0.0  # in J of each member: its decay is the optimiser's
    missing = what_is_missing(model.single)
    if missing is not None:
        warn(missing)
    return lam_of_rows(model.single, rows)


def examples(model: TableModel, source: str) -> tuple[Array, np.ndarray]:
    """Load rows as X and Y, as the network takes them."""
    table = load_known(source, model)
    X, y = model.inputs(table), model.targets(table)
    if y is None:
        raise InvalidInput(
            f"{source} has no target column {model.target.name!r}, without which there is no J "
            "and no δ."
        )
    return X, model.Y(y)


def traced_row(model: TableModel, source: str, row: int) -> Trace:
    """Trace one row of a table, counted from 0; without targets where the table has none."""
    table = load_known(source, model)
    X, y = model.inputs(table), model.targets(table)
    m = X.shape[0]
    if not 0 <= row < m:
        raise InvalidInput(f"--row {row}: {source} has {m} rows, 0 to {m - 1}.")
    here = slice(row, row + 1)
    Y = None if y is None else model.Y(y[here], row)
    t = trace(model.net, model.theta, X[here], Y, lam_of(model, 1))
    return replace(t, first=row, names=model.input_names)
