"""A candidate on tables as the measurement sees it: a process to ask."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Protocol

from ..environment import own_environment, worker_environment
from ..process import Asking
from .candidates import US
from .scoring import Score
from .sources import TableSource
from .splits import SplitRule


class TableRunner(Protocol):
    """What is asked of a candidate."""

    def warm_up(self) -> None:
        """Import, start threads, and fit something small."""
        ...

    def fit(
        self, source: TableSource, rule: SplitRule, seed: int, time_limit: float | None
    ) -> Score:
        """Fit and score."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class TableProcess(Asking):
    """A candidate in a process of its own.

    What a user has set to steer OpenBLAS is ours to keep to, and unset for the peers.
    """

    def __init__(self, name: str, threads: int) -> None:
        environment = own_environment if name == US else worker_environment
        words = ["backpass.bench.tabular.worker", name, str(threads)]
        super().__init__(words, environment(threads, base=os.environ))

    def warm_up(self) -> None:
        """Have it fit what is not timed."""
        self._ask("warm_up")

    def fit(
        self, source: TableSource, rule: SplitRule, seed: int, time_limit: float | None
    ) -> Score:
        """Have it fit and score; it takes its own time."""
        asked = {"seed": seed, "time_limit": time_limit}
        return Score(**self._ask("fit", source=asdict(source), rule=asdict(rule), **asked))
