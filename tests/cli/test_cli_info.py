"""`backpass info`: what a model file tells of itself, and which extras are advised."""

from __future__ import annotations

import importlib.metadata
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

import backpass as bp
from backpass.cli import main
from backpass.extras import EXTRAS

FIRST_RELEASE = Path(__file__).parents[1] / "files" / "classifier-version-1.backpass"
SOURCES = Path(bp.__file__).parent


def run(*args: str) -> Result:
    return CliRunner().invoke(main, list(args))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "weight [bold]": rng.normal(900, 100, 90),
            "fuel": rng.choice(["diesel", "petrol"], 90),
            "wheels": 4,
            "name": [f"car {k}" for k in range(90)],
        }
    )
    frame["km"] = 5 * frame["weight [bold]"] + 50 * (frame.fuel == "diesel")
    frame.to_csv("cars.csv", index=False)
    return tmp_path


def test_it_tells_what_the_model_was_trained_on(folder: Path) -> None:
    line = "train cars.csv --target km --ignore name --no-report --lambda 0.25 --epochs 7 --json"
    trained = json.loads(run(*line.split()).stdout)
    told = json.loads(run("info", "cars.backpass", "--json").stdout)
    assert {c["name"]: c["kind"] for c in told["columns"]} == {
        "weight [bold]": "number",
        "fuel": "category",
        "wheels": "constant",
        "name": "ignored",
    }
    assert told["columns"][1]["inputs"] == ["fuel = diesel", "fuel = petrol"]
    assert (told["target"], told["classes"], told["ignored"]) == ("km", None, ["wheels", "name"])
    assert told["rows"] == {part: trained[f"n_{part}"] for part in ("train", "validation", "test")}
    for same in ("network", "n_parameters", "stop_reason", "test_r2", "test_mean_error", "epochs"):
        assert told[same] == trained[same]
    assert (told["lambda"], told["source"], told["version"]) == (0.25, "cars.csv", bp.__version__)
    shown = " ".join(run("info", "cars.backpass").stdout.split())
    for word in (
        "weight [bold]",
        "fuel = diesel, fuel = petrol",
        "km",
        "backpass 0.",
        "lambda 0.25",
        "test R²",
    ):
        assert word in shown
    assert not re.search("max_iter|hidden_layer|alpha|learning_rate|MLP", shown)


