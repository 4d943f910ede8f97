"""One experiment on a prepared table: train, and answer the rows that were held out."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from ..arrays import State
from ..data.memory import available
from ..errors import SettingError
from ..estimators.classifier import MLPClassifier
from ..estimators.regressor import MLPRegressor
from ..estimators.targets.metrics import find_metric
from ..estimators.targets.thresholds import Threshold
from ..models.table_model import Estimator, TableModel
from . import ensembles
from .outcome import Outcome
from .ready import PreparedTable
from .scoring.scores import Scores
from .scoring.thresholds import FROM_RATES, best_threshold, read_threshold
from .settings import FULL_BATCH, Settings
from .unparted import Unparted, folds

Callback = Callable[[Any], object]  # of a Progress, and of an ensemble a MembersProgress

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
        Called with a Progress after every epoch, of an ensemble with a MembersProgress.

    Returns
    -------
    Outcome

    Raises
    ------
    SettingError
        If the hidden layers are too large for the memory that is free.
    """
    check_asked(data, settings)
    started = time.perf_counter()
    train = ensembles.fitted if settings.tabular else fitted
    estimator = train(data, settings, callbacks)
    seconds = time.perf_counter() - started
    model, X = _deciding(TableModel(estimator, data.preprocessing), data, settings), data.X["test"]
    return Outcome(
        data, settings, model, seconds, model.predict(X), model.probabilities_by_target(X)
    )


def fitted(
    data: PreparedTable, settings: Settings, callbacks: tuple[Callback, ...] = ()
) -> Estimator:
    """Train one network."""
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits  # scikit-learn brings it

    check_room(data, settings)
    estimator = build(data, settings, callbacks)
    # The products of a mini-batch are too small for BLAS to share them among threads.
    blas_threads = None if settings.solver in FULL_BATCH else 1
    with warnings.catch_warnings(), threadpool_limits(blas_threads, "blas"):
        # Both are what the stop reason says.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "Training interrupted by user")
        estimator.fit(*data.training, **data.beside)
    return estimator.set_params(callbacks=None)


def cross_validated(table: Unparted, n: int, settings: Settings) -> Iterator[tuple[Scores, ...]]:
    """Train on each of n parts of the rows, and score the others.

    Parameters
    ----------
    table : Unparted
        From ``unparted``.
    n : int
        Folds.
    settings : Settings
        How to train; a checkpoint is not kept.

    Yields
    ------
    tuple of Scores
        Of a fold, one for each target.

    Raises
    ------
    KeyboardInterrupt
        If a fold's training was stopped by Ctrl-C: its score is not that of the settings.
    """
    settings = replace(settings, checkpoint=None)
    for data in folds(table, n, settings):
        outcome = run(data, settings)
        if outcome.interrupted:
            raise KeyboardInterrupt
        yield tuple(each.scores for each in outcome.targets if each.scores is not None)


def check_asked(data: PreparedTable, settings: Settings) -> None:
    """Raise before a training where what is asked for does not go with what the target holds."""
    classes = data.target.classes
    if settings.loss == "poisson" and "train" in data.y and (data.y["train"] < 0).any():
        why = f"it is for counts, and {data.target.name!r} holds negative numbers."
        raise SettingError("loss", settings.loss, why)
    if settings.metric is not None:
        find_metric(settings.metric, classes)
    if settings.threshold is not None:
        read_threshold(settings.threshold)
        if len(data.target.parts) > 1:
            why = "it tells two classes of one target apart, and there are several targets."
            raise SettingError("threshold", settings.threshold, why)
        if classes:
            _check_two_classes(data, settings.threshold)
    for name in ("class_weight", "threshold"):
        if getattr(settings, name) is not None and not classes:
            raise SettingError(
                name,
                getattr(settings, name),
                f"it is for classes, and the target {data.target.name!r} is a number.",
            )


def _check_two_classes(data: PreparedTable, threshold: str) -> None:
    """Raise where there are not two classes to tell apart, or none to find the best on."""
    n, validation = len(data.labels), data.y["validation"]
    if n != 2:
        what = f"it tells two classes apart, and {data.target.name!r} has {n}."
        raise SettingError("threshold", threshold, what)
    if read_threshold(threshold) is not None:
        return
    w = data.w.get("validation", np.ones(len(validation)))
    if len(np.unique(validation[w > 0])) < 2:
        what = "are all of one class" if len(validation) else "are none"
        raise SettingError(
            "threshold",
            threshold,
            f"it is found on the validation rows, and they {what}; a probability needs none.",
        )


def check_folds(table: Unparted, n: int, settings: Settings) -> None:
    """Raise before a training where its folds cannot be made, or could have no best threshold."""
    targets = table.rows.targets
    for parts in table.rows.folds(n, settings):
        labels = np.unique(targets.y[parts.validation])
        if settings.threshold == "best" and targets.classes is not None and len(labels) < 2:
            raise SettingError(
                "cv",
                n,
                "the best threshold is found on validation rows of two classes, and those of a "
                "fold are not; a probability, or other folds, will do.",
            )


def _deciding(model: TableModel, data: PreparedTable, settings: Settings) -> TableModel:
    """The model with the threshold that is asked for, or found on the validation rows."""
    if settings.threshold is None:
        return model
    classes, value = model.classes, read_threshold(settings.threshold)
    assert classes is not None
    rarer = next(k for k, label in enumerate(classes.tolist()) if label != data.most_frequent)
    if value is None:
        value = _best(model, data, settings, rarer)
    return model.deciding(Threshold(classes[rarer].item(), value))


def _best(model: TableModel, data: PreparedTable, settings: Settings, k: int) -> float:
    """The threshold on the k-th class's probability that is best on the validation rows."""
    p, y = model.probabilities(data.X["validation"]), data.y["validation"]
    classes = model.classes
    assert p is not None
    assert classes is not None
    metric = settings.metric if settings.metric in FROM_RATES else "f1"
    return best_threshold(y == classes[k], p[:, k], metric, data.w.get("validation"))


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
        weight_decay=settings.decoupled_decay,
        n_threads=settings.threads,
        callbacks=list(callbacks),
        checkpoint=settings.checkpoint,
        every=settings.every,
        **chosen,
        **_of_classes(settings),
    )


def _of_classes(settings: Settings) -> State:
    """What only classifiers take, where it is asked for."""
    return {} if settings.class_weight is None else {"class_weight": settings.class_weight}


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
