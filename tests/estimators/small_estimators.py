"""Small data and small estimators, which the tests of this folder share."""

from __future__ import annotations

from sklearn.datasets import load_diabetes, load_digits, load_iris

from backpass import MLPClassifier

X_IRIS, Y_IRIS = load_iris(return_X_y=True)
X_DIGITS, Y_DIGITS = load_digits(return_X_y=True)
X_DIGITS = X_DIGITS / 16
X_DIABETES, Y_DIABETES = load_diabetes(return_X_y=True)
Y_DIABETES = (Y_DIABETES - Y_DIABETES.mean()) / Y_DIABETES.std()

MINI_BATCH = ["gd", "sgd", "adam"]
SOLVERS = [*MINI_BATCH, "lbfgs", "cg", "newton"]


def small(**parameters):
    return MLPClassifier(
        **{"hidden_layer_sizes": (6,), "max_iter": 20, "random_state": 0, **parameters}
    )


RESUMABLE = [
    *({"solver": solver} for solver in SOLVERS),
    {"solver": "adam", "dropout": 0.2},
    {"solver": "adam", "early_stopping": True},
    {"solver": "lbfgs", "early_stopping": True, "n_iter_no_change": 99},
    {"solver": "adam", "learning_rate": "cosine", "schedule_epochs": 10},
    {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.1, "n_iter_no_change": 1},
    {"solver": "sgd", "learning_rate": "invscaling"},
]


class Crash(Exception):
    """The power fails."""


def crash_at(epoch):
    def callback(progress):
        if progress.epoch == epoch:
            raise Crash

    return callback


def interrupt(progress):
    if progress.epoch == 2:
        raise KeyboardInterrupt
