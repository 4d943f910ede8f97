"""Warnings that point at the user's line, however many calls lie between it and the cause."""

from __future__ import annotations

import inspect
import warnings
from itertools import count
from types import FrameType

# Between a user's line and ours: decorators, pipelines and searches, and what runs their parts.
BETWEEN = ("backpass", "sklearn", "joblib", "dask", "distributed", "click")


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, at the innermost line that belongs to none of the packages between.

    Where there is no such line the warning points at the outermost.
    """
    frame = inspect.currentframe()
    for level in count(1):
        if frame is None or frame.f_back is None or not _between(frame):
            warnings.warn(message, category, stacklevel=level)
            return
        frame = frame.f_back


def _between(frame: FrameType) -> bool:
    """Whether a line is this package's, or of one that calls it for somebody."""
    return str(frame.f_globals.get("__name__")).partition(".")[0] in BETWEEN
