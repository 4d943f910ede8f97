"""Error and loss of a fitted model on the test rows, the same two numbers of everybody."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import cast

import numpy as np
from sklearn.metrics import log_loss

from .candidates import TableEntry
from .models import Asked, Classifier
from .sources import RawTable


@dataclass(frozen=True)
class Score:
    """What a fit costs on the test rows.

    Parameters
    ----------
    error, loss : float
        Error rate and log loss of classes; of numbers both are RMSE divided by the standard
        deviation of the test rows' target.
    seconds : float
        Of the fit alone.
    """

    error: float
    loss: float
    seconds: float


def fit_and_score(
    entry: TableEntry,
    table: RawTable,
    train: np.ndarray,
    test: np.ndarray,
    seed: int,
    threads: int,
    time_limit: float | None = None,
) -> Score:
    """Fit a candidate on the training rows, and score it on the test rows.

    Its form of the table is made before the clock runs. Classes without a training row get the
    probability 0.
    """
    X = entry.prepare(table.X, train)
    categories = [str(X.columns[place]) for place in table.categories]
    learnt, y = np.unique(table.y[train], return_inverse=True)
    asked = Asked(table.classes > 0, seed, threads, categories, time_limit)
    model, rows = entry.make(asked), X.iloc[train]
    start = time.perf_counter()
    model.fit(rows, y if table.classes else table.y[train])
    seconds = time.perf_counter() - start
    wanted = table.y[test]
    if not table.classes:
        root = relative_error(wanted, np.asarray(model.predict(X.iloc[test])).ravel())
        return Score(root, root, seconds)
    answers = np.asarray(cast(Classifier, model).predict_proba(X.iloc[test]))
    P = np.zeros((len(test), table.classes), answers.dtype)
    P[:, learnt] = answers
    return Score(*class_costs(wanted, P), seconds)


def relative_error(y: np.ndarray, answers: np.ndarray) -> float:
    """Return RMSE divided by the standard deviation of y.

    Examples
    --------
    >>> relative_error(np.array([0.0, 2.0]), np.array([1.0, 1.0]))
    1.0
    """
    return float(np.sqrt(np.mean((answers - y) ** 2)) / y.std())


def class_costs(y: np.ndarray, P: np.ndarray) -> tuple[float, float]:
    """Return error rate and log loss of probabilities P (m, K) for classes y (m,).

    The loss is scikit-learn's, in which no probability is less than the precision of P's type.

    Examples
    --------
    >>> class_costs(np.array([0, 1]), np.array([[0.5, 0.5], [0.75, 0.25]]))
    (0.5, 1.03...)
    """
    error = float(np.mean(P.argmax(axis=1) != y))
    return error, float(log_loss(y, P, labels=np.arange(P.shape[1])))
