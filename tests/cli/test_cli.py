"""The command line: the main job, the user's own table, and every bad input as one line."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from sklearn.datasets import load_digits

import backpass as bp
from backpass.cli import COMMANDS, main
from backpass.estimators.parameters import FULL_BATCH_SOLVERS, MINI_BATCH_SOLVERS
from backpass.experiment.settings import FULL_BATCH, SOLVERS, Settings
from backpass.experiment.settings import SCHEDULES as OFFERED
from backpass.training.schedules import SCHEDULES

QUICK = ["--hidden", "8", "--epochs", "5"]


def houses(rows: int = 120) -> pd.DataFrame:
    """A table with numbers, categories and gaps; the price is nearly a sum."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "area": rng.normal(100, 20, rows),
            "kind": rng.choice(["flat", "house", "hut"], rows),
            "rooms": rng.integers(1, 9, rows),
        }
    )
    frame["price"] = 3 * frame.area + 20 * frame.rooms + 80 * (frame.kind == "house")
    frame["dear"] = np.where(frame.price > frame.price.median(), "yes", "no")
    frame.loc[3::20, "area"] = np.nan
    frame.loc[5::20, "kind"] = None
    return frame


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with the table in it."""
    monkeypatch.chdir(tmp_path)
    houses().drop(columns="dear").to_csv("houses.csv", index=False)
    houses().drop(columns="price").to_csv("dear.csv", index=False)
    return tmp_path


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a trained model of either kind."""
    folder = tmp_path_factory.mktemp("models")
    houses().drop(columns="dear").to_csv(folder / "houses.csv", index=False)
    houses().drop(columns="price").to_csv(folder / "dear.csv", index=False)
    for name, target in (("houses", "price"), ("dear", "dear")):
        out = str(folder / f"{name}.backpass")
        done = run("train", str(folder / f"{name}.csv"), "--target", target, "--out", out, *QUICK)
        assert done.exit_code == 0, done.stderr
    return folder


def run(*args: str) -> Result:
    return CliRunner().invoke(main, list(args))


def refused(*args: str) -> str:
    """Run a command that must fail: exit code 2, one line, no traceback, nothing on stdout."""
    before = sorted(Path.cwd().iterdir())
    result = run(*args)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert sorted(Path.cwd().iterdir()) == before
    return result.stderr


# --- the main job ----------------------------------------------------------------------------


def test_train_digits_reaches_97_percent_and_writes_model_and_report(place: Path) -> None:
    result = run("train", "digits", "--json")
    assert result.exit_code == 0, result.stderr
    values = json.loads(result.stdout)
    assert values["test_accuracy"] >= 0.97
    assert values["n_train"] + values["n_validation"] + values["n_test"] == 1797
    assert np.sum(values["confusion"]) == values["n_test"] == 360
    assert np.sum(values["confusion"], axis=1).min() >= 35  # stratified: 36 of each, or so
    assert {"J", "seconds", "stop_reason"} <= values.keys()
    model = bp.load(values["model"])
    X, y = load_digits(return_X_y=True)
    assert model.score(X / 16, y) > 0.97
    assert Path(values["report"]).read_text("utf-8").startswith("<!doctype html>")


def test_people_get_a_table_and_the_confusion(place: Path) -> None:
    result = run("train", "digits", "--no-report", *QUICK)
    assert result.exit_code == 0
    assert "test accuracy" in result.stdout
    assert "predicted class" in result.stdout
    assert "digits.backpass" in result.stdout
    assert not (place / "digits.html").exists()


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer"])
def test_built_in_classes(place: Path, name: str) -> None:
    values = json.loads(run("train", name, "--json", "--no-report").stdout)
    assert values["test_accuracy"] > max(0.85, values["baseline"])
    assert all(isinstance(label, str) for label in values["classes"])


def test_built_in_numbers(place: Path) -> None:
    values = json.loads(run("train", "diabetes", "--json", "--no-report").stdout)
    assert values["test_r2"] > 0.2


