"""Sparse rows through every door of an estimator: as if dense, never made so, and unchanged."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from small_estimators import SOLVERS, interrupt

import backpass as bp
from backpass.engine import native
from sparse_rows import ONLY_LINUX, parts_of, told, untidy

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore:Training interrupted"
)

RNG = np.random.default_rng(7)
K = RNG.integers(0, 3, 160)
LABELS = np.array(["x", "y", "z"])[K]
WEIGHTS = RNG.random(160)
ENGINES = ["native", "blocked", "reference"]


def rows(indices=np.int32, kind=scipy.sparse.csr_matrix):
    return untidy(np.random.default_rng(1), (160, 12), 0.3, kind, indices)


SPARSE = rows()
DENSE = SPARSE.toarray()


def small(**parameters):
    settings = {"hidden_layer_sizes": (7,), "activation": "tanh", "max_iter": 4, "random_state": 0}
    return bp.MLPClassifier(**(settings | parameters))


def alike(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)


def theta_of_both(fit):
    """What a way to train makes of the rows, sparse and dense."""
    alike(fit(SPARSE).theta_, fit(DENSE).theta_)


# Adam divides by the root of D²: where rounding leaves a D that is nothing, its step is large.
RULES = [solver for solver in SOLVERS if solver != "adam"]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("solver", RULES)
def test_every_solver(engine, solver, monkeypatch):
    monkeypatch.setenv("BACKPASS_ENGINE", engine)
    theta_of_both(lambda X: small(solver=solver).fit(X, LABELS))


WAYS = {
    "weights": lambda X: small(solver="sgd", class_weight="balanced").fit(X, LABELS, WEIGHTS),
    "dropout": lambda X: small(solver="sgd", dropout=0.2).fit(X, LABELS),
    "early stopping": lambda X: small(solver="sgd", early_stopping=True).fit(X, LABELS),
    "own validation rows": lambda X: small(solver="sgd", early_stopping=True).fit(
        X[:100], LABELS[:100], X_val=X[100:], y_val=LABELS[100:]
    ),
    "warm start": lambda X: small(solver="sgd", warm_start=True).fit(X, LABELS).fit(X, LABELS),
    "several starts": lambda X: small(solver="sgd", n_init=2).fit(X, LABELS),
    "partial_fit": lambda X: (
        small(solver="sgd")
        .partial_fit(X[:90], LABELS[:90], classes=["x", "y", "z"])
        .partial_fit(X[90:], LABELS[90:])
    ),
    "no hidden layer": lambda X: small(solver="sgd", hidden_layer_sizes=()).fit(X, LABELS),
    "full batches": lambda X: small(solver="sgd", batch_size=160).fit(X, LABELS),
    "numbers": lambda X: bp.MLPRegressor(
        hidden_layer_sizes=(7,), solver="sgd", max_iter=4, random_state=0
    ).fit(X, DENSE[:, 0]),
    "own function": lambda X: small(
        activation=bp.Activation("cube", lambda z: z**3, lambda z: 3 * z**2), solver="sgd"
    ).fit(X, LABELS),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_train(engine, way, monkeypatch):
    monkeypatch.setenv("BACKPASS_ENGINE", engine)
    theta_of_both(WAYS[way])


ANSWERS = ("predict_proba", "predict_log_proba", "decision_function", "transform")


@pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning")  # many diagonals
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.bool_])
@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
def test_every_answer_to_every_format(engine, form, dtype, monkeypatch):
    monkeypatch.setenv("BACKPASS_ENGINE", engine)
    model = small().fit(DENSE, LABELS)
    for kind in (scipy.sparse.coo_matrix, scipy.sparse.coo_array):
        X = kind(DENSE.astype(dtype)).asformat(form)
        dense = X.toarray()
        np.testing.assert_array_equal(model.predict(X), model.predict(dense))
        for name in ANSWERS:
            answer = getattr(model, name)(X)
            assert type(answer) is np.ndarray
            alike(answer, getattr(model, name)(dense))
        assert model.score(X, LABELS) == model.score(dense, LABELS)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", [scipy.sparse.csr_matrix, scipy.sparse.csr_array])
@pytest.mark.parametrize("indices", [np.int32, np.int64])
def test_the_callers_matrix_stays_as_it_is(engine, indices, kind, monkeypatch):
    """Repeated and unsorted entries are summed as SciPy does, in nobody's own arrays."""
    monkeypatch.setenv("BACKPASS_ENGINE", engine)
    X = rows(indices, kind)
    before = parts_of(X)
    model = small(early_stopping=True).fit(X, LABELS)
    alike(model.predict_proba(X), model.predict_proba(DENSE))
    small(solver="lbfgs").fit(X, LABELS)
    small().partial_fit(X, LABELS, classes=["x", "y", "z"])
    for after, part in zip(parts_of(X), before):
        np.testing.assert_array_equal(after, part)
        assert after.dtype == part.dtype


def unaligned(part):
    """A copy that begins at an odd address, as what comes over a wire may."""
    there = np.empty(part.nbytes + 1, np.uint8)[1:]
    there[:] = part.view(np.uint8)
    return there.view(part.dtype)


