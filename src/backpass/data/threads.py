"""Work on parts of a table in several threads: NumPy and Arrow let others work while they do."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

MANY_ROWS = 1 << 16  # of which a column takes longer than to hand it to a thread
AHEAD = 2  # tasks a thread may be ahead of the one whose result is awaited


def n_threads() -> int:
    """``OMP_NUM_THREADS`` where set, or the processors that this process may use."""
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    if asked.isdigit() and int(asked):
        return int(asked)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_threads(function: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[Result]:
    """Apply a function to each task, and yield the results in the tasks' order.

    Only some tasks are ahead of the result that is awaited, so that few results wait in memory.

    Parameters
    ----------
    function : callable
        What is done; it spends most of its time where other threads may run.
    tasks : sequence
        What it is given, one by one.

    Raises
    ------
    Exception
        What the first task raised that failed.

    Examples
    --------
    >>> list(in_threads(abs, [-3, 2]))
    [3, 2]
    """
    n = min(n_threads(), len(tasks))
    if n < 2:
        yield from map(function, tasks)
        return
    with ThreadPoolExecutor(n) as pool:
        waiting = deque(pool.submit(function, task) for task in tasks[: AHEAD * n])
        for task in tasks[AHEAD * n :]:
            yield waiting.popleft().result()
            waiting.append(pool.submit(function, task))
        while waiting:
            yield waiting.popleft().result()
