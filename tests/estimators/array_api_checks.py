"""Run by test_sklearn_checks.py in a process of its own: arrays of other libraries.

scikit-learn's own checks of the array API, for the libraries that are here: the fitted attributes
and the answers are of X's library, on X's device, and have NumPy's values.
"""

from __future__ import annotations

import numpy as np
import pytest
import sklearn
from sklearn.datasets import load_iris
from sklearn.utils import estimator_checks

import backpass as bp

pytestmark = pytest.mark.filterwarnings("default")

ESTIMATORS = [
    bp.MLPClassifier((8,), max_iter=5),
    bp.MLPClassifier((8,), max_iter=5, solver="sgd", dropout=0.2, class_weight="balanced"),
    bp.MLPClassifier((8,), max_iter=5, solver="lbfgs", loss="binary_log_loss"),
    bp.MLPRegressor("huber", (8,), max_iter=5, early_stopping=True, validation_fraction=0.2),
    bp.MLPRegressor(hidden_layer_sizes=(8,), max_iter=3, solver="newton"),
    bp.MLPRegressor(hidden_layer_sizes=(8,), max_iter=3, solver="cg"),
]
LIBRARIES = [("torch", "cpu", "float64"), ("torch", "cpu", "float32"), ("torch", "cuda", "float32")]


@pytest.mark.parametrize("library", LIBRARIES, ids="-".join)
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
def test_check_input(estimator, library):
    name, device, dtype = library
    pytest.importorskip(name)
    estimator_checks.check_array_api_input(
        type(estimator).__name__, estimator, name, device, dtype, check_sample_weight=True
    )


@pytest.mark.parametrize("estimator", ESTIMATORS[:2], ids=str)
def test_check_input_of_the_strictest(estimator):
    pytest.importorskip("array_api_strict")
    name = type(estimator).__name__
    check = estimator_checks.check_array_api_input
    check(name, estimator, "array_api_strict", "CPU_DEVICE", "float64")


def test_check_same_namespace():
    check = getattr(estimator_checks, "check_array_api_same_namespace", None)
    if check is None:
        pytest.skip("this scikit-learn has no such check")
    for estimator in ESTIMATORS[:1]:
        check(type(estimator).__name__, estimator, "array_api_strict", "CPU_DEVICE")


@pytest.mark.parametrize("solver", ["adam", "sgd", "gd", "lbfgs", "cg", "newton"])
def test_check_values(solver):
    torch = pytest.importorskip("torch")
    X, y = load_iris(return_X_y=True)
    options = {"hidden_layer_sizes": (5,), "solver": solver, "max_iter": 6, "random_state": 0}
    here = bp.MLPClassifier(**options, activation="tanh").fit(X, y)
    with sklearn.config_context(array_api_dispatch=True):
        there = bp.MLPClassifier(**options, activation="tanh")
        there.fit(torch.asarray(X), torch.asarray(y))
        assert isinstance(there.theta_, torch.Tensor)
        P = there.predict_proba(torch.asarray(X))
        assert there.coefs_[0].shape == (4, 5)
        there.set_params(warm_start=True).fit(torch.asarray(X), torch.asarray(y))
    np.testing.assert_allclose(P.numpy(), here.predict_proba(X), rtol=1e-5)
    again = here.set_params(warm_start=True).fit(X, y)
    np.testing.assert_allclose(there.theta_.numpy(), again.theta_, rtol=1e-3, atol=1e-5)
