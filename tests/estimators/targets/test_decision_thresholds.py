"""A threshold other than the largest probability's: what is decided by it, and where it is kept."""

import numpy as np
import pytest

import backpass as bp
from backpass.errors import ModelFileError, SettingError
from backpass.estimators.targets.thresholds import Threshold


@pytest.mark.parametrize("positive", ["no", "yes"])
def test_a_row_is_of_the_class_from_the_threshold_on(positive):
    p = np.array([[0.7, 0.3], [0.5, 0.5], [0.2, 0.8]])
    other = {"no": "yes", "yes": "no"}[positive]
    expected = {"no": ["no", "no", other], "yes": ["no", "yes", "yes"]}[positive]
    assert Threshold(positive, 0.5).decide(p, np.array(["no", "yes"])).tolist() == expected


def test_three_classes_have_no_threshold():
    with pytest.raises(SettingError, match="and there are 3"):
        Threshold("a", 0.5).decide(np.full((1, 3), 1 / 3), np.array(["a", "b", "c"]))


@pytest.fixture
def classifier():
    draw = np.random.default_rng(0)
    X = draw.normal(size=(200, 3))
    y = np.where(X[:, 0] + draw.normal(size=200) > 1, "yes", "no")
    fitted = bp.MLPClassifier((4,), solver="lbfgs", alpha=1, random_state=0).fit(X, y)
    fitted.threshold_ = Threshold("yes", 0.2)
    return fitted, X, y


def test_a_classifier_with_a_threshold_decides_by_it_and_its_file_keeps_it(classifier, tmp_path):
    fitted, X, y = classifier
    expected = np.where(fitted.predict_proba(X)[:, 1] >= 0.2, "yes", "no")
    assert (expected != np.where(fitted.predict_proba(X)[:, 1] >= 0.5, "yes", "no")).any()
    bp.save(fitted, tmp_path / "m.backpass")
    for model in (fitted, bp.load(tmp_path / "m.backpass")):
        assert model.predict(X).tolist() == expected.tolist()
        assert model.score(X, y) == np.mean(expected == y)


def test_a_new_fit_forgets_the_threshold(classifier):
    fitted, X, y = classifier
    fitted.fit(X, y)
    probabilities = fitted.predict_proba(X)
    assert fitted.predict(X).tolist() == fitted.classes_[probabilities.argmax(axis=1)].tolist()


@pytest.mark.parametrize("threshold", [Threshold("maybe", 0.2), Threshold("yes", 1.5)])
def test_a_file_with_a_threshold_of_no_class_is_refused(classifier, tmp_path, threshold):
    fitted, _, _ = classifier
    fitted.threshold_ = threshold
    bp.save(fitted, tmp_path / "m.backpass")
    with pytest.raises(ModelFileError, match="threshold"):
        bp.load(tmp_path / "m.backpass")
