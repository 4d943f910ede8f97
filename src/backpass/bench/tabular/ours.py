"""Ours: the estimators for tables, as they are when nothing is set."""

from __future__ import annotations

from ...tabular.classifier import TabularClassifier
from ...tabular.regressor import TabularRegressor
from .models import Asked, Model


def make(asked: Asked) -> Model:
    """Make the one for classes or the one for numbers."""
    kind = TabularClassifier if asked.classes else TabularRegressor
    return kind(time_limit=asked.time_limit, random_state=asked.seed, n_threads=asked.threads)
