"""Many machines: Dask's arrays and data frames, trained on where their partitions are.

Each partition computes its sums (J, Δ) with the engine; the sums are added in the partitions'
order, so the bits are those of one machine with the same blocks. θ travels as an argument of every
task: a scattered θ would die with the worker that holds it, a lost task is just computed again.
Mini-batch solvers fetch one partition after the other instead.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
from numpy.typing import DTypeLike

from ..arrays import Array, ArrayLike
from ..errors import InvalidInput
from ..extras import optional
from ..network import Network
from .blocks import Blocks, BlocksInDtype
from .dask_blocks import DaskBlocks, block_of, is_dask
from .dask_client import computed
from .problem import Encode, StreamedProblem, Sums, block_digests, block_sums, describe_blocks


def blocks_of(X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike) -> Blocks | None:
    """Return rows in blocks as such; None for everything that is not."""
    if is_dask(X):
        return DaskBlocks(X, y, sample_weight)
    if type(X) is np.ndarray or not isinstance(X, Blocks):  # which takes ten times as long to say
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


def in_dtype(blocks: Blocks, dtype: DTypeLike) -> Blocks:
    """Return the same blocks with X read in another dtype."""
    if blocks.dtype == dtype:
        return blocks
    if not isinstance(blocks, DaskBlocks):
        return BlocksInDtype(blocks, np.dtype(dtype))
    changed = copy.copy(blocks)
    changed.dtype = np.dtype(dtype)
    return changed


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
    dtype: np.dtype,
    names: tuple[str, ...],
    *partition: Array,
) -> Sums:
    """What a worker computes: Σ w cost and Δ of its rows."""
    # what comes over the wire may lie at any address, where NumPy multiplies with other rounding
    theta = np.array(theta)
    return block_sums(net, theta, block_of(dtype, names, *partition), encode, n_threads)
