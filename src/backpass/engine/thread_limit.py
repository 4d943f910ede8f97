"""How many threads the native core uses, and who may say so.

``threadpoolctl.threadpool_limits`` limits it too, where threadpoolctl is loaded.
"""

from __future__ import annotations

import os
import sys
from typing import Any


def processors() -> int:
    """``OMP_NUM_THREADS`` where set, or the processors that this process may use."""
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    return int(asked) if asked.isdigit() and int(asked) > 0 else _usable()


def bounded(n_threads: int) -> int:
    """What a user asks for, but no more threads than there are processors to run them."""
    return min(n_threads, _usable())


def _usable() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def register() -> None:
    """Make the core known to threadpoolctl, which scikit-learn loads; without it, do nothing."""
    threadpoolctl = sys.modules.get("threadpoolctl")
    if threadpoolctl is not None and hasattr(threadpoolctl, "register"):
        threadpoolctl.register(_controller(threadpoolctl))


def _controller(threadpoolctl: Any) -> type:
    class BackpassController(threadpoolctl.LibController):
        """How threadpoolctl reads and sets the core's number of threads."""

        user_api = "backpass"
        internal_api = "backpass"
        filename_prefixes = ("_native",)
        check_symbols = ("backpass_get_num_threads", "backpass_set_num_threads")

        def get_num_threads(self) -> int:
            """How many threads are used where no number is asked for."""
            return self.dynlib.backpass_get_num_threads()

        def set_num_threads(self, num_threads: int) -> None:
            """Use at most so many."""
            self.dynlib.backpass_set_num_threads(num_threads)

        def get_version(self) -> None:
            """The core has no version of its own."""

    return BackpassController


__all__ = ["bounded", "processors", "register"]
