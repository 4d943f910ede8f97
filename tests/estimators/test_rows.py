"""The rows that an estimator takes: sparse ones, data frames, precisions."""

from __future__ import annotations

import functools
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import validate_data
from small_estimators import (
    X_DIGITS,
    X_IRIS,
    Y_DIGITS,
    Y_IRIS,
    small,
)

from backpass import MLPClassifier, MLPRegressor
from backpass.estimators import base, rows

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


# What needs no validation: the answers are those of scikit-learn's.

NAMES = ["a", "b", "c", "d"]
FIVE = np.round(X_IRIS[::30], 1)  # (5, 4)


def spoilt(value):
    X = FIVE.copy()
    X[1, 2] = value
    return X


def infinite_both_ways():
    X = spoilt(np.inf)
    X[3, 0] = -np.inf
    return X


def frame(X=FIVE, **columns):
    return pd.DataFrame(X, columns=NAMES).assign(**columns)


UNNAMED = {
    "float64": FIVE,
    "float32": FIVE.astype(np.float32),
    "float16": FIVE.astype(np.float16),
    "long double": FIVE.astype(np.longdouble),
    "big-endian": FIVE.astype(">f4"),
    "by columns": np.asfortranarray(FIVE),
    "every other": X_IRIS[::15, :][::2],
    "integers": FIVE.astype(np.int64),
    "unsigned": FIVE.astype(np.uint8),
    "booleans": FIVE > 2,
    "objects": FIVE.astype(object),
    "text": FIVE.astype(str),
    "complex": FIVE + 1j,
    "dates": FIVE.astype("datetime64[s]"),
    "a matrix": FIVE.view(np.matrix),  # NumPy warns of those that are made otherwise
    "masked": np.ma.masked_array(FIVE, FIVE > 6),
    "CSR": scipy.sparse.csr_matrix(FIVE),
    "a list": FIVE.tolist(),
    "a list of integers": FIVE.astype(int).tolist(),
    "a list of arrays": list(FIVE.astype(np.float32)),
    "a list of text": FIVE.astype(str).tolist(),
    "a list of unlike rows": [[1.0] * 4, [1.0] * 3],
    "a list of nothing": [],
    "a tuple": tuple(map(tuple, FIVE)),
    "NaN": spoilt(np.nan),
    "NaN in a list": spoilt(np.nan).tolist(),
    "infinite": spoilt(np.inf),
    "both infinities": infinite_both_ways(),
    "large": spoilt(1e300),
    "a sum too large": np.full((5, 4), 1e308),
    "a single-precision sum too large": np.full((5, 4), 3e38, np.float32),
    "three columns": FIVE[:, :3],
    "no rows": FIVE[:0],
    "no columns": FIVE[:, :0],
    "one row": FIVE[0],
    "one number": np.float64(1.0),
    "three axes": FIVE[None],
    "a frame": frame(),
    "None": None,
}
NAMED = {
    "a frame": frame(),
    "float32": frame(FIVE.astype(np.float32)),
    "mixed": frame(a=[1, 2, 3, 4, 5]),
    "mixed floats": frame(a=FIVE[:, 0].astype(np.float32)),
    "integers": frame(FIVE.astype(int)),
    "booleans": frame(FIVE > 2),
    "a column of booleans": frame(a=FIVE[:, 0] > 5),
    "nullable": frame().convert_dtypes(),
    "missing": frame(a=pd.array([1, None, 3, 4, 5], dtype="Int64")),
    "categories": frame(a=pd.Categorical([1, 2, 1, 2, 1])),
    "sparse": frame().astype(pd.SparseDtype("float64", 0.0)),
    "objects": frame().astype(object),
    "text": frame(a=list("vwxyz")),
    "dates": frame(a=pd.date_range("2020", periods=5)),
    "NaN": frame(spoilt(np.nan)),
    "infinite": frame(infinite_both_ways()),
    "other names": frame().rename(columns={"a": "z"}),
    "another order": frame()[NAMES[::-1]],
    "one more": frame(e=1.0),
    "one less": frame()[NAMES[:3]],
    "numbered": pd.DataFrame(FIVE),
    "repeated": pd.DataFrame(FIVE, columns=["a", "a", "c", "d"]),
    "no rows": frame()[:0],
    "a series": frame()["a"],
    "a mapping": {name: FIVE[:, k].tolist() for k, name in enumerate(NAMES)},
    "an array": FIVE,
    "a list": FIVE.tolist(),
}
CASES = [("unnamed", name) for name in UNNAMED] + [("named", name) for name in NAMED]


