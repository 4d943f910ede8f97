"""What Python holds as a table: data frames of any library, columns by name, lists of records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from ...errors import InvalidInput
from ...extras import optional
from ..raw import Moments, Numbers, RawColumn, RawTable
from .arrow_columns import arrow_column, raw_of_arrow
from .header import distinct_names
from .python_cells import column_of_array, column_of_cells, of_numbers, of_words

if TYPE_CHECKING:
    from pandas import DataFrame, Series
    from pyarrow import ChunkedArray

FEW_ROWS = 64  # of which a loop over the cells is faster than pandas


def raw_of(
    source: object, columns: Collection[str] | None = None, na: Collection[str] = ()
) -> RawTable:
    """Return a table that Python holds as a raw one.

    Parameters
    ----------
    source : data frame, mapping or sequence of mappings
        A data frame of pandas, polars or another library, a table of Arrow, columns by name (of
        arrays or lists), or records.
    columns : collection of str, optional
        Columns to return, as far as there are; all by default.
    na : collection of str
        Texts that stand for a gap.

    Returns
    -------
    RawTable

    Raises
    ------
    InvalidInput
        If it is no table.

    Examples
    --------
    >>> table = raw_of([{"a": 1, "b": "x"}, {"a": 2.5}])
    >>> table.columns["a"].values.tolist(), table.columns["b"].cells()
    ([1.0, 2.5], ['x', None])
    """
    if isinstance(source, RawTable):
        return source
    if _is_of(source, "pandas"):
        return _raw_of_pandas(cast("DataFrame", source), columns, na)
    if isinstance(source, np.ndarray) and source.dtype.names:
        source = {name: source[name] for name in source.dtype.names}
    if isinstance(source, Mapping):
        return raw_of_columns({str(n): cells for n, cells in source.items()}, columns, na)
    if hasattr(source, "__arrow_c_stream__"):
        arrow = optional("pyarrow", "A data frame of another library")
        return raw_of_arrow(arrow.table(source), na, columns)
    if isinstance(source, list | tuple) and all(isinstance(row, Mapping) for row in source):
        return raw_of_records(cast("Sequence[Mapping[str, object]]", source), columns, na)
    raise InvalidInput(
        f"A table is a data frame, columns by name or a list of records, not {type(source)!r}."
    )


def raw_of_columns(
    source: Mapping[str, object],
    columns: Collection[str] | None = None,
    na: Collection[str] = (),
) -> RawTable:
    """Return columns by name, each of them an array, a series or a list."""
    names, notes = distinct_names([*source])
    chosen = {
        name: _column(cells, name, na)
        for name, cells in zip(names, source.values())
        if columns is None or name in columns
    }
    lengths = {name: len(column) for name, column in chosen.items()}
    if len({*lengths.values()}) > 1:
        (first, m), *others = lengths.items()
        name, other = next((name, n) for name, n in others if n != m)
        raise InvalidInput(
            f"Column {name!r} has {other} cells, but column {first!r} has {m}; a table's columns "
            "have one length."
        )
    return RawTable(chosen, max(lengths.values(), default=0), "", tuple(notes))


def raw_of_records(
    records: Sequence[Mapping[str, object]],
    columns: Collection[str] | None = None,
    na: Collection[str] = (),
) -> RawTable:
    """Return records, one a row; a name that a record lacks is a gap."""
    names = list(dict.fromkeys(name for record in records for name in record))
    kept = [name for name in names if columns is None or str(name) in columns]
    cells: dict[str, object] = {str(n): [record.get(n) for record in records] for n in kept}
    table = raw_of_columns(cells, None, na)
    return RawTable(table.columns, len(records), "", table.notes)


def _column(cells: object, name: str, na: Collection[str]) -> RawColumn:
    """Return a column that an array, a series of any library or a list holds."""
    if _is_of(cells, "pandas"):
        return _pandas_column(cast("Series", cells), na)
    if isinstance(cells, np.ndarray):
        return column_of_array(_one_dimensional(cells, name), na)
    if _is_of(cells, "pyarrow"):
        return arrow_column(cast("ChunkedArray", cells), na)
    if hasattr(cells, "__arrow_c_array__") or hasattr(cells, "__arrow_c_stream__"):
        arrow = optional("pyarrow", "A series of another library")
        return arrow_column(arrow.chunked_array(cells), na)
    if isinstance(cells, str | bytes) or not isinstance(cells, Iterable):
        raise InvalidInput(f"Column {name!r} is no list of cells, but {type(cells)!r}.")
    return column_of_cells(list(cells), na)


def _one_dimensional(array: np.ndarray, name: str) -> np.ndarray:
    if array.ndim != 1:
        raise InvalidInput(
            f"Column {name!r} has the shape {array.shape}; a column is one-dimensional, and "
            "its name occurs once."
        )
    return array


def _is_of(source: object, library: str) -> bool:
    """Whether an object is a library's own, which is not loaded for the question."""
    return type(source).__module__.partition(".")[0] == library


