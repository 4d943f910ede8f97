"""How long a fit may take, and how much of it is left."""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

CHOICE = 0.04  # part of the time that is left for the choice among members
SPARE = 0.03  # part of the time that is left for what takes longer than it did in a trial

# Of the epochs that members have: down to which part of them all are kept, before there are fewer
# members, or none where others are there already; up to which they use up what is left.
SHORT, LONG = 0.4, 1.5


@dataclass(frozen=True)
class Deadline:
    """A moment at which a fit is to be over; it is counted from where this is made.

    Parameters
    ----------
    seconds : float
        How long the fit may take.
    clock : callable
        What gives the time, in seconds.
    started : float, optional
        When it began, by the clock; now where not given.

    Examples
    --------
    >>> clock = iter([0.0, 2.5, 7.0]).__next__
    >>> deadline = Deadline(5.0, clock)
    >>> deadline.left(), deadline.left()
    (2.5, -2.0)
    """

    seconds: float = math.inf
    clock: Callable[[], float] = time.monotonic
    started: float = field(default=math.nan)

    def __post_init__(self) -> None:
        """Note when it began."""
        if math.isnan(self.started):
            object.__setattr__(self, "started", self.clock())

    @property
    def limited(self) -> bool:
        """Whether there is one."""
        return math.isfinite(self.seconds)

    def left(self) -> float:
        """Return the seconds until then, less than 0 when they are over."""
        return self.seconds - self.elapsed()

    def elapsed(self) -> float:
        """Return the seconds that have gone by."""
        return self.clock() - self.started

    def left_to_train(self) -> float:
        """Return the seconds until the choice among members has to begin."""
        return self.left() - CHOICE * self.seconds if self.limited else math.inf


class Duration(Protocol):
    """How long a member takes."""

    def seconds(self, epochs: int) -> float:
        """With so many epochs."""
        ...


def epochs_that_fit(
    paces: Sequence[Duration], usual: Sequence[int], left: float, threads: int, later: bool = False
) -> list[int]:
    """Choose how many members of a pack are trained, and for how many epochs each.

    As many as usual, where there is time for half a pack more. Else epochs that use up what is
    left, up to half as many more; where that would be fewer than two of five, there are fewer
    members, as many for each thread, but one at least.

    Parameters
    ----------
    paces : sequence of Pace
        How long each member takes.
    usual : sequence of int
        Epochs of each, where time is no matter.
    left : float
        Seconds.
    threads : int
        Members that are trained at a time.
    later : bool
        Whether other members are there, so that there may be none of these.

    Returns
    -------
    list of int
        Epochs of the first members; the others are not trained.

    Examples
    --------
    >>> from backpass.tabular.members.pace import Pace
    >>> paces = [Pace(0.0, 1.0)] * 4
    >>> [epochs_that_fit(paces, [10] * 4, left, threads=2) for left in (99, 24, 12, 7)]
    [[10, 10, 10, 10], [11, 11, 11, 11], [5, 5, 5, 5], [6, 6]]
    """
    left -= SPARE * left
    if LONG * ends_after(paces, usual, threads) <= left:
        return list(usual)
    n, fewest = len(paces), min(threads, len(paces))
    part = _part_that_fits(paces, usual, left, threads)
    while part < SHORT and n - fewest >= fewest:
        n -= fewest
        part = _part_that_fits(paces[:n], usual[:n], left, threads)
    if later and part < SHORT:
        return []
    return _times(part, usual[:n])


def ends_after(paces: Sequence[Duration], epochs: Sequence[int], threads: int) -> float:
    """Return when the last of members is over that are begun in their order.

    Examples
    --------
    >>> from backpass.tabular.members.pace import Pace
    >>> ends_after([Pace(1.0, 2.0)] * 3, [4, 4, 4], threads=2)
    18.0
    """
    free = [0.0] * threads
    for pace, n in zip(paces, epochs):
        heapq.heappush(free, heapq.heappop(free) + pace.seconds(n))
    return max(free)


def _part_that_fits(
    paces: Sequence[Duration], usual: Sequence[int], left: float, threads: int
) -> float:
    """The largest part of the usual epochs that is over in time, in hundredths; at most LONG."""
    parts = np.arange(1, round(100 * LONG) + 1) / 100
    fitting = [p for p in parts.tolist() if ends_after(paces, _times(p, usual), threads) <= left]
    return max(fitting, default=0.0)


def _times(part: float, usual: Sequence[int]) -> list[int]:
    """A part of each number of epochs, at least one."""
    return [max(1, int(part * n + 1e-9)) for n in usual]
