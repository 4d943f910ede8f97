"""Reading files that others wrote: whatever is wrong with one becomes one sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np

from ..errors import BackpassError, InvalidInput

Content = TypeVar("Content")

HIGHEST_RATIO = 1100  # deflate packs at most 1032 to 1, so a file that claims more is damaged


@contextmanager
def error_context(where: object) -> Generator[None]:
    """Put a place, a file's name or more, before an error's sentence."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(f"{where}: {error}") from None


def parse(path: Path, reader: Callable[[Path], Content]) -> Content:
    """Read a file; whatever a parser says about a broken one becomes one sentence."""
    if path.is_file() and path.stat().st_size == 0:
        raise InvalidInput(f"{path} is empty: it has not a single byte.")
    try:
        return reader(path)
    except BackpassError:
        raise
    except Exception as error:
        raise InvalidInput(f"{path} cannot be read: {_message_of(error)}.") from error


def _message_of(error: Exception) -> str:
    """A parser's message without its line breaks, its final stop and its length."""
    message = re.sub(r"\s+", " ", str(error)).strip().rstrip(".")
    return message[:200] or type(error).__name__


class NamedArrays(Mapping[str, np.ndarray]):
    """A file's arrays by name, each of them read when it is asked for, and not before.

    Parameters
    ----------
    path : Path
        The file, for a message.
    makers : dict of callables
        What reads each array.

    Examples
    --------
    >>> arrays = NamedArrays(Path("t.npz"), {"X": lambda: np.ones(2), "huge": lambda: 1 / 0})
    >>> list(arrays), arrays["X"].tolist()
    (['X', 'huge'], [1.0, 1.0])
    >>> arrays["huge"]
    Traceback (most recent call last):
    backpass.errors.InvalidInput: t.npz cannot be read: division by zero.
    """

    def __init__(self, path: Path, makers: dict[str, Callable[[], np.ndarray]]) -> None:
        self._path, self._makers = path, makers

    def __getitem__(self, name: str) -> np.ndarray:
        maker = self._makers[name]
        return parse(self._path, lambda _: maker())

    def __contains__(self, name: object) -> bool:
        return name in self._makers

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)
