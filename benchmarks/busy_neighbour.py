"""What a busy neighbour on one core costs backpass, and what it costs the peers.

    python benchmarks/busy_neighbour.py [--rows 12000] [--workload W3]

times a workload on a quiet machine and with a process that takes one of the cores for itself, turn
by turn, everybody with all threads allowed, and prints by how much each became slower.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import numpy as np
from rich.console import Console
from rich.table import Table

from backpass.bench.environment import usable_cpus
from backpass.bench.process import Process
from backpass.bench.workloads import WORKLOADS, Workload

TOGETHER = ("backpass", "backpass, NumPy engine", "scikit-learn", "PyTorch", "JAX")
ROUNDS, RUNS, REST = 5, 3, 0.15  # seconds of rest


def spin(cpu: int) -> None:
    """Take a core for good."""
    os.sched_setaffinity(0, {cpu})
    while True:
        pass


@contextmanager
def neighbour(cpu: int) -> Iterator[None]:
    """Somebody who keeps a core busy meanwhile."""
    process = multiprocessing.get_context("spawn").Process(target=spin, args=(cpu,), daemon=True)
    process.start()
    time.sleep(1)  # until it spins
    try:
        yield
    finally:
        process.kill()
        process.join()


def times(runners: list[Process]) -> dict[str, float]:
    """Median seconds of everybody, in turns."""
    seconds: dict[str, list[float]] = {runner.name: [] for runner in runners}
    for _ in range(ROUNDS):
        for runner in runners:
            time.sleep(REST)
            seconds[runner.name].append(runner.run(RUNS) / RUNS)
    return {name: float(np.median(each)) for name, each in seconds.items()}


def measure(workload: Workload, threads: int) -> tuple[dict[str, float], dict[str, float]]:
    """Everybody's times, quiet and busy."""
    with ExitStack() as stack:
        runners = [stack.enter_context(closing(Process(n, threads, "native"))) for n in TOGETHER]
        for runner in runners:
            runner.prepare(workload, "float32", True, threads)
            runner.run(3)
        quiet = times(runners)
        with neighbour(max(os.sched_getaffinity(0))):
            return quiet, times(runners)


def main() -> None:
    """Measure and print, whom it costs least first."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rows", type=int, default=12_000)
    parser.add_argument("--workload", default="W3", choices=[w.name for w in WORKLOADS])
    arguments = parser.parse_args()
    workload = next(w for w in WORKLOADS if w.name == arguments.workload).shorter(arguments.rows)
    quiet, busy = measure(workload, usable_cpus())
    table = Table("candidate", "quiet", "busy", "slower by", title=workload.title)
    for name in sorted(quiet, key=lambda name: busy[name] / quiet[name]):
        cells = f"{quiet[name] * 1e3:.4g} ms", f"{busy[name] * 1e3:.4g} ms"
        table.add_row(name, *cells, f"{busy[name] / quiet[name]:.2f}x")
    Console().print(table)


if __name__ == "__main__":
    main()
