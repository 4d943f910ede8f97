"""The live progress bar of a training: epoch, J, validation score, rows/s, time left."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from ..training.monitor import Progress as Epoch

COLUMNS = (
    TextColumn("epoch {task.completed:.0f}/{task.total:.0f}"),
    BarColumn(bar_width=24),
    TextColumn("{task.fields[numbers]}"),
    TimeRemainingColumn(),
)


class EpochBar:
    """A bar that a training's callback moves on; it appears with the first epoch."""

    def __init__(self, epochs: int, console: Console) -> None:
        self._bar = Progress(*COLUMNS, console=console)
        self._task = self._bar.add_task("", total=epochs, numbers="")

    def __enter__(self) -> EpochBar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar.live.is_started:
            self._bar.stop()

    def update(self, progress: Epoch) -> None:
        """Move on by what a training's Progress says; it never asks to stop."""
        self._bar.start()
        numbers = [f"J {progress.J:.4g}"]
        if progress.validation_score is not None:
            numbers.append(f"validation {progress.validation_score:.4f}")
        numbers.append(f"{progress.rows_per_second:,.0f} rows/s")
        self._bar.update(self._task, completed=progress.epoch, numbers="  ".join(numbers))