def test_settings_offer_what_the_estimators_know() -> None:
    assert sorted(SOLVERS) == sorted((*MINI_BATCH_SOLVERS, *FULL_BATCH_SOLVERS))
    assert sorted(FULL_BATCH) == sorted(FULL_BATCH_SOLVERS)
    assert OFFERED == SCHEDULES
    assert set(Settings.__dataclass_fields__) <= {
        option.name for option in main.get_command(None, "train").params
    }


def test_all_options_reach_the_estimator(place: Path) -> None:
    options = (
        "--hidden 5,4 --activation tanh --loss binary_log_loss --solver sgd --lambda 0.5 "
        "--epochs 3 --batch-size 16 --learning-rate 0.05 --schedule constant --dropout 0.1 "
        "--seed 7 --threads 1 --test-size 0.3 --no-report --json"
    )
    values = json.loads(run("train", "dear.csv", "--target", "dear", *options.split()).stdout)
    assert (values["n_test"], values["epochs"]) == (36, 3)
    model = bp.load("dear.backpass")
    assert model.net_.sizes == (7, 5, 4, 1)
    expected = {"activation": "tanh", "solver": "sgd", "alpha": 0.5, "batch_size": 16}
    expected |= {"learning_rate_init": 0.05, "dropout": 0.1, "random_state": 7}
    assert {name: model.get_params()[name] for name in expected} == expected


def test_an_unfinished_run_goes_on_from_its_checkpoint(place: Path) -> None:
    arguments = ["train", "iris", "--no-report", "--hidden", "8", "--json", "--epochs", "6"]
    whole = json.loads(run(*arguments, "--out", "whole").stdout)
    from backpass.training.monitor import Monitor

    seen = []

    def stop_at_three(self, state, _real=Monitor.asks_to_stop):
        seen.append(state["epoch"])
        if state["epoch"] == 3 and len(seen) == 3:
            raise KeyboardInterrupt
        return _real(self, state)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Monitor, "asks_to_stop", stop_at_three)
        cut = run(*arguments, "--out", "cut", "--checkpoint", "run.ckpt", "--every", "1")
    assert cut.exit_code == 130, cut.stderr
    on = run(*arguments, "--out", "on", "--checkpoint", "run.ckpt", "--every", "1")
    assert on.exit_code == 0, on.stderr
    assert json.loads(on.stdout)["J"] == whole["J"]


def test_the_same_seed_gives_the_same_model(place: Path) -> None:
    for name in ("a", "b"):
        run("train", "iris", "--out", name, "--no-report", *QUICK)
    assert Path("a").read_bytes() == Path("b").read_bytes()


# --- the user's own table --------------------------------------------------------------------


@pytest.mark.parametrize(("model", "least"), [("mlp", 0.9), ("auto", 0.85)])
def test_a_table_with_categories_and_gaps_is_learned(place: Path, model: str, least: float) -> None:
    words = ["--model", model, "--json"]
    values = json.loads(run("train", "houses.csv", "--target", "price", *words).stdout)
    assert values["test_r2"] > least
    assert values["n_features"] == 7  # area, rooms, three kinds, and what is missing of two
    values = json.loads(run("train", "dear.csv", "--target", "dear", *words).stdout)
    assert values["test_accuracy"] > 0.85
    assert values["classes"] == ["no", "yes"]


def test_columns_can_be_ignored_and_codes_be_categories(place: Path) -> None:
    arguments = ["houses.csv", "--target", "price", "--ignore", "kind", "--categorical", "rooms"]
    values = json.loads(run("train", *arguments, "--json", *QUICK).stdout)
    assert values["n_features"] == 2 + 8  # the area, whether it is missing, and the rooms
    assert run("predict", "houses.backpass", "houses.csv").exit_code == 0


def test_the_target_can_be_made_numbers_or_classes(place: Path) -> None:
    arguments = ["train", "houses.csv", "--target", "rooms", "--json", "--no-report", *QUICK]
    assert "test_accuracy" in json.loads(run(*arguments).stdout)
    assert "test_r2" in json.loads(run(*arguments, "--numbers", "--force").stdout)


