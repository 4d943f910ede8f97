"""The engine where the native core is missing: NumPy in blocks, preallocated, in place.

The notes' loop with a block of rows in place of one row: a block goes forward and back while its
activations are in cache, and adds to Δ. Memory is one block, whatever m is.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import numpy as np

from ...arrays import Array, ArrayLike, State
from ...blas import blas_threads
from ...network import Network
from ..dropout import Dropout, thinned
from ..problem import Epoch, Optimizer, Rows, SequentialProblem, check_order, logits_and_cost
from ..reference import ReferenceProblem
from .functions import hidden_in_place, output_in_place
from .steps import step_in_place
from .workspace import LayerBlocks, RowBlock, Workspace, transposed_views

FORWARD_ROWS = 512


def fits(*arrays: Array) -> bool:
    """Whether this engine can compute with them: NumPy arrays or CSR of float32 or float64."""
    return all(
        (isinstance(array, np.ndarray) or hasattr(array, "tocsr"))
        and array.dtype in (np.float32, np.float64)
        for array in arrays
    )


class BlockedProblem(SequentialProblem[Rows]):
    """One network's objective on one data set, computed block by block in place."""

    name = "blocked"

    def __init__(self, net: Network, rows: Rows, lam: float, n_threads: int | None = None) -> None:
        self.net = net
        self.rows = rows
        self.lam = lam
        self.n_threads = n_threads
        self.dtype = np.dtype(rows.X.dtype)
        self._spare: list[Workspace] = []

    def cost_and_gradient(self, theta: Array) -> tuple[Array, Array]:
        """J(θ) and D over all rows, summed over blocks in their order."""
        if np.iscomplexobj(theta):  # the complex step
            return ReferenceProblem(self.net, self.rows, self.lam).cost_and_gradient(theta)
        Theta = transposed_views(self.net, np.asarray(theta, self.dtype))
        with self._workspace() as work:
            J = self._objective(work, Theta, self._consecutive(work), 1 / self.rows.W)
            return J, work.D.copy()

    def logits_and_cost(self, theta: Array) -> tuple[Array, float]:
        """z^(L), shape (m, s_L), and Σ w cost: what a validation looks at."""
        linear = self.net.linear
        with blas_threads(self.n_threads):
            return logits_and_cost(self.net, self.rows, lambda X: forward(linear, theta, X))

    def batch_cost_and_gradient(
        self, theta: Array, batch: Array, dropout: Dropout | None = None, step: int = 0
    ) -> tuple[Array, Array]:
        """The mini-batch's unbiased estimate of J and D: its sums count m/|B| times."""
        Theta = transposed_views(self.net, np.asarray(theta, self.dtype))
        batch = check_order(batch, self.rows.m)
        with self._workspace() as work:
            J = self._batch_objective(work, Theta, batch, dropout, step)
            return J, work.D.copy()

    def run_epoch(
        self,
        theta: Array,
        state: State,
        optimizer: Optimizer,
        order: np.ndarray,
        batch_size: int,
        learning_rates: np.ndarray,
        dropout: Dropout | None = None,
    ) -> Epoch:
        """One pass over `order` in batches: each one's gradient, and the optimiser's step on it."""
        theta = np.array(theta, self.dtype)
        # Copies, which the steps then overwrite: the caller's θ and state stay as they were.
        state = {key: np.array(v, self.dtype) if np.ndim(v) else v for key, v in state.items()}
        Theta, order, J_sum = (
            transposed_views(self.net, theta),
            check_order(order, self.rows.m),
            0.0,
        )
        step = step_in_place(optimizer)
        with self._workspace() as work:
            for k, start in enumerate(range(0, len(order), batch_size)):
                batch = order[start : start + batch_size]
                J = self._batch_objective(work, Theta, batch, dropout, int(state["t"]))
                J_sum += J * (len(batch) / len(order))
                step(state, theta, work.D, float(learning_rates[k]))
        return Epoch(theta, state, J_sum)

    def _batch_objective(
        self,
        work: Workspace,
        Theta: LayerBlocks,
        batch: np.ndarray,
        dropout: Dropout | None,
        step: int,
    ) -> float:
        """J of a mini-batch; its D is in the workspace."""
        blocks = self._gathered(work, batch)
        if dropout is not None:
            blocks = self._thinned(blocks, work, batch, dropout, step)
        return self._objective(work, Theta, blocks, self.rows.m / (len(batch) * self.rows.W))

    def _objective(
        self, work: Workspace, Theta: LayerBlocks, blocks: Iterator[RowBlock], scale: float
    ) -> float:
        """J = scale · Σ w cost + (λ/2W) Σ Θ²; D is in the workspace."""
        total = work.sums(Theta, blocks, scale)
        return scale * total + work.decay(Theta, self.lam / self.rows.W)

    def _consecutive(self, work: Workspace) -> Iterator[RowBlock]:
        """Cut the data into blocks in their order; a dense X is not copied."""
        for X, Y, w in self.rows.blocks(work.rows):
            y = work.y[:, : len(Y)]
            y[...] = Y.T  # (s_L, rows), contiguous: the loss reads it by units
            yield RowBlock(X, y, w if self.rows.weighted else None, work.hidden)

    def _gathered(self, work: Workspace, batch: np.ndarray) -> Iterator[RowBlock]:
        """Gather the rows of a batch, a block of them at a time."""
        for start in range(0, len(batch), work.rows):
            part = batch[start : start + work.rows]
            y = work.y[:, : len(part)]
            y[...] = self.rows.Y[part].T
            w = self.rows.w[part] if self.rows.weighted else None
            yield RowBlock(work.inputs.gather(part), y, w, work.hidden)

    def _thinned(
        self,
        blocks: Iterator[RowBlock],
        work: Workspace,
        batch: np.ndarray,
        dropout: Dropout,
        step: int,
    ) -> Iterator[RowBlock]:
        """Put dropout's masks into the hidden layers' functions, block by block."""
        for k, block in enumerate(blocks):
            part = batch[k * work.rows : (k + 1) * work.rows]
            net = thinned(self.net, dropout.masks(self.net, step, part))
            yield block._replace(hidden=[hidden_in_place(g) for g in net.hidden])

    @contextmanager
    def _workspace(self) -> Generator[Workspace]:
        """Lend a workspace: it is kept for the next call, and a second thread makes its own."""
        # list.pop and append are atomic, so no lock is needed.
        try:
            work = self._spare.pop()
        except IndexError:
            work = Workspace(self.net, self.rows.X)
        try:
            # Where J overflows, the training loop says so in a sentence.
            with np.errstate(over="ignore", invalid="ignore"), blas_threads(self.n_threads):
                yield work
        finally:
            self._spare.append(work)


