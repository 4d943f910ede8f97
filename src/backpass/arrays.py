"""What the mathematics needs of an array library, and how foreign data becomes arrays.

The mathematics is written against the Array API, so the same lines run on NumPy, PyTorch and CuPy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import array_api_compat
import array_api_compat.numpy as numpy_namespace
import numpy as np
from array_api_compat import (
    device,  # NumPy's arrays have had it since 2.0 only
    is_array_api_obj,  # pyright: ignore[reportUnknownVariableType]
    is_numpy_array,
)
from numpy.typing import NDArray

from .errors import InvalidInput

# The libraries share no static type, so that these say to a reader what a checker cannot know.
Array = Any  # any array that speaks the Array API: NumPy, PyTorch, CuPy, array-api-strict
ArrayLike = Any  # what becomes an array: lists, data frames, sparse matrices, and arrays
Namespace = Any  # the functions of an array library
State = dict[str, Any]  # of a solver or a training: arrays, numbers and lists, by name

__all__ = [
    "Array",
    "ArrayLike",
    "ImageShape",
    "Namespace",
    "State",
    "all_finite",
    "array_namespace",
    "as_csr",
    "as_inputs",
    "as_matrix",
    "as_numpy",
    "as_targets",
    "as_vector",
    "as_weights",
    "device",
    "in_precision",
    "is_array_api_obj",
    "is_numpy_array",
    "like",
    "joined_rows",
    "log1p",
    "numbers_of",
    "one_hot",
    "real_part",
    "where_positive",
]


LONG = 1 << 17  # numbers, as far as a second array of them is nothing


class ImageShape(NamedTuple):
    """The pictures that are unrolled into the rows of a matrix, one a row.

    Parameters
    ----------
    rows, columns : int
        Of a picture, in pixels.
    order : {"C", "F"}
        How it is unrolled into its row: by rows, or by columns as MATLAB does.

    Examples
    --------
    >>> ImageShape(2, 3, "F").images(np.arange(6)[None, :])[0]
    array([[0, 2, 4],
           [1, 3, 5]])
    """

    rows: int
    columns: int
    order: str = "C"

    @classmethod
    def guess(cls, n_features: int, *, least: int, order: str = "C") -> ImageShape | None:
        """Take so many numbers for a square picture, if they can be one of `least` pixels or more.

        Nothing in a matrix of numbers says that its rows are pictures: the smaller a square, the
        more tables have as many columns, so whoever guesses says from where on.
        """
        side = math.isqrt(n_features)
        return cls(side, side, order) if side * side == n_features >= least else None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.columns

    @property
    def pixels(self) -> int:
        """How many there are in a picture."""
        return self.rows * self.columns

    def images(self, X: np.ndarray) -> np.ndarray:
        """Return the rows of X, (m, pixels), as pictures (m, rows, columns)."""
        if self.order == "C":
            return X.reshape(len(X), self.rows, self.columns)
        return X.reshape(len(X), self.columns, self.rows).transpose(0, 2, 1)


def array_namespace(*arrays: Array) -> Namespace:
    """Return the Array API of the arrays' library; at once for NumPy's, as one row asks often."""
    for array in arrays:
        if type(array) is not np.ndarray:
            return array_api_compat.array_namespace(*arrays)
    return numpy_namespace


def all_finite(array: Array) -> bool:
    """Whether every number is finite; at once for NumPy's, as every epoch asks."""
    if type(array) is np.ndarray:
        if array.ndim == 1 and array.size > LONG:  # no answer for each number of a long θ
            starts = range(0, array.size, LONG)
            return all(np.isfinite(array[i : i + LONG]).all() for i in starts)
        return bool(np.isfinite(array).all())
    xp = array_namespace(array)
    return bool(xp.all(xp.isfinite(array)))


def real_part(z: Array) -> Array:
    """Return the real part of z, which is z itself unless it is complex (the complex step)."""
    xp = array_namespace(z)
    return xp.real(z) if xp.isdtype(z.dtype, "complex floating") else z


def where_positive(z: Array, positive: Array, other: Array) -> Array:
    """Choose by the sign of z's real part: analytic on either side, as the complex step needs."""
    return array_namespace(z).where(real_part(z) > 0, positive, other)


def log1p(z: Array) -> Array:
    """log(1 + z); NumPy's own loses the digits of a small complex z."""
    xp = array_namespace(z)
    if not xp.isdtype(z.dtype, "complex floating"):
        return xp.log1p(z)
    # log(1 + z) = ½ log|1 + z|² + i arg(1 + z), where |1 + z|² − 1 = x (2 + x) + y² has no 1 from
    # which a small x would be rounded off. Branch and sign are atan2's.
    x, y = xp.real(z), xp.imag(z)
    return xp.log1p(x * (2 + x) + y * y) / 2 + 1j * xp.atan2(y, 1 + x)


