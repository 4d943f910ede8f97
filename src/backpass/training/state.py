"""A training's state: one frozen value with everything that its future depends on.

θ, the solver's own state, the learning rate that has been come down to, the curves, the counts of
early stopping and the random generator's bits. A loop takes a state and returns a state, so
training on is training, a resumed run repeats the uninterrupted one bit by bit, and an interrupted
one leaves the last whole epoch.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import overload

import numpy as np

from ..arrays import Array, State


class Curve(Sequence[float]):
    """Numbers that never change, and that share their memory with the longer curve made of them.

    A copy after every epoch would make a million calls of ``partial_fit`` quadratic.

    Examples
    --------
    >>> short = Curve([3.0, 2.0])
    >>> short.longer(1.0), short
    ([3.0, 2.0, 1.0], [3.0, 2.0])
    """

    __slots__ = ("_n", "_shared")

    def __init__(self, numbers: Iterable[float] = ()) -> None:
        self._shared = list(numbers)  # at least the first n are this curve's, in this order
        self._n = len(self._shared)

    def longer(self, number: float) -> Curve:
        """Add a number."""
        shared, n = self._shared, self._n
        if len(shared) == n:
            shared.append(number)
        if shared[n] is not number:  # it goes on otherwise elsewhere
            shared = [*shared[:n], number]
        curve = object.__new__(Curve)
        curve._shared, curve._n = shared, n + 1
        return curve

    def __len__(self) -> int:
        return self._n

    @overload
    def __getitem__(self, index: int) -> float: ...
    @overload
    def __getitem__(self, index: slice) -> list[float]: ...
    def __getitem__(self, index: int | slice) -> float | list[float]:
        if isinstance(index, slice):
            return self._shared[: self._n][index]
        return self._shared[range(self._n)[index]]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self[:] == list(other)

    __hash__ = None  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # as a list's

    def __reduce__(self) -> tuple[type[Curve], tuple[list[float]]]:
        return Curve, (self[:],)

    def __repr__(self) -> str:
        return repr(self[:])


@dataclass(frozen=True)
class History:
    """The curves: one number after every epoch.

    Parameters
    ----------
    J : Curve
        The objective; NaN where the training diverged.
    score, validation_loss : Curve
        Score and mean loss on the validation set; empty where there is none.
    """

    J: Curve = field(default_factory=Curve)
    score: Curve = field(default_factory=Curve)
    validation_loss: Curve = field(default_factory=Curve)

    def longer(self, J: float, validation: tuple[float, float] | None) -> History:
        """Add an epoch: J and, where there is a validation set, its score and loss."""
        if validation is None:
            return History(self.J.longer(J), self.score, self.validation_loss)
        score, loss = validation
        return History(
            self.J.longer(J), self.score.longer(score), self.validation_loss.longer(loss)
        )


# What files and the first release's ``training_state_`` call the curves.
CURVES = {"J_curve": "J", "score_curve": "score", "validation_curve": "validation_loss"}


@dataclass(frozen=True, eq=False)
class TrainingState(Mapping[str, object]):
    """Where a training is; readable by the names in files, too, as the first release's dict.

    Parameters
    ----------
    theta : array of shape (n,)
        All parameters.
    generator : dict
        The bits of the generator that draws the orders of the rows.
    epoch, rows_seen : int
        Epochs (or iterations) so far, and rows that mini-batches have gone through.
    solver : dict or None
        The solver's own state; None before its first step. An epoch that does not end leaves it
        empty, for its arrays are changed where they are: the solver then begins anew.
    learning_rate, learning_rate_init : float or None
        What an adaptive schedule has come down to, and from where.
    history : History
        The curves.
    best_J, best_score : float
        The least J and the best validation score so far.
    best_theta : array of shape (n,) or None
        θ of the best score, where early stopping looks at it.
    no_improvement : int
        Epochs in a row without improvement.
    seeds : dict of int, optional
        What the validation set, the orders and the dropout masks are drawn from.
    solver_name, published : str, optional
        Whose the solver's state is, and a checksum of the θ that an estimator shows: by it a change
        made from outside is seen.

    Examples
    --------
    >>> state = start(np.zeros(3), seed=1)
    >>> state.epoch, state.history.J
    (0, [])
    >>> unpack(pack(state), state).theta
    array([0., 0., 0.])
    """

    theta: Array
    generator: Mapping[str, object]
    epoch: int = 0
    rows_seen: int = 0
    solver: State | None = None
    learning_rate: float | None = None
    learning_rate_init: float | None = None
    history: History = field(default_factory=History)
    best_J: float = np.inf
    best_score: float = -np.inf
    best_theta: Array = None
    no_improvement: int = 0
    seeds: dict[str, int] = field(default_factory=dict)
    solver_name: str | None = None
    published: str | None = None

    @property
    def whole(self) -> bool:
        """Whether the solver's state is there, if it had one."""
        return self.solver is None or bool(self.solver)

    def detached(self) -> TrainingState:
        """Return the same with a copy of the solver's arrays: an epoch takes over those it has."""
        solver = self.solver or {}
        return self.updated(solver={name: copy.copy(part) for name, part in solver.items()})

    def updated(self, **values: object) -> TrainingState:
        """Return a state with other values.

        As ``dataclasses.replace``, which takes 4 µs where this takes 0.6: an epoch of a small
        network takes 40, and makes several states.
        """
        state = object.__new__(type(self))
        state.__dict__.update(self.__dict__)
        state.__dict__.update(values)
        return state

    def __getitem__(self, name: str) -> object:
        return pack(self)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(pack(self))

    def __len__(self) -> int:
        return len(pack(self))


# What files call the fields, where that is another name.
_FILE_NAMES = {"published": "handed_over"}


def start(theta: Array, seed: int = 0) -> TrainingState:
    """Make the state before the first epoch; the seed is that of the rows' order."""
    return TrainingState(theta=theta, generator=np.random.PCG64(seed).state)


def as_state(value: Mapping[str, object]) -> TrainingState:
    """Return a state as such, also if it is a dict of the first release's."""
    return value if isinstance(value, TrainingState) else unpack(value, start(value["theta"]))


def pack(state: TrainingState) -> State:
    """Name the state's values as files do."""
    packed = {f.name: getattr(state, f.name) for f in fields(state) if f.name != "history"}
    packed = {_FILE_NAMES.get(name, name): value for name, value in packed.items()}
    return packed | {name: getattr(state.history, curve)[:] for name, curve in CURVES.items()}


def unpack(packed: Mapping[str, object], default: TrainingState) -> TrainingState:
    """Make the state of a file's values; what it does not hold is as in another state."""
    known = {f.name: _FILE_NAMES.get(f.name, f.name) for f in fields(default)}
    values: State = {name: packed[of_file] for name, of_file in known.items() if of_file in packed}
    curves: State = {curve: packed[name] for name, curve in CURVES.items() if name in packed}
    curves = {curve: Curve(numbers) for curve, numbers in curves.items()}
    return replace(default, **values, history=replace(default.history, **curves))
