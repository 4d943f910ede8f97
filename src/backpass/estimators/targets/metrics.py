"""What is measured of answers whose truth is known: metrics by name, of classes and of numbers.

scikit-learn's metrics measure where they can. Its balanced accuracy and its ROC-AUC of several
classes warn or refuse where the rows do not have every class, so that these are put together from
its recalls, and from its AUC of one class against the rest; and its Brier score of several classes
is younger than the oldest scikit-learn that this package runs with. A metric that rows do not
define (the AUC of one class) is left out; none is ever NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from ...errors import SettingError, listed
from .scores import Accuracy, RSquared


@dataclass(frozen=True)
class Metric:
    """A metric: what it is called, and how its value is read."""

    name: str
    label: str
    classes: bool
    higher_is_better: bool = True
    percent: bool = False

    def text(self, value: float) -> str:
        """Return a value as people read it.

        Examples
        --------
        >>> METRICS["accuracy"].text(0.93), METRICS["rmse"].text(123456.7)
        ('93.00%', '1.235e+05')
        """
        if self.percent:
            return f"{value:.2%}"
        return f"{value:.4f}" if self.higher_is_better else f"{value:.4g}"


_ALL = (
    Metric("accuracy", "accuracy", True, percent=True),
    Metric("balanced_accuracy", "balanced accuracy", True, percent=True),
    Metric("recall", "recall", True, percent=True),
    Metric("precision", "precision", True, percent=True),
    Metric("f1", "F1", True, percent=True),
    Metric("auc", "AUC", True),
    Metric("average_precision", "average precision", True),
    Metric("log_loss", "log loss", True, higher_is_better=False),
    Metric("brier", "Brier score", True, higher_is_better=False),
    Metric("r2", "R²", False),
    Metric("mean_error", "mean error", False, higher_is_better=False),
    Metric("rmse", "RMSE", False, higher_is_better=False),
    Metric("median_error", "median error", False, higher_is_better=False),
    Metric("quantile_loss", "quantile loss", False, higher_is_better=False),
    Metric("poisson_deviance", "Poisson deviance", False, higher_is_better=False),
)
METRICS = {metric.name: metric for metric in _ALL}
ELSEWHERE = {  # what other programs call them
    "mae": "mean_error",
    "mean_absolute_error": "mean_error",
    "median_absolute_error": "median_error",
    "root_mean_squared_error": "rmse",
    "mse": "rmse",
    "roc_auc": "auc",
    "logloss": "log_loss",
    "pinball": "quantile_loss",
}


def find_metric(name: str, classes: bool) -> Metric:
    """Return the metric of a name, for classes or for numbers.

    Raises
    ------
    SettingError
        If there is none.

    Examples
    --------
    >>> find_metric("auc", classes=True).label
    'AUC'
    """
    metric = METRICS.get(name)
    if metric is None or metric.classes != classes:
        of = "classes" if classes else "numbers"
        names = [each.name for each in _ALL if each.classes == classes]
        known = {each: each for each in names}
        known |= {other: one for other, one in ELSEWHERE.items() if one in known}
        near = get_close_matches(name.lower(), known, 1)
        meant = f"; did you mean {known[near[0]]!r}?" if near else "."
        raise SettingError("metric", name, f"for {of} there are {listed(names)}{meant}")
    return metric


# --- classes -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ClassScore:
    """How well one class is told: its recall, precision and F1, and how many rows it has."""

    recall: float
    precision: float
    f1: float
    rows: int


def by_class(
    truth: np.ndarray, predicted: np.ndarray, n: int, w: np.ndarray | None
) -> list[ClassScore]:
    """Score each of n classes; what no row defines (the recall of a class without rows) is 0."""
    from sklearn.metrics import precision_recall_fscore_support

    precision, recall, f1, _ = precision_recall_fscore_support(
        truth,
        predicted,
        labels=np.arange(n),
        sample_weight=w,
        zero_division=0,  # pyright: ignore[reportArgumentType]
    )
    rows = np.bincount(truth, minlength=n)
    columns = [np.asarray(each).tolist() for each in (recall, precision, f1, rows)]
    return [ClassScore(*each) for each in zip(*columns)]


def of_decisions(
    truth: np.ndarray,
    predicted: np.ndarray,
    scores: list[ClassScore],
    positive: int | None,
    w: np.ndarray | None,
) -> dict[str, float]:
    """Measure predicted classes.

    Parameters
    ----------
    truth, predicted : ndarray of shape (m,), int
        Places of classes.
    scores : list of ClassScore
        From ``by_class``.
    positive : int or None
        The class, of two, whose recall, precision and F1 count; None of more, whose F1 is the mean
        over those that occur in the truth or the predictions.
    w : ndarray of shape (m,) or None
        What rows weigh.

    Returns
    -------
    dict from str to float
    """
    there = np.unique(truth if w is None else truth[w > 0]).tolist()
    values = {
        "accuracy": Accuracy().plus(truth == predicted, w).value,
        "balanced_accuracy": float(np.mean([scores[k].recall for k in there])),
    }
    if positive is None:
        either = np.union1d(truth, predicted).tolist()
        return values | {"f1": float(np.mean([scores[k].f1 for k in either]))}
    one = scores[positive]
    return values | {"recall": one.recall, "precision": one.precision, "f1": one.f1}


def of_probabilities(
    truth: np.ndarray, p: np.ndarray, positive: int | None, w: np.ndarray | None
) -> dict[str, float]:
    """Measure probabilities.

    Parameters
    ----------
    truth : ndarray of shape (m,), int
        Places of classes.
    p : ndarray of shape (m, n)
        Their probabilities; a row's sum is taken as 1.
    positive : int or None
        The class, of two, whose AUC and average precision count; None of more, where they are the
        mean over one class against the rest, for the classes that the rows have.
    w : ndarray of shape (m,) or None
        What rows weigh.

    Returns
    -------
    dict from str to float
        The Brier score is Σ_k (p_k − y_k)² [1]_, and half of that for two classes.

    References
    ----------
    .. [1] G. Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather
       Review, 1950.
    """
    from sklearn.metrics import log_loss

    p = p.astype(np.float64)
    p /= p.sum(axis=1, keepdims=True)  # those of 32 bits sum to 1 up to their rounding only
    n = p.shape[1]
    squares = ((p - (truth[:, None] == np.arange(n))) ** 2).sum(axis=1) / (2 if n == 2 else 1)
    return _of_ranks(truth, p, positive, w) | {
        "log_loss": float(log_loss(truth, p, labels=np.arange(n), sample_weight=w)),
        "brier": float(np.average(squares, weights=w)),
    }


def _of_ranks(
    truth: np.ndarray, p: np.ndarray, positive: int | None, w: np.ndarray | None
) -> dict[str, float]:
    """AUC and average precision, of the classes that some rows have and some have not."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    weights = np.bincount(truth, w, minlength=p.shape[1])
    there = (weights > 0) & (weights < weights.sum())
    ranked = np.flatnonzero(there) if positive is None else np.array([positive])[there[positive]]
    if not len(ranked):
        return {}
    sides = [(truth == k, p[:, k]) for k in ranked.tolist()]
    auc, average_precision = (
        float(np.mean([metric(*side, sample_weight=w) for side in sides]))
        for metric in (roc_auc_score, average_precision_score)
    )
    return {"auc": auc, "average_precision": average_precision}


