"""What a command says while it works: bars of a training, and words on what takes long."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from ..tabular.watch import MembersProgress
    from ..training.monitor import Progress as Epoch

COLUMNS = (
    TextColumn("epoch {task.completed:.0f}/{task.total:.0f}"),
    BarColumn(bar_width=24),
    TextColumn("{task.fields[numbers]}"),
    TimeRemainingColumn(),
)
OF_STEPS = (
    TextColumn("{task.fields[numbers]} {task.completed:.0f}/{task.total:.0f}"),
    BarColumn(bar_width=24),
    TimeRemainingColumn(),
)
OF_MEMBERS = (
    TextColumn("members {task.fields[members]}"),
    BarColumn(bar_width=24),
    TextColumn("{task.fields[numbers]}"),
)


FIRST_WORD = 5.0  # seconds until what takes long is said to go on; then twice as many, …


@contextmanager
def told_work(what: str, console: Console) -> Generator[None]:
    """Say what is begun, that it goes on where it takes long, and then how long it took."""
    console.print(f"{what} …", markup=False, soft_wrap=True)
    over, began = threading.Event(), time.monotonic()

    def tell() -> None:
        wait = FIRST_WORD
        while not over.wait(wait):
            passed = time.monotonic() - began
            console.print(f"  still at it after {passed:.0f} s", markup=False)
            wait = passed

    telling = threading.Thread(target=tell, daemon=True)
    telling.start()
    try:
        yield
    finally:
        over.set()
        telling.join()
    if time.monotonic() - began > FIRST_WORD:
        console.print(f"  done in {time.monotonic() - began:.0f} s", markup=False)


class _Bar:
    """A bar that a training's callback moves on; it appears with the first epoch."""

    def __init__(
        self,
        columns: Sequence[ProgressColumn],
        total: int | None,
        console: Console,
    ) -> None:
        self._bar = Progress(*columns, console=console)
        self._task = self._bar.add_task("", total=total, numbers="", members="0")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar.live.is_started:
            self._bar.stop()


class EpochBar(_Bar):
    """Epoch, J, validation score, rows/s, time left."""

    def __init__(self, epochs: int, console: Console) -> None:
        super().__init__(COLUMNS, epochs, console)

    def update(self, progress: Epoch) -> None:
        """Move on by what a training's Progress says; it never asks to stop."""
        self._bar.start()
        numbers = [f"J {progress.J:.4g}"]
        if progress.validation_score is not None:
            numbers.append(f"validation {progress.validation_score:.4f}")
        numbers.append(f"{progress.rows_per_second:,.0f} rows/s")
        self._bar.update(self._task, completed=progress.epoch, numbers="  ".join(numbers))


class StepsBar(_Bar):
    """What is done, how much of it, time left."""

    def __init__(self, console: Console) -> None:
        super().__init__(OF_STEPS, None, console)

    def update(self, what: str, done: int, total: int) -> None:
        """Move on; another piece of work begins the bar anew."""
        self._bar.update(self._task, completed=done, total=total, numbers=what)
        self._bar.start()


class MembersBar(_Bar):
    """Members that are over, the best cost so far, time left."""

    def __init__(self, console: Console) -> None:
        super().__init__(OF_MEMBERS, None, console)

    def update(self, progress: MembersProgress) -> None:
        """Move on by what an ensemble's progress says; it never asks to stop."""
        self._bar.start()
        done, total, left = progress.done, progress.total, progress.seconds_left
        numbers = [f"best {progress.best_cost:.4g}"]
        if left is not None:
            numbers.append(f"{timedelta(seconds=round(max(left, 0.0)))} left")
        members = f"{done}" if total is None else f"{done}/{total}"
        self._bar.update(
            self._task, completed=done, total=total, members=members, numbers="  ".join(numbers)
        )
