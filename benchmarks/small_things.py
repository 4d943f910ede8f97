"""What surrounds the arithmetic, beside scikit-learn: small calls, tiny fits, clones, tables.

    python benchmarks/small_things.py [--dtype float32] [--rounds 30] [--only partial_fit ...]

Each pair is timed turn by turn, a call at a time, and the fastest turn of each counts: whatever
else runs on the machine makes some turns slower, and none faster. ``bare`` lines hold a whole fit
against the epochs that it makes, run without an estimator.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor

import backpass as bp
from backpass import engine
from backpass.arrays import ArrayLike
from backpass.solvers.first_order import Adam
from backpass.training.state import Curve, History

Work = Callable[[], object]
Ask = Callable[[ArrayLike], object]

NETS = ((64, 32, 10), (784, 100, 10), (784, 400, 400, 10))
CLASSIFIERS, REGRESSORS = (bp.MLPClassifier, MLPClassifier), (bp.MLPRegressor, MLPRegressor)
FIT = {"hidden_layer_sizes": (32,), "batch_size": 32, "max_iter": 50, "random_state": 0}


class Pair(NamedTuple):
    """What is measured: ours, and what it is held against."""

    name: str
    ours: Work
    peer: Work
    against: str = "scikit-learn"


def partial_fits(dtype: str) -> Iterator[Pair]:
    """32 rows more, of classes and of numbers."""
    rng = np.random.default_rng(0)
    for sizes in NETS:
        X = rng.random((32, sizes[0])).astype(dtype)
        labels, numbers = rng.integers(0, 10, 32), rng.random((32, 10)).astype(dtype)
        classes = {"classes": np.arange(10)}
        for kinds, y, first in ((CLASSIFIERS, labels, classes), (REGRESSORS, numbers, {})):
            ours, peer = (
                kind(hidden_layer_sizes=sizes[1:-1], random_state=0).partial_fit(X, y, **first)
                for kind in kinds
            )
            what = "classes" if first else "numbers"
            yield Pair(
                f"partial_fit, {'-'.join(map(str, sizes))}, {what}",
                lambda ours=ours, X=X, y=y: ours.partial_fit(X, y),
                lambda peer=peer, X=X, y=y: peer.partial_fit(X, y),
            )


def long_streams(dtype: str) -> Iterator[Pair]:
    """32 rows more, after a million calls."""
    rng = np.random.default_rng(0)
    X, y = rng.random((32, 64)).astype(dtype), rng.random(32).astype(dtype)
    ours, peer = (
        kind(hidden_layer_sizes=(32,), random_state=0).partial_fit(X, y) for kind in REGRESSORS
    )
    curve = [1.0] * 10**6
    history = History(Curve(curve))
    ours.training_state_ = ours.training_state_.updated(history=history)
    peer.loss_curve_ = curve
    yield Pair(
        "partial_fit, 1,000,000 calls", *(lambda e=e: e.partial_fit(X, y) for e in (ours, peer))
    )


def tiny_fits(dtype: str) -> Iterator[Pair]:
    """150 rows, 20 epochs: one fit, and a grid search of them."""
    X, y = load_iris(return_X_y=True)
    X = X.astype(dtype)
    ours, peer = (kind((10,), max_iter=20, random_state=0) for kind in CLASSIFIERS)
    yield Pair("tiny fit, iris", lambda: ours.fit(X, y), lambda: peer.fit(X, y))
    grid = {"alpha": [1e-4, 1e-2], "learning_rate_init": [1e-3, 1e-2]}
    searches = (GridSearchCV(each, grid, cv=3) for each in (ours, peer))
    yield Pair("tiny fits, grid search", *(lambda s=search: s.fit(X, y) for search in searches))


def whole_fits(dtype: str) -> Iterator[Pair]:
    """A fit on the digits beside the epochs that it makes."""
    X, y = load_digits(return_X_y=True)
    X = (X / 16).astype(dtype)
    for stopping in (False, True):
        ours = bp.MLPClassifier(**FIT, early_stopping=stopping, n_iter_no_change=50)
        m = round(0.9 * len(X)) if stopping else len(X)
        name = "bare: a fit, early stopping" if stopping else "bare: a fit"
        yield Pair(name, lambda ours=ours: ours.fit(X, y), _epochs(X[:m], y[:m]), "its epochs")


def _epochs(X: np.ndarray, y: np.ndarray) -> Work:
    """The epochs of a fit, their orders drawn, and nothing else."""
    Y, net = np.eye(10, dtype=X.dtype)[y], bp.Network((64, 32, 10), "relu", "log_loss")
    problem, adam = engine.prepare(net, X, Y, lam=1e-4), Adam()
    first = bp.init_theta(net, 0, dtype=X.dtype)
    rates = np.full(-(-len(X) // FIT["batch_size"]), 1e-3)

    def run() -> None:
        theta, state, rng = first, adam.init(first), np.random.default_rng(0)
        for _ in range(FIT["max_iter"]):
            order = rng.permutation(len(X))
            theta, state, _ = problem.run_epochs(
                [theta], [state], adam, [order], FIT["batch_size"], [rates]
            )[0]

    return run


def predictions(dtype: str) -> Iterator[Pair]:
    """Rows that have names, or are no array, or are one."""
    rng = np.random.default_rng(0)
    X, y = rng.random((1000, 20)).astype(dtype), rng.integers(0, 3, 1000)
    frame = pd.DataFrame(X, columns=[f"c{k}" for k in range(20)])
    for what, learnt, asked in (("frame", frame, frame), ("list", X, X.tolist()), ("array", X, X)):
        ours, peer = (
            kind((20,), max_iter=3, random_state=0).fit(learnt, y) for kind in CLASSIFIERS
        )
        for rows in (asked[:1], asked):
            name = f"{what}, {len(rows)} row{'s' * (len(rows) > 1)}"
            yield _asking(f"predict, {name}", ours.predict, peer.predict, rows)
            yield _asking(f"predict_proba, {name}", ours.predict_proba, peer.predict_proba, rows)


def _asking(name: str, ours: Ask, peer: Ask, rows: ArrayLike) -> Pair:
    return Pair(name, lambda: ours(rows), lambda: peer(rows))


def clones(dtype: str) -> Iterator[Pair]:
    """An unfitted copy, as a grid search makes of each candidate."""
    for name, kinds in (("classifier", CLASSIFIERS), ("regressor", REGRESSORS)):
        ours, peer = (kind() for kind in kinds)
        yield Pair(f"clone, {name}", lambda o=ours: clone(o), lambda p=peer: clone(p))
        yield Pair(f"get_params, {name}", ours.get_params, peer.get_params)


GROUPS = {
    "partial_fit": partial_fits,
    "stream": long_streams,
    "tiny": tiny_fits,
    "bare": whole_fits,
    "predict": predictions,
    "clone": clones,
}


def fastest(works: tuple[Work, Work], rounds: int, turn: float = 0.02) -> list[float]:
    """Least seconds of a call of each, in turns of at least so many seconds."""
    best = [np.inf, np.inf]
    for k in range(rounds + 1):
        for i, work in enumerate(works):
            ends = time.perf_counter() + turn
            while True:
                begun = time.perf_counter()
                work()
                now = time.perf_counter()
                if k:  # the first round makes what later ones use
                    best[i] = min(best[i], now - begun)
                if now > ends:
                    break
    return best


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--dtype", default="float32", choices=["float32", "float64"])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--only", nargs="+", default=list(GROUPS), choices=list(GROUPS))
    asked = parser.parse_args()
    warnings.simplefilter("ignore")  # so few epochs are not the end
    table = Table("what", "ours", "against", "its time", "ratio", title=f"{asked.dtype}")
    for group in asked.only:
        for pair in GROUPS[group](asked.dtype):
            ours, peer = fastest((pair.ours, pair.peer), asked.rounds)
            times = f"{1e6 * ours:,.1f} µs", pair.against, f"{1e6 * peer:,.1f} µs"
            table.add_row(pair.name, *times, f"{peer / ours:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
