"""Tables: a user's file as X and y, checked, with the names of its columns.

In a data frame (CSV, Parquet) a cell may be missing: it becomes NaN, and the preprocessing fills
it. Arrays (.npz, .npy, .mat, .idx) are whole, so NaN is an error there. Rows are counted from 0.
"""

from __future__ import annotations

import difflib
import math
import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import readers
from .cells import cells_of, is_numeric, numbers_of, refuse_strange, texts_of
from .errors import InvalidInput
from .extras import optional
from .readers import Arrays

SMALLEST_IMAGE = 64  # columns from which a square .mat matrix is taken for unrolled images


@dataclass(frozen=True, eq=False)
class Table:
    """Inputs, targets and what is known about them.

    Parameters
    ----------
    X : data frame or ndarray of shape (m, n)
        Inputs. In a data frame, numeric columns are floats and categorical ones hold strings.
    y : ndarray of shape (m,) or (m, k), or None
        Targets, where the file has them.
    names : tuple of str
        The n names of X's columns.
    target : str or None
        The name of y.
    image_shape : (int, int) or None
        Rows and columns of a picture, where each row of X is one.
    image_order : {"C", "F"}
        How a picture is unrolled into its row: by rows, or by columns as MATLAB does.
    source : str
        Where the table comes from.

    Examples
    --------
    >>> table = Table(np.zeros((2, 4)), None, ("a", "b", "c", "d"), image_shape=(2, 2))
    >>> table.images().shape
    (2, 2, 2)
    """

    X: Any
    y: np.ndarray | None
    names: tuple[str, ...]
    target: str | None = None
    image_shape: tuple[int, int] | None = None
    image_order: str = "C"
    source: str = ""

    def images(self) -> np.ndarray:
        """Return X as pictures, shape (m, rows, columns)."""
        if self.image_shape is None:
            raise InvalidInput(
                f"The rows of {self.source or 'this table'} are not known as images."
            )
        rows, columns = self.image_shape
        X = np.asarray(self.X)
        if self.image_order == "C":
            return X.reshape(-1, rows, columns)
        return X.reshape(-1, columns, rows).transpose(0, 2, 1)


def read_table(
    path: str | os.PathLike[str], target: str | None = None, *, categorical: Collection[str] = ()
) -> Table:
    """Read a table from a file; its ending says how.

    Parameters
    ----------
    path : str or path
        ``.csv`` (also ``.csv.gz``), ``.tsv``, ``.parquet`` (a file, or a folder of them), ``.mat``,
        ``.npz``, ``.npy``, or MNIST's ``.idx`` / ``-ubyte`` (also ``.gz``; the labels' file is
        found beside it).
    target : str, optional
        The column, or for ``.npz`` and ``.mat`` the array, to predict. There, ``y`` is the default
        and the inputs' name follows from it: ``X`` for ``y``, ``X_train`` for ``y_train``.
    categorical : collection of str
        Columns to take as categories, although most of their cells are numbers.

    Returns
    -------
    Table
        X a data frame for CSV and Parquet, and an array of the file's own dtype otherwise.

    Raises
    ------
    InvalidInput
        If the file is missing, empty, broken or of unknown kind, has no such target, has text in a
        column of numbers, or has infinite numbers (in arrays: NaN). One sentence says where.
    MissingExtra
        If pandas or pyarrow are needed and not installed.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "fruit.csv")
    >>> _ = path.write_text("weight,colour,name\\n120,red,apple\\n95,yellow,lemon\\n")
    >>> table = read_table(path, target="name")
    >>> table.names, list(table.y)
    (('weight', 'colour'), ['apple', 'lemon'])
    >>> folder.cleanup()
    """
    path = Path(path)
    ending = readers.format_of(path)
    if ending in readers.FRAMES:
        frame = readers.parse(path, readers.FRAMES[ending])
        return _from_frame(path, frame, target, categorical)
    arrays = readers.parse(path, readers.ARRAYS[ending])
    return _from_arrays(path, arrays, target, unrolled_by_columns=ending == ".mat")


