"""``backpass explain``: where one number of a row's pass comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from ...errors import InvalidInput
from ..command import Answer, Command
from ..option_types import OneOf, member_option

if TYPE_CHECKING:
    from ...inspection.trace import Trace
    from ...network import Network
    from ..trained import LookedAt


class Place(TypedDict):
    """Where a number stands, by the options that say it."""

    layer: int | None
    unit: int | None
    column: int | None


OPTIONS = {  # by symbol: which options say the place
    "z": ("layer", "unit"),
    "a": ("layer", "unit"),
    "delta": ("layer", "unit"),
    "Delta": ("layer", "unit", "column"),
    "D": ("layer", "unit", "column"),
    "J": (),
    "Theta": ("layer", "unit", "column"),
    "cost": (),
}
WITHOUT_TARGETS = ("z", "a", "Theta")


@click.command(cls=Command)
@click.argument("model")
@click.argument("data")
@click.argument("symbol", metavar="[SYMBOL]", type=OneOf([*OPTIONS]), required=False)
@click.option("--row", type=int, default=0, help="The row, counted from 0.")
@click.option("--layer", type=int, help="The notes' number of the layer; 1 is the input.")
@click.option("--unit", type=int, help="The unit, from 0; for Delta, D and Theta the row.")
@click.option("--column", type=int, help="The column of Delta, D or Theta; 0 is the bias.")
@member_option
def explain(
    model: str,
    data: str,
    symbol: str | None,
    row: int,
    member: int | None,
    **place: Unpack[Place],
) -> Answer:
    """Explain where a number of MODEL's pass over a row of DATA comes from.

    SYMBOL is z, a, delta, Delta, D, J, Theta or cost. Prints the formula, the formula with its
    numbers, and the value: for example
    `backpass explain cars.backpass cars.csv delta --layer 2 --unit 3 --row 7`. Without SYMBOL, an
    ensemble's answer to the row is taken apart: its members, and the columns that moved it.
    """
    from ...inspection.explain import explain as explain_number
    from ..answers.taken_apart import taken_apart
    from ..trained import LookedAt

    trained = LookedAt.at(model, member)
    if symbol is None:
        _refuse_place(trained, place)
        return taken_apart(trained.model, data, row)
    t = trained.traced_row(data, row)
    _check_place(t, symbol, place)
    if t.Y is None and symbol not in WITHOUT_TARGETS:
        raise InvalidInput(f"{data} has no target column, without which there is no {symbol}.")
    found = explain_number(t, symbol, **place)
    values = {"symbol": symbol, "row": row, **place, "value": found.value, "text": str(found)}
    values |= trained.told
    return Answer(values, lambda to: to.print(str(found), soft_wrap=True, markup=False))


def _refuse_place(trained: LookedAt, place: Place) -> None:
    """Raise where a symbol is missing."""
    given = [f"--{name}" for name, k in place.items() if k is not None]
    if given or trained.model.ensemble is None:
        which = f"{' and '.join(given)}: of " if given else ""
        raise click.UsageError(f"{which}which SYMBOL? One of {', '.join(OPTIONS)}")


def _check_place(t: Trace, symbol: str, place: Place) -> None:
    """Raise, in the words of the command line, where the options name no number of that kind."""
    needed = OPTIONS[symbol]
    given = {name: k for name, k in place.items() if isinstance(k, int)}
    missing = [f"--{name}" for name in needed if name not in given]
    extra = [f"--{name}" for name in given if name not in needed]
    if missing:
        raise InvalidInput(f"Which {symbol}? It needs {' and '.join(missing)}.")
    if extra:
        raise InvalidInput(f"{symbol} has no {' and no '.join(extra)}: leave it out.")
    if needed:
        _check_range(t.net, symbol, given)


def _check_range(net: Network, symbol: str, place: dict[str, int]) -> None:
    """Raise where an option lies outside of what the network has."""
    is_matrix = "column" in OPTIONS[symbol]
    layers = range(2 if symbol in ("z", "delta") else 1, net.L + (not is_matrix))
    layer = place["layer"]
    _check_number("layer", layer, layers, f"{symbol} has layers")
    shape = net.shapes[layer - 1] if is_matrix else (net.sizes[layer - 1],)
    counted = ("rows", "columns") if is_matrix else ("units",)
    for name, what, size in zip(("unit", "column"), counted, shape):
        _check_number(name, place[name], range(size), f"{symbol} of layer {layer} has {what}")


def _check_number(option: str, number: int, there: range, has: str) -> None:
    if number not in there:
        raise InvalidInput(f"--{option} {number}: {has} {there[0]} to {there[-1]}.")
