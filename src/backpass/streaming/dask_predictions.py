"""What is predicted for a Dask collection, and how good it is: computed when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..arrays import Array, ArrayLike
from ..errors import InvalidInput
from ..extras import optional
from .dask_blocks import Collection, aligned, is_dask

Method = Callable[[ArrayLike], Array]  # an estimator's predict, or a part of what it says


def lazily(method: Method, X: Collection) -> Collection | list[Collection]:
    """Predict by partitions, when the result is asked for; names and width are looked at now."""
    if hasattr(X, "columns"):
        _refuse_raw(getattr(getattr(method, "func", method), "__self__", None))
    like = method(_one_row(X))
    if isinstance(like, list):  # of several outputs
        return [_lazily(_part_of(method, i), X, part) for i, part in enumerate(like)]
    return _lazily(method, X, like)


def _lazily(method: Method, X: Collection, like: np.ndarray) -> Collection:
    """Predict what looks like this one row's answer."""
    rows = _rows_of(method, like[:0])
    width = () if like.ndim == 1 else ((like.shape[1],),)
    if hasattr(X, "columns"):
        return _of_partitions(rows, X.to_delayed(), like)
    X = X.rechunk({1: -1})
    if like.ndim == 1:
        return X.map_blocks(rows, drop_axis=1, dtype=like.dtype, meta=like[:0])
    return X.map_blocks(rows, chunks=(X.chunks[0], *width), dtype=like.dtype, meta=like[:0])


def _refuse_raw(estimator: object) -> None:
    """Raise where a model of a table would take its raw numbers for those that it made of them."""
    if getattr(estimator, "preprocessing_", None) is not None:
        raise InvalidInput(
            "This model reads a table's columns itself: predict the partitions of a Dask data "
            "frame with frame.map_partitions(model.predict)."
        )


def _one_row(X: Collection) -> ArrayLike:
    """A row of zeros in X's form."""
    if not hasattr(X, "columns"):
        return np.zeros((1, X.shape[1]), X.dtype)
    row = np.zeros((1, len(X.columns)))
    return optional("pandas", "A data frame").DataFrame(row, columns=list(X.columns))


def _of_partitions(rows: Method, partitions: Sequence[object], like: np.ndarray) -> Collection:
    """A Dask array of what is made of a data frame's partitions, of unknown lengths."""
    dask, da = (optional(name, "Predicting a Dask data frame") for name in ("dask", "dask.array"))
    task = dask.delayed(rows, pure=True)
    shape = (np.nan, *like.shape[1:])
    parts = [da.from_delayed(task(p), shape, meta=like[:0]) for p in partitions]
    return da.concatenate(parts, allow_unknown_chunksizes=True)


def _part_of(method: Method, part: int) -> Method:
    return lambda X: method(X)[part]


def _rows_of(method: Method, empty: np.ndarray) -> Method:
    """A method that also takes partitions without rows."""
    return lambda X: method(X) if X.shape[0] else empty


def lazy_accuracy(
    predicted: Collection, y: Collection, sample_weight: Collection = None
) -> Collection:
    """The part of rows whose labels are right, as something that Dask computes when asked."""
    right = predicted == _beside(y, "y", predicted)
    right = right.all(axis=1) if right.ndim == 2 else right
    w = _lazy_weights(sample_weight, right)
    return right.mean() if w is None else (w * right).sum() / w.sum()


def lazy_r_squared(
    predicted: Collection, y: Collection, sample_weight: Collection = None
) -> Collection:
    """R², the mean over the outputs, as something that Dask computes when asked."""
    y = _beside(y, "y", predicted)
    w = _lazy_weights(sample_weight, predicted)
    if w is None:
        w = optional("dask.array", "Training on Dask collections").ones_like(y, dtype=float)
    w = w[:, None] if y.ndim == 2 and w.ndim == 1 else w
    mean = (w * y).sum(axis=0) / w.sum(axis=0)
    residual, total = (w * (y - predicted) ** 2).sum(axis=0), (w * (y - mean) ** 2).sum(axis=0)
    return (1 - residual / total).mean()


def _lazy_weights(sample_weight: Collection, rows: Collection) -> Collection:
    """Weights cut where the rows are; None where all count the same."""
    if sample_weight is None or np.ndim(sample_weight) == 0:
        return None
    return _beside(sample_weight, "sample_weight", rows)


def _beside(value: Collection, name: str, rows: Collection) -> Collection:
    """Targets or weights cut where the rows are, without computing either."""
    sizes = rows.chunks[0]
    if not np.isnan(sum(sizes)):
        return aligned(value, name, sizes)
    if not is_dask(value):
        raise InvalidInput(f"X is a Dask collection, so {name} must be one, too.")
    array = value.to_dask_array() if hasattr(value, "to_dask_array") else value
    if array.numblocks[0] != len(sizes):
        raise InvalidInput(
            f"X has {len(sizes)} partitions, but {name} has {array.numblocks[0]}; cut them alike."
        )
    da = optional("dask.array", "Training on Dask collections")
    task = optional("dask", "Training on Dask collections").delayed(_of_as_many_rows)
    pairs = zip(*(part.to_delayed().reshape(len(sizes), -1)[:, 0] for part in (array, rows)))
    shape, meta = (np.nan, *array.shape[1:]), np.empty((0, *array.shape[1:]), array.dtype)
    parts = [da.from_delayed(task(name, *pair), shape, meta=meta) for pair in pairs]
    return da.concatenate(parts, allow_unknown_chunksizes=True)


def _of_as_many_rows(name: str, part: Collection, rows: np.ndarray) -> np.ndarray:
    """A part of the targets or the weights, if it is as long as the rows beside it."""
    if len(part) != len(rows):
        raise InvalidInput(f"A partition of X has {len(rows)} rows, but {name}'s has {len(part)}.")
    return np.asarray(part)
