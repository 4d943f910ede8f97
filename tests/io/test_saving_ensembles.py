"""A loaded ensemble answers as the saved one does, to the bit; its file holds the weights used."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold

import backpass as bp
from backpass.data.target import fit_target
from backpass.errors import InvalidInput, ModelFileError
from backpass.estimators.targets.thresholds import Threshold
from backpass.io.saving import from_content, load_table_model, to_content
from backpass.models.table_model import TableModel
from backpass.storage.modelfile import Content, read_model, to_bytes, write_model

RNG = np.random.default_rng(8)
M = 240
X = pd.DataFrame(
    {
        "size": RNG.normal(size=M),
        "some": np.where(RNG.random(M) < 0.2, np.nan, RNG.normal(size=M)),
        "kind": pd.Series(RNG.choice(["a", "b", "ü", "d"], M)).where(RNG.random(M) < 0.9),
        "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(RNG.integers(0, 900, M), "D"),
    }
)
NEW = pd.concat([X[:9], X[:3].assign(kind="new", size=[1e9, -1e9, np.nan])], ignore_index=True)
K = (X["size"] + (X["kind"] == "a") > 0).to_numpy().astype(int) + (X["size"] > 1).to_numpy()
LABELS = {
    "integers": K,
    "text": np.array(["a", "bb", "ü"])[K],
    "two": K > 0,
    "targets": np.stack([K, K % 2], axis=1),
    "multilabel": np.stack([K > 0, X["size"] > 0, K > 1], axis=1).astype(int),
}
SMALL = {"n_members": 4, "random_state": 0, "member": {"max_epochs": 3, "patience": 3, "bins": 5}}


def trained(y=K, kind=bp.TabularClassifier, **parameters):
    return kind(**{**SMALL, **parameters}).fit(X, y)


def as_bytes(model):
    return to_bytes(to_content(model, None, False))


@pytest.fixture
def through(tmp_path):
    """Save and load; what is saved again has the same bytes."""

    def save_and_load(model, **how):
        bp.save(model, tmp_path / "model", force=True, **how)
        same = bp.load(tmp_path / "model")
        assert as_bytes(same) == (tmp_path / "model").read_bytes()
        return same

    return save_and_load


def equal(a, b):
    if isinstance(a, list):
        return all(map(equal, a, b))
    return a.dtype == b.dtype and np.array_equal(a, b)


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("validation", [None, 3])
def test_classifiers(through, labels, validation):
    model = trained(LABELS[labels], validation=validation)
    same = through(model)
    assert equal(same.classes_, model.classes_)
    assert equal(same.predict(NEW), model.predict(NEW))
    assert equal(same.predict_proba(NEW), model.predict_proba(NEW))


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("validation", [None, 3])
def test_regressors(through, outputs, validation):
    y = X[["size", "size"]].to_numpy()[:, :outputs] ** 2 + 3.0
    y = y[:, 0] if outputs == 1 else y
    model = trained(y, bp.TabularRegressor, validation=validation)
    assert equal(through(model).predict(NEW), model.predict(NEW))


def test_intervals(through):
    model = trained((X["size"] + K).to_numpy(), bp.TabularRegressor)
    assert equal(through(model).predict_interval(NEW), model.predict_interval(NEW))


def test_arrays_and_records(through):
    numbers = X[["size", "some"]].to_numpy()
    model = bp.TabularClassifier(**SMALL).fit(numbers, K)
    assert equal(through(model).predict_proba(numbers), model.predict_proba(numbers))
    with pytest.raises(ValueError, match="features"):
        through(model).predict(numbers[:, :1])
    with pytest.raises(ValueError, match="feature names"):
        through(trained()).predict(X.rename(columns={"size": "z"}))


def test_what_is_told_of_members(through):
    model = trained(n_members=12)
    same = through(model)
    assert [each.settings for each in same.members_] == [each.settings for each in model.members_]
    for mine, theirs in zip(same.members_, model.members_):
        assert mine.loss_curve_ == theirs.loss_curve_
        assert mine.validation_scores_ == theirs.validation_scores_
        assert mine.validation_score_ == theirs.validation_score_
        assert (mine.share, str(mine.net_)) == (theirs.share, str(theirs.net_))
        assert mine.theta_ is None if mine.share == 0 else equal(mine.theta_, theirs.theta_)
    assert same.validation_score_ == model.validation_score_
    assert same.reading_ == model.reading_
    assert {each.theta_ is None for each in same.members_} == {False, True}  # both were seen


def test_members_with_the_same_codes_share_them(through):
    model = through(trained(validation=2, n_members=8, member={"max_epochs": 2}))
    for pack in model.ensemble_.packs:
        assert len({each.codes for each in pack.members}) == len({48, 32, 24, 16})


@pytest.mark.parametrize("n_members", [2, 8])
@pytest.mark.parametrize("numbers", [2, 40])
def test_size(tmp_path, n_members, numbers):
    table = RNG.normal(size=(3_000, numbers))
    model = bp.TabularRegressor(n_members=n_members, random_state=0, member={"max_epochs": 2})
    model.fit(table, table @ np.ones(numbers))
    bp.save(model, tmp_path / "model")
    used = sum(each.theta_.nbytes for each in model.members_ if each.share)
    assert (tmp_path / "model").stat().st_size <= 1.1 * used + 65_536


def test_parameters(through):
    model = trained(class_weight={0: 1.0, 1: 2.0, 2: 3.0}, kinds={"size": "number"}, verbose=0)
    same = through(model)
    assert same.get_params() == model.get_params()
    for validation, kept in ((3, 3), (0.3, 0.3), (KFold(3), None)):
        model = trained(validation=validation, n_threads=1, categorical_features=["kind"])
        same = through(model).get_params()
        assert same["categorical_features"] == ["kind"]
        assert (same["validation"], same["n_threads"]) == (kept, None)


def test_what_is_known_of_a_table(through, tmp_path):
    model = trained(LABELS["two"])
    target = fit_target("y", LABELS["two"])
    preprocessing = replace(model.preprocessing_, target=target)
    kept, about = {"rows": np.arange(6, dtype=np.uint8)}, {"rows": {"train": 204}}
    model.__dict__["threshold_"] = Threshold(True, 0.25)
    same = through(model, preprocessing=preprocessing, about=about, kept=kept)
    assert same.about_ == about
    assert equal(same.kept_["rows"], kept["rows"])
    assert same.threshold_ == Threshold(True, 0.25)
    assert same.predict(NEW).tolist() == (model.predict_proba(NEW)[:, 1] >= 0.25).tolist()
    loaded = load_table_model(tmp_path / "model")
    assert (loaded.target, loaded.about) == (target, about)
    assert equal(loaded.probabilities(loaded.preprocessing.rows(NEW)[0]), same.predict_proba(NEW))


def test_loading_and_answering_take_no_more_of_scikit_learn_than_a_network_does(tmp_path):
    network = bp.MLPClassifier((3,), solver="lbfgs", random_state=0, alpha=1.0)
    bp.save(network.fit(X[["size"]].to_numpy(), K), tmp_path / "network")
    bp.save(trained(), tmp_path / "model")
    X[:5].to_pickle(tmp_path / "frame")
    script = f"""
