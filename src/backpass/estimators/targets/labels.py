"""Targets: class labels to the network's Y (one-hot) and back.

An output with two classes needs one unit, with K > 2 classes K units. Several outputs (multilabel
indicators, or a column of classes for each output) have their units side by side.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np
from scipy import sparse
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from ...arrays import (
    Array,
    ArrayLike,
    Namespace,
    array_namespace,
    as_csr,
    is_array_api_obj,
    is_numpy_array,
)
from ...data.labels import WIDE, as_narrow, text_array
from ...errors import InvalidInput

_DATES = (
    datetime.date,
    datetime.time,
    datetime.timedelta,
    np.datetime64,
    np.timedelta64,
)  # pandas' own are such, too

EXACT_INTEGERS = 2**53  # up to which float64 holds every integer


@dataclass(frozen=True)
class Labels:
    """The classes of every output, and which columns of Y belong to it."""

    classes: tuple[np.ndarray, ...]
    multilabel: bool = False
    sparse: bool = False  # indicators that came as CSR, and are predicted as such

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(map(as_narrow, self.classes)))

    @classmethod
    def of(cls, y: np.ndarray) -> Labels:
        """Find the classes of y: labels of shape (m,), or (m, q) with a column for each output."""
        columns = [y] if y.ndim == 1 else y.T
        return cls(tuple(_classes_of(column) for column in columns))

    @classmethod
    def found_in(cls, y: ArrayLike) -> Labels:
        """Find out what y is: one output of classes, several, or indicators of 0 and 1."""
        if y.ndim == 2 and _are_indicators(y):
            return cls.indicators(y.shape[1], sparse.issparse(y))
        plain = y.ndim == 1 and y.dtype.kind in "biuU"  # labels, whatever they are
        if not plain:
            _check_kind(y)
        labels = cls.of(y)
        if plain and 2 * labels.sizes[0] > len(y):  # so many that scikit-learn may warn
            _check_kind(y)
        return labels

    @classmethod
    def named(cls, classes: ArrayLike, y: ArrayLike) -> Labels:
        """Take classes as ``partial_fit`` is given them: K labels, or those of each output of y."""
        by_output = [as_labels(each) for each in classes if np.ndim(each) == 1]
        if by_output and all(set(each.tolist()) == {0, 1} for each in by_output):
            return cls.indicators(len(by_output), sparse.issparse(y))
        if by_output:
            return cls(tuple(_classes_of(each) for each in by_output))
        if y.ndim == 2 and _are_indicators(y):
            return cls.indicators(y.shape[1], sparse.issparse(y))
        labels = as_labels(classes)
        _check_kind(labels)
        return cls.of(labels)

    def same_classes(self, other: Labels) -> bool:
        """Whether the classes of every output are the same."""
        mine, others = ([c.tolist() for c in labels.classes] for labels in (self, other))
        return self.multilabel == other.multilabel and mine == others

    @classmethod
    def indicators(cls, q: int, sparse: bool = False) -> Labels:
        """Q labels of which each is there or not."""
        return cls((np.array([0, 1]),) * q, multilabel=True, sparse=sparse)

    @cached_property
    def single(self) -> bool:
        """Whether each row has one label."""
        return len(self.classes) == 1 and not self.multilabel

    @property
    def public(self) -> np.ndarray | list[np.ndarray]:
        """scikit-learn's ``classes_``: labels, or a list of them, or the numbers of indicators."""
        if self.multilabel:
            return np.arange(len(self.classes))
        return self.classes[0] if self.single else list(self.classes)

    @cached_property
    def units(self) -> tuple[int, ...]:
        """Output units of each output."""
        return tuple(1 if len(classes) <= 2 else len(classes) for classes in self.classes)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Classes of each output."""
        return tuple(len(classes) for classes in self.classes)

    @cached_property
    def softmax(self) -> bool:
        """Whether exactly one of several units is right: a softmax's case."""
        return self.single and self.units[0] > 1

    def check(self, y: ArrayLike) -> None:
        """Refuse labels that are not among the classes."""
        self.check_shape(y)
        values = y.data if sparse.issparse(y) else y
        if self.multilabel and not ((values == 0) | (values == 1)).all():
            raise InvalidInput("y holds something else than 0 and 1, but the model has indicators.")
        if not self.multilabel:
            for k, column in enumerate(_columns(y)):
                self._check_column(k, column)

    def check_shape(self, y: ArrayLike) -> None:
        """Refuse labels of more or fewer outputs."""
        n_columns, n_outputs = 1 if y.ndim == 1 else y.shape[1], len(self.classes)
        if n_columns != n_outputs or (sparse.issparse(y) and not self.multilabel):
            form = f"{'sparse ' * sparse.issparse(y)}column{'s' * (n_columns > 1)}"
            raise InvalidInput(
                f"y has {n_columns} {form}, but the classes are of {n_outputs} "
                f"output{'s' * (n_outputs > 1)}{' of indicators' * self.multilabel}."
            )

    def _check_column(self, k: int, column: np.ndarray) -> None:
        classes = self.classes[k]
        unknown = ~_among(column, classes)
        if not unknown.any():
            return
        if self.single:
            raise InvalidInput(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {classes}. 'y' has "
                f"{np.unique(column)}."
            )
        raise InvalidInput(
            f"Column {k} of y holds {column[unknown].tolist()[0]!r}, which is not among its "
            f"classes {classes}."
        )

    def encode(self, y: ArrayLike) -> np.ndarray:
        """Turn labels into Y, booleans of shape (m, s_L)."""
        if self.multilabel:
            return np.asarray(y.toarray() if sparse.issparse(y) else y, dtype=bool)
        pairs = zip(_columns(y), self.classes)
        return np.hstack([_indicate(column, classes) for column, classes in pairs])

    def numbers(self, y: np.ndarray) -> np.ndarray:
        """Return which class of its output each label is, shape (m, outputs)."""
        scores = self.encode(y) - 0.5
        return self.codes(scores, array_namespace(scores))

    def codes(self, scores: Array, xp: Namespace) -> Array:
        """Which class rows of scores stand for: numbers of shape (m, outputs).

        A single unit says the second class where it is positive; of several the largest counts,
        and of equal ones the first.
        """
        columns = [
            xp.astype(part[:, 0] > 0, xp.int64) if part.shape[1] == 1 else xp.argmax(part, axis=1)
            for part in self.parts(scores)
        ]
        return columns[0][:, None] if len(columns) == 1 else xp.stack(columns, axis=1)

    def parts(self, a: Array) -> list[Array]:
        """Cut (m, s_L) into one piece for each output."""
        if len(self.units) == 1:
            return [a]
        ends = accumulate(self.units)
        return [a[:, end - units : end] for end, units in zip(ends, self.units)]

    def decode(self, codes: np.ndarray) -> ArrayLike:
        """Turn class numbers into labels, shape (m,) or (m, outputs)."""
        if self.multilabel:
            return sparse.csr_matrix(codes) if self.sparse else codes
        columns = [
            classes[np.minimum(k, len(classes) - 1)] for k, classes in zip(codes.T, self.classes)
        ]
        return columns[0] if self.single else _side_by_side(columns)


