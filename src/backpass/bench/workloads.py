"""The workloads, as data: what is computed, on how many rows, and how its time is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from .. import old_names
from ..network import Network

__getattr__ = old_names("bench.workloads")

KINDS = {
    "gradient": "J and D, once",
    "epoch": "one pass over the rows in mini-batches",
    "predict": "h(X), once",
    "jobs": "an epoch of each of several networks",
    "race": "from a random θ down to a given J",
    "lbfgs": "the same, down to where scikit-learn's lbfgs comes",
    "fit": "an estimator's whole fit, validation and early stopping on",
}
TRAININGS = ("race", "lbfgs", "fit")  # the ways differ, so that only the ends can be compared
Fields = dict[str, Any]  # of a dataclass by name, as JSON has them, or of a constructor

DTYPES = ("float32", "float64")
CHECKED_ROWS = 2000  # so many rows are enough to see that two programs compute the same
CHECKED_TEXTS = 500  # the reference holds their columns dense


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
    source: str = ""  # what the rows are, by its name in data.SOURCES; plain ones where empty
    target: float = 0.0  # the J at which a race ends
    iterations: int = 0  # of scikit-learn's lbfgs, until it is where the others have to come
    epochs: int = 0  # of a fit
    nonzeros: int = 0  # of a row of CSR; dense where there are none
    networks: tuple[tuple[int, ...], ...] = ()  # the hidden layers of each, where there are several
    dtypes: tuple[str, ...] = DTYPES  # in which it is measured

    @classmethod
    def from_json(cls, fields: Fields) -> Workload:
        """Make it from what JSON leaves of it: lists where tuples were."""
        return cls(**{name: _in_tuples(value) for name, value in fields.items()})

    @property
    def network(self) -> Network:
        """The network that all candidates compute."""
        return Network(self.sizes, self.hidden, self.loss)

    @property
    def members(self) -> list[Workload]:
        """Each network's own epoch, where there are several."""
        first, *_, last = self.sizes
        return [
            replace(self, kind="epoch", sizes=(first, *hidden, last), networks=())
            for hidden in self.networks
        ]

    @property
    def form(self) -> str:
        """How X is stored: "dense" or "CSR"."""
        return "CSR" if self.nonzeros else "dense"

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
        """Multiplications and additions of one run's matrix products; nothing else is counted.

        Of dense rows every entry counts, whoever leaves its zeros out.
        """
        if self.networks:
            return sum(member.flops for member in self.members)
        sizes = (self.nonzeros or self.sizes[0], *self.sizes[1:])
        products = [s * s_next for s, s_next in pairwise(sizes)]
        forward = sum(products)
        both_ways = 2 * forward + sum(products[1:])  # z and Δ by layer, δ by hidden layer
        return 2 * self.rows * (forward if self.kind == "predict" else both_ways)

    @property
    def title(self) -> str:
        """A few words: what it does, and the network."""
        shape = f"{_joined(self.sizes)} {self.hidden}"
        if self.nonzeros:
            shape += f", {self.nonzeros} nonzeros a row"
        if self.kind in ("race", "lbfgs"):
            return f"from a random θ to J = {self.target:.4g}, {self.source}, {shape}"
        if self.kind == "fit":
            return f"fit, {self.epochs} epochs, {self.source}, {shape}, batch {self.batch_size}"
        if self.kind == "gradient":
            return f"J and D, {shape}, m = {self.rows:,}"
        if self.kind == "predict":
            return f"predict {self.rows:,} {self.source or _rows(self.rows)}, {shape}"
        rows = f"{self.rows:,} {self.source}".strip()
        if self.networks:
            return f"epoch of {rows} by {_several(self)}, batch {self.batch_size}, {self.optimizer}"
        what = f"{self.optimizer} step" if self.per_step else f"epoch of {rows}"
        rule = "" if self.per_step else f", {self.optimizer}"
        return f"{what}, {shape}, batch {self.batch_size}{rule}"

    def to_check(self) -> Workload:
        """The same computation on few rows in their order, with plain gradient steps.

        Adam divides by the gradient's own size, so rounding alone can turn a step around: its
        weights say nothing about who computes the right gradient.
        """
        if self.kind in TRAININGS:
            return self
        if self.kind not in ("epoch", "jobs"):
            return self.shorter(CHECKED_TEXTS if self.nonzeros else CHECKED_ROWS)
        rows = min(self.rows, 3 * self.batch_size + self.batch_size // 2)
        return replace(self, rows=rows, optimizer="gd", learning_rate=0.1)

    def shorter(self, rows: int) -> Workload:
        """The same, on at most so many rows."""
        return replace(self, rows=min(rows, self.rows))


def named(which: str) -> list[Workload]:
    """Workloads by the first words of their names, so that W1 is not W10; else by any beginning."""
    words = [w for w in WORKLOADS if f"{w.name} ".lower().startswith(f"{which} ".lower())]
    return words or [w for w in WORKLOADS if which and w.name.lower().startswith(which.lower())]


def _in_tuples(value: Any) -> Any:
    """Lists as tuples, at any depth."""
    return tuple(map(_in_tuples, value)) if isinstance(value, list | tuple) else value


def _several(workload: Workload) -> str:
    """Write 32 networks, 12-(64 to 384)×(1 to 3)-1 relu."""
    widths = [width for hidden in workload.networks for width in hidden]
    depths = [len(hidden) for hidden in workload.networks]
    between = (f"({min(numbers)} to {max(numbers)})" for numbers in (widths, depths))
    first, last = workload.sizes[0], workload.sizes[-1]
    shape = f"{first}-{'×'.join(between)}-{last} {workload.hidden}"
    return f"{len(depths)} networks, {shape}"


def _rows(count: int) -> str:
    return "row" if count == 1 else "rows"


def _joined(sizes: tuple[int, ...]) -> str:
    """Write 32-64×6-1 for a long row of equal layers."""
    if len(set(sizes[1:-1])) == 1 and len(sizes) > 5:
        return f"{sizes[0]}-{sizes[1]}×{len(sizes) - 2}-{sizes[-1]}"
    return "-".join(map(str, sizes))


_COST = Workload("W1", "gradient", (400, 25, 10), "logistic", "binary_log_loss", rows=5000, lam=1.0)
_IMAGES = Workload(
    "W3", "epoch", (784, 128, 10), "relu", "log_loss",
    rows=60_000, batch_size=128, optimizer="adam", learning_rate=1e-3,
)  # fmt: skip
_PREDICT = Workload("W6 1 row", "predict", (784, 128, 10), "relu", "log_loss", rows=1)
_TEXTS = Workload(
    "W7", "epoch", (1 << 18, 64, 20), "relu", "log_loss",
    rows=20_000, batch_size=200, optimizer="adam", learning_rate=1e-3,
    source="texts", nonzeros=80, dtypes=("float32",),
)  # fmt: skip

WORKLOADS: tuple[Workload, ...] = (
    _COST,
    replace(_COST, name="W1 20k", rows=20_000),
    replace(_COST, name="W1 200k", rows=200_000),
    Workload(
        "W2", "epoch", (64, 32, 10), "relu", "log_loss",
        rows=1797, batch_size=32, optimizer="adam", learning_rate=1e-3, per_step=True,
    ),
    _IMAGES,
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
    _TEXTS,
    replace(_TEXTS, name="W8", kind="predict"),
    Workload(
        "W9", "lbfgs", (5000, 20, 5), "relu", "log_loss",
        rows=1000, lam=1.0, source="profiles", iterations=40, dtypes=("float64",),
    ),
    Workload(
        "W10", "jobs", (12, 1), "relu", "squared_error",
        rows=20_000, batch_size=256, optimizer="adam", learning_rate=1e-3, dtypes=("float32",),
        # No two alike: 3 depths and 11 widths have no common divisor.
        networks=tuple((64 + 32 * (7 * k % 11),) * (1 + k % 3) for k in range(32)),
    ),
    replace(_IMAGES, name="W11", source="MNIST images", dtypes=("float32",)),
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
