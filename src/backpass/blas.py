"""How many threads BLAS may use: a limit of the process, held while somebody asks for it.

NumPy's and SciPy's products and factorisations run in a BLAS whose number of threads is the
process's own, and their last bits go with that number. Where bits or threads are promised, a limit
is held. Several callers at once (Python threads) share the least of their limits, and the last of
them puts back what was there.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from typing import Any

Library = Any  # one of threadpoolctl's controllers, which have no types


@contextmanager
def blas_threads(most: int | None) -> Generator[None]:
    """Hold BLAS to so many threads; None leaves it alone.

    Parameters
    ----------
    most : int or None
        Threads at most; what was set before is never raised.

    Examples
    --------
    >>> import numpy as np
    >>> with blas_threads(1):  # one thread, so the same bits on every machine of this kind
    ...     float(np.ones(3) @ np.ones(3))
    3.0
    """
    if most is None:
        yield
        return
    limits = [_shared, _own.limits]
    for each in limits:
        each.enter(most)
    try:
        yield
    finally:
        for each in limits:
            each.leave(most)


class _Limits:
    """The limits that are held now, and what each library had before the first of them."""

    def __init__(self, per_thread: bool) -> None:
        self._per_thread = per_thread
        self._lock = threading.Lock()
        self._held: list[int] = []
        self._before: list[tuple[Library, int]] = []

    def enter(self, most: int) -> None:
        """Hold one limit more."""
        with self._lock:
            if not self._held:
                libraries = [each for each in _libraries() if _is_own(each) is self._per_thread]
                self._before = [(library, library.get_num_threads()) for library in libraries]
            self._held.append(most)
            self._apply()

    def leave(self, most: int) -> None:
        """Hold it no longer."""
        with self._lock:
            self._held.remove(most)
            self._apply()

    def _apply(self) -> None:
        """Set what is held; with nothing held, what was there before."""
        for library, before in self._before:
            _set(library, min([before, *self._held]))


class _Own(threading.local):
    """The limits of one Python thread: in a BLAS built on OpenMP every thread has its own."""

    def __init__(self) -> None:
        self.limits = _Limits(per_thread=True)


_shared = _Limits(per_thread=False)
_own = _Own()


@cache
def _libraries() -> list[Library]:
    """NumPy's and SciPy's BLAS, both loaded first, as threadpoolctl (scikit-learn's) finds them.

    Looking through the process's libraries takes milliseconds, so it is done once.
    """
    import scipy.linalg  # noqa: F401  # pyright: ignore[reportUnusedImport]
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas").lib_controllers


def _is_own(library: Library) -> bool:
    return getattr(library, "threading_layer", None) == "openmp"


def _set(library: Library, count: int) -> None:
    """Set a library's threads from any Python thread.

    threadpoolctl 3.7 lets only the first thread that asked set OpenBLAS's, and does nothing for the
    others, without a word.
    """
    getattr(library, "_real_set_num_threads", library.set_num_threads)(count)


__all__ = ["blas_threads"]
