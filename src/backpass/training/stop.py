"""Why a training stopped: every reason is a full sentence."""

from __future__ import annotations

from enum import Enum

from ..solvers.stop import Stop


class StopReason(Enum):
    """Why a training stopped, as a full sentence.

    Attributes
    ----------
    GRADIENT, CHANGE, PRECISION : StopReason
        A full-batch solver has converged: D, or the fall of J, is within ``tol``, or J falls by no
        more than its rounding.
    NO_IMPROVEMENT, NO_BETTER_SCORE : StopReason
        J, or the validation score, has not improved by more than ``tol`` for
        ``n_iter_no_change`` epochs.
    MAX_ITER, MAX_FUN, ONE_PASS : StopReason
        All the epochs, or evaluations of J, that were asked for are done.
    CALLBACK, INTERRUPTED : StopReason
        A callback, or Control-C, stopped it.
    JOB_FAILED : StopReason
        A job of ``train_jobs``'s list failed, this one or another.
    NOT_FINITE, DIVERGED : StopReason
        J, D or θ is not finite, or J has exploded; the last finite θ is restored.
    value : str
        The sentence.

    Examples
    --------
    >>> StopReason.ONE_PASS.value
    'One pass over the data was asked for, and made.'
    >>> StopReason.GRADIENT.converged, StopReason.MAX_ITER.converged
    (True, False)
    """

    GRADIENT = Stop.GRADIENT.value
    CHANGE = Stop.CHANGE.value
    PRECISION = Stop.PRECISION.value
    NO_IMPROVEMENT = (
        "J did not fall by more than tol for n_iter_no_change consecutive epochs: it has settled."
    )
    NO_BETTER_SCORE = (
        "The validation score did not rise by more than tol for n_iter_no_change consecutive "
        "epochs: the weights of the best epoch are restored."
    )
    MAX_ITER = Stop.MAX_ITER.value
    MAX_FUN = Stop.MAX_FUN.value
    ONE_PASS = "One pass over the data was asked for, and made."
    CALLBACK = Stop.CALLBACK.value
    INTERRUPTED = Stop.INTERRUPTED.value
    JOB_FAILED = "A job of the list failed, so all of them were stopped after a whole epoch."
    NOT_FINITE = Stop.NOT_FINITE.value
    DIVERGED = (
        "J exploded, so the training diverged and the last finite weights are restored: "
        "a smaller learning rate or scaled inputs should help."
    )

    @property
    def converged(self) -> bool:
        """Whether there was nothing left to do."""
        return self in _CONVERGED


_CONVERGED = (
    StopReason.GRADIENT,
    StopReason.CHANGE,
    StopReason.PRECISION,
    StopReason.NO_IMPROVEMENT,
    StopReason.NO_BETTER_SCORE,
)


_IN_WORDS = {
    StopReason.GRADIENT: "J is flat here: its gradient is as good as zero.",
    StopReason.CHANGE: "J has settled: the last steps hardly lowered it.",
    StopReason.NO_IMPROVEMENT: "J has settled: it hardly fell for several epochs in a row.",
    StopReason.NO_BETTER_SCORE: (
        "The validation score did not rise for several epochs in a row: the weights of the best "
        "epoch are restored."
    ),
    StopReason.MAX_ITER: "All epochs that were asked for are done: with more, J could go lower.",
    StopReason.MAX_FUN: "J was evaluated as often as the solver may: it could go lower.",
}


def why_stopped(reason: StopReason) -> str:
    """Say a reason to stop as a sentence about J, the score and epochs.

    Examples
    --------
    >>> why_stopped(StopReason.MAX_ITER)
    'All epochs that were asked for are done: with more, J could go lower.'
    """
    return _IN_WORDS.get(reason, reason.value)