def as_labels(y: ArrayLike) -> ArrayLike:
    """Bring labels of any container to NumPy as they are, to the last digit and in their type.

    Parameters
    ----------
    y : array-like, sparse matrix, Series or DataFrame of any library
        Labels of shape (m,), or (m, q) with a column for each output.

    Returns
    -------
    ndarray or CSR matrix
        Integers as integers and text as text; an array of another library as it is.

    Raises
    ------
    InvalidInput
        If labels are missing, or text and numbers are mixed.

    Examples
    --------
    >>> as_labels([2**53, 2**53 + 1, -1])
    array([9007199254740992, 9007199254740993,               -1])
    >>> as_labels(["b", 1])
    Traceback (most recent call last):
    backpass.errors.InvalidInput: y mixes labels of different types: int and str.
    """
    if y is None:
        return None
    if sparse.issparse(y):
        return as_csr(y)
    if hasattr(y, "columns") and hasattr(y, "shape"):
        return _side_by_side([as_labels(column) for column in _columns_of_frame(y)])
    if is_array_api_obj(y) and not is_numpy_array(y):
        return y
    array = _from_pandas(y) if hasattr(y, "dtype") and hasattr(y, "isna") else _from_any(y)
    return _of_one_type(array) if array.dtype.kind in "OT" else array


