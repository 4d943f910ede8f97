"""lbfgs on many columns and few rows, dense and CSR: the time to the J that scikit-learn reaches.

    python benchmarks/wide_inputs.py [--rows 100 1000 5000] [--columns 50 500 2000 5000 20000]
        [--kinds noise spectra words texts] [--seeds 5] [--rounds 3] [--hidden 20]
        [--clock wall|cpu]

scikit-learn's ``MLPClassifier(solver="lbfgs", alpha=1)`` makes at most 40 iterations; ours has as
many as it needs to J ≤ 1.0001 × the J there, found in a fit that is not timed. Both are then timed
turn by turn, data checks included, and the least time of some rounds counts. A run of ours that
does not arrive in 200 iterations is said and has no ratio.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy import sparse
from sklearn.neural_network import MLPClassifier

import backpass as bp

THEIR_ITERATIONS, OUR_MOST, CLOSE = 40, 200, 1.0001
MOST_BYTES = 1 << 30  # of a dense X that is still made

Data = tuple[Any, np.ndarray]


def noise(m: int, n: int, rng: np.random.Generator) -> Data:
    """Return independent normal numbers; the class is in twenty of the columns."""
    X = rng.standard_normal((m, n))
    return X, X[:, :20].sum(axis=1) > 0


def spectra(m: int, n: int, rng: np.random.Generator) -> Data:
    """Return mixtures of 30 smooth curves with noise; the class is not linear in the mixture."""
    curves = np.cumsum(rng.standard_normal((30, n)), axis=1) / np.sqrt(n)
    parts = rng.standard_normal((m, 30))
    X = parts @ curves + 0.05 * rng.standard_normal((m, n))
    return (X - X.mean(axis=0)) / X.std(axis=0), parts[:, 0] * parts[:, 1] + parts[:, 2] > 0


def words(m: int, n: int, rng: np.random.Generator) -> Data:
    """Return 50 numbers a row in columns equally often used, CSR, and classes by chance."""
    columns = rng.integers(n, size=(m, 50))
    return _csr(columns, rng.random((m, 50)), n), rng.random(m) > 0.5


def texts(m: int, n: int, rng: np.random.Generator) -> Data:
    """Return TF-IDF-like rows of 60 words, CSR: few are frequent, and a fifth tell the class."""
    often = 1 / np.arange(1.0, n + 1)
    columns = rng.choice(n, size=(m, 60), p=often / often.sum())
    y = rng.random(m) > 0.5
    telling = (rng.random((m, 60)) < 0.2) & y[:, None]
    X = _csr(np.where(telling, (2 * columns + 1) % n, columns), np.ones((m, 60)), n)
    X.data = 1 + np.log(X.data)
    lengths = np.sqrt(X.multiply(X).sum(axis=1))
    return sparse.csr_matrix(X.multiply(1 / lengths)), y


def _csr(columns: np.ndarray, values: np.ndarray, n: int) -> sparse.csr_matrix:
    m, k = columns.shape
    X = sparse.csr_matrix(
        (values.ravel(), columns.ravel(), np.arange(0, m * k + 1, k)), shape=(m, n)
    )
    X.sum_duplicates()
    return X


KINDS: dict[str, Callable[[int, int, np.random.Generator], Data]] = {
    "noise": noise,
    "spectra": spectra,
    "words": words,
    "texts": texts,
}


class Run(NamedTuple):
    """One race: seconds of each, iterations of each; ours are None where J was not reached."""

    theirs: float
    ours: float | None
    their_iterations: int
    our_iterations: int | None


def race(data: Data, hidden: tuple[int, ...], seed: int, rounds: int, clock: Any) -> Run:
    """Find how many iterations ours needs, then time both fits turn by turn."""
    X, y = data
    common: dict[str, Any] = {
        "hidden_layer_sizes": hidden,
        "solver": "lbfgs",
        "alpha": 1.0,
        "random_state": seed,
    }
    theirs = MLPClassifier(max_iter=THEIR_ITERATIONS, **common).fit(X, y)
    goal = CLOSE * theirs.loss_
    ours = bp.MLPClassifier(
        max_iter=OUR_MOST, tol=0, callbacks=lambda now: now.J <= goal, **common
    ).fit(X, y)
    needed = ours.n_iter_ if ours.loss_curve_[-1] <= goal else None
    models = [MLPClassifier(max_iter=THEIR_ITERATIONS, **common)]
    if needed is not None:
        models.append(bp.MLPClassifier(max_iter=needed, tol=0, **common))
    least = [float("inf")] * len(models)
    for _ in range(rounds):
        for k, model in enumerate(models):
            begun = clock()
            model.fit(X, y)
            least[k] = min(least[k], clock() - begun)
    return Run(least[0], least[1] if needed else None, theirs.n_iter_, needed)


def cases(asked: argparse.Namespace) -> Iterator[tuple[str, int, int]]:
    """Yield every kind, number of rows and number of columns that fits into memory."""
    for kind in asked.kinds:
        for m in asked.rows:
            for n in asked.columns:
                if kind in ("words", "texts") or 8 * m * n <= MOST_BYTES:
                    yield kind, m, n


def main() -> None:
    """Race over the grid and print each case as it ends."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100, 1000, 5000])
    parser.add_argument("--columns", type=int, nargs="+", default=[50, 500, 2000, 5000, 20_000])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--hidden", type=int, nargs="*", default=[20])
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    asked = parser.parse_args()
    clock = {"wall": time.perf_counter, "cpu": time.process_time}[asked.clock]
    warnings.simplefilter("ignore")  # so few iterations are not the end
    table = Table(
        "X", "rows", "columns", "theirs", "ours", "iterations", "ratio", "least", "not arrived",
        title="lbfgs to the same J: scikit-learn's time / ours, medians over the seeds",
    )  # fmt: skip
    ratios, lost, made = [], 0, 0
    for kind, m, n in cases(asked):
        data = KINDS[kind](m, n, np.random.default_rng(0))
        hidden = tuple(asked.hidden)
        runs = [race(data, hidden, seed, asked.rounds, clock) for seed in range(asked.seeds)]
        here = [run.theirs / run.ours for run in runs if run.ours is not None]
        ratios, lost, made = ratios + here, lost + len(runs) - len(here), made + len(runs)
        row = _row(runs, here)
        table.add_row(kind, str(m), str(n), *row)
        print(kind, m, n, *row, flush=True)  # a long grid: each line as it is there
    Console().print(table)
    print(
        f"{made} runs, {lost} did not arrive; "
        f"ratio: median {statistics.median(ratios):.2f}, least {min(ratios):.2f}, "
        f"{sum(ratio < 1 for ratio in ratios)} slower than scikit-learn"
    )


def _row(runs: list[Run], ratios: list[float]) -> list[str]:
    ours = [run for run in runs if run.ours is not None]
    if not ours:
        return [f"{1e3 * runs[0].theirs:.1f} ms", "", "", "", "", f"{len(runs)}"]
    theirs = statistics.median(run.theirs for run in runs)
    return [
        f"{1e3 * theirs:.1f} ms",
        f"{1e3 * statistics.median(run.ours for run in ours):.1f} ms",
        f"{statistics.median(run.their_iterations for run in runs):.0f} and "
        f"{statistics.median(run.our_iterations or 0 for run in ours):.0f}",
        f"{statistics.median(ratios):.2f}",
        f"{min(ratios):.2f}",
        f"{len(runs) - len(ours) or ''}",
    ]


if __name__ == "__main__":
    main()