import sys, numpy as np, pandas as pd, backpass as bp
frame = pd.read_pickle({str(tmp_path / "frame")!r})
bp.load({str(tmp_path / "network")!r}).predict(np.ones((2, 1)))
before = set(sys.modules)
bp.load({str(tmp_path / "model")!r}).predict(frame)
print([name for name in set(sys.modules) - before if name.startswith("sklearn")])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


# --- files that were made to be wrong ----------------------------------------------------------


def test_what_cannot_be_saved(tmp_path):
    with pytest.raises(InvalidInput, match="not fitted"):
        bp.save(bp.TabularClassifier(), tmp_path / "model")
    model = trained(LABELS["two"])
    other = replace(trained(X["size"], bp.TabularRegressor).preprocessing_, target=None)
    narrow = bp.TabularClassifier(**SMALL).fit(X[["size"]], K).preprocessing_
    with pytest.raises(InvalidInput, match="reads other columns"):
        TableModel(model, narrow)
    assert TableModel(model, other).ensemble is model.ensemble_


@pytest.mark.parametrize(
    ("path", "value", "part"),
    [
        (["kind"], "TabularRegressor", "TypeError"),
        (["ensemble", "version"], 2, "has the version 2"),
        (["ensemble", "packs"], [], "no members"),
        (["ensemble", "outputs"], {"tuple": []}, "neither classes nor numbers"),
        (["ensemble", "outputs"], {"record": 99}, "no record 99"),
        (["ensemble", "packs", 0, "members", 0, "settings"], None, None),
        (["ensemble", "packs", 0, "members", 0, "epochs"], "three", None),
        (["ensemble", "packs", 0, "members", 0, "network"], {"tuple": []}, "TypeError"),
        (["ensemble", "packs", 0, "members", 0, "theta"], "threshold", "KeyError"),
        (["ensemble", "packs", 0, "members", 0, "reason"], "BORED", "KeyError"),
        (["ensemble", "packs", 0, "members"], [], "shares of members"),
        (["ensemble", "packs", 0, "costs"], {"part": ["float64", 0, 2]}, "shares of members"),
        (["ensemble", "packs", 0, "costs"], {"part": ["float64", 0, 10**9]}, "numbers end before"),
        (["ensemble", "packs", 0, "costs"], {"part": ["float64", -1, 1]}, "numbers end before"),
        (["ensemble", "numbers", "records"], [["Popen", "ls"]], "KeyError"),
        (["ensemble", "numbers", "records", 0], ["NormalShape", 1, 2, 3], "of 3 values"),
        (["results"], {"dict": [["predict", 1]]}, "sets 'predict'"),
        (["parameters"], {"dict": [["n_members", -3]]}, "InvalidParameterError"),
        (["labels"], None, "classes"),
    ],
)
def test_forged_metadata(tmp_path, path, value, part):
    content = to_content(trained(), None, False)
    inner = content.metadata
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    write_model(tmp_path / "model", content)
    if part is None:  # nothing that answers depend on
        assert equal(bp.load(tmp_path / "model").predict(NEW), trained().predict(NEW))
        return
    with pytest.raises(ModelFileError, match=part) as caught:
        bp.load(tmp_path / "model")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["ensemble.float64", "theta"])
def test_forged_arrays(tmp_path, name):
    content = to_content(trained(), None, False)
    name = next(each for each in content.arrays if each.startswith(name))
    for array in (content.arrays[name][:-1], content.arrays[name].astype(np.int32)):
        forged = Content({**content.arrays, name: array}, content.metadata)
        write_model(tmp_path / "model", forged, force=True)
        with pytest.raises(ModelFileError):
            bp.load(tmp_path / "model")
    edges = -np.sort(content.arrays[name])  # neither knots nor edges ascend
    forged = Content({**content.arrays, name: edges}, content.metadata)
    write_model(tmp_path / "model", forged, force=True)
    if name.startswith("ensemble"):
        with pytest.raises(ModelFileError):
            bp.load(tmp_path / "model")


def test_content_is_data_alone(tmp_path):
    bp.save(trained(), tmp_path / "model")
    content = read_model(tmp_path / "model")
    assert all(array.dtype != object for array in content.arrays.values())
    assert len(content.arrays) < 20
    assert equal(from_content(content).predict(NEW), trained().predict(NEW))
