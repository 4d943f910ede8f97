"""Costs by a metric's name are scikit-learn's metrics, told apart by the loss where equal."""

import numpy as np
import pytest
from sklearn import metrics as theirs

from backpass.errors import SettingError
from backpass.tabular.costs import TIES, cost_of
from backpass.tabular.metrics import log_loss, squared_error
from backpass.tabular.outputs import ClassOutputs, NumberOutputs

CLASSES = {
    "accuracy": lambda y, P, w: theirs.accuracy_score(y, P.argmax(1), sample_weight=w),
    "balanced_accuracy": lambda y, P, w: theirs.balanced_accuracy_score(
        y, P.argmax(1), sample_weight=w
    ),
    "auc": lambda y, P, w: theirs.roc_auc_score(y, P[:, 1], sample_weight=w),
    "average_precision": lambda y, P, w: theirs.average_precision_score(
        y, P[:, 1], sample_weight=w
    ),
    "f1": lambda y, P, w: theirs.f1_score(y, P.argmax(1), sample_weight=w),
    "brier": lambda y, P, w: -theirs.brier_score_loss(y, P[:, 1], sample_weight=w),
}
NUMBERS = {
    "mean_error": theirs.mean_absolute_error,
    "median_error": theirs.median_absolute_error,
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", CLASSES)
def test_of_two_classes(name, weighted, rng):
    y, P = (rng.random(80) < 0.3).astype(int), rng.dirichlet([1, 1], 80)
    w, Y = rng.uniform(0.1, 2, 80) if weighted else None, np.eye(2)[y]
    cost = cost_of(name, ClassOutputs((2,)))(Y, w)(P)
    expected = -CLASSES[name](y, P, w) + TIES * log_loss(Y, w)(P)
    assert cost == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", NUMBERS)
def test_of_numbers(name, rng):
    Y, H = rng.normal(size=(2, 60, 1))
    cost = cost_of(name, NumberOutputs.of(Y))(Y, None)(H)
    expected = NUMBERS[name](Y[:, 0], H[:, 0]) + TIES * squared_error(Y)(H)
    assert cost == pytest.approx(expected, rel=1e-9)


def test_of_several_targets_it_is_the_mean(rng):
    outputs = ClassOutputs((2, 3))
    y, z = rng.integers(0, 2, 50), rng.integers(0, 3, 50)
    P, Q = rng.dirichlet(np.ones(2), 50), rng.dirichlet(np.ones(3), 50)
    Y, answers = np.hstack([np.eye(2)[y], np.eye(3)[z]]), np.hstack([P, Q])
    cost = cost_of("accuracy", outputs)(Y, None)(answers)
    right = np.mean([np.mean(P.argmax(1) == y), np.mean(Q.argmax(1) == z)])
    assert cost == pytest.approx(-right + TIES * log_loss(Y, None, (2, 3))(answers), rel=1e-12)


def test_equal_values_are_told_apart_by_the_loss():
    cost = cost_of("accuracy", ClassOutputs((2,)))(np.eye(2), None)
    assert cost(np.array([[0.9, 0.1], [0.1, 0.9]])) < cost(np.array([[0.6, 0.4], [0.4, 0.6]]))


def test_without_a_name_the_loss_is_what_counts(rng):
    Y, H = rng.normal(size=(2, 30, 2))
    for name in (None, "rmse", "r2"):
        assert cost_of(name, NumberOutputs.of(Y))(Y, None)(H) == squared_error(Y)(H)


def test_rows_that_do_not_define_a_metric_leave_the_loss():
    Y, P = np.eye(2)[[1, 1]], np.array([[0.3, 0.7], [0.2, 0.8]])
    assert cost_of("auc", ClassOutputs((2,)))(Y, None)(P) == pytest.approx(TIES * log_loss(Y)(P))


def test_answers_that_are_not_finite_cost_nan():
    cost = cost_of("auc", ClassOutputs((2,)))(np.eye(2), None)
    assert np.isnan(cost(np.full((2, 2), np.nan)))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mean_error", "for classes there are accuracy"),
        ("aucc", "did you mean 'auc'"),
        ("quantile_loss", "members have none"),
    ],
)
def test_a_metric_of_another_kind_is_refused(name, said):
    outputs = NumberOutputs.of(np.ones((3, 1))) if name == "quantile_loss" else ClassOutputs((2,))
    with pytest.raises(SettingError, match=said):
        cost_of(name, outputs)