def as_csr(X: ArrayLike) -> ArrayLike:
    """Turn a sparse matrix into CSR, one that holds together; what is CSR stays the same object."""
    if X.format in ("csr", "csc"):
        _check_compressed(X)
    X = X.tocsr()
    if X.indices.dtype == X.indptr.dtype:
        return X
    # Not all of SciPy's functions know such: the matrix that is made of them has one type for both.
    return type(X)((X.data, X.indices, X.indptr), shape=X.shape)


def _check_compressed(X: ArrayLike) -> None:
    """Raise where a CSR or CSC matrix names what does not exist: SciPy holds it without looking."""
    starts, numbers = X.indptr, X.indices
    major, minor = X.shape if X.format == "csr" else X.shape[::-1]
    stored = min(len(numbers), len(X.data))
    fits = len(starts) == major + 1 and starts[0] == 0 and 0 <= starts[-1] <= stored
    if not fits or (starts[1:] < starts[:-1]).any():
        raise InvalidInput(f"The {X.format.upper()} matrix has an indptr that does not fit it.")
    numbers = numbers[: starts[-1]]
    if numbers.size and not (numbers.min() >= 0 and numbers.max() < minor):
        raise InvalidInput(
            f"The {X.format.upper()} matrix has indices outside of 0 to {minor - 1}."
        )


def numbers_of(X: ArrayLike) -> Array:
    """Return an array itself, of a CSR matrix the stored values: what says dtype and library."""
    return X.data if hasattr(X, "tocsr") else X


def joined_rows(parts: Sequence[ArrayLike]) -> ArrayLike:
    """Put NumPy's rows below each other; as CSR where one of the parts is."""
    if not any(hasattr(part, "tocsr") for part in parts):
        return np.concatenate(parts)
    from scipy.sparse import vstack  # whoever has a sparse matrix has loaded it

    return vstack(parts, format="csr")


def as_numpy(value: ArrayLike) -> np.ndarray:
    """Bring an array of any library and device to NumPy; other things by ``np.asarray``."""
    if is_numpy_array(value) or not is_array_api_obj(value):
        return np.asarray(value)
    array: Array = value
    if hasattr(array, "detach"):  # PyTorch
        return array.detach().cpu().numpy()
    return array.get() if hasattr(array, "get") else np.from_dlpack(array)  # CuPy, others


def like(reference: ArrayLike, value: ArrayLike) -> ArrayLike:
    """Bring a value to the library, device and dtype of an array; CSR matrices stay such."""
    if hasattr(value, "tocsr"):
        return value.astype(reference.dtype, copy=False)
    if is_numpy_array(reference) or hasattr(reference, "tocsr"):
        return np.asarray(value, dtype=reference.dtype)
    xp = array_namespace(reference)
    return xp.asarray(value, dtype=reference.dtype, device=reference.device)


def in_precision(reference: ArrayLike, X: ArrayLike) -> ArrayLike:
    """Bring X to the dtype of other numbers; what is too large for it is refused."""
    with np.errstate(over="ignore"):
        narrowed = like(reference, X)
    numbers = numbers_of(narrowed)
    xp = array_namespace(numbers)
    single = narrowed is not X and xp.finfo(numbers.dtype).bits < 64
    if single and not all_finite(numbers):
        raise InvalidInput(
            f"X holds numbers that are too large for {numbers.dtype}, the precision of the weights."
        )
    return narrowed


def _foreign_to_numpy(value: ArrayLike, name: str) -> Array:
    """Turn lists, data frames and sparse matrices into NumPy; leave Array API arrays alone."""
    if hasattr(value, "toarray"):
        return (as_csr(value) if hasattr(value, "tocsr") else value).toarray()
    if is_array_api_obj(value) and not is_numpy_array(value):
        return value
    array = np.asarray(value)
    if array.dtype.kind not in "OUSV":
        return array
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{name} holds something that is not a number: {error}.") from None


def _floating(array: Array, name: str) -> Array:
    """Keep float32, float64 and complex; turn integers, booleans and halves into floats."""
    xp = array_namespace(array)
    if xp.isdtype(array.dtype, "complex floating"):
        return array
    if xp.isdtype(array.dtype, "real floating"):
        return xp.astype(array, xp.float32) if xp.finfo(array.dtype).bits < 32 else array
    if xp.isdtype(array.dtype, ("bool", "integral")):
        return xp.astype(array, xp.float64)
    raise InvalidInput(f"{name} has the dtype {array.dtype}, which is not a number's.")