def read_only(part):
    copy = part.copy()
    copy.flags.writeable = False
    return copy


FORMS = {
    "read-only": lambda parts: map(read_only, parts),
    "unaligned": lambda parts: map(unaligned, parts),
    "strided": lambda parts: (np.repeat(part, 2)[::2] for part in parts),
    "wide starts": lambda parts: (*parts[:2], parts[2].astype(np.int64)),
    "wide columns": lambda parts: (parts[0], parts[1].astype(np.int64), parts[2]),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("form", FORMS)
def test_arrays_as_they_lie(engine, form, monkeypatch):
    monkeypatch.setenv("BACKPASS_ENGINE", engine)
    tidy = SPARSE.copy()
    tidy.sum_duplicates()
    for whole in (SPARSE, tidy):
        X = whole.copy()
        X.data, X.indices, X.indptr = FORMS[form](parts_of(whole))
        model = small(solver="sgd").fit(X, LABELS)
        alike(model.theta_, small(solver="sgd").fit(DENSE, LABELS).theta_)
        alike(model.predict_proba(X), model.predict_proba(DENSE))


def test_a_critical_point_of_sparse_rows():
    described = [
        small(solver="lbfgs", alpha=1.0, max_iter=300).fit(X, LABELS).critical_point_
        for X in (SPARSE, DENSE)
    ]
    assert described[0].finding is described[1].finding
    ours, theirs = (each.largest_curvature for each in described)
    assert ours == pytest.approx(theirs, rel=1e-4)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_checkpoint_of_sparse_rows_goes_on(solver, tmp_path):
    path = tmp_path / "half.checkpoint"
    small(solver=solver, checkpoint=path, every=1, callbacks=interrupt).fit(SPARSE, LABELS)
    on = small(solver=solver, checkpoint=path, every=1).fit(SPARSE, LABELS)
    np.testing.assert_array_equal(on.theta_, small(solver=solver).fit(SPARSE, LABELS).theta_)


def test_a_file_and_a_graph_of_a_model_of_sparse_rows(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    model = small().fit(SPARSE, LABELS)
    bp.save(model, tmp_path / "m.backpass")
    loaded = bp.load(tmp_path / "m.backpass")
    np.testing.assert_array_equal(loaded.predict_proba(SPARSE), model.predict_proba(SPARSE))
    bp.to_onnx(model, tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx")
    name, kind = session.get_inputs()[0].name, session.get_inputs()[0].type
    given = DENSE.astype(np.float64 if "double" in kind else np.float32)
    labels = session.run(None, {name: given})[0]
    np.testing.assert_array_equal(labels, model.predict(SPARSE))


# In the places where others put an estimator.

TEXTS = ["the cat sat", "a dog ran", "cats and dogs", "the dog sat", "a cat and a dog"] * 8
KINDS = [0, 1, 0, 1, 1] * 8


@pytest.mark.parametrize(
    "before",
    [
        TfidfVectorizer(),
        HashingVectorizer(n_features=2**18),
        make_pipeline(TfidfVectorizer(), StandardScaler(with_mean=False)),
    ],
    ids=["tfidf", "hashed", "scaled"],
)
def test_texts(before):
    model = make_pipeline(before, small(max_iter=60, learning_rate_init=0.05))
    assert model.fit(TEXTS, KINDS).score(TEXTS, KINDS) == 1.0


def test_categories():
    cells = pd.DataFrame({"a": list("xyz") * 20, "b": list("uv") * 30})
    y = (cells["a"] == "x") & (cells["b"] == "u")
    model = make_pipeline(OneHotEncoder(), small(max_iter=200, learning_rate_init=0.05))
    assert model.fit(cells, y).score(cells, y) == 1.0


def test_a_frame_of_sparse_columns():
    frame = pd.get_dummies(pd.DataFrame({"a": list("xyz") * 20, "b": list("uv") * 30}), sparse=True)
    y = np.arange(60) % 3
    ours = small(solver="sgd").fit(frame.astype(pd.SparseDtype("float64", 0.0)), y)
    theirs = small(solver="sgd").fit(frame.to_numpy(dtype=float), y)
    alike(ours.theta_, theirs.theta_)
    assert list(ours.feature_names_in_) == list(frame.columns)


def test_calibration_and_cross_validation():
    for wrapped in (
        lambda X: CalibratedClassifierCV(small(solver="sgd"), cv=3).fit(X, K).predict_proba(X),
        lambda X: cross_val_predict(small(solver="sgd"), X, K, cv=3, method="predict_proba"),
    ):
        alike(wrapped(SPARSE), wrapped(DENSE))


@pytest.mark.parametrize("kind", ["csr", "csc"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(kind, value):
    X = scipy.sparse.csr_array(DENSE).asformat(kind)
    X.data[3] = value
    model = small().fit(DENSE, LABELS)
    for use in (lambda: small().fit(X, LABELS), lambda: model.predict(X)):
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            use()


# Memory.

WIDE = """
import os, tempfile
os.environ["BACKPASS_ENGINE"] = {engine!r}
folder = tempfile.mkdtemp()

def clf(**how):
    return bp.MLPClassifier((4,), "tanh", **{{"max_iter": 2, "random_state": 0, **how}})

def doors(X, y):
    net = bp.Network((X.shape[1], 4, 2), "tanh", "log_loss")
    theta, Y, model = bp.init_theta(net), np.eye(2)[y], clf().fit(X, y)
    half = len(y) // 2
    return {{
{doors}
    }}

def refused(X, y):
    "The doors that ask for more memory than there is."
    names = []
    for name, door in doors(X, y).items():
        try:
            door()
        except MemoryError:
            names.append(name)
    return names

assert refused(*text(60, 50, 5)) == []
X, y = text(1000, 100_000, 50)
allow({megabytes})
tell(refused(X, y))
"""
TRAINED = """
    "adam": lambda: clf().fit(X, y),
    "without decay": lambda: clf(alpha=0.0).fit(X, y),
    "sgd": lambda: clf(solver="sgd", batch_size=1000).fit(X, y),
    "gd": lambda: clf(solver="gd").fit(X, y),
    "lbfgs": lambda: clf(solver="lbfgs").fit(X, y),
    "cg": lambda: clf(solver="cg").fit(X, y),
    "partial_fit": lambda: clf().partial_fit(X, y, classes=[0, 1]),
    "early stopping": lambda: clf(early_stopping=True).fit(X, y),
    "X_val": lambda: clf().fit(X[half:], y[half:], X_val=X[:half], y_val=y[:half]),
    "dropout": lambda: clf(dropout=0.2).fit(X, y),
    "weights": lambda: clf(class_weight="balanced").fit(X, y, np.ones(len(y))),
    "warm start": lambda: clf(warm_start=True).fit(X, y).fit(X, y),
    "checkpoint": lambda: clf(checkpoint=folder + "/c", every=1).fit(X, y),
    "columns": lambda: clf().fit(X.tocsc(), y),
    "numbers": lambda: bp.MLPRegressor(hidden_layer_sizes=(4,), max_iter=1).fit(X, y * 1.0),
    "minimize": lambda: bp.minimize(net, theta, X, Y, max_iter=2),
"""
ANSWERED = """
    "predict": lambda: model.predict(X),
    "predict_proba": lambda: model.predict_proba(X),
    "predict_log_proba": lambda: model.predict_log_proba(X),
    "decision_function": lambda: model.decision_function(X),
    "transform": lambda: model.transform(X),
    "score": lambda: model.score(X, y),
    "columns": lambda: model.predict(X.tocsc()),
    "coordinates": lambda: model.predict(X.tocoo()),
    "landscape": lambda: bp.landscape(net, X, Y, center=theta, steps=3),
    "check": lambda: bp.check_network(net, theta, X[:50], Y[:50], max_entries=5),
    "cost": lambda: bp.cost_and_gradient(net, theta, X, Y),
    "critical point": lambda: clf(solver="lbfgs").fit(X, y).critical_point_,
    "file": lambda: bp.save(model, folder + "/m", force=True) or bp.load(folder + "/m").predict(X),
"""


@ONLY_LINUX
@pytest.mark.parametrize("doors", [TRAINED, ANSWERED], ids=["train", "answer"])
@pytest.mark.parametrize(
    "engine", ["native", "blocked", pytest.param("reference", marks=pytest.mark.long)]
)
def test_wide_sparse_rows_are_never_dense(engine, doors):
    """1000 texts in 100,000 columns: 0.6 MB of CSR, 800 MB if dense, 205 MB a block of 256 rows.

    θ has 3 MB; lbfgs and a checkpoint hold a few dozen vectors of that size.
    """
    assert told(WIDE.format(engine=engine, doors=doors, megabytes=180)) == []


PEAK = """
def mib(what):
    line = [line for line in open("/proc/self/status") if line.startswith(what)][0]
    return int(line.split()[1]) / 1024

def fit(X, y):
    model = bp.MLPClassifier(
        (8,), solver={solver!r}, max_iter=4, random_state=0, early_stopping={stops}
    )
    return model.fit(X, y)

fit(*text(300, 50, 5))
X, y = text(500, 600_000, 40)
before = mib("VmRSS")
model = fit(X, y)
tell([mib("VmHWM") - before, model.theta_.nbytes / 2**20])
"""


@ONLY_LINUX
@pytest.mark.skipif(not native.instruction_sets(), reason="the core's D is never as long as θ")
@pytest.mark.parametrize(("solver", "vectors"), [("gd", 0), ("sgd", 1), ("adam", 2)])
@pytest.mark.parametrize("stops", [False, True])
def test_a_fit_of_wide_sparse_rows_holds_few_vectors_of_theta(solver, vectors, stops):
    """θ after an epoch, before it, and of the best one; what the rule remembers; 16 MB besides."""
    peak, theta = told(PEAK.format(solver=solver, stops=stops))
    assert theta > 32  # so that what is freed goes back to the system at once
    assert peak <= (3 + vectors) * theta + 16
