"""Early stopping: when J, or the validation score, improves no more."""

from __future__ import annotations

from dataclasses import dataclass

from ..arrays import Array, State
from .state import TrainingState
from .stop import StopReason


@dataclass(frozen=True)
class EarlyStopping:
    """How long a training goes on without improvement: of J, or of the validation score."""

    tol: float = 1e-4
    n_iter_no_change: float = 10
    by_score: bool = False

    @property
    def reason(self) -> StopReason:
        """What is said when it is at its end."""
        return StopReason.NO_BETTER_SCORE if self.by_score else StopReason.NO_IMPROVEMENT

    def count(self, state: TrainingState) -> TrainingState:
        """Count the epochs without improvement, as scikit-learn does, and keep the best."""
        better: State = {}
        if self.by_score:
            score, best = state.history.score[-1], state.best_score
            worse = not score >= best + self.tol  # NaN, too, is no improvement
            if score > best:
                better = {"best_score": score, "best_theta": state.theta}
        else:
            J, best = state.history.J[-1], state.best_J
            worse = not J <= best - self.tol
            better["best_J"] = min(J, best)
        return state.updated(no_improvement=state.no_improvement + 1 if worse else 0, **better)

    def rank(self, state: TrainingState) -> float:
        """What the best of several trainings has least of."""
        return -state.best_score if self.by_score else state.best_J

    def exhausted(self, state: TrainingState) -> bool:
        """Whether it is at its end."""
        return state.no_improvement > self.n_iter_no_change


def best_theta(state: TrainingState) -> Array:
    """θ of the best epoch under early stopping, else of the last."""
    return state.theta if state.best_theta is None else state.best_theta
