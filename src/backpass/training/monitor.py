"""Callbacks and validation: what is computed and reported after every epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .. import engine
from ..arrays import Array
from .state import TrainingState
from .stop import StopReason

# Where a training is, and why it is over, if it is.
Training = tuple[TrainingState, StopReason | None]
Finished = tuple[TrainingState, StopReason]

Validate = Callable[[Array], tuple[float, float]]  # θ -> score and mean loss


@dataclass(frozen=True)
class Progress:
    """What a callback is given after every epoch or iteration.

    Of several starts that are trained together, the best so far that still trains is reported.

    Parameters
    ----------
    epoch : int
        Epochs (iterations of a full-batch solver) so far, those before a resume included.
    J : float
        The objective: its mean on the way for mini-batches, its value for full batches.
    validation_score, validation_loss : float or None
        Accuracy or R², and the mean loss, on the validation set if there is one.
    seconds : float
        Time since the loop began.
    rows_per_second : float
        Rows of data that went through the network, by that time.
    theta : array of shape (n,)
        All parameters now; not a copy.
    job : int or None
        Which of ``train_jobs``'s list; None elsewhere.

    Examples
    --------
    >>> Progress(epoch=1, J=0.5).J
    0.5
    """

    epoch: int
    J: float
    validation_score: float | None = None
    validation_loss: float | None = None
    seconds: float = 0.0
    rows_per_second: float = 0.0
    theta: Array = None
    job: int | None = None


@dataclass
class Monitor:
    """The callbacks and the validation of a training.

    ``validate`` maps θ to (score, loss); a callback that returns something true stops the loop;
    ``on_state`` is given all trainings of the loop, whenever one of them goes on.
    """

    validate: Validate | None = None
    callbacks: tuple[Callable[[Progress], object], ...] = ()
    on_state: Callable[[list[Training]], object] = lambda trainings: None
    started: float = field(default_factory=time.perf_counter)
    rows: int = 0  # rows that went through since `started`

    def record(self, state: TrainingState, J: float) -> TrainingState:
        """Add J, and the validation's score and loss where there is one, to the curves."""
        validation = None if self.validate is None else self.validate(state.theta)
        return state.updated(history=state.history.longer(J, validation))

    def asks_to_stop(self, state: TrainingState) -> bool:
        """Call every callback; whether one of them wants to stop."""
        if not self.callbacks:
            return False
        progress = self._progress(state)
        answers = [callback(progress) for callback in self.callbacks]
        return any(answers)

    def _progress(self, state: TrainingState) -> Progress:
        seconds = time.perf_counter() - self.started
        history, validated = state.history, self.validate is not None
        return Progress(
            epoch=state.epoch,
            J=history.J[-1],
            validation_score=history.score[-1] if validated else None,
            validation_loss=history.validation_loss[-1] if validated else None,
            seconds=seconds,
            rows_per_second=self.rows / seconds,
            theta=state.theta,
        )


def validation(
    problem: engine.InMemoryProblem, score: Callable[[Array], float] | None = None
) -> Validate:
    """Make what gives the score and the mean loss of a θ on a problem's rows.

    Parameters
    ----------
    problem : InMemoryProblem
        The network and the validation rows.
    score : callable, optional
        z^(L), shape (m, s_L) -> the score, the higher the better; minus the mean loss where not
        given.
    """

    def validate(theta: Array) -> tuple[float, float]:
        z, cost = problem.logits_and_cost(theta)
        if not math.isfinite(cost):  # as it is where any logit is not
            return math.nan, math.nan
        loss = cost / problem.rows.W
        return (-loss if score is None else score(z)), loss

    return validate
