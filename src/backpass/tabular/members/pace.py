"""How long members take, found by training each of them for an epoch on some of the rows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...training.monitor import Progress
from ..outputs import Outputs
from .codes import fit_codes
from .member import DTYPE, Examples, Lesson, ToLearn, train_members
from .profiles import MemberSettings

TRIAL_ROWS = 50_000


@dataclass(frozen=True)
class Pace:
    """How long a member takes.

    Parameters
    ----------
    before : float
        Seconds before its first epoch.
    epoch : float
        Seconds of an epoch.

    Examples
    --------
    >>> Pace(2.0, 0.5).seconds(10)
    7.0
    """

    before: float
    epoch: float

    def seconds(self, epochs: int) -> float:
        """How long a member with so many epochs takes."""
        return self.before + epochs * self.epoch

    def times(self, slower: float) -> Pace:
        """The pace of a member that is so many times slower."""
        return Pace(slower * self.before, slower * self.epoch)


def paces(
    train: ToLearn,
    settings: Sequence[MemberSettings],
    outputs: Outputs,
    n_threads: int | None,
) -> list[Pace]:
    """Try members on some of the rows, side by side as they will be trained.

    Parameters
    ----------
    train : ToLearn
        Rows to learn from, with target means.
    settings : sequence of MemberSettings
        One for each member.
    outputs : ClassOutputs or NumberOutputs
        What the last layer is.
    n_threads : int, optional
        At most.

    Returns
    -------
    list of Pace
    """
    at_hand = train.at_hand
    some = at_hand.some(np.linspace(0, at_hand.m - 1, min(at_hand.m, TRIAL_ROWS)).astype(int))
    seconds = [0.0] * len(settings)

    def note(progress: Progress) -> None:
        assert progress.job is not None
        seconds[progress.job] = progress.seconds

    short = [replace(each, max_epochs=1, patience=1) for each in settings]
    lesson = Lesson(some, some.some(np.arange(1)), _no_matter_what, short)
    train_members([lesson], outputs, n_threads=n_threads, callback=note)
    encoding = {bins: _encoding(some, bins) for bins in {each.bins for each in settings}}
    times, reading = train.m / some.m, train.reading
    made: list[Pace] = []
    for each, took in zip(settings, seconds):
        epoch, before = times * took, times * encoding[each.bins]
        made.append(Pace(0.0, epoch + before + reading) if reading else Pace(before, epoch))
    return made


def _encoding(rows: Examples, bins: int) -> float:
    """How long rows take to be encoded."""
    codes, started = fit_codes(rows.rows, bins), time.perf_counter()
    codes.encode(rows.rows, DTYPE)
    return time.perf_counter() - started


def _no_matter_what(answers: np.ndarray) -> float:
    return 0.0