def test_predict_takes_the_raw_table(models: Path, place: Path) -> None:
    raw = houses().drop(columns=["price", "dear"])
    raw.iloc[::-1, ::-1].to_csv("new.csv", index=False)  # other order of rows and columns
    model = str(models / "houses.backpass")
    predicted = json.loads(run("predict", model, "new.csv", "--json").stdout)["prediction"]
    estimator = bp.load(model)
    X = estimator.preprocessing_.transform(raw)
    expected = estimator.preprocessing_.target.decode(estimator.predict(X))
    np.testing.assert_allclose(predicted[::-1], expected, rtol=1e-9)


def test_predict_writes_csv_with_probabilities(models: Path, place: Path) -> None:
    model, table = str(models / "dear.backpass"), str(models / "dear.csv")
    shown = run("predict", model, table, "--proba")
    assert shown.exit_code == 0
    assert "accuracy on these rows" in shown.stderr
    assert run("predict", model, table, "--proba", "--out", "p.csv").exit_code == 0
    assert Path("p.csv").read_text() == shown.stdout
    frame = pd.read_csv("p.csv")
    assert list(frame) == ["prediction", "probability of no", "probability of yes"]
    np.testing.assert_allclose(frame.iloc[:, 1:].sum(axis=1), 1)
    assert "p.csv exists" in refused("predict", model, table, "--out", "p.csv")


def test_trace_shows_every_number_of_a_row(models: Path) -> None:
    model, table = str(models / "dear.backpass"), str(models / "dear.csv")
    shown = run("trace", model, table, "--row", "5")
    assert shown.exit_code == 0, shown.stderr
    assert all(symbol in shown.stdout for symbol in ("Θ^(1)", "z^(2)", "δ^(3)", "Δ^(1)", "D^(2)"))
    values = json.loads(run("trace", model, table, "--row", "5", "--json").stdout)
    a = np.array(values["a"]["3"])
    np.testing.assert_allclose(values["delta"]["3"], a - values["Y"], rtol=1e-12)
    np.testing.assert_allclose(
        values["Delta"]["2"], np.outer(values["delta"]["3"], [1, *values["a"]["2"][0]]), rtol=1e-12
    )


@pytest.mark.parametrize("name", ["houses", "dear"])
def test_check_finds_the_gradient_right(models: Path, name: str) -> None:
    arguments = [str(models / f"{name}.backpass"), str(models / f"{name}.csv")]
    values = json.loads(run("check", *arguments, "--entries", "30", "--json").stdout)
    assert values["ok"]
    assert values["relative_difference"] < values["tolerance"]
    assert (values["n_entries"], values["n_rows"]) == (30, 120)
    assert "agrees with" in run("check", *arguments).stdout


def test_check_fails_where_the_gradient_is_wrong(models: Path, monkeypatch) -> None:
    from backpass.inspection import gradcheck

    def wrong(*args, **kwargs):
        J, D = bp.cost_and_gradient(*args, **kwargs)
        return J, 2 * D

    monkeypatch.setattr(gradcheck, "cost_and_gradient", wrong)
    result = run("check", str(models / "dear.backpass"), str(models / "dear.csv"))
    assert result.exit_code == 1
    assert "DIFFERS" in result.stdout


def test_info_names_engine_and_extras() -> None:
    values = json.loads(run("info", "--json").stdout)
    assert values["version"] == bp.__version__
    assert values["engine"]
    assert values["extras"]["data"]["pandas"] is True
    assert "backpass" in run("info").stdout


def test_info_says_how_to_get_what_is_missing(monkeypatch) -> None:
    from backpass.extras import EXTRAS

    monkeypatch.setitem(EXTRAS, "no_such_package", "studio")
    assert "pip install 'backpass[studio]'" in run("info").stdout


# --- the other doors ----------------------------------------------------------------------------


