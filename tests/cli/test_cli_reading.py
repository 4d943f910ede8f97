"""Options for what is found out about a table, and how it is told that it was read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import backpass as bp
from backpass.cli import main
from command_lines import run

QUICK = "--hidden 3 --epochs 2 --no-report --force --out m.backpass"
SCREEN = "How I read your table"


def trained(line: str) -> dict[str, object]:
    done = run(f"train {line} {QUICK} --json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def kinds(values: dict[str, object]) -> dict[str, str]:
    return {each["column"]: each["kind"] for each in values["reading"]}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "zip": rng.choice(["02139", "10001", "00501"], 80),
            "price": [f"${x:,.0f}" for x in rng.uniform(100, 9000, 80)],
            "size": rng.normal(size=80).round(4),
        }
    )
    frame["y"] = frame["size"] + (frame.zip == "00501")
    frame.to_csv("t.csv", index=False)
    return tmp_path


def test_it_is_told_in_the_terminal_in_json_and_in_the_model() -> None:
    done = run(f"train t.csv --target y {QUICK}")
    assert SCREEN in done.stderr
    assert "numbers written as '$" in " ".join(done.stderr.split())
    values = trained("t.csv --target y")
    assert kinds(values) == {"zip": "category", "price": "number", "size": "number", "y": "number"}
    assert {"column", "kind", "reason", "gaps", "levels", "used"} <= set(values["reading"][0])
    model = bp.load("m.backpass")
    assert model.reading_.to_json() == values["reading"]
    told = json.loads(run("info m.backpass --json").stdout)
    assert {each["name"]: each["kind"] for each in told["columns"]} == {
        "zip": "category", "price": "number", "size": "number",
    }  # fmt: skip
    assert "zip = 00501" in run("info m.backpass").stdout


def test_a_kind_overrules_and_is_kept() -> None:
    values = trained("t.csv --target y --kind zip=ignored --kind size=category")
    assert kinds(values)["zip"] == "ignored"
    assert kinds(values)["size"] == "category"
    assert run("predict m.backpass t.csv").exit_code == 0


@pytest.mark.parametrize("wrong", ["zip", "zip=postcode", "=number"])
def test_a_kind_that_is_none_is_one_line(wrong: str) -> None:
    done = run(f"train t.csv --target y --kind {wrong}")
    assert done.exit_code == 2
    assert "COLUMN=KIND, where KIND is number, category" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_options_of_the_file_are_kept_for_predict() -> None:
    frame = pd.read_csv("t.csv", dtype=str)
    lines = ["# made by hand", *("~".join(row) for row in frame.to_numpy())]
    Path("odd.txt").write_text("\n".join(lines).replace("02139", "none there"))
    how = "--sep ~ --no-header --comment # --names zip,price,size,y --kind zip=category"
    values = trained(f"odd.txt --target y {how}")
    assert kinds(values)["price"] == "number"
    answer = json.loads(run("predict m.backpass odd.txt --json").stdout)
    assert answer["n_rows"] == 80
    assert answer["r2"] is not None


def test_standard_input_is_a_table() -> None:
    data = Path("t.csv").read_bytes()
    line = f"train - --target y {QUICK}"
    assert CliRunner().invoke(main, line.split(), input=data).exit_code == 0
    assert run("predict m.backpass t.csv").exit_code == 0


def test_the_held_out_rows_are_predicted_as_they_were_tested() -> None:
    values = trained("t.csv --target y --epochs 30")
    frame = pd.read_csv("t.csv", dtype={"zip": str})
    answer = json.loads(run("predict m.backpass t.csv --json").stdout)["prediction"]
    model = bp.load("m.backpass")
    np.testing.assert_array_equal(model.predict(frame), answer)
    assert values["n_train"] + values["n_validation"] + values["n_test"] == 80


def test_a_rare_class_has_its_own_metrics() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=300), "b": rng.normal(size=300)})
    frame["fault"] = np.where(frame.a > frame.a.quantile(0.95), "yes", "no")
    frame.to_csv("faults.csv", index=False)
    values = trained("faults.csv --target fault")
    assert {"balanced_accuracy", "recall", "f1", "auc", "average_precision"} <= set(values)
    assert (values["headline"], values["rare_class"]) == ("balanced_accuracy", "yes")
    shown = " ".join(run(f"train faults.csv --target fault {QUICK}").stdout.split())
    assert "balanced accuracy" in shown
    assert "recall of yes" in shown
    assert json.loads(run("info m.backpass --json").stdout)["auc"] == values["auc"]
