"""How long a fit may take, and how much of it is left."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

CHOICE = 0.04  # part of the time that is left for the choice among members


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