# --- numbers -----------------------------------------------------------------------------------


def of_numbers(
    truth: np.ndarray,
    predicted: np.ndarray,
    w: np.ndarray | None = None,
    quantile: float | None = None,
    counts: bool = False,
) -> dict[str, float]:
    """Measure predicted numbers.

    Parameters
    ----------
    truth, predicted : ndarray of shape (m,)
        In the target's units.
    w : ndarray of shape (m,) or None
        What rows weigh.
    quantile : float or None
        The quantile that was to be predicted, for the quantile loss.
    counts : bool
        Whether they are counts, for the Poisson deviance; of an answer that is not positive there
        is none.

    Returns
    -------
    dict from str to float
    """
    from sklearn import metrics

    both = (truth, predicted)
    values = {
        "r2": RSquared().plus(truth[:, None], predicted[:, None], w).value,
        "mean_error": metrics.mean_absolute_error(*both, sample_weight=w),
        "rmse": metrics.root_mean_squared_error(*both, sample_weight=w),
        "median_error": metrics.median_absolute_error(*both, sample_weight=w),
    }
    if quantile is not None:
        values["quantile_loss"] = metrics.mean_pinball_loss(*both, sample_weight=w, alpha=quantile)
    if counts and truth.min() >= 0 and predicted.min() > 0:
        values["poisson_deviance"] = metrics.mean_poisson_deviance(*both, sample_weight=w)
    return {name: float(value) for name, value in values.items()}
