"""What both engines are given and give back: rows, optimisers, epochs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np

from ..arrays import (
    Array,
    ArrayLike,
    State,
    array_namespace,
    as_inputs,
    as_targets,
    as_weights,
    numbers_of,
)
from ..errors import InvalidInput
from ..network import Network
from .dropout import Dropout
from .encoding import EncodedRows

LOGIT_ROWS = 1024

Order = Any  # of an epoch's rows: their numbers, or what a problem that reads blocks draws


class Optimizer(Protocol):
    """A first-order update rule: pure, its state a dict of plain arrays in θ's order."""

    @property
    def name(self) -> str:
        """How the rule is called."""
        ...

    def init(self, theta: Array) -> State:
        """Make the state of step 0."""
        ...

    def step(
        self, state: State, theta: Array, gradient: Array, learning_rate: float
    ) -> tuple[State, Array]:
        """Make the next state and θ."""
        ...


class CoreRule(Optimizer, Protocol):
    """A rule that the core knows; those that are equal step alike."""

    def __hash__(self) -> int: ...


class HasMomentum(Protocol):
    """A rule that goes on with a part μ of its last step."""

    @property
    def momentum(self) -> float:
        """μ."""
        ...


class HasMoments(Protocol):
    """A rule that keeps moving averages of D and D², as Adam does."""

    @property
    def beta_1(self) -> float:
        """How much of D's average is kept."""
        ...

    @property
    def beta_2(self) -> float:
        """How much of D²'s average is kept."""
        ...

    @property
    def epsilon(self) -> float:
        """What keeps the divisor from zero."""
        ...

    @property
    def weight_decay(self) -> float:
        """How much of θ is taken off, times α."""
        ...


class Stretch(Protocol):
    """Where a layer's weights lie in θ, row by row of Θᵀ without its bias."""

    @property
    def offset(self) -> int:
        """Their first one's place."""
        ...

    @property
    def inputs(self) -> int:
        """Rows of Θᵀ."""
        ...

    @property
    def units(self) -> int:
        """Columns of Θᵀ."""
        ...

    @property
    def step_length(self) -> float:
        """How far a step of the whole matrix goes, beside its rate."""
        ...


class HasMatrices(HasMoments, Protocol):
    """A rule that treats matrices apart from biases."""

    def __hash__(self) -> int: ...

    @property
    def matrices(self) -> tuple[Stretch, ...] | None:
        """Those that it was made for."""
        ...

    @property
    def all_matrices(self) -> tuple[Stretch, ...]:
        """All that it was told of."""
        ...


def rule_name(optimizer: object) -> str | None:
    """Return the name by which the fast engines know an update rule; None for a user's own.

    A class says it of itself: a subclass, whose step may be another, does not inherit it.
    """
    return vars(type(optimizer)).get("core")


class Epoch(NamedTuple):
    """What one pass over the data leaves: θ, the optimiser's state, and the mean J on the way."""

    theta: Array
    state: State
    J: float


def logits_and_cost(
    net: Network, rows: Rows, logits: Callable[[Array], Array]
) -> tuple[Array, float]:
    """z^(L), shape (m, s_L), and Σ w cost, by blocks of rows."""
    zs, cost = [], 0.0
    for X, Y, w in rows.blocks(LOGIT_ROWS):
        zs.append(logits(X))
        cost += float((net.loss.value(zs[-1], Y) * w).sum())
    return array_namespace(zs[0]).concat(zs), cost


class Examples(Protocol):
    """What training and the solvers ask of a problem's rows: how many, how heavy, a few of them."""

    @property
    def m(self) -> int:
        """Number of rows."""
        ...

    @property
    def W(self) -> float:
        """What they weigh together."""
        ...

    def take(self, batch: np.ndarray) -> tuple[Array, Array, Array]:
        """Gather (X, Y, w) of the given row numbers, a CSR X as such."""
        ...


R = TypeVar("R", bound=Examples)


class Objective(Protocol):
    """J of one network on one data set, whoever computes it."""

    @property
    def net(self) -> Network:
        """The network."""
        ...

    @property
    def lam(self) -> float:
        """λ."""
        ...

    @property
    def rows(self) -> Examples:
        """The examples."""
        ...

    def cost_and_gradient(self, theta: Array) -> tuple[Array, Array]:
        """J(θ) and D over all rows."""
        ...


class HasBatches(Protocol):
    """What estimates J and D from a few of its rows."""

    def batch_cost_and_gradient(
        self, theta: Array, batch: Array, dropout: Dropout | None = None, step: int = 0
    ) -> tuple[Array, Array]:
        """The mini-batch's unbiased estimate of J and D."""
        ...


class Problem(Objective, Protocol):
    """An objective that can be trained on, wherever its rows are."""

    @property
    def name(self) -> str:
        """Who computes it."""
        ...

    @property
    def in_memory(self) -> bool:
        """Whether all rows are there, and were checked, before the training began."""
        ...

    def draw_order(self, generator: np.random.Generator, shuffle: bool) -> Order:
        """Draw the order of an epoch's rows, as ``run_epochs`` takes it."""
        ...

    def advance(
        self,
        thetas: Sequence[Array],
        states: Sequence[State],
        optimizer: Optimizer,
        orders: Sequence[Order],
        batch_size: int,
        learning_rates: Sequence[np.ndarray],
        dropout: Dropout | None = None,
    ) -> list[Epoch]:
        """One pass of each network over its own order.

        The states are given up: they may be empty afterwards, their arrays those of the next.
        """
        ...


