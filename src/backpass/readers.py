"""Files of tables, one reader for each format: a path in, a data frame or named arrays out.

The parsing is pandas', pyarrow's and NumPy's own; nothing here runs code from a file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .errors import BackpassError, InvalidInput
from .extras import optional
from .idx import read_idx
from .matlab import read_mat

Arrays = dict[str, np.ndarray]


def read_csv(path: Path) -> Any:
    """Read a CSV file, gzipped or not; its first line names the columns."""
    return _read_separated(path, ",")


def read_tsv(path: Path) -> Any:
    """Read a table whose separator is the tabulator."""
    return _read_separated(path, "\t")


def _read_separated(path: Path, separator: str) -> Any:
    pandas = optional("pandas", "Reading a CSV file")
    frame = pandas.read_csv(path, sep=separator, low_memory=False, **_exact(pandas))
    if not isinstance(frame.index, pandas.RangeIndex):
        raise InvalidInput(f"{path} has more cells in its rows than names in its first line.")
    return frame


def _exact(pandas: Any) -> dict[str, Any]:
    """Ask for the nearest double of what is written, which pandas 3.1 and later give anyway."""
    version = tuple(int(part) for part in pandas.__version__.split(".")[:2])
    return {} if version >= (3, 1) else {"float_precision": "round_trip"}


def read_parquet(path: Path) -> Any:
    """Read a Parquet file, or a folder of them."""
    optional("pyarrow", "Reading a Parquet file")
    return optional("pandas", "Reading a Parquet file").read_parquet(path, engine="pyarrow")


def read_npz(path: Path) -> Arrays:
    """Read the arrays of an .npz file; pickled objects are refused."""
    # opened here, since NumPy leaves a damaged file open
    with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def read_npy(path: Path) -> Arrays:
    """Read an .npy file as an array named X; pickled objects are refused."""
    with open(path, "rb") as opened:
        return {"X": np.load(opened, allow_pickle=False)}


def read_images(path: Path) -> Arrays:
    """Read an idx file of images, and the file of labels that lies beside it under MNIST's name."""
    arrays = {"X": read_idx(path)}
    labels = _labels_beside(path)
    return arrays if labels is None else arrays | {"y": read_idx(labels)}


def _labels_beside(path: Path) -> Path | None:
    """train-images-idx3-ubyte.gz -> train-labels-idx1-ubyte, gzipped or not, if there is one."""
    name = path.name.replace("images", "labels").replace("idx3", "idx1")
    plain = name.removesuffix(".gz")
    candidates = [path.with_name(other) for other in (name, plain, plain + ".gz")]
    return next((c for c in candidates if c.name != path.name and c.is_file()), None)


# What a file's name ends with -> its reader.
FRAMES: dict[str, Callable[[Path], Any]] = {
    ".csv": read_csv,
    ".csv.gz": read_csv,
    ".tsv": read_tsv,
    ".parquet": read_parquet,
    ".pq": read_parquet,
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


def parse(path: Path, reader: Callable[[Path], Any]) -> Any:
    """Read a file; whatever a parser says about a broken one becomes one sentence."""
    try:
        return reader(path)
    except BackpassError:
        raise
    except Exception as error:
        raise InvalidInput(f"{path} cannot be read: {_one_line(error)}.") from error


def _one_line(error: Exception) -> str:
    """A parser's message without its line breaks, its final stop and its length."""
    said = re.sub(r"\s+", " ", str(error)).strip().rstrip(".")
    return said[:200] or type(error).__name__
