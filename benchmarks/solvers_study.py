"""Time to a given J: our full-batch solvers, SciPy's L-BFGS-B on our gradient, and PyTorch's.

The goal is 1 % above the J that SciPy's L-BFGS reaches in 200 iterations, with λ = 1, in float32,
on one thread, from the notes' U(−0.12, 0.12). Every candidate's clock starts with its set-up and
stops at its first evaluation with J at the goal. ``--clock cpu`` counts the processor's time, for a
machine that others use as well. ``--drawn 50`` compares ``lbfgs`` with its plain form on that many
drawn problems of every kind.

    python benchmarks/solvers_study.py [--rounds 5] [--clock wall|cpu] [--digits5000 ex4data1.npz]
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.optimize
from sklearn.datasets import load_digits
from threadpoolctl import threadpool_limits

import backpass as bp
from backpass import engine
from backpass.solvers import LBFGS, minimize_function

MOST = 400  # iterations


class Reached(Exception):
    """The goal is reached."""


class Watched:
    """J and D, counted; raises Reached at the goal."""

    def __init__(self, fun: Callable[[Any], tuple[Any, Any]], goal: float) -> None:
        self.fun, self.goal, self.nfev = fun, goal, 0

    def __call__(self, theta: Any) -> tuple[Any, Any]:
        J, D = self.fun(theta)
        self.nfev += 1
        if J <= self.goal:
            raise Reached
        return J, D


def widened(fun: Callable[[Any], tuple[Any, Any]]) -> Callable[[Any], tuple[float, Any]]:
    """A float32 function as SciPy wants it: in float64."""

    def wide(theta: np.ndarray) -> tuple[float, np.ndarray]:
        J, D = fun(theta.astype(np.float32))
        return float(J), D.astype(np.float64)

    return wide


def scipys(problem: Any, theta: np.ndarray, fun: Any) -> Any:
    """SciPy's L-BFGS-B."""
    options = {"maxiter": MOST, "maxfun": 10**6, "ftol": 0, "gtol": 0}
    wide = theta.astype(np.float64)
    return scipy.optimize.minimize(widened(fun), wide, jac=True, method="L-BFGS-B", options=options)


def torchs(problem: Any, theta: np.ndarray, fun: Watched) -> None:
    """torch.optim.LBFGS with its strong-Wolfe search and autograd."""
    import torch
    from torch.nn import functional as F

    X, Y = torch.from_numpy(problem.rows.X), torch.from_numpy(problem.rows.Y)
    blocks = [torch.from_numpy(block.T.copy()) for block in problem.net.roll(theta)]
    for block in blocks:
        block.requires_grad_(True)
    optimizer = torch.optim.LBFGS(
        blocks, max_iter=MOST, max_eval=10**6, history_size=10, line_search_fn="strong_wolfe",
        tolerance_grad=0, tolerance_change=0,
    )  # fmt: skip

    def closure() -> Any:
        optimizer.zero_grad()
        a = torch.sigmoid(torch.addmm(blocks[0][0], X, blocks[0][1:]))
        z = torch.addmm(blocks[1][0], a, blocks[1][1:])
        cost = F.binary_cross_entropy_with_logits(z, Y, reduction="sum")
        decay = sum((block[1:] ** 2).sum() for block in blocks)
        J = (cost + problem.lam / 2 * decay) / problem.rows.m
        J.backward()
        fun.nfev += 1
        if J.item() <= fun.goal:
            raise Reached
        return J

    optimizer.step(closure)


def ours(solver: Any) -> Callable[..., Any]:
    """One of our solvers, with or without the problem's curvature."""

    def run(problem: Any, theta: np.ndarray, fun: Any) -> Any:
        curvature = None if isinstance(solver, LBFGS) else engine.ProblemCurvature(problem)
        return minimize_function(
            fun, theta, solver=solver, max_iter=MOST, tol=0, ftol=0, curvature=curvature
        )

    return run


CANDIDATES = {
    "SciPy L-BFGS-B": scipys,
    "torch.optim.LBFGS": torchs,
    "cg": ours("cg"),
    "lbfgs, plain": ours(LBFGS()),
    "lbfgs": ours("lbfgs"),
}


