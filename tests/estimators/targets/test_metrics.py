"""Metrics, against scikit-learn's own functions on the same rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from backpass.errors import SettingError
from backpass.estimators.targets.metrics import (
    METRICS,
    by_class,
    find_metric,
    of_decisions,
    of_numbers,
    of_probabilities,
)

SIZES = st.integers(4, 40)
SEEDS = st.integers(0, 10**6)
WEIGHTED = pytest.mark.parametrize("weighted", [False, True])


def answers(seed, m, n, weighted):
    """Truth, predictions and probabilities of n classes, all of which occur."""
    rng = np.random.default_rng(seed)
    truth = np.r_[np.arange(n), rng.integers(0, n, m)]
    p = rng.dirichlet(np.ones(n), len(truth))
    w = rng.exponential(size=len(truth)) if weighted else None
    return truth, p.argmax(axis=1), p, w


@WEIGHTED
@given(SEEDS, SIZES, st.integers(2, 5))
def test_decisions_are_measured_as_by_scikit_learn(weighted, seed, m, n):
    truth, predicted, _, w = answers(seed, m, n, weighted)
    positive = 1 if n == 2 else None
    scores = by_class(truth, predicted, n, w)
    values = of_decisions(truth, predicted, scores, positive, w)
    of = {"sample_weight": w, "zero_division": 0}
    average = {"average": "binary" if n == 2 else "macro", **of}
    expected = {
        "accuracy": metrics.accuracy_score(truth, predicted, sample_weight=w),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, predicted, sample_weight=w),
        "f1": metrics.f1_score(truth, predicted, **average),
    }
    if n == 2:
        expected["recall"] = metrics.recall_score(truth, predicted, **of)
        expected["precision"] = metrics.precision_score(truth, predicted, **of)
    assert values == pytest.approx(expected, rel=1e-12)
    for k, one in enumerate(scores):
        assert one.recall == pytest.approx(metrics.recall_score(truth == k, predicted == k, **of))
        assert one.rows == (truth == k).sum()


@WEIGHTED
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(SEEDS, SIZES, st.integers(2, 5))
def test_probabilities_are_measured_as_by_scikit_learn(weighted, dtype, seed, m, n):
    truth, _, p, w = answers(seed, m, n, weighted)
    values = of_probabilities(truth, p.astype(dtype), 1 if n == 2 else None, w)
    one = {"sample_weight": w}
    several = {"multi_class": "ovr", "average": "macro"} if n > 2 else {}
    onehot = truth[:, None] == np.arange(n)
    expected = {
        "auc": metrics.roc_auc_score(truth, p[:, 1] if n == 2 else p, **several, **one),
        "average_precision": metrics.average_precision_score(
            truth if n == 2 else onehot, p[:, 1] if n == 2 else p, average="macro", **one
        ),
        "log_loss": metrics.log_loss(truth, p, **one),
        "brier": np.average([np.sum((a - b) ** 2) for a, b in zip(p, onehot)], weights=w),
    }
    if n == 2:
        expected["brier"] = metrics.brier_score_loss(truth, p[:, 1], **one)
    tolerance = 1e-5 if dtype is np.float32 else 1e-9  # neighbours in rank may change places
    assert values == pytest.approx(expected, rel=tolerance, abs=tolerance)


def test_one_class_has_no_auc_and_a_class_that_is_not_there_is_no_warning():
    truth, p = np.zeros(5, int), np.full((5, 3), 1 / 3)
    values = of_probabilities(truth, p, None, None)
    assert set(values) == {"log_loss", "brier"}
    some = of_probabilities(np.array([0, 1, 0, 1, 1]), p, None, None)
    assert some["auc"] == 0.5
    assert some["average_precision"] == pytest.approx((0.4 + 0.6) / 2)
    weightless = of_probabilities(np.array([0, 1]), p[:2], None, np.array([1.0, 0.0]))
    assert "auc" not in weightless
    decided = of_decisions(truth, truth + 1, by_class(truth, truth + 1, 3, None), None, None)
    assert decided == {"accuracy": 0, "balanced_accuracy": 0, "f1": 0}


def test_f1_counts_a_class_that_is_only_answered_and_recall_one_that_weighs_nothing_not():
    truth, answered = np.array([0, 0, 0]), np.array([0, 0, 1])
    values = of_decisions(truth, answered, by_class(truth, answered, 3, None), None, None)
    assert values["f1"] == metrics.f1_score(truth, answered, average="macro", zero_division=0)
    truth, w = np.array([0, 1, 2]), np.array([1.0, 1.0, 0.0])
    values = of_decisions(truth, truth, by_class(truth, truth, 3, w), None, w)
    assert values["balanced_accuracy"] == 1


@WEIGHTED
@given(SEEDS, st.integers(2, 40), st.sampled_from([None, 0.1, 0.9]))
def test_numbers_are_measured_as_by_scikit_learn(weighted, seed, m, q):
    rng = np.random.default_rng(seed)
    truth, a = rng.poisson(3, m).astype(float), rng.gamma(3, 1, m)
    truth[0] += 1 + truth[1]  # not constant
    w = rng.exponential(size=m) if weighted else None
    values = of_numbers(truth, a, w, q, counts=True)
    of = {"sample_weight": w}
    expected = {
        "r2": metrics.r2_score(truth, a, **of),
        "mean_error": metrics.mean_absolute_error(truth, a, **of),
        "rmse": np.sqrt(np.average((truth - a) ** 2, weights=w)),
        "median_error": metrics.median_absolute_error(truth, a, **of),
        "poisson_deviance": metrics.mean_poisson_deviance(truth, a, **of),
    }
    if q is not None:
        short = np.maximum(truth - a, 0), np.maximum(a - truth, 0)
        expected["quantile_loss"] = np.average(q * short[0] + (1 - q) * short[1], weights=w)
    assert values == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("a", [[1.0, 0.0], [1.0, -0.5]])
def test_there_is_no_poisson_deviance_of_answers_that_are_no_rates(a):
    assert "poisson_deviance" not in of_numbers(np.array([1.0, 2.0]), np.array(a), counts=True)
    negative = of_numbers(np.array([-1.0, 2.0]), np.array([1.0, 2.0]), counts=True)
    assert "poisson_deviance" not in negative
    assert "poisson_deviance" not in of_numbers(np.array([1.0, 2.0]), np.array([1.0, 2.0]))


@pytest.mark.parametrize(("truth", "r2"), [([2.0, 2.0], 1.0), ([3.0, 3.0], 0.0)])
def test_a_constant_truth_is_no_nan(truth, r2):
    values = of_numbers(np.array(truth), np.array([2.0, 2.0]))
    assert values["r2"] == r2
    assert np.isfinite(list(values.values())).all()


def test_right_answers_are_better_by_every_metric():
    truth, p = np.array([0, 0, 1, 1]), np.array([[0.8, 0.2], [0.7, 0.3], [0.1, 0.9], [0.2, 0.8]])
    right, wrong = (
        of_decisions(truth, y, by_class(truth, y, 2, None), 1, None)
        | of_probabilities(truth, q, 1, None)
        for y, q in ((truth, p), (1 - truth, p[:, ::-1]))
    )
    y = np.array([1.0, 2.0, 4.0])
    right |= of_numbers(y, y, quantile=0.9, counts=True)
    wrong |= of_numbers(y, y + 3, quantile=0.9, counts=True)
    assert set(right) == set(wrong) == set(METRICS)
    for name, metric in METRICS.items():
        assert (right[name] > wrong[name]) == metric.higher_is_better


@pytest.mark.parametrize(
    ("name", "text"),
    [("recall", "12.34%"), ("auc", "0.1234"), ("log_loss", "0.1234"), ("r2", "0.1234")],
)
def test_a_value_is_read_as_its_metric_is(name, text):
    assert METRICS[name].text(0.12341) == text


def test_every_metric_has_a_name_that_finds_it():
    for name, metric in METRICS.items():
        assert isinstance(metric.label, str)
        assert isinstance(metric.classes, bool)
        assert find_metric(name, metric.classes) is metric
        with pytest.raises(SettingError, match="there are"):
            find_metric(name, not metric.classes)
    with pytest.raises(SettingError, match="for numbers there are r2, mean_error"):
        find_metric("R2", classes=False)
