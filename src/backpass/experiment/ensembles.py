"""An ensemble of networks on a prepared table: what is asked of it, and the members that it has."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TypeAlias

from ..arrays import State
from ..tabular.classifier import TabularClassifier
from ..tabular.costs import OF_PARAMETERS
from ..tabular.regressor import TabularRegressor
from ..tabular.watch import MembersProgress
from .ready import PreparedTable
from .settings import Settings

Ensemble: TypeAlias = TabularClassifier | TabularRegressor
Callback = Callable[[MembersProgress], object]


def build(
    data: PreparedTable, settings: Settings, callbacks: tuple[Callback, ...] = ()
) -> Ensemble:
    """Make the estimator that the settings describe, untrained."""
    asked: State = {
        "n_members": settings.members,
        "time_limit": settings.time_limit,
        "metric": chosen_by(settings),
        "random_state": settings.seed,
        "n_threads": settings.threads,
        "callbacks": list(callbacks),
        "checkpoint": settings.checkpoint,
    }
    if not data.target.classes:
        return TabularRegressor(**asked)
    if settings.class_weight is not None:
        asked["class_weight"] = settings.class_weight
    return TabularClassifier(**asked)


def chosen_by(settings: Settings) -> str | None:
    """The metric by which members are chosen; None is the loss."""
    return None if settings.metric in OF_PARAMETERS else settings.metric


def fitted(
    data: PreparedTable, settings: Settings, callbacks: tuple[Callback, ...] = ()
) -> Ensemble:
    """Train the members, and choose among them; Control-C keeps the best so far."""
    estimator = build(data, settings, callbacks)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Interrupted by user")  # the outcome says it
        estimator.fit(*data.training, **data.beside)
    return estimator.set_params(callbacks=None)
