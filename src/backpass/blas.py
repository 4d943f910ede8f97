"""How many threads BLAS may use: a limit of the process, in force while a caller needs it.

NumPy's and SciPy's products and factorisations run in a BLAS whose number of threads is the
process's own, and their last bits go with that number. Where bits or threads are promised, a limit
is set. Several callers at once (Python threads) share the least of their limits, and the last of
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
    """Limit BLAS to so many threads; None leaves it alone.

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
    # Both, as NumPy and SciPy may bring BLASes of both kinds: one limit of the process on pthreads,
    # one of each Python thread on OpenMP.
    limits = [_shared, _own.limits]
    for each in limits:
        each.enter(most)
    try:
        yield
    finally:
        for each in limits:
            each.leave(most)


class _ThreadLimits:
    """The limits in force, and what each library had before the first of them."""

    def __init__(self, per_thread: bool) -> None:
        self._per_thread = per_thread
        self._lock = threading.Lock()
        self._limits: list[int] = []
        self._before: list[tuple[Library, int]] = []

    def enter(self, most: int) -> None:
        """Add a limit."""
        with self._lock:
            # What was there is read when the first comes, and put back when the last goes: in
            # between, a library's own number is ours, not the user's.
            if not self._limits:
                libraries = [each for each in _libraries() if _is_own(each) is self._per_thread]
                self._before = [(library, library.get_num_threads()) for library in libraries]
            self._limits.append(most)
            self._apply()

    def leave(self, most: int) -> None:
        """Take a limit away."""
        with self._lock:
            self._limits.remove(most)
            self._apply()

    def _apply(self) -> None:
        """Set the least limit; without any, what was there before."""
        for library, before in self._before:
            _set(library, min([before, *self._limits]))


class _Own(threading.local):
    """The limits of one Python thread: in a BLAS built on OpenMP every thread has its own."""

    def __init__(self) -> None:
        self.limits = _ThreadLimits(per_thread=True)


_shared = _ThreadLimits(per_thread=False)
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
    others, silently.
    """
    getattr(library, "_real_set_num_threads", library.set_num_threads)(count)


__all__ = ["blas_threads"]
