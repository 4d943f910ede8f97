"""Drawn training problems of every kind, and how much work a solver needs on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.optimize
from sklearn import datasets

import backpass as bp
from backpass import engine
from backpass.solvers import LBFGS, KroneckerFactors, minimize_function

CLASSES = ("log_loss", "binary_log_loss")


@dataclass
class Drawn:
    """A problem, where to start, and what it is in words."""

    problem: Any
    theta: np.ndarray
    name: str


def draw(seed: int) -> Drawn:
    """Draw a loss, an activation, a depth, widths, λ and data."""
    rng = np.random.default_rng(1000 + seed)
    losses = ["log_loss", "binary_log_loss", "squared_error", "poisson", "huber"]
    loss = str(rng.choice(losses))
    hidden = str(rng.choice(["logistic", "tanh", "relu", "gelu"]))
    widths = [int(width) for width in rng.integers(5, 41, int(rng.integers(1, 4)))]
    lam = float(10 ** rng.uniform(-2, 1))
    source = [_teacher, _digits, _table][rng.integers(3)]
    X, Y = source(rng, loss, int(rng.integers(150, 900)))
    net = bp.Network((X.shape[1], *widths, Y.shape[1]), hidden=hidden, loss=loss)
    problem = engine.prepare(net, X, Y, lam=lam)
    theta = bp.init_theta(net, seed, method="glorot")
    return Drawn(problem, theta, f"{seed}: {net}, {len(X)} rows, λ = {lam:.3g}")


def _digits(rng: np.random.Generator, loss: str, m: int) -> tuple[np.ndarray, np.ndarray]:
    X, y = datasets.load_digits(return_X_y=True)
    rows = rng.choice(len(X), m, replace=False)
    X, y = X[rows] / 16, y[rows]
    if loss in CLASSES:
        return X, np.eye(10)[y]
    return X, y[:, None] / (1 if loss == "poisson" else 4.5)


def _table(rng: np.random.Generator, loss: str, m: int) -> tuple[np.ndarray, np.ndarray]:
    if loss in CLASSES:
        load = datasets.load_breast_cancer if rng.random() < 0.5 else datasets.load_wine
        X, y = load(return_X_y=True)
        Y = np.eye(y.max() + 1)[y]
    else:
        X, y = datasets.load_diabetes(return_X_y=True)
        Y = ((y / 50).round() if loss == "poisson" else (y - y.mean()) / y.std())[:, None]
    return (X - X.mean(axis=0)) / X.std(axis=0), Y


def _teacher(rng: np.random.Generator, loss: str, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs of very different scales, mixed, and a drawn network's answers with noise."""
    n, k = int(rng.integers(3, 41)), int(rng.integers(1, 6))
    mixing = 0.3 * rng.standard_normal((n, n)) + np.diag(10 ** rng.uniform(-1, 1, n))
    X = rng.standard_normal((m, n)) @ mixing
    X = X / X.std()
    Z = np.tanh(X @ rng.standard_normal((n, 8))) @ rng.standard_normal((8, k))
    Z = Z + 0.3 * rng.standard_normal((m, k))
    if loss == "log_loss":
        scores = np.hstack([Z, np.zeros((m, 1))])
        return X, np.eye(k + 1)[scores.argmax(axis=1)]
    if loss == "binary_log_loss":
        return X, (Z > 0) * 1.0
    return X, rng.poisson(np.exp(np.clip(Z / 2, -3, 2))) * 1.0 if loss == "poisson" else Z


def goal(drawn: Drawn, iterations: int = 200) -> float:
    """1 % above the J that SciPy's L-BFGS reaches."""
    result = scipy.optimize.minimize(
        drawn.problem.cost_and_gradient,
        drawn.theta,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": iterations, "maxfun": 10**6, "ftol": 0, "gtol": 0},
    )
    return 1.01 * result.fun


class CountedFactors:
    """The preconditioner, with its work added up in units of one evaluation of J and D."""

    def __init__(self, drawn: Drawn) -> None:
        problem, curvature = drawn.problem, engine.ProblemCurvature(drawn.problem)
        self.H0 = KroneckerFactors(curvature.second_moments, curvature.slices, curvature.decay)
        self.every, self.work = curvature.every, 0.0
        m, pairs = problem.rows.m, [shape for _, shape in curvature.slices]
        rows = min(m, max(256, 2 * max(problem.net.sizes) + 2))
        evaluation = 6 * m * problem.net.n_parameters  # multiplications and additions
        inverses = sum(p**3 + q**3 for p, q in pairs)
        moments = 2 * rows * sum(p**2 + q**2 for p, q in pairs)
        self.refreshing = rows / m + (inverses + moments) / evaluation
        self.applying = 2 * sum(p * q * (p + q) for p, q in pairs) / evaluation

    def refresh(self, theta: Any) -> Any:
        self.work += self.refreshing
        return self.H0.refresh(theta)

    def apply(self, held: Any, v: Any) -> Any:
        self.work += self.applying if held else 0
        return self.H0.apply(held, v)


def work_to(drawn: Drawn, level: float, preconditioned: bool, max_iter: int = 400) -> float:
    """Evaluations, and the preconditioner's work in evaluations, until J ≤ level; ∞ if never."""
    H0 = CountedFactors(drawn) if preconditioned else None
    result = minimize_function(
        drawn.problem.cost_and_gradient,
        drawn.theta,
        solver=LBFGS() if H0 is None else LBFGS(preconditioner=H0, every=H0.every),
        max_iter=max_iter,
        tol=0,
        ftol=0,
        callback=lambda point: point.fun <= level,
    )
    if result.fun > level:
        return np.inf
    return result.nfev + (0.0 if H0 is None else H0.work)
