"""How much of one thread's time a list of unlike networks takes on several.

    python benchmarks/jobs.py [--threads 2] [--epochs 2] [--rounds 5]

trains W10's networks, ``backpass bench``'s 32 on a table, as one list of jobs with validation rows,
on one thread and on several in turns, and prints medians: the wall's time and the processor's. What
the processor takes longer for the same work on several threads is lost to memory and caches that
they share; what the wall takes longer than the processor's time by thread, to waiting.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from rich.console import Console
from rich.table import Table

import backpass as bp
from backpass.bench.environment import usable_cpus
from backpass.bench.workloads import named

REST = 0.1  # seconds


def w10(epochs: int) -> list[bp.Job]:
    """W10 as jobs, each with a tenth of the rows to validate on."""
    (workload,) = named("W10")
    rng = np.random.default_rng(0)
    X = rng.standard_normal((workload.rows, workload.sizes[0])).astype(np.float32)
    Y = np.sin(X[:, :1]) + X[:, 1:2] * X[:, 2:3]
    held_out = workload.rows // 10
    return [
        bp.Job(
            each.network,
            X,
            Y,
            seed=seed,
            validation=(X[:held_out], Y[:held_out]),
            batch_size=each.batch_size,
            max_epochs=epochs,
            n_iter_no_change=np.inf,
        )
        for seed, each in enumerate(workload.members)
    ]


def seconds(jobs: list[bp.Job], threads: int) -> tuple[float, float]:
    """Wall and processor time of one call."""
    time.sleep(REST)
    wall, processor = time.perf_counter(), time.process_time()
    bp.train_jobs(jobs, n_threads=threads)
    return time.perf_counter() - wall, time.process_time() - processor


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--threads", type=int, default=usable_cpus())
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    jobs = w10(asked.epochs)
    seconds(jobs[:1], asked.threads)
    taken = [
        [seconds(jobs, threads) for threads in (1, asked.threads)] for _ in range(asked.rounds)
    ]
    one, several = np.median(taken, axis=0)
    title = f"{len(jobs)} networks, {asked.epochs} epochs, median of {asked.rounds}"
    table = Table("threads", "wall", "processor", title=title)
    for threads, (wall, processor) in ((1, one), (asked.threads, several)):
        table.add_row(str(threads), f"{wall:.2f} s", f"{processor:.2f} s")
    table.add_row("ratio", f"{several[0] / one[0]:.3f}", f"{several[1] / one[1]:.3f}")
    Console().print(table)


if __name__ == "__main__":
    main()
