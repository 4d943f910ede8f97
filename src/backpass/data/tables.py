"""Tables: a user's file as X and y, checked, with the names of its columns.

In a data frame (CSV, Parquet) a cell may be missing: it becomes NaN, and the preprocessing fills
it. Arrays (.npz, .npy, .mat, .idx) are whole, so NaN is an error there. Rows are counted from 0.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ..arrays import ArrayLike, ImageShape
from ..errors import InvalidInput
from ..extras import optional
from . import readers
from .cells import (
    TableLike,
    cells_of,
    is_gap,
    is_numeric,
    numbers_of,
    quoted,
    refuse_unsupported,
    texts_of,
)
from .knowing.kinds import Wishes
from .knowing.know import Known, know
from .knowing.table_reading import TableReading
from .knowing.task import CLASSES
from .labels import looks_like_classes, typed
from .parsing import error_context
from .raw import Moments, Numbers, RawColumn, RawTable, Texts
from .readers import Arrays
from .reading import ReadingOptions, read_raw

if TYPE_CHECKING:
    from pandas import DataFrame, Index, Series

# Pixels of the smallest pictures that data sets of digits have, 8 x 8: from here on a square .mat
# matrix is taken for unrolled images; smaller ones (4, 9, 16, 25 columns) are tables' as a rule.
SMALLEST_IMAGE = 64

AS_FOUND_OUT = ReadingOptions()
NO_HEADER = (
    "The first row is data, so which column is which has to be said: --no-header calls them "
    "1, 2, …, --names A,B,… as you like, and --header takes the first row for their names."
)

Column: TypeAlias = "Series | DataFrame"  # of a frame; the latter where two have the name
CheckNames = Callable[[list[str]], object]


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
        Rows and columns of a picture, where each row of X is one; their product is n.
    image_order : {"C", "F"}
        How a picture is unrolled into its row: by rows, or by columns as MATLAB does.
    source : str
        Where the table comes from.
    classes : bool or None
        True where the target is known to be one of some categories.
    ignored : tuple of str
        Columns of the source that are left out.
    known : Known or None
        What is known of the columns, where the table was read from a file of columns.
    raw : RawTable or None
        What that was found out from.
    wishes : Wishes or None
        What the user decided about the columns.
    options : ReadingOptions
        What the user said of the file.

    Raises
    ------
    InvalidInput
        If pictures of that shape have another number of pixels than X has columns.

    Examples
    --------
    >>> table = Table(np.zeros((2, 4)), None, ("a", "b", "c", "d"), image_shape=(2, 2))
    >>> table.images().shape
    (2, 2, 2)
    """

    X: ArrayLike
    y: np.ndarray | None
    names: tuple[str, ...]
    target: str | None = None
    image_shape: tuple[int, int] | None = None
    image_order: str = "C"
    source: str = ""
    classes: bool | None = None
    ignored: tuple[str, ...] = ()
    known: Known | None = None
    raw: RawTable | None = None
    wishes: Wishes | None = None
    options: ReadingOptions = AS_FOUND_OUT

    def __post_init__(self) -> None:
        image = self.image
        if image is not None and image.pixels != len(self.names):
            raise InvalidInput(
                f"{self.source or 'This table'} has {len(self.names)} columns of inputs, but an "
                f"image of {image.rows} x {image.columns} has {image.pixels} pixels."
            )

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of y, or of its columns."""
        if self.known is not None and self.wishes is not None:
            return tuple(self.wishes.targets)
        return () if self.target is None else (self.target,)

    @property
    def reading(self) -> TableReading | None:
        """How the columns were read; None of arrays."""
        return None if self.known is None else self.known.reading

    @property
    def image(self) -> ImageShape | None:
        """The pictures that the rows are, where they are some."""
        return None if self.image_shape is None else ImageShape(*self.image_shape, self.image_order)

    def images(self) -> np.ndarray:
        """Return X as pictures.

        Returns
        -------
        ndarray of shape (m, rows, columns)
            Of the dtype of X.

        Raises
        ------
        InvalidInput
            If nothing says that the rows are pictures.

        Examples
        --------
        >>> Table(np.arange(4).reshape(1, 4), None, tuple("abcd"), None, (2, 2), "F").images()
        array([[[0, 2],
                [1, 3]]])
        """
        if self.image is None:
            raise InvalidInput(
                f"The rows of {self.source or 'this table'} are not known as images."
            )
        return self.image.images(np.asarray(self.X))


@dataclass(frozen=True)
class Reading:
    """How the columns of a data frame are to be read.

    Parameters
    ----------
    target : str or None
        The column to predict.
    categorical : collection of str
        Columns of categories, whatever their cells look like.
    ignore : collection of str
        Columns that may hold anything, and are not read.
    as_written : bool
        Whether labels and categories of a text file stay as they are written ('007').
    """

    target: str | None = None
    categorical: Collection[str] = ()
    ignore: Collection[str] = ()
    as_written: bool = True

    @property
    def texts(self) -> tuple[str, ...]:
        """Columns whose cells a text file's parser is to leave as they are written."""
        named = () if self.target is None else (self.target,)
        return (*named, *self.categorical) if self.as_written else ()


