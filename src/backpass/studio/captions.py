"""What rows, inputs and outputs are called, and the units of their numbers: the table's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..data.raw import Numbers, RawColumn, Texts

MOST_COLUMNS = 300  # of a table whose cells stand beside the network's inputs


@dataclass(frozen=True)
class Captions:
    """Names and units for the page; whatever is empty is not known.

    Attributes
    ----------
    rows : list of int
        The rows' numbers in their table.
    inputs : list of str
        What the network's inputs are called.
    columns : dict from str to list of str
        The rows' cells as they stand in the table, by column.
    outputs : list of str
        What numbers at the outputs are of; classes have their own names.
    scales : list of (float, float)
        Centre and scale of each output of numbers: centre + scale · a is in the target's own unit.
    units : str
        A sentence on the units of inputs and outputs.
    command : str
        What starts the studio again.
    """

    rows: list[int] = field(default_factory=list[int])
    inputs: list[str] = field(default_factory=list[str])
    columns: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    outputs: list[str] = field(default_factory=list[str])
    scales: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    units: str = ""
    command: str = ""


def cells_of(columns: Mapping[str, RawColumn], rows: Sequence[int]) -> dict[str, list[str]]:
    """Return the cells of some rows as people read them, by column; none of a very wide table."""
    if len(columns) > MOST_COLUMNS:
        return {}
    which = np.asarray(rows, dtype=np.intp)
    return {name: _texts(column.take(which)) for name, column in columns.items()}


def _texts(column: RawColumn) -> list[str]:
    """Cells as text, empty where there is none."""
    if isinstance(column, Texts):
        return [cell or "" for cell in column.cells()]
    if isinstance(column, Numbers):
        return [_number(value) for value in column.values.tolist()]
    cells = getattr(column, "values", None)
    return [] if cells is None else [str(cell) for cell in cells]


def _number(value: float | bool) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.12g}"
    return str(value)