def outcome(act):
    """What comes of it, said or returned."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            got = act()
        except Exception as error:
            got = type(error), str(error)
    return got, [(each.category, str(each.message)) for each in told]


def by_scikit_learn(act, monkeypatch):
    """The same, with nothing taken for plain."""
    with monkeypatch.context() as patch:
        for module in (rows, base):
            patch.setattr(module, "plain_rows", lambda *_: None)
        return outcome(act)


def same_outcome(first, second):
    (got, told), (expected, said) = first, second
    assert told == said
    assert type(got) is type(expected)
    np.testing.assert_equal(got, expected)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("kind", "name"), CASES)
def test_predictions_are_those_of_validated_rows(kind, name, dtype, monkeypatch):
    learnt, asked = (FIVE, UNNAMED) if kind == "unnamed" else (frame(), NAMED)
    clf = small(max_iter=3).fit(learnt.astype(dtype), [0, 1, 2, 0, 1])
    for method in (clf.predict_proba, clf.predict, clf.transform):
        act = functools.partial(method, asked[name])
        same_outcome(outcome(act), by_scikit_learn(act, monkeypatch))


Y_KINDS = {
    "integers": np.array([0, 1, 2, 0, 1]),
    "numbers": FIVE[:, 0].astype(np.float32),
    "columns": FIVE[:, :2],
    "a column": FIVE[:, :1],
    "a list": [0, 1, 2, 0, 1],
    "text": np.array(list("abcab")),
    "objects": np.array(list("abcab"), dtype=object),
    "too few": np.array([0, 1]),
    "NaN": spoilt(np.nan)[:, 2],
    "infinite": spoilt(np.inf)[:, 2],
    "no columns": FIVE[:, :0],
    "three axes": FIVE[None],
    "complex": FIVE[:, 0] + 1j,
    "a number": np.float64(1.0),
    "None": None,
}


@pytest.mark.parametrize(
    ("X", "y"),
    [*((X, "integers") for X in UNNAMED), *(("float64", y) for y in Y_KINDS)],
)
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_what_is_learnt_is_learnt_of_validated_rows(kind, X, y, monkeypatch):
    """A fit, one after named columns, and partial_fit of more rows."""

    def fit(*before):
        model = kind(hidden_layer_sizes=(3,), max_iter=3, random_state=0)
        for table in before:
            model.fit(table, Y_KINDS["integers"])
        model.fit(UNNAMED[X], Y_KINDS[y])
        return known_of(model)

    def partial_fit():
        model = kind(hidden_layer_sizes=(3,), max_iter=1, random_state=0).fit(
            FIVE, Y_KINDS["integers"]
        )
        return known_of(model.partial_fit(UNNAMED[X], Y_KINDS[y]))

    for act in (fit, functools.partial(fit, frame()), partial_fit):
        same_outcome(outcome(act), by_scikit_learn(act, monkeypatch))


def known_of(model):
    names = vars(model).get("feature_names_in_")
    return model.theta_, model.n_features_in_, names, model.theta_.dtype


def test_plain_rows_are_not_validated_twice(monkeypatch):
    """Small calls took longer to be validated than to be computed."""
    validated = []

    def count(*args, **kwargs):
        validated.append(args)
        return validate_data(*args, **kwargs)

    for module in (rows, base):
        monkeypatch.setattr(module, "validate_data", count)
    y = Y_KINDS["integers"]
    for X in (FIVE, FIVE.astype(np.float32), FIVE.tolist()):
        clf = small(max_iter=2).fit(X, y).partial_fit(X, y)
        clf.fit(X, y, X_val=X, y_val=y)
        clf.predict(X), clf.predict(list(X)), clf.predict_proba(list(X[:1]))
        reg = MLPRegressor(hidden_layer_sizes=(3,), max_iter=2)
        reg.fit(X, FIVE[:, :2]).partial_fit(X, FIVE[:, :2])
    assert validated == []
    clf.fit(frame(), y)
    assert len(validated) == 1
    clf.partial_fit(frame(), y)
    clf.predict(frame()), clf.predict_proba(frame()[:1])
    assert len(validated) == 1
    clf.predict(NAMED["sparse"])  # is not made dense
    assert len(validated) == 2
