"""Where a command's rows come from: a built-in data set's name, or a file."""

from __future__ import annotations

from collections.abc import Collection

from ..datasets import NAMED, load_named
from ..errors import InvalidInput
from ..tables import Table, read_table

SOURCE = f"FILE, or one of {', '.join(NAMED)}"


def load(source: str, target: str | None = None, categorical: Collection[str] = ()) -> Table:
    """Load a built-in set by its name, or read a file; a target chooses a column of a file."""
    if source not in NAMED:
        return read_table(source, target, categorical=categorical)
    table = load_named(source)
    if target not in (None, table.target):
        raise InvalidInput(
            f"The built-in set {source!r} has the target {table.target!r}, not {target!r}; "
            "leave --target out."
        )
    return table
