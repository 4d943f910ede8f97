"""A candidate's own process on tables: it fits and scores what it is asked to."""

from __future__ import annotations

import gc
import os
import sys
from dataclasses import asdict

import numpy as np

from ...extras import optional
from ..environment import stay_on
from ..worker import serve
from ..workloads import Fields
from .candidates import TableEntry, find_entry
from .scoring import fit_and_score
from .sources import PURPOSE, RawTable, TableSource
from .splits import SplitRule

WARM_ROWS = 300


class TableWorker:
    """Answers requests; each public method is one."""

    def __init__(self, entry: TableEntry, threads: int) -> None:
        self._entry, self._threads = entry, threads
        self._source: TableSource | None = None

    def warm_up(self) -> None:
        """Fit two small tables, so that no import and no start of threads is timed."""
        rows = np.arange(WARM_ROWS)
        for classes in (2, 0):
            table = drawn_table(classes)
            fit_and_score(self._entry, table, rows[:200], rows[200:], 0, self._threads, 1.0)

    def fit(self, source: Fields, rule: Fields, seed: int, time_limit: float | None) -> Fields:
        """Fit and score the training and the test rows of a seed."""
        table = self._table(TableSource(**source))
        train, test = SplitRule(**rule).part(source["name"], table.y, table.classes, seed)
        score = fit_and_score(self._entry, table, train, test, seed, self._threads, time_limit)
        gc.collect()  # so that the next one's clock does not count it
        return asdict(score)

    def _table(self, source: TableSource) -> RawTable:
        """Read a table, once in a row of fits."""
        if source != self._source:
            self._source, self._read = source, source.read()
        return self._read


def drawn_table(classes: int) -> RawTable:
    """Draw a small table of a number and a category."""
    rng = np.random.default_rng(0)
    number, level = rng.standard_normal(WARM_ROWS), rng.integers(0, 3, WARM_ROWS)
    words = np.array(["red", "green", "blue"])[level]
    X = optional("pandas", PURPOSE).DataFrame({"number": number, "word": words})
    y = number + level + rng.standard_normal(WARM_ROWS)
    X["word"] = X["word"].astype("category")
    return RawTable(X, (y > 1).astype(int) if classes else y, classes)


def main(name: str, threads: int) -> None:
    """Serve on stdin and stdout; what libraries print goes to stderr."""
    stay_on(threads)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(TableWorker(find_entry(name), threads), sys.stdin, answers)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
