"""``backpass trace``: every number of one row's pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import numpy as np
from rich.console import Console
from rich.table import Table as RichTable

from ..command import Answer, Command, Json, Values
from ..option_types import member_option

if TYPE_CHECKING:
    from ...inspection.trace import Trace

MOST_NUMBERS = 8  # of an array, in the terminal; --json has them all


@click.command(cls=Command)
@click.argument("model")
@click.argument("data")
@click.option("--row", type=int, default=0, show_default=True, help="The row, counted from 0.")
@member_option
def trace(model: str, data: str, row: int, member: int | None) -> Answer:
    """Show every a, z, δ, Δ and D of one row of DATA, on its way through the trained MODEL.

    Without the target column in DATA the pass ends with the answer, because δ compares it with the
    target. The layers have the notes' numbers: 1 is the input. λ is one row's part of the
    training's. --json prints all numbers.
    """
    from ..trained import LookedAt

    trained = LookedAt.at(model, member)
    t = trained.traced_row(data, row)
    return Answer({**_values(t, row), **trained.told}, lambda to: _show(to, t, row))


def _values(t: Trace, row: int) -> Values:
    """All numbers: name -> layer -> array."""
    layers: dict[str, dict[int, np.ndarray]] = {}
    values: dict[str, Json] = {"row": row, "J": t.J, "lambda": t.lam, "network": str(t.net)}
    for name, layer, array in t:
        if layer is None:
            values[name] = array
        else:
            layers.setdefault(name, {})[layer] = array
            values[name] = layers[name]
    return values


def _show(to: Console, t: Trace, row: int) -> None:
    """The summary table, and the numbers of the row in each layer."""
    to.print(t)
    numbers = RichTable(title=f"Row {row}, unit by unit", show_lines=False)
    numbers.add_column("")
    numbers.add_column("numbers")
    for name in ("a", "z", "delta"):
        for layer, array in sorted(getattr(t, name).items()):
            symbol = "δ" if name == "delta" else name
            numbers.add_row(f"{symbol}^({layer})", _few(array[0]))
    if t.Y is not None:
        numbers.add_row("Y", _few(t.Y[0]))
    to.print(numbers)


def _few(array: np.ndarray) -> str:
    """The first numbers of an array, and how many more there are."""
    shown = "  ".join(f"{number:.4g}" for number in array[:MOST_NUMBERS])
    more = len(array) - MOST_NUMBERS
    return f"{shown}  … and {more} more" if more > 0 else shown
