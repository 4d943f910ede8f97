"""Learning-rate schedules: the rate of every step of an epoch, from what has been done before it.

``constant``, ``invscaling`` and ``adaptive`` are scikit-learn's. ``cosine`` and ``one_cycle`` need
to know where the training ends: they are told the number of epochs, and stay at their last rate
after it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

SCHEDULES = ("constant", "invscaling", "adaptive", "cosine", "one_cycle")

WARM_UP = 0.3  # part of one_cycle's steps in which the rate rises
START, END = 1 / 25, 1e-4 / 25  # one_cycle's first and last rate, as parts of the largest
SHRINK, SMALLEST = 5.0, 1e-6  # adaptive: how the rate falls, and where it stops falling


@dataclass(frozen=True)
class Schedule:
    """A rule for the learning rate, by name, with everything it needs to know."""

    name: str
    learning_rate: float
    power_t: float = 0.5
    epochs: int = 1  # of cosine and one_cycle

    def rates(self, base: float, rows_seen: int, step: int, n_steps: int) -> np.ndarray:
        """The rates of the next `n_steps` steps; `base` is what adaptive has come down to."""
        if self.name == "invscaling":
            base = self.learning_rate / (rows_seen + 1) ** self.power_t if rows_seen else base
        if self.name not in ("cosine", "one_cycle"):
            return np.full(n_steps, base)
        done = np.arange(step, step + n_steps) / max(1, self.epochs * n_steps - 1)
        curve = _cosine if self.name == "cosine" else _one_cycle
        return self.learning_rate * curve(np.minimum(done, 1.0))

    def shrunk(self, base: float) -> float | None:
        """The rate after a stretch without improvement, or None where the training should stop."""
        if self.name != "adaptive" or base <= SMALLEST:
            return None
        return base / SHRINK


def _cosine(done: np.ndarray) -> np.ndarray:
    """Half a cosine from 1 to 0 (Loshchilov and Hutter, "SGDR", 2017, without restarts)."""
    return (1 + np.cos(math.pi * done)) / 2


def _one_cycle(done: np.ndarray) -> np.ndarray:
    """Up and down again by half cosines (Smith and Topin, "Super-convergence", 2018)."""
    up = START + (1 - START) * (1 - _cosine(done / WARM_UP))
    down = END + (1 - END) * _cosine((done - WARM_UP) / (1 - WARM_UP))
    return np.where(done < WARM_UP, up, down)
