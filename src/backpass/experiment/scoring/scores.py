"""How a model does on rows that it has not seen, beside what is known without a model.

Metrics are chosen by what is predicted, and put in order by how balanced the classes are: where one
is rare, an accuracy that answers "no" to every row is high and says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ...estimators.targets.metrics import (
    METRICS,
    ClassScore,
    by_class,
    find_metric,
    of_decisions,
    of_numbers,
    of_probabilities,
)

IMBALANCE = 4  # times the rows of another class, from which on an accuracy says little
ORDER = {  # what is shown first, by balance
    "balanced": ("accuracy", "auc", "f1", "balanced_accuracy", "log_loss"),
    "imbalanced": ("balanced_accuracy", "recall", "auc", "f1", "average_precision", "accuracy"),
    "numbers": ("r2", "mean_error", "rmse", "median_error"),
    "constant": ("mean_error", "rmse", "median_error"),
}
SHOWN = 6  # lines
RENAMED = {"accuracy": "test_accuracy", "r2": "test_r2", "mean_error": "test_mean_error"}


@dataclass(frozen=True)
class Line:
    """A metric for people: what it is, its value, and that of the baseline."""

    label: str
    value: str
    baseline: str


@dataclass(frozen=True, eq=False)
class Scores:
    """Metrics of some rows, beside those of a baseline that looks at no input.

    Parameters
    ----------
    values : mapping from str to float
        By the metrics' names, the first one first; none is NaN.
    baseline : mapping from str to float
        The same metrics: of the most frequent class, and of the classes' shares for what measures
        probabilities; of the training rows' mean for R², RMSE and the Poisson deviance, of their
        median for mean and median errors, of their quantile for the quantile loss.
    rows : int
        How many there are.
    by_class : mapping from str to ClassScore
        Empty of numbers.
    rare : str or None
        The rarer class of two, whose recall, precision, F1 and average precision are given.
    """

    values: Mapping[str, float]
    baseline: Mapping[str, float]
    rows: int
    by_class: Mapping[str, ClassScore]
    rare: str | None = None

    @property
    def headline(self) -> str:
        """The metric that is shown first."""
        return next(iter(self.values))

    def led_by(self, metric: str) -> Scores:
        """Return the same with a metric first, where these rows define it.

        Raises
        ------
        SettingError
            If there is no such metric for classes, or for numbers.
        """
        find_metric(metric, classes=bool(self.by_class))
        return replace(self, values=_first(self.values, (metric,)))

    def lines(self, most: int = SHOWN) -> tuple[Line, ...]:
        """Return the first metrics for people."""
        return tuple(
            Line(self.label(name), METRICS[name].text(value), METRICS[name].text(base))
            for name, value, base in self._pairs()[:most]
        )

    def _pairs(self) -> list[tuple[str, float, float]]:
        return [(name, value, self.baseline[name]) for name, value in self.values.items()]

    def label(self, name: str) -> str:
        """Return what a metric is called here: of two classes, with the rarer one."""
        of_one = name in ("recall", "precision", "f1", "average_precision")
        return (
            f"{METRICS[name].label} of {self.rare}" if of_one and self.rare else METRICS[name].label
        )

    def to_json(self) -> dict[str, object]:
        """Return them as scores of a test; those that the first release had have its names."""
        return self._named(RENAMED)

    def plain(self) -> dict[str, object]:
        """Return them by the metrics' names."""
        return self._named({})

    def _named(self, names: Mapping[str, str]) -> dict[str, object]:
        values: dict[str, object] = {names.get(n, n): value for n, value in self.values.items()}
        values["headline"] = names.get(self.headline, self.headline)
        values["baselines"] = {names.get(n, n): value for n, value in self.baseline.items()}
        if self.by_class:
            values["by_class"] = {
                label: {
                    "recall": one.recall,
                    "precision": one.precision,
                    "f1": one.f1,
                    "rows": one.rows,
                }
                for label, one in self.by_class.items()
            }
        return values | ({} if self.rare is None else {"rare_class": self.rare})


def _first(values: Mapping[str, float], order: Sequence[str]) -> dict[str, float]:
    """Put those named first, in this order."""
    named = [name for name in order if name in values]
    return {name: values[name] for name in [*named, *values]}


