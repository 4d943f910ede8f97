"""The cells of a table's column: numbers, text and gaps, whatever type holds them.

A row is named by its number, the first one is 0, as NumPy and pandas have it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from decimal import Decimal
from shlex import quote
from typing import Any, SupportsFloat

import numpy as np

from ..arrays import ArrayLike
from ..errors import InvalidInput

TableLike = Any  # a data frame of any library, or a mapping from names to columns
ByName = dict[str, np.ndarray]

MOST_LETTERS = 40  # of a cell, in a message
KINDS = {"ndarray": "list", "dict": "structure of fields", "bytes": "piece of binary data"}


def as_table(source: TableLike, wanted: Collection[str] | None = None) -> ByName:
    """Return a data frame, or a mapping from names to columns, as names and arrays of cells."""
    wanted = None if wanted is None else frozenset(wanted)
    kept = [name for name in names_of(source) if wanted is None or str(name) in wanted]
    return {str(name): cells_of(source[name], name) for name in kept}


def names_of(source: TableLike) -> list[object]:
    """Return the names of a table's columns; Arrow's tables have the cells under ``columns``."""
    for attribute in ("column_names", "columns"):
        if hasattr(source, attribute):
            return list(getattr(source, attribute))
    return list(source)


def cells_of(column: ArrayLike, name: object) -> np.ndarray:
    """Return a column as an array; what pandas calls missing becomes NaN."""
    array = column if isinstance(column, np.ndarray) else _foreign_cells(column)
    if array.ndim != 1:
        raise InvalidInput(
            f"Column {str(name)!r} has the shape {array.shape}; a column is one-dimensional, and "
            "its name occurs once."
        )
    return array


def _foreign_cells(column: ArrayLike) -> np.ndarray:
    """Return the cells of a pandas series (or of a list) as an array."""
    if not (hasattr(column, "isna") and hasattr(column, "dtype")):
        return np.asarray(column)
    if getattr(column.dtype, "kind", "O") in "biufM" and isinstance(column.dtype, np.dtype):
        return column.to_numpy()
    return column.to_numpy(dtype=object, na_value=np.nan)


def is_numeric(cells: np.ndarray) -> bool:
    """Whether most of the cells are numbers, so that the others are mistakes or gaps."""
    if cells.dtype.kind in "biuf":
        return True
    present = cells[~is_gap(cells)]
    return 2 * sum(_number(cell) is not None for cell in present) > len(present)


def numbers_of(cells: np.ndarray, name: str) -> np.ndarray:
    """Return the cells as float64, NaN for a gap; text and infinities are refused, with the row."""
    if cells.dtype.kind in "biuf":
        numbers = cells.astype(np.float64)
    else:
        gap = is_gap(cells)
        found = [math.nan if gone else _number(cell) for cell, gone in zip(cells, gap)]
        _refuse_text(cells, [number is None for number in found], name)
        numbers = np.array(found, dtype=np.float64)
    _refuse_infinite(numbers, name)
    return numbers


def texts_of(cells: np.ndarray) -> list[str | None]:
    """Return the cells as text, None for a gap; the numbers 3 and 3.0 are the same category."""
    return [None if gone else _text(cell) for cell, gone in zip(cells, is_gap(cells))]


def quoted(names: Iterable[str], most: int = 8) -> str:
    """List names for a message, the first few of them."""
    names = list(names)
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def as_argument(text: str) -> str:
    r"""Write a text as the shell takes it after an option, on one line whatever is in it.

    Examples
    --------
    >>> as_argument("zip"), as_argument("my rooms"), as_argument("length\n(cm)")
    ('zip', "'my rooms'", "$'length\\n(cm)'")
    """
    if text.isprintable():
        return quote(text)
    letters = text.replace("\\", r"\\").replace("'", r"\'")
    return f"$'{''.join(c if c.isprintable() else repr(c)[1:-1] for c in letters)}'"


def _number(cell: SupportsFloat | str) -> float | None:
    """Read a cell as a number; None where it is not one, as 1_000 and １２ are none in a file."""
    if isinstance(cell, str) and ("_" in cell or not cell.isascii()):
        return None
    try:
        number = float(cell)
    except (TypeError, ValueError):
        return None
    # "nan" in a text column is a word; a NaN that is a number was seen as a gap before.
    return None if math.isnan(number) else number


def _text(cell: object) -> str:
    """Read a cell as a category."""
    if isinstance(cell, float | np.floating) and float(cell).is_integer():
        return str(int(cell))
    return str(cell)


def is_gap(cells: np.ndarray) -> np.ndarray:
    """Whether each cell is missing: NaN, None, NaT, or empty text."""
    if cells.dtype.kind in "biu":
        return np.zeros(len(cells), dtype=bool)
    if cells.dtype.kind == "f":
        return np.isnan(cells)
    return np.array([_is_missing(cell) for cell in cells], dtype=bool)


def _is_missing(cell: object) -> bool:
    """Whether a cell is missing; a list in a cell is something, whatever is in it."""
    if isinstance(cell, str):
        return not cell or cell.isspace()
    if isinstance(cell, float | np.generic | Decimal):
        return bool(cell != cell)
    return cell is None or type(cell).__name__ in ("NAType", "NaTType")


def _refuse_text(cells: np.ndarray, wrong: list[bool], name: str) -> None:
    """Raise where a column of numbers holds text, and say where."""
    if any(wrong):
        row = wrong.index(True)
        raise InvalidInput(
            f"Column {name!r} holds numbers, but row {row} (the first row is 0) holds "
            f"{str(cells[row])[:MOST_LETTERS]!r}{_and_more(sum(wrong), 'such cell')}."
        )


def _refuse_infinite(numbers: np.ndarray, name: str) -> None:
    """Raise where a column holds infinities, and say how many and where."""
    infinite = np.isinf(numbers)
    if infinite.any():
        raise InvalidInput(
            f"Column {name!r} holds {count(int(infinite.sum()), 'infinite number')}, "
            f"the first in row {int(infinite.argmax())} (the first row is 0)."
        )


def refuse_gaps(cells: np.ndarray, name: str) -> None:
    """Raise where the target is missing, and say how often and where."""
    gap = is_gap(cells)
    if gap.any():
        raise InvalidInput(
            f"The target column {name!r} has {count(int(gap.sum()), 'missing value')} (NaN), "
            f"the first in row {int(gap.argmax())} (the first row is 0); "
            "leave those rows out."
        )


def refuse_unsupported(cells: np.ndarray, name: str) -> None:
    """Raise for a column whose cells are neither numbers nor text."""
    if cells.dtype.kind in "mM":
        raise InvalidInput(
            f"Column {name!r} holds dates or times; turn it into numbers (a year, an age) first, "
            "or leave it out."
        )
    if cells.dtype.kind != "O":
        return
    known = (str, bool, int, float, np.generic, Decimal)
    unsupported = [not isinstance(c, known) for c in cells] & ~is_gap(cells)
    if unsupported.any():
        kind = type(cells[unsupported.argmax()]).__name__
        raise InvalidInput(
            f"Column {name!r} holds a {KINDS.get(kind, kind)} in row {unsupported.argmax()} (the "
            "first row is 0), which is neither a number nor text; leave the column out."
        )


def refuse_empty(cells: np.ndarray, name: str) -> None:
    """Raise for a column that cannot be learned from because no cell is filled, or it is dates."""
    refuse_unsupported(cells, name)
    if len(cells) == 0:
        raise InvalidInput("The table has no rows.")
    if is_gap(cells).all():
        raise InvalidInput(f"Column {name!r} is empty in every row; leave it out.")


def _and_more(number: int, thing: str) -> str:
    """Say how many there are, where there is more than one."""
    return f" ({count(number, thing)} in all)" if number > 1 else ""


def count(number: int, thing: str, things: str = "") -> str:
    """Write a number with its noun."""
    return f"{number} {thing}" if number == 1 else f"{number} {things or thing + 's'}"
