"""A fit as a user calls it, the same for both MLPClassifiers."""

from __future__ import annotations

import warnings
from typing import Any

from ..data import Data
from ..workloads import Fields, Workload

Model = Any  # ours or theirs; scikit-learn says no types, and a checker guesses them wrong

VALIDATED = 0.1  # of the rows


def fit_settings(workload: Workload) -> Fields:
    """Constructor parameters: validation, shuffling, loss curve and early stopping all on."""
    return {
        "hidden_layer_sizes": workload.sizes[1:-1],
        "activation": workload.hidden,
        "batch_size": workload.batch_size,
        "learning_rate_init": workload.learning_rate,
        "early_stopping": True,
        "validation_fraction": VALIDATED,
        "max_iter": workload.epochs,
        "n_iter_no_change": workload.epochs,
        "random_state": 0,
    }


def fitted(model: Model, data: Data) -> Model:
    """Fit on all rows; that it stops at the last epoch is no news."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(data.X, data.labels)
