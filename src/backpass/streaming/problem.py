"""A problem whose rows come in blocks: the engine's interface for data larger than memory.

J and D are sums over the blocks, in their order. An epoch of mini-batches visits the groups in a
drawn order and draws the rows' order within a window of some blocks, so that a batch mixes rows
from several places while no more than a window is in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from .. import engine
from ..arrays import Array, ArrayLike, State, joined_rows
from ..backprop import penalty
from ..engine.encoding import EncodedRows
from ..errors import InvalidInput
from ..network import Network
from ..storage.fingerprints import fingerprint
from .blocks import Block, Blocks, n_rows

WINDOW_BLOCKS = 4

Encode = Callable[[np.ndarray], np.ndarray]  # y as the user has it -> Y of shape (rows, s_L)
Sums = tuple[float, Array]


class Order(NamedTuple):
    """An epoch's order: of the groups, and the seed of the rows' order within windows."""

    groups: np.ndarray
    seed: int | None  # None: as they come


class StreamedRows:
    """What training and the solvers ask of a problem's rows: how many, how heavy, a few of them."""

    def __init__(self, blocks: Blocks, encode: Encode) -> None:
        self._blocks, self._encode = blocks, encode
        self.m, self.W = n_rows(blocks), total_weight(blocks)

    def take(self, batch: np.ndarray) -> tuple[ArrayLike, Array, Array]:
        """Gather (X, Y, w) of a few row numbers, in one pass over the groups that have them."""
        order = np.argsort(batch, kind="stable")
        wanted, start, found = batch[order], 0, []
        for group, sizes in enumerate(self._blocks.groups):
            stop = start + sum(sizes)
            if np.searchsorted(wanted, stop) > np.searchsorted(wanted, start):
                found += self._taken(group, start, wanted)
            start = stop
        back = np.argsort(order, kind="stable")
        return tuple(joined_rows(part)[back] for part in zip(*found))

    def _taken(self, group: int, start: int, wanted: np.ndarray) -> list[tuple[ArrayLike, ...]]:
        """The wanted rows of a group's blocks."""
        found = []
        for block in self._blocks.read(group):
            stop = start + block.X.shape[0]
            here = wanted[(wanted >= start) & (wanted < stop)] - start
            w = np.ones(len(here)) if block.w is None else block.w[here]
            dtype = block.X.dtype
            found.append(
                (block.X[here], self._encode(block.y[here]).astype(dtype), w.astype(dtype))
            )
            start = stop
        return found


def block_sums(
    net: Network, theta: Array, block: Block, encode: Encode, n_threads: int | None = None
) -> Sums:
    """Σ w cost and Δ over one block, without mean or λ: what blocks add up to.

    With W = 1 and λ = 0, the objective is these sums.
    """
    if block.w is not None and not block.w.any():
        return 0.0, np.zeros_like(theta)
    problem = engine.prepare(
        net,
        block.X,
        encode(block.y),
        sample_weight=block.w,
        total_weight=1.0,
        n_threads=n_threads,
    )
    return problem.cost_and_gradient(theta)