@pytest.mark.filterwarnings("default")
def test_it_tells_scores_beside_a_baseline_versions_sizes_and_how_it_was_read(folder: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.read_csv("cars.csv").assign(w=1.0, when=pd.date_range("2024-01-01", periods=90))
    frame["dear"] = np.where(rng.random(90) < 0.15, "yes", "no")
    frame.to_csv("more.csv", index=False)
    line = "train more.csv --target dear --out m --no-report --epochs 3 --json --cv 3 --weights w"
    line += " --split time:when --threshold 0.3 --metric auc"
    trained = json.loads(run(*line.split()).stdout)
    told = json.loads(run("info", "m", "--json").stdout)
    for same in ("auc", "log_loss", "headline", "baselines", "cv", "reading", "notes", "by_class"):
        assert told[same] == trained[same], same
    assert told["threshold"] == {"class": "yes", "from": 0.3}
    assert (told["parting"]["rule"], told["parting"]["weights"]) == ("time:when", "w")
    assert told["file_bytes"] == Path("m").stat().st_size
    assert told["libraries"]["numpy"] == np.__version__
    assert told["kept"] == {
        "fingerprints": trained["n_train"] + trained["n_validation"],
        "errors": 0,
    }
    lines = run("info", "m").stdout.splitlines()
    shown = " ".join(" ".join(lines).split())
    assert next(row for row in lines if row.startswith("score")).split()[1] == "AUC"
    for words in (
        f"AUC {trained['auc']:.4g} (0.5 without a model)",
        "kB",
        f"numpy {np.__version__}",
        "--split time:when --weights w",
        "yes from a probability of 0.3 on",
        "in 3 folds",
        f"fingerprints of {told['kept']['fingerprints']} rows",
        *told["notes"],
    ):
        assert words in shown
    run(*["train", "cars.csv", "--target", "km", "--out", "n", "--no-report", "--epochs", "3"])
    assert json.loads(run("info", "n", "--json").stdout)["kept"]["errors"] == 18


def test_classes_are_named(folder: Path) -> None:
    run("train", "wine", "--no-report", "--epochs", "3")
    told = json.loads(run("info", "wine.backpass", "--json").stdout)
    assert told["classes"] == ["class_0", "class_1", "class_2"]
    assert "class_0, class_1, class_2" in run("info", "wine.backpass").stdout


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_model_of_the_first_release_and_one_without_a_table(folder: Path) -> None:
    assert json.loads(run("info", str(FIRST_RELEASE), "--json").stdout)["target"] == "t"
    assert run("info", str(FIRST_RELEASE)).exit_code == 0
    X = pd.DataFrame({"u": [0.0, 1.0, 2.0], "v": [1.0, 0.0, 1.0]})
    bp.save(
        bp.MLPRegressor(hidden_layer_sizes=(2,), solver="lbfgs").fit(X, [1.0, 2.0, 3.0]),
        "own.backpass",
    )
    told = json.loads(run("info", "own.backpass", "--json").stdout)
    assert [column["name"] for column in told["columns"]] == ["u", "v"]
    assert told["target"] is None
    assert run("info", "own.backpass").exit_code == 0


def test_what_is_known_survives_loading_and_saving_again(folder: Path) -> None:
    run("train", "wine", "--no-report", "--epochs", "3")
    bp.save(bp.load("wine.backpass"), "again.backpass")
    first, again = (
        json.loads(run("info", f"{name}.backpass", "--json").stdout) for name in ("wine", "again")
    )
    for values in (first, again):
        del values["file"], values["written"]
    assert first == again


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_checkpoint_says_where_it_is(folder: Path) -> None:
    X, y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2

    def stop(progress: bp.Progress) -> None:
        if progress.epoch == 3:
            raise RuntimeError("power cut")

    how = {"hidden_layer_sizes": (4,), "max_iter": 9, "random_state": 1, "every": 1}
    with pytest.raises(RuntimeError):
        bp.MLPClassifier(**how, checkpoint="run", callbacks=[stop]).fit(X, y)
    told = json.loads(run("info", "run", "--json").stdout)
    assert (told["kind"], told["finished"]) == ("checkpoint", False)
    assert told["epoch"] in (2, 3)
    assert told["settings"]["epochs"] == "9"
    assert "unfinished" in run("info", "run").stdout
    bp.MLPClassifier(**how, checkpoint="over").fit(X, y)
    assert json.loads(run("info", "over", "--json").stdout)["finished"] is True
    assert run("info", "over").exit_code == 0


def test_what_is_no_model_is_one_sentence(folder: Path) -> None:
    damaged = bytearray(FIRST_RELEASE.read_bytes())
    damaged[-1] ^= 1
    Path("damaged").write_bytes(damaged)
    Path("empty").write_bytes(b"")
    for name in ("cars.csv", "nothing", ".", "damaged", "empty"):
        done = run("info", name)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.count("\n") == 1
        assert name in done.stderr


def existing_extras() -> set[str]:
    return set(importlib.metadata.metadata("backpass").get_all("Provides-Extra") or ())


def test_every_extra_that_a_message_names_exists() -> None:
    known = existing_extras()
    assert set(EXTRAS.values()) <= known
    texts = [*SOURCES.rglob("*.py"), *SOURCES.rglob("*.js"), *SOURCES.rglob("*.html")]
    root = Path(__file__).parents[2]
    texts += [*(root / "docs").glob("*.rst"), *root.glob("*.md")]
    named = {
        extra.strip()
        for text in texts
        for group in re.findall(r"(?:backpass|'\.|\"\.)\\*\[([\w, -]+)\]", text.read_text("utf-8"))
        for extra in group.split(",")
    }
    assert len(named) > 3
    assert named <= known
    assert set(re.findall(r"\[(\w+)\]", run("info").stdout)) <= known


def test_all_holds_every_extra_of_users() -> None:
    needed = importlib.metadata.requires("backpass") or []
    whole = " ".join(
        line for line in needed if 'extra == "all"' in line or "extra == 'all'" in line
    )
    inside = set(re.search(r"backpass\[([\w,-]+)\]", whole)[1].split(","))  # type: ignore[index]
    assert inside == set(EXTRAS.values())
