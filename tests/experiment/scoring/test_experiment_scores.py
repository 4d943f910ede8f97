"""Scores: which metric leads, the baseline beside it, what JSON holds, and folds together."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.dummy import DummyClassifier, DummyRegressor

from backpass.errors import SettingError
from backpass.estimators.targets.metrics import METRICS
from backpass.experiment.scoring.scores import (
    Constants,
    FoldScores,
    score_classes,
    score_numbers,
)

YES_NO = np.array(["no", "yes"])


def faults(m=200, every=50):
    """Truth and probabilities of two classes, of which one is rare."""
    truth = np.where(np.arange(m) % every == 0, "yes", "no")
    yes = np.where(truth == "yes", 0.4, 0.1) + 0.3 * np.random.default_rng(0).random(m)
    return truth, np.column_stack([1 - yes, yes])


def test_an_accuracy_does_not_lead_where_a_class_is_rare():
    truth, p = faults()
    scores = score_classes(truth, np.full(200, "no"), YES_NO, np.array([784, 16]), p)
    assert list(scores.values)[:3] == ["balanced_accuracy", "recall", "auc"]
    assert (scores.headline, scores.rare) == ("balanced_accuracy", "yes")
    lines = {line.label: (line.value, line.baseline) for line in scores.lines()}
    assert lines["balanced accuracy"] == ("50.00%", "50.00%")
    assert lines["recall of yes"] == ("0.00%", "0.00%")
    assert lines["accuracy"] == ("98.00%", "98.00%")
    assert scores.values["auc"] > 0.9 > scores.baseline["auc"] == 0.5
    assert scores.values["average_precision"] == metrics.average_precision_score(
        truth == "yes", p[:, 1]
    )


@pytest.mark.parametrize(("shares", "first"), [((300, 100), "accuracy"), ((400, 100), "balanced")])
def test_from_four_times_the_rows_on_classes_are_imbalanced(shares, first):
    truth, p = faults()
    assert score_classes(truth, truth, YES_NO, np.array(shares), p).headline.startswith(first)


def test_the_rarer_class_may_be_the_first():
    truth, p = faults()
    swapped = np.where(truth == "yes", "no", "yes")
    scores = score_classes(swapped, swapped, YES_NO, np.array([2, 98]), p[:, ::-1])
    assert scores.rare == "no"
    assert scores.lines()[1].label == "recall of no"
    assert score_classes(truth, truth, YES_NO, np.array([5, 5])).rare == "yes"


def test_a_single_row_that_only_trains_makes_no_imbalance():
    truth = np.array(["a", "b", "c"] * 5)
    scores = score_classes(truth, truth, np.array(list("abcz")), np.array([20, 20, 20, 1]))
    assert scores.headline == "accuracy"
    assert scores.rare is None
    assert "recall" not in scores.values


@given(st.integers(0, 10**6), st.integers(2, 4), st.booleans())
def test_the_baseline_is_that_of_a_dummy(seed, n, weighted):
    rng = np.random.default_rng(seed)
    shares = rng.integers(1, 50, n).astype(float)
    shares[0] += 50 * (shares.max() == shares).sum()  # one is the most frequent
    train = np.repeat(np.arange(n), shares.astype(int))
    truth = np.r_[np.arange(n), rng.integers(0, n, 20)]
    w = rng.exponential(size=len(truth)) if weighted else None
    p = rng.dirichlet(np.ones(n), len(truth))
    scores = score_classes(truth, p.argmax(axis=1), np.arange(n), shares, p, w)
    most, prior = (
        DummyClassifier(strategy=s).fit(train[:, None], train) for s in ("most_frequent", "prior")
    )
    X = truth[:, None]
    assert scores.baseline["accuracy"] == pytest.approx(most.score(X, truth, w))
    assert scores.baseline["balanced_accuracy"] == pytest.approx(1 / n)
    expected = metrics.log_loss(truth, prior.predict_proba(X), sample_weight=w)
    assert scores.baseline["log_loss"] == pytest.approx(expected)
    assert scores.baseline["auc"] == 0.5
    assert list(scores.baseline) == list(scores.values)


def test_a_class_that_the_model_does_not_know_is_wrong_and_no_warning():
    truth = np.array(["no", "yes", "maybe", "no"])
    p = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [0.8, 0.2]])
    scores = score_classes(truth, YES_NO[p.argmax(axis=1)], YES_NO, np.array([5, 5]), p)
    assert scores.values["accuracy"] == 0.75
    assert scores.values["balanced_accuracy"] == pytest.approx(2 / 3)
    certain = np.log([0.9, 0.8, np.finfo(float).eps, 0.8])
    assert scores.values["log_loss"] == pytest.approx(-certain.mean())
    assert scores.headline == "accuracy"
    assert list(scores.by_class) == ["maybe", "no", "yes"]
    assert scores.rare is None
    assert np.isfinite(list(scores.values.values())).all()


@pytest.mark.parametrize("classes", [np.array([False, True]), np.array([3, 7]), YES_NO])
def test_labels_may_be_of_any_kind_and_json_takes_them(classes):
    truth = classes[[0, 1, 1, 0, 1]]
    p = np.full((5, 2), 0.5)
    scores = score_classes(truth, truth, classes, np.array([3, 2]), p)
    said = json.loads(json.dumps(scores.to_json(), allow_nan=False))
    assert said["test_accuracy"] == 1
    assert said["rare_class"] == str(classes[1])
    assert said["by_class"][str(classes[0])] == {"recall": 1, "precision": 1, "f1": 1, "rows": 2}
    assert said["baselines"]["test_accuracy"] == 0.4
    assert {"balanced_accuracy", "f1", "auc", "average_precision", "log_loss", "brier"} <= set(said)
    assert said["headline"] == "test_accuracy"


@pytest.mark.parametrize("one", ["no", "yes"])
def test_rows_of_one_class_have_a_score(one):
    truth, p = np.full(6, one), np.full((6, 2), 0.5)
    scores = score_classes(truth, np.full(6, "no"), YES_NO, np.array([9, 1]), p)
    assert "auc" not in scores.values
    assert scores.values["balanced_accuracy"] == (one == "no")
    assert np.isfinite([*scores.values.values(), *scores.baseline.values()]).all()


@given(st.integers(0, 10**6), st.booleans())
def test_the_baseline_of_numbers_is_that_of_a_dummy(seed, weighted):
    rng = np.random.default_rng(seed)
    train, truth = rng.gamma(2, 5, 30), rng.gamma(2, 5, 12)
    w = rng.exponential(size=12) if weighted else None
    training = replace(Constants.of(train, quantile=0.9), counts=True)
    scores = score_numbers(truth, truth + 1, training, w, quantile=0.9)
    of = {"sample_weight": w}
    dummies = {
        "r2": ("mean", metrics.r2_score),
        "rmse": ("mean", metrics.root_mean_squared_error),
        "poisson_deviance": ("mean", metrics.mean_poisson_deviance),
        "mean_error": ("median", metrics.mean_absolute_error),
        "median_error": ("median", metrics.median_absolute_error),
        "quantile_loss": (
            "quantile",
            lambda y, a, **k: metrics.mean_pinball_loss(y, a, alpha=0.9, **k),
        ),
    }
    assert set(scores.values) == set(scores.baseline) == set(dummies)
    for name, (strategy, metric) in dummies.items():
        dummy = DummyRegressor(strategy=strategy, quantile=0.9 if strategy == "quantile" else None)
        constant = dummy.fit(train[:, None], train).predict(truth[:, None])
        assert scores.baseline[name] == pytest.approx(metric(truth, constant, **of), rel=1e-9)
    assert scores.headline == "r2"


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3)), min_size=1, max_size=20))
def test_a_rows_weight_counts_as_rows_do_in_what_training_says(pairs):
    y, w = (np.array(column, dtype=float) for column in zip(*pairs))
    repeated = np.repeat(y, w.astype(int))
    constants = Constants.of(y, w, 0.75)
    assert constants.mean == pytest.approx(repeated.mean())
    for q, found in ((0.5, constants.median), (0.75, constants.quantile)):
        losses = [
            metrics.mean_pinball_loss(repeated, np.full(len(repeated), v), alpha=q) for v in y
        ]
        loss = metrics.mean_pinball_loss(repeated, np.full(len(repeated), found), alpha=q)
        assert loss == pytest.approx(min(losses))


def test_r2_does_not_lead_where_the_truth_is_constant():
    y = np.full(4, 3.0)
    scores = score_numbers(y, y + 1, Constants.of(np.arange(5.0)))
    assert scores.headline == "mean_error"
    assert np.isfinite([*scores.values.values(), *scores.baseline.values()]).all()
    training = replace(Constants.of(np.zeros(5)), counts=True)
    zeros = score_numbers(np.zeros(3), np.ones(3), training)
    assert "poisson_deviance" not in zeros.values


def test_a_metric_that_is_asked_for_leads():
    truth, p = faults()
    scores = score_classes(truth, truth, YES_NO, np.array([98, 2]), p).led_by("brier")
    assert scores.headline == "brier"
    assert scores.lines(1)[0].label == "Brier score"
    one_class = score_classes(truth[1:9], truth[1:9], YES_NO, np.array([98, 2]), p[1:9])
    assert one_class.led_by("auc").headline == one_class.headline
    with pytest.raises(SettingError, match="for classes there are accuracy, balanced_accuracy"):
        scores.led_by("rmse")
    numbers = score_numbers(np.arange(3.0), np.arange(3.0), Constants(1.0, 1.0))
    assert numbers.led_by("rmse").headline == "rmse"


def test_folds_have_means_and_spreads():
    y, shifts = np.arange(8.0), (1.0, 2.0, 4.0)
    folds = FoldScores(tuple(score_numbers(y, y + s, Constants.of(y)) for s in shifts))
    assert folds.mean["mean_error"] == pytest.approx(np.mean(shifts))
    assert folds.spread["mean_error"] == pytest.approx(np.std(shifts, ddof=1))
    line = folds.lines()[1]
    assert (line.label, line.value, line.baseline) == ("mean error", "2.333 ± 1.528", "2")
    said = json.loads(json.dumps(folds.to_json(), allow_nan=False))
    assert (
        set(said["mean"])
        == set(said["spread"])
        == {
            "test_r2",
            "test_mean_error",
            "rmse",
            "median_error",
        }
    )
    assert [fold["test_mean_error"] for fold in said["folds"]] == list(shifts)


def test_a_metric_that_a_fold_does_not_define_has_no_mean():
    truth, p = faults()
    whole = score_classes(truth, truth, YES_NO, np.array([98, 2]), p)
    one_class = score_classes(truth[1:9], truth[1:9], YES_NO, np.array([98, 2]), p[1:9])
    folds = FoldScores((whole, one_class))
    assert "auc" not in folds.mean
    assert folds.mean["accuracy"] == 1
    assert all(name in METRICS for name in folds.names)
    assert folds.lines()[1].label == "recall of yes"
