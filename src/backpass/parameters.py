"""The constructor parameters that both estimators share: what is allowed, and what it means.

scikit-learn's parameters come first, with scikit-learn's names, order and defaults; ours are
keyword-only after them.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, Options, StrOptions

from .activations import ACTIVATIONS, ALIASES, Activation
from .engine import Dropout, Optimizer
from .schedules import SCHEDULES, Schedule
from .solvers.first_order import Adam, GradientDescent, Momentum, Nesterov

MINI_BATCH_SOLVERS = ("gd", "sgd", "adam")
FULL_BATCH_SOLVERS = ("lbfgs", "cg")

_NOT_NEGATIVE = Interval(Real, 0, None, closed="left")
_POSITIVE = Interval(Real, 0, None, closed="neither")
_COUNT = Interval(Integral, 1, None, closed="left")
_PART = Interval(Real, 0, 1, closed="left")

CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like", _COUNT],
    "activation": [StrOptions({*ACTIVATIONS, *ALIASES}), Activation, list, tuple],
    "solver": [StrOptions({*MINI_BATCH_SOLVERS, *FULL_BATCH_SOLVERS})],
    "alpha": [_NOT_NEGATIVE],
    "batch_size": [StrOptions({"auto"}), _COUNT],
    "learning_rate": [StrOptions({*SCHEDULES})],
    "learning_rate_init": [_POSITIVE],
    "power_t": [_NOT_NEGATIVE],
    "max_iter": [_COUNT],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [_NOT_NEGATIVE],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [_PART],
    "beta_1": [_PART],
    "beta_2": [_PART],
    "epsilon": [_POSITIVE],
    "n_iter_no_change": [_COUNT, Options(Real, {np.inf})],
    "max_fun": [_COUNT],
    "init": [StrOptions({"auto", "uniform", "glorot", "he"})],
    "weight_decay": [_NOT_NEGATIVE],
    "dropout": [_PART, list, tuple],
    "schedule_epochs": [_COUNT, None],
    "n_init": [_COUNT],
    "n_threads": [_COUNT, None],
    "callbacks": [list, tuple, callable, None],
    "checkpoint": [str, os.PathLike, None],
    "every": [_COUNT],
}


class SharedParameters(BaseEstimator):
    """The parameters, and their translation into what the training understands."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    hidden_layer_sizes: Any
    activation: Any
    solver: str
    loss: Any
    alpha: float
    batch_size: Any
    learning_rate: str
    learning_rate_init: float
    power_t: float
    max_iter: int
    shuffle: bool
    random_state: Any
    tol: float
    verbose: Any
    warm_start: bool
    momentum: float
    nesterovs_momentum: bool
    early_stopping: bool
    validation_fraction: float
    beta_1: float
    beta_2: float
    epsilon: float
    n_iter_no_change: float
    max_fun: int
    init: str
    weight_decay: float
    dropout: Any
    schedule_epochs: int | None
    n_init: int
    n_threads: int | None
    callbacks: Any
    checkpoint: Any
    every: int

    def _hidden_sizes(self) -> tuple[int, ...]:
        sizes = self.hidden_layer_sizes
        sizes = list(sizes) if hasattr(sizes, "__iter__") else [sizes]
        if any(size <= 0 for size in sizes):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
        return tuple(int(size) for size in sizes)

    def _optimizer(self) -> Optimizer:
        if self.solver == "adam":
            return Adam(self.beta_1, self.beta_2, self.epsilon, self.weight_decay)
        if self.solver == "gd" or self.momentum == 0:
            return GradientDescent()
        return (Nesterov if self.nesterovs_momentum else Momentum)(self.momentum)

    def _schedule(self) -> Schedule:
        """Adam makes its own rates of scikit-learn's three; only cosine and one_cycle steer it."""
        by_hand = self.solver != "adam" or self.learning_rate in ("cosine", "one_cycle")
        name = self.learning_rate if by_hand else "constant"
        epochs = self.schedule_epochs or self.max_iter
        return Schedule(name, self.learning_rate_init, self.power_t, epochs)

    def _batch_rows(self, m: int) -> int:
        if self.batch_size == "auto":
            return m if self.solver == "gd" else min(200, m)
        if self.batch_size > m:
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be "
                "clipped",
                stacklevel=2,
            )
        return min(self.batch_size, m)

    def _dropout(self, n_hidden: int, seed: int) -> Dropout | None:
        rates = (
            self.dropout if isinstance(self.dropout, list | tuple) else [self.dropout] * n_hidden
        )
        if len(rates) != n_hidden:
            raise ValueError(
                f"dropout has {len(rates)} rates, but the network has {n_hidden} hidden layers."
            )
        if not all(0 <= rate < 1 for rate in rates):
            raise ValueError(f"dropout rates are at least 0 and below 1, not {list(rates)}.")
        return Dropout(tuple(rates), seed) if any(rates) else None

    def _callback_list(self) -> tuple[Callable[..., Any], ...]:
        if self.callbacks is None:
            return ()
        return (self.callbacks,) if callable(self.callbacks) else tuple(self.callbacks)
