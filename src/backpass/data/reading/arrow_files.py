"""Parquet files, or folders of them, and Feather files: tables whose columns have types."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ...errors import InvalidInput
from ...extras import optional
from ..memory import has_room_for
from ..raw import RawTable
from .arrow_columns import raw_of_arrow
from .how import ReadingOptions

CONTINUATION = b"\xff\xff\xff\xff"  # with which Arrow's messages begin where they are a stream
CELL_BYTES = 8  # of a number


def read_parquet(
    file: Path | bytes | memoryview,
    options: ReadingOptions,
    columns: Collection[str] | None = None,
) -> RawTable:
    """Read a Parquet file, or a folder of them.

    Parameters
    ----------
    file : path or bytes-like
        A file, a folder, or a file's bytes.
    options : ReadingOptions
        What stands for a gap.
    columns : collection of str, optional
        Columns to read; all by default.

    Raises
    ------
    InvalidInput
        If it has no row, or claims more than the memory holds.
    MissingExtra
        If pyarrow is not installed.
    """
    parquet = optional("pyarrow.parquet", "Reading a Parquet file")
    arrow = optional("pyarrow", "Reading a Parquet file")
    source = file if isinstance(file, Path) else arrow.BufferReader(file)
    dataset = parquet.ParquetDataset(source)
    kept = None if columns is None else [n for n in dataset.schema.names if n in columns]
    _check_size(dataset, len(dataset.schema.names) if kept is None else len(kept))
    table = dataset.read(columns=kept)
    table.validate(full=True)  # damaged text and categories that are not there are found here
    return _raw(table, options, columns)


def read_feather(
    data: bytes | memoryview, options: ReadingOptions, columns: Collection[str] | None = None
) -> RawTable:
    """Read a Feather file, or Arrow's own, file or stream; with ``read_parquet``'s parameters."""
    arrow = optional("pyarrow", "Reading an Arrow file")
    feather = optional("pyarrow.feather", "Reading an Arrow file")
    if bytes(data[:4]) == CONTINUATION:
        table = arrow.ipc.open_stream(arrow.BufferReader(data)).read_all()
    else:
        table = feather.read_table(arrow.BufferReader(data), memory_map=False)
    table.validate(full=True)
    return _raw(table, options, columns)


def _check_size(dataset: object, n_columns: int) -> None:
    """Refuse a damaged file that claims more rows than there is memory for."""
    fragments = dataset.fragments  # type: ignore[attr-defined]
    rows = sum(group.num_rows for each in fragments for group in each.row_groups)
    if rows < 0 or not has_room_for(CELL_BYTES * rows * n_columns):
        raise InvalidInput(f"It claims {rows} rows, which is more than the memory holds.")


def _raw(table: object, options: ReadingOptions, columns: Collection[str] | None) -> RawTable:
    raw = raw_of_arrow(table, options.na, columns)
    if not raw.rows:
        raise InvalidInput("It has no row.")
    return raw
