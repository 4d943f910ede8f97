"""What onnxruntime reads is what was trained."""

import numpy as np
import pytest
from sklearn.datasets import make_multilabel_classification

import backpass as bp
from backpass.activations import ACTIVATIONS
from backpass.data.columns import fit_columns
from backpass.data.preprocessing import Preprocessing
from backpass.data.target import fit_target
from backpass.errors import InvalidInput, OutputExists
from backpass.losses import LOSSES

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(8)
X = RNG.normal(size=(50, 6))
K = RNG.integers(0, 3, 50)
TOLERANCE = {np.float32: 2e-6, np.float64: 1e-14}


def run_onnx(data, X):
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    session = runtime.InferenceSession(data, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"X": X})))


def difference(ours, theirs):
    assert ours.dtype == theirs.dtype
    return np.linalg.norm(ours - theirs) / np.linalg.norm(ours)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_onnx_activations(activation, dtype):
    model = bp.MLPRegressor(
        hidden_layer_sizes=(7, 5), activation=activation, max_iter=2, random_state=0
    ).fit(X.astype(dtype), X[:, 0].astype(dtype))
    wide = (100 * X).astype(dtype)
    answer = run_onnx(bp.to_onnx(model), wide)["variable"]
    assert difference(model.predict(wide)[:, None], answer) <= TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("loss", ["squared_error", "poisson", "huber", "quantile"])
def test_onnx_regression_losses(loss, dtype):
    model = bp.MLPRegressor(loss, (4,), max_iter=2, random_state=0)
    model.fit(X.astype(dtype), np.abs(X[:, :2]).astype(dtype))
    answer = run_onnx(bp.to_onnx(model), X.astype(dtype))["variable"]
    assert difference(model.predict(X.astype(dtype)), answer) <= TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("loss", ["log_loss", "binary_log_loss"])
