"""The native engine: the reference's interface on the compiled core, for NumPy arrays.

It computes every loss and activation of the library, and calls those of a user's own; an array that
is not NumPy's is the reference's. What a user can get wrong is checked here.
"""

from __future__ import annotations

import copy
import weakref
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Array, ArrayLike, State
from ..backprop import ByLayer
from ..blas import blas_threads
from ..errors import InvalidInput
from ..network import Network
from . import core
from .core import (
    computes,
    default_threads,
    elementwise,
    instruction_set,
    instruction_sets,
    multiply_add_rate,
    takes,
    why_missing,
)
from .dropout import Dropout
from .encoding import EncodedRows
from .problem import (
    Epoch,
    Optimizer,
    Rows,
    SequentialProblem,
    check_counts,
    check_order,
    check_steps,
)
from .reference import ReferenceProblem, epoch_by_steps

if TYPE_CHECKING:
    from . import _native

# A transposed copy of X saves the transposes, and is more memory to read: faster in a cache only.
MOST_BYTES_IN_LANES = 24 << 20
LARGE_PAGE, LARGE_PAGES_FROM = 2 << 20, 4 << 20  # bytes
MOST_THREADS = 255  # of a team, however many are asked for
UNBOUND = nullcontext()
FEW_ROWS = 4  # computed straight from θ, on one thread; the same number in predict.hpp


