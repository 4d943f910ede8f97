"""Work on several threads; whoever called is told of it, and can stop it.

What runs does so in Python threads: the core releases the interpreter's lock for a whole epoch, and
all that Python does between two epochs takes microseconds.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from ..blas import blas_threads
from ..errors import CollectedWarning, collected_warnings
from .monitor import Progress
from .stop import StopReason

Callback = Callable[[Progress], object]


class Reporter(Protocol):
    """Tells whoever called of progress, and a piece of work whether to stop."""

    def __call__(self, progress: Progress) -> bool:
        """Tell of an epoch; whether to stop."""
        ...

    @property
    def stopped(self) -> bool:
        """Whether to stop, for work that has no epochs to tell of."""
        ...


class Work(Protocol):
    """One thread's work at a time."""

    @property
    def size(self) -> float:
        """How much there is to do, in any unit: the largest is begun first."""
        ...

    def run(self, report: Reporter) -> None:
        """Do it; where ``report`` answers true, stop."""
        ...


class Queue(Protocol):
    """In which order pieces of work are begun; it is asked by one thread at a time."""

    def begin(self) -> int | None:
        """Give the number of the next; None where no more is begun."""
        ...

    def end(self, number: int) -> None:
        """Take note that one that was begun is done with."""
        ...


class LargestFirst:
    """Begins the largest of what is left, so that the threads end at about the same time."""

    def __init__(self, works: Mapping[int, Work]) -> None:
        self._waiting = sorted(works, key=lambda n: (works[n].size, -n))  # the last first

    def begin(self) -> int | None:
        """Give the largest; of those as large the first."""
        return self._waiting.pop() if self._waiting else None

    def end(self, number: int) -> None:
        """Nothing depends on it."""


@dataclass(eq=False)
class _Report:
    progress: Progress
    answered: bool = False


@dataclass(frozen=True, eq=False)
class _Reporter:
    pool: JobPool
    number: int

    def __call__(self, progress: Progress) -> bool:
        return self.pool.tell(replace(progress, job=self.number))

    @property
    def stopped(self) -> bool:
        return self.pool.stop_reason is not None


@dataclass(eq=False)
class JobPool:
    """Pieces of work, each of them done by one thread.

    Parameters
    ----------
    works : mapping of int to Work
        What there is to do; reports come with its number.
    callback : callable, optional
        Called with every report, in the thread that called ``run``, while whoever reports waits; a
        true answer stops all.
    queue : Queue, optional
        What is begun when; the largest first where not given.

    Attributes
    ----------
    failures : dict of int to exception
        What was raised, by number.
    warnings : dict of int to list of CollectedWarning
        What the package would have warned of, by number, for the caller to say.
    stop_reason : StopReason or None
        Why not all was done.
    """

    works: Mapping[int, Work]
    callback: Callback | None = None
    queue: Queue | None = None
    failures: dict[int, BaseException] = field(default_factory=dict)
    warnings: dict[int, list[CollectedWarning]] = field(default_factory=dict)
    stop_reason: StopReason | None = None

    def __post_init__(self) -> None:
        self._queue: Queue = self.queue or LargestFirst(self.works)
        self._reports: deque[_Report] = deque()
        self._running = 0
        self._all_started = threading.Event()  # working, they would keep the others from starting
        self._changed = threading.Condition()

    def run(self, n_threads: int) -> None:
        """Do everything, on so many threads at most, unless something stops it.

        A failure, Control-C or the callback stops the others at their next report. What the
        callback raises is raised here, once all have stopped; a second Control-C, at once.
        """
        threads: list[threading.Thread] = []
        try:
            for _ in range(min(n_threads, len(self.works))):
                threads.append(self._start())
            self._all_started.set()
            self._answer_reports()
        except KeyboardInterrupt:
            self.stop(StopReason.INTERRUPTED)
        except BaseException:
            self.stop(StopReason.CALLBACK)
            raise
        finally:
            self._all_started.set()
            for thread in threads:
                thread.join()

    def stop(self, reason: StopReason) -> None:
        """Have everything stop at its next report."""
        with self._changed:
            self.stop_reason = self.stop_reason or reason
            self._changed.notify_all()

    def _start(self) -> threading.Thread:
        """Start a thread that takes one piece of work after another."""
        thread = threading.Thread(target=self._work, name="backpass job")
        with self._changed:
            self._running += 1
        thread.start()
        return thread

    def _answer_reports(self) -> None:
        """Call the callback with what is reported before a stop, until no thread is left."""
        while (report := self._next_report()) is not None:
            callback = self.callback if self.stop_reason is None else None
            if callback is not None and callback(report.progress):
                self.stop(StopReason.CALLBACK)
            with self._changed:
                report.answered = True
                self._changed.notify_all()

    def _next_report(self) -> _Report | None:
        with self._changed:
            self._changed.wait_for(lambda: self._reports or not self._running)
            return self._reports.popleft() if self._reports else None

    def _work(self) -> None:
        """Do one piece of work after another, on this thread alone."""
        self._all_started.wait()
        try:
            with blas_threads(1):
                while (number := self._begin()) is not None:
                    self._do(number)
                    self._end(number)
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _begin(self) -> int | None:
        """The next of what is left; None where there is nothing, or all is to stop."""
        with self._changed:
            return self._queue.begin() if self.stop_reason is None else None

    def _end(self, number: int) -> None:
        with self._changed:
            self._queue.end(number)

    def _do(self, number: int) -> None:
        try:
            with collected_warnings() as collected:
                self.warnings[number] = collected
                self.works[number].run(_Reporter(self, number))
        except KeyboardInterrupt:
            self.stop(StopReason.INTERRUPTED)
        except BaseException as error:  # it is the caller's
            self.failures[number] = error
            self.stop(StopReason.JOB_FAILED)

    def tell(self, progress: Progress) -> bool:
        """Have the calling thread tell the callback, and wait for its answer: whether to stop."""
        if self.callback is not None and self.stop_reason is None:
            report = _Report(progress)
            with self._changed:
                self._reports.append(report)
                self._changed.notify_all()
                self._changed.wait_for(lambda: report.answered or self.stop_reason)
        return self.stop_reason is not None