# --- pandas ----------------------------------------------------------------------------------


def _raw_of_pandas(
    frame: DataFrame, columns: Collection[str] | None, na: Collection[str]
) -> RawTable:
    """Return a frame's columns; its index is none."""
    if not hasattr(frame, "columns"):  # a series
        frame = frame.to_frame()
    names, notes = distinct_names([str(name) for name in frame.columns])
    chosen = {
        name: _pandas_column(column, na)
        for name, (_, column) in zip(names, frame.items())
        if columns is None or name in columns
    }
    return RawTable(chosen, len(frame), "", tuple(notes))


def _pandas_column(column: Series, na: Collection[str]) -> RawColumn:
    """Return a series, by its type."""
    kind = column.dtype
    name = type(kind).__name__
    if name == "CategoricalDtype":
        used = column.cat.remove_unused_categories().cat
        codes = used.codes.to_numpy().astype(np.int32)
        return of_words(codes, used.categories.tolist(), na, categories=True)
    if name == "ArrowDtype":
        return arrow_column(optional("pyarrow", "A column of Arrow").array(column), na)
    if name == "SparseDtype":
        return _pandas_column(column.sparse.to_dense(), na)
    if name == "IntervalDtype":
        return _pandas_column(column.astype("category"), na)
    if name == "PeriodDtype":
        return Moments(column.dt.to_timestamp().to_numpy().astype("datetime64[us]"))
    if name == "DatetimeTZDtype":
        zoneless = column.dt.tz_convert("UTC").dt.tz_localize(None)
        return Moments(zoneless.to_numpy().astype("datetime64[us]"))
    if isinstance(kind, np.dtype) and kind.kind != "O":
        return column_of_array(column.to_numpy(), na)
    if getattr(kind, "kind", "O") in "biuf":  # nullable
        return _nullable(column)
    return _words(column, na)


def _nullable(column: Series) -> RawColumn:
    """Return numbers or truth values of a type that knows gaps beside them."""
    gaps = column.isna().to_numpy()
    if column.dtype.kind == "f":
        return Numbers(column.to_numpy(dtype=np.float64, na_value=np.nan))
    kept = bool if column.dtype.kind == "b" else np.uint64 if column.dtype.kind == "u" else np.int64
    return of_numbers(column.to_numpy(dtype=kept, na_value=0), gaps)


def _words(column: Series, na: Collection[str]) -> RawColumn:
    """Return text by its distinct cells, and objects of other kinds one by one."""
    few = _few_words(column.tolist()) if len(column) <= FEW_ROWS else None
    if few is not None:
        return of_words(*few, na)
    pandas = optional("pandas", "A data frame of pandas")
    if pandas.api.types.infer_dtype(column, skipna=True) not in ("string", "empty"):
        return column_of_cells(column.tolist(), na)
    codes, words = pandas.factorize(column, use_na_sentinel=True)
    return of_words(codes.astype(np.int32), list(words), na)


def _few_words(cells: Sequence[object]) -> tuple[np.ndarray, list[object]] | None:
    """Places of few cells and the distinct ones, in a tenth of the time that pandas takes for few.

    None where a cell is neither text nor a gap.
    """
    places: dict[object, int] = {}
    codes: list[int] = []
    for cell in cells:
        if type(cell) is str:
            codes.append(places.setdefault(cell, len(places)))
        elif cell is None or (isinstance(cell, float) and cell != cell):
            codes.append(-1)
        else:
            return None
    return np.array(codes, np.int32), [*places]