@pytest.mark.parametrize(
    "y", [K, K > 0, np.array(["a", "bb", "ü"])[K], np.array(["n", "y"])[K // 2], K * 5 - 3]
)
def test_onnx_classes(y, loss, dtype):
    model = bp.MLPClassifier((6,), loss=loss, max_iter=20, random_state=0)
    model.fit(X.astype(dtype), y)
    answer = run_onnx(bp.to_onnx(model), X.astype(dtype))
    assert answer["label"].tolist() == model.predict(X.astype(dtype)).tolist()
    assert (
        difference(model.predict_proba(X.astype(dtype)), answer["probabilities"])
        <= (TOLERANCE[dtype])
    )


def test_onnx_multilabel():
    X, y = make_multilabel_classification(50, 6, n_classes=4, random_state=0)
    model = bp.MLPClassifier((6,), max_iter=50, random_state=0).fit(X, y)
    answer = run_onnx(bp.to_onnx(model), X)
    assert answer["label"].tolist() == model.predict(X).tolist()
    assert difference(model.predict_proba(X), answer["probabilities"]) <= 1e-14


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_onnx_with_preprocessing(dtype):
    table = {"x": X[:, 0] * 50 + 7, "y": X[:, 1].copy(), "constant": np.ones(50)}
    table["y"][::7] = np.nan
    target = fit_target("t", 3 * X[:, 0] + 100)
    model = bp.MLPRegressor(hidden_layer_sizes=(5,), max_iter=3, random_state=0)
    preprocessing = Preprocessing(fit_columns(table), target)
    inputs = preprocessing.transform(table).astype(dtype)
    model.fit(inputs, target.encode(3 * X[:, 0] + 100).astype(dtype))
    model.preprocessing_ = preprocessing
    raw = np.stack(list(table.values()), axis=1).astype(dtype)
    expected = target.decode(model.predict(inputs))[:, None]
    answer = run_onnx(bp.to_onnx(model), raw)["variable"]
    assert np.linalg.norm(answer - expected) <= 4 * TOLERANCE[dtype] * np.linalg.norm(expected)


def test_onnx_refuses_what_it_cannot_hold(tmp_path):
    pytest.importorskip("onnx")
    own = bp.Activation("square", lambda z: z * z, lambda z: 2 * z)
    model = bp.MLPClassifier((3,), own, max_iter=1, random_state=0).fit(X, K)
    with pytest.raises(InvalidInput, match="'square' is your own"):
        bp.to_onnx(model, tmp_path / "model.onnx")
    model = bp.MLPClassifier((3,), max_iter=1, random_state=0).fit(X, np.stack([K, K], 1))
    with pytest.raises(InvalidInput, match="one output of classes"):
        bp.to_onnx(model)
    model = bp.MLPClassifier((3,), max_iter=1, random_state=0).fit(X[:, :3], K)
    model.preprocessing_ = Preprocessing(fit_columns({"kind": np.array(["a", "b", "c"])}))
    with pytest.raises(InvalidInput, match="'kind' is categorical"):
        bp.to_onnx(model)
    assert not list(tmp_path.iterdir())


def test_onnx_file(tmp_path):
    pytest.importorskip("onnx")
    model = bp.MLPClassifier((3,), max_iter=1, random_state=0).fit(X, K)
    data = bp.to_onnx(model, tmp_path / "model.onnx")
    assert (tmp_path / "model.onnx").read_bytes() == data
    with pytest.raises(OutputExists):
        bp.to_onnx(model, tmp_path / "model.onnx")


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("y", [K, K > 0, np.stack([K > 0, K == 1], axis=1)])
@pytest.mark.parametrize("loss", ["squared_error", "poisson", "huber", "quantile"])
def test_onnx_classes_of_losses_that_are_no_probability(loss, y, dtype):
    model = bp.MLPClassifier((6,), loss=LOSSES[loss], max_iter=20, random_state=0)
    model.fit(X.astype(dtype), y)
    for rows in (X.astype(dtype), 20 * X.astype(dtype)):
        answer = run_onnx(bp.to_onnx(model), rows)
        assert answer["label"].tolist() == model.predict(rows).tolist()
        P = model.predict_proba(rows)
        assert np.abs(answer["probabilities"] - P).max() <= 10 * TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", ["u1", "u8", "i2", "f4", "f8"])
def test_onnx_labels_of_every_width(dtype):
    y = K.astype(dtype) + np.array(2**63 if dtype == "u8" else 1, dtype)
    model = bp.MLPClassifier((3,), max_iter=2, random_state=0).fit(X, y)
    assert run_onnx(bp.to_onnx(model), X)["label"].tolist() == model.predict(X).tolist()


def test_onnx_refuses_labels_that_it_has_no_type_for():
    pytest.importorskip("onnx")
    for y in (np.datetime64("2020-01-01") + K, [2**70 + int(k) for k in K]):
        model = bp.MLPClassifier((3,), max_iter=2, random_state=0).fit(X, y)
        with pytest.raises(InvalidInput, match="ONNX has no type for the labels"):
            bp.to_onnx(model)


def test_onnx_knows_an_output_by_what_it_does():
    pytest.importorskip("onnx")

    def own(h):
        """Half of the squared error of h(z), where h is e^z or its own; its output is unnamed."""
        return bp.Loss(
            "own",
            h=h,
            value=lambda z, y: ((h(z) - y) ** 2).sum(axis=1) / 2,
            delta=lambda z, y: (h(z) - y) * h(z),
        )

    model = bp.MLPRegressor(own(np.exp), (3,), max_iter=2, random_state=0).fit(X, X[:, 0])
    assert difference(model.predict(X)[:, None], run_onnx(bp.to_onnx(model), X)["variable"]) < 1e-14
    other = own(lambda z: 2 * np.exp(z))
    model = bp.MLPRegressor(other, (3,), max_iter=2, random_state=0).fit(X, X[:, 0])
    with pytest.raises(InvalidInput, match="'own' is your own"):
        bp.to_onnx(model)


@pytest.mark.parametrize("export", [bp.to_onnx, bp.to_mat, bp.save])
@pytest.mark.parametrize("kind", [bp.MLPClassifier, bp.MLPRegressor])
def test_what_is_not_fitted_is_not_written(export, kind, tmp_path):
    with pytest.raises(ValueError, match="not fitted"):
        export(kind(), tmp_path / "file")
    assert not list(tmp_path.iterdir())