def read_table(
    path: str | os.PathLike[str],
    target: str | Sequence[str] | None = None,
    *,
    categorical: Collection[str] = (),
    ignore: Collection[str] = (),
    image_shape: tuple[int, int] | None = None,
    kinds: Mapping[str, str] | None = None,
    date_format: str = "",
    options: ReadingOptions = AS_FOUND_OUT,
) -> Table:
    """Read a table from a file; what it is and how it is written is found out, and told.

    Parameters
    ----------
    path : str or path
        Text of any dialect (``.csv``, ``.tsv``, ``.txt``, …), ``.parquet`` (a file, or a folder of
        them), ``.feather``, ``.xlsx``, ``.json``, ``.jsonl``, SQLite; packed, too (``.gz``,
        ``.bz2``, ``.xz``, ``.zst``, ``.zip``); ``-`` is standard input. Or arrays: ``.mat``,
        ``.npz``, ``.npy``, MNIST's ``.idx`` / ``-ubyte`` (also ``.gz``; the labels' file is found
        beside it).
    target : str or sequence of str, optional
        The column, or several, or for ``.npz`` and ``.mat`` the array, to predict. There, ``y`` is
        the default and the inputs' name follows from it: ``X`` for ``y``, ``X_train`` for
        ``y_train``.
    categorical : collection of str
        Columns to take as categories, although most of their cells are numbers; the target among
        them is one of classes. What they hold stays as it is written: '007' is not '7'.
    ignore : collection of str
        Columns of a data frame to leave out, whatever they hold.
    image_shape : (int, int), optional
        Rows and columns of a picture, where each row of X is one, unrolled by rows. A file of
        images (.idx, an array of three dimensions) knows it, and a matrix in a .mat file is taken
        for square ones where it can be.
    kinds : mapping from str to str, optional
        What columns are: "number", "category", "date", "text", "id" or "ignored"; a wish always
        wins.
    date_format : str
        "dmy", "mdy" or "ymd", or a pattern such as "%d/%m/%Y", where the cells leave it open.
    options : ReadingOptions
        What is said of a file: separator, encoding, whether it has a header, …

    Returns
    -------
    Table
        X a data frame of the columns to learn from, and an array of the file's own dtype where the
        file holds arrays. ``reading`` tells how each column was read, and why.

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
    >>> _ = path.write_text("weight,name\\n120.5,apple\\n95,lemon\\n105,apple\\n99,lemon\\n")
    >>> table = read_table(path, target="name")
    >>> table.names, list(table.y)
    (('weight',), ['apple', 'lemon', 'apple', 'lemon'])
    >>> print(table.reading)
    How I read your table
    weight  number            numbers from 95 to 120.5
    name    target (classes)  2 classes
    >>> folder.cleanup()
    """
    targets = (target,) if isinstance(target, str) else tuple(target or ())
    if image_shape is not None and not readers.is_of_arrays(path):
        reading = Reading(_one_of(path, targets), categorical, ignore)
        return _pictures(Path(path), reading, image_shape)
    if readers.is_of_arrays(path):
        path = Path(path)
        arrays = readers.parse(path, readers.ARRAYS[readers.format_of(path)])
        unrolled = readers.format_of(path) == ".mat"
        table = _from_arrays(path, arrays, _one_of(path, targets), unrolled_by_columns=unrolled)
    else:
        decided = {**dict.fromkeys(categorical, "category"), **(kinds or {})}
        wishes = Wishes(targets, decided, tuple(ignore), date_format, options.na)
        texts = tuple(name for name, kind in decided.items() if kind == "category")
        options = replace(options, texts=(*options.texts, *texts))
        raw = read_raw(path, options)
        said = options.header is not None or options.names
        if targets and not (raw.header or said):
            raise InvalidInput(f"{raw.source}: {NO_HEADER}")
        table = known_table(raw, wishes, options)
    if image_shape in (None, table.image_shape):
        return table
    return replace(table, image_shape=image_shape, image_order="C")


def _one_of(path: str | os.PathLike[str], targets: tuple[str, ...]) -> str | None:
    """The target of arrays or pictures, which have one at most."""
    if len(targets) > 1:
        raise InvalidInput(f"{path}: of arrays and pictures, one target is predicted at a time.")
    return targets[0] if targets else None


