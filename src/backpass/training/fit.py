"""One fit: an objective is minimised from every start, and the best end is kept.

Values in, a value out. Estimators publish what they like of it; the studio shows it; both train
through here, on rows in memory and on rows in blocks alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from .. import engine
from ..arrays import Array
from ..backprop import penalty
from .checkpoints import Checkpoint
from .early_stopping import EarlyStopping, best_theta
from .full_batch import FullBatchOptions
from .mini_batch import MiniBatchOptions
from .monitor import Finished, Monitor
from .restarts import Restarts
from .state import TrainingState
from .stop import StopReason


@dataclass(frozen=True)
class Fit:
    """What is minimised, from where, and how; it is run once.

    Parameters
    ----------
    problem : Problem
        The objective.
    restarts : Restarts
        The starts, and how far a checkpoint's unfinished fit came with them.
    options : MiniBatchOptions or FullBatchOptions
        The solver, and how long it may go on from each start.
    checkpoint : Checkpoint, optional
        Where the trainings are kept while they go on.
    """

    problem: engine.Problem
    restarts: Restarts
    options: MiniBatchOptions | FullBatchOptions
    checkpoint: Checkpoint | None = None

    def run(self, monitor: Monitor) -> Fitted:
        """Train from every start until none is left, or a callback or Control-C stops them all.

        The starts are let go of as the trainings leave them: each is as long as θ.

        Raises
        ------
        KeyboardInterrupt
            If it comes before any training has made a whole epoch: there is nothing to keep.
        """
        restarts, options = self.restarts.moved(), self.options
        while restarts.remaining and restarts.stopped_from_outside is None:
            numbers = restarts.remaining if options.together else restarts.remaining[:1]
            if self.checkpoint is not None:
                monitor.on_state = restarts.keeper(numbers, self.checkpoint)
            left = options.less(*restarts.spent(numbers[0]))
            starts = restarts.handed_over(numbers)
            restarts = restarts.after(numbers, left.train(self.problem, starts, monitor))
        if restarts.stopped_from_outside is StopReason.INTERRUPTED:
            if not restarts.advanced:
                raise KeyboardInterrupt
            if self.checkpoint is not None and restarts.whole:
                unfinished = restarts.unfinished
                self.checkpoint.interrupt(unfinished.epoch, unfinished.pack())
        return Fitted(self.problem, restarts, options.early_stopping)


@dataclass(frozen=True)
class Fitted:
    """The end of a fit.

    Parameters
    ----------
    problem : Problem
        The objective.
    restarts : Restarts
        Where each training ended.
    early_stopping : EarlyStopping
        By which the best is chosen.
    """

    problem: engine.Problem
    restarts: Restarts
    early_stopping: EarlyStopping

    @cached_property
    def _best(self) -> Finished:
        return self.restarts.best(self.early_stopping)

    @property
    def state(self) -> TrainingState:
        """Where the best training ended."""
        return self._best[0]

    @property
    def reason(self) -> StopReason:
        """Why the fit is over."""
        return self._best[1]

    @property
    def n_iter(self) -> int:
        """Epochs, or iterations, of the best training in this fit."""
        return self.state.epoch - self.restarts.initial_counts[0][0]

    @property
    def theta(self) -> Array:
        """θ of the last epoch, or of that with the best score where one looked at it."""
        return best_theta(self.state) if self.early_stopping.by_score else self.state.theta

    @property
    def J(self) -> float:
        """The last J on the curve, or J where none has been made."""
        if self.state.history.J:
            return self.state.history.J[-1]
        return float(self.problem.cost_and_gradient(self.state.theta)[0])

    @property
    def decay(self) -> float:
        """The part of J that is weight decay, (λ/2W) Σ Θ²."""
        problem = self.problem
        Thetas = problem.net.roll_unchecked(self.state.theta)
        return problem.lam * float(penalty(Thetas)) / problem.rows.W
