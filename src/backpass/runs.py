"""The trainings of one fit: from several starts, each taken up where a checkpoint left it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .checkpoints import Checkpoint
from .training import Patience, State, StopReason


class Runs(NamedTuple):
    """The starts, the ends so far, and the state of the training between them."""

    starts: list[State]
    ends: tuple[tuple[State, str], ...] = ()  # with the stop reason's name
    now: State | None = None

    @classmethod
    def kept(cls, checkpoint: Checkpoint | None) -> Runs | None:
        """Return what an unfinished fit left, if it left anything."""
        left = None if checkpoint is None else checkpoint.unfinished()
        return None if left is None else cls(**left)

    @property
    def epoch(self) -> int:
        """Epochs that the training in between has behind it."""
        return 0 if self.now is None else self.now["epoch"]

    @property
    def last_reason(self) -> StopReason:
        """Why the last one stopped."""
        return StopReason[self.ends[-1][1]]

    @property
    def over(self) -> bool:
        """Whether there is no start left."""
        return len(self.ends) == len(self.starts)

    def current(self) -> tuple[State, int, int]:
        """Return the state to go on from, and the epochs and evaluations spent before it."""
        start = self.starts[len(self.ends)]
        state = start if self.now is None else self.now
        return state, state["epoch"] - start["epoch"], _evaluations(state) - _evaluations(start)

    def ended(self, state: State, reason: StopReason) -> Runs:
        """One training more is over."""
        return Runs(self.starts, (*self.ends, (state, reason.name)), None)

    def best(self, patience: Patience) -> tuple[State, StopReason]:
        """Return the end with the least J, or the best score."""
        state, name = min(self.ends, key=lambda end: patience.rank(end[0]))
        return state, StopReason[name]

    def keeper(self, checkpoint: Checkpoint) -> Callable[[State], None]:
        """Something that keeps a state of the current training."""
        return lambda state: checkpoint.keep(state["epoch"], self._replace(now=state)._asdict())


def _evaluations(state: State) -> int:
    """Evaluations of J and D by a full-batch solver; the first is made before its first step."""
    return 1 if state["solver"] is None else state["solver"].get("nfev", 1)
