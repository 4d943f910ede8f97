"""``backpass explain``: where one number of a row's pass comes from."""

from __future__ import annotations

from typing import Any

import click

from .command import Answer, Command

SYMBOLS = ("z", "a", "delta", "Delta", "D", "J", "Theta", "cost")


@click.command(cls=Command)
@click.argument("model")
@click.argument("data")
@click.argument("symbol", type=click.Choice(SYMBOLS))
@click.option("--row", type=int, default=0, help="The row, counted from 0.")
@click.option("--layer", type=int, help="The notes' number of the layer; 1 is the input.")
@click.option("--unit", type=int, help="The unit, from 0; for Delta, D and Theta the row.")
@click.option("--column", type=int, help="The column of Delta, D or Theta; 0 is the bias.")
def explain(model: str, data: str, symbol: str, row: int, **place: Any) -> Answer:
    """Explain where a number of MODEL's pass over a row of DATA comes from.

    Prints the formula, the formula with its numbers, and the value: for example
    `backpass explain cars.backpass cars.csv delta --layer 2 --unit 3 --row 7`.
    """
    from ..explain import explain as explain_number
    from .model import load_model, traced_row

    found = explain_number(traced_row(load_model(model), data, row), symbol, **place)
    values = {"symbol": symbol, "row": row, **place, "value": found.value, "text": str(found)}
    return Answer(values, lambda to: to.print(str(found), soft_wrap=True, markup=False))
