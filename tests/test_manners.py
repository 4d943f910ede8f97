"""The estimators take what scikit-learn's users hand over, or refuse it by name."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import scipy.sparse
from sklearn.datasets import make_multilabel_classification
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import backpass as bp
from backpass.errors import InvalidInput

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(5)
X = RNG.normal(size=(60, 4))
K = RNG.integers(0, 3, 60)
TWO = np.stack([K, K == 1], axis=1)
SMALL = {"hidden_layer_sizes": (5,), "max_iter": 4, "random_state": 0}
FAR = np.array([[0.0, 1e300, 0.0, 0.0]])


def classifier(**parameters):
    return bp.MLPClassifier(**{**SMALL, **parameters})


def regressor(**parameters):
    return bp.MLPRegressor(**{**SMALL, **parameters})


# Precision.

GO_ON = {
    "partial_fit": lambda model, X, y: model.partial_fit(X, y),
    "warm start": lambda model, X, y: model.set_params(warm_start=True, max_iter=1).fit(X, y),
    "blocks": lambda model, X, y: model.set_params(warm_start=True, max_iter=1).fit(
        bp.ArrayBlocks(X, y, rows=25)
    ),
    "CSR": lambda model, X, y: model.partial_fit(scipy.sparse.csr_array(X), y),
}


@pytest.mark.parametrize("way", GO_ON)
@pytest.mark.parametrize("make", [classifier, regressor])
@pytest.mark.parametrize(
    ("first", "later"), [("f8", "f4"), ("f4", "f8"), ("f8", "f2"), ("f8", "i4")]
)
def test_weights_keep_their_precision(make, first, later, way):
    if (way, later) == ("CSR", "f2"):
        pytest.skip("SciPy has no sparse matrices of halves")
    y = K if make is classifier else X[:, 0]
    model = make(learning_rate_init=1e-15).fit(X.astype(first), y)
    before = model.theta_.copy()
    GO_ON[way](model, X.astype(later), y)
    assert model.theta_.dtype == first
    assert np.abs(model.theta_ - before).max() < 1e-12
    assert model.predict(X.astype(later)).shape == y.shape


def test_a_validation_set_of_another_precision():
    for one, other in (("f4", "f8"), ("f8", "f4")):
        model = classifier().fit(X.astype(one), K, X_val=X.astype(other), y_val=K)
        assert model.theta_.dtype == one
        assert model.validation_scores_[-1] == model.score(X.astype(other), K)


@pytest.mark.parametrize("rows", [FAR, scipy.sparse.csr_array(FAR)], ids=["dense", "CSR"])
def test_what_the_weights_precision_cannot_hold_is_refused(rows):
    model = classifier().fit(X.astype("f4"), K)
    for use in (model.predict, model.predict_proba, lambda X: model.partial_fit(X, [0])):
        with pytest.raises(InvalidInput, match="too large for float32"):
            use(rows)


# Weights of rows and classes.


@pytest.mark.parametrize("number", [2.0, 2, np.float32(2), np.array(2.0)])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_number_weighs_every_row(number, solver):
    each = np.full(60, 2.0)
    for make, y in ((classifier, K), (regressor, X[:, 0])):
        one, other = (make(solver=solver).fit(X, y, sample_weight=w) for w in (number, each))
        np.testing.assert_array_equal(one.theta_, other.theta_)
        assert one.score(X, y, sample_weight=number) == one.score(X, y)
        if solver == "adam":
            one, other = (m.partial_fit(X, y, w) for m, w in ((one, number), (other, each)))
            np.testing.assert_array_equal(one.theta_, other.theta_)


@pytest.mark.parametrize("make", [classifier, regressor])
def test_validation_scores_look_at_the_weights_of_their_rows(make):
    y, w = (K if make is classifier else X[:, 0]), np.zeros(60)
    w[:20] = 1
    model = make(early_stopping=True, max_iter=15).fit(X, y, X_val=X, y_val=y, sample_weight_val=w)
    alone = make(early_stopping=True, max_iter=15).fit(X, y, X_val=X[:20], y_val=y[:20])
    np.testing.assert_allclose(model.validation_scores_, alone.validation_scores_, rtol=1e-12)
    assert model.best_validation_score_ == pytest.approx(model.score(X[:20], y[:20]), rel=1e-9)
    assert model.best_validation_score_ == pytest.approx(model.score(X, y, w), rel=1e-9)
    assert model.score(X, y, w) != model.score(X, y)


def test_classes_of_several_outputs_weigh():
    weights = [{0: 1.0, 1: 2.0, 2: 3.0}, {0: 1.0, 1: 5.0}]
    w = np.array([1.0, 2.0, 3.0])[K] * np.where(K == 1, 5, 1)
    fits = [
        classifier(class_weight=weights).fit(X, TWO),
        classifier().fit(X, TWO, sample_weight=w),
    ]
    np.testing.assert_array_equal(*(model.theta_ for model in fits))
    streams = [
        classifier(class_weight=weights).partial_fit(X, TWO, classes=[[0, 1, 2], [0, 1]]),
        classifier().partial_fit(X, TWO, w, classes=[[0, 1, 2], [0, 1]]),
    ]
    np.testing.assert_array_equal(*(model.theta_ for model in streams))
    with pytest.raises(ValueError, match="balanced"):
        classifier(class_weight=["balanced", {}]).partial_fit(X, TWO, classes=[[0, 1, 2], [0, 1]])


# Classes.


def test_a_stream_of_several_outputs():
    model = classifier(max_iter=1, shuffle=False)
    model.partial_fit(X[:3], TWO[:3], classes=[[0, 1, 2], [0, 1]])
    model.partial_fit(X, TWO)
    assert model.predict(X).shape == (60, 2)
    assert [P.shape[1] for P in model.predict_proba(X)] == [3, 2]
    with pytest.raises(ValueError, match="is not the same as on last call"):
        model.partial_fit(X, TWO, classes=[[0, 1], [0, 1]])
    with pytest.raises(InvalidInput, match="y has 1 column, but the classes are of 2 outputs"):
        model.partial_fit(X, K)
    with pytest.raises(InvalidInput, match="y has 2 columns, but the classes are of 1 output"):
        classifier().partial_fit(X, TWO, classes=[0, 1, 2])
    model.partial_fit(X, TWO, classes=[[0, 1, 2], [0, 1]])


def test_labels_of_another_kind_are_not_the_first_class():
    model = classifier().fit(X, np.array(["0", "1", "2"])[K])
    for again in (model.partial_fit, model.set_params(warm_start=True).fit):
        with pytest.raises(ValueError, match="classes"):
            again(X, K)


@pytest.mark.parametrize("kind", [scipy.sparse.csr_matrix, scipy.sparse.csc_array])
def test_sparse_indicators(kind):
    X, Y = make_multilabel_classification(60, random_state=1)
    dense, thin = (classifier().fit(X, y) for y in (Y, kind(Y)))
    np.testing.assert_array_equal(thin.theta_, dense.theta_)
    loaded = pickle.loads(pickle.dumps(thin))
    assert scipy.sparse.issparse(loaded.predict(X))
    stream = classifier().partial_fit(X, kind(Y), classes=np.arange(5))
    np.testing.assert_array_equal(
        stream.theta_, classifier().partial_fit(X, Y, classes=np.arange(5)).theta_
    )
    with pytest.raises(InvalidInput, match="sparse"):
        regressor().fit(X, kind(Y))


@pytest.mark.parametrize(
    "labels", [[2**60, 2**60 + 1, -1], ["02139", "2139", "1_2"], [2**70, 0, 1]]
)
def test_labels_survive_every_door(labels, tmp_path):
    y = [labels[k] for k in K]
    model = classifier().fit(X, y)
    expected = model.predict(X)
    assert set(expected.tolist()) <= set(labels)
    bp.save(model, tmp_path / "model")
    for same in (pickle.loads(pickle.dumps(model)), bp.load(tmp_path / "model")):
        assert same.predict(X).tolist() == expected.tolist()
        assert same.predict(X).dtype == expected.dtype
        assert same.score(X, y) == model.score(X, y)
    assert classifier().partial_fit(X, y, classes=labels).classes_.tolist() == sorted(labels)


# Sizes, weights that are assigned, inputs as activations.


@pytest.mark.parametrize(
    "sizes", [(5.7,), 5.0, (True,), True, ["5"], (5, None), [[5]], np.array([2.0])]
)
def test_sizes_are_integers(sizes):
    with pytest.raises(ValueError, match="hidden_layer_sizes"):
        classifier(hidden_layer_sizes=sizes).fit(X, K)


@pytest.mark.parametrize("sizes", [(0,), (-3, 2), -1, np.array([0])])
def test_sizes_are_positive(sizes):
    with pytest.raises(ValueError, match="hidden_layer_sizes"):
        classifier(hidden_layer_sizes=sizes).fit(X, K)


@pytest.mark.parametrize("sizes", [7, np.int64(7), [7], np.array([7]), np.array(7), (np.int8(7),)])
def test_sizes_may_be_any_integers(sizes):
    assert classifier(hidden_layer_sizes=sizes).fit(X, K).net_.sizes == (4, 7, 3)


def test_weights_are_assigned_together_and_fit():
    W, b = [np.ones((4, 5)), np.ones((5, 3))], [np.ones(5), np.ones(3)]
    for name, other, value in (("coefs_", "intercepts_", W), ("intercepts_", "coefs_", b)):
        for begin in (lambda m: m.fit(X, K), lambda m: m.partial_fit(X, K, classes=[0, 1, 2])):
            model = classifier(warm_start=True)
            setattr(model, name, value)
            with pytest.raises(InvalidInput, match=f"{name} is assigned, but {other} is not"):
                begin(model)
    for wrong, message in (
        ([W[0].T, W[1]], r"coefs_\[0\] has the shape \(5, 4\), but .* needs \(4, 5\)"),
        (W[:1], r"coefs_ has 1 arrays, but .* has 2"),
    ):
        model = classifier(warm_start=True)
        model.coefs_, model.intercepts_ = wrong, b
        with pytest.raises(InvalidInput, match=message):
            model.fit(X, K)
    model = classifier(warm_start=True, learning_rate_init=1e-12)
    model.coefs_, model.intercepts_ = [w.astype(int) for w in W], b
    np.testing.assert_allclose(model.fit(X.astype("f4"), K).coefs_[0], 1, atol=1e-9)


def test_inputs_are_the_activations_before_the_outputs_where_nothing_is_hidden():
    pandas = pytest.importorskip("pandas")
    model = classifier(hidden_layer_sizes=()).fit(X, K)
    np.testing.assert_array_equal(model.transform(X), X)
    np.testing.assert_array_equal(classifier().fit(X, K).transform(X, layer=1), X)
    names = model.get_feature_names_out().tolist()
    assert names == [f"mlpclassifier{k}" for k in range(4)]
    other = classifier(hidden_layer_sizes=())
    frame = make_pipeline(StandardScaler(), other).set_output(transform="pandas").fit(X, K)
    assert isinstance(frame.transform(X), pandas.DataFrame)
    with pytest.raises(InvalidInput, match="no hidden layer"):
        model.transform(X, layer=2)


def test_dates_are_no_numbers_to_learn():
    days = np.datetime64("2020-01-01") + np.arange(60)
    for y in (days, days - days[0], days.astype(object)):
        with pytest.raises(InvalidInput, match="dates or times"):
            regressor().fit(X, y)
        with pytest.raises(InvalidInput, match="dates or times"):
            regressor().fit(X, X[:, 0], X_val=X, y_val=y)
        with pytest.raises(InvalidInput, match="dates or times"):
            regressor().partial_fit(X, y)


# Rows of every kind.

ROWS = {
    "list": np.ndarray.tolist,
    "Fortran": np.asfortranarray,
    "big-endian": lambda X: X.astype(">f8"),
    "read-only": lambda X: np.frombuffer(X.tobytes()).reshape(X.shape),
    "strided": lambda X: np.repeat(np.repeat(X, 2, axis=0), 3, axis=1)[::2, ::3],
    "backwards": lambda X: X[::-1].copy()[::-1],
    "object": lambda X: X.astype(object),
    **{
        kind: lambda X, kind=kind: scipy.sparse.coo_array(X).asformat(kind)
        for kind in ("coo", "csr", "csc", "lil", "dok", "dia", "bsr")
    },
}


@pytest.mark.parametrize("kind", ROWS)
def test_rows_of_every_kind(kind, tmp_path):
    model, rows = classifier().fit(X, K), ROWS[kind](X)
    other = classifier().fit(rows, K)
    np.testing.assert_allclose(other.theta_, model.theta_, rtol=1e-9, atol=1e-12)
    for name in ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform"):
        answer, expected = getattr(model, name)(rows), getattr(model, name)(X)
        np.testing.assert_allclose(answer, expected, rtol=1e-9, atol=1e-12)
    assert model.score(rows, K) == model.score(X, K)
    model.partial_fit(rows, K)


@pytest.mark.parametrize(
    "bad", [X[:0], X[0], X * 1j, np.full((2, 4), np.nan), X[:, :3], [["a"] * 4], X[None]]
)
def test_rows_that_are_none_are_refused_by_every_method(bad):
    model = classifier().fit(X, K)
    for name in ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform"):
        with pytest.raises(ValueError):
            getattr(model, name)(bad)


# Rows in blocks.


@pytest.mark.parametrize(
    "y",
    [
        TWO,
        np.stack([K > 0, K == 1], axis=1).astype(int),
        scipy.sparse.csr_array(np.stack([K > 0, K == 1], axis=1).astype(int)),
        K[:, None],
        np.array(["b", "a", "c"], dtype=object)[K],
        np.stack([np.array(["b", "a", "c"], dtype=object)[K], K.astype(object)], axis=1),
    ],
    ids=["several", "indicators", "sparse", "column", "text", "mixed"],
)
def test_targets_of_blocks_are_those_in_memory(y):
    options = {"solver": "lbfgs", "max_iter": 3}
    dense = y.toarray() if scipy.sparse.issparse(y) else y
    whole = classifier(**options).fit(X, dense[:, 0] if dense.shape[1:] == (1,) else dense)
    parts = classifier(**options).fit(bp.ArrayBlocks(X, y, rows=25))
    np.testing.assert_allclose(parts.theta_, whole.theta_, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(parts.predict(X), whole.predict(X))
    assert parts.predict(X).dtype == whole.predict(X).dtype


def test_a_number_weighs_every_row_of_blocks():
    options = {"solver": "lbfgs", "max_iter": 3, "alpha": 5.0}
    each = classifier(**options).fit(bp.ArrayBlocks(X, K, np.full(60, 3.0), rows=25))
    for number in (3, np.array(3.0)):
        one = classifier(**options).fit(bp.ArrayBlocks(X, K, number, rows=25))
        np.testing.assert_array_equal(one.theta_, each.theta_)


def test_dask_answers_by_partitions():
    dask_array = pytest.importorskip("dask.array")
    rows = dask_array.from_array(X, chunks=(25, 4))
    numbers = dask_array.from_array(TWO, chunks=(25, 2))
    w = RNG.random(60)
    weights = dask_array.from_array(w, chunks=25)
    several = classifier().fit(X, TWO)
    for name in ("predict_proba", "predict_log_proba"):
        for lazy, known in zip(getattr(several, name)(rows), getattr(several, name)(X)):
            np.testing.assert_allclose(lazy.compute(), known, rtol=1e-12)
    np.testing.assert_allclose(several.decision_function(rows), several.decision_function(X))
    assert float(several.score(rows, numbers)) == pytest.approx(several.score(X, TWO))
    assert float(several.score(rows, numbers, weights)) == pytest.approx(several.score(X, TWO, w))
    two = regressor().fit(X, X[:, :2])
    y = dask_array.from_array(X[:, :2], chunks=(25, 2))
    assert float(two.score(rows, y, weights)) == pytest.approx(two.score(X, X[:, :2], w))
    for number in (3.0, np.array(3.0)):
        fit = regressor(solver="lbfgs", alpha=5.0).fit(rows, rows[:, 0], number)
        known = regressor(solver="lbfgs", alpha=5.0).fit(X, X[:, 0], number)
        np.testing.assert_allclose(fit.theta_, known.theta_, rtol=1e-6, atol=1e-9)
