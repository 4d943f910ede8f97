"""Learning-rate schedules: the rate of every step of an epoch, from what has been done before it.

``constant``, ``invscaling`` and ``adaptive`` are scikit-learn's. ``cosine`` and ``one_cycle`` need
to know where the training ends: they are given the number of epochs, and stay at their last rate
after it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rates = NDArray[np.float64]

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
    warm_up: float = 0.0  # part of cosine's steps in which the rate first rises from 0, linearly

    def rates(self, base: float | None, rows_seen: int, step: int, n_steps: int) -> Rates:
        """The rates of the next `n_steps` steps; `base` is what adaptive has come down to."""
        base = self.learning_rate if base is None else base
        return SCHEDULES[self.name].rates(self, base, rows_seen, step, n_steps)

    def shrunk(self, base: float | None) -> float | None:
        """The rate after a stretch without improvement, or None where the training should stop."""
        if base is None or not SCHEDULES[self.name].shrinks or base <= SMALLEST:
            return None
        return base / SHRINK


@dataclass(frozen=True)
class Course:
    """What a schedule's name stands for."""

    rates: Callable[[Schedule, float, int, int, int], Rates]
    shrinks: bool = False  # where J has settled, instead of stopping
    ends: bool = False  # after a number of epochs, which it needs to know


def _constant(schedule: Schedule, base: float, rows_seen: int, step: int, n_steps: int) -> Rates:
    return np.full(n_steps, base)


def _invscaling(schedule: Schedule, base: float, rows_seen: int, step: int, n_steps: int) -> Rates:
    if rows_seen:
        base = schedule.learning_rate / (rows_seen + 1) ** schedule.power_t
    return np.full(n_steps, base)


def _along(curve: Callable[[Rates], Rates]) -> Course:
    """A course that goes along a curve over [0, 1], and stays at its end."""

    def rates(schedule: Schedule, base: float, rows_seen: int, step: int, n_steps: int) -> Rates:
        done = np.arange(step, step + n_steps) / max(1, schedule.epochs * n_steps - 1)
        done, rising = np.minimum(done, 1.0), schedule.warm_up
        if not rising:
            return schedule.learning_rate * curve(done)
        fall = curve(np.maximum(0.0, done - rising) / (1 - rising))
        return schedule.learning_rate * np.where(done < rising, done / rising, fall)

    return Course(rates, ends=True)


def _cosine(done: Rates) -> Rates:
    """Half a cosine from 1 to 0 (Loshchilov and Hutter, "SGDR", 2017, without restarts)."""
    return (1 + np.cos(math.pi * done)) / 2


def _one_cycle(done: Rates) -> Rates:
    """Up and down again by half cosines (Smith and Topin, "Super-convergence", 2018)."""
    up = START + (1 - START) * (1 - _cosine(done / WARM_UP))
    down = END + (1 - END) * _cosine((done - WARM_UP) / (1 - WARM_UP))
    return np.where(done < WARM_UP, up, down)


SCHEDULES: dict[str, Course] = {
    "constant": Course(_constant),
    "invscaling": Course(_invscaling),
    "adaptive": Course(_constant, shrinks=True),
    "cosine": _along(_cosine),
    "one_cycle": _along(_one_cycle),
}
WITH_AN_END = tuple(name for name, course in SCHEDULES.items() if course.ends)
