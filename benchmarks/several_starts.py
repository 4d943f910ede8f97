"""What it saves to train several networks together, in one call of the engine.

    python benchmarks/several_starts.py [--starts 4] [--threads 2]

times an epoch of several networks on the digits, in one call and one network after another, turn by
turn, and the fits that are made of such epochs: ``n_init`` starts, and as many fits of one start.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.datasets import load_digits

import backpass as bp
from backpass import engine
from backpass.bench.environment import usable_cpus
from backpass.solvers.first_order import Adam

SHAPES = (((32,), 32), ((100,), 200), ((300, 300), 100), ((1024, 1024), 200))  # hidden, batch
ROUNDS, EPOCHS, REST = 5, 5, 0.1  # seconds of rest

X, K = load_digits(return_X_y=True)
X = (X / 16).astype(np.float32)
Y = np.eye(10, dtype=np.float32)[K]

Work = Callable[[], object]


def epochs(hidden: tuple[int, ...], batch: int, starts: int, threads: int) -> tuple[Work, Work]:
    """An epoch of several networks: in one call, and one after another."""
    net, adam, rng = (
        bp.Network((64, *hidden, 10), "relu", "log_loss"),
        Adam(),
        np.random.default_rng(0),
    )
    problem = engine.prepare(net, X, Y, n_threads=threads)
    thetas = [bp.init_theta(net, seed, dtype=np.float32) for seed in range(starts)]
    states = [adam.init(theta) for theta in thetas]
    orders = [rng.permutation(len(X)) for _ in thetas]
    rates = [np.full(-(-len(X) // batch), 1e-3) for _ in thetas]

    def in_turn() -> None:
        for theta, state, order, rate in zip(thetas, states, orders, rates):
            problem.run_epoch(theta, state, adam, order, batch, rate)

    return lambda: problem.run_epochs(thetas, states, adam, orders, batch, rates), in_turn


def fits(hidden: tuple[int, ...], batch: int, starts: int, threads: int) -> tuple[Work, Work]:
    """A fit of several starts, and as many fits of one."""

    def fit(n_init: int, seed: int) -> None:
        bp.MLPClassifier(
            hidden,
            batch_size=batch,
            max_iter=EPOCHS,
            n_init=n_init,
            random_state=seed,
            n_threads=threads,
        ).fit(X, K)

    return lambda: fit(starts, 0), lambda: [fit(1, seed) for seed in range(starts)]


def seconds(works: tuple[Work, Work]) -> list[float]:
    """Median time of each, in turns."""
    taken: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        for work, times in zip(works, taken):
            time.sleep(REST)
            work()  # the caches are another's
            begun = time.perf_counter()
            work()
            times.append(time.perf_counter() - begun)
    return [float(np.median(times)) for times in taken]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--starts", type=int, default=4)
    parser.add_argument("--threads", type=int, default=usable_cpus())
    asked = parser.parse_args()
    warnings.simplefilter("ignore")  # so few epochs are not the end
    title = f"{asked.starts} networks, {asked.threads} threads, digits, float32, Adam"
    table = Table("hidden, batch", "what", "together", "in turn", "ratio", title=title)
    for hidden, batch in SHAPES:
        for name, make in (("epoch", epochs), (f"fit, {EPOCHS} epochs", fits)):
            together, in_turn = seconds(make(hidden, batch, asked.starts, asked.threads))
            numbers = (
                f"{1e3 * together:.2f} ms",
                f"{1e3 * in_turn:.2f} ms",
                f"{in_turn / together:.2f}",
            )
            table.add_row(f"{hidden}, {batch}", name, *numbers)
    Console().print(table)


if __name__ == "__main__":
    main()
