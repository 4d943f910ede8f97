"""One experiment on a prepared table: train, and answer the rows that were held out."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from ..arrays import State
from ..data.memory import available
from ..errors import SettingError
from ..estimators.classifier import MLPClassifier
from ..estimators.regressor import MLPRegressor
from ..estimators.table_model import Estimator, TableModel
from ..training.monitor import Progress
from .outcome import Outcome
from .ready import PreparedTable
from .settings import FULL_BATCH, Settings

Callback = Callable[[Progress], object]

COPIES = 4  # of θ that a training holds: θ itself, D, and two moments of adam or pairs of lbfgs


def run(data: PreparedTable, settings: Settings, callbacks: tuple[Callback, ...] = ()) -> Outcome:
    """Train on the training rows and predict the test rows.

    Parameters
    ----------
    data : PreparedTable
        From ``prepare``.
    settings : Settings
        How to train.
    callbacks : tuple of callables
        Called with a Progress after every epoch.

    Returns
    -------
    Outcome

    Raises
    ------
    SettingError
        If the hidden layers are too large for the memory that is free.
    """
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits  # scikit-learn brings it

    check_room(data, settings)
    estimator = build(data, settings, callbacks)
    validation: dict[str, np.ndarray] = {}
    if len(data.y["validation"]):
        validation = {"X_val": data.X["validation"], "y_val": data.y["validation"]}
    started = time.perf_counter()
    # The products of a mini-batch are too small for BLAS to share them among threads.
    blas_threads = None if settings.solver in FULL_BATCH else 1
    with warnings.catch_warnings(), threadpool_limits(blas_threads, "blas"):
        # Both are what the stop reason says.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "Training interrupted by user")
        estimator.fit(*data.training, **validation)
    seconds = time.perf_counter() - started
    estimator.set_params(callbacks=None)
    model, X = TableModel(estimator, data.preprocessing), data.X["test"]
    return Outcome(data, settings, model, seconds, model.predict(X), model.probabilities(X))


def build(
    data: PreparedTable, settings: Settings, callbacks: tuple[Callback, ...] = ()
) -> Estimator:
    """Make the estimator that the settings describe, untrained."""
    kind = MLPClassifier if data.target.classes else MLPRegressor
    rows, images = data.n_train, data.image is not None
    chosen: State = {} if settings.loss is None else {"loss": settings.loss}
    return kind(
        hidden_layer_sizes=settings.hidden_sizes(images),
        activation=settings.activation,
        solver=settings.solver,
        alpha=settings.weight_decay(images),
        batch_size=settings.batch_rows(rows),
        learning_rate=settings.learning_rates,
        learning_rate_init=settings.step_size,
        max_iter=settings.max_iter(images, rows),
        random_state=settings.seed,
        early_stopping=_stops_early(data, settings),
        dropout=settings.dropout_rate(images),
        n_threads=settings.threads,
        callbacks=list(callbacks),
        checkpoint=settings.checkpoint,
        every=settings.every,
        **chosen,
    )


def _stops_early(data: PreparedTable, settings: Settings) -> bool:
    """Whether to stop where the validation score does, which takes rows to validate on."""
    if settings.early_stopping and not len(data.y["validation"]):
        raise SettingError(
            "early_stopping",
            None,
            f"it looks at rows held out of the training, and of {data.n_train} rows none can be "
            "spared; leave it out.",
        )
    return settings.early_stopping


def check_room(data: PreparedTable, settings: Settings) -> None:
    """Raise where the parameters alone do not fit into memory, before any of them is drawn."""
    hidden = settings.hidden_sizes(data.image is not None)
    sizes = (len(data.preprocessing.outputs), *hidden, 1)  # one output at least
    count = sum((s + 1) * following for s, following in pairwise(sizes))
    needed = COPIES * count * np.dtype(settings.dtype).itemsize
    room = available()
    if room is not None and needed > room:
        raise SettingError(
            "hidden",
            ",".join(map(str, hidden)),
            f"with their gradient and the solver's moments the {count:,} parameters take "
            f"{needed / 2**30:,.0f} GiB, and {room / 2**30:,.1f} GiB are free; fewer units fit.",
        )
