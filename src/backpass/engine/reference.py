"""The readable engine: the mathematics of ``backprop.py``, block by block and batch by batch.

It has the native core's interface and runs where that is not built, where an array is not NumPy's,
and where the tests want an oracle.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .. import backprop, old_names
from ..arrays import Array, ArrayLike, State, array_namespace
from ..blas import blas_threads
from ..network import Network
from .dropout import Dropout, thinned
from .moments import moment, moment_with_bias
from .problem import Epoch, HasBatches, Optimizer, Rows, SequentialProblem, logits_and_cost

BLOCK_ROWS = 1024

__getattr__ = old_names("engine.reference")


class ReferenceProblem(SequentialProblem[Rows]):
    """One network's objective on one data set: J and D, epochs of mini-batches, all by backprop."""

    name = "reference"

    def __init__(self, net: Network, rows: Rows, lam: float, n_threads: int | None = None) -> None:
        self.net = net
        self.rows = rows
        self.lam = lam
        self.n_threads = n_threads

    def cost_and_gradient(self, theta: Array) -> tuple[Array, Array]:
        """J(θ) and D over all rows, summed over blocks in their order."""
        net, rows = self.net, self.rows
        Thetas = net.roll_unchecked(theta)
        total, Delta = 0.0, dict.fromkeys(range(1, net.L), 0.0)
        with blas_threads(self.n_threads):
            for X, Y, w in rows.blocks(BLOCK_ROWS):
                block_total, block_Delta = backprop.sums(net, Thetas, X, Y, w)
                total = total + block_total
                Delta = {l: Delta[l] + block_Delta[l] for l in Delta}
        return self._objective(Thetas, total, Delta, rows.W)

    def logits_and_cost(self, theta: Array) -> tuple[Array, float]:
        """z^(L), shape (m, s_L), and Σ w cost: what a validation looks at."""
        linear = self.net.linear
        with blas_threads(self.n_threads):
            return logits_and_cost(self.net, self.rows, lambda X: forward(linear, theta, X))

    def batch_cost_and_gradient(
        self, theta: Array, batch: Array, dropout: Dropout | None = None, step: int = 0
    ) -> tuple[Array, Array]:
        """The mini-batch's unbiased estimate of J and D: its sums count m/|B| times."""
        net, rows = self.net, self.rows
        if dropout is not None:
            net = thinned(net, dropout.masks(net, step, batch))
        X, Y, w = rows.take(batch)
        with blas_threads(self.n_threads):
            total, Delta = backprop.sums(net, net.roll_unchecked(theta), X, Y, w)
        share = rows.m / len(batch)
        scaled = {l: share * Delta[l] for l in Delta}
        return self._objective(net.roll_unchecked(theta), share * total, scaled, rows.W)

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
        return epoch_by_steps(
            self, theta, state, optimizer, order, batch_size, learning_rates, dropout
        )

    def _objective(
        self, Thetas: list[Array], total: Array, Delta: backprop.ByLayer, W: float
    ) -> tuple[Array, Array]:
        """Turn sums into J and D, W and λ applied."""
        D = backprop.regularised_mean(Delta, Thetas, self.lam, W)
        J = (total + self.lam * backprop.penalty(Thetas)) / W
        return J, self.net.unroll([D[l] for l in sorted(D)])


def epoch_by_steps(
    problem: HasBatches,
    theta: Array,
    state: State,
    optimizer: Optimizer,
    order: np.ndarray,
    batch_size: int,
    learning_rates: np.ndarray,
    dropout: Dropout | None,
) -> Epoch:
    """One pass over `order` by a problem's batch gradients: any optimiser's step on each."""
    J_sum = 0.0
    for k, start in enumerate(range(0, len(order), batch_size)):
        batch = order[start : start + batch_size]
        J, D = problem.batch_cost_and_gradient(theta, batch, dropout, int(state["t"]))
        J_sum = J_sum + J * (len(batch) / len(order))
        state, theta = optimizer.step(state, theta, D, float(learning_rates[k]))
    return Epoch(theta, state, float(J_sum))


def logits(net: Network, theta: Array, X: ArrayLike) -> Array:
    """z^(L), shape (m, s_L), by blocks of rows: of CSR, z^(2) may be the larger matrix."""
    Thetas, zs = net.roll_unchecked(theta), list[Array]()
    for start in range(0, max(X.shape[0], 1), BLOCK_ROWS):
        block = X[start : min(start + BLOCK_ROWS, X.shape[0]), :]  # the Array API has no more
        _, z = backprop.forward_pass(net, Thetas, block)
        zs.append(z[net.L])
    return zs[0] if len(zs) == 1 else array_namespace(*zs).concat(zs)


def forward(net: Network, theta: Array, X: ArrayLike) -> Array:
    """a^(L), shape (m, s_L)."""
    return net.loss.h(logits(net, theta, X))


def kronecker_factors(
    rows: Rows, one_pass: Callable[[Array, Array, Array], tuple[backprop.ByLayer, backprop.ByLayer]]
) -> tuple[list[Array], list[Array]]:
    """The Kronecker factors by layer: A = (1/W) Σ w [1, a][1, a]ᵀ and G = (1/W) Σ w δ δᵀ.

    `one_pass` gives a and δ of some rows (X, Y, w), by whichever engine.
    """
    As: dict[int, Array] = {}
    Gs: dict[int, Array] = {}
    for X, Y, w in rows.blocks(BLOCK_ROWS):
        a, delta = one_pass(X, Y, w)
        for l in sorted(a)[: len(delta)]:
            As[l] = As.get(l, 0.0) + moment_with_bias(a[l], w) / rows.W
            Gs[l] = Gs.get(l, 0.0) + moment(delta[l + 1], w) / rows.W
    return list(As.values()), list(Gs.values())
