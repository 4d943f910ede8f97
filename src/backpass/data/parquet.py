"""Parquet files as rows that are read a slice at a time, whatever the size of their row groups."""

from __future__ import annotations

import os
import shutil
import weakref
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from ..errors import InvalidInput
from ..extras import optional
from .parsing import error_context, parse
from .raw import RawTable
from .reading.arrow_columns import raw_of_arrow
from .reading.how import ReadingOptions
from .reading.large import Written, write_parquet
from .tables import find_column

if TYPE_CHECKING:
    from pandas import DataFrame
    from pyarrow import RecordBatch, Schema, Table
    from pyarrow.parquet import ParquetFile

BUFFER_BYTES = 1 << 14  # of each column
MOST_ROWS = 1 << 31  # of a row group; writers make them of a million or so
TEXT_BYTES = 64  # that a cell of text takes in memory, roughly


class ParquetRows:
    """The row groups of a file, or of a folder's ``.parquet`` files in the order of their names.

    Parameters
    ----------
    path : str or path
        The file or the folder.

    Raises
    ------
    InvalidInput
        If there are no such files, or they have no rows.
    MissingExtra
        If pyarrow is not installed.
    """

    notes: tuple[str, ...] = ()
    header = True
    decimal = "."

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._parquet = optional("pyarrow.parquet", "Reading a Parquet file")
        self.path = Path(path)
        self._names: dict[Path, list[str]] = {}
        self._row_groups: list[tuple[Path, int, int]] = []
        for file in _parquet_files(self.path):
            opened = self._open(file)
            if not self._names:
                self.schema = opened.schema_arrow
            self._names[file] = opened.schema_arrow.names
            sizes = [opened.metadata.row_group(i).num_rows for i in range(opened.num_row_groups)]
            if any(not 0 <= size <= MOST_ROWS for size in sizes):
                raise InvalidInput(f"{file} claims a row group of an impossible number of rows.")
            self._row_groups += [(file, i, size) for i, size in enumerate(sizes) if size]
        if not self._row_groups:
            raise InvalidInput(f"{path} has no rows.")
        self.names: list[str] = parse(self.path, lambda _: _columns(self.schema))

    @property
    def sizes(self) -> list[int]:
        """Rows of each row group."""
        return [size for _, _, size in self._row_groups]

    @property
    def decoded_bytes(self) -> int:
        """Roughly what all columns take in memory, numbers in double precision."""
        types = optional("pyarrow.types", "Reading a Parquet file")
        kinds = [self.schema.field(name).type for name in self.names]
        return sum(self.sizes) * sum(8 if types.is_primitive(k) else TEXT_BYTES for k in kinds)

    def check(self, columns: Iterable[str]) -> None:
        """Raise if one of the files lacks a column."""
        for column in columns:
            find_column(self.path, column, self.names)
            for file, names in self._names.items():
                find_column(file, column, names)

    def where(self, group: int) -> str:
        """Name a row group, for a message."""
        file, number, _ = self._row_groups[group]
        return f"{file}, row group {number}"

    def tables(self, group: int, sizes: Sequence[int], columns: list[str]) -> Iterator[Table]:
        """Cut a row group into Arrow tables of exactly these sizes, no more than one in memory."""
        arrow = optional("pyarrow", "Reading a Parquet file")
        file, number, _ = self._row_groups[group]
        batches = self._open(file).iter_batches(
            max(sizes), row_groups=[number], columns=columns, use_threads=False
        )
        waiting: list[RecordBatch] = []
        for size in sizes:
            while sum(len(batch) for batch in waiting) < size:
                waiting.append(parse(file, lambda _: _next(batches)))
            table = arrow.Table.from_batches(waiting)
            waiting = table.slice(size).to_batches()
            yield table.slice(0, size)

    def frames(self, group: int, sizes: Sequence[int], columns: list[str]) -> Iterator[DataFrame]:
        """Cut a row group into data frames, as ``tables`` cuts it."""
        for table in self.tables(group, sizes, columns):
            yield self._frame(table)

    def raw_tables(
        self, group: int, sizes: Sequence[int], columns: list[str], na: Collection[str] = ()
    ) -> Iterator[tuple[str, RawTable]]:
        """Cut a row group into tables as ``tables`` cuts it, each with its place in words."""
        start = 0
        for table in self.tables(group, sizes, columns):
            where = f"{self.where(group)}, in the rows from {start} on"
            start += len(table)
            raw = parse(self.path, partial(_raw, table, na))
            yield (
                where,
                replace(
                    raw,
                    source=str(self.path),
                    notes=(*self.notes, *raw.notes),
                    header=self.header,
                    decimal=self.decimal,
                ),
            )

    def _frame(self, table: Table) -> DataFrame:
        return parse(self.path, lambda _: table.to_pandas())

    def _open(self, file: Path) -> ParquetFile:
        """Open a file so that columns are read page by page, not a whole row group at once."""
        how = {"pre_buffer": False, "buffer_size": BUFFER_BYTES}
        return parse(file, lambda path: self._parquet.ParquetFile(path, **how))


class ConvertedRows(ParquetRows):
    """The rows of a file of text larger than memory, read of a Parquet file made of it.

    That file lies in a folder beside the other one, or where temporary files do if none may be
    written there, and goes when this object does.

    Parameters
    ----------
    path : str or path
        Text of rows, or JSON lines.
    options : ReadingOptions
        What the user says of it.

    Raises
    ------
    InvalidInput
        If it is no table, or one that is only read in memory.
    MissingExtra
        If pyarrow or clevercsv are not installed.
    """

    def __init__(self, path: str | os.PathLike[str], options: ReadingOptions) -> None:
        folder = _folder_beside(Path(path))
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        file = Path(folder, "table.parquet")
        try:
            written = parse(Path(path), lambda path: _named(path, file, options))
            super().__init__(file)
        except BaseException:
            self._remove()
            raise
        self.path = Path(path)
        self.notes, self.header, self.decimal = written.notes, written.header, written.decimal

    def where(self, group: int) -> str:
        """Name the rows of a row group, for a message."""
        return f"{self.path}, rows from {sum(self.sizes[:group])} on"


def _folder_beside(path: Path) -> str:
    try:
        return mkdtemp(prefix=".backpass-", dir=path.parent)
    except OSError:
        return mkdtemp(prefix="backpass-")


def _named(path: Path, file: Path, options: ReadingOptions) -> Written:
    with error_context(path):
        return write_parquet(path, file, options)


def _columns(schema: Schema) -> list[str]:
    """The columns; the index that pandas writes beside them is none."""
    index = (schema.pandas_metadata or {}).get("index_columns", [])
    return [name for name in schema.names if name not in index]


def _next(batches: Iterator[RecordBatch]) -> RecordBatch:
    """The next rows, if their text is text, and their categories and pandas' notes are there."""
    batch = next(batches, None)
    if batch is None:
        raise InvalidInput("A row group has fewer rows than its file says.")
    batch.validate(full=True)
    _columns(batch.schema)
    return batch


def _parquet_files(path: Path) -> list[Path]:
    """The file, or the folder's files by name."""
    if not os.path.exists(path):
        raise InvalidInput(f"There is no file {path}.")
    files = sorted(path.glob("**/*.parquet")) if path.is_dir() else [path]
    if not files:
        raise InvalidInput(f"{path} is a folder without a .parquet file.")
    return files


def _raw(table: Table, na: Collection[str], _: Path) -> RawTable:
    return raw_of_arrow(table, na)