def check_trainable(table: Table) -> None:
    """Say in one sentence why a table cannot be learnt from, if it cannot."""
    name = table.source or "The table"
    if table.y is None:
        raise InvalidInput(f"{name} has no target; name one of its columns: {_some(table.names)}.")
    missing = _missing(table.y)
    if missing.any():
        raise InvalidInput(
            f"{name}: the target {table.target!r} is missing in {missing.sum()} rows, "
            f"the first of them row {missing.argmax()}."
        )
    if table.y.ndim == 1 and (table.y == table.y[0]).all():
        raise InvalidInput(
            f"{name}: the target {table.target!r} is {table.y[0]!s} in every row; "
            "there is only one class, so there is nothing to learn."
        )
    _check_no_empty_column(name, table)


def find_column(path: Any, wanted: str, names: Iterable[str], kind: str = "column") -> None:
    """Check that a name is among the names; if not, offer the closest."""
    names = list(names)
    if wanted in names:
        return
    close = difflib.get_close_matches(wanted, names, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else f"it has {_some(names)}."
    raise InvalidInput(f"{path} has no {kind} {wanted!r}; {hint}")


# --- data frames -----------------------------------------------------------------------------


def _from_frame(path: Path, frame: Any, target: str | None, categorical: Collection[str]) -> Table:
    """Split a frame into X and y, each column checked and made float or str."""
    frame.columns = [str(name) for name in frame.columns]
    _check_shape(path, frame.shape)
    for name in (*categorical, *([] if target is None else [target])):
        find_column(path, name, frame.columns)
    inputs = [name for name in frame.columns if name != target]
    if not inputs:
        raise InvalidInput(f"{path} has no column besides the target {target!r}.")
    columns = {name: _column(path, frame[name], name in categorical) for name in inputs}
    X = optional("pandas", "A data frame").DataFrame(columns, index=frame.index)
    y = None if target is None else _target(path, frame[target])
    return Table(X, y, tuple(inputs), target, source=str(path))


def _column(path: Path, column: Any, categorical: bool) -> Any:
    """Return a column as floats or as strings; a missing cell is NaN in either."""
    name = str(column.name)
    try:
        cells = cells_of(column, name)
        refuse_strange(cells, name)
        if not categorical and is_numeric(cells):
            return numbers_of(cells, name)
    except InvalidInput as error:
        raise InvalidInput(f"{path}: {error}") from None
    return _strings(cells, column.index)


def _strings(cells: np.ndarray, index: Any) -> Any:
    """Text as pandas keeps it without guessing; NaN where missing."""
    texts = np.array([np.nan if text is None else text for text in texts_of(cells)], dtype=object)
    return optional("pandas", "A data frame").Series(texts, index=index, dtype=object)


def _target(path: Path, column: Any) -> np.ndarray:
    """Return y: numbers as they are, everything else as strings; NaN where missing."""
    cells = cells_of(column, str(column.name))
    if cells.dtype.kind not in "biuf":
        return _strings(cells, column.index).to_numpy()
    if not np.isinf(cells).any():
        return cells
    return _finite(path, f"the target {column.name!r}", cells)


def _missing(y: np.ndarray) -> np.ndarray:
    """True where a target is NaN, shape (m,)."""
    unequal = y != y  # only NaN differs from itself, also among strings
    return unequal if y.ndim == 1 else unequal.any(axis=1)


def _check_no_empty_column(name: str, table: Table) -> None:
    """Refuse a column of a data frame that has no value at all."""
    if isinstance(table.X, np.ndarray):
        return
    empty = [column for column in table.names if table.X[column].isna().all()]
    if empty:
        raise InvalidInput(f"{name}: column {empty[0]!r} has no value in any row; leave it out.")


# --- arrays ----------------------------------------------------------------------------------


def _from_arrays(
    path: Path, arrays: Arrays, target: str | None, unrolled_by_columns: bool
) -> Table:
    """Choose X and y among named arrays, and check them."""
    x_name, y_name = _names_of(path, arrays, target)
    X = _numbers(path, x_name, arrays[x_name])
    y = None if y_name is None else _numbers_or_text(path, y_name, arrays[y_name])
    if X.ndim not in (2, 3):
        raise InvalidInput(f"{path}: {x_name} has shape {X.shape}; it needs (rows, columns).")
    if y is not None and len(y) != len(X):
        raise InvalidInput(f"{path}: {x_name} has {len(X)} rows, but {y_name} has {len(y)}.")
    _check_shape(path, X.shape)
    image_shape = X.shape[1:] if X.ndim == 3 else None
    X = X.reshape(len(X), -1)
    if unrolled_by_columns:
        image_shape = _square(X.shape[1])
    order = "F" if unrolled_by_columns else "C"
    names = tuple(f"x{i}" for i in range(X.shape[1]))
    return Table(X, y, names, y_name, image_shape, order, str(path))


def _names_of(path: Path, arrays: Arrays, target: str | None) -> tuple[str, str | None]:
    """X and y by name: X_train belongs to y_train, Iris_X to Iris_y."""
    if target is not None:
        find_column(path, target, arrays, "array")
    y_name = target or "y"
    x_name = re.sub(r"(^|_)y(?=_|$)", r"\1X", y_name)
    if x_name == y_name:
        x_name = "X"
    lower = x_name.replace("X", "x")
    found = next((name for name in (x_name, lower) if name in arrays), None)
    if found is None:
        raise InvalidInput(f"{path} has no array {x_name!r}; it has {_some(arrays)}.")
    return found, y_name if y_name in arrays else None


def _numbers(path: Path, name: str, array: np.ndarray) -> np.ndarray:
    """Return an array of finite real numbers; half precision becomes float32."""
    if array.dtype.kind not in "buif":
        raise InvalidInput(f"{path}: {name} has the dtype {array.dtype}, which is not a number's.")
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    return _finite(path, name, array)


def _numbers_or_text(path: Path, name: str, array: np.ndarray) -> np.ndarray:
    """Return y as a vector where it is one column, as MATLAB writes vectors."""
    if array.ndim == 2 and 1 in array.shape:
        array = array.ravel()
    if array.ndim not in (1, 2):
        raise InvalidInput(f"{path}: {name} has shape {array.shape}; it needs one value a row.")
    return array.astype(object) if array.dtype.kind == "U" else _numbers(path, name, array)


def _finite(path: Path, name: str, array: np.ndarray) -> np.ndarray:
    """Return the array if it has neither NaN nor Inf; if it has, say how many and where first."""
    if array.dtype.kind != "f":
        return array
    bad = ~np.isfinite(array)
    if not bad.any():
        return array
    place = np.unravel_index(int(bad.argmax()), array.shape)
    words = ("row", "column", "place")
    where = ", ".join(f"{word} {i}" for word, i in zip(words, place))
    raise InvalidInput(f"{path}: {name} has {bad.sum()} NaN or infinite numbers, first at {where}.")


def _square(columns: int) -> tuple[int, int] | None:
    """The sides of a square picture, if so many columns can be one."""
    side = math.isqrt(columns)
    return (side, side) if side * side == columns >= SMALLEST_IMAGE else None


def _check_shape(path: Path, shape: tuple[int, ...]) -> None:
    if shape[0] == 0:
        raise InvalidInput(f"{path} has no rows.")
    if 0 in shape[1:]:
        raise InvalidInput(f"{path} has no columns.")


def _some(names: Iterable[str]) -> str:
    """The first names of a list, for a message."""
    names = list(names)
    shown = ", ".join(map(repr, names[:8])) or "nothing"
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"