# --- classes -----------------------------------------------------------------------------------


def score_classes(
    truth: np.ndarray,
    predicted: np.ndarray,
    classes: np.ndarray,
    shares: np.ndarray,
    probabilities: np.ndarray | None = None,
    w: np.ndarray | None = None,
) -> Scores:
    """Score predicted classes.

    Parameters
    ----------
    truth, predicted : ndarray of shape (m,)
        Labels; the truth may have such as the model does not know.
    classes : ndarray of shape (n,)
        The labels that the model knows.
    shares : ndarray of shape (n,)
        How many training rows each of them has, or what they weigh.
    probabilities : ndarray of shape (m, n) or None
        Of each class.
    w : ndarray of shape (m,) or None
        What rows weigh.

    Returns
    -------
    Scores

    Examples
    --------
    >>> truth = np.array(["no"] * 8 + ["yes"] * 2)
    >>> predicted = np.array(["no"] * 9 + ["yes"])
    >>> scores = score_classes(truth, predicted, np.array(["no", "yes"]), np.array([80, 20]))
    >>> for line in scores.lines(3):
    ...     print(line.label, line.value, line.baseline)
    balanced accuracy 75.00% 50.00%
    recall of yes 50.00% 0.00%
    F1 of yes 66.67% 0.00%
    """
    labels = np.unique(np.concatenate([classes, truth]))
    known = np.searchsorted(labels, classes)
    true, answered = np.searchsorted(labels, truth), np.searchsorted(labels, predicted)
    share = np.zeros(len(labels))
    share[known] = shares
    positive = int(known[_rarer(shares)]) if len(labels) == 2 else None
    p = None if probabilities is None else _of_all(probabilities, known, len(labels))
    scores = by_class(true, answered, len(labels), w)
    values = _of_classes(true, answered, p, scores, positive, w)
    most = np.full(len(true), share.argmax())
    constant = None if p is None else np.broadcast_to(share, p.shape)
    without = by_class(true, most, len(labels), w)
    names = [str(label) for label in labels.tolist()]
    order = ORDER["imbalanced" if _imbalanced(share[np.unique(true)]) else "balanced"]
    return Scores(
        _first(values, order),
        _first(_of_classes(true, most, constant, without, positive, w), order),
        len(truth),
        dict(zip(names, scores)),
        None if positive is None else names[positive],
    )


def _of_all(p: np.ndarray, known: np.ndarray, n: int) -> np.ndarray:
    """Probabilities of all labels: those of labels that the model does not know are 0."""
    widened = np.zeros((len(p), n))
    widened[:, known] = p
    return widened


def _of_classes(
    true: np.ndarray,
    answered: np.ndarray,
    p: np.ndarray | None,
    scores: list[ClassScore],
    positive: int | None,
    w: np.ndarray | None,
) -> dict[str, float]:
    values = of_decisions(true, answered, scores, positive, w)
    return values if p is None else values | of_probabilities(true, p, positive, w)


def _rarer(shares: np.ndarray) -> int:
    """The place of the rarer of two classes; of two as frequent ones the second."""
    return 0 if shares[0] < shares[1] else 1


def _imbalanced(shares: np.ndarray) -> bool:
    """Whether one of the classes that are tested has some times the training rows of another."""
    known = shares[shares > 0]
    return bool(len(known) and known.max() >= IMBALANCE * known.min())


# --- numbers -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Constants:
    """What the training rows say of a number without a look at any input."""

    mean: float
    median: float
    quantile: float | None = None
    counts: bool = field(default=False, repr=False)  # whether the target is a count
    q: float | None = field(default=None, repr=False)  # which quantile is predicted

    @classmethod
    def of(
        cls, y: np.ndarray, w: np.ndarray | None = None, quantile: float | None = None
    ) -> Constants:
        """Take them from the training rows' targets, shape (m,), in their units.

        Examples
        --------
        >>> Constants.of(np.array([1.0, 2.0, 6.0]))
        Constants(mean=3.0, median=2.0, quantile=None)
        """
        at = None if quantile is None else _quantile(y, w, quantile)
        return cls(float(np.average(y, weights=w)), _quantile(y, w, 0.5), at, q=quantile)


