"""Dask's partitions give the bits of one machine with the same blocks; prediction stays lazy."""

import numpy as np
import pytest
from scipy import sparse

import backpass as bp
from backpass.errors import InvalidInput
from sparse_rows import untidy

da = pytest.importorskip("dask.array")
concatenate_lookup = pytest.importorskip("dask.array.dispatch").concatenate_lookup
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


# --- data frames, however they were made ---------------------------------------------------------

pandas = pytest.importorskip("pandas")
dd = pytest.importorskip("dask.dataframe")
FRAME = pandas.DataFrame(X, columns=list("abcdef"))
METHODS = ["predict", "predict_proba", "predict_log_proba", "decision_function", "transform"]


def frames(folder):
    """Frames of known and unknown divisions, of partitions that are empty, from files and parts."""
    whole = dd.from_pandas(FRAME, npartitions=4)
    FRAME.to_parquet(folder / "t.parquet", row_group_size=60)
    FRAME.to_csv(folder / "t.csv", index=False)
    return {
        "from_pandas": whole,
        "filtered": whole[whole.a > 0],
        "empty partitions": whole.map_partitions(lambda part: part[part.index > 120]),
        "concat": dd.concat([whole, whole]),
        "map_partitions": whole.map_partitions(lambda part: part),
        "read_parquet": dd.read_parquet(folder / "t.parquet"),
        "read_csv": dd.read_csv(folder / "t.csv", blocksize=4000),
        "from_delayed": dd.from_delayed(whole.to_delayed()),
        "repartitioned": whole.repartition(npartitions=3),
        "float32": whole.astype("float32"),
    }


@pytest.mark.parametrize("method", METHODS)
def test_a_data_frame_is_predicted_by_partitions_however_it_was_made(method, tmp_path):
    model = bp.MLPClassifier(**SETTINGS).fit(FRAME, K)
    for name, lazy_frame in frames(tmp_path).items():
        lazy, in_memory = getattr(model, method)(lazy_frame), lazy_frame.compute()
        expected = getattr(model, method)(in_memory)
        assert isinstance(lazy, da.Array), name
        assert lazy.dtype == expected.dtype
        assert lazy.ndim == expected.ndim
        answers = lazy.compute()
        np.testing.assert_allclose(answers, expected, rtol=1e-12, err_msg=name)
        assert answers.dtype == expected.dtype


def test_a_regressor_and_several_outputs(tmp_path):
    y = np.stack([X[:, 0], X[:, 1]], axis=1)
    several = bp.MLPRegressor(**SETTINGS).fit(FRAME, y)
    labels = bp.MLPClassifier(**SETTINGS).fit(FRAME, np.stack([K, K % 2], axis=1))
    for frame in frames(tmp_path).values():
        in_memory = frame.compute()
        for model in (several, labels):
            np.testing.assert_allclose(model.predict(frame).compute(), model.predict(in_memory))
        parts, expected = labels.predict_proba(frame), labels.predict_proba(in_memory)
        for part, whole in zip(parts, expected, strict=True):
            np.testing.assert_allclose(part.compute(), whole)


def test_nothing_is_computed_before_it_is_asked_for():
    model, calls = bp.MLPClassifier(**SETTINGS).fit(FRAME, K), []
    frame = dd.from_pandas(FRAME, npartitions=4)
    watched = frame.map_partitions(lambda part: calls.append(1) or part, meta=frame._meta)
    lazy = [getattr(model, method)(watched) for method in METHODS]
    score = model.score(watched, frame.a.map_partitions(np.sign, meta=("y", float)))
    assert not calls
    lazy[0].compute()
    assert len(calls) == 4
    score.compute()
    assert len(calls) == 8


def test_names_are_looked_at_when_the_prediction_is_asked_for():
    model = bp.MLPClassifier(**SETTINGS).fit(FRAME, K)
    frame = dd.from_pandas(FRAME, npartitions=2)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.rename(columns={"a": "z"}))
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[list("bacdef")])
    with pytest.raises(ValueError, match="features"):
        bp.MLPClassifier(**SETTINGS).fit(X, K).predict(cut(X[:, :5]))


