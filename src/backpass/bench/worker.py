"""A candidate's own process: it reads requests and writes answers, one JSON object a line.

A process for each candidate keeps thread pools, memory and crashes apart, and lets a library be
told its instruction set before it starts.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable
from typing import TextIO, TypedDict

import numpy as np
from threadpoolctl import threadpool_limits

from . import memory
from .candidates import Candidate, find_entry
from .data import make_data
from .environment import stay_on
from .peak import PEAK, Limit
from .workloads import Fields, Workload

# "with" is a word of Python's, so that the names are given as text.
Request = TypedDict("Request", {"do": str, "with": dict[str, object]})


class Worker:
    """Answers requests; each public method is one."""

    def __init__(self, make: Callable[[], Candidate]) -> None:
        self._make = make
        self._candidate = make()
        self._before: int | None = None

    def prepare(self, workload: Fields, dtype: str, shuffled: bool, threads: int) -> None:
        """Draw the data and hand it to the candidate; what it holds beyond that is counted."""
        del self._candidate
        gc.collect()  # so that the last workload's data does not count
        chosen = Workload.from_json(workload)
        data = make_data(chosen, dtype, shuffled)
        memory.give_back_freed()
        self._before = memory.resident()
        memory.forget_highest()
        self._candidate = self._make()
        threadpool_limits(threads)  # BLAS and OpenMP, for those who have no say of their own
        self._candidate.prepare(chosen, data, threads)

    def run(self, times: int) -> float:
        """Run so many times; return the seconds."""
        start = time.perf_counter()
        self._candidate.run(times)
        return time.perf_counter() - start

    def result(self, path: str) -> None:
        """Save the last run's numbers."""
        np.save(path, self._candidate.result())

    def evaluations(self) -> int | None:
        """How often a race's function was called; None where there is no race."""
        return getattr(self._candidate, "evaluations", None)

    def memory(self) -> int | None:
        """Bytes beyond the data, at the highest."""
        highest = memory.highest()
        return None if highest is None or self._before is None else highest - self._before


def serve(worker: object, requests: TextIO, answers: TextIO) -> None:
    """Answer until there is nothing more to answer."""
    for line in requests:
        request = json.loads(line)
        answers.write(json.dumps(_answer(worker, request)) + "\n")
        answers.flush()


def _answer(worker: object, request: Request) -> dict[str, object]:
    """Do one request; whatever goes wrong in a candidate becomes its answer."""
    try:
        return {"value": getattr(worker, request["do"])(**request["with"])}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}".splitlines()[0]}


def main(name: str, threads: int) -> None:
    """Serve on stdin and stdout; what libraries print goes to stderr."""
    stay_on(threads)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    make = Limit if name == PEAK else find_entry(name).make
    serve(Worker(make), sys.stdin, answers)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
