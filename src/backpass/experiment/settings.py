"""The settings of an experiment, and what the data and the solver choose where they are silent."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from ..errors import SettingError, listed
from ..solvers.registry import FULL_BATCH, MINI_BATCH, SOLVERS
from ..training.schedules import SCHEDULES

__all__ = ["FULL_BATCH", "MIN_STEPS", "SCHEDULES", "SOLVERS", "STEP_SIZE", "Settings"]

MIN_STEPS = 600  # of mini-batches, below which small tables are not learned
STEP_SIZE = {"gd": 0.5, "sgd": 0.01, "adam": 0.002}
DECOUPLED_DECAY = {"adamw": 0.01, "muon": 0.1}

AUTO, TABULAR, MLP = "auto", "tabular", "mlp"
MODELS = (AUTO, TABULAR, MLP)


@dataclass(frozen=True)
class Settings:
    """How to train; None leaves the choice to the data and the solver."""

    hidden: tuple[int, ...] | None = None
    activation: str = "relu"
    loss: str | None = None
    solver: str = "adam"
    lam: float | None = None
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    schedule: str | None = None
    dropout: float | None = None
    early_stopping: bool = False
    test_size: float = 0.2
    seed: int = 0
    threads: int | None = None
    dtype: str = "float64"
    checkpoint: str | os.PathLike[str] | None = None
    every: int = 10
    class_weight: str | None = None  # "balanced"
    metric: str | None = None  # that is shown first
    threshold: str | None = None  # a probability, or "best"
    model: str = MLP  # "tabular" is an ensemble; "auto" is one where a table allows it
    time_limit: float | None = None  # seconds that an ensemble may take
    members: int | None = None  # of an ensemble

    @property
    def tabular(self) -> bool:
        """Whether an ensemble is trained."""
        return self.model == TABULAR

    def __post_init__(self) -> None:
        """Refuse what the solver would not do."""
        if self.solver not in FULL_BATCH:
            return
        for name in ("batch_size", "learning_rate", "schedule", "dropout"):
            value = getattr(self, name)
            if value is not None and value != 0:
                others = listed(MINI_BATCH)
                raise SettingError(
                    name, value, f"it is for {others}; {self.solver} has no use for it."
                )

    def settled(self, for_one_network: str | None) -> Settings:
        """Choose the model where that is left to the table.

        Parameters
        ----------
        for_one_network : str or None
            What the table holds that an ensemble does not read.

        Raises
        ------
        SettingError
            If an ensemble is asked for, or something of one, and cannot be trained.

        Examples
        --------
        >>> Settings(model="auto").settled(None).model
        'tabular'
        """
        if self.model == AUTO:
            return replace(self, model=MLP if for_one_network else TABULAR)._checked(
                for_one_network
            )
        return self._checked(for_one_network)

    def _checked(self, for_one_network: str | None) -> Settings:
        if self.tabular and for_one_network:
            why = f"an ensemble does not read {for_one_network}; one network, mlp, does."
            raise SettingError("model", self.model, why)
        for name in ("time_limit", "members"):
            value = getattr(self, name)
            if value is not None and not self.tabular:
                of = f" of {for_one_network}" if for_one_network else ""
                why = f"it is for an ensemble, and one network is trained{of}."
                raise SettingError(name, f"{value:g}", why)
        return self

    def hidden_sizes(self, images: bool) -> tuple[int, ...]:
        """Units of the hidden layers."""
        return self.hidden if self.hidden is not None else (256, 128) if images else (256,)

    def weight_decay(self, images: bool) -> float:
        """Choose λ: tables have fewer rows and more noise than images."""
        if self.lam is not None:
            return self.lam
        return 0.3 if images else 3.0

    def max_iter(self, images: bool, rows: int) -> int:
        """Epochs, or iterations of a full-batch solver; few rows and dropout take more epochs."""
        if self.epochs is not None:
            return self.epochs
        if self.solver in FULL_BATCH:
            return 300
        enough = -(-MIN_STEPS * self.batch_rows(rows) // rows)
        return max(60 if self.dropout_rate(images) else 40, min(enough, 300))

    def dropout_rate(self, images: bool) -> float:
        """Part of the hidden units that is left out of each step."""
        if self.dropout is not None:
            return self.dropout
        drops = images and self.solver not in FULL_BATCH and self.hidden != ()
        return 0.4 if drops else 0.0

    @property
    def learning_rates(self) -> str:
        """The schedule; a full-batch solver has none."""
        return self.schedule or ("constant" if self.solver in FULL_BATCH else "cosine")

    @property
    def step_size(self) -> float:
        """The learning rate at the beginning."""
        return self.learning_rate or STEP_SIZE.get(self.solver, 0.002)

    @property
    def decoupled_decay(self) -> float:
        """By how much the solver itself shrinks the weights, times the learning rate."""
        return DECOUPLED_DECAY.get(self.solver, 0.0)

    def batch_rows(self, rows: int) -> int:
        """Rows of a mini-batch, of so many."""
        return min(self.batch_size or (32 if rows <= 10_000 else 128), rows)
