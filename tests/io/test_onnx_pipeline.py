"""A pipeline in ONNX answers as in memory, whoever writes it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)

import backpass as bp
from backpass.errors import InvalidInput

skl2onnx = pytest.importorskip("skl2onnx")
runtime = pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(2)
X = RNG.normal(size=(60, 4)) * [1, 50, 0.01, 3] + [0, 1000, 0, -7]
K = RNG.integers(0, 3, 60)
TOLERANCE = {np.float32: 2e-5, np.float64: 1e-12}
SMALL = {"hidden_layer_sizes": (5,), "max_iter": 10, "random_state": 0}

STEPS = {
    "standard": [StandardScaler()],
    "centre": [StandardScaler(with_std=False)],
    "scale": [StandardScaler(with_mean=False)],
    "nothing": [StandardScaler(with_mean=False, with_std=False)],
    "minmax": [MinMaxScaler((-1, 1))],
    "clipped": [MinMaxScaler(clip=True)],
    "maxabs": [MaxAbsScaler()],
    "robust": [RobustScaler()],
    "normal": [StandardScaler(), Normalizer()],
    "passthrough": ["passthrough", MinMaxScaler()],
    "identity": [FunctionTransformer(), MaxAbsScaler()],
    "three": [SimpleImputer(strategy="median"), StandardScaler(), PCA(3)],
    "columns": [
        ColumnTransformer([("a", StandardScaler(), [0, 1]), ("b", MinMaxScaler(), [3])]),
    ],
    "left over": [ColumnTransformer([("a", StandardScaler(), [1])], remainder="passthrough")],
    "union": [FeatureUnion([("a", StandardScaler()), ("b", MinMaxScaler())])],
    "in a pipeline": [make_pipeline(StandardScaler(), MinMaxScaler())],
}


def pipeline(steps, model):
    return Pipeline([*((f"s{k}", step) for k, step in enumerate(steps)), ("model", model)])


def run(data, X, name="X"):
    session = runtime.InferenceSession(data, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {name: X})))


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("steps", STEPS)
def test_steps(steps, dtype):
    model = pipeline(STEPS[steps], bp.MLPClassifier(**SMALL)).fit(X.astype(dtype), K)
    answer = run(bp.to_onnx(model), X.astype(dtype))
    P = model.predict_proba(X.astype(dtype))
    assert answer["probabilities"].dtype == P.dtype == dtype
    np.testing.assert_allclose(answer["probabilities"], P, rtol=0, atol=TOLERANCE[dtype])
    np.testing.assert_array_equal(answer["label"], model.predict(X.astype(dtype)))


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    "y", [K, K > 0, np.array(["ä", "bb", "c"])[K], K + 2**60, np.stack([K > 0, K == 1], axis=1)]
)
def test_labels(y, dtype):
    model = make_pipeline(StandardScaler(), bp.MLPClassifier(**SMALL)).fit(X.astype(dtype), y)
    answer = run(bp.to_onnx(model), X.astype(dtype))
    assert answer["label"].tolist() == model.predict(X.astype(dtype)).tolist()
    P = model.predict_proba(X.astype(dtype))
    np.testing.assert_allclose(answer["probabilities"], P, rtol=0, atol=TOLERANCE[dtype])


@pytest.mark.parametrize("y", [X[:, 1], X[:, :2]], ids=["one", "two"])
def test_regression(y):
    model = make_pipeline(RobustScaler(), bp.MLPRegressor(**SMALL)).fit(X, y)
    answer = run(bp.to_onnx(model), X)["variable"]
    np.testing.assert_allclose(answer, model.predict(X).reshape(60, -1), rtol=1e-12)


def test_scikit_learn_s_own_door():
    """skl2onnx's functions take our estimators after the registration, a lone one too."""
    bp.register_onnx_converter()
    model = make_pipeline(StandardScaler(), bp.MLPClassifier(**SMALL)).fit(X, K)
    for made, options in ((model, None), (model, {"zipmap": False}), (model[-1], None)):
        written = skl2onnx.to_onnx(made, X[:1], options=options, target_opset=17)
        answer = run(written.SerializeToString(), X)
        labels, P = answer.values()
        np.testing.assert_array_equal(labels, made.predict(X))
        P = P if options else [[row[k] for k in range(3)] for row in P]
        np.testing.assert_allclose(P, made.predict_proba(X), atol=1e-6)
    numbers = bp.MLPRegressor(**SMALL).fit(X, X[:, 0])
    written = skl2onnx.to_onnx(numbers, X[:1].astype(np.float32), target_opset=17)
    answer = run(written.SerializeToString(), X.astype(np.float32))["variable"]
    np.testing.assert_allclose(answer[:, 0], numbers.predict(X), rtol=1e-3, atol=1e-3)