class NativeProblem(SequentialProblem[Rows]):
    """One network's objective on one data set: J and D, and epochs of mini-batches."""

    name = "native"
    rows_stay = True  # so that a copy of them may be kept

    def __init__(self, net: Network, rows: Rows, lam: float, n_threads: int | None = None) -> None:
        self.net = net
        self.rows = rows
        self.lam = lam
        self._n = net.n_parameters
        self._own_functions = not computes(net)
        self._most_threads = n_threads
        self.dtype = rows.X.dtype.newbyteorder("=")
        threads = min(n_threads or default_threads(), MOST_THREADS)
        problem = core.compiled.Problem32 if self.dtype == np.float32 else core.compiled.Problem64
        in_cache = rows.m * net.sizes[0] * self.dtype.itemsize <= MOST_BYTES_IN_LANES
        self._core = problem(
            core.network(net),
            core.contiguous(rows.Y),
            core.contiguous(rows.w),
            threads,
            self.rows_stay and in_cache,
        )
        if isinstance(rows.X, EncodedRows):
            self._core.set_table(core.table(rows.X))
        elif hasattr(rows.X, "tocsr"):
            self._core.set_sparse(core.csr(rows.X))
        else:
            self._core.set_dense(core.contiguous(rows.X))

    def cost_and_gradient(self, theta: Array) -> tuple[Array, Array]:
        """J(θ) and D over all rows, summed over blocks in their order."""
        if np.iscomplexobj(theta):  # the complex step of a numerical derivative
            return self._reference.cost_and_gradient(theta)
        D = np.empty(self.net.n_parameters, self.dtype)
        with self._bounds():
            return self._core.cost_and_gradient(self._theta(theta), D, self.lam, self.rows.W), D

    def costs_and_gradients(self, thetas: Sequence[Array]) -> tuple[np.ndarray, np.ndarray]:
        """J and D of each θ of a stack, shapes (k,) and (k, n): one network a thread."""
        stack = self._theta(np.reshape(thetas, (len(thetas), -1)))
        D = np.empty_like(stack)
        with self._bounds():
            return np.array(self._core.costs_and_gradients(stack, D, self.lam, self.rows.W)), D

    def logits_and_cost(self, theta: Array) -> tuple[Array, float]:
        """z^(L), shape (m, s_L), and Σ w cost: what a validation needs."""
        z = np.empty((self.rows.m, self.net.sizes[-1]), self.dtype)
        with self._bounds():
            return z, self._core.logits_and_cost(self._theta(theta), z)

    def intermediates(self, theta: Array) -> tuple[ByLayer, ByLayer, ByLayer, ByLayer]:
        """Every a, z, δ and Δ of one pass, keyed by the notes' layer numbers."""
        net, m = self.net, self.rows.m
        z, a, delta = (
            {l: np.empty((m, net.sizes[l - 1]), self.dtype) for l in range(2, net.L + 1)}
            for _ in range(3)
        )
        Delta = np.empty(net.n_parameters, self.dtype)
        zs, activations, deltas = (list(by_layer.values()) for by_layer in (z, a, delta))
        with self._bounds():
            self._core.intermediates(self._theta(theta), zs, activations, deltas, Delta)
        Deltas = dict(enumerate(net.roll_unchecked(Delta), start=1))
        return {1: self.rows.X, **a}, z, delta, Deltas

    def batch_cost_and_gradient(
        self, theta: Array, batch: Array, dropout: Dropout | None = None, step: int = 0
    ) -> tuple[Array, Array]:
        """The mini-batch's unbiased estimate of J and D: its sums count m/|B| times."""
        D = np.empty(self.net.n_parameters, self.dtype)
        how = self._order(batch), self.lam, self.rows.W, *self._masks(dropout), step
        with self._bounds():
            return self._core.batch_cost_and_gradient(self._theta(theta), D, *how), D

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
        """One pass over `order` in batches, the optimiser's step on each included."""
        if not core.steps_by(optimizer, self.net.sizes):
            return epoch_by_steps(
                self, theta, state, optimizer, order, batch_size, learning_rates, dropout
            )
        one = [theta], [state], optimizer, [order], batch_size, [learning_rates]
        return self.run_epochs(*one, dropout)[0]

    def run_epochs(
        self,
        thetas: Sequence[Array],
        states: Sequence[State],
        optimizer: Optimizer,
        orders: Sequence[np.ndarray],
        batch_size: int,
        learning_rates: Sequence[np.ndarray],
        dropout: Dropout | None = None,
    ) -> list[Epoch]:
        """One pass of each network over its own order: the bits are those of each alone.

        It is one call of the core. The orders are equally long.
        """
        if not core.steps_by(optimizer, self.net.sizes):
            return super().run_epochs(
                thetas, states, optimizer, orders, batch_size, learning_rates, dropout
            )
        own = [{name: copy.copy(part) for name, part in state.items()} for state in states]
        return self.advance(thetas, own, optimizer, orders, batch_size, learning_rates, dropout)

    def advance(
        self,
        thetas: Sequence[Array],
        states: Sequence[State],
        optimizer: Optimizer,
        orders: Sequence[np.ndarray],
        batch_size: int,
        learning_rates: Sequence[np.ndarray],
        dropout: Dropout | None = None,
    ) -> list[Epoch]:
        """As ``run_epochs``, which copies the states; here their arrays become the next ones'.

        The states that were given are left empty.
        """
        if not core.steps_by(optimizer, self.net.sizes):
            return super().advance(
                thetas, states, optimizer, orders, batch_size, learning_rates, dropout
            )
        check_counts(thetas, states, orders, learning_rates)
        check_steps(orders, batch_size, learning_rates)
        orders = [self._order(order) for order in orders]
        masks = self._masks(dropout)
        thetas = [_copied(self._theta(theta)) for theta in thetas]
        names = core.state_arrays(optimizer)
        arrays = [[_own(self._theta(state[name])) for state in states] for name in names]
        ts = [int(state["t"]) for state in states]
        for state in states:
            state.clear()
        rates = [np.ascontiguousarray(each, np.float64) for each in learning_rates]
        rule = core.rule(optimizer, self.net.sizes)
        how = batch_size, rates, ts, self.lam, self.rows.W, *masks
        with self._bounds():
            Js = self._core.run_epochs(thetas, arrays, rule, orders, *how)
        n_steps = -(-len(orders[0]) // batch_size)
        new_states = [
            {"t": t + n_steps, **{name: array[i] for name, array in zip(names, arrays)}}
            for i, t in enumerate(ts)
        ]
        return [Epoch(*each) for each in zip(thetas, new_states, Js)]

    def _bounds(self) -> AbstractContextManager[None]:
        """Bound BLAS's threads where it may be called: by a user's own functions."""
        return blas_threads(self._most_threads) if self._own_functions else UNBOUND

    @property
    def _reference(self) -> ReferenceProblem:
        return ReferenceProblem(self.net, self.rows, self.lam)

    def _theta(self, theta: Array) -> np.ndarray:
        """θ, or what goes beside it, as the core reads it: it does not check the length."""
        theta = np.ascontiguousarray(theta, self.dtype)
        if theta.shape[-1] != self._n:
            raise InvalidInput(
                f"{self.net} has {self._n} parameters, but theta or the optimiser's state has "
                f"{theta.shape[-1]}."
            )
        return theta

    def _masks(self, dropout: Dropout | None) -> tuple[list[float], int]:
        """Dropout as the core takes it: no rates where there is none."""
        if dropout is None:
            return [], 0
        if len(dropout.rates) != len(self.net.hidden):
            raise InvalidInput(
                f"{self.net} has {len(self.net.hidden)} hidden layers, but there are "
                f"{len(dropout.rates)} dropout rates."
            )
        return list(dropout.rates), dropout.seed & (2**64 - 1)

    def _order(self, order: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(check_order(order, self.rows.m), np.int64)


def forward(net: Network, theta: Array, X: Array, n_threads: int | None = None) -> Array:
    """a^(L), shape (m, s_L)."""
    return _forward(net, theta, X, n_threads, output_activation=True)


def forward_each(
    networks: Sequence[tuple[Network, Array]], X: EncodedRows, n_threads: int
) -> list[Array]:
    """a^(L) of several networks, shape (m, s_L), where the core computes all of them."""
    table = core.table(X)
    threads = 1 if X.shape[0] <= FEW_ROWS else min(n_threads, MOST_THREADS)
    made: list[Array] = []
    for net, theta in networks:
        network, out = _described(net), np.empty((X.shape[0], net.sizes[-1]), X.dtype)
        theta = np.ascontiguousarray(theta, X.dtype)
        core.compiled.forward_table(network, theta, table, out, True, threads)
        made.append(out)
    return made


def logits(net: Network, theta: Array, X: Array, n_threads: int | None = None) -> Array:
    """z^(L), shape (m, s_L)."""
    return _forward(net, theta, X, n_threads, output_activation=False)


def quick_forward(net: Network, theta: ArrayLike, X: ArrayLike) -> Array | None:
    """a^(L) of a few rows by the shortest path; None where anything is left to check."""
    known = _known.get(id(net))
    if known is None:
        if np.size(theta) == net.n_parameters:
            _register(net)
        return None
    if type(X) is not np.ndarray or type(theta) is not np.ndarray:
        return None
    if X.ndim != 2 or X.shape[0] > FEW_ROWS:
        return None
    _, network, units = known
    out = np.empty((X.shape[0], units), X.dtype)
    return out if network.quick_forward(theta, X, out) else None


def _forward(
    net: Network, theta: Array, X: Array, n_threads: int | None, *, output_activation: bool
) -> Array:
    dtype = X.dtype.newbyteorder("=")
    out = np.empty((X.shape[0], net.sizes[-1]), dtype)
    threads = 1 if X.shape[0] <= FEW_ROWS else n_threads or default_threads()
    threads = min(threads, MOST_THREADS)
    theta = np.ascontiguousarray(theta, dtype)
    network, how = core.network(net), (out, output_activation, threads)
    with UNBOUND if computes(net) else blas_threads(n_threads):
        if isinstance(X, EncodedRows):
            core.compiled.forward_table(network, theta, core.table(X), *how)
        elif hasattr(X, "tocsr"):
            core.compiled.forward_sparse(network, theta, core.csr(X), *how)
        else:
            core.compiled.forward(network, theta, core.contiguous(X), *how)
    return out


_known: dict[int, tuple[weakref.ref[Network], _native.Network, int]] = {}


def _register(net: Network) -> None:
    """Keep the core's description of a network for as long as the network lives."""
    if instruction_sets() and computes(net):
        number = id(net)
        reference_to = weakref.ref(net, lambda _: _known.pop(number, None))
        _known[number] = reference_to, core.network(net), net.sizes[-1]


def _described(net: Network) -> _native.Network:
    """The core's description of a network whose functions it knows."""
    if id(net) not in _known:
        _register(net)
    return _known[id(net)][1]


def _copied(theta: np.ndarray) -> np.ndarray:
    """Copy θ, into large pages where it is large.

    NumPy asks the system for large pages from 4 MB on. In small ones, handing out the memory for
    half a million weights takes ten times as long as copying them.
    """
    if theta.nbytes < LARGE_PAGE // 2:
        return theta.copy()
    numbers = max(theta.size, LARGE_PAGES_FROM // theta.itemsize)
    copy = np.empty(numbers, theta.dtype)[: theta.size]
    copy[:] = theta
    return copy


def _own(array: np.ndarray) -> np.ndarray:
    """An array that can be written to."""
    return array if array.flags.writeable else array.copy()


__all__ = [
    "NativeProblem",
    "computes",
    "default_threads",
    "elementwise",
    "forward",
    "instruction_set",
    "instruction_sets",
    "logits",
    "multiply_add_rate",
    "takes",
    "why_missing",
]
