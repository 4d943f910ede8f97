"""``run``: the whole measurement, from starting the candidates to the report."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypedDict, Unpack

from .. import engine
from ..errors import InvalidInput
from .candidates import CANDIDATES, Entry, find_entry
from .candidates.race import scipy_lbfgs
from .data import VERSION, Data, make_data, missing
from .environment import usable_cpus
from .measure import Settings, measure
from .peak import PEAK, how, instruction_set
from .process import Process, Runner
from .results import Line, Report, describe_machine
from .workloads import DTYPES, FITS, SOLVER_RACES, WORKLOADS, Workload, named

QUICK_ROWS = 6000
SIDE, QUICK_SIDE = 2048, 512  # of the matrices that measure the machine's peak
OURS = tuple(entry.name for entry in CANDIDATES if entry.ours)
UNCOUNTED = {entry.name: entry.another_update for entry in CANDIDATES if entry.another_update}
CHOICES = {entry.name: entry.choices for entry in CANDIDATES}


def run(
    workloads: Sequence[str] | Sequence[Workload] = (),
    *,
    quick: bool = False,
    threads: int | None = None,
    isa: str = "native",
    dtypes: Sequence[str] = (),
    candidates: Sequence[str] = (),
    settings: Settings | None = None,
    say: Callable[[str], object] = lambda sentence: None,
) -> Report:
    """Measure backpass beside its peers, all in turn on this machine.

    Parameters
    ----------
    workloads : sequence of str or Workload
        Which of W1 to W11, by the beginning of their names; all where none is given.
    quick : bool
        Fewer rows and rounds, and torch.compile only if it is named, for a first look.
    threads : int, optional
        Threads allowed to everybody; the processors of this machine where not given.
    isa : {"native", "avx2"}
        "avx2" holds every library that can be held to AVX2.
    dtypes : sequence of {"float32", "float64"}
        In which arithmetic; where not given, in those of each workload, in a quick run in its
        first one.
    candidates : sequence of str
        Who takes part, by name; everybody who is installed where none is given.
    settings : Settings, optional
        Rounds, rests and turns, where the usual ones do not fit; its threads are ignored.
    say : callable
        Told in a sentence what is done next.

    Returns
    -------
    Report
        Times by round, ratios to the best peer, shares of the measured peak, memory; and who was
        left out, for which reason.

    Raises
    ------
    InvalidInput
        If there is no such workload, dtype, instruction set or candidate, or none of the workloads
        is measured in that dtype.

    Examples
    --------
    >>> run(["W12"])
    Traceback (most recent call last):
    backpass.errors.InvalidInput: There is no workload 'W12'; there are W1, W1 20k, W1 200k, W2, ...
    """
    found, entries = _find_workloads(workloads), _find_entries(candidates)
    _check_choices(dtypes, isa)
    absent = {workload.name: name for workload in found if (name := missing(workload))}
    chosen = _distinct([_as_asked(w, quick) for w in found if w.name not in absent])
    tasks = tasks_in(chosen, dtypes, quick)
    threads = threads or usable_cpus()
    settings = replace(settings or (QUICK if quick else Settings()), threads=threads)
    entries = [entry for entry in entries if any(map(entry.does, chosen))]
    if quick and not candidates:
        entries = [entry for entry in entries if not entry.slow_to_start]
    if threads == 1:
        entries = [entry for entry in entries if not entry.one_thread or entry.name in candidates]
    side, used = QUICK_SIDE if quick else SIDE, dict.fromkeys(dtype for _, dtype in tasks)
    peaks = {dtype: _peak(side, dtype, threads, isa) for dtype in used}
    alone = any(entry.one_thread for entry in entries)
    one_thread_peaks = {dtype: _peak(side, dtype, 1, isa) for dtype in used if alone}
    installed = [entry for entry in entries if entry.missing() is None]
    absent |= {entry.name: name for entry in entries if (name := entry.missing())}
    with _started(installed, threads, isa) as runners:
        lines = tuple(_lines(tasks, installed, runners, settings, say))
    return Report(
        describe_machine(),
        peaks,
        how(),
        threads,
        isa,
        lines,
        absent,
        instruction_set(isa),
        one_thread_peaks,
        VERSION,
    )


class Options(TypedDict, total=False):
    """What ``run`` can be asked for besides workloads."""

    threads: int | None
    isa: str
    dtypes: Sequence[str]
    candidates: Sequence[str]
    settings: Settings | None
    say: Callable[[str], object]


QUICK = Settings(rounds=3, turn=0.05)


def run_solvers(*, quick: bool = False, **options: Unpack[Options]) -> Report:
    """Race solvers down to one J: ours, SciPy's and PyTorch's, on one thread, in float64.

    Parameters
    ----------
    quick : bool
        Only scikit-learn's digits, fewer rounds.
    **options
        As ``run`` takes them.

    Returns
    -------
    Report
        Times, with the number of evaluations of J and D.
    """
    races = SOLVER_RACES[:1] if quick else SOLVER_RACES
    asked: Options = {"threads": 1, "dtypes": ("float64",)}
    return run(races, quick=quick, **(asked | options))


def run_fits(*, quick: bool = False, **options: Unpack[Options]) -> Report:
    """Fit ``MLPClassifier`` as a user calls it, beside scikit-learn's and the engine alone.

    Parameters
    ----------
    quick : bool
        Fewer rounds.
    **options
        As ``run`` takes them.

    Returns
    -------
    Report
        Times of whole fits in float64.
    """
    asked: Options = {"dtypes": ("float64",)}
    return run(FITS, quick=quick, **(asked | options))


def _as_asked(workload: Workload, quick: bool) -> Workload:
    """Shorten what can be shortened; give a race its target."""
    if workload.kind in TARGETS:
        return workload if workload.target else with_target(workload)
    return workload.shorter(QUICK_ROWS) if quick else workload


def with_target(workload: Workload) -> Workload:
    """Set the J at which a race ends."""
    data = make_data(workload, "float64")
    problem = engine.prepare(workload.network, data.X, data.Y, lam=workload.lam)
    return replace(workload, target=float(TARGETS[workload.kind](workload, data, problem)))


def _of_scipy(workload: Workload, data: Data, problem: engine.InMemoryProblem) -> float:
    """The J of 200 iterations of SciPy's L-BFGS-B, and 1 % above."""
    return 1.01 * scipy_lbfgs(problem.cost_and_gradient, data.theta, iterations=200).fun


