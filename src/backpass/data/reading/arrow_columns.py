"""Arrow's columns, those of Parquet, Feather and other libraries' frames, by their types."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import TYPE_CHECKING, cast

import numpy as np

from ...extras import optional
from ..cells import quoted
from ..raw import GAP, Moments, Numbers, Others, RawColumn, RawTable, Texts
from .header import distinct_names
from .python_cells import MOST_WHOLE, of_numbers, of_words

_UNNAMED = re.compile(r"__index_level_\d+__$|index$")

if TYPE_CHECKING:
    from pyarrow import Array, ChunkedArray, Schema, Table


def raw_of_arrow(
    table: Table, na: Collection[str] = (), columns: Collection[str] | None = None
) -> RawTable:
    """Return an Arrow table's columns.

    Parameters
    ----------
    table : pyarrow.Table
        What pandas says of it in its notes holds: its index is no column, and its categories are
        some, also where they are whole numbers.
    na : collection of str
        Texts that stand for a gap.
    columns : collection of str, optional
        Columns to return; all by default.

    Examples
    --------
    >>> import pyarrow as pa
    >>> raw_of_arrow(pa.table({"a": [1, None], "b": ["x", ""]})).columns["b"].cells()
    ['x', None]
    """
    index, categories = _notes_of_pandas(table.schema)
    kept = [i for i, name in enumerate(table.column_names) if name not in index]
    names, notes = distinct_names([table.column_names[i] for i in kept])
    chosen = {
        name: _column(table.column(i), na, table.column_names[i] in categories)
        for name, i in zip(names, kept)
        if columns is None or name in columns
    }
    named = [name for name in table.column_names if name in index and not _UNNAMED.match(name)]
    if named:
        notes.append(f"The index of pandas is no column: {quoted(named)}.")
    return RawTable(chosen, table.num_rows, "", tuple(notes))


def column_names(schema: Schema) -> list[str]:
    """The columns' names; the index that pandas writes beside them is none."""
    index, _ = _notes_of_pandas(schema)
    return [name for name in schema.names if name not in index]


def _notes_of_pandas(schema: Schema) -> tuple[set[str], set[str]]:
    """The names of pandas' index, and of its columns of categories."""
    notes = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    index = {name for name in notes.get("index_columns", []) if isinstance(name, str)}
    columns = notes.get("columns", [])
    return index, {str(c["name"]) for c in columns if c["pandas_type"] == "categorical"}


def arrow_column(column: ChunkedArray | Array, na: Collection[str] = ()) -> RawColumn:
    """Return one Arrow column, by its type."""
    arrow = optional("pyarrow", "A table of Arrow")
    chunked = column if isinstance(column, arrow.ChunkedArray) else arrow.chunked_array([column])
    return _column(chunked, na, False)


def _column(column: ChunkedArray, na: Collection[str], categories: bool) -> RawColumn:
    types = optional("pyarrow.types", "A table of Arrow")
    arrow = optional("pyarrow", "A table of Arrow")
    kind = column.type
    if isinstance(kind, arrow.BaseExtensionType):
        column = arrow.chunked_array([c.storage for c in column.chunks], kind.storage_type)
        return _column(column, na, categories)
    if categories or types.is_dictionary(kind):
        return _categories(column, na)
    if types.is_boolean(kind) or types.is_integer(kind):
        return _whole(column)
    if types.is_floating(kind):
        return of_numbers(_cells(column).astype(np.float64, copy=False))
    if types.is_decimal(kind):
        return _decimals(column)
    if types.is_date(kind) or types.is_timestamp(kind):
        stamps = column.cast(arrow.timestamp("us", getattr(kind, "tz", None)), safe=False)
        return Moments(_cells(stamps.cast(arrow.timestamp("us"))).astype("datetime64[us]"))
    if types.is_duration(kind):
        return Numbers(_gaps_nan(column, _cells(column.cast(arrow.duration("us"), safe=False))))
    if _is_text(kind) or types.is_time(kind) or types.is_null(kind):
        return _texts(column, na)
    return Others(_other(kind), _gaps(column))


def _is_text(kind: object) -> bool:
    return str(kind) in ("string", "large_string", "string_view")


def _cells(column: ChunkedArray) -> np.ndarray:
    return column.to_numpy(zero_copy_only=False)


def _gaps(column: ChunkedArray) -> np.ndarray:
    return _cells(column.is_null())


def _gaps_nan(column: ChunkedArray, lengths: np.ndarray) -> np.ndarray:
    """Lengths of time as seconds."""
    return np.where(_gaps(column), np.nan, lengths / np.timedelta64(1, "s"))


def _whole(column: ChunkedArray) -> RawColumn:
    gaps = _gaps(column)
    return of_numbers(_cells(column.fill_null(False if str(column.type) == "bool" else 0)), gaps)


def _decimals(column: ChunkedArray) -> RawColumn:
    """Return the nearest doubles of decimal numbers; whole ones as such."""
    arrow = optional("pyarrow", "A table of Arrow")
    written = column.cast(arrow.string())
    values = _cells(written.cast(arrow.float64()))
    if column.type.scale > 0:
        return Numbers(values)
    if len(values) and np.nanmax(np.abs(values), initial=0) >= MOST_WHOLE:
        return _texts(written, ())
    return _whole(column.cast(arrow.int64()))


def _texts(column: ChunkedArray, na: Collection[str]) -> Texts:
    arrow = optional("pyarrow", "A table of Arrow")
    encoded = column.cast(arrow.large_string()).dictionary_encode().combine_chunks()
    return of_words(_codes(encoded), encoded.dictionary.to_pylist(), na)


def _codes(encoded: Array) -> np.ndarray:
    codes = encoded.indices.cast("int64").fill_null(GAP).to_numpy(zero_copy_only=False)
    return cast(np.ndarray, codes.astype(np.int32))


def _categories(column: ChunkedArray, na: Collection[str]) -> Texts:
    """Return categories of any type as texts; those that no row has are left out."""
    encoded = column.unify_dictionaries() if _has_dictionary(column) else column.dictionary_encode()
    encoded = encoded.combine_chunks()
    places = _codes(encoded)
    used, codes = np.unique(places, return_inverse=True)
    codes, used = (codes - 1, used[1:]) if len(used) and used[0] == GAP else (codes, used)
    words = encoded.dictionary.to_pylist()
    kept = [words[place] for place in used.tolist()]
    return of_words(codes.astype(np.int32), kept, na, categories=True)


def _has_dictionary(column: ChunkedArray) -> bool:
    return bool(optional("pyarrow.types", "A table of Arrow").is_dictionary(column.type))


def _other(kind: object) -> str:
    """What cells of other types are, for a message."""
    types = optional("pyarrow.types", "A table of Arrow")
    if types.is_nested(kind):
        if not (types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)):
            return "structures of fields"
        inner = kind.value_type  # type: ignore[attr-defined]
        numbers = types.is_integer(inner) or types.is_floating(inner)
        return "lists of numbers" if numbers else "lists"
    return "pieces of binary data" if "binary" in str(kind) else f"cells of the type {kind}"