def logits(net: Network, theta: Array, X: ArrayLike) -> Array:
    """z^(L), shape (m, s_L), of an array's rows or of CSR's."""
    Theta = transposed_views(net, np.asarray(theta, X.dtype))
    z = np.empty((X.shape[0], net.sizes[-1]), X.dtype)
    for start in range(0, len(z), FORWARD_ROWS):
        x = X[start : start + FORWARD_ROWS]
        z[start : start + FORWARD_ROWS] = _block_logits(net, Theta, x).T
    return z


def forward(net: Network, theta: Array, X: ArrayLike) -> Array:
    """a^(L), shape (m, s_L), of an array's rows or of CSR's."""
    h = output_in_place(net.loss).h
    Theta = transposed_views(net, np.asarray(theta, X.dtype))
    a = np.empty((X.shape[0], net.sizes[-1]), X.dtype)
    for start in range(0, len(a), FORWARD_ROWS):
        z = _block_logits(net, Theta, X[start : start + FORWARD_ROWS])
        h(z)
        a[start : start + FORWARD_ROWS] = z.T
    return a


def _block_logits(net: Network, Theta: LayerBlocks, x: ArrayLike) -> np.ndarray:
    """z^(L) of one block, transposed: (s_L, rows)."""
    a = x.T
    for block, activation in zip(Theta, net.hidden):
        z = _pre_activations(block, a)
        a = np.empty_like(z)
        hidden_in_place(activation).g(z, a)
    return _pre_activations(Theta[-1], a)


def _pre_activations(block: np.ndarray, a: ArrayLike) -> np.ndarray:
    """z of the next layer, shape (s_{l+1}, rows); a^(1) may be sparse."""
    z = block[1:].T @ a
    z += block[0][:, None]
    return z
