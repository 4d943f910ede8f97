"""How the parameters of an estimator are asked for on the command line, in one place."""

from __future__ import annotations

# Parameter -> the option of ``train`` that sets it.
OPTIONS = {
    "hidden_layer_sizes": "hidden",
    "activation": "activation",
    "loss": "loss",
    "solver": "solver",
    "alpha": "lambda",
    "batch_size": "batch-size",
    "learning_rate_init": "learning-rate",
    "learning_rate": "schedule",
    "max_iter": "epochs",
    "dropout": "dropout",
    "early_stopping": "early-stopping",
    "random_state": "seed",
}