class SequentialProblem(Generic[R]):
    """The parts of a problem that looks at several networks one after another."""

    rows: R
    in_memory = True
    cost_and_gradient: Callable[[Array], tuple[Array, Array]]
    run_epoch: Callable[..., Epoch]

    def costs_and_gradients(self, thetas: Sequence[Array]) -> tuple[np.ndarray, np.ndarray]:
        """J and D of each θ of a stack, shapes (k,) and (k, n)."""
        pairs = [self.cost_and_gradient(theta) for theta in thetas]
        return np.array([float(J) for J, _ in pairs]), np.array([D for _, D in pairs])

    def draw_order(self, generator: np.random.Generator, shuffle: bool) -> Order:
        """Draw the order of an epoch's rows: a permutation, or as they come."""
        return generator.permutation(self.rows.m) if shuffle else np.arange(self.rows.m)

    def run_epochs(
        self,
        thetas: Sequence[Array],
        states: Sequence[State],
        optimizer: Optimizer,
        orders: Sequence[Order],
        batch_size: int,
        learning_rates: Sequence[np.ndarray],
        dropout: Dropout | None = None,
    ) -> list[Epoch]:
        """One pass of each network over its own order."""
        return [
            self.run_epoch(theta, state, optimizer, order, batch_size, rates, dropout)
            for theta, state, order, rates in zip(thetas, states, orders, learning_rates)
        ]

    def advance(
        self,
        thetas: Sequence[Array],
        states: Sequence[State],
        optimizer: Optimizer,
        orders: Sequence[Order],
        batch_size: int,
        learning_rates: Sequence[np.ndarray],
        dropout: Dropout | None = None,
    ) -> list[Epoch]:
        """As ``run_epochs``; the states may be given up."""
        return self.run_epochs(
            thetas, states, optimizer, orders, batch_size, learning_rates, dropout
        )


@dataclass(frozen=True)
class Rows:
    """The examples of a problem: X (an array, CSR, or encoded), Y, w, and what they weigh."""

    X: ArrayLike  # (m, s_1)
    Y: Array  # (m, s_L)
    w: Array  # (m,)
    W: float  # Σ w, or the total weight that the caller knows better
    weighted: bool  # whether w was given
    m: int = field(init=False)  # number of rows

    def __post_init__(self) -> None:
        object.__setattr__(self, "m", self.Y.shape[0])

    def blocks(self, size: int) -> Iterator[tuple[Array, Array, Array]]:
        """Yield (X, Y, w) by consecutive rows, a CSR X as such."""
        for start in range(0, self.m, size):
            here = slice(start, min(start + size, self.m))
            yield self.X[here, :], self.Y[here, :], self.w[here]

    def take(self, batch: np.ndarray) -> tuple[Array, Array, Array]:
        """Gather (X, Y, w) of the given row numbers, a CSR X as such."""
        if hasattr(self.X, "tocsr"):
            return self.X[batch], self.Y[batch], self.w[batch]
        xp = array_namespace(self.X)
        index = xp.asarray(batch, device=self.X.device) if hasattr(self.X, "device") else batch
        X, Y, w = (xp.take(array, index, axis=0) for array in (self.X, self.Y, self.w))
        return X, Y, w


def inputs_of(net: Network, X: ArrayLike) -> ArrayLike:
    """Return X as the engines read it: an array, CSR, or encoded rows as they are."""
    if not isinstance(X, EncodedRows):
        return as_inputs(X, net.sizes[0])
    if X.shape[1] != net.sizes[0]:
        raise InvalidInput(
            f"The encoded rows have {X.shape[1]} inputs, but the network has {net.sizes[0]}."
        )
    return X


def check_rows(
    net: Network,
    X: ArrayLike | EncodedRows,
    Y: ArrayLike,
    sample_weight: ArrayLike = None,
    total_weight: float | None = None,
) -> Rows:
    """Turn what a user hands in into rows of one dtype, or say in one sentence what is wrong."""
    X = inputs_of(net, X)
    if X.shape[0] == 0:
        raise InvalidInput("X has no rows, so there is no cost to compute.")
    like = numbers_of(X)
    Y = as_targets(Y, X.shape[0], net.sizes[-1], like)
    w = as_weights(sample_weight, X.shape[0], like)
    W = float(array_namespace(w).sum(w)) if total_weight is None else float(total_weight)
    return Rows(X, Y, w, W, sample_weight is not None)


def check_order(order: ArrayLike, m: int) -> np.ndarray:
    """Return row numbers that exist: gathering does not check them again."""
    order = np.asarray(order)
    if order.size and not (order.min() >= 0 and order.max() < m):
        raise IndexError(f"The order of the rows names a row outside 0 to {m - 1}.")
    return order


def check_counts(*parts: Sequence[object]) -> None:
    """Raise where networks, states, orders and rates are not equally many."""
    if len({len(part) for part in parts}) > 1 or len(parts[0]) == 0:
        raise InvalidInput("Every network needs a θ, a state, an order and learning rates.")


def check_steps(
    orders: Sequence[Order], batch_size: int, learning_rates: Sequence[np.ndarray]
) -> None:
    """Raise where the orders do not go with each other, the batches, or the learning rates."""
    rows = len(orders[0])
    if batch_size < 1 or any(len(order) != rows for order in orders):
        raise InvalidInput(f"Batches of {batch_size} rows, or orders of unlike lengths, are none.")
    n_steps = -(-rows // batch_size)
    if any(len(rates) < n_steps for rates in learning_rates):
        raise InvalidInput(f"An epoch of {n_steps} batches needs as many learning rates.")