def known_table(raw: RawTable, wishes: Wishes, options: ReadingOptions = AS_FOUND_OUT) -> Table:
    """Find out what the columns of a table are, and part them into X and y.

    Raises
    ------
    InvalidInput
        If a column leaves two readings: one question that names the options.
    """
    with error_context(raw.source or "The table"):
        known = know(raw, wishes)
    targets = {
        name: _typed_target(known.targets[name], raw.columns[name]) for name in wishes.targets
    }
    tasks = {known.reading[name].task for name in targets}
    classes = CLASSES in tasks if targets else None
    X = _frame_of(known) if known.columns else None
    return Table(
        X,
        side_by_side(list(targets.values())),
        tuple(known.columns),
        ", ".join(targets) or None,
        source=raw.source,
        classes=classes,
        ignored=tuple(each.column for each in known.reading.columns if not each.used),
        known=known,
        raw=raw,
        wishes=wishes,
        options=options,
    )


def side_by_side(targets: Sequence[np.ndarray]) -> np.ndarray | None:
    """Join the cells of targets: (m,) of one, (m, targets) of several; None where there is none."""
    if not targets:
        return None
    if len(targets) == 1:
        return targets[0]
    numbers = all(cells.dtype.kind == "f" for cells in targets)
    return np.column_stack([cells if numbers else cells.astype(object) for cells in targets])


def _typed_target(column: Numbers | Texts, raw: RawColumn) -> np.ndarray:
    """Return a target's cells; classes that the source holds as numbers stay numbers."""
    if isinstance(column, Texts) and isinstance(raw, Numbers):
        return raw.values
    return cells_of_target(column)


def _pictures(path: Path, reading: Reading, image_shape: tuple[int, int]) -> Table:
    """Read a file whose rows are pictures: each column is a pixel, whatever it holds."""
    frame = _frame(path, readers.format_of(path), reading)
    return replace(_from_frame(path, frame, reading), image_shape=image_shape, image_order="C")


def cells_of_target(column: Numbers | Texts) -> np.ndarray:
    """Return a target's cells: numbers, or labels in the type that they are written in."""
    if isinstance(column, Numbers):
        return column.values
    cells = np.array([np.nan if c is None else c for c in column.cells()], dtype=object)
    return typed(cells)


def _frame_of(known: Known) -> DataFrame:
    """The columns to learn from: floats, text with NaN where missing, and moments."""
    pandas = optional("pandas", "A data frame")
    columns = {name: _series_cells(column) for name, column in known.columns.items()}
    return pandas.DataFrame(columns)


def _series_cells(column: Numbers | Texts | Moments) -> np.ndarray:
    if isinstance(column, Texts):
        vocabulary = np.array([*column.vocabulary, np.nan], dtype=object)
        return vocabulary[column.codes]
    return column.values


def read_known(
    path: str | os.PathLike[str], known: Reading, needed: Collection[str], check: CheckNames
) -> Table:
    """Read those columns of a table that a model knows; arrays are read as they are.

    Parameters
    ----------
    path : str or path
        The file.
    known : Reading
        How the model's own columns are read; the target need not be there.
    needed : collection of str
        The model's inputs.
    check : callable
        It gets the names of a data frame's columns, and raises where some are missing.

    Returns
    -------
    Table
    """
    path = Path(path)
    ending = readers.format_of(path)
    if ending not in readers.FRAMES:
        return read_table(path)
    names = readers.parse(path, readers.NAMES[ending])
    check(names)
    target = known.target if known.target in names else None
    wanted = {*needed, target}
    others = tuple(name for name in names if name not in wanted)
    reading = replace(known, target=target, ignore=others)
    return _from_frame(path, _frame(path, ending, reading), reading)


def columns_of(table: Table) -> TableLike:
    """Return X by the names of its columns, whether it is a data frame or a matrix."""
    return dict(zip(table.names, table.X.T)) if isinstance(table.X, np.ndarray) else table.X


def check_trainable(table: Table) -> None:
    """Say in one sentence why a table cannot be learnt from, if it cannot."""
    name = table.source or "The table"
    if table.y is None:
        raise InvalidInput(
            f"{name} has no target; name one of its columns: {quoted(table.names) or 'nothing'}."
        )
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


