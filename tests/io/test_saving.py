"""A loaded estimator is the saved one: the same answers, and with its state the same future."""

import pickle
import warnings
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline

import backpass as bp
from backpass.data.columns import fit_columns
from backpass.data.preprocessing import Preprocessing
from backpass.data.target import fit_target
from backpass.errors import InvalidInput, ModelFileError, OutputExists
from backpass.io.saving import from_content, to_content
from backpass.storage.modelfile import Content, read_model, write_model

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(5)
X = RNG.normal(size=(60, 6))
K = RNG.integers(0, 3, 60)
LABELS = {
    "integers": K,
    "text": np.array(["a", "bb", "ü"])[K],
    "objects": np.array(["a", "bb", "ü"], dtype=object)[K],
    "two": K > 0,
    "floats": K * 2.0,
    "bytes": (K + 1).astype(np.uint8),
    "outputs": np.stack([K, K % 2], axis=1),
    "multilabel": (RNG.random((60, 4)) > 0.5).astype(int),
}
SOLVERS = ["gd", "sgd", "adam", "lbfgs", "cg"]


def trained(y=K, **parameters):
    return bp.MLPClassifier(
        **{"hidden_layer_sizes": (5,), "max_iter": 4, "random_state": 0, **parameters}
    ).fit(X, y)


@pytest.fixture
def through(tmp_path):
    """Save and load."""

    def save_and_load(estimator, own=(), **how):
        bp.save(estimator, tmp_path / "model", force=True, **how)
        return bp.load(tmp_path / "model", own=own)

    return save_and_load


def equal(a, b):
    if isinstance(a, list):
        return all(map(equal, a, b))
    return a.dtype == b.dtype and np.array_equal(a, b)


@pytest.mark.parametrize("labels", LABELS)
def test_classifiers(through, labels):
    model = trained(LABELS[labels])
    same = through(model)
    assert equal(model.classes_, same.classes_)
    assert equal(model.predict(X), same.predict(X))
    assert equal(model.predict_proba(X), same.predict_proba(X))


