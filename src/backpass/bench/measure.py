"""The measurement: check, choose threads, then time everybody in turn, round by round.

Turns, because a machine's clock and its other guests change over minutes; a rest before each,
because a library's waiting threads still spin when the next one starts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from . import agreement
from .process import CandidateFailed, Runner
from .results import Line, Timing
from .workloads import Workload

WARM_UP = 3  # runs that compile, touch memory, and make what later runs use
LONG = 0.5  # seconds of a run, from which nobody is better off with fewer threads


@dataclass(frozen=True)
class Settings:
    """How thoroughly to measure."""

    rounds: int = 5
    rest: float = 0.15  # seconds before each turn
    turn: float = 0.2  # seconds that a turn lasts at least
    threads: int = 1


def measure(
    workload: Workload,
    dtype: str,
    runners: dict[str, Runner],
    settings: Settings,
    ours: tuple[str, ...],
    choices: Mapping[str, Callable[[int], list[int]]] = MappingProxyType({}),
    uncounted: Mapping[str, str] = MappingProxyType({}),
    sleep: Callable[[float], object] = time.sleep,
) -> Line:
    """Time one workload; candidates that fail are left out, with the reason.

    `choices` says of whom it names which numbers of threads there are to choose from, of those
    that are allowed: each takes its better one.
    `uncounted` make another update, and say how.
    """
    left_out: dict[str, str] = {}
    ready = _ready(workload, dtype, runners, settings, choices, left_out)
    rounds: dict[str, list[float]] = {name: [] for name in ready}
    for k in range(settings.rounds):
        for name in turned(list(ready), k):
            if name not in left_out:
                sleep(settings.rest)
                _turn(runners[name], ready[name].times, rounds[name], left_out)
    timings = {
        name: _timing(runners[name], rounds[name], ready[name].threads)
        for name in ready
        if name not in left_out
    }
    other_updates = {name: how for name, how in uncounted.items() if name in timings}
    return Line(workload, dtype, timings, left_out, ours, other_updates)


def _timing(runner: Runner, rounds: list[float], threads: int) -> Timing:
    return Timing(tuple(rounds), threads, runner.memory(), runner.evaluations())


@dataclass(frozen=True)
class _Ready:
    """What was found out before the rounds."""

    threads: int
    times: int  # runs in one turn


def _ready(
    workload: Workload,
    dtype: str,
    runners: dict[str, Runner],
    settings: Settings,
    choices: Mapping[str, Callable[[int], list[int]]],
    left_out: dict[str, str],
) -> dict[str, _Ready]:
    """Check and warm up everybody."""
    wanted = agreement.expected(workload.to_check(), dtype)
    ready: dict[str, _Ready] = {}
    for name, runner in runners.items():
        counts = choices.get(name, lambda threads: [threads])(settings.threads)
        try:
            _check(workload.to_check(), dtype, runner, max(counts), wanted)
            ready[name] = _best_threads(workload, dtype, runner, counts, settings.turn)
        except CandidateFailed as error:
            left_out[name] = str(error)
    return ready


def _check(
    workload: Workload, dtype: str, runner: Runner, threads: int, wanted: np.ndarray
) -> None:
    """Let it run on few rows, and compare."""
    runner.prepare(workload, dtype, False, threads)
    runner.run(1)
    agreement.check(workload, dtype, runner.result(), wanted)


def _best_threads(
    workload: Workload, dtype: str, runner: Runner, choices: list[int], turn: float
) -> _Ready:
    """Warm up with each number of threads, most first; leave the runner ready with the fastest."""
    seconds: dict[int, float] = {}
    for threads in sorted(choices, reverse=True):
        runner.prepare(workload, dtype, True, threads)
        _warm_up(runner)
        seconds[threads] = _one_run(runner, turn / 4)
        if seconds[threads] > LONG:
            break
    best = min(seconds, key=lambda threads: seconds[threads])
    if best != list(seconds)[-1]:
        runner.prepare(workload, dtype, True, best)
        _warm_up(runner)
    return _Ready(best, max(1, round(turn / seconds[best])))


def _warm_up(runner: Runner) -> None:
    """Run as often as it takes; once, where that is long."""
    if runner.run(1) < LONG:
        runner.run(WARM_UP - 1)


def _one_run(runner: Runner, long_enough: float) -> float:
    """Time one run roughly, by as many as it takes."""
    times = 1
    while (seconds := runner.run(times)) < long_enough and times < 1 << 20:
        times *= 4
    return seconds / times


def _turn(runner: Runner, times: int, rounds: list[float], left_out: dict[str, str]) -> None:
    """One candidate's turn in a round."""
    try:
        rounds.append(runner.run(times) / times)
    except CandidateFailed as error:
        left_out[runner.name] = str(error)


def turned(names: list[str], k: int) -> list[str]:
    """Begin each round with another candidate."""
    k %= max(len(names), 1)
    return names[k:] + names[:k]
