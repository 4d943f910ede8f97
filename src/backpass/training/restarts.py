"""The trainings of one fit: from several starts, each taken up where a checkpoint left it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from ..arrays import State
from ..errors import InvalidInput
from ..storage.modelfile import reading
from .checkpoints import Checkpoint
from .early_stopping import EarlyStopping
from .monitor import Finished, Training
from .state import TrainingState, pack, unpack
from .stop import StopReason

FROM_OUTSIDE = {StopReason.CALLBACK, StopReason.INTERRUPTED}  # which stop the whole fit


class Restarts(NamedTuple):
    """Where each training is, and the name of the reason why it is over, if it is."""

    initial_counts: list[tuple[int, int]]  # epochs and evaluations before the fit
    states: list[TrainingState]
    reasons: list[str | None]

    @classmethod
    def anew(cls, starts: list[TrainingState]) -> Restarts:
        """Begin from these."""
        return cls([_counts(start) for start in starts], starts, [None] * len(starts))

    @classmethod
    def kept(cls, checkpoint: Checkpoint | None, starts: list[TrainingState]) -> Restarts | None:
        """Return what an unfinished fit from such starts left, if it left anything."""
        left = None if checkpoint is None else checkpoint.unfinished()
        if checkpoint is None or left is None:
            return None
        with reading(os.fspath(checkpoint.path)):
            return cls.unpack(left, starts, os.fspath(checkpoint.path))

    @classmethod
    def unpack(cls, packed: State, starts: list[TrainingState], path: str) -> Restarts:
        """Make them of what a file holds of trainings from such starts."""
        counts, states, reasons = packed["begun"], packed["states"], packed["reasons"]
        if not len(counts) == len(reasons) == len(states) == len(starts):
            raise InvalidInput(f"{path} does not hold {len(starts)} trainings.")
        completed = [_completed(state, start) for state, start in zip(states, starts)]
        return cls(counts, completed, [_checked(name) for name in reasons])

    def pack(self) -> State:
        """Name everything as files do."""
        states = [pack(state) for state in self.states]
        return {"begun": self.initial_counts, "states": states, "reasons": self.reasons}

    @property
    def remaining(self) -> list[int]:
        """The numbers of those that are not over."""
        return [number for number, reason in enumerate(self.reasons) if reason is None]

    @property
    def epoch(self) -> int:
        """Epochs that the first of those that are not over has behind it, or the last of all."""
        return self.states[self.remaining[0] if self.remaining else -1].epoch

    @property
    def stopped_from_outside(self) -> StopReason | None:
        """Why the whole fit is over, though some of its trainings may have been before."""
        given = {StopReason[name] for name in self.reasons if name is not None}
        return next(iter(given & FROM_OUTSIDE), None)

    @property
    def unfinished(self) -> Restarts:
        """The same, of which those that were stopped from outside are not over."""
        outside = {reason.name for reason in FROM_OUTSIDE}
        return self._replace(reasons=[None if r in outside else r for r in self.reasons])

    @property
    def whole(self) -> bool:
        """Whether each goes on to the bits that it would have had."""
        return all(state.whole for state in self.states)

    @property
    def advanced(self) -> bool:
        """Whether any training has made a whole epoch in this fit."""
        return any(self.spent(number)[0] for number in range(len(self.states)))

    def spent(self, number: int) -> tuple[int, int]:
        """Epochs and evaluations that one has used up in this fit."""
        epochs, evaluations = _counts(self.states[number])
        epochs_before, evaluations_before = self.initial_counts[number]
        return epochs - epochs_before, evaluations - evaluations_before

    def moved(self) -> Restarts:
        """Return the same, of which this one keeps no state."""
        states = list(self.states)
        self.states.clear()
        return self._replace(states=states)

    def handed_over(self, numbers: list[int]) -> Iterator[TrainingState]:
        """Give some of the states away, to whoever trains them and tells what became of them."""
        states = [self.states[number] for number in numbers]
        for number, state in zip(numbers, states):
            self.states[number] = state.updated(theta=None, solver=None)
        return iter(states)

    def after(self, numbers: list[int], trainings: list[Training] | list[Finished]) -> Restarts:
        """Replace some of the trainings by what has become of them."""
        states, reasons = list(self.states), list(self.reasons)
        for number, (state, reason) in zip(numbers, trainings):
            states[number], reasons[number] = state, reason and reason.name
        return self._replace(states=states, reasons=reasons)

    def best(self, early_stopping: EarlyStopping) -> Finished:
        """Return the end with the least J, or the best score, and why the fit is over."""
        ends = [(s, StopReason[name]) for s, name in zip(self.states, self.reasons) if name]
        state, reason = min(ends, key=lambda end: early_stopping.rank(end[0]))
        return state, self.stopped_from_outside or reason

    def keeper(
        self, numbers: list[int], checkpoint: Checkpoint
    ) -> Callable[[list[Training]], None]:
        """Something that keeps these trainings, and the others as they are."""

        def keep(trainings: list[Training]) -> None:
            now = self.after(numbers, trainings)
            checkpoint.keep(now.epoch, now.pack())

        return keep


def _completed(packed: State, start: TrainingState) -> TrainingState:
    """A state from a file, if its θ is one of the network's."""
    state = unpack(packed, start)
    if np.shape(state.theta) != np.shape(start.theta) or state.theta.dtype.kind != "f":
        raise InvalidInput(f"The checkpoint's θ is none of {len(start.theta)} parameters.")
    return state


def _checked(name: str | None) -> str | None:
    """A reason's name, if there is such a reason."""
    return name and StopReason[name].name


def _counts(state: TrainingState) -> tuple[int, int]:
    """Epochs, and evaluations of J and D; the first is made before a solver's first step."""
    return state.epoch, 1 if state.solver is None else state.solver.get("nfev", 1)