@pytest.mark.parametrize("loss", ["squared_error", "poisson", bp.huber(0.5), bp.quantile(0.9)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("outputs", [1, 2])
def test_regressors(through, loss, dtype, outputs):
    y = np.abs(X[:, :outputs]).astype(dtype)
    model = bp.MLPRegressor(loss, (5, 4), ["tanh", "relu"], max_iter=3, random_state=0)
    model.fit(X.astype(dtype), y[:, 0] if outputs == 1 else y)
    same = through(model)
    assert same.theta_.dtype == dtype
    assert equal(model.predict(X.astype(dtype)), same.predict(X.astype(dtype)))
    assert str(same.net_) == str(model.net_)


def test_attributes(through):
    model = trained(early_stopping=True, class_weight={0: 1.0, 1: 2.0, 2: 3.0}, alpha=0.5)
    same = through(model)
    assert same.get_params() == model.get_params()
    fitted = {name for name in vars(model) if name.endswith("_")} - {"training_state_", "theta_"}
    for name in fitted:
        assert getattr(same, name) is getattr(model, name) or np.all(
            getattr(same, name) == getattr(model, name)
        )
    for ours, theirs in zip(same.coefs_, model.coefs_):
        assert equal(ours, theirs)


def test_names_of_features(through):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcdef"))
    model = bp.MLPClassifier((3,), max_iter=2, random_state=0).fit(frame, K)
    same = through(model)
    assert equal(same.predict(frame), model.predict(frame))
    with pytest.raises(ValueError, match="feature names"):
        same.predict(frame.rename(columns={"a": "z"}))


def test_preprocessing(through):
    table = {"x": X[:, 0], "kind": LABELS["text"]}
    preprocessing = Preprocessing(fit_columns(table), fit_target("y", K), ("id",))
    model = bp.MLPClassifier((3,), max_iter=2, random_state=0)
    model.fit(preprocessing.transform(table), K)
    same = through(model, preprocessing=preprocessing)
    assert same.preprocessing_ == preprocessing
    assert through(same).preprocessing_ == preprocessing  # saved on without being named
    with pytest.raises(ModelFileError, match="makes 4 columns, but the network has 6"):
        through(trained(), preprocessing=preprocessing)


def test_own_activation(through):
    square = bp.Activation("square", lambda z: z * z, lambda z: 2 * z)
    model = trained(activation=square)
    assert equal(through(model, own=[square]).predict(X), model.predict(X))
    with pytest.raises(ModelFileError, match="'square', which is not the library's own"):
        through(model)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_future(through, solver, dtype):
    model = bp.MLPClassifier(
        (5,), solver=solver, max_iter=3, random_state=1, warm_start=True, tol=0.0
    ).fit(X.astype(dtype), K)
    same = through(model, state=True)
    for _ in range(3):
        model.fit(X.astype(dtype), K)
        same.fit(X.astype(dtype), K)
        assert equal(same.theta_, model.theta_)
        assert same.loss_curve_ == model.loss_curve_
        same = through(same, state=True)


def test_the_same_future_with_dropout_and_early_stopping(through):
    model = trained(dropout=0.3, early_stopping=True, warm_start=True, learning_rate="adaptive")
    same = through(model, state=True)
    assert equal(same.fit(X, K).theta_, model.fit(X, K).theta_)
    assert same.validation_scores_ == model.validation_scores_


def test_a_future_without_state(through):
    model = trained()
    same = through(model)
    start = same.theta_.copy()
    same.partial_fit(X, K)
    assert not np.array_equal(same.theta_, start)
    assert np.abs(same.theta_ - start).max() < 0.1  # it went on from the loaded weights
    same.set_params(max_iter=4).fit(X, K)
    assert equal(same.theta_, model.theta_)  # and a new fit is a new fit


@pytest.mark.parametrize(("sizes", "dtype"), [((784, 128), np.float32), ((64, 256), np.float64)])
def test_size(tmp_path, sizes, dtype):
    model = bp.MLPClassifier(sizes[1:], solver="sgd", max_iter=30, random_state=0, tol=0.0)
    model.fit(RNG.normal(size=(100, sizes[0])).astype(dtype), np.arange(100) % 10)
    bp.save(model, tmp_path / "model")
    assert (tmp_path / "model").stat().st_size <= 1.1 * model.theta_.nbytes


WISHES = {"callbacks": [print], "checkpoint": "victim", "every": 7, "n_threads": 1, "verbose": 1}


def test_what_is_not_kept(through):
    model = trained(random_state=np.random.RandomState(3)).set_params(**WISHES)
    same = through(model)
    fresh = bp.MLPClassifier().get_params()
    assert {name: same.get_params()[name] for name in WISHES} == {n: fresh[n] for n in WISHES}
    assert same.random_state is None
    assert {name: model.get_params()[name] for name in WISHES} == WISHES


def test_a_file_with_wishes_brings_none_along(tmp_path, monkeypatch, capsys):
    """One of the first release's, or one that was made to write where it likes."""
    monkeypatch.chdir(tmp_path)
    content = to_content(trained(), None, True)
    wishes = [[name, value] for name, value in WISHES.items() if name != "callbacks"]
    content.metadata["parameters"]["dict"] += [*wishes, ["callbacks", None]]
    write_model("model", content)
    model = bp.load("model")
    fresh = bp.MLPClassifier().get_params()
    assert {name: model.get_params()[name] for name in WISHES} == {n: fresh[n] for n in WISHES}
    model.set_params(warm_start=True).fit(X, K)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model"]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("copied", [pickle.dumps, clone, "joblib"])
def test_a_pickle_a_clone_and_joblib_keep_every_parameter(copied, tmp_path):
    model = trained().set_params(**WISHES, tol=0.5)
    if copied == "joblib":
        joblib.dump(model, tmp_path / "model")
        same = joblib.load(tmp_path / "model")
    else:
        same = pickle.loads(copied(model)) if copied is pickle.dumps else copied(model)
    assert same.get_params() == model.get_params()


def test_a_model_of_the_first_release_loads_without_its_wishes():
    model = bp.load(Path(__file__).parents[1] / "files" / "regressor-version-1.backpass")
    X = np.random.default_rng(7).integers(-8, 9, (40, 3)) / 4
    expected = [-1.2217499321800744, -1.3039466036051504, -0.33566238538675747, -1.2632463671118346]
    np.testing.assert_allclose(model.predict(X[:4]), expected, rtol=1e-13)
    parameters = model.get_params()
    assert parameters["loss"] == bp.quantile(0.75)
    assert parameters["hidden_layer_sizes"] == (4, 3)
    assert parameters["activation"] == ["tanh", "relu"]
    assert (parameters["every"], parameters["n_threads"], parameters["verbose"]) == (1, None, False)
    assert model.training_state_["epoch"] == model.n_iter_ == 5


def test_what_cannot_be_saved(tmp_path):
    model = trained()

    class Mine(bp.MLPClassifier):
        pass

    for other in (make_pipeline(model), Mine(), object()):
        with pytest.raises(InvalidInput, match="holds an MLPClassifier or MLPRegressor"):
            bp.save(other, tmp_path / "model")
    with pytest.raises(InvalidInput, match="not fitted"):
        bp.save(bp.MLPRegressor(), tmp_path / "model")
    model.coefs_[0][0, 0] = np.nan
    with pytest.raises(ModelFileError, match="theta holds NaN"):
        bp.save(model, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_force(tmp_path):
    bp.save(trained(), tmp_path / "model")
    with pytest.raises(OutputExists):
        bp.save(trained(), tmp_path / "model")


def test_a_training_that_diverged(through):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = bp.MLPRegressor(
            hidden_layer_sizes=(5,), solver="sgd", learning_rate_init=1e6, random_state=0
        ).fit(X, X[:, 0])
    same = through(model, state=True)
    np.testing.assert_array_equal(same.loss_curve_, model.loss_curve_)
    assert same.stop_reason_ is model.stop_reason_


def test_the_first_version_is_read_for_ever():
    model = bp.load(Path(__file__).parents[1] / "files" / "classifier-version-1.backpass")
    assert model.predict(np.eye(4)).tolist() == ["a", "b", "ü", "b"]
    assert model.preprocessing_.outputs == ("x", "k=a", "k=b", "k=c")
    assert model.get_params()["hidden_layer_sizes"] == (5,)
    assert model.training_state_["epoch"] == model.n_iter_ == 30


# --- files that were made to be wrong ----------------------------------------------------------


def forged(tmp_path, **changes):
    content = to_content(trained(), None, True)
    arrays = {**content.arrays, **changes.pop("arrays", {})}
    write_model(tmp_path / "model", Content(arrays, {**content.metadata, **changes}), force=True)
    return tmp_path / "model"


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"kind": "Pipeline"}, "KeyError"),
        ({"arrays": {"theta": np.zeros(3)}}, r"theta has the shape \(3,\)"),
        ({"arrays": {"theta": np.zeros(53, np.int64)}}, "theta has the shape"),
        (
            {"parameters": {"dict": [["solver", "magic"], ["random_state", 0]]}},
            "InvalidParameterError",
        ),
        ({"parameters": {"dict": [["magic", 1]]}}, "TypeError"),
        ({"network": {"tuple": [[6, 5, 4], ["relu"], "log_loss"]}}, "theta has the shape"),
        ({"network": {"tuple": [[-6], [], "log_loss"]}}, "at least an input"),
        ({"network": None}, "TypeError"),
        ({"results": {"dict": [["predict", 1]]}}, "sets 'predict', which no model has"),
        ({"stop_reason": "BORED"}, "KeyError"),
        ({"labels": {"dict": [["classes", {"tuple": []}], ["multilabel", False]]}}, "classes need"),
        ({"labels": None}, "classes need 0"),
        ({"preprocessing": {"columns": ["a"]}}, "preprocessing"),
        ({"state": 5}, "TypeError"),
    ],
)
def test_forged_files(tmp_path, changes, part):
    with pytest.raises(ModelFileError, match=part) as caught:
        bp.load(forged(tmp_path, **changes))
    assert "\n" not in str(caught.value)


def test_content_is_data_alone(tmp_path):
    bp.save(trained(), tmp_path / "model", state=True)
    content = read_model(tmp_path / "model")
    assert all(array.dtype != object for array in content.arrays.values())
    assert equal(from_content(content).theta_, content.arrays["theta"])