def as_numbers(y: ArrayLike) -> ArrayLike:
    """Refuse what is no number to predict: dates, durations and sparse matrices.

    Parameters
    ----------
    y : array-like, Series or DataFrame of any library
        Numbers of shape (m,) or (m, q).

    Returns
    -------
    y
        As it is.

    Raises
    ------
    InvalidInput
        If it is sparse, or a value is a date, a time or a duration.

    Examples
    --------
    >>> as_numbers([datetime.date(2020, 2, 29)])
    Traceback (most recent call last):
    backpass.errors.InvalidInput: y holds dates or times, ... turn them into numbers first...
    """
    if sparse.issparse(y):
        raise InvalidInput("y is sparse, but numbers to predict are dense: pass y.toarray().")
    if y is None or (is_array_api_obj(y) and not is_numpy_array(y)):
        return y
    if hasattr(y, "columns") and hasattr(y, "shape"):
        columns = [np.asarray(column) for column in _columns_of_frame(y)]
    else:
        columns = [np.asarray(y)]
    if any(_holds_dates(column) for column in columns):
        raise InvalidInput(
            "y holds dates or times, which are no numbers to predict: turn them into numbers "
            "first, such as days since the earliest."
        )
    return y


def _holds_dates(array: np.ndarray) -> bool:
    if array.dtype.kind != "O":
        return array.dtype.kind in "mM"
    kinds = {type(value) for value in array.ravel().tolist()}
    return any(issubclass(kind, _DATES) or kind.__name__ == "Period" for kind in kinds)


def _columns_of_frame(frame: ArrayLike) -> list[ArrayLike]:
    """The columns of a pandas or polars data frame, whatever their names."""
    if hasattr(frame, "iloc"):
        return [frame.iloc[:, k] for k in range(frame.shape[1])]
    return [frame[name] for name in frame.columns]


def _side_by_side(columns: list[np.ndarray]) -> np.ndarray:
    """Columns as one array; of objects where they have different types."""
    dtypes = {column.dtype for column in columns}
    sizes = [column.dtype.itemsize for column in columns]
    wasteful = max(sizes) * len(sizes) > WIDE * sum(sizes)
    lossy = dtypes == {np.dtype("u8"), np.dtype("i8")}
    if len({dtype.kind for dtype in dtypes}) == 1 and not wasteful and not lossy:
        return np.stack(columns, axis=1)
    return np.stack([column.astype(object) for column in columns], axis=1)


def _from_pandas(y: ArrayLike) -> np.ndarray:
    """A Series, an Index or an extension array, in its own type, which NumPy may lose."""
    if y.isna().any():
        raise InvalidInput("Input y contains NaN: every row needs a label.")
    categorical: ArrayLike = getattr(y, "cat", y)
    if hasattr(categorical, "categories") and hasattr(categorical, "codes"):
        return _from_any(as_labels(categorical.categories))[np.asarray(categorical.codes)]
    return np.asarray(y.to_numpy(dtype=getattr(y.dtype, "numpy_dtype", None)))


def _from_any(y: ArrayLike) -> np.ndarray:
    """An array-like; Python's numbers and texts stay what they are where NumPy would change them.

    Of a list of −1 and 2⁶³ it would make floats, of 1 and "a" two texts, and a long text among
    many short ones would make them all as wide.
    """
    if isinstance(y, list | tuple) and _holds_text(y):
        objects = np.array(y, dtype=object)
        texts = objects.ravel().tolist()
        return text_array(texts).reshape(objects.shape) if _kinds(objects) == {str} else objects
    array = np.asarray(y)
    if not isinstance(y, list | tuple) or array.dtype.kind != "f":
        return array
    objects = np.array(y, dtype=object)
    return objects if int in _kinds(objects) and np.abs(array).max() > EXACT_INTEGERS else array