def problems(digits5000: str | None) -> dict[str, Any]:
    """The two networks with their data."""
    X, y = load_digits(return_X_y=True)
    made = {"digits 64-25-10": ((64, 25, 10), X / 16, y)}
    if digits5000:
        file = np.load(digits5000)
        made["5000 digits 400-25-10"] = ((400, 25, 10), file["X"], file["y"].ravel() % 10)
    return {
        name: engine.prepare(
            bp.Network(sizes),
            np.ascontiguousarray(X, dtype=np.float32),
            np.eye(10, dtype=np.float32)[y.astype(int)],
            lam=1.0,
            n_threads=1,
        )
        for name, (sizes, X, y) in made.items()
    }


def goal(problem: Any, theta: np.ndarray) -> float:
    """1 % above SciPy's J after 200 iterations."""
    options = {"maxiter": 200, "maxfun": 10**6, "ftol": 0, "gtol": 0}
    result = scipy.optimize.minimize(
        widened(problem.cost_and_gradient),
        theta.astype(np.float64),
        jac=True,
        method="L-BFGS-B",
        options=options,
    )
    return 1.01 * result.fun


def timed(run: Any, problem: Any, theta: np.ndarray, level: float, clock: Any) -> tuple[float, int]:
    """Seconds and evaluations to the goal; ∞ seconds if it was not reached."""
    fun = Watched(problem.cost_and_gradient, level)
    begin = clock()
    try:
        run(problem, theta.copy(), fun)
    except Reached:
        return clock() - begin, fun.nfev
    return float("inf"), fun.nfev


def study(name: str, problem: Any, rounds: int, clock: Any) -> None:
    """Print one problem's table: medians over rounds, each from another θ, candidates in turn."""
    seconds: dict[str, list[float]] = {candidate: [] for candidate in CANDIDATES}
    counts: dict[str, list[int]] = {candidate: [] for candidate in CANDIDATES}
    for seed in range(rounds):
        theta = bp.init_theta(problem.net, seed, dtype=np.float32)
        level = goal(problem, theta)
        for candidate, run in CANDIDATES.items():
            time.sleep(0.15)
            spent, nfev = timed(run, problem, theta, level, clock)
            seconds[candidate].append(spent)
            counts[candidate].append(nfev)
    base = np.array(seconds["SciPy L-BFGS-B"])
    print(f"\n{name}, λ = 1, engine {problem.name}, medians of {rounds} rounds")
    print(f"{'':20}{'ms':>9}{'evaluations':>13}{'of SciPy':>10}{'of torch':>10}")
    for candidate in CANDIDATES:
        ratio = np.median(np.array(seconds[candidate]) / base)
        torch_ratio = np.median(np.array(seconds[candidate]) / seconds["torch.optim.LBFGS"])
        print(
            f"{candidate:20}{1e3 * statistics.median(seconds[candidate]):9.1f}"
            f"{statistics.median(counts[candidate]):13.0f}{ratio:10.2f}{torch_ratio:10.2f}"
        )


def study_drawn(many: int, rounds: int, clock: Any) -> None:
    """Print how long lbfgs takes, over what its plain form takes, on drawn problems."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    drawn_problems = importlib.import_module("drawn_problems")
    ratios = []
    for seed in range(many):
        drawn = drawn_problems.draw(seed)
        level, rows = drawn_problems.goal(drawn), drawn.problem.rows
        problem = engine.prepare(
            drawn.problem.net, rows.X, rows.Y, lam=drawn.problem.lam, n_threads=1
        )
        plain, ours = (
            min(
                timed(CANDIDATES[way], problem, drawn.theta, level, clock)[0] for _ in range(rounds)
            )
            for way in ("lbfgs, plain", "lbfgs")
        )
        ratios.append(0.0 if np.isinf(plain) else ours / plain)
        print(f"{ratios[-1]:6.2f}  {drawn.name}")
    print(f"\nlbfgs over plain: median {np.median(ratios):.2f}, largest {max(ratios):.2f}")


def main() -> None:
    """Read the arguments and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    parser.add_argument("--drawn", type=int, default=0, help="compare on drawn problems instead")
    parser.add_argument("--digits5000", help="the notes' ex4data1 as .npz")
    arguments = parser.parse_args()
    clock = {"wall": time.perf_counter, "cpu": time.process_time}[arguments.clock]
    with threadpool_limits(1):
        import torch

        torch.set_num_threads(1)
        if arguments.drawn:
            study_drawn(arguments.drawn, arguments.rounds, clock)
            return
        for name, problem in problems(arguments.digits5000).items():
            study(name, problem, arguments.rounds, clock)


if __name__ == "__main__":
    main()