def find_column(path: object, wanted: str, names: Iterable[str], kind: str = "column") -> None:
    """Check that a name is among the names; if not, offer the closest."""
    names = list(names)
    if wanted in names:
        return
    close = difflib.get_close_matches(wanted, names, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else f"it has {quoted(names) or 'nothing'}."
    raise InvalidInput(f"{path} has no {kind} {wanted!r}; {hint}")


# --- data frames -----------------------------------------------------------------------------


def _frame(path: Path, ending: str, reading: Reading) -> DataFrame:
    """Parse a file into a data frame, without the columns to ignore."""
    reader = readers.FRAMES[ending]
    frame = readers.parse(path, lambda path: reader(path, reading.texts, reading.ignore))
    if ending in readers.UNTYPED and reading.as_written and reading.target is not None:
        frame[reading.target] = typed(cells_of(frame[reading.target], reading.target))
    return frame


def _from_frame(path: Path, frame: DataFrame, reading: Reading) -> Table:
    """Split a frame into X and y, each column checked and made float or str."""
    target = reading.target
    frame.columns = [str(name) for name in frame.columns]
    _check_shape(path, frame.shape)
    inputs = [name for name in frame.columns if name != target]
    columns = {name: _column(path, frame[name], name in reading.categorical) for name in inputs}
    X = optional("pandas", "A data frame").DataFrame(columns, index=frame.index)
    ignored = tuple(reading.ignore)
    if target is None:
        return Table(X, None, tuple(inputs), source=str(path), ignored=ignored)
    y = _target(path, frame[target], target in reading.categorical)
    classes = True if target in reading.categorical or _is_category(frame[target]) else None
    return Table(X, y, tuple(inputs), target, source=str(path), classes=classes, ignored=ignored)


def _column(path: Path, column: Column, categorical: bool) -> np.ndarray | Series:
    """Return a column as floats or as strings; a missing cell is NaN in either."""
    name = str(column.name)
    with error_context(path):
        cells = cells_of(column, name)
        refuse_unsupported(cells, name)
        if not categorical and is_numeric(cells):
            return numbers_of(cells, name)
    return _strings(cells, column.index)


def _strings(cells: np.ndarray, index: Index) -> Series:
    """Text as pandas keeps it without guessing; NaN where missing."""
    texts = np.array([np.nan if text is None else text for text in texts_of(cells)], dtype=object)
    return optional("pandas", "A data frame").Series(texts, index=index, dtype=object)


def _target(path: Path, column: Column, categorical: bool) -> np.ndarray:
    """Return y: numbers as numbers, labels as they are; NaN where missing."""
    name = str(column.name)
    with error_context(path):
        cells = cells_of(column, name)
        refuse_unsupported(cells, name)
    if cells.dtype.kind == "O" and not (categorical or _is_category(column)):
        cells = _as_quantity(cells, name)
    if not (cells.dtype.kind == "f" and np.isinf(cells).any()):
        return cells
    return _finite(path, f"the target {name!r}", cells)


def _as_quantity(cells: np.ndarray, name: str) -> np.ndarray:
    """Return cells of any type as float64, if they are numbers and no labels."""
    present = cells[~is_gap(cells)]
    try:
        return cells if looks_like_classes(present, name) else numbers_of(cells, name)
    except InvalidInput:  # as the target is fitted, it is said again
        return cells


def _is_category(column: Column) -> bool:
    """Whether the file says that a column's cells are some categories."""
    return str(column.dtype) == "category"


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
    if y is not None and unrolled_by_columns and (y == np.round(y)).all():
        y = y.astype(np.int64)  # MATLAB has doubles only, and writes whole ones as 7
    if X.ndim not in (2, 3):
        raise InvalidInput(f"{path}: {x_name} has shape {X.shape}; it needs (rows, columns).")
    if y is not None and len(y) != len(X):
        raise InvalidInput(f"{path}: {x_name} has {len(X)} rows, but {y_name} has {len(y)}.")
    _check_shape(path, X.shape)
    image_shape = X.shape[1:] if X.ndim == 3 else None
    X = X.reshape(len(X), -1)
    if unrolled_by_columns:
        guessed = ImageShape.guess(X.shape[1], least=SMALLEST_IMAGE)
        image_shape = None if guessed is None else guessed.shape
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
        raise InvalidInput(f"{path} has no array {x_name!r}; it has {quoted(arrays) or 'nothing'}.")
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
    return array.astype(object) if array.dtype.kind in "UO" else _numbers(path, name, array)


def _finite(path: Path, name: str, array: np.ndarray) -> np.ndarray:
    """Return the array if it has neither NaN nor Inf; if it has, say how many and where first."""
    if array.dtype.kind != "f":
        return array
    bad = ~np.isfinite(array)
    if not bad.any():
        return array
    place = np.unravel_index(int(bad.argmax()), array.shape)
    axes = ("row", "column", "place")
    where = ", ".join(f"{axis} {i}" for axis, i in zip(axes, place))
    raise InvalidInput(f"{path}: {name} has {bad.sum()} NaN or infinite numbers, first at {where}.")


def _check_shape(path: Path, shape: tuple[int, ...]) -> None:
    if shape[0] == 0:
        raise InvalidInput(f"{path} has no rows.")
    if 0 in shape[1:]:
        raise InvalidInput(f"{path} has no columns.")
