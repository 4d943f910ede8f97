"""What the command line says: options and never Python's parameters, and what was meant."""

from __future__ import annotations

import html
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from backpass.cli import main
from backpass.engine import native
from backpass.training.stop import StopReason, why_stopped

PARAMETERS = re.compile(
    r"MLP\w+|\b(n_samples|test_size|train_size|max_iter|max_fun|n_iter_no_change|tol|ftol|alpha|"
    r"hidden_layer_sizes|learning_rate\w*|batch_size|random_state|n_threads|y_val|X_val)\b|"
    r"\w+=[ ,.]"
)


def run(*args: str) -> Result:
    return CliRunner().invoke(main, list(args))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tables and their models."""
    place = tmp_path_factory.mktemp("words")
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"length": rng.normal(4, 1, 80), "doors": rng.integers(2, 6, 80)})
    cost = 900 * frame.length + 100 * frame.doors - 4000
    frame.assign(cost=cost).to_csv(place / "cars.csv", index=False)
    frame.assign(dear=np.where(cost > 0, "yes", "no")).to_csv(place / "dear.csv", index=False)
    frame.assign(cost=cost)[:15].to_csv(place / "few.csv", index=False)
    for name, target in (("cars", "cost"), ("dear", "dear")):
        out = str(place / f"{name}.backpass")
        table = str(place / f"{name}.csv")
        done = run("train", table, "--target", target, "--out", out, "--no-report", "--epochs", "2")
        assert done.exit_code == 0, done.stderr
    return place


@pytest.fixture(autouse=True)
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


REFUSED = {
    "train wine --loss poisson": "--loss",
    "train wine --loss huber": "--loss",
    "train dear.csv --target dear --loss absolute_error": "--loss",
    "train cars.csv --target cost --loss log_loss": "--loss",
    "train diabetes --loss binary_log_loss": "--loss",
    "train wine --test-size 0.9999": "--test-size",
    "train wine --test-size 0.99": "--test-size",
    "train wine --test-size 0.001": "--test-size",
    "train wine --test-size nan": "--test-size",
    "train cars.csv --target cost --test-size 0.99": "--test-size",
    "train wine --epochs 1e3": "--epochs",
    "train wine --epochs -5": "--epochs",
    "train wine --lambda nan": "--lambda",
    "train wine --lambda inf": "--lambda",
    "train wine --lambda 1e308": "--lambda",
    "train wine --learning-rate inf": "--learning-rate",
    "train wine --learning-rate nan": "--learning-rate",
    "train wine --dropout nan": "--dropout",
    "train wine --hidden 3.5": "--hidden",
    "train wine --batch-size many": "--batch-size",
    "landscape cars.backpass cars.csv --span inf": "--span",
    "landscape cars.backpass cars.csv --fog nan": "--fog",
    "studio wine --lambda nan": "--lambda",
    "train few.csv --target cost --early-stopping": "--early-stopping: ",
    "train wine --solver lbfgs --dropout 0.2": "--dropout",
    "train wine --solver newton --schedule cosine": "--schedule",
    "train wine --solver cg --batch-size 10": "--batch-size",
    "train wine --solver lbfgs --learning-rate 0.1": "--learning-rate",
    "train wine --hidden 99999999999999999999": "--hidden",
    "train wine --hidden 9999999,9999999": "--hidden",
    "studio wine --hidden 99999999999999999999 --export page.html": "--hidden",
    "studio wine --export cars.csv": "--export",
    "studio wine --out cars.csv": "--out",
    "landscape cars.backpass cars.csv --out cars.csv": "--out",
    "bench --picture cars.csv": "--picture",
}


LARGE = "train wine --lambda 1e308"  # the core's sums overflow, those of NumPy do not
NEEDS_CORE = pytest.mark.skipif(not native.instruction_sets(), reason="the core is not built")


@pytest.mark.parametrize(
    "line", [pytest.param(line, marks=[NEEDS_CORE] * (line == LARGE)) for line in REFUSED]
)
def test_a_refusal_names_the_option_and_no_parameter(line: str) -> None:
    done = run(*line.split(), *(["--force"] if line.startswith("train") else []))
    assert done.exit_code == 2, done.output
    assert REFUSED[line] in done.stderr
    assert not PARAMETERS.search(done.stderr), done.stderr
    assert done.stderr.count("Error: ") == 1


MEANT = {
    "trian wine": "'train'",
    "Predict": "'predict'",
    "exlpain": "'explain'",
    "train wine --targt x": "'--target'",
    "train wine --loss poison": "'poisson'",
    "train wine --solver Adamm": "'adam'",
    "train wine --activation rellu": "'relu'",
    "train wine --schedule cosin": "'cosine'",
    "train wien": "'wine'",
    "train car.csv": "'cars.csv'",
    "train cars.csv --target costs --force": "'cost'",
    "predict cars.backpass carz.csv": "'cars.csv'",
    "studio iirs --export page.html": "'iris'",
    "bench --workload W19": "'W9'",
    "bench --candidate jaxx": "'JAX'",
    "explain dear.backpass dear.csv dleta": "'Delta'",
    "scroe cars.backpass cars.csv": "'score'",
    "score cars.backpass carz.csv": "'cars.csv'",
    "score cars.backpass cars.csv --metric rsme": "'rmse'",
    "predict cars.backpass cars.csv --keep dors": "'doors'",
    "predict cars.backpass cars.csv --porba": "'--proba'",
    "train cars.csv --target cost --ignore dors --force": "'doors'",
    "train cars.csv --target cost --kind dors=number --force": "'doors'",
    "train cars.csv --target cost --categorical dors --force": "'doors'",
    "train dear.csv --target dear --metric acuracy --force": "'accuracy'",
    "train cars.csv --target cost --weights dors --force": "'doors'",
    "train cars.csv --target cost --split time:dors --force": "'doors'",
    "inof cars.backpass": "'info'",
}


@pytest.mark.parametrize("line", MEANT)
def test_what_is_mistyped_gets_a_suggestion(line: str) -> None:
    done = run(*line.split())
    assert done.exit_code == 2
    assert re.search(rf"did you mean {MEANT[line]}\?", done.stderr, re.IGNORECASE), done.stderr


NEXT = {
    "train wine --epochs 1 --no-report --force --out [w]": "backpass predict '[w]' FILE",
    "info cars.backpass": "backpass score cars.backpass FILE",
    "predict cars.backpass cars.csv": "backpass score cars.backpass cars.csv",
}


@pytest.mark.parametrize("line", NEXT)
def test_people_are_told_what_to_type_next(line: str) -> None:
    done = run(*line.split())
    assert f"Next:   {NEXT[line]}\n" in done.output
    assert "Next:" not in run(*line.split(), "--json").output
    if line.startswith("predict"):
        assert "Next:" not in done.stdout
    Path("[w]").unlink(missing_ok=True)


DIVERGING = ("wine --solver adam", "wine --solver gd", "cars.csv --target cost --solver sgd")


@pytest.mark.parametrize("line", DIVERGING)
@pytest.mark.parametrize("rate", ["1e300", "1e9"])
def test_a_training_that_diverges_ends_in_a_report(line: str, rate: str, tmp_path: Path) -> None:
    out = str(tmp_path / "m.backpass")
    done = run("train", *line.split(), "--learning-rate", rate, "--json", "--out", out)
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert "diverged" in told["stop_reason"]
    assert "diverged" in (tmp_path / "m.html").read_text("utf-8")


@pytest.mark.parametrize("name", ["my cars.csv", "it's.csv", "a$b&c.csv", "ä;ö.csv"])
def test_the_command_in_the_report_repeats_the_training(name: str, tmp_path: Path) -> None:
    table = tmp_path / name
    pd.read_csv("dear.csv").rename(columns={"doors": "number of doors"}).to_csv(table, index=False)
    out = str(tmp_path / "the model.backpass")
    line = ["train", str(table), "--target", "dear", "--ignore", "number of doors", "--out", out]
    first = run(
        *line, "--hidden", "5,4", "--epochs", "3", "--classes", "--early-stopping", "--json"
    )
    assert first.exit_code == 0, first.stderr
    page = (tmp_path / "the model.html").read_text("utf-8")
    told = re.search(r"<code>(.*?)</code>", page, re.DOTALL)
    assert told is not None
    words = shlex.split(html.unescape(told[1]))
    assert words[:3] == ["backpass", "train", str(table)]
    again = json.loads(run(*words[1:], "--force", "--json").stdout)
    assert again["network"] == "1-5-4-1 (relu; binary_log_loss)"
    assert {**again, "seconds": 0} == {**json.loads(first.stdout), "seconds": 0}


def test_what_is_like_nothing_gets_no_suggestion() -> None:
    for line in ("qqq", "train qqq", "train wine --loss qqq"):
        assert "mean" not in run(*line.split()).stderr


def test_no_reason_to_stop_names_a_parameter() -> None:
    for reason in StopReason:
        assert not PARAMETERS.search(why_stopped(reason)), reason


HOW = {
    "epochs": "--epochs 2",
    "settled": "--solver gd --learning-rate 1e-9 --schedule constant --epochs 60",
    "score": "--early-stopping --epochs 200",
    "lbfgs": "--solver lbfgs",
    "newton": "--solver newton --epochs 3 --hidden 4",
}


@pytest.mark.parametrize("how", HOW)
def test_json_and_terminal_tell_the_reason_alike(how: str, tmp_path: Path) -> None:
    line = ["train", "wine", "--no-report", "--out", str(tmp_path / "m"), *HOW[how].split()]
    reason = json.loads(run(*line, "--json", "--force").stdout)["stop_reason"]
    assert not PARAMETERS.search(reason)
    assert reason.endswith(".")
    shown = run(*line, "--force").stdout
    assert " ".join(reason.split()[:3]) in shown
    assert not PARAMETERS.search(shown)


def test_the_mean_error_has_the_targets_unit(tmp_path: Path) -> None:
    out = str(tmp_path / "m")
    line = ["train", "cars.csv", "--target", "cost", "--out", out, "--no-report", "--json"]
    values = json.loads(run(*line, "--solver", "lbfgs", "--lambda", "0").stdout)
    assert 0 < values["test_mean_error"] < 100  # of costs that spread by about 900
    told = json.loads(run("predict", out, "cars.csv", "--json").stdout)
    cost = pd.read_csv("cars.csv").cost
    assert told["mean_error"] == pytest.approx(np.mean(np.abs(cost - told["prediction"])))
    pd.read_csv("cars.csv").head(1).to_csv(tmp_path / "one.csv", index=False)
    one = json.loads(run("predict", out, str(tmp_path / "one.csv"), "--json").stdout)
    assert "mean_error" in one
    assert "r2" not in one
    classes = ["train", "dear.csv", "--target", "dear", "--out", out, "--force", "--no-report"]
    assert "test_mean_error" not in json.loads(run(*classes, "--json", "--epochs", "1").stdout)


def test_rows_of_a_class_that_is_not_learned_are_not_scored_on_the_way(tmp_path: Path) -> None:
    """Classes of one row each: some are in the validation rows alone, and the training runs."""
    y = ["a", "b"] * 30 + [f"rare{k}" for k in range(20)]
    pd.DataFrame({"x": range(80), "y": y}).to_csv(tmp_path / "few.csv", index=False)
    out = str(tmp_path / "m")
    line = ["train", str(tmp_path / "few.csv"), "--target", "y", "--out", out, "--no-report"]
    done = run(*line, "--epochs", "1", "--json")
    assert done.exit_code == 0, done.stderr
    assert 0 < json.loads(done.stdout)["n_validation"] < 7