def test_explain_puts_the_numbers_into_the_formula(models: Path) -> None:
    model, table = str(models / "dear.backpass"), str(models / "dear.csv")
    place = ["delta", "--layer", "3", "--unit", "0", "--row", "4"]
    explained = json.loads(run("explain", model, table, *place, "--json").stdout)
    traced = json.loads(run("trace", model, table, "--row", "4", "--json").stdout)
    assert explained["value"] == pytest.approx(traced["delta"]["3"][0][0], rel=1e-12)
    assert "δ⁽³⁾" in run("explain", model, table, *place).stdout


def test_explain_names_the_row_and_the_column(models: Path) -> None:
    model, table = str(models / "dear.backpass"), str(models / "dear.csv")
    shown = run("explain", model, table, "a", "--layer", "1", "--unit", "0", "--row", "7").stdout
    column = pd.read_csv(table).columns[0]
    assert shown.startswith(f"a⁽¹⁾[7, 0] = X[7, 0], {column}")


def test_explain_and_trace_need_targets_only_for_what_comes_after_the_answer(
    models: Path, tmp_path: Path
) -> None:
    model, table = str(models / "dear.backpass"), str(models / "dear.csv")
    target = bp.load(model).preprocessing_.target.name
    new = str(tmp_path / "new.csv")
    pd.read_csv(table).drop(columns=target).to_csv(new, index=False)
    for symbol, layer in (("a", "2"), ("z", "3"), ("a", "3"), ("Theta", "1")):
        place = [symbol, "--layer", layer, "--unit", "0", "--row", "4", "--json"]
        place += ["--column", "1"] if symbol == "Theta" else []
        known = json.loads(run("explain", model, table, *place).stdout)
        assert json.loads(run("explain", model, new, *place).stdout) == known
    assert "no target column" in refused("explain", model, new, "J")
    shown = json.loads(run("trace", model, new, "--json").stdout)
    assert {"a", "z", "Theta"} <= set(shown)
    assert not {"Y", "delta", "Delta", "D"} & set(shown)
    assert shown["J"] is None
    assert run("trace", model, new).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a"], "Which a? It needs --layer and --unit."),
        (["a", "--layer", "2"], "Which a? It needs --unit."),
        (["D", "--layer", "1"], "Which D? It needs --unit and --column."),
        (["J", "--layer", "1"], "J has no --layer"),
        (["z", "--layer", "2", "--unit", "0", "--column", "1"], "z has no --column"),
        (["a", "--layer", "2", "--unit", "-1"], "--unit -1: a of layer 2 has units 0 to"),
        (["a", "--layer", "2", "--unit", "9999"], "--unit 9999: a of layer 2 has units 0 to"),
        (["a", "--layer", "-1", "--unit", "0"], "--layer -1: a has layers 1 to 3"),
        (["z", "--layer", "1", "--unit", "0"], "--layer 1: z has layers 2 to 3"),
        (["D", "--layer", "3", "--unit", "0", "--column", "0"], "--layer 3: D has layers 1 to 2"),
        (
            ["D", "--layer", "1", "--unit", "-1", "--column", "0"],
            "--unit -1: D of layer 1 has",
        ),
        (["Delta", "--layer", "1", "--unit", "0", "--column", "-1"], "--column -1: Delta of layer"),
    ],
)
def test_explain_refuses_in_the_words_of_the_command_line(
    models: Path, arguments: list[str], words: str
) -> None:
    message = refused(
        "explain", str(models / "dear.backpass"), str(models / "dear.csv"), *arguments
    )
    assert words in message
    assert not re.search(r"\w+=", message)


def test_the_decay_of_one_row_is_its_part_of_the_trainings(models: Path) -> None:
    model, table = str(models / "dear.backpass"), str(models / "dear.csv")
    trained = bp.load(model)
    J, cost = (
        json.loads(run("explain", model, table, symbol, "--json").stdout)["value"]
        for symbol in ("J", "cost")
    )
    squares = sum((W**2).sum() for W in trained.coefs_)
    decay = trained.alpha / trained.total_weight_ * squares / 2
    assert J - cost == pytest.approx(decay, rel=1e-6, abs=1e-12)
    lam = json.loads(run("trace", model, table, "--json").stdout)["lambda"]
    assert lam == pytest.approx(trained.alpha / trained.total_weight_)


