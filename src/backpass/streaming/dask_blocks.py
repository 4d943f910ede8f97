"""Rows that are the partitions of Dask's arrays and data frames.

Nothing here imports Dask before a collection is there.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..arrays import Array, ArrayLike
from ..errors import InvalidInput
from ..extras import optional
from .blocks import Block, computed_in, rows_as_block
from .dask_client import computed, watched
from .problem import Encode, block_digest

Collection = ArrayLike  # a Dask array, series or data frame


def is_dask(value: object) -> bool:
    """Whether something is a Dask collection, told without importing Dask."""
    return type(value).__module__.split(".")[0] in ("dask", "dask_expr")


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

    def __init__(self, X: Collection, y: Collection, sample_weight: Collection = None) -> None:
        self.named = hasattr(X, "columns")
        columns = [str(name) for name in getattr(X, "columns", range(X.shape[1]))]
        self.names = tuple(columns if self.named else [f"x{name}" for name in columns])
        rows = as_dask_array(X, "X").rechunk({1: -1})
        self.dtype = computed_in(rows.dtype)
        sizes = tuple(int(size) for size in rows.chunks[0])
        self.groups = tuple((size,) for size in sizes if size)
        parts = [rows, aligned(y, "y", sizes)]
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


def partition_digest(
    encode: Encode, dtype: np.dtype, names: tuple[str, ...], *partition: Array
) -> str:
    """What a worker computes to tell its rows from others."""
    return block_digest(block_of(dtype, names, *partition), encode)


def block_of(dtype: np.dtype, names: tuple[str, ...], X: Array, y: Array, w: Array = None) -> Block:
    """Make a block of a partition."""
    weights = None if w is None else np.array(w, np.float64)
    return Block(rows_as_block(X, dtype, names, 0), np.array(y), weights)


def as_dask_array(value: Collection, name: str) -> Collection:
    """A Dask array whose chunks have known sizes."""
    if not is_dask(value):
        raise InvalidInput(f"X is a Dask collection, so {name} must be one, too.")
    if hasattr(value, "to_dask_array"):
        return watched(lambda: value.to_dask_array(lengths=True))
    if np.isnan(sum(value.chunks[0])):
        return watched(value.compute_chunk_sizes)
    return value


def _weights_of(sample_weight: Collection, sizes: tuple[int, ...]) -> Collection:
    """Weights cut where X's rows are; a number counts for every row."""
    if np.ndim(sample_weight) > 0:
        return aligned(sample_weight, "sample_weight", sizes)
    full = optional("dask.array", "Training on Dask collections").full
    return full(sum(sizes), float(sample_weight), chunks=(sizes,))


def aligned(value: Collection, name: str, sizes: tuple[int, ...]) -> Collection:
    """Rows cut where X's are."""
    array = as_dask_array(value, name)
    if array.shape[0] != sum(sizes):
        raise InvalidInput(f"X has {sum(sizes)} rows, but {name} has {array.shape[0]}.")
    return array.rechunk({0: sizes, **({1: -1} if array.ndim == 2 else {})})
