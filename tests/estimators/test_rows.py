"""The rows that an estimator takes: sparse ones, data frames, precisions."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from sklearn.exceptions import NotFittedError
from small_estimators import (
    X_DIGITS,
    X_IRIS,
    Y_DIGITS,
    Y_IRIS,
    small,
)

from backpass import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("kind", [scipy.sparse.csr_matrix, scipy.sparse.csc_array])
def test_sparse_rows(kind):
    dense = small(max_iter=3).fit(X_DIGITS, Y_DIGITS)
    sparse = small(max_iter=3).fit(kind(X_DIGITS), Y_DIGITS)
    np.testing.assert_allclose(sparse.theta_, dense.theta_, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        sparse.predict_proba(kind(X_DIGITS)), dense.predict_proba(X_DIGITS), rtol=1e-7
    )


def test_float32_stays_float32():
    clf = small().fit(X_IRIS.astype(np.float32), Y_IRIS)
    assert clf.theta_.dtype == clf.predict_proba(X_IRIS).dtype == np.float32
    assert {c.dtype for c in clf.coefs_} == {np.dtype(np.float32)}


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames(library):
    frames = pytest.importorskip(library)
    names = ["a", "b", "c", "d"]
    X = frames.DataFrame({name: X_IRIS[:, k] for k, name in enumerate(names)})
    clf = small().fit(X, frames.Series(values=Y_IRIS) if library == "polars" else Y_IRIS)
    assert list(clf.feature_names_in_) == names
    np.testing.assert_array_equal(clf.predict(X), small().fit(X_IRIS, Y_IRIS).predict(X_IRIS))
    with pytest.raises(ValueError, match="feature names"):
        clf.predict(X.rename({"a": "z"}) if library == "polars" else X.rename(columns={"a": "z"}))
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        clf.predict(X_IRIS)
    out = clf.set_output(transform=library).transform(X)
    assert list(out.columns) == [f"mlpclassifier{k}" for k in range(6)]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.full((2, 4), np.nan), "Input X contains NaN"),
        (np.full((2, 4), np.inf), "Input X contains infinity"),
        (np.zeros((2, 5)), "X has 5 features, but MLPClassifier is expecting 4"),
        (np.zeros(4), "Expected 2D array, got 1D"),
        (np.zeros((0, 4)), "0 sample"),
    ],
)
def test_the_quick_way_to_predict_loses_no_check(bad, message):
    clf = small().fit(X_IRIS, Y_IRIS)
    with pytest.raises(ValueError, match=message):
        clf.predict(bad)
    with pytest.raises(NotFittedError):
        small().predict(X_IRIS)


@pytest.mark.parametrize("engine", ["native", "blocked", "reference"])
@pytest.mark.parametrize("regression", [False, True])
def test_sparse_rows_are_validated_as_dense_ones_by_every_engine(monkeypatch, engine, regression):
    monkeypatch.setenv("BACKPASS_ENGINE", engine)
    rng = np.random.default_rng(0)
    X = rng.random((200, 12)) * (rng.random((200, 12)) < 0.3)
    make, y = (MLPRegressor, X.sum(axis=1)) if regression else (MLPClassifier, X[:, 0] > X[:, 1])
    settings = {"hidden_layer_sizes": (8,), "early_stopping": True, "max_iter": 5}
    models = [
        make(**settings, random_state=0).fit(rows, y) for rows in (X, scipy.sparse.csr_matrix(X))
    ]
    dense, by_csr = models
    np.testing.assert_allclose(by_csr.theta_, dense.theta_, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(by_csr.validation_scores_, dense.validation_scores_, atol=1e-12)
