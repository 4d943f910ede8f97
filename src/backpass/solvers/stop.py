"""Why a full-batch solver stopped: an enum whose values are the messages."""

from __future__ import annotations

from enum import Enum


class Stop(Enum):
    """A reason to stop, as a full sentence; ``status`` is SciPy's kind of number for it."""

    GRADIENT = "The largest entry of the gradient is not above tol: the point is stationary."
    CHANGE = "The last iteration lowered J by less than ftol of its size: J has settled."
    PRECISION = "No step along the search direction lowers J any more: this is as far as it goes."
    MAX_ITER = "The largest number of iterations, max_iter, is reached: J could go lower."
    MAX_FUN = "The largest number of evaluations of J, max_fun, is reached: J could go lower."
    CALLBACK = "The callback asked to stop."
    INTERRUPTED = "Interrupted from the keyboard: the best point so far is kept."
    NOT_FINITE = "J is not finite along the search direction: the last finite point is kept."

    @property
    def success(self) -> bool:
        """Whether the solver stopped because there was nothing left to do."""
        return self in (Stop.GRADIENT, Stop.CHANGE, Stop.PRECISION)

    @property
    def status(self) -> int:
        """0 where the solver converged, else the reason's place in this list."""
        return 0 if self.success else list(Stop).index(self)
