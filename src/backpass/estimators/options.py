"""What an estimator's parameters ask the training for, and what they cannot ask for together."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral

import numpy as np

from ..engine import Dropout, Optimizer
from ..errors import InvalidInput, listed, warn
from ..solvers.registry import FULL_BATCH, MINI_BATCH
from ..training.schedules import WITH_AN_END, Schedule
from .parameters import Callback, SharedParameters


def hidden_sizes(asked: SharedParameters) -> tuple[int, ...]:
    given = asked.hidden_layer_sizes
    given = given.tolist() if isinstance(given, np.ndarray) else given
    sizes: list[int] = list(given) if isinstance(given, Iterable) else [given]
    for size in sizes:
        if not isinstance(size, Integral) or size is True or size is False:
            raise InvalidInput(f"hidden_layer_sizes must be integers, got {size!r}.")
    if any(size <= 0 for size in sizes):
        raise InvalidInput(f"hidden_layer_sizes must be > 0, got {sizes}.")
    return tuple(int(size) for size in sizes)


def check_combination(asked: SharedParameters) -> None:
    """Raise where a parameter that scikit-learn lacks asks for what the others rule out.

    scikit-learn's own parameters are taken as it takes them, those too that a solver ignores.
    """
    full_batch, drops = asked.solver in FULL_BATCH, np.any(np.asarray(asked.dropout))
    decaying = [name for name, each in MINI_BATCH.items() if "weight_decay" in each.parameters]
    if asked.weight_decay and asked.solver not in decaying:
        whose = listed([f"{name}'s" for name in decaying])
        raise InvalidInput(
            f"weight_decay is {whose}; {asked.solver} has none, but alpha is for every solver."
        )
    if asked.muon_ratio is not None and asked.solver != "muon":
        raise InvalidInput(f"muon_ratio is muon's; {asked.solver} has one learning rate.")
    if drops and full_batch:
        raise InvalidInput(
            f"dropout needs mini-batches: {asked.solver} sees the same J at every step, so use "
            f"{listed(MINI_BATCH, 'or')}, or dropout=0."
        )
    if asked.learning_rate in WITH_AN_END and full_batch:
        raise InvalidInput(
            f"learning_rate={asked.learning_rate!r} is for {listed(MINI_BATCH)}; {asked.solver} "
            "finds the length of each step itself."
        )
    if asked.schedule_epochs is not None and asked.learning_rate not in WITH_AN_END:
        raise InvalidInput(
            f"schedule_epochs is the length of {listed(WITH_AN_END)}, but learning_rate is "
            f"{asked.learning_rate!r}, which has none."
        )
    if asked.warm_up and asked.learning_rate != "cosine":
        raise InvalidInput(f"warm_up is cosine's; learning_rate is {asked.learning_rate!r}.")


def optimizer(asked: SharedParameters) -> Optimizer:
    solver = MINI_BATCH[asked.solver]
    return solver.make(**{name: getattr(asked, name) for name in solver.parameters})


def schedule(asked: SharedParameters) -> Schedule:
    """Adam makes its own rates of scikit-learn's three; only those with an end steer it."""
    by_hand = not MINI_BATCH[asked.solver].own_rates or asked.learning_rate in WITH_AN_END
    name = asked.learning_rate if by_hand else "constant"
    epochs = asked.schedule_epochs or asked.max_iter
    return Schedule(name, asked.learning_rate_init, asked.power_t, epochs, asked.warm_up)


def batch_rows(asked: SharedParameters, m: int) -> int:
    if asked.batch_size == "auto":
        return m if MINI_BATCH[asked.solver].all_rows else min(200, m)
    if asked.batch_size > m:
        warn("Got `batch_size` less than 1 or larger than sample size. It is going to be clipped")
    return min(asked.batch_size, m)


def dropout(asked: SharedParameters, n_hidden: int, seed: int) -> Dropout | None:
    return Dropout.of(asked.dropout, n_hidden, seed)


def callbacks(asked: SharedParameters) -> tuple[Callback, ...]:
    if asked.callbacks is None:
        return ()
    return (asked.callbacks,) if callable(asked.callbacks) else tuple(asked.callbacks)