def test_a_file_and_its_notes(tmp_path):
    model = make_pipeline(StandardScaler(), bp.MLPClassifier(**SMALL)).fit(X, K)
    data = bp.to_onnx(model, tmp_path / "model.onnx")
    assert (tmp_path / "model.onnx").read_bytes() == data


@pytest.mark.parametrize(
    ("made", "error", "message"),
    [
        (make_pipeline(StandardScaler(), bp.MLPClassifier()), NotFittedError, "not fitted"),
        (make_pipeline(StandardScaler(), LogisticRegression()), InvalidInput, "ends with Logistic"),
    ],
    ids=["not fitted", "other"],
)
def test_what_is_no_pipeline_of_ours_is_refused(made, error, message):
    with pytest.raises(error, match=message):
        bp.to_onnx(made)


def test_what_skl2onnx_writes_in_single_precision_only():
    steps = [MaxAbsScaler(), PolynomialFeatures(2)]
    single = pipeline(steps, bp.MLPClassifier(**SMALL)).fit(X.astype(np.float32), K)
    answer = run(bp.to_onnx(single), X.astype(np.float32))["probabilities"]
    np.testing.assert_allclose(answer, single.predict_proba(X.astype(np.float32)), atol=2e-5)
    double = pipeline(steps, bp.MLPClassifier(**SMALL)).fit(X, K)
    with pytest.raises(InvalidInput, match=r"type tensor\(double\)"):
        bp.to_onnx(double)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_gaps_are_filled(dtype):
    gaps = X.astype(dtype)
    gaps[::3, 1] = np.nan
    gaps[1::5, 2] = -9
    steps = [SimpleImputer(strategy="mean"), SimpleImputer(missing_values=-9), StandardScaler()]
    model = pipeline(steps, bp.MLPClassifier(**SMALL)).fit(gaps, K)
    answer = run(bp.to_onnx(model), gaps)["probabilities"]
    np.testing.assert_allclose(answer, model.predict_proba(gaps), atol=TOLERANCE[dtype])
    marked = [SimpleImputer(add_indicator=True)]
    model = pipeline(marked, bp.MLPClassifier(**SMALL)).fit(np.where(X > 0, X, np.nan), K)
    with pytest.raises(InvalidInput, match="SimpleImputer"):
        bp.to_onnx(model)


def test_steps_that_nobody_can_write_are_named():
    model = make_pipeline(FunctionTransformer(np.abs), bp.MLPClassifier(**SMALL)).fit(X, K)
    with pytest.raises(InvalidInput, match="FunctionTransformer"):
        bp.to_onnx(model)
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": X[:, 0], "kind": np.array(["p", "q", "r"])[K]})
    split = ColumnTransformer([("n", StandardScaler(), ["a"]), ("c", OneHotEncoder(), ["kind"])])
    model = make_pipeline(split, bp.MLPClassifier(**SMALL)).fit(frame, K)
    with pytest.raises(InvalidInput, match="skl2onnx cannot write this Pipeline"):
        bp.to_onnx(model)
    own = bp.Activation("square", lambda z: z * z, lambda z: 2 * z)
    model = make_pipeline(StandardScaler(), bp.MLPClassifier(**{**SMALL, "activation": own}))
    with pytest.raises(InvalidInput, match="'square' is your own"):
        bp.to_onnx(model.fit(X, K))
