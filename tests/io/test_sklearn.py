"""An estimator that scikit-learn trained answers here as it does there."""

import numpy as np
import pytest
from sklearn import neural_network
from sklearn.datasets import make_multilabel_classification

import backpass as bp
from backpass.errors import InvalidInput

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(8)
X = RNG.normal(size=(50, 6))
K = RNG.integers(0, 3, 50)
TOLERANCE = {np.float32: 2e-6, np.float64: 1e-14}


def difference(ours, theirs):
    assert ours.dtype == theirs.dtype
    return np.linalg.norm(ours - theirs) / np.linalg.norm(ours)


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("y", [K, K > 0, np.array(["a", "bb", "ü"])[K]])
def test_from_sklearn_classifier(solver, dtype, y):
    theirs = neural_network.MLPClassifier((5,), "tanh", solver=solver, max_iter=5, random_state=0)
    theirs.fit(X.astype(dtype), y)
    ours = bp.from_sklearn(theirs)
    assert (ours.predict(X.astype(dtype)) == theirs.predict(X.astype(dtype))).all()
    mine, other = ours.predict_proba(X.astype(dtype)), theirs.predict_proba(X.astype(dtype))
    assert difference(mine, other) <= TOLERANCE[dtype]
    assert ours.get_params()["solver"] == solver
    assert getattr(ours, "loss_curve_", None) == getattr(theirs, "loss_curve_", None)


def test_from_sklearn_multilabel_and_regressor(tmp_path):
    Xm, ym = make_multilabel_classification(50, 6, n_classes=4, random_state=0)
    theirs = neural_network.MLPClassifier((5,), max_iter=30, random_state=0).fit(Xm, ym)
    ours = bp.from_sklearn(theirs)
    assert (ours.predict(Xm) == theirs.predict(Xm)).all()
    theirs = neural_network.MLPRegressor(hidden_layer_sizes=(5,), max_iter=5, random_state=0)
    theirs.fit(X, X[:, :2])
    ours = bp.from_sklearn(theirs)
    assert difference(ours.predict(X), theirs.predict(X)) <= 1e-14
    bp.save(ours, tmp_path / "model")
    assert (bp.load(tmp_path / "model").predict(X) == ours.predict(X)).all()
    start = ours.theta_.copy()
    ours.partial_fit(X, X[:, :2])
    assert 0 < np.abs(ours.theta_ - start).max() < 0.1


def test_from_something_else():
    with pytest.raises(InvalidInput, match="not one of scikit-learn's"):
        bp.from_sklearn(bp.MLPClassifier())
    with pytest.raises(InvalidInput, match="not fitted"):
        bp.from_sklearn(neural_network.MLPClassifier())
