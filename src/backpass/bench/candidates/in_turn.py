"""Several networks at once, where a library has no call for them: one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..data import Data, members
from ..workloads import Workload
from . import Candidate


class InTurn:
    """Each network is a candidate of its own."""

    jobs: Sequence[Candidate]

    def __init__(self, make: Callable[[], Candidate]) -> None:
        self._make = make

    def prepare(self, workload: Workload, data: Data, threads: int) -> None:
        """Prepare each."""
        self.jobs = [self._make() for _ in workload.networks]
        for job, (each, its) in zip(self.jobs, members(workload, data)):
            job.prepare(each, its, threads)

    def run(self, times: int) -> None:
        """Run each so many times, with all threads."""
        for job in self.jobs:
            job.run(times)

    def result(self) -> np.ndarray:
        """Every network's θ, in their order."""
        return np.concatenate([job.result() for job in self.jobs])
