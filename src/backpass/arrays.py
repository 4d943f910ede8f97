"""What the mathematics needs of an array library, and the door where foreign data becomes arrays.

Floor 0 is written against the Array API, so the same lines run on NumPy, PyTorch and CuPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from array_api_compat import (
    array_namespace,
    is_array_api_obj,  # pyright: ignore[reportUnknownVariableType]
    is_numpy_array,
)

from .errors import InvalidInput

Array = Any  # any array that speaks the Array API: NumPy, PyTorch, CuPy, array-api-strict

__all__ = [
    "Array",
    "array_namespace",
    "as_matrix",
    "as_targets",
    "as_vector",
    "as_weights",
    "is_numpy_array",
    "real_part",
    "where_positive",
]


def real_part(z: Array) -> Array:
    """Return the real part of z, which is z itself unless it is complex (the complex step)."""
    xp = array_namespace(z)
    return xp.real(z) if xp.isdtype(z.dtype, "complex floating") else z


def where_positive(z: Array, positive: Array, other: Array) -> Array:
    """Choose by the sign of z's real part: analytic on either side, as the complex step needs."""
    return array_namespace(z).where(real_part(z) > 0, positive, other)


def _foreign_to_numpy(value: Any, name: str) -> Array:
    """Turn lists, data frames and sparse matrices into NumPy; leave Array API arrays alone."""
    if hasattr(value, "toarray"):
        return value.toarray()
    if is_array_api_obj(value):
        return value
    array = np.asarray(value)
    if array.dtype == object:
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise InvalidInput(f"{name} holds something that is not a number: {error}.") from None
    return array


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


def as_vector(value: Any, name: str, length: int, why: str) -> Array:
    """Return a one-dimensional floating array of exactly `length` numbers, or say what it needs."""
    vector = _floating(_foreign_to_numpy(value, name), name)
    if vector.ndim != 1 or vector.shape[0] != length:
        shape = tuple(vector.shape)
        raise InvalidInput(f"{name} has shape {shape}, but it needs ({length},): {why}.")
    return vector


def as_matrix(value: Any, name: str, columns: int) -> Array:
    """Return a floating matrix with `columns` columns, or say what is wrong with it."""
    matrix = _floating(_foreign_to_numpy(value, name), name)
    if matrix.ndim != 2 or matrix.shape[1] != columns:
        raise InvalidInput(
            f"{name} has shape {tuple(matrix.shape)}, but the network has {columns} input units: "
            f"{name} needs the shape (m, {columns})."
        )
    return matrix


def as_targets(value: Any, rows: int, units: int, like: Array) -> Array:
    """Return Y as floats of X's kind, shape (m, s_L); booleans and data frames are welcome."""
    targets = _floating(_foreign_to_numpy(value, "Y"), "Y")
    xp = array_namespace(like)
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
    if is_numpy_array(targets) and not is_numpy_array(like):
        targets = xp.asarray(targets)
    return xp.astype(targets, like.dtype, copy=False)


def as_weights(value: Any, rows: int, like: Array) -> Array:
    """Return w, shape (m,), ones where no weights are given; negative or all-zero is refused."""
    xp = array_namespace(like)
    if value is None:
        return xp.ones(rows, dtype=like.dtype)
    weights = as_vector(value, "sample_weight", rows, "one weight for each row of X")
    if is_numpy_array(weights) and not is_numpy_array(like):
        weights = xp.asarray(weights)
    weights = xp.astype(weights, like.dtype, copy=False)
    if bool(xp.any(weights < 0)):
        raise InvalidInput("sample_weight holds a negative number; weights are at least zero.")
    if not bool(xp.any(weights > 0)):
        raise InvalidInput("sample_weight is zero for every row, so there is nothing to learn.")
    return weights
