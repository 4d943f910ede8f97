"""What is asked of a model on a table, ours or theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


class Model(Protocol):
    """An estimator, ours or theirs."""

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> object:
        """Learn."""
        ...

    def predict(self, X: pd.DataFrame) -> object:
        """Answer with an array of numbers or classes, (m,)."""
        ...


class Classifier(Model, Protocol):
    """One that knows how sure it is."""

    def predict_proba(self, X: pd.DataFrame) -> object:
        """Answer with an array of probabilities, a column for each class that was learnt."""
        ...


@dataclass(frozen=True)
class Asked:
    """What a model is made for."""

    classes: bool
    seed: int
    threads: int
    categories: list[str]  # names of columns
    time_limit: float | None  # seconds, for those who can keep to one
