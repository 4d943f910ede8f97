"""The time that a process takes by itself, on a machine that others use as well.

By the clock an honest submission takes several times as long where ten programs share two
processors. Linux counts how long a process was ready and waited for one; that is none of its time,
and neither is what the judge itself has waited. Elsewhere the clock alone counts.
"""

from __future__ import annotations

import time
from pathlib import Path

IN_ALL = 3.0  # limits: what all answers together may take, where one may take a whole limit


class OwnTime:
    """What a process may still take for one answer, and for all of them.

    Parameters
    ----------
    limit : float
        Seconds for one answer.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._process = 0
        self._taken = 0.0  # by the clock, for earlier answers
        self._queued_before = self._queued_at = 0.0
        self._begun, self._own = time.monotonic(), limit

    def watch(self, process: int) -> None:
        """Say which process it is; its time begins now."""
        self._process = process
        self._taken, self._queued_before = 0.0, self._queued()

    def begin(self, seconds: float) -> None:
        """Begin to wait for an answer, for so many seconds."""
        self._begun, self._own, self._queued_at = time.monotonic(), seconds, self._queued()

    def end(self) -> None:
        """Have the answer."""
        self._taken += time.monotonic() - self._begun

    def left(self) -> float:
        """Seconds to wait until it is time to look again; none where its time is over."""
        one = time.monotonic() - self._begun
        both, most = self._taken + one, max(IN_ALL * self.limit, self._own)
        if one >= self._own or both >= most:
            queued = self._queued()
            one -= queued - self._queued_at
            both -= queued - self._queued_before
        return min(self._own - one, most - both)

    def _queued(self) -> float:
        """Seconds that the process and this thread have waited for a processor."""
        return _waited(str(self._process)) + _waited("thread-self")


def _waited(name: str) -> float:
    try:
        return int(Path(f"/proc/{name}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0