@pytest.mark.parametrize("weighted", [False, True])
def test_scores_of_frames_of_unknown_length(weighted):
    whole = dd.from_pandas(FRAME.assign(k=K, t=X[:, 0] - X[:, 1], w=w), npartitions=4)
    some = whole[whole.b > 0]
    X_some, in_memory = some[list("abcdef")], some.compute()
    weights = {"sample_weight": some.w} if weighted else {}
    theirs = {"sample_weight": in_memory.w} if weighted else {}
    classifier = bp.MLPClassifier(**SETTINGS).fit(FRAME, K)
    regressor = bp.MLPRegressor(**SETTINGS).fit(FRAME, X[:, 0] - X[:, 1])
    for model, target in ((classifier, "k"), (regressor, "t")):
        lazy = model.score(X_some, some[target], **weights)
        expected = model.score(in_memory[list("abcdef")], in_memory[target], **theirs)
        assert float(lazy.compute()) == pytest.approx(expected, rel=1e-9)
    with pytest.raises(InvalidInput, match="X has 4 partitions, but y has 3"):
        classifier.score(X_some, some.k.repartition(npartitions=3))
    with pytest.raises(InvalidInput, match="so y must be one, too"):
        classifier.score(X_some, in_memory.k)
    with pytest.raises(InvalidInput, match="A partition of X has"):
        classifier.score(X_some, whole.k).compute()


def test_arrays_of_unknown_length():
    model = bp.MLPClassifier(**SETTINGS).fit(X, K)
    unknown = dd.from_pandas(FRAME, npartitions=4).to_dask_array()
    for method in METHODS:
        lazy = getattr(model, method)(unknown)
        np.testing.assert_allclose(lazy.compute(), getattr(model, method)(X), rtol=1e-12)


# Sparse partitions.


def sparse_parts(array, kind, columns=6):
    """A Dask array whose chunks are sparse, perhaps of several to a row."""
    joins = concatenate_lookup.dispatch
    if joins(kind) is joins(object):
        pytest.skip(f"this Dask does not join chunks of {kind.__name__}")
    chunks = (SIZES, (columns,) * (array.shape[1] // columns))
    return da.from_array(array, chunks=chunks).map_blocks(kind)


@pytest.fixture
def few(rng):
    return untidy(rng, (210, 6), filled=0.1).toarray()


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csr_array, sparse.csc_array])
@pytest.mark.parametrize("columns", [6, 2])
@pytest.mark.parametrize("solver", ["lbfgs", "sgd"])
def test_sparse_partitions_are_trained_on_as_sparse_blocks(solver, columns, kind, few):
    blocks = bp.ArrayBlocks(sparse.csr_array(few), K, rows=[size for size in SIZES if size])
    assert next(blocks.read(0)).X.format == "csr"
    ours = bp.MLPClassifier(solver=solver, **SETTINGS).fit(blocks)
    theirs = bp.MLPClassifier(solver=solver, **SETTINGS)
    theirs.fit(sparse_parts(few, kind, columns), cut(K))
    np.testing.assert_array_equal(ours.theta_, theirs.theta_)


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_array])
@pytest.mark.parametrize("columns", [6, 3])
def test_sparse_partitions_are_predicted_as_they_are(columns, kind, few):
    model = bp.MLPClassifier(**SETTINGS).fit(X, K)
    rows = sparse_parts(few, kind, columns)
    for name in ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform"):
        answer = getattr(model, name)(rows)
        np.testing.assert_allclose(answer.compute(), getattr(model, name)(few), atol=1e-12)
    assert float(model.score(rows, cut(K)).compute()) == pytest.approx(model.score(few, K))


def test_a_checkpoint_knows_sparse_partitions_by_their_content(few, tmp_path):
    path = tmp_path / "half.checkpoint"

    def stop(progress):
        if progress.epoch == 2:
            raise KeyboardInterrupt

    def fit(rows, **how):
        clf = bp.MLPClassifier(solver="lbfgs", checkpoint=path, every=1, **SETTINGS, **how)
        return clf.fit(sparse_parts(rows, sparse.csr_matrix), cut(K))

    with pytest.warns(UserWarning, match="interrupted"):
        fit(few, callbacks=stop)
    other = few.copy()
    other[3, 2] += 1
    with pytest.raises(InvalidInput, match="data"):
        fit(other)
    whole = bp.MLPClassifier(solver="lbfgs", **SETTINGS)
    whole.fit(sparse_parts(few, sparse.csr_matrix), cut(K))
    np.testing.assert_array_equal(fit(few).theta_, whole.theta_)
