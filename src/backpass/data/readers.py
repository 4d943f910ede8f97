"""Files of tables, one reader for each format: a path in, a data frame or named arrays out.

The parsing is pandas', pyarrow's and NumPy's own; nothing here runs code from a file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InvalidInput
from ..extras import optional
from .array_files.idx import read_idx
from .array_files.matlab import read_mat
from .array_files.npy import read_npy, read_npz
from .parsing import parse

if TYPE_CHECKING:
    from types import ModuleType

    from pandas import DataFrame
    from pyarrow import Schema

__all__ = ["ARRAYS", "FRAMES", "Arrays", "format_of", "parse", "read_mat", "read_npz"]

Arrays = Mapping[str, np.ndarray]


def read_csv(path: Path, texts: Collection[str] = (), without: Collection[str] = ()) -> DataFrame:
    """Read a CSV file, gzipped or not; its first line names the columns."""
    return _read_separated(path, ",", texts, without)


def read_tsv(path: Path, texts: Collection[str] = (), without: Collection[str] = ()) -> DataFrame:
    """Read a table whose separator is the tabulator."""
    return _read_separated(path, "\t", texts, without)


def _read_separated(
    path: Path, separator: str, texts: Collection[str], without: Collection[str]
) -> DataFrame:
    """Read all columns but some; those of `texts` stay as they are written."""
    pandas = optional("pandas", "Reading a CSV file")
    frame = _separated(
        path, separator, dtype=dict.fromkeys(texts, object), low_memory=False, **_exact(pandas)
    )
    if not isinstance(frame.index, pandas.RangeIndex):
        raise InvalidInput(f"{path} has more cells in its rows than names in its first line.")
    return frame.drop(columns=list(without)) if without else frame


def csv_names(path: Path) -> list[str]:
    """Read the first line of a CSV file alone."""
    return _separated_names(path, ",")


def tsv_names(path: Path) -> list[str]:
    """Read the first line of a table whose separator is the tabulator."""
    return _separated_names(path, "\t")


def _separated_names(path: Path, separator: str) -> list[str]:
    return [str(name) for name in _separated(path, separator, nrows=0).columns]


def _separated(path: Path, separator: str, **how: Any) -> DataFrame:
    """Read what pandas reads, or say that there is nothing in the file."""
    pandas = optional("pandas", "Reading a CSV file")
    try:
        return pandas.read_csv(path, sep=separator, **how)
    except pandas.errors.EmptyDataError:
        raise InvalidInput(f"{path} is empty: its first line names no columns.") from None


def _exact(pandas: ModuleType) -> dict[str, str]:
    """Ask for the nearest double of what is written, which pandas 3.1 and later give anyway."""
    version = tuple(int(part) for part in pandas.__version__.split(".")[:2])
    return {} if version >= (3, 1) else {"float_precision": "round_trip"}


def read_parquet(
    path: Path, texts: Collection[str] = (), without: Collection[str] = ()
) -> DataFrame:
    """Read a Parquet file, or a folder of them; its columns have types, `texts` is for others."""
    optional("pandas", "Reading a Parquet file")
    parquet = optional("pyarrow.parquet", "Reading a Parquet file")
    columns = [name for name in parquet_names(path) if name not in without] if without else None
    table = parquet.read_table(path, columns=columns, use_pandas_metadata=True)
    table.validate(full=True)  # damaged text and categories that are not there are found here
    frame = table.to_pandas()
    schema = _parquet_schema(path)
    codes = categories_of(schema) & {*frame.columns}
    return frame.astype(dict.fromkeys(codes, "category")) if codes else frame


def parquet_names(path: Path) -> list[str]:
    """Read a Parquet file's names; the index that pandas writes beside its columns is none."""
    schema = _parquet_schema(path)
    index = (schema.pandas_metadata or {}).get("index_columns", [])
    return [name for name in schema.names if name not in index]


def categories_of(schema: Schema) -> set[str]:
    """The columns whose cells, numbers perhaps, an Arrow schema says are some categories."""
    types = optional("pyarrow.types", "Reading a Parquet file")
    stored = (schema.pandas_metadata or {}).get("columns", [])
    by_pandas = {str(c["name"]) for c in stored if c["pandas_type"] == "categorical"}
    return by_pandas | {field.name for field in schema if types.is_dictionary(field.type)}


def _parquet_schema(path: Path) -> Schema:
    return optional("pyarrow.parquet", "Reading a Parquet file").ParquetDataset(path).schema


def read_images(path: Path) -> Arrays:
    """Read an idx file of images, and the file of labels that lies beside it under MNIST's name."""
    arrays = {"X": read_idx(path)}
    labels = _labels_beside(path)
    return arrays if labels is None else {**arrays, "y": read_idx(labels)}


def _labels_beside(path: Path) -> Path | None:
    """train-images-idx3-ubyte.gz -> train-labels-idx1-ubyte, gzipped or not, if there is one."""
    name = path.name.replace("images", "labels").replace("idx3", "idx1")
    plain = name.removesuffix(".gz")
    candidates = [path.with_name(other) for other in (name, plain, plain + ".gz")]
    return next((c for c in candidates if c.name != path.name and c.is_file()), None)


# What a file's name ends with -> its reader.
FRAMES: dict[str, Callable[[Path, Collection[str], Collection[str]], DataFrame]] = {
    ".csv": read_csv,
    ".csv.gz": read_csv,
    ".tsv": read_tsv,
    ".parquet": read_parquet,
    ".pq": read_parquet,
}
UNTYPED = (".csv", ".csv.gz", ".tsv")  # whose cells are text
NAMES: dict[str, Callable[[Path], list[str]]] = {
    ".csv": csv_names,
    ".csv.gz": csv_names,
    ".tsv": tsv_names,
    ".parquet": parquet_names,
    ".pq": parquet_names,
}
ARRAYS: dict[str, Callable[[Path], Arrays]] = {
    ".npz": read_npz,
    ".npy": read_npy,
    ".mat": read_mat,
    ".idx": read_images,
    ".idx.gz": read_images,
    "-ubyte": read_images,
    "-ubyte.gz": read_images,
}


def is_of_arrays(path: str | os.PathLike[str]) -> bool:
    """Whether a file is one of arrays by its ending."""
    return os.fspath(path).lower().endswith(tuple(ARRAYS))


def format_of(path: Path) -> str:
    """Return the ending that decides the reader; a missing or unknown file is an error."""
    if not os.path.exists(path):
        raise InvalidInput(f"There is no file {path}.")
    if path.is_dir():
        if any(path.glob("**/*.parquet")):
            return ".parquet"
        raise InvalidInput(f"{path} is a folder without a .parquet file.")
    # MNIST's files are also in circulation as train-images.idx3-ubyte
    for ending in [*FRAMES, *ARRAYS]:
        if path.name.lower().endswith(ending):
            return ending
    known = ", ".join([*FRAMES, *ARRAYS])
    raise InvalidInput(f"{path} has an unknown ending; backpass reads {known}.")