def _holds_text(y: list | tuple) -> bool:
    return any(
        isinstance(label, str) or (isinstance(label, list | tuple) and _holds_text(label))
        for label in y
    )


def _of_one_type(objects: np.ndarray) -> np.ndarray:
    """Objects, column by column, in the type that all of a column have."""
    if objects.ndim == 2 and objects.shape[1] > 1:
        return _side_by_side([_of_one_type(column) for column in objects.T])
    values = objects.ravel().tolist()
    if any(_is_missing(value) for value in values):
        raise InvalidInput("Input y contains NaN: every row needs a label.")
    kinds = _kinds(objects)
    if len(kinds) > 1:
        names = " and ".join(sorted(kind.__name__ for kind in kinds))
        raise InvalidInput(f"y mixes labels of different types: {names}.")
    if kinds == {bool}:
        return objects.astype(bool)
    return _integers(objects) if kinds == {int} else objects.astype(object)


def _is_missing(value: object) -> bool:
    """Whether it is None, NaN, or what pandas has for them."""
    if isinstance(value, float):
        return value != value
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def _kinds(objects: np.ndarray) -> set[type]:
    """The types of the objects, where NumPy's scalars count as Python's."""
    return {_python_type(kind) for kind in {type(value) for value in objects.ravel().tolist()}}


def _python_type(kind: type) -> type:
    pairs = ((bool, np.bool_), (int, np.integer), (float, np.floating), (str, np.str_))
    return next((python for python, numpy in pairs if issubclass(kind, python | numpy)), kind)


def _integers(objects: np.ndarray) -> np.ndarray:
    """Python's integers in 64 bits where they fit, else as they are."""
    for dtype in (np.int64, np.uint64):
        limits = np.iinfo(dtype)
        if limits.min <= objects.min() and objects.max() <= limits.max:
            return objects.astype(dtype)
    return objects


def _columns(y: np.ndarray) -> np.ndarray:
    """The columns of labels, one of which is all that (m,) has."""
    return y.reshape(len(y), -1).T


def _classes_of(column: np.ndarray) -> np.ndarray:
    """The sorted labels of one output, in the machine's order of bytes."""
    classes = np.unique(_of_one_type(column) if column.dtype == object else column)
    if classes.dtype == object:
        return classes
    return classes.astype(classes.dtype.newbyteorder("="), copy=False)


def _are_indicators(y: ArrayLike) -> bool:
    """Whether a matrix holds 0 and 1 only, in more than one column: multilabel targets."""
    if sparse.issparse(y) or y.dtype != object:
        return type_of_target(y) == "multilabel-indicator"
    kinds = _kinds(y)
    return kinds <= {bool, int} and y.shape[1] > 1 and ((y == 0) | (y == 1)).all()


def _check_kind(y: ArrayLike) -> None:
    """Refuse what is no label as scikit-learn does; integers of any size are labels."""
    if sparse.issparse(y):
        raise InvalidInput(
            "Unknown label type: a sparse y holds 0 and 1 in several columns, one for each label."
        )
    if y.dtype != object:
        check_classification_targets(y)
        return
    for column in _columns(y):
        labels = _of_one_type(column)
        if labels.dtype != object or _kinds(labels) != {int}:
            check_classification_targets(labels)


def _among(column: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Which labels are among the classes; "1" is not 1, and 2⁵³ is not 2⁵³ + 1."""
    return np.logical_or.reduce([column == classes[k : k + 1] for k in range(len(classes))])


def _indicate(y: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """One output's columns of Y: (m, 1) for up to two classes, (m, K) for more."""
    if len(classes) <= 2:
        return np.asarray(y == classes[-1:], dtype=bool)[:, None] & (len(classes) == 2)
    return np.asarray(y[:, None] == classes[None, :], dtype=bool)