class StreamedProblem(engine.SequentialProblem[StreamedRows]):
    """A network's objective on blocks of rows."""

    name = "streamed"
    in_memory = False

    def __init__(
        self,
        net: Network,
        blocks: Blocks,
        encode: Encode,
        *,
        lam: float = 0.0,
        n_threads: int | None = None,
        window: int = WINDOW_BLOCKS,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self.net, self.blocks, self.encode, self.lam = net, blocks, encode, float(lam)
        self.n_threads, self.window, self._stopped = n_threads, window, stopped
        self.rows = StreamedRows(blocks, encode)

    def all_sums(self, theta: Array) -> Iterator[Sums]:
        """The sums of every block, in order."""
        for group in range(len(self.blocks.groups)):
            for block in self.blocks.read(group):
                yield block_sums(self.net, theta, block, self.encode, self.n_threads)

    def cost_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """J(θ) and D over all rows."""
        total, Delta = 0.0, np.zeros_like(theta)
        for block_total, block_Delta in self.all_sums(theta):
            total += float(block_total)
            Delta += block_Delta
        Thetas = self.net.roll_unchecked(theta)
        lam = theta.dtype.type(self.lam)
        for Theta, D in zip(Thetas, self.net.roll_unchecked(Delta)):
            D[:, 1:] += lam * Theta[:, 1:]
        J = (total + self.lam * float(penalty(Thetas))) / self.rows.W
        Delta /= theta.dtype.type(self.rows.W)
        return J, Delta

    def draw_order(self, generator: np.random.Generator, shuffle: bool) -> Order:
        """Draw the order of an epoch."""
        n_groups = len(self.blocks.groups)
        if not shuffle:
            return Order(np.arange(n_groups), None)
        return Order(generator.permutation(n_groups), int(generator.integers(2**63)))

    def run_epoch(
        self,
        theta: Array,
        state: State,
        optimizer: engine.Optimizer,
        order: Order,
        batch_size: int,
        learning_rates: np.ndarray,
        dropout: engine.Dropout | None = None,
    ) -> engine.Epoch:
        """One pass over the blocks: window by window, each an epoch of the engine's.

        An epoch of a large table takes minutes: where it is to stop it does so after a window, as
        by Control-C, and what it has learnt is lost.
        """
        if batch_size >= self.rows.m and dropout is None:
            J, D = self.cost_and_gradient(theta)
            state, theta = optimizer.step(state, theta, D, float(learning_rates[0]))
            return engine.Epoch(theta, state, J)
        J_sum, done = 0.0, 0
        generator = np.random.Generator(np.random.PCG64(order.seed or 0))
        for rows, n_used in self._windows(order, batch_size):
            if self._stopped():
                raise KeyboardInterrupt
            here = np.arange(n_used) if order.seed is None else generator.permutation(n_used)
            part = n_used / self.rows.m
            problem = engine.prepare(
                self.net,
                _some_rows(rows.X, slice(n_used)),
                self.encode(rows.y[:n_used]),
                lam=self.lam * part,  # λ/W and m/W are then what they are for all rows
                sample_weight=None if rows.w is None else rows.w[:n_used],
                total_weight=self.rows.W * part,
                n_threads=self.n_threads,
            )
            steps = -(-n_used // batch_size)
            rates = learning_rates[done : done + steps]
            theta, state, J = problem.run_epoch(
                theta, state, optimizer, here, batch_size, rates, dropout
            )
            J_sum, done = J_sum + J * part, done + steps
            del rows, problem  # before the next window is read
        return engine.Epoch(theta, state, J_sum)

    def _windows(self, order: Order, batch_size: int) -> Iterator[tuple[Block, int]]:
        """Windows of rows, and how many of them to use now: whole batches, all at the end."""
        waiting: list[Block] = []
        for group in order.groups:
            for block in self.blocks.read(int(group)):
                waiting.append(block)
                del block
                if len(waiting) > self.window:
                    rows = _joined(waiting)
                    there = rows.X.shape[0]
                    n_used = there // batch_size * batch_size
                    waiting[:] = [_rest(rows, n_used)] if n_used < there else []
                    if n_used:
                        yield rows, n_used
                    del rows
        if waiting:
            rows = _joined(waiting)
            waiting.clear()
            yield rows, rows.X.shape[0]


def total_weight(blocks: Blocks) -> float:
    """W: the sum of the weights, or the number of rows."""
    total, weighted = 0.0, False
    for group in range(len(blocks.groups)):
        for _, w in blocks.read_targets(group):
            if w is None:
                return float(n_rows(blocks))
            if not (np.isfinite(w).all() and (w >= 0).all()):
                raise InvalidInput("sample_weight holds a number that is negative or not finite.")
            total, weighted = total + float(w.sum()), True
    if weighted and total <= 0:
        raise InvalidInput("sample_weight is zero for every row, so there is nothing to learn.")
    return total


def describe_blocks(blocks: Blocks, digests: Iterable[str]) -> str:
    """Hash what tells two sets of blocks apart: names, sizes, and what is in each block."""
    about = (blocks.names, blocks.groups, str(blocks.dtype), *digests)
    return "blocks:" + hashlib.sha256(repr(about).encode()).hexdigest()


def block_digests(blocks: Blocks, encode: Encode) -> Iterator[str]:
    """Hash every block as it is read, in order: one pass over the rows."""
    for group in range(len(blocks.groups)):
        for block in blocks.read(group):
            yield block_digest(block, encode)


def block_digest(block: Block, encode: Encode) -> str:
    """Hash X, Y and w of a block."""
    return fingerprint(block.X, np.asarray(encode(block.y), np.float64), block.w)


def as_columns(y: np.ndarray) -> np.ndarray:
    """Numbers to predict as Y, shape (rows, outputs)."""
    return np.asarray(y, np.float64).reshape(len(y), -1)


def all_targets(blocks: Blocks) -> np.ndarray:
    """The distinct targets of all blocks: what a classifier's classes are.

    Sorted where each row has one; all rows of several columns, which have classes each.
    """
    every = (y for group in range(len(blocks.groups)) for y, _ in blocks.read_targets(group))
    found = [np.unique(y) if y.ndim == 1 else y for y in every]
    together = np.concatenate(found)
    return np.unique(together) if together.ndim == 1 else together


def _joined(blocks: list[Block]) -> Block:
    """Several blocks as one."""
    parts = list(zip(*blocks))
    w = None if parts[2][0] is None else np.concatenate(parts[2])
    encoded = isinstance(parts[0][0], EncodedRows)
    X = EncodedRows.joined(parts[0]) if encoded else joined_rows(parts[0])
    return Block(X, np.concatenate(parts[1]), w)


def _some_rows(X: ArrayLike, rows: slice | np.ndarray) -> ArrayLike:
    """Some rows in the form that they have: encoded ones as such."""
    return X.take(rows) if isinstance(X, EncodedRows) else X[rows]


def _rest(rows: Block, start: int) -> Block:
    """What is left for the next window, as copies, so that the window can go."""
    w = None if rows.w is None else rows.w[start:].copy()
    rest = np.arange(start, rows.X.shape[0])  # of which rows are taken as copies
    return Block(_some_rows(rows.X, rest), rows.y[start:].copy(), w)
