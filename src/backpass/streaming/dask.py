"""Many machines: Dask's arrays and data frames, trained on where their partitions are.

Each partition computes its sums (J, Δ) with the engine; the sums are added in the partitions'
order, so the bits are those of one machine with the same blocks. θ travels as an argument of every
task: a scattered θ would die with the worker that holds it, a lost task is just computed again.
Mini-batch solvers fetch one partition after the other instead.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..arrays import Array
from ..errors import InvalidInput
from ..extras import optional
from ..network import Network
from .blocks import Block, Blocks, BlocksInDtype, computed_in, dense_block
from .dask_client import computed, watched
from .problem import (
    Encode,
    StreamedProblem,
    Sums,
    block_digest,
    block_digests,
    block_sums,
    describe_blocks,
)


def is_dask(value: Any) -> bool:
    """Whether something is a Dask collection, told without importing Dask."""
    return type(value).__module__.split(".")[0] in ("dask", "dask_expr")


def blocks_of(X: Any, y: Any, sample_weight: Any) -> Blocks | None:
    """Return rows in blocks as such; None for everything that is not."""
    if is_dask(X):
        return DaskBlocks(X, y, sample_weight)
    if not isinstance(X, Blocks):
        return None
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise InvalidInput(f"Rows in blocks bring their own {name}: leave {name} out.")
    return X


def problem_of(
    net: Network, blocks: Blocks, encode: Encode, lam: float, n_threads: int | None
) -> StreamedProblem:
    """Bind a network to rows in blocks, here or on other machines."""
    kind = ClusterProblem if isinstance(blocks, DaskBlocks) else StreamedProblem
    return kind(net, blocks, encode, lam=lam, n_threads=n_threads)


def description_of(blocks: Blocks, encode: Encode) -> str:
    """Hash what tells rows in blocks apart, where they are."""
    if isinstance(blocks, DaskBlocks):
        return describe_blocks(blocks, blocks.digests(encode))
    return describe_blocks(blocks, block_digests(blocks, encode))


def in_dtype(blocks: Blocks, dtype: Any) -> Blocks:
    """Return the same blocks with X read in another dtype."""
    if blocks.dtype == dtype:
        return blocks
    if not isinstance(blocks, DaskBlocks):
        return BlocksInDtype(blocks, np.dtype(dtype))
    changed = copy.copy(blocks)
    changed.dtype = np.dtype(dtype)
    return changed


class DaskBlocks:
    """Blocks that are the partitions of Dask collections, kept in the workers' memory.

    Parameters
    ----------
    X : Dask array of shape (m, n) or data frame
        Inputs.
    y : Dask array or series
        Targets, of as many rows.
    sample_weight : Dask array or series, optional
        Weights.

    Raises
    ------
    InvalidInput
        If y or the weights are no Dask collections, or have other rows than X.
    MissingExtra
        If Dask is not installed.
    """

    def __init__(self, X: Any, y: Any, sample_weight: Any = None) -> None:
        self.named = hasattr(X, "columns")
        columns = [str(name) for name in getattr(X, "columns", range(X.shape[1]))]
        self.names = tuple(columns if self.named else [f"x{name}" for name in columns])
        rows = _as_array(X, "X").rechunk({1: -1})
        self.dtype = computed_in(rows.dtype)
        sizes = tuple(int(size) for size in rows.chunks[0])
        self.groups = tuple((size,) for size in sizes if size)
        parts = [rows, _aligned(y, "y", sizes)]
        if sample_weight is not None:
            parts.append(_weights_of(sample_weight, sizes))
        # held, for the workers keep what somebody refers to
        self.kept = kept = optional("dask", "Training on Dask collections").persist(*parts)
        full = [i for i, size in enumerate(sizes) if size]
        delayed = [part.to_delayed().reshape(len(sizes), -1)[full, 0] for part in kept]
        self.partitions = list(zip(*delayed))  # of (X, y) or (X, y, w)

    def read(self, group: int) -> Iterator[Block]:
        """Fetch one partition."""
        yield block_of(self.dtype, self.names, *computed(*self.partitions[group]))

    def read_targets(self, group: int) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Fetch y and w of one partition."""
        fetched = computed(*self.partitions[group][1:])
        yield np.asarray(fetched[0]), None if len(fetched) == 1 else np.asarray(fetched[1])

    def digests(self, encode: Encode) -> tuple[str, ...]:
        """Hash every partition, on the worker that has it."""
        dask = optional("dask", "Training on Dask collections")
        task = dask.delayed(partition_digest, pure=False)
        tasks = [task(encode, self.dtype, self.names, *partition) for partition in self.partitions]
        return computed(*tasks)