def _of_the_kind(array: Array, like: Array) -> Array:
    """Move NumPy data into like's library and dtype; a complex array keeps its dtype."""
    xp = array_namespace(like)
    if is_numpy_array(array) and not is_numpy_array(like):
        array = xp.asarray(array, device=like.device)
    if xp.isdtype(array.dtype, "complex floating"):
        return array
    return xp.astype(array, like.dtype, copy=False)


def as_vector(value: ArrayLike, name: str, length: int, why: str, like: Array = None) -> Array:
    """Return a floating vector of `length` numbers, of like's kind, or say what it needs."""
    vector = _floating(_foreign_to_numpy(value, name), name)
    if vector.ndim != 1 or vector.shape[0] != length:
        shape = tuple(vector.shape)
        raise InvalidInput(f"{name} has shape {shape}, but it needs ({length},): {why}.")
    return vector if like is None else _of_the_kind(vector, like)


def as_matrix(value: ArrayLike, name: str, columns: int) -> Array:
    """Return a floating matrix with `columns` columns, or say what is wrong with it."""
    matrix = _floating(_foreign_to_numpy(value, name), name)
    _check_columns(matrix, name, columns)
    return matrix


def as_inputs(X: ArrayLike, columns: int) -> ArrayLike:
    """Return X as the engines read it: a floating matrix, or CSR with floating values.

    A CSR matrix whose values are floats is returned as it is, in whatever order its indices stand
    and however often it names a place: nothing of the caller's is sorted, summed or copied.
    """
    if not hasattr(X, "tocsr"):
        return as_matrix(X, "X", columns)
    _check_columns(X, "X", columns)
    X = as_csr(X)
    dtype = _floating(X.data[:0], "X").dtype.newbyteorder("=")
    return X if X.data.dtype == dtype else X.astype(dtype)


def _check_columns(matrix: Array, name: str, columns: int) -> None:
    """Raise where a matrix does not have a column for each input unit."""
    if len(matrix.shape) != 2 or matrix.shape[1] != columns:
        raise InvalidInput(
            f"{name} has shape {tuple(matrix.shape)}, but the network has {columns} input units: "
            f"{name} needs the shape (m, {columns})."
        )


def as_targets(value: ArrayLike, rows: int, units: int, like: Array) -> Array:
    """Return Y as floats of X's kind, shape (m, s_L); booleans and data frames are accepted."""
    targets = _floating(_foreign_to_numpy(value, "Y"), "Y")
    if targets.ndim == 1 and units == 1:
        targets = targets[:, None]
    if targets.ndim == 1:
        raise InvalidInput(
            f"Y has shape {tuple(targets.shape)}, but the network has {units} output units: "
            "pass one row per example, for labels bp.one_hot(y)."
        )
    if tuple(targets.shape) != (rows, units):
        raise InvalidInput(
            f"Y has shape {tuple(targets.shape)}, but X has {rows} rows and the network has "
            f"{units} output units: Y needs the shape ({rows}, {units})."
        )
    return _of_the_kind(targets, like)


def as_weights(value: ArrayLike, rows: int, like: Array) -> Array:
    """Return w, shape (m,), ones where no weights are given; negative or all-zero is refused."""
    xp = array_namespace(like)
    if value is None:
        return xp.ones(rows, dtype=like.dtype)
    weights = as_vector(value, "sample_weight", rows, "one weight for each row of X", like)
    if bool(xp.any(weights < 0)):
        raise InvalidInput("sample_weight holds a negative number; weights are at least zero.")
    if not bool(xp.any(weights > 0)):
        raise InvalidInput("sample_weight is zero for every row, so there is nothing to learn.")
    return weights


def one_hot(y: ArrayLike, classes: ArrayLike = None) -> NDArray[np.float64]:
    """Turn labels into rows of zeros with a single one.

    Parameters
    ----------
    y : array-like of shape (m,) or (m, 1)
        Labels: integers, strings, anything that can be compared.
    classes : array-like of shape (K,), optional
        The label of each column; the sorted labels of y where not given.

    Returns
    -------
    ndarray of shape (m, K), float64
        Floats, not booleans: on a boolean Y, ``-Y`` means NOT Y, one of the notes' slips.

    Raises
    ------
    InvalidInput
        If y is not one label per row, or holds a label that is not among the classes.

    Examples
    --------
    >>> one_hot([2, 3, 1])
    array([[0., 1., 0.],
           [0., 0., 1.],
           [1., 0., 0.]])
    """
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise InvalidInput(f"y has shape {labels.shape}, but it needs one label per row.")
    columns = np.unique(labels) if classes is None else np.asarray(classes)
    Y = labels[:, None] == columns
    unknown = ~Y.any(axis=1)
    if unknown.any():
        row = int(unknown.argmax())
        raise InvalidInput(f"y holds the label {labels[row]!r} in row {row}, which is no class.")
    return Y.astype(np.float64)
