"""Dask's partitions give the bits of one machine with the same blocks; prediction stays lazy."""

import numpy as np
import pytest

import backpass as bp
from backpass.errors import InvalidInput

da = pytest.importorskip("dask.array")
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

RNG = np.random.default_rng(3)
X = RNG.normal(size=(210, 6))
K = (X[:, :3] + 0.1 * RNG.normal(size=(210, 3))).argmax(axis=1)
w = RNG.random(210)
SIZES = (50, 60, 0, 70, 30)
SETTINGS = {"hidden_layer_sizes": (9,), "max_iter": 5, "random_state": 0, "alpha": 0.1}


def cut(array):
    return da.from_array(array, chunks=(SIZES, *((size,) for size in array.shape[1:])))


@pytest.mark.parametrize("solver", ["lbfgs", "cg", "gd", "adam"])
@pytest.mark.parametrize("weights", [None, w])
def test_the_bits_of_one_machine(solver, weights):
    blocks = bp.ArrayBlocks(X, K, weights, rows=[size for size in SIZES if size])
    ours = bp.MLPClassifier(solver=solver, **SETTINGS).fit(blocks)
    dask_weights = None if weights is None else cut(weights)
    theirs = bp.MLPClassifier(solver=solver, **SETTINGS).fit(cut(X), cut(K), dask_weights)
    np.testing.assert_array_equal(ours.theta_, theirs.theta_)


def test_data_frames():
    pandas = pytest.importorskip("pandas")
    dd = pytest.importorskip("dask.dataframe")
    frame = pandas.DataFrame(X, columns=list("abcdef")).assign(y=K)
    ddf = dd.from_pandas(frame, npartitions=4)
    model = bp.MLPClassifier(solver="lbfgs", **SETTINGS).fit(ddf[list("abcdef")], ddf["y"])
    whole = bp.MLPClassifier(solver="lbfgs", **SETTINGS).fit(frame[list("abcdef")], K)
    assert np.linalg.norm(model.theta_ - whole.theta_) <= 1e-9 * np.linalg.norm(whole.theta_)
    assert model.feature_names_in_.tolist() == list("abcdef")


def test_prediction_is_lazy():
    model = bp.MLPClassifier(**SETTINGS).fit(X, K)
    calls = []
    source = cut(X).map_blocks(lambda part: calls.append(len(part)) or part, dtype=float)
    calls.clear()
    labels, probabilities = model.predict(source), model.predict_proba(source)
    score = model.score(source, cut(K))
    assert not calls
    np.testing.assert_array_equal(labels.compute(), model.predict(X))
    np.testing.assert_array_equal(probabilities.compute(), model.predict_proba(X))
    assert float(score.compute()) == model.score(X, K)
    assert calls


def test_lazy_r_squared():
    y = X[:, 0] - X[:, 1]
    model = bp.MLPRegressor(**SETTINGS).fit(cut(X), cut(y))
    assert float(model.score(cut(X), cut(y)).compute()) == pytest.approx(model.score(X, y))


def test_what_does_not_fit():
    with pytest.raises(InvalidInput, match="so y must be one, too"):
        bp.MLPClassifier(**SETTINGS).fit(cut(X), K)
    with pytest.raises(InvalidInput, match="X has 210 rows, but y has 110"):
        bp.MLPClassifier(**SETTINGS).fit(cut(X), cut(K)[:110])
    bad = X.copy()
    bad[120, 2] = np.nan
    with pytest.raises(InvalidInput, match="1 NaN"):
        bp.MLPClassifier(solver="lbfgs", **SETTINGS).fit(cut(bad), cut(K))
