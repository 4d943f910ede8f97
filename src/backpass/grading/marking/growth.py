"""How a function's time grows with the examples, in bands a factor 3 apart.

A machine that is busy makes every time longer, and no two runs agree to the last digit. So the
bands are wide, what is measured is the least of several times, and products of whole matrices stay
far from the first limit.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

FEW, MANY, TIMES = 100, 900, 2
SLOW = 0.2  # seconds; what takes longer with few examples is not called with many
FLOOR = 3e-6  # seconds an example: a pass of whole matrices, and the way to another process
LIMITS = (3.0, 9.0, 27.0)  # times the floor
SHARES = (1.0, 2 / 3, 1 / 3, 0.0)
WORDS = (
    "as that of products of whole matrices",
    "up to 9 times as fast as that of products of whole matrices",
    "up to 27 times as fast as that of products of whole matrices",
    "more than 27 times as fast as that of products of whole matrices: is there a loop?",
)


@dataclass(frozen=True)
class Growth:
    """A band of growth.

    Examples
    --------
    >>> Growth(0).share, Growth(3).share
    (1.0, 0.0)
    """

    band: int

    @property
    def share(self) -> float:
        """The share of the points for growth of time."""
        return SHARES[self.band]

    def __str__(self) -> str:
        return f"Its time grows with the examples {WORDS[self.band]}."


def growth_of(
    call: Callable[[int], object], clock: Callable[[], float] = time.perf_counter
) -> Growth:
    """Measure a call with few and with many examples.

    Parameters
    ----------
    call : callable
        Is given the number of examples.
    clock : callable
        Says the time in seconds.

    Returns
    -------
    Growth
    """
    few = _least(call, FEW, clock)
    if few > SLOW:
        return band_of(few / FEW)
    return band_of((_least(call, MANY, clock) - few) / (MANY - FEW))


def band_of(seconds: float) -> Growth:
    """Return the band of so many seconds an example.

    Examples
    --------
    >>> [band_of(s).band for s in (1e-6, 2e-5, 5e-5, 1e-3)]
    [0, 1, 2, 3]
    """
    return Growth(sum(seconds > limit * FLOOR for limit in LIMITS))


def _least(call: Callable[[int], object], m: int, clock: Callable[[], float]) -> float:
    times = []
    for _ in range(TIMES):
        begun = clock()
        call(m)
        times.append(clock() - begun)
        if times[-1] > SLOW:
            break
    return min(times)
