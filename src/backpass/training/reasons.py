"""Why a training stopped, for people who set options: no name of a parameter, in one place.

``StopReason``'s own sentences name the constructor's parameters, as Python's users know them.
"""

from __future__ import annotations

from .loops import StopReason

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