class ClusterProblem(StreamedProblem):
    """A network's objective whose blocks are computed by Dask's workers."""

    name = "dask"
    blocks: DaskBlocks

    def all_sums(self, theta: Array) -> Iterator[Sums]:
        """The sums of every partition, in order, whichever worker they come from."""
        dask = optional("dask", "Training on Dask collections")
        task = dask.delayed(partition_sums, pure=False)
        dtype, names = self.blocks.dtype, self.blocks.names
        tasks = [
            task(self.net, theta, self.encode, self.n_threads, dtype, names, *partition)
            for partition in self.blocks.partitions
        ]
        yield from computed(*tasks)


def partition_sums(
    net: Network,
    theta: Array,
    encode: Encode,
    n_threads: int | None,
    dtype: Any,
    names: tuple[str, ...],
    *partition: Any,
) -> Sums:
    """What a worker computes: Σ w cost and Δ of its rows."""
    # what comes over the wire may lie at any address, where NumPy multiplies with other rounding
    theta = np.array(theta)
    return block_sums(net, theta, block_of(dtype, names, *partition), encode, n_threads)


def partition_digest(encode: Encode, dtype: Any, names: tuple[str, ...], *partition: Any) -> str:
    """What a worker computes to tell its rows from others."""
    return block_digest(block_of(dtype, names, *partition), encode)


def block_of(dtype: Any, names: tuple[str, ...], X: Any, y: Any, w: Any = None) -> Block:
    """Make a block of a partition."""
    weights = None if w is None else np.array(w, np.float64)
    return Block(dense_block(X, dtype, names, 0), np.array(y), weights)


def lazily(method: Any, X: Any) -> Any:
    """Predict by partitions, when the result is asked for; names and width are looked at now."""
    if hasattr(X, "columns"):
        _refuse_raw(getattr(getattr(method, "func", method), "__self__", None))
    like = method(_one_row(X))
    if isinstance(like, list):  # of several outputs
        return [_lazily(_part_of(method, i), X, part) for i, part in enumerate(like)]
    return _lazily(method, X, like)


def _lazily(method: Any, X: Any, like: np.ndarray) -> Any:
    """Predict what looks like this one row's answer."""
    rows = _rows_of(method, like[:0])
    width = () if like.ndim == 1 else ((like.shape[1],),)
    if hasattr(X, "columns"):
        return _of_partitions(rows, X.to_delayed(), like)
    X = X.rechunk({1: -1})
    if like.ndim == 1:
        return X.map_blocks(rows, drop_axis=1, dtype=like.dtype, meta=like[:0])
    return X.map_blocks(rows, chunks=(X.chunks[0], *width), dtype=like.dtype, meta=like[:0])


def _refuse_raw(estimator: Any) -> None:
    """Raise where a model of a table would take its raw numbers for those that it made of them."""
    if getattr(estimator, "preprocessing_", None) is not None:
        raise InvalidInput(
            "This model reads a table's columns itself: predict the partitions of a Dask data "
            "frame with frame.map_partitions(model.predict)."
        )


def _one_row(X: Any) -> Any:
    """A row of zeros in X's form."""
    if not hasattr(X, "columns"):
        return np.zeros((1, X.shape[1]), X.dtype)
    row = np.zeros((1, len(X.columns)))
    return optional("pandas", "A data frame").DataFrame(row, columns=list(X.columns))