def _of_scikit_learn(workload: Workload, data: Data, problem: engine.InMemoryProblem) -> float:
    """The J of the workload's iterations of scikit-learn's lbfgs, and 0.01 % above."""
    theirs = find_entry("scikit-learn").make()
    theirs.prepare(workload, data, usable_cpus())
    theirs.run(1)
    return 1.0001 * problem.cost_and_gradient(theirs.result())[0]


TARGETS = {"race": _of_scipy, "lbfgs": _of_scikit_learn}


def tasks_in(
    workloads: list[Workload], dtypes: Sequence[str], quick: bool
) -> list[tuple[Workload, str]]:
    """Each workload in the asked dtypes that it is measured in, or in its own, one dtype first."""
    tasks = [
        (workload, dtype)
        for dtype in DTYPES
        for workload in workloads
        if dtype in (dtypes or workload.dtypes[: 1 if quick else None]) and dtype in workload.dtypes
    ]
    if workloads and not tasks:
        names = ", ".join(workload.name for workload in workloads)
        raise InvalidInput(f"Nothing of {names} is measured in {' and '.join(dtypes)}.")
    return tasks


def _lines(
    tasks: list[tuple[Workload, str]],
    entries: list[Entry],
    runners: dict[str, Process],
    settings: Settings,
    say: Callable[[str], object],
) -> Iterator[Line]:
    for workload, dtype in tasks:
        say(f"{workload.name}, {dtype}: {workload.title}")
        able: dict[str, Runner] = {
            entry.name: runners[entry.name] for entry in entries if entry.does(workload)
        }
        yield measure(workload, dtype, able, settings, OURS, CHOICES, UNCOUNTED)


@contextmanager
def _started(entries: list[Entry], threads: int, isa: str) -> Generator[dict[str, Process]]:
    """Start the candidates' processes, and end them afterwards."""
    runners = {entry.name: Process(entry.name, threads, isa) for entry in entries}
    try:
        for runner in runners.values():
            runner.wait_until_started()
        yield runners
    finally:
        for runner in runners.values():
            runner.close()


def _peak(side: int, dtype: str, threads: int, isa: str) -> float:
    """Multiplications and additions a second, at best."""
    process = Process(PEAK, threads, isa)
    try:
        process.prepare(replace(WORKLOADS[0], rows=side), dtype, False, threads)
        process.run(6)
        return float(process.result())
    finally:
        process.close()


def _find_workloads(wanted: Sequence[str] | Sequence[Workload]) -> list[Workload]:
    """Workloads by the beginning of their names, or as they are given."""
    if not wanted:
        return list(WORKLOADS)
    found: list[Workload] = []
    for which in wanted:
        if isinstance(which, Workload):
            found.append(which)
            continue
        begun = named(which)
        if not begun:
            names = ", ".join(w.name for w in WORKLOADS)
            raise InvalidInput(f"There is no workload {which!r}; there are {names}.")
        found += begun
    return found


def _find_entries(wanted: Sequence[str]) -> list[Entry]:
    """Candidates by name; everybody where none is named."""
    names = {entry.name: entry for entry in CANDIDATES}
    for name in wanted:
        if name not in names:
            raise InvalidInput(f"There is no candidate {name!r}; there are {', '.join(names)}.")
    return [names[name] for name in wanted] if wanted else list(CANDIDATES)


def _check_choices(dtypes: Sequence[str], isa: str) -> None:
    for dtype in dtypes:
        if dtype not in DTYPES:
            raise InvalidInput(f"There is no benchmark in {dtype!r}, only in float32 and float64.")
    if isa not in ("native", "avx2"):
        raise InvalidInput(f'The instruction set is "native" or "avx2", not {isa!r}.')


def _distinct(workloads: list[Workload]) -> list[Workload]:
    """Leave out what shorter data has made the same workload."""
    kept: dict[str, Workload] = {}
    for workload in workloads:
        kept.setdefault(workload.title, workload)
    return list(kept.values())
