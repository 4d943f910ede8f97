"""From a source to a raw table: one reader a format, and what it has to find out."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from ..parsing import error_context, parse
from ..raw import RawTable
from .arrow_files import read_feather, read_parquet
from .excel import read_excel
from .frames import raw_of
from .how import ReadingOptions
from .json_lines import read_json
from .sources import Source, open_source
from .sqlite import read_sqlite
from .surplus_rows import without_surplus_rows
from .text_files.separated import read_separated

__all__ = ["ReadingOptions", "raw_of", "read_raw"]

Reader = Callable[[Source, ReadingOptions, Collection[str] | None], RawTable]


def read_raw(
    source: str | os.PathLike[str],
    options: ReadingOptions | None = None,
    columns: Collection[str] | None = None,
) -> RawTable:
    """Read a table from a file, an archive, a data base or standard input.

    Parameters
    ----------
    source : str or path
        Text of any dialect, Parquet (a file, or a folder of them), Feather, a workbook, JSON, or an
        SQLite data base; also packed (``.gz``, ``.bz2``, ``.xz``, ``.zst``, ``.zip``). ``-`` is
        standard input.
    options : ReadingOptions, optional
        What the user says; the rest is found out.
    columns : collection of str, optional
        Columns to read, as far as the source has them; all by default.

    Returns
    -------
    RawTable

    Raises
    ------
    InvalidInput
        If the source is missing, broken or of a kind that is not read. One sentence says where.
    MissingExtra
        If an optional library is needed and not installed.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "fruit.csv")
    >>> _ = path.write_text("weight;colour\\n1,5;red\\n2,25;\\n")
    >>> table = read_raw(path)
    >>> table.columns["weight"].values.tolist(), table.columns["colour"].cells()
    ([1.5, 2.25], ['red', None])
    >>> folder.cleanup()
    """
    options = options or ReadingOptions()
    name = "standard input" if os.fspath(source) == "-" else os.fspath(source)
    found = parse(Path(name), lambda _: open_source(source, options.table))
    table = parse(Path(found.name), lambda _: _read(found, options, columns))
    return replace(table, source=found.name)


def _read(found: Source, options: ReadingOptions, columns: Collection[str] | None) -> RawTable:
    with error_context(found.name):
        return READERS[found.format](found, options, columns)


def _text(found: Source, options: ReadingOptions, columns: Collection[str] | None) -> RawTable:
    table = read_separated(found.data, options, columns, tabs=found.format == "tabs")
    return without_surplus_rows(table)


def _json(found: Source, options: ReadingOptions, columns: Collection[str] | None) -> RawTable:
    return read_json(found.data, options, columns)


def _sqlite(found: Source, options: ReadingOptions, columns: Collection[str] | None) -> RawTable:
    return read_sqlite(found.path or found.data, found.part, options, columns)


def _excel(found: Source, options: ReadingOptions, columns: Collection[str] | None) -> RawTable:
    return without_surplus_rows(read_excel(found.data, found.part, options, columns))


def _parquet(found: Source, options: ReadingOptions, columns: Collection[str] | None) -> RawTable:
    return read_parquet(found.path or found.data, options, columns)


def _arrow(found: Source, options: ReadingOptions, columns: Collection[str] | None) -> RawTable:
    return read_feather(found.data, options, columns)


READERS: dict[str, Reader] = {
    "text": _text,
    "tabs": _text,
    "json": _json,
    "sqlite": _sqlite,
    "excel": _excel,
    "parquet": _parquet,
    "arrow": _arrow,
}
