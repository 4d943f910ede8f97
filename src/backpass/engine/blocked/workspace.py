"""One block of rows, forward and back, in buffers that are made once.

Everything is transposed, (units, rows). A hidden layer keeps a row of ones above its activations:
one product gives z with its bias, and one gives Δ with its bias column.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ...arrays import ArrayLike
from ...network import Network
from .functions import Hidden, Output, hidden_in_place, output_in_place
from .inputs import inputs_of, numbers_in_a_row
from .steps import pieces

BLOCK_BYTES = 1 << 20  # of inputs, z, a and δ: they stay in a level-2 cache
MIN_ROWS, MAX_ROWS = 256, 4096

LayerBlocks = list[np.ndarray]  # by layer, from l = 1: (s_l + 1, s_{l+1}), the bias in row 0


class RowBlock(NamedTuple):
    """Some rows of the data, and the hidden layers' functions for them."""

    x: ArrayLike  # (rows, s_1), an array or CSR
    y: np.ndarray  # (s_L, rows)
    w: np.ndarray | None  # (rows,), None where all weights are one
    hidden: list[Hidden]


class Workspace:
    """The buffers of one block, and of one gradient."""

    def __init__(self, net: Network, X: ArrayLike) -> None:
        dtype = np.dtype(X.dtype)
        self.hidden = [hidden_in_place(g) for g in net.hidden]
        self.output: Output = output_in_place(net.loss)
        numbers = numbers_in_a_row(X) + 3 * sum(net.sizes[1:])  # x; z, a and δ
        fitting = BLOCK_BYTES // (numbers * dtype.itemsize)
        # At least 256 rows, else the products are too narrow for BLAS; at most what X has.
        self.rows = R = min(max(fitting, MIN_ROWS), MAX_ROWS, X.shape[0])
        self.inputs = inputs_of(X, R)
        self.y = np.empty((net.sizes[-1], R), dtype)
        self.z = [np.empty((s, R), dtype) for s in net.sizes[1:]]
        self.delta = [np.empty((s, R), dtype) for s in net.sizes[1:]]
        # A hidden a has s + 1 rows, the first of them ones that no activation writes over.
        self.a = [np.ones((s + 1, R), dtype) for s in net.sizes[1:-1]]
        self.D = np.empty(net.n_parameters, dtype)
        self._D_blocks = transposed_views(net, self.D)
        # What the blocks after the first write, to be added to D. Sparse ones add to Δ^(1) itself:
        # nothing as large as Θ^(1) is written for the few rows of it that they name.
        added = int(self.inputs.adds)
        start = net.slices[0].where.stop if added else 0
        self._written, self._part = self.D[start:], np.empty(len(self.D) - start, dtype)
        self._part_blocks = self._D_blocks[:added] + [
            self._part[where.start - start : where.stop - start].reshape(shape)
            for where, shape in net.slices[added:]
        ]

    def sums(self, Theta: LayerBlocks, blocks: Iterator[RowBlock], scale: float) -> float:
        """D := scale · Δ of all the blocks; return Σ w cost."""
        if self.inputs.adds:
            self._D_blocks[0][...] = 0
        # The first block writes D, so that it need not be set to zero; the others are added.
        total = self._pass_through(Theta, next(blocks), scale, self._D_blocks)
        for block in blocks:
            total += self._pass_through(Theta, block, scale, self._part_blocks)
            self._written += self._part
        return total

    def _pass_through(
        self, Theta: LayerBlocks, block: RowBlock, scale: float, D: LayerBlocks
    ) -> float:
        """Write scale · Δ of the block to D, and return Σ w cost."""
        z = self._forward(Theta, block)
        delta = self.delta[-1][:, : block.y.shape[1]]
        cost = self.output.value(z, block.y, delta)
        # Scaled here, (s_L, rows) numbers, and not at each layer's Δ: the rest is linear in δ.
        delta *= scale if block.w is None else scale * block.w
        self._backward(Theta, block, D)
        return float(cost.sum() if block.w is None else block.w @ cost)

    def decay(self, Theta: LayerBlocks, share: float) -> float:
        """D := D + share · Θ, the bias left out; return share/2 · Σ Θ²."""
        if share == 0:
            return 0.0
        for block, D in zip(Theta, self._D_blocks):
            weights, sums = block[1:].reshape(-1), D[1:].reshape(-1)
            for here in pieces(weights):
                sums[here] += share * weights[here]
        return share / 2 * sum(float(np.vdot(block[1:], block[1:])) for block in Theta)

    def _forward(self, Theta: LayerBlocks, block: RowBlock) -> np.ndarray:
        """Fill every z and a; return z^(L)."""
        n = block.y.shape[1]
        z = self.z[0][:, :n]
        self.inputs.forward(block.x, Theta[0], z)
        for l, functions in enumerate(block.hidden):
            a = self.a[l][:, :n]
            functions.g(z, a[1:])
            z = self.z[l + 1][:, :n]
            np.matmul(Theta[l + 1].T, a, out=z)  # (s_{l+1}, s_l + 1) times (s_l + 1, rows)
        return z

    def _backward(self, Theta: LayerBlocks, block: RowBlock, D: LayerBlocks) -> None:
        """Take δ from the last layer to layer 2, and each layer's Δ on the way."""
        n = block.y.shape[1]
        delta = self.delta[-1][:, :n]
        for l in range(len(block.hidden) - 1, -1, -1):
            a, z = self.a[l][:, :n], self.z[l][:, :n]
            np.matmul(a, delta.T, out=D[l + 1])  # [1, a] δᵀ: (s_l + 1, s_{l+1}), θ's own layout
            behind = self.delta[l][:, :n]
            np.matmul(Theta[l + 1][1:], delta, out=behind)
            block.hidden[l].times_slope(behind, z, a[1:])
            delta = behind
        self.inputs.backward(block.x, delta, D[0])


def transposed_views(net: Network, theta: np.ndarray) -> LayerBlocks:
    """View θ by layers as it lies in memory: Θᵀ, (s_l + 1, s_{l+1}), C-ordered."""
    return [Theta.T for Theta in net.roll_unchecked(theta)]
