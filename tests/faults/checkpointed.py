"""A training that keeps a checkpoint; its θ goes to standard output's file when it is over."""

import sys
import warnings

import numpy as np

import backpass as bp

warnings.simplefilter("ignore")

DATA = np.random.default_rng(0)
X, K = DATA.normal(size=(400, 8)), DATA.integers(0, 3, 400)

SETTINGS = {
    "gd": {"learning_rate_init": 0.5},
    "sgd": {"learning_rate": "adaptive", "early_stopping": True},
    "adam": {"dropout": 0.2, "early_stopping": True, "n_iter_no_change": 50},
    "adam32": {"solver": "adam", "n_init": 3, "shuffle": False},
    "lbfgs": {},
    "lbfgs32": {"solver": "lbfgs", "n_init": 2},
    "cg": {},
    "newton": {},
}
EPOCHS = {"lbfgs": 60, "lbfgs32": 30, "cg": 60, "newton": 30}


def train(name, checkpoint, slow=False):
    """Train; ``slow`` waits after each epoch, so that there is time to be killed in."""
    import time

    dtype = np.float32 if name.endswith("32") else np.float64
    settings = {
        "hidden_layer_sizes": (7, 5),
        "solver": name,
        "max_iter": EPOCHS.get(name, 40),
        "alpha": 0.01,
        "tol": 1e-9,
        "random_state": 4,
        "callbacks": (lambda progress: time.sleep(0.01)) if slow else None,
        **SETTINGS[name],
    }
    model = bp.MLPClassifier(**settings, activation="tanh", checkpoint=checkpoint, every=2)
    return model.fit(X.astype(dtype), K)


if __name__ == "__main__":
    name, checkpoint, out = sys.argv[1:]
    model = train(name, checkpoint, slow=True)
    np.savez(out, theta=model.theta_, curve=model.loss_curve_, n_iter=model.n_iter_)
