"""Metrics by name as what answers cost, the lower the better."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..errors import SettingError
from ..estimators.targets.metrics import (
    METRICS,
    by_class,
    find_metric,
    of_decisions,
    of_numbers,
    of_probabilities,
)
from .ensemble import Cost
from .metrics import Metric, log_loss, squared_error
from .outputs import ClassOutputs, NumberOutputs

TIES = 1e-4  # of the loss, which decides where a metric of few values does not
OF_DECISIONS = ("accuracy", "balanced_accuracy", "recall", "precision", "f1")
OF_PARAMETERS = ("quantile_loss", "poisson_deviance")

Measure = Callable[[np.ndarray, np.ndarray], float | None]  # (truth, answers) of one target


def cost_of(name: str | None, outputs: ClassOutputs | NumberOutputs) -> Cost:
    """Return what answers cost by a metric of this name; by the loss where there is none.

    Parameters
    ----------
    name : str or None
        As "auc", "f1" or "mean_error"; of several targets it is the mean.
    outputs : ClassOutputs or NumberOutputs
        What answers are.

    Returns
    -------
    callable (true answers, weights) -> Metric
        Equal values of a metric are told apart by the loss.

    Raises
    ------
    SettingError
        If there is no such metric for these outputs.

    Examples
    --------
    >>> cost = cost_of("accuracy", ClassOutputs((2,)))(np.eye(2), None)
    >>> round(cost(np.array([[0.9, 0.1], [0.8, 0.2]])), 3)
    -0.5
    """
    if isinstance(outputs, ClassOutputs):
        return _of_classes(name, outputs)
    if name is None or name in ("rmse", "r2"):
        return squared_error
    find_metric(name, classes=False)
    if name in OF_PARAMETERS:
        raise SettingError("metric", name, "it takes a loss of that kind, and members have none.")
    return _of_numbers(name)


def _of_classes(name: str | None, outputs: ClassOutputs) -> Cost:
    def loss(Y: np.ndarray, w: np.ndarray | None) -> Metric:
        return log_loss(Y, w, outputs.sizes)

    if name is None or find_metric(name, classes=True).name == "log_loss":
        return loss
    sign = -1.0 if METRICS[name].higher_is_better else 1.0

    def cost(Y: np.ndarray, w: np.ndarray | None) -> Metric:
        truths = [part.argmax(axis=1) for part in outputs.by_target(Y)]
        return _metric(
            lambda P: [
                _of_one_target(name, truth, p, w) for truth, p in zip(truths, outputs.by_target(P))
            ],
            sign,
            loss(Y, w),
        )

    return cost


def _metric(
    measured: Callable[[np.ndarray], list[float | None]], sign: float, loss: Metric
) -> Metric:
    """The mean of what the targets define, ties told apart by the loss."""

    def cost(answers: np.ndarray) -> float:
        if not np.isfinite(answers).all():
            return float("nan")
        values = [value for value in measured(answers) if value is not None]
        return sign * float(np.mean(values or [0.0])) + TIES * loss(answers)

    return cost


def _of_one_target(
    name: str, truth: np.ndarray, P: np.ndarray, w: np.ndarray | None
) -> float | None:
    """A metric of probabilities; None where the rows do not define it."""
    n = P.shape[1]
    positive = int(np.bincount(truth, w, minlength=2).argmin()) if n == 2 else None
    if name not in OF_DECISIONS:
        return of_probabilities(truth, P, positive, w).get(name)
    predicted = P.argmax(axis=1)
    scores = by_class(truth, predicted, n, w)
    return of_decisions(truth, predicted, scores, positive, w).get(name)


def _of_numbers(name: str) -> Cost:
    def cost(Y: np.ndarray, w: np.ndarray | None) -> Metric:
        def measured(H: np.ndarray) -> list[float | None]:
            return [of_numbers(y, h, w).get(name) for y, h in zip(Y.T, H.T)]

        return _metric(measured, 1.0, squared_error(Y, w))

    return cost