@pytest.mark.filterwarnings("default:The model does not say")
def test_a_model_that_does_not_say_its_rows_weight_is_looked_at_with_a_word(
    models: Path, tmp_path: Path
) -> None:
    table = str(models / "dear.csv")
    old = bp.load(models / "dear.backpass")
    del old.total_weight_
    bp.save(old, tmp_path / "old.backpass")
    said = run("trace", str(tmp_path / "old.backpass"), table)
    assert said.exit_code == 0
    assert "Warning: The model does not say how much its training rows weighed" in said.stderr


LEARNERS = """
import backpass as bp

def right(theta, sizes, X, Y, lam):
    return bp.cost_and_gradient(bp.Network(sizes), theta, X, Y, lam)

def wrong(theta, sizes, X, Y, lam):
    return bp.cost_and_gradient(bp.Network(sizes), theta, X, Y, 1.0)

def unclear(q, r, s, t, u):
    return right(u, t, q, r, s)[::-1]
"""


def test_diagnose_names_the_wrong_formula(place: Path) -> None:
    Path("learner.py").write_text(LEARNERS)
    right, wrong = (run("diagnose", f"learner.py:{name}", "--json") for name in ("right", "wrong"))
    assert (right.exit_code, json.loads(right.stdout)["ok"]) == (0, True)
    assert wrong.exit_code == 1
    assert json.loads(wrong.stdout)["mistakes"][0]["what"] == "λ fixed at 1"
    assert "λ fixed at 1" in run("diagnose", "learner.py:wrong").stdout
    assert "no function 'gone'" in refused("diagnose", "learner.py:gone")
    assert "no file 'gone.py'" in refused("diagnose", "gone.py:wrong")
    assert "FILE.py:FUNCTION" in refused("diagnose", "learner.py")


def test_diagnose_takes_the_form_in_which_a_function_is_called(place: Path) -> None:
    Path("learner.py").write_text(LEARNERS)
    assert run("diagnose", "learner.py:unclear").exit_code == 1
    form = "D, J = f(X, Y, lam, sizes, theta)"
    assert run("diagnose", "learner.py:unclear", "--form", form).exit_code == 0
    assert "'thata'" in refused(
        "diagnose", "learner.py:unclear", "--form", form.replace("the", "tha")
    )


# --- bad input: one line, exit code 2, nothing written ------------------------------------------


def write_bad_tables() -> None:
    """Write one table for each thing that can be wrong."""
    good = houses().drop(columns="dear")
    Path("empty.csv").touch()
    Path("header.csv").write_text("area,price\n")
    Path("table.xyz").write_text("area,price\n1,2\n")
    text = good.astype({"rooms": object})
    text.loc[7, "rooms"] = "many"
    text.to_csv("text.csv", index=False)
    infinite = good.copy()
    infinite.loc[[9, 20], "area"] = np.inf
    infinite.to_csv("inf.csv", index=False)
    gaps = good.copy()
    gaps.loc[[4, 20], "price"] = np.nan
    gaps.to_csv("gaps.csv", index=False)
    houses().assign(dear="yes").to_csv("one.csv", index=False)
    good.head(5).to_csv("few.csv", index=False)
    X = np.ones((20, 3))
    X[2, 1] = np.nan
    np.savez("nan.npz", X=X, y=np.arange(20.0))


BAD_TABLES = [
    ("missing.csv --target price", ["no file missing.csv"]),
    ("empty.csv --target price", ["empty.csv"]),
    ("header.csv --target price", ["header.csv", "no row of data"]),
    ("houses.csv --target prize", ["houses.csv", "'prize'", "did you mean 'price'"]),
    ("houses.csv", ["houses.csv has no target", "'area'"]),
    ("text.csv --target price", ["'rooms'", "row 7", "'many'"]),
    ("inf.csv --target price", ["'area'", "2 infinite", "row 9"]),
    ("nan.npz --target y", ["nan.npz", "1 NaN", "row 2, column 1"]),
    ("one.csv --target dear", ["'dear'", "one class"]),
    ("few.csv --target price", ["5 rows", "at least 10"]),
    ("houses.csv --target price --ignore colour", ["'colour'"]),
    ("houses.csv --target price --categorical colour", ["'colour'"]),
    ("digits --target colour", ["'digits'", "'digit'", "--target"]),
    ("houses.csv --target price --loss log_loss", ["log_loss"]),
    ("houses.csv --target price --out no/folder/m", ["no/folder"]),
    ("houses.csv --target price --out .", ["folder"]),
]


