"""Who looks on while members are trained: tells the caller of it, and keeps to the time."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..training.job_pool import LargestFirst, Queue, Work
from ..training.monitor import Progress
from .time_limit import Deadline


@dataclass(frozen=True)
class MembersProgress:
    """What a callback is given after every epoch of every member.

    Parameters
    ----------
    done : int
        Members that are over.
    total : int or None
        Members that were asked for; None where the time decides.
    best_cost : float
        What the best epoch of the best member so far costs on held-out rows.
    seconds_left : float or None
        Until the fit is over, by the time limit or as members have taken so far; None while
        nothing is known of it.
    epoch : Progress
        The epoch that was made.

    Examples
    --------
    >>> from backpass.training.monitor import Progress
    >>> MembersProgress(3, 16, 0.25, 12.0, Progress(epoch=4, J=0.3)).done
    3
    """

    done: int
    total: int | None
    best_cost: float
    seconds_left: float | None
    epoch: Progress


@dataclass(eq=False)
class MembersPrinter:
    """A callback that prints a line when one more member is over.

    Examples
    --------
    >>> from backpass.training.monitor import Progress
    >>> show = MembersPrinter()
    >>> for done in (0, 1, 1):
    ...     show(MembersProgress(done, 16, 0.25, 12.0, Progress(epoch=4, J=0.3)))
    Member 1 of 16 is over, best validation score -0.25
    """

    shown: int = 0

    def __call__(self, progress: MembersProgress) -> None:
        """Look at an epoch."""
        if progress.done == self.shown:
            return
        self.shown = progress.done
        of = "" if progress.total is None else f" of {progress.total}"
        score = f"best validation score {-progress.best_cost:.6g}"
        print(f"Member {self.shown}{of} is over, {score}")


@dataclass(eq=False)
class Watch:
    """Looks on, and says when to stop and whether one more member fits.

    Parameters
    ----------
    deadline : Deadline
        When the fit is to be over.
    total : int or None
        Members that were asked for.
    callback : callable, optional
        Given a ``MembersProgress`` after every epoch; a true answer stops all.

    Attributes
    ----------
    stopped : bool
        Whether the callback stopped the fit.
    planned : bool
        Whether members have been given epochs that fit: then all of them are begun.
    """

    deadline: Deadline = field(default_factory=Deadline)
    total: int | None = None
    callback: Callable[[MembersProgress], object] | None = None
    stopped: bool = False
    planned: bool = False
    _done: int = 0
    _best_cost: float = math.inf
    _between: float = 0.0  # seconds from the end of a pack's members to the next one's
    _idle_since: float = 0.0
    _first_size: float = 0.0  # of a pack's first member
    _seconds: float = 0.0  # of all members so far, and how much work they were
    _work: float = 0.0
    _trained: int = 0
    _last: dict[int | None, float] = field(default_factory=dict)  # time of a member's last epoch

    @property
    def needed(self) -> bool:
        """Whether anybody wants to know of epochs."""
        return self.callback is not None or self.deadline.limited

    def fits(self, size: float, begun_in: float = 0.0) -> bool:
        """Whether one more member of this size is likely to be over in time.

        It is supposed to be as fast as those so far; the first ones always fit. One that is cut
        off in the end costs time that would have been left.
        """
        expected = begun_in + size * (self._seconds / self._work if self._work else 0.0)
        return not self._done or self.planned or expected <= self.deadline.left_to_train()

    def pack_fits(self) -> bool:
        """Whether there is time for rows to be made ready, and for a member of theirs."""
        if self.planned:
            return self.deadline.left_to_train() > 0
        return self.fits(self._first_size, self._between)

    def queue(self, works: Mapping[int, Work], members: int) -> Queue:
        """Make what says which of so many members is begun next; those that are over count."""
        self._between = max(self._between, self.deadline.elapsed() - self._idle_since)
        self._first_size = works[min(works)].size if works else self._first_size
        self._done += members - len(works)
        self._last = {}
        return MembersQueue(works, self)

    def report(self, progress: Progress) -> bool:
        """Tell the caller of an epoch, and say whether to stop."""
        if progress.validation_score is not None:
            self._best_cost = min(self._best_cost, -progress.validation_score)
        if self.callback is not None and self.callback(self._told(progress)):
            self.stopped = True
        return self.stopped or not self._next_epoch_fits(progress)

    def _told(self, progress: Progress) -> MembersProgress:
        left = self.deadline.left() if self.deadline.limited else self._expected()
        return MembersProgress(self._done, self.total, self._best_cost, left, progress)

    def _expected(self) -> float | None:
        """Seconds that the members which are not over will take, by those that are."""
        if self.total is None or not self._trained:
            return None
        return self.deadline.elapsed() / self._trained * (self.total - self._done)

    def _next_epoch_fits(self, progress: Progress) -> bool:
        now = self.deadline.elapsed()
        seconds = now - self._last.get(progress.job, now - progress.seconds)
        self._last[progress.job] = now
        return seconds <= self.deadline.left_to_train()

    def ended(self, size: float, seconds: float) -> None:
        """Count a member of this size that is over, and how long it took."""
        self._done += 1
        self._trained += 1
        self._seconds += seconds
        self._work += size
        self._idle_since = self.deadline.elapsed()


class MembersQueue:
    """Begins members while one more fits: in their order where the time is limited.

    The largest first is faster on several threads; but where time decides how many there are, it
    has to be the first ones that are over.

    Parameters
    ----------
    works : mapping of int to Work
        What there is to do, by the members' numbers.
    watch : Watch
        Who knows whether one more fits.
    """

    def __init__(self, works: Mapping[int, Work], watch: Watch) -> None:
        self._watch, self._clock = watch, watch.deadline.elapsed
        in_order = watch.deadline.limited
        self._order: Queue = _InOrder(works) if in_order else LargestFirst(works)
        self._sizes = {number: work.size for number, work in works.items()}
        self._begun: dict[int, float] = {}

    def begin(self) -> int | None:
        """Give the next, if it fits; after one that does not, none."""
        number = self._order.begin()
        if number is None or not self._watch.fits(self._sizes[number]):
            self._order = _InOrder({})
            return None
        self._begun[number] = self._clock()
        return number

    def end(self, number: int) -> None:
        """Note how long it took."""
        self._watch.ended(self._sizes[number], self._clock() - self._begun.pop(number))


class _InOrder:
    def __init__(self, works: Mapping[int, Work]) -> None:
        self._waiting = deque(sorted(works))

    def begin(self) -> int | None:
        return self._waiting.popleft() if self._waiting else None

    def end(self, number: int) -> None:
        pass
