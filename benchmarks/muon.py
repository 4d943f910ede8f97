"""What a step of Muon costs on one thread, and how near its small products come to the peak.

python benchmarks/muon.py [--rounds 400]

Of a matrix of n inputs and m units the step's time, less that of the same network's step by AdamW,
is what orthogonalising costs. Two counts of its operations: those that are made (symmetric products
by half), and those of f's definition, 4 m² n + 8 m³ a polynomial for m ≤ n. The second may exceed
the peak.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from numpy.typing import DTypeLike
from rich.console import Console
from rich.table import Table

import backpass as bp
from backpass import engine
from backpass.engine.native import multiply_add_rate
from backpass.solvers.adamw import AdamW
from backpass.solvers.muon import THREE, Muon
from backpass.training.matrices import with_matrices

SHAPES = [(64, 64), (96, 96), (300, 64), (64, 300), (1024, 64), (1024, 96)]  # inputs, units
ROWS, STEPS = 16, 10


def step_seconds(
    shape: tuple[int, int], rule: engine.Optimizer, dtype: DTypeLike, rounds: int
) -> float:
    """The fastest step of a network with such a first layer, on batches of a few rows."""
    net = bp.Network((*shape, 2))
    rule, rng = with_matrices(rule, net), np.random.default_rng(0)
    X = rng.standard_normal((ROWS * STEPS, shape[0])).astype(dtype)
    Y = np.eye(2, dtype=dtype)[rng.integers(0, 2, len(X))]
    problem, theta = engine.prepare(net, X, Y, n_threads=1), bp.init_theta(net, 0, "glorot")
    theta, rates = theta.astype(dtype), np.full(STEPS, 1e-4)
    arguments = theta, rule.init(theta), rule, np.arange(len(X)), ROWS, rates
    return min(_timed(problem, arguments) for _ in range(rounds)) / STEPS


def _timed(problem: engine.InMemoryProblem, arguments: tuple) -> float:
    start = time.perf_counter()
    problem.run_epoch(*arguments)
    return time.perf_counter() - start


def operations(shape: tuple[int, int], single: bool) -> tuple[float, float]:
    """Made, and of the definition."""
    long, short = max(shape), min(shape)
    wide, side, k = 2.0 * short**2 * long, 2.0 * short**3, len(THREE)
    combined = long >= (3.2 if single else 1.3) * short  # as in engine/rules/orthogonaliser.hpp
    made = 1.5 * wide + (4 * k - 3) * side / 2 if combined else k * (1.5 * wide + side / 2)
    return made, 2 * wide + 4 * k * side


def main() -> None:
    """Print a line for each shape and number type."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=400)
    rounds = parser.parse_args().rounds
    table = Table(title="Muon's orthogonalisation")
    for heading in ("dtype", "inputs × units", "µs", "GFLOP/s", "of the peak", "by definition"):
        table.add_column(heading, justify="right")
    for dtype in ("float32", "float64"):
        peak = max(multiply_add_rate(dtype, 1, 200_000) for _ in range(5))
        for shape in SHAPES:
            muon, adamw = (step_seconds(shape, rule, dtype, rounds) for rule in (Muon(), AdamW()))
            rates = [each / (muon - adamw) for each in operations(shape, dtype == "float32")]
            cells = f"{1e6 * (muon - adamw):.0f}", f"{rates[0] / 1e9:.0f}"
            table.add_row(
                dtype, "{} × {}".format(*shape), *cells, *(f"{r / peak:.0%}" for r in rates)
            )
    Console().print(table)


if __name__ == "__main__":
    main()
