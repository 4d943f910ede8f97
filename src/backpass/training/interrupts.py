"""Control-C that waits for the end of an epoch, in which arrays change where they are."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

Handler = Callable[[int, FrameType | None], object]


class HeldInterrupts:
    """Takes Control-C while a training runs; between ``hold`` and ``release`` it waits.

    One that comes in between is answered by ``release``, as it would have been; a second does not
    wait. Other threads than the main one are not interrupted, so there is nothing to hold there.

    Examples
    --------
    >>> with HeldInterrupts() as interrupts:
    ...     interrupts.hold()
    ...     epoch = 1  # whole, whenever Control-C comes
    ...     interrupts.release()
    >>> epoch
    1
    """

    def __init__(self) -> None:
        self._before: Handler | None = None
        self._holding = False
        self._held: tuple[int, FrameType | None] | None = None

    def __enter__(self) -> HeldInterrupts:
        if threading.current_thread() is threading.main_thread():
            before = signal.getsignal(signal.SIGINT)
            if callable(before):
                self._before = before
                signal.signal(signal.SIGINT, self._take)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None
    ) -> None:
        self._holding = False
        if self._before is not None and signal.getsignal(signal.SIGINT) == self._take:
            signal.signal(signal.SIGINT, self._before)

    def hold(self) -> None:
        """Have Control-C wait."""
        self._holding = True

    def release(self) -> None:
        """Answer a Control-C that has been waiting, and let others through."""
        self._holding = False
        if self._held is not None:
            held, self._held = self._held, None
            self._answer(*held)

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self._holding and self._held is None:
            self._held = number, frame
        else:
            self._answer(number, frame)

    def _answer(self, number: int, frame: FrameType | None) -> None:
        if self._before is not None:
            self._before(number, frame)