def _quantile(y: np.ndarray, w: np.ndarray | None, q: float) -> float:
    """The weighted q-quantile: a number that minimises the quantile loss."""
    if w is None:
        return float(np.quantile(y, q))
    order = np.argsort(y, kind="stable")
    until = np.cumsum(w[order])
    return float(y[order][np.searchsorted(until, q * until[-1])])


def score_numbers(
    truth: np.ndarray,
    predicted: np.ndarray,
    training: Constants,
    w: np.ndarray | None = None,
    quantile: float | None = None,
) -> Scores:
    """Score predicted numbers.

    Parameters
    ----------
    truth, predicted : ndarray of shape (m,)
        In the target's units.
    training : Constants
        What is known without a model.
    w : ndarray of shape (m,) or None
        What rows weigh.
    quantile : float or None
        The quantile that was to be predicted; None is the one that ``training`` knows, if any.

    Returns
    -------
    Scores

    Examples
    --------
    >>> y = np.array([1.0, 2.0, 6.0])
    >>> scores = score_numbers(y, y + 1, Constants.of(y))
    >>> scores.headline, scores.baseline["r2"], round(scores.baseline["mean_error"], 3)
    ('r2', 0.0, 1.667)
    """
    quantile = training.q if quantile is None else quantile
    counts = training.counts and training.mean > 0  # else nothing is known to compare with
    values = of_numbers(truth, predicted, w, quantile, counts)
    order = ORDER["constant" if np.ptp(truth) == 0 else "numbers"]
    return Scores(
        _first(values, order),
        {name: _baseline(name, truth, training, w, quantile) for name in _first(values, order)},
        len(truth),
        {},
    )


def _baseline(
    metric: str, truth: np.ndarray, training: Constants, w: np.ndarray | None, q: float | None
) -> float:
    """A metric of the constant that is best for it."""
    best = {
        "mean_error": training.median,
        "median_error": training.median,
        "quantile_loss": training.quantile,
    }.get(metric)
    constant = np.full(len(truth), training.mean if best is None else best)
    return of_numbers(truth, constant, w, q, metric == "poisson_deviance")[metric]


# --- folds -------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class FoldScores:
    """Scores of the folds of a cross-validation, their means and their spreads.

    Parameters
    ----------
    folds : tuple of Scores
        At least two.

    Examples
    --------
    >>> y = np.array([1.0, 2.0, 6.0])
    >>> folds = [score_numbers(y, y + shift, Constants.of(y)) for shift in (1, 2)]
    >>> FoldScores(tuple(folds)).mean["mean_error"]
    1.5
    """

    folds: tuple[Scores, ...]

    @property
    def names(self) -> list[str]:
        """Metrics that every fold defines, in the first fold's order."""
        return [name for name in self.folds[0].values if all(name in f.values for f in self.folds)]

    @property
    def mean(self) -> dict[str, float]:
        """Means over the folds."""
        return {n: float(np.mean([f.values[n] for f in self.folds])) for n in self.names}

    @property
    def spread(self) -> dict[str, float]:
        """Standard deviations over the folds, of n − 1."""
        return {n: float(np.std([f.values[n] for f in self.folds], ddof=1)) for n in self.names}

    def lines(self, most: int = SHOWN) -> tuple[Line, ...]:
        """Return means and spreads for people."""
        first, mean, spread = self.folds[0], self.mean, self.spread
        without = {n: float(np.mean([f.baseline[n] for f in self.folds])) for n in self.names}
        shown = [(METRICS[n], first.label(n)) for n in self.names[:most]]
        return tuple(
            Line(
                label,
                f"{each.text(mean[each.name])} ± {each.text(spread[each.name])}",
                each.text(without[each.name]),
            )
            for each, label in shown
        )

    def to_json(self) -> dict[str, object]:
        """Return means, spreads and each fold's scores by plain names."""
        return {
            "mean": {RENAMED.get(n, n): value for n, value in self.mean.items()},
            "spread": {RENAMED.get(n, n): value for n, value in self.spread.items()},
            "folds": [fold.to_json() for fold in self.folds],
        }
