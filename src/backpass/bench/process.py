"""A candidate as the measurement sees it: a process to ask."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ..errors import BackpassError
from .environment import worker_environment
from .workloads import Workload


class CandidateFailed(BackpassError):
    """A candidate cannot do a workload; the message says why."""


class Runner(Protocol):
    """What is asked of a candidate."""

    @property
    def name(self) -> str:
        """How the candidate is called."""
        ...

    def prepare(self, workload: Workload, dtype: str, shuffled: bool, threads: int) -> None:
        """Get ready; nothing is timed."""
        ...

    def run(self, times: int) -> float:
        """Do it so many times; return the seconds."""
        ...

    def result(self) -> np.ndarray:
        """The last run's numbers."""
        ...

    def evaluations(self) -> int | None:
        """Of J and D, in a race."""
        ...

    def memory(self) -> int | None:
        """Bytes beyond the data."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class Asking:
    """A module that runs in a process of its own, and answers JSON objects, one a line."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", *words],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )

    def close(self) -> None:
        """Let it end by itself."""
        self._process.communicate()

    def _ask(self, what: str, **arguments: object) -> Any:
        """Send a request and wait for its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"do": what, "with": arguments}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise CandidateFailed(f"its process ended (exit code {self._process.wait()})")
        answer = json.loads(line)
        if "error" in answer:
            raise CandidateFailed(answer["error"])
        return answer["value"]


class Process(Asking):
    """A candidate in a process of its own."""

    def __init__(self, name: str, threads: int, isa: str) -> None:
        self.name = name
        words = ["backpass.bench.worker", name, str(threads)]
        super().__init__(words, worker_environment(threads, isa))

    def prepare(self, workload: Workload, dtype: str, shuffled: bool, threads: int) -> None:
        """Have it draw the data and get ready."""
        self._ask("prepare", workload=asdict(workload), dtype=dtype, shuffled=shuffled,
                  threads=threads)  # fmt: skip

    def run(self, times: int) -> float:
        """Have it run; it takes its own time."""
        return self._ask("run", times=times)

    def result(self) -> np.ndarray:
        """Fetch its numbers."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "result.npy"
            self._ask("result", path=str(path))
            return np.load(path)

    def evaluations(self) -> int | None:
        """Ask it."""
        return self._ask("evaluations")

    def memory(self) -> int | None:
        """Ask the kernel, through it."""
        return self._ask("memory")

    def wait_until_started(self) -> None:
        """Wait: what it imports must not take a processor from whoever is timed first."""
        with suppress(CandidateFailed):  # its first real request says so
            self._ask("evaluations")
