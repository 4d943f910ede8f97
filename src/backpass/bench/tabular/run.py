"""``run_tables``: everybody in turn on every table and seed, each fit kept as it is made."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ...errors import InvalidInput
from ..environment import usable_cpus
from ..measure import turned
from ..process import CandidateFailed
from .candidates import CANDIDATES, TableEntry
from .process import TableProcess, TableRunner
from .results import TableFit, TablesReport, begun
from .sources import TableFacts, TableSource, of_scikit_learn
from .splits import SplitRule

REST = 0.3  # seconds: the last one's waiting threads spin for a while
SEEDS = range(5)

Start = Callable[[str, int], TableRunner]


def run_tables(
    sources: Sequence[TableSource] = (),
    *,
    seeds: Sequence[int] = SEEDS,
    candidates: Sequence[str] = (),
    rule: SplitRule | None = None,
    time_limit: float | None = None,
    threads: int | None = None,
    rest: float = REST,
    out: Path | None = None,
    say: Callable[[str], object] = lambda sentence: None,
    start: Start = TableProcess,
) -> TablesReport:
    """Fit ours and the peers to tables, on the same rows, and score them on the same others.

    Parameters
    ----------
    sources : sequence of TableSource
        Which tables; those that come with scikit-learn where none is given.
    seeds : sequence of int
        One parting of the rows for each.
    candidates : sequence of str
        Who takes part, by name; everybody who is installed where none is given.
    rule : SplitRule, optional
        How rows are parted.
    time_limit : float, optional
        Seconds that ours may take for a fit; where not given, as many as it does.
    threads : int, optional
        Threads of everybody; the processors of this machine where not given.
    rest : float
        Seconds before each fit.
    out : Path, optional
        Where every fit is kept as soon as it is made. A file that is there is gone on with: what it
        has is not fitted again.
    say : callable
        Told in a sentence what is done next.
    start : callable
        Makes a candidate's process of its name and the threads.

    Returns
    -------
    TablesReport
        Every fit's error, loss and seconds, those of the file included.

    Raises
    ------
    InvalidInput
        If a table cannot be read, there is no such candidate, or the file was begun with other
        settings.
    WriteError
        If the file cannot be written.

    Examples
    --------
    >>> run_tables(candidates=["CatBost"])
    Traceback (most recent call last):
    backpass.errors.InvalidInput: There is no candidate 'CatBost'; there are backpass, CatBoost, ...
    """
    entries, threads = _find_entries(candidates), threads or usable_cpus()
    report = begun(out, threads, rule or SplitRule(), time_limit)
    sources = sources or of_scikit_learn()
    report = report.described([TableFacts.of(source) for source in sources])
    absent = tuple((entry.name, module) for entry in entries if (module := entry.missing()))
    report = replace(report, not_installed=absent)
    names = [entry.name for entry in entries if entry.missing() is None]
    with _runners(threads, start) as runner:
        for source, seed, name in _order(sources, seeds, names, report):
            say(f"{source.name}, seed {seed}: {name}")
            fit = _fitted(report, source, seed, name, runner, rest)
            report = report.with_fit(fit)
            if out is not None:
                report.write(out)
    return report


def _order(
    sources: Sequence[TableSource], seeds: Sequence[int], names: list[str], report: TablesReport
) -> list[tuple[TableSource, int, str]]:
    """What is not there yet: everybody in turn, and each round begun by another."""
    done = {fit.key for fit in report.fits}
    rounds = [(source, seed) for source in sources for seed in seeds]
    turns = [(*each, name) for k, each in enumerate(rounds) for name in turned(names, k)]
    return [turn for turn in turns if (turn[0].name, turn[2], turn[1]) not in done]


def _fitted(
    report: TablesReport,
    source: TableSource,
    seed: int,
    name: str,
    runner: _Runners,
    rest: float,
) -> TableFit:
    """Fit and score; a failure is an outcome, and the next fit begins in a process of its own."""
    try:
        ready = runner.ready(name)
        time.sleep(rest)
        score = ready.fit(source, report.rule, seed, report.time_limit)
    except CandidateFailed as error:
        runner.end(name)
        return TableFit(source.name, name, seed, None, str(error))
    return TableFit(source.name, name, seed, score)


class _Runners:
    """Candidates' processes, each started and warmed up when it is first asked."""

    def __init__(self, threads: int, start: Start) -> None:
        self._threads, self._start = threads, start
        self._ready: dict[str, TableRunner] = {}

    def ready(self, name: str) -> TableRunner:
        """Return the candidate's process."""
        if name not in self._ready:
            self._ready[name] = self._start(name, self._threads)
            self._ready[name].warm_up()
        return self._ready[name]

    def end(self, name: str) -> None:
        """End a process."""
        self._ready.pop(name).close()

    def end_all(self) -> None:
        """End all."""
        for name in list(self._ready):
            self.end(name)


@contextmanager
def _runners(threads: int, start: Start) -> Generator[_Runners]:
    runners = _Runners(threads, start)
    try:
        yield runners
    finally:
        runners.end_all()


def _find_entries(wanted: Sequence[str]) -> list[TableEntry]:
    """Candidates by name; everybody where none is named."""
    names = {entry.name: entry for entry in CANDIDATES}
    for name in wanted:
        if name not in names:
            raise InvalidInput(f"There is no candidate {name!r}; there are {', '.join(names)}.")
    return [names[name] for name in wanted] if wanted else list(CANDIDATES)
