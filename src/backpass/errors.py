"""The package's exceptions, all of them, as one small tree, and its warnings.

::

    BackpassError
    ├── InvalidInput (also a ValueError)      an argument, a file or a table that cannot be used
    │   ├── InvalidNetwork                    sizes, activations or a loss that make no network
    │   ├── SettingError                      a setting that does not suit the table
    │   └── WrongDerivative                   a user's loss or activation whose derivative is wrong
    ├── ModelFileError                        a model file that is not one, or is damaged
    ├── WriteError (also an OSError)          an output that could not be written; the old is left
    ├── JobFailed (also a RuntimeError)       one of a list of jobs failed; all results are kept
    ├── ClusterLost (also a RuntimeError)    other machines that died while they computed
    ├── OutputExists (also a FileExistsError) an output that would be replaced without leave
    └── MissingExtra (also an ImportError)    an optional dependency that is not installed

Every message is one sentence that names the thing that is wrong. A warning points at the user's
line, however many calls lie between it and the cause.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from types import FrameType
from typing import Any

# Between a user's line and ours: decorators, pipelines and searches, and what runs their parts.
BETWEEN = ("backpass", "sklearn", "joblib", "dask", "distributed", "click")


class BackpassError(Exception):
    """Root of every error that backpass raises on purpose."""


class InvalidInput(BackpassError, ValueError):
    """An argument, a file or a table cannot be used as it is."""


class InvalidNetwork(InvalidInput):
    """The sizes, activations or loss do not make a network."""


class SettingError(InvalidInput):
    """A setting of an experiment does not suit the table; its name and value are kept."""

    def __init__(self, setting: str, value: object, sentence: str) -> None:
        super().__init__(sentence)
        self.setting, self.value = setting, value


class WrongDerivative(InvalidInput):
    """A user-made loss or activation whose derivative does not match its value."""


class ModelFileError(BackpassError):
    """A model file that is not one, is damaged, or is from a version that cannot be read."""


class WriteError(BackpassError, OSError):
    """An output file could not be written; what was there before is left."""


class JobFailed(BackpassError, RuntimeError):
    """A job of a list failed; `results` is what all of them have so far, for ``resume``."""

    def __init__(self, sentence: str, results: list[Any]) -> None:
        super().__init__(sentence)
        self.results = results


class ClusterLost(BackpassError, RuntimeError):
    """The machines that were computing are gone, or keep dying of the work."""


class OutputExists(BackpassError, FileExistsError):
    """An output file exists and may not be replaced."""


class MissingExtra(BackpassError, ImportError):
    """An optional dependency is not installed."""


CollectedWarning = tuple[str, type[Warning]]
_collected: ContextVar[list[CollectedWarning] | None] = ContextVar("collected", default=None)


@contextmanager
def collected_warnings() -> Generator[list[CollectedWarning]]:
    """Collect what ``warn`` is given in this thread: no line of the user's is above a thread's."""
    collected: list[CollectedWarning] = []
    token = _collected.set(collected)
    try:
        yield collected
    finally:
        _collected.reset(token)


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, at the innermost line that belongs to none of the packages between.

    Where there is no such line the warning points at the outermost.
    """
    collected = _collected.get()
    if collected is not None:
        collected.append((message, category))
        return
    frame = inspect.currentframe()
    for level in count(1):
        if frame is None or frame.f_back is None or not _between(frame):
            warnings.warn(message, category, stacklevel=level)
            return
        frame = frame.f_back


def listed(names: Iterable[str], last: str = "and") -> str:
    """Join names as a sentence does: "a, b and c"."""
    *first, final = names
    return f"{', '.join(first)} {last} {final}" if first else final


def _between(frame: FrameType) -> bool:
    """Whether a line is this package's, or of a library that calls it."""
    return str(frame.f_globals.get("__name__")).partition(".")[0] in BETWEEN
