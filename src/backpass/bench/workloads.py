"""The workloads, as data: what is computed, on how many rows, and how its time is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from ..data.datasets import load_digits, load_notes_digits
from ..initialise import init_theta
from ..network import Network

KINDS = {
    "gradient": "J and D, once",
    "epoch": "one pass over the rows in mini-batches",
    "predict": "h(X), once",
    "race": "from a random θ down to a given J",
    "fit": "an estimator's whole fit, validation and early stopping on",
}
Fields = dict[str, Any]  # of a dataclass by name, as JSON has them, or of a constructor

CHECKED_ROWS = 2000  # so many rows are enough to see that two programs compute the same


@dataclass(frozen=True)
class Workload:
    """One thing to time. All fields are plain values, so that a workload travels as JSON."""

    name: str
    kind: str  # one of KINDS
    sizes: tuple[int, ...]
    hidden: str
    loss: str
    rows: int
    lam: float = 0.0
    batch_size: int = 0
    optimizer: str = ""  # "gd", "momentum" or "adam"
    learning_rate: float = 0.0
    per_step: bool = False  # times are given by step, not by epoch
    source: str = ""  # real data: "digits" or "notes' digits"; drawn where empty
    target: float = 0.0  # the J at which a race ends
    epochs: int = 0  # of a fit

    @classmethod
    def from_json(cls, fields: Fields) -> Workload:
        """Make it from what JSON leaves of it."""
        return replace(cls(**fields), sizes=tuple(fields["sizes"]))

    @property
    def network(self) -> Network:
        """The network that all candidates compute."""
        return Network(self.sizes, self.hidden, self.loss)

    @property
    def steps(self) -> int:
        """Optimiser steps of one epoch."""
        return -(-self.rows // self.batch_size)

    @property
    def parts(self) -> int:
        """By how much one run's time is divided before it is shown."""
        return self.steps if self.per_step else 1

    @property
    def flops(self) -> int:
        """Multiplications and additions of one run's matrix products; nothing else is counted."""
        products = [s * s_next for s, s_next in pairwise(self.sizes)]
        forward = sum(products)
        both_ways = 2 * forward + sum(products[1:])  # z and Δ by layer, δ by hidden layer
        return 2 * self.rows * (forward if self.kind == "predict" else both_ways)

    @property
    def title(self) -> str:
        """A few words: what it does, and the network."""
        shape = f"{_joined(self.sizes)} {self.hidden}"
        if self.kind == "race":
            return f"from a random θ to J = {self.target:.4g}, {self.source}, {shape}"
        if self.kind == "fit":
            return f"fit, {self.epochs} epochs, {self.source}, {shape}, batch {self.batch_size}"
        if self.kind == "gradient":
            return f"J and D, {shape}, m = {self.rows:,}"
        if self.kind == "predict":
            return f"predict {self.rows:,} row{'s' if self.rows > 1 else ''}, {shape}"
        what = f"{self.optimizer} step" if self.per_step else f"epoch of {self.rows:,}"
        rule = "" if self.per_step else f", {self.optimizer}"
        return f"{what}, {shape}, batch {self.batch_size}{rule}"

    def to_check(self) -> Workload:
        """The same computation on few rows in their order, with plain gradient steps.

        Adam divides by the gradient's own size, so rounding alone can turn a step around: its
        weights say nothing about who computes the right gradient.
        """
        if self.source:
            return self
        if self.kind != "epoch":
            return replace(self, rows=min(self.rows, CHECKED_ROWS))
        rows = min(self.rows, 3 * self.batch_size + self.batch_size // 2)
        return replace(self, rows=rows, optimizer="gd", learning_rate=0.1)

    def shorter(self, rows: int) -> Workload:
        """The same, on at most so many rows."""
        return replace(self, rows=min(rows, self.rows))


@dataclass(frozen=True)
class Data:
    """What every candidate is given."""

    X: np.ndarray  # (m, s_1)
    Y: np.ndarray  # (m, s_L)
    labels: np.ndarray  # (m,), the classes as numbers
    order: np.ndarray  # (m,), in which an epoch takes the rows
    theta: np.ndarray  # (n,)


Drawn = tuple[np.ndarray, np.ndarray, np.ndarray]  # X, Y and labels


def make_data(workload: Workload, dtype: str, shuffled: bool = True) -> Data:
    """Draw the workload's data: images, four fifths of them zero, or numbers for a regression."""
    rng = np.random.default_rng(20)
    X, Y, labels = _maker(workload)(rng, workload, dtype)
    order = rng.permutation(workload.rows) if shuffled else np.arange(workload.rows)
    theta = init_theta(workload.network, seed=1, method="glorot", dtype=dtype)
    return Data(X, Y, labels, order, theta)


def _maker(workload: Workload) -> Callable[[np.random.Generator, Workload, str], Drawn]:
    if workload.source:
        return _real
    return _numbers if workload.loss == "squared_error" else _images


def _real(rng: np.random.Generator, workload: Workload, dtype: str) -> Drawn:
    """Real images, each pixel from 0 to about 1."""
    table = {"digits": load_digits, "notes' digits": load_notes_digits}[workload.source]()
    X = (np.asarray(table.X) / (16 if workload.source == "digits" else 1)).astype(dtype)
    classes, labels = np.unique(np.asarray(table.y).ravel(), return_inverse=True)
    return X, np.eye(len(classes), dtype=dtype)[labels], labels


def _images(rng: np.random.Generator, workload: Workload, dtype: str) -> Drawn:
    """Pixels from 0 to 1 that look like MNIST's to a processor: a pattern of lit ones by class."""
    pixels, classes = workload.sizes[0], workload.sizes[-1]
    lit = rng.random((classes, pixels)) < 0.2
    labels = rng.integers(0, classes, workload.rows)
    X = rng.random((workload.rows, pixels), dtype=np.float32).astype(dtype, copy=False)
    X *= lit[labels]
    return X, np.eye(classes, dtype=dtype)[labels], labels


def _numbers(rng: np.random.Generator, workload: Workload, dtype: str) -> Drawn:
    """Normal columns, and a smooth function of them."""
    X = rng.standard_normal((workload.rows, workload.sizes[0]))
    Y = np.sin(X @ rng.standard_normal((workload.sizes[0], workload.sizes[-1])) / 4)
    return X.astype(dtype), Y.astype(dtype), np.zeros(workload.rows, dtype=int)


def _joined(sizes: tuple[int, ...]) -> str:
    """Write 32-64×6-1 for a long row of equal layers."""
    if len(set(sizes[1:-1])) == 1 and len(sizes) > 5:
        return f"{sizes[0]}-{sizes[1]}×{len(sizes) - 2}-{sizes[-1]}"
    return "-".join(map(str, sizes))


_COST = Workload("W1", "gradient", (400, 25, 10), "logistic", "binary_log_loss", rows=5000, lam=1.0)
_PREDICT = Workload("W6 1 row", "predict", (784, 128, 10), "relu", "log_loss", rows=1)

WORKLOADS: tuple[Workload, ...] = (
    _COST,
    replace(_COST, name="W1 20k", rows=20_000),
    replace(_COST, name="W1 200k", rows=200_000),
    Workload(
        "W2", "epoch", (64, 32, 10), "relu", "log_loss",
        rows=1797, batch_size=32, optimizer="adam", learning_rate=1e-3, per_step=True,
    ),
    Workload(
        "W3", "epoch", (784, 128, 10), "relu", "log_loss",
        rows=60_000, batch_size=128, optimizer="adam", learning_rate=1e-3,
    ),
    Workload(
        "W4", "epoch", (784, 1024, 1024, 10), "relu", "log_loss",
        rows=60_000, batch_size=256, optimizer="momentum", learning_rate=0.01,
    ),
    Workload(
        "W5", "epoch", (32, *(64,) * 6, 1), "tanh", "squared_error",
        rows=16_384, batch_size=512, optimizer="adam", learning_rate=1e-3, per_step=True,
    ),
    _PREDICT,
    replace(_PREDICT, name="W6 10k rows", rows=10_000),
)  # fmt: skip

_RACE = Workload(
    "S1", "race", (64, 25, 10), "logistic", "binary_log_loss", rows=1797, lam=1.0, source="digits"
)
SOLVER_RACES: tuple[Workload, ...] = (
    _RACE,
    replace(_RACE, name="S2", sizes=(400, 25, 10), rows=5000, source="notes' digits"),
)
FITS: tuple[Workload, ...] = (
    Workload(
        "F1", "fit", (64, 32, 10), "relu", "log_loss",
        rows=1797, batch_size=32, optimizer="adam", learning_rate=1e-3, source="digits", epochs=100,
    ),
)  # fmt: skip
