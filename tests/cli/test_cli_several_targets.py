"""Several targets of one model, from train to predict, in every command that shows them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.metrics import accuracy_score, r2_score

import backpass as bp
from backpass.cli import main
from backpass.estimators.targets.metrics import METRICS

QUICK = ("--hidden", "6", "--epochs", "8", "--force", "--out", "m.backpass")
NUMBERS = ("--target", "cost", "--target", "days")
CLASSES = ("--target", "kind", "--target", "flag")


@pytest.fixture
def frame(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(2, 150)).round(3)
    frame = pd.DataFrame(
        {
            "cost": (100 * a + b).round(3),
            "a": a,
            "days": (b - a / 2).round(3),
            "b": b,
            "kind": np.where(a > 0.4, "high", np.where(a < -0.4, "low", "mid")),
            "flag": (b > 0).astype(int),
        }
    )
    frame.to_csv("t.csv", index=False)
    return frame


def invoke(*words):
    done = CliRunner().invoke(main, list(words))
    assert done.exit_code == 0, done.stderr
    return done


def trained(targets, *words):
    return json.loads(invoke("train", "t.csv", *targets, *QUICK, *words, "--json").stdout)


def predictions():
    return pd.read_csv(io.StringIO(invoke("predict", "m.backpass", "t.csv").stdout))


def test_numbers_have_a_column_each_and_the_mean_score(frame):
    values = trained(NUMBERS, "--ignore", "kind", "--ignore", "flag")
    table = predictions()
    assert list(table) == ["prediction of cost", "prediction of days"]
    assert values["target"] == ["cost", "days"]
    truth = frame[["cost", "days"]]
    each = r2_score(truth, table, multioutput="raw_values")
    scores = json.loads(invoke("predict", "m.backpass", "t.csv", "--json").stdout)
    assert scores["r2"] == pytest.approx(each.mean())
    assert [scores["r2 of cost"], scores["r2 of days"]] == pytest.approx(each)
    tested = [values["targets"][name]["test_r2"] for name in ("cost", "days")]
    assert values["test_r2"] == pytest.approx(np.mean(tested))
    again = bp.load("m.backpass").predict(frame)
    np.testing.assert_allclose(again, table)
    assert bp.load("m.backpass").score(frame, truth) == pytest.approx(each.mean())


def test_classes_are_predicted_side_by_side_with_probabilities(frame):
    values = trained(CLASSES, "--ignore", "cost", "--ignore", "days", "--cv", "3")
    done = invoke("predict", "m.backpass", "t.csv", "--proba")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    for name, labels in (("kind", ["high", "low", "mid"]), ("flag", ["0", "1"])):
        p = np.array([[float(row[f"probability of {name} = {k}"]) for k in labels] for row in rows])
        np.testing.assert_allclose(p.sum(axis=1), 1)
        answers = [row[f"prediction of {name}"] for row in rows]
        assert answers == [labels[k] for k in p.argmax(axis=1)]
        right = accuracy_score(frame[name].astype(str), answers)
        assert f"accuracy of {name} on these rows: {right:.4f}" in done.stderr
        assert len(values["targets"][name]["cv"]["folds"]) == 3
        assert np.sum(values["targets"][name]["confusion"]) == values["n_test"]


@pytest.mark.parametrize("targets", [NUMBERS, CLASSES])
def test_the_score_of_held_out_rows_is_the_trainings_target_by_target(frame, targets):
    frame[:100].to_csv("t.csv", index=False)
    frame[100:].to_csv("test.csv", index=False)
    values = trained(targets, "--test", "test.csv")
    scores = json.loads(invoke("score", "m.backpass", "test.csv", "--json").stdout)["targets"]
    for name in targets[1::2]:
        theirs = {k.removeprefix("test_"): v for k, v in values["targets"][name].items()}
        same = [metric for metric in METRICS if metric in theirs]
        assert len(same) > 3
        assert [scores[name][m] for m in same] == [theirs[m] for m in same]
        assert scores[name].get("confusion") == theirs.get("confusion")
    shown = invoke("score", "m.backpass", "test.csv").stdout
    assert f"of {targets[1]}" in shown
    assert f"of {targets[3]}" in shown


def test_what_people_see_names_each_target(frame):
    done = invoke("train", "t.csv", *CLASSES, *QUICK, "--class-weight", "balanced")
    assert "test accuracy of kind" in done.stdout
    assert "true class of flag (down)" in done.stdout
    info = invoke("info", "m.backpass").stdout
    assert "kind, flag" in info
    page = Path("m.html").read_text("utf-8")
    for words in ("Confusion of kind", "Confusion of flag", "The worst mistakes of flag"):
        assert words in page
    invoke("train", "t.csv", *NUMBERS, *QUICK)
    page = Path("m.html").read_text("utf-8")
    assert "Predicted against true of days" in page
    assert "in the unit of cost" in page


def test_rows_without_one_of_the_targets_train_nothing(frame):
    frame.loc[[3, 7], "cost"] = np.nan
    frame.loc[[7, 8], "days"] = np.nan
    frame.to_csv("t.csv", index=False)
    values = trained(NUMBERS)
    assert values["n_train"] + values["n_validation"] + values["n_test"] == 147
    assert len(predictions()) == 150


def test_intervals_are_each_targets_own(frame):
    trained(NUMBERS)
    done = invoke("predict", "m.backpass", "t.csv", "--interval", "0.8")
    table = pd.read_csv(io.StringIO(done.stdout))
    widths = [(table[f"upper of {n}"] - table[f"lower of {n}"]).iloc[0] for n in ("cost", "days")]
    assert widths[0] > 10 * widths[1]


def test_a_competitions_sample_has_a_column_for_each_target(frame):
    frame.insert(0, "id", np.arange(500, 650))
    frame.to_csv("t.csv", index=False)
    trained(NUMBERS)
    sample = pd.DataFrame({"id": [640, 501], "days": 0, "cost": 0})
    sample.to_csv("sample.csv", index=False)
    done = invoke("predict", "m.backpass", "t.csv", "--sample", "sample.csv")
    filled = pd.read_csv(io.StringIO(done.stdout))
    expected = predictions().iloc[[140, 1]]
    assert list(filled) == ["id", "days", "cost"]
    for name in ("days", "cost"):
        np.testing.assert_allclose(filled[name], expected[f"prediction of {name}"])
    sample.drop(columns="days").to_csv("sample.csv", index=False)
    done = CliRunner().invoke(main, ["predict", "m.backpass", "t.csv", "--sample", "sample.csv"])
    assert "sample.csv has no column 'days' to be filled" in done.stderr


def test_an_onnx_graph_has_each_targets_own_units(frame, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    trained(NUMBERS, "--ignore", "kind", "--ignore", "flag")
    invoke("export", "m.backpass", "--onnx", "m.onnx")
    session = onnxruntime.InferenceSession("m.onnx")
    names = list(bp.load("m.backpass").preprocessing_.names)
    (found,) = session.run(None, {session.get_inputs()[0].name: frame[names].to_numpy()})
    np.testing.assert_allclose(found, predictions(), rtol=1e-9)


REFUSED = {
    ("train", "t.csv", "--target", "cost", "--target", "kind"): "one model predicts targets of one",
    ("train", "t.csv", "--target", "cost", "--target", "cost"): "'cost' is named twice",
    ("train", "t.csv", *CLASSES, "--threshold", "best"): "there are several targets",
    ("train", "t.csv", "--target", "cost", "--target", "dais"): "did you mean 'days'?",
    ("predict", "m.backpass", "t.csv", "--fill"): "--fill is for one target",
    ("predict", "m.backpass", "t.csv", "--as", "x"): "--as is for one target",
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_of_one_target_is_refused(frame, words):
    trained(NUMBERS)
    done = CliRunner().invoke(main, [*words, *(["--out", "n.backpass"] * (words[0] == "train"))])
    assert done.exit_code == 2, done.output
    assert REFUSED[words] in done.stderr


def test_the_studio_says_that_its_page_shows_the_classes_of_one_target(frame):
    trained(CLASSES)
    done = CliRunner().invoke(main, ["studio", "m.backpass", "t.csv", "--export", "s.html"])
    assert done.exit_code == 2
    assert "shows the classes of one target, and this model predicts 2" in done.stderr
    assert not Path("s.html").exists()


def test_targets_in_one_word_are_told_to_be_named_one_by_one(frame):
    done = CliRunner().invoke(main, ["train", "t.csv", "--target", "cost,days", *QUICK])
    assert done.exit_code == 2
    assert "'cost', 'days' are named one by one" in " ".join(done.stderr.split())


def test_info_tells_the_score_of_each_target(frame):
    values = trained(NUMBERS)["targets"]
    shown = invoke("info", "m.backpass").stdout
    for name, scores in values.items():
        assert f"test R² {scores['test_r2']:.4g}" in shown
        assert f") of {name}" in shown


def test_score_says_that_a_threshold_is_for_one_target(frame):
    trained(CLASSES)
    done = CliRunner().invoke(main, ["score", "m.backpass", "t.csv", "--threshold", "0.3"])
    assert done.exit_code == 2
    said = "--threshold 0.3: it is for one target, and this model predicts kind, flag."
    assert said in done.stderr
