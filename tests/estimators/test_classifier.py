"""What a classifier answers: labels, probabilities, logits, hidden activations."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from sklearn.datasets import make_multilabel_classification
from small_estimators import (
    X_IRIS,
    Y_IRIS,
    small,
)

import backpass as bp
from backpass import MLPClassifier
from backpass.errors import InvalidInput

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("loss", ["log_loss", "binary_log_loss"])
@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_sum_to_one_and_agree_with_predict(loss, classes):
    y = np.array(["a", "b", "c"])[Y_IRIS % classes]
    clf = small(loss=loss).fit(X_IRIS, y)
    P = clf.predict_proba(X_IRIS)
    assert P.shape == (150, classes)
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(clf.classes_[P.argmax(axis=1)], clf.predict(X_IRIS))
    np.testing.assert_allclose(clf.predict_log_proba(X_IRIS), np.log(P))
    assert clf.net_.loss.output == ("softmax" if (loss, classes) == ("log_loss", 3) else "logistic")


def test_decision_function_is_z_of_the_last_layer():
    clf = small().fit(X_IRIS, Y_IRIS)
    trace = bp.trace(clf.net_, clf.theta_, X_IRIS, bp.one_hot(Y_IRIS))
    np.testing.assert_allclose(clf.decision_function(X_IRIS), trace.z[3], rtol=1e-12)
    two = small().fit(X_IRIS, Y_IRIS == 1)
    np.testing.assert_array_equal(two.decision_function(X_IRIS) > 0, two.predict(X_IRIS))


def test_transform_gives_hidden_activations():
    clf = small(hidden_layer_sizes=(6, 4), activation=["tanh", "relu"]).fit(X_IRIS, Y_IRIS)
    trace = bp.trace(clf.net_, clf.theta_, X_IRIS, bp.one_hot(Y_IRIS))
    np.testing.assert_allclose(clf.transform(X_IRIS), trace.a[3], rtol=1e-12)
    np.testing.assert_allclose(clf.transform(X_IRIS, layer=2), trace.a[2], rtol=1e-12)
    with pytest.raises(InvalidInput, match="no hidden layer 4"):
        clf.transform(X_IRIS, layer=4)


def test_one_class_only():
    clf = small().fit(X_IRIS, np.full(150, 7))
    assert (clf.predict(X_IRIS) == 7).all()
    np.testing.assert_array_equal(clf.predict_proba(X_IRIS), np.ones((150, 1)))


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_class_weights_are_sample_weights(solver):
    by_class = small(class_weight={0: 1, 1: 5, 2: 0.5}, solver=solver).fit(X_IRIS, Y_IRIS)
    by_sample = small(solver=solver).fit(X_IRIS, Y_IRIS, np.array([1, 5, 0.5])[Y_IRIS])
    np.testing.assert_array_equal(by_class.theta_, by_sample.theta_)
    rare = np.r_[0:10, 50:100]
    balanced = small(class_weight="balanced").fit(X_IRIS[rare], Y_IRIS[rare])
    by_hand = small(class_weight={0: 3.0, 1: 0.6}).fit(X_IRIS[rare], Y_IRIS[rare])
    np.testing.assert_allclose(balanced.theta_, by_hand.theta_, rtol=1e-10)
    with pytest.raises(ValueError, match="balanced"):
        small(class_weight="balanced").partial_fit(X_IRIS, Y_IRIS, classes=[0, 1, 2])


def test_several_columns_of_classes():
    y = np.column_stack([Y_IRIS, Y_IRIS > 0])
    names = np.array(["x", "y", "z"], dtype=object)[y]
    clf = small(solver="lbfgs", max_iter=100).fit(X_IRIS, names)
    assert clf.net_.sizes[-1] == 4
    assert [list(c) for c in clf.classes_] == [["x", "y", "z"], ["x", "y"]]
    predicted = clf.predict(X_IRIS)
    assert predicted.shape == (150, 2)
    assert clf.score(X_IRIS, names) == (predicted == names).all(axis=1).mean() > 0.9
    first, second = clf.predict_proba(X_IRIS)
    assert first.shape == (150, 3)
    np.testing.assert_allclose(first.sum(axis=1), 1)
    np.testing.assert_allclose(second.sum(axis=1), 1)
    clf.set_params(warm_start=True)
    with pytest.raises(InvalidInput, match="Column 1 of y holds 'z'"):
        clf.fit(X_IRIS, np.where(names == "y", "z", names))


def test_multilabel_early_stopping_and_scores():
    X, Y = make_multilabel_classification(100, random_state=0)
    clf = MLPClassifier((20,), early_stopping=True, max_iter=30, random_state=0).fit(X, Y)
    assert clf.predict(X).shape == Y.shape
    assert clf.predict_proba(X).shape == Y.shape


def test_labels_take_the_memory_of_their_texts_however_long_one_is(rng):
    y = ["short"] * 4990 + ["long" * 5_000] * 10
    X = rng.normal(size=(5000, 2))
    tracemalloc.start()
    clf = small(hidden_layer_sizes=(2,), max_iter=1).fit(X, y)
    assert clf.score(X, y) == np.mean(clf.predict(X) == np.array(y, dtype=object))
    clf.partial_fit(X, y)
    n_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n_bytes < 4_000_000  # 400 MB where all labels are as wide
    assert set(clf.predict(X)) <= set(clf.classes_) == set(y)