@pytest.mark.parametrize(("arguments", "words"), BAD_TABLES)
def test_bad_tables_are_refused(place: Path, arguments: str, words: list[str]) -> None:
    write_bad_tables()
    message = refused("train", *arguments.split())
    for word in words:
        assert word in message


BAD_OPTIONS = [
    ("--hidden 8,x", "--hidden"),
    ("--hidden 0", "--hidden"),
    ("--activation swish9", "--activation"),
    ("--solver newt", "--solver"),
    ("--loss hinge", "--loss"),
    ("--lambda -1", "--lambda"),
    ("--epochs 0", "--epochs"),
    ("--batch-size 0", "--batch-size"),
    ("--learning-rate 0", "--learning-rate"),
    ("--dropout 1", "--dropout"),
    ("--test-size 1", "--test-size"),
    ("--seed -1", "--seed"),
    ("--threads 0", "--threads"),
    ("--colour red", "--colour"),
    ("--schedule weekly", "--schedule"),
]


@pytest.mark.parametrize(("arguments", "option"), BAD_OPTIONS)
def test_bad_options_are_named(place: Path, arguments: str, option: str) -> None:
    assert option in refused("train", "iris", *arguments.split())


def test_commands_that_do_not_exist_are_named(place: Path) -> None:
    assert "nosuch" in refused("nosuch")
    assert "DATA" in refused("train")


def test_a_model_file_that_is_not_one(models: Path, place: Path) -> None:
    Path("not.backpass").write_text("hello")
    assert "not.backpass is not a backpass model" in refused("predict", "not.backpass", "dear.csv")
    assert "no file gone.backpass" in refused("predict", "gone.backpass", "dear.csv")
    damaged = bytearray((models / "dear.backpass").read_bytes())
    damaged[-3] ^= 1
    Path("damaged.backpass").write_bytes(damaged)
    for command in ("predict", "trace", "check"):
        assert "damaged" in refused(command, "damaged.backpass", "dear.csv")


def test_a_model_without_a_tables_preprocessing(place: Path) -> None:
    X, y = load_digits(return_X_y=True)
    bare = bp.MLPClassifier((4,), random_state=0).partial_fit(X, y, classes=np.unique(y))
    bp.save(bare, "bare.backpass")
    assert "without the preprocessing" in refused("predict", "bare.backpass", "dear.csv")


def test_columns_that_do_not_match_are_named(models: Path, place: Path) -> None:
    houses().drop(columns=["area", "dear"]).assign(height=1.0).to_csv("other.csv", index=False)
    message = refused("predict", str(models / "houses.backpass"), "other.csv")
    assert "other.csv: The table lacks the column 'area', which the model learned from" in message


@pytest.mark.filterwarnings("default")
def test_cells_that_do_not_match_are_named(models: Path, place: Path) -> None:
    wrong = houses().drop(columns=["price", "dear"]).assign(rooms="many")
    wrong.to_csv("wrong.csv", index=False)
    said = run("predict", str(models / "houses.backpass"), "wrong.csv").stderr
    assert "Column 'rooms' holds 120 cells that are no number, as 'many'; read as gaps." in said


def test_rows_and_targets_that_are_not_there(models: Path, place: Path) -> None:
    model = str(models / "dear.backpass")
    assert "--row 999: dear.csv has 120 rows" in refused("trace", model, "dear.csv", "--row", "999")
    houses().drop(columns=["price", "dear"]).to_csv("blind.csv", index=False)
    assert "no target column, without which there is no J" in refused(
        "explain", model, "blind.csv", "J"
    )
    assert "no target column 'dear'" in refused("check", model, "blind.csv")
    houses().drop(columns="price").assign(dear="maybe").to_csv("maybe.csv", index=False)
    assert "'maybe'" in refused("check", model, "maybe.csv")
    price = str(models / "houses.backpass")
    assert "--proba" in refused("predict", price, "houses.csv", "--proba")


