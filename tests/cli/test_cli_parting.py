"""train's options on which rows test, what they weigh and how their answers are scored."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn import metrics

import backpass as bp
from backpass.cli import main

QUICK = ("--hidden", "4", "--epochs", "3", "--no-report", "--force", "--out", "m.backpass")


@pytest.fixture
def frame(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(4)
    x = rng.normal(size=200).round(4)
    frame = pd.DataFrame(
        {
            "patient": np.repeat([f"P{k}" for k in range(40)], 5),
            "x": x,
            "w": rng.integers(1, 5, 200),
            "cost": (2 * x + rng.normal(size=200)).round(4),
            "ill": np.where(x + rng.normal(size=200) > 1, "yes", "no"),
        }
    )
    frame.to_csv("t.csv", index=False)
    frame[:60].to_csv("test.csv", index=False)
    return frame


def invoke(*words):
    return CliRunner().invoke(main, list(words))


def trained(*words, target="ill", source="t.csv"):
    done = invoke("train", source, "--target", target, *QUICK, "--json", *words)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout) | {"said": done.stderr}


def test_the_test_score_is_that_of_predict_on_the_tests_file(frame):
    values = trained("--test", "test.csv")
    again = json.loads(invoke("predict", "m.backpass", "test.csv", "--json").stdout)
    assert values["n_test"] == 60
    assert values["test_accuracy"] == again["accuracy"]
    assert "60 of 60 test rows have all inputs of a row that is learnt from" in values["said"]


def test_predict_weighs_rows_as_the_training_did(frame):
    values = trained("--test", "test.csv", "--weights", "w")
    again = json.loads(invoke("predict", "m.backpass", "test.csv", "--json").stdout)
    assert again["accuracy"] == pytest.approx(values["test_accuracy"], rel=1e-15)
    frame[:60].drop(columns="w").to_csv("test.csv", index=False)
    again = json.loads(invoke("predict", "m.backpass", "test.csv", "--json").stdout)
    right = np.array(again["prediction"]) == frame.ill[:60]
    assert again["accuracy"] == right.mean()


def test_predict_weighs_the_errors_of_numbers(frame):
    values = trained("--test", "test.csv", "--weights", "w", target="cost")
    again = json.loads(invoke("predict", "m.backpass", "test.csv", "--json").stdout)
    off = np.abs(np.array(again["prediction"]) - frame.cost[:60])
    assert again["mean_error"] == pytest.approx(np.average(off, weights=frame.w[:60]))
    assert again["mean_error"] == pytest.approx(values["test_mean_error"])
    assert again["r2"] == pytest.approx(values["test_r2"])


def test_a_metric_of_numbers_stands_beside_the_usual_ones_once(frame):
    shown = invoke("train", "t.csv", "--target", "cost", *QUICK, "--metric", "rmse").stdout
    assert [shown.count(label) for label in ("R²", "mean error", "RMSE")] == [1, 1, 1]


def test_a_metric_leads_where_it_is_asked_for(frame):
    assert trained("--metric", "log_loss")["headline"] == "log_loss"
    assert trained("--metric", "rmse", target="cost")["headline"] == "rmse"
    shown = invoke("train", "t.csv", "--target", "ill", *QUICK, "--metric", "log_loss")
    assert "log loss" in shown.stdout


def test_a_threshold_decides_and_is_kept(frame):
    values = trained("--threshold", "0.2", "--test", "test.csv")
    assert values["threshold"] == 0.2
    model = bp.load("m.backpass")
    p = model.predict_proba(frame[:60])[:, model.classes_.tolist().index("yes")]
    expected = np.where(p >= 0.2, "yes", "no")
    assert model.predict(frame[:60]).tolist() == expected.tolist()
    answers = json.loads(invoke("predict", "m.backpass", "test.csv", "--json").stdout)
    assert answers["prediction"] == expected.tolist()
    assert values["test_accuracy"] == np.mean(expected == frame.ill[:60])


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "f1"])
def test_the_best_threshold_is_the_validation_rows(frame, metric):
    frame[60:].to_csv("learn.csv", index=False)
    words = ("--validation", "test.csv", "--threshold", "best", "--metric", metric)
    values = trained(*words, source="learn.csv")
    p = bp.load("m.backpass").predict_proba(frame[:60])[:, 1]
    truth = frame.ill[:60] == "yes"
    measure = getattr(metrics, f"{metric}_score")
    best = max(measure(truth, p >= t) for t in [0, *p, 1])
    assert measure(truth, p >= values["threshold"]) == pytest.approx(best)


def test_balanced_classes_weigh_as_much_as_each_other(frame):
    trained("--class-weight", "balanced")
    assert bp.load("m.backpass").class_weight == "balanced"


def test_folds_are_scored_with_mean_and_spread(frame):
    values = trained("--cv", "3", "--split", "group:patient", "--weights", "w")
    folds = [fold["test_accuracy"] for fold in values["cv"]["folds"]]
    assert len(folds) == 3
    assert values["cv"]["mean"]["test_accuracy"] == pytest.approx(np.mean(folds))
    assert values["cv"]["spread"]["test_accuracy"] == pytest.approx(np.std(folds, ddof=1))
    shown = invoke("train", "t.csv", "--target", "cost", *QUICK, "--cv", "3")
    assert "3 folds" in shown.stdout
    assert "±" in shown.stdout


REFUSED = {
    ("--threshold", "0.3"): "--threshold 0.3: it is for classes, and the target 'cost' is a number",
    ("--class-weight", "balanced"): "--class-weight balanced: it is for classes",
    ("--metric", "auc"): "--metric auc: for numbers there are r2",
    ("--split", "patient"): "--split patient: it is time:COLUMN",
    ("--split", "group:patien"): "did you mean 'patient'?",
    ("--weights", "patient"): "--weights patient: the column holds no numbers",
    ("--cv", "41", "--split", "group:patient"): "--cv 41: 'patient' has 40 groups",
    ("--test", "none.csv"): "There is no file none.csv",
    ("--threshold", "2"): "--threshold 2: ",
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_cannot_be_is_refused_before_anything_is_written(frame, tmp_path, words):
    done = invoke(
        "train", "t.csv", "--target", "cost", *QUICK[:-4], "--out", "new.backpass", *words
    )
    assert done.exit_code == 2, done.output
    assert REFUSED[words] in done.stderr
    assert not (tmp_path / "new.backpass").exists()


def test_rows_without_target_are_refused_where_they_may_not_be_left_out(frame):
    frame.loc[[4, 9], "ill"] = None
    frame.to_csv("t.csv", index=False)
    done = invoke("train", "t.csv", "--target", "ill", *QUICK, "--no-drop-missing-target")
    assert done.exit_code == 2
    assert "2 of 200 rows have no target 'ill', the first of them row 4" in done.stderr
    assert trained("--drop-missing-target")["n_train"] > 0


def test_pictures_have_a_test_of_their_own(frame):
    X = np.random.default_rng(0).integers(0, 255, (60, 6, 6)).astype(np.uint8)
    np.savez("train.npz", X=X, y=np.arange(60) % 2)
    np.savez("held_out.npz", X=X[:25], y=np.arange(25) % 2)
    done = invoke("train", "train.npz", "--test", "held_out.npz", *QUICK, "--json")
    assert done.exit_code == 0, done.stderr
    values = json.loads(done.stdout)
    assert values["n_test"] == 25
    assert any(note.startswith("25 of 25 test rows") for note in values["notes"])


def test_folds_are_of_the_tables_rows_alone_where_parts_have_files(frame):
    frame[60:].to_csv("learn.csv", index=False)
    beside = trained("--test", "test.csv", "--cv", "3", source="learn.csv")["cv"]
    assert beside == trained("--cv", "3", source="learn.csv")["cv"]
    both = ("--test", "test.csv", "--validation", "test.csv", "--cv", "3")
    assert trained(*both, source="learn.csv")["cv"] == beside


def test_folds_of_arrays_with_a_test_of_their_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X, y = np.random.default_rng(1).normal(size=(90, 3)), np.arange(90) % 2
    np.savez("learn.npz", X=X[:60], y=y[:60])
    np.savez("test.npz", X=X[60:], y=y[60:])
    words = ("train", "learn.npz", *QUICK, "--json", "--cv", "3")
    alone, beside = (invoke(*words, *more) for more in ((), ("--test", "test.npz")))
    assert json.loads(alone.stdout)["cv"] == json.loads(beside.stdout)["cv"]


def test_what_a_fold_lacks_is_no_news_of_the_model(frame):
    town = np.where(np.arange(200) % 2, "Ulm", "Bonn").astype(object)
    town[1] = "Kiel"  # a row that trains, and that one fold tests: a warning is an error here
    frame.assign(town=town).to_csv("towns.csv", index=False)
    assert "cv" in trained("--cv", "4", source="towns.csv")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--split", "group:ill"), "--split group:ill: 'ill' is the target, and rows are not"),
        (("--split", "time:ill"), "--split time:ill: 'ill' is the target, and rows are not"),
        (("--weights", "ill"), "--weights ill: 'ill' is the target, and rows are not weighed"),
        (("--split", "time:patient"), "column 'patient' holds neither dates nor numbers."),
        (("--weights", "W"), "There is no column 'W'; did you mean 'w'?"),
        (("--cv", "300"), "--cv 300: 200 rows can be held out in turn"),
        (("--split", "group:patient", "--cv", "41"), "'patient' has 40 groups"),
        (("--test", "test.csv", "--test-size", "0.3"), "--test-size is of a test that is drawn"),
        (("--metric", "ROC_AUC"), "did you mean 'auc'?"),
        (("--ignore", "x,w"), "'x', 'w' are named one by one"),
        (("--kind", "ill=number"), "'ill' holds no numbers; its first text is "),
    ],
)
def test_a_wrong_wish_is_one_sentence_before_the_training(frame, words, sentence, monkeypatch):
    refuse_to_train(monkeypatch)
    done = invoke("train", "t.csv", "--target", "ill", *QUICK, *words)
    assert done.exit_code == 2
    assert sentence in " ".join(done.stderr.split())


def test_a_threshold_that_tells_nothing_apart_is_refused_before_the_training(frame, monkeypatch):
    refuse_to_train(monkeypatch)
    frame.assign(ill=np.arange(200) % 3).to_csv("three.csv", index=False)
    frame[:14].assign(ill=["yes", "no"] * 7).to_csv("few.csv", index=False)
    asked = {
        "three.csv": ("0.3", "it tells two classes apart, and 'ill' has 3."),
        "few.csv": ("best", "found on the validation rows, and they are none"),
    }
    for source, (threshold, sentence) in asked.items():
        words = ("train", source, "--target", "ill", "--threshold", threshold, *QUICK)
        assert sentence in " ".join(invoke(*words).stderr.split())


def test_folds_that_can_have_no_best_threshold_are_refused_before_the_training(frame, monkeypatch):
    refuse_to_train(monkeypatch)
    ill = np.where(np.arange(200) % 50 < 3, "yes", "no")
    frame.assign(ill=ill, day=np.arange(200)).to_csv("late.csv", index=False)
    words = ("--split", "time:day", "--threshold", "best", "--cv", "2")
    done = invoke("train", "late.csv", "--target", "ill", *QUICK, *words)
    assert done.exit_code == 2
    assert "validation rows of two classes" in " ".join(done.stderr.split())


def refuse_to_train(monkeypatch):
    def fit(*_, **__):
        raise AssertionError("a training began")

    monkeypatch.setattr(bp.MLPClassifier, "fit", fit)


def test_the_quantile_loss_is_measured_where_it_is_learnt(frame):
    values = trained("--loss", "quantile", "--metric", "quantile_loss", target="cost")
    assert values["headline"] == "quantile_loss"
    score = json.loads(invoke("score", "m.backpass", "t.csv", "--json").stdout)
    model = bp.load("m.backpass")
    assert score["quantile_loss"] == pytest.approx(
        metrics.mean_pinball_loss(frame["cost"], model.predict(frame), alpha=0.5), rel=1e-12
    )


def test_counts_that_are_negative_are_refused_by_the_options_name(frame):
    done = invoke("train", "t.csv", "--target", "cost", "--loss", "poisson", *QUICK)
    assert done.exit_code == 2
    assert "--loss poisson: it is for counts, and 'cost' holds negative" in done.stderr


def test_a_row_without_a_weight_is_one_of_its_own_file(frame):
    frame[:60].assign(w=[1.0] * 7 + [None] + [1.0] * 52).to_csv("test.csv", index=False)
    words = ("--weights", "w", "--test", "test.csv")
    said = " ".join(invoke("train", "t.csv", "--target", "ill", *QUICK, *words).stderr.split())
    assert "test.csv: 1 row has no weight in column 'w', the first of them row 7." in said


def test_one_group_is_one(frame):
    frame.assign(half=np.arange(200) // 150).to_csv("halves.csv", index=False)
    said = trained("--split", "group:half", source="halves.csv")["said"]
    assert "By 'half', 1 group is learnt from, and 1 test." in " ".join(said.split())
