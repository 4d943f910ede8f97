"""SQLite's data bases, read and never written."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ...errors import InvalidInput, listed
from ..memory import has_room_for
from ..raw import RawTable
from .frames import raw_of_columns
from .how import ReadingOptions

Rows = list[tuple[object, ...]]

STEP = 1 << 14  # rows
CELL_BYTES = 60  # that a cell takes in memory, roughly
JOURNAL = slice(18, 20)  # bytes of a file's head; 2 says that a second file holds the last changes


def read_sqlite(
    file: Path | bytes | memoryview,
    table: str | None,
    options: ReadingOptions,
    columns: Collection[str] | None = None,
) -> RawTable:
    """Read a table, or a view, of a data base.

    Parameters
    ----------
    file : path or bytes-like
        The data base.
    table : str, optional
        Which table; by default the only one.
    options : ReadingOptions
        What stands for a gap.
    columns : collection of str, optional
        Columns to read; all by default.

    Raises
    ------
    InvalidInput
        If it is no data base, or has several tables, or no such table.
    """
    with _opened(file) as connection:
        name = _chosen(connection, table)
        kinds = _columns(connection, name)
        kept = [column for column in kinds if columns is None or column in columns]
        rows = _rows(connection, name, kept or [*kinds][:1])
    cells: dict[str, object] = dict(zip(kept, zip(*rows)))
    raw = replace(raw_of_columns(cells, None, options.na), rows=len(rows))
    truths = [column for column in kept if kinds[column].upper().startswith("BOOL")]
    notes = [f"Column {c!r} is one of truth values, which SQLite holds as 0 and 1." for c in truths]
    return replace(raw, notes=(*raw.notes, *notes))


@contextmanager
def _opened(file: Path | bytes | memoryview) -> Generator[sqlite3.Connection]:
    """Open a file for reading alone, or the bytes of one that was packed."""
    if isinstance(file, Path):
        connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
    else:
        connection = sqlite3.connect(":memory:")
        content = bytearray(file)
        content[JOURNAL] = b"\1\1"  # the second file was not packed with it
        connection.deserialize(bytes(content))
    with contextlib.closing(connection):
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA query_only = ON")
        yield connection


def _chosen(connection: sqlite3.Connection, wanted: str | None) -> str:
    """The table that is asked for, or the only one."""
    found = connection.execute("SELECT type, name FROM sqlite_master").fetchall()
    tables = [n for kind, n in found if kind == "table" and not n.startswith("sqlite_")]
    views = [name for kind, name in found if kind == "view"]
    shown = listed([repr(name) for name in (tables + views)[:8]]) if tables + views else "none"
    if wanted is not None:
        if wanted in tables + views:
            return wanted
        raise InvalidInput(f"It has no table {wanted!r}; it has {shown}.")
    if len(tables) == 1:
        return tables[0]
    if not tables:
        raise InvalidInput("It is a data base without a table.")
    raise InvalidInput(
        f"It is a data base of {len(tables)} tables, {shown}; say which one, as in "
        f"file.db::{tables[0]}."
    )


def _columns(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    """The columns of a table and the types that they were declared with."""
    described = connection.execute(f"PRAGMA table_info({_quoted(table)})").fetchall()
    return {str(name): str(kind or "") for _, name, kind, *_ in described}


def _rows(connection: sqlite3.Connection, table: str, columns: list[str]) -> Rows:
    """Read rows as long as there is memory; a view may have more than any file."""
    chosen = ", ".join(map(_quoted, columns))
    cursor = connection.execute(f"SELECT {chosen} FROM {_quoted(table)}")
    rows: Rows = []
    while more := cursor.fetchmany(STEP):
        rows += more
        if not has_room_for(len(rows) * len(columns) * CELL_BYTES):
            raise InvalidInput(f"Its table {table!r} has more rows than the memory holds.")
    if not rows:
        raise InvalidInput(f"Its table {table!r} has no row.")
    return rows


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