def test_an_existing_output_needs_force(place: Path) -> None:
    Path("mine").write_text("keep me")
    Path("iris.html").write_text("keep me too")
    assert "mine exists; --force replaces it" in refused("train", "iris", "--out", "mine")
    assert "iris.html exists" in refused("train", "iris")
    assert Path("mine").read_text() == "keep me"
    done = run("train", "iris", "--out", "mine", "--no-report", "--force", *QUICK)
    assert done.exit_code == 0
    assert bp.load("mine").classes_.tolist() == ["setosa", "versicolor", "virginica"]


def test_a_failing_write_leaves_the_old_model(place: Path, monkeypatch) -> None:
    from backpass.storage.atomic import FileLayer

    def full(*_args: object) -> int:
        raise OSError(28, "No space left on device")

    run("train", "iris", "--no-report", *QUICK)
    old = Path("iris.backpass").read_bytes()
    monkeypatch.setattr(FileLayer, "write", full)
    result = run("train", "iris", "--no-report", "--force", "--seed", "5", *QUICK)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith("Error: iris.backpass was not written: the disk is full.\n")
    assert sorted(path.name for path in place.iterdir() if "iris" in path.name) == ["iris.backpass"]
    assert Path("iris.backpass").read_bytes() == old


def test_debug_shows_the_traceback(place: Path) -> None:
    result = run("train", "missing.csv", "--debug")
    assert isinstance(result.exception, bp.errors.InvalidInput)


def test_without_matplotlib_the_model_is_written_all_the_same(place: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = run("train", "iris", *QUICK)
    assert result.exit_code == 0
    assert "No report: The report needs matplotlib" in result.stderr
    assert Path("iris.backpass").exists()
    assert not Path("iris.html").exists()


# --- in a process of its own ------------------------------------------------------------------


def process(*args: str, **variables: str) -> subprocess.Popen[str]:
    source = str(Path(bp.__file__).parents[1])  # found from any folder, installed or not
    return subprocess.Popen(
        [sys.executable, "-m", "backpass", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": source, **variables},
    )


def test_json_is_alone_on_standard_output(place: Path) -> None:
    out, err = (job := process("train", "iris", "--json", *QUICK)).communicate(timeout=120)
    assert job.returncode == 0, err
    assert out.count("\n") == 1
    assert json.loads(out)["model"] == "iris.backpass"


def test_errors_have_no_traceback(place: Path) -> None:
    out, err = (job := process("train", "missing.csv", "--json")).communicate(timeout=120)
    assert (job.returncode, out, err) == (2, "", "Error: There is no file missing.csv.\n")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_keeps_the_model_so_far_and_the_bar_shows_the_training(place: Path) -> None:
    slow = ["--solver", "gd", "--learning-rate", "0.002", "--dropout", "0", "--epochs", "100000"]
    job = process("train", "digits", "--json", *slow, FORCE_COLOR="1", COLUMNS="120")
    try:
        bar = ""
        while "rows/s" not in bar and (letter := job.stderr.read(1)):
            bar += letter
        job.send_signal(signal.SIGINT)
        out, err = job.communicate(timeout=60)
    finally:
        job.kill()
    assert re.search(r"epoch \d+/100000.* J .*validation 0\.\d+.*rows/s", bar)
    values = json.loads(out)
    assert values["interrupted"]
    assert job.returncode == 130
    assert "Stopped by Ctrl-C" in err
    assert bp.load(values["model"]).n_iter_ == values["epochs"] < 100000


def test_help_names_every_command() -> None:
    shown = run("--help").stdout
    assert all(command in shown for command in COMMANDS)
    for command in COMMANDS:
        assert "--json" in run(command, "--help").stdout
