"""The trainings of one fit: from several starts, each taken up where a checkpoint left it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..errors import InvalidInput
from ..storage.modelfile import reading
from .checkpoints import Checkpoint
from .loops import Ended, Patience, State, StopReason, Training

FROM_OUTSIDE = {StopReason.CALLBACK, StopReason.INTERRUPTED}  # which stop the whole fit


class Runs(NamedTuple):
    """Where each training is, and the name of the reason why it is over, if it is."""

    begun: list[tuple[int, int]]  # epochs and evaluations before the fit
    states: list[State]
    reasons: list[str | None]

    @classmethod
    def anew(cls, starts: list[State]) -> Runs:
        """Begin from these."""
        return cls([_spent(start) for start in starts], starts, [None] * len(starts))

    @classmethod
    def kept(cls, checkpoint: Checkpoint | None, starts: list[State]) -> Runs | None:
        """Return what an unfinished fit from such starts left, if it left anything."""
        left = None if checkpoint is None else checkpoint.unfinished()
        if checkpoint is None or left is None:
            return None
        with reading(os.fspath(checkpoint.path)):
            runs = cls(**left)
            if not len(runs.begun) == len(runs.reasons) == len(runs.states) == len(starts):
                raise InvalidInput(f"{checkpoint.path} does not hold {len(starts)} trainings.")
            states = [_completed(state, start) for state, start in zip(runs.states, starts)]
            return runs._replace(states=states, reasons=[_checked(name) for name in runs.reasons])

    @property
    def left(self) -> list[int]:
        """The numbers of those that are not over."""
        return [number for number, reason in enumerate(self.reasons) if reason is None]

    @property
    def epoch(self) -> int:
        """Epochs that the first of those that are not over has behind it, or the last of all."""
        return self.states[self.left[0] if self.left else -1]["epoch"]

    @property
    def reasons_given(self) -> set[StopReason]:
        """Why trainings stopped."""
        return {StopReason[name] for name in self.reasons if name is not None}

    @property
    def stopped_from_outside(self) -> StopReason | None:
        """Why the whole fit is over, though some of its trainings may have been before."""
        return next(iter(self.reasons_given & FROM_OUTSIDE), None)

    @property
    def moved(self) -> bool:
        """Whether any training has made a whole epoch in this fit."""
        return any(self.spent(number)[0] for number in range(len(self.states)))

    def spent(self, number: int) -> tuple[int, int]:
        """Epochs and evaluations that one has used up in this fit."""
        epochs, evaluations = _spent(self.states[number])
        epochs_before, evaluations_before = self.begun[number]
        return epochs - epochs_before, evaluations - evaluations_before

    def after(self, numbers: list[int], trainings: list[Training] | list[Ended]) -> Runs:
        """Replace some of the trainings by what has become of them."""
        states, reasons = list(self.states), list(self.reasons)
        for number, (state, reason) in zip(numbers, trainings):
            states[number], reasons[number] = state, reason and reason.name
        return self._replace(states=states, reasons=reasons)

    def best(self, patience: Patience) -> Ended:
        """Return the end with the least J, or the best score, and why the fit is over."""
        ends = [(s, StopReason[name]) for s, name in zip(self.states, self.reasons) if name]
        state, reason = min(ends, key=lambda end: patience.rank(end[0]))
        return state, self.stopped_from_outside or reason

    def keeper(
        self, numbers: list[int], checkpoint: Checkpoint
    ) -> Callable[[list[Training]], None]:
        """Something that keeps these trainings, and the others as they are."""

        def keep(trainings: list[Training]) -> None:
            now = self.after(numbers, trainings)
            checkpoint.keep(now.epoch, now._asdict())

        return keep


def _completed(state: State, start: State) -> State:
    """A state from a file, if its θ is one of the network's."""
    theta, expected = state["theta"], start["theta"]
    if np.shape(theta) != np.shape(expected) or theta.dtype.kind != "f":
        raise InvalidInput(f"The checkpoint's θ is none of {len(expected)} parameters.")
    return {**start, **state}


def _checked(name: str | None) -> str | None:
    """A reason's name, if there is such a reason."""
    return name and StopReason[name].name


def _spent(state: State) -> tuple[int, int]:
    """Epochs, and evaluations of J and D; the first is made before a solver's first step."""
    solver = state["solver"]
    return state["epoch"], 1 if solver is None else solver.get("nfev", 1)