def _of_partitions(rows: Any, partitions: list[Any], like: np.ndarray) -> Any:
    """A Dask array of what is made of a data frame's partitions, of unknown lengths."""
    dask, da = (optional(name, "Predicting a Dask data frame") for name in ("dask", "dask.array"))
    task = dask.delayed(rows, pure=True)
    shape = (np.nan, *like.shape[1:])
    parts = [da.from_delayed(task(p), shape, meta=like[:0]) for p in partitions]
    return da.concatenate(parts, allow_unknown_chunksizes=True)


def _part_of(method: Any, part: int) -> Any:
    return lambda X: method(X)[part]


def _rows_of(method: Any, empty: np.ndarray) -> Any:
    """A method that also takes partitions without rows."""
    return lambda X: method(X) if len(X) else empty


def lazy_accuracy(predicted: Any, y: Any, sample_weight: Any = None) -> Any:
    """The part of rows whose labels are right, as something that Dask computes when asked."""
    right = predicted == _beside(y, "y", predicted)
    right = right.all(axis=1) if right.ndim == 2 else right
    w = _lazy_weights(sample_weight, right)
    return right.mean() if w is None else (w * right).sum() / w.sum()


def lazy_r_squared(predicted: Any, y: Any, sample_weight: Any = None) -> Any:
    """R², the mean over the outputs, as something that Dask computes when asked."""
    y = _beside(y, "y", predicted)
    w = _lazy_weights(sample_weight, predicted)
    if w is None:
        w = optional("dask.array", "Training on Dask collections").ones_like(y, dtype=float)
    w = w[:, None] if y.ndim == 2 and w.ndim == 1 else w
    mean = (w * y).sum(axis=0) / w.sum(axis=0)
    residual, total = (w * (y - predicted) ** 2).sum(axis=0), (w * (y - mean) ** 2).sum(axis=0)
    return (1 - residual / total).mean()


def _lazy_weights(sample_weight: Any, rows: Any) -> Any:
    """Weights cut where the rows are; None where all count the same."""
    if sample_weight is None or np.ndim(sample_weight) == 0:
        return None
    return _beside(sample_weight, "sample_weight", rows)


def _beside(value: Any, name: str, rows: Any) -> Any:
    """Targets or weights cut where the rows are, without computing either."""
    sizes = rows.chunks[0]
    if not np.isnan(sum(sizes)):
        return _aligned(value, name, sizes)
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


def _of_as_many_rows(name: str, part: Any, rows: np.ndarray) -> np.ndarray:
    """A part of the targets or the weights, if it is as long as the rows beside it."""
    if len(part) != len(rows):
        raise InvalidInput(f"A partition of X has {len(rows)} rows, but {name}'s has {len(part)}.")
    return np.asarray(part)


def _as_array(value: Any, name: str) -> Any:
    """A Dask array whose chunks have known sizes."""
    if not is_dask(value):
        raise InvalidInput(f"X is a Dask collection, so {name} must be one, too.")
    if hasattr(value, "to_dask_array"):
        return watched(lambda: value.to_dask_array(lengths=True))
    if np.isnan(sum(value.chunks[0])):
        return watched(value.compute_chunk_sizes)
    return value


def _weights_of(sample_weight: Any, sizes: tuple[int, ...]) -> Any:
    """Weights cut where X's rows are; a number counts for every row."""
    if np.ndim(sample_weight) > 0:
        return _aligned(sample_weight, "sample_weight", sizes)
    full = optional("dask.array", "Training on Dask collections").full
    return full(sum(sizes), float(sample_weight), chunks=(sizes,))


def _aligned(value: Any, name: str, sizes: tuple[int, ...]) -> Any:
    """Rows cut where X's are."""
    array = _as_array(value, name)
    if array.shape[0] != sum(sizes):
        raise InvalidInput(f"X has {sum(sizes)} rows, but {name} has {array.shape[0]}.")
    return array.rechunk({0: sizes, **({1: -1} if array.ndim == 2 else {})})
