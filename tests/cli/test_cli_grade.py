"""``backpass grade`` end to end: a folder in, marks and pages out."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from backpass.cli import main

if os.name != "posix":
    pytest.skip("needs the limits of a POSIX system", allow_module_level=True)

RIGHT = """
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def backprop(Theta1, Theta2, X, y, lam):
    m = len(X)
    a1 = np.c_[np.ones(m), X]
    a2 = np.c_[np.ones(m), sigmoid(a1 @ Theta1.T)]
    h = sigmoid(a2 @ Theta2.T)
    J = -np.sum(y * np.log(h) + (1 - y) * np.log(1 - h)) / m
    J += lam / (2 * m) * (np.sum(Theta1[:, 1:] ** 2) + np.sum(Theta2[:, 1:] ** 2))
    d3 = h - y
    d2 = (d3 @ Theta2[:, 1:]) * a2[:, 1:] * (1 - a2[:, 1:])
    D1, D2 = d2.T @ a1 / m, d3.T @ a2 / m
    D1[:, 1:] += lam / m * Theta1[:, 1:]
    D2[:, 1:] += lam / m * Theta2[:, 1:]
    return J, D1, D2
"""
SLIP = RIGHT.replace(" * a2[:, 1:] * (1 - a2[:, 1:])", "")
NUMERIC = """
import numpy as np
def cost(Theta1, Theta2, X, y, lam):
    return backprop0(Theta1, Theta2, X, y, lam)[0]
def backprop(Theta1, Theta2, X, y, lam):
    J, D1, D2 = backprop0(Theta1, Theta2, X, y, lam)
    for Theta, D in ((Theta1, D1), (Theta2, D2)):
        for i in np.ndindex(Theta.shape):
            old = Theta[i]
            Theta[i] = old + 1e-5
            high = cost(Theta1, Theta2, X, y, lam)
            Theta[i] = old - 1e-5
            low = cost(Theta1, Theta2, X, y, lam)
            Theta[i] = old
            assert abs((high - low) / 2e-5 - D[i]) < 1e-6
    return J, D1, D2
""" + RIGHT.replace("def backprop(", "def backprop0(")


def run(*args: object) -> Result:
    return CliRunner().invoke(main, ["grade", *map(str, args)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("class")
    texts = {"ada": RIGHT, "bob": SLIP, "eve [red]": "=1+1", "num": NUMERIC}
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    return folder


@pytest.fixture(scope="module")
def graded(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    out = tmp_path_factory.mktemp("out") / "grades"
    return out, run(folder, "--function", "backprop", "--out", out, "--seed", 7, "--jobs", 1)


def test_marks_are_shown_and_written(graded):
    out, result = graded
    assert result.exit_code == 0, result.stderr
    assert "10 / 10" in result.stdout
    assert "g′ missing" in result.stdout
    assert "eve [red]" in result.stdout
    text = (out / "grades.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["points"] for row in rows] == ["10.0", "7.5", "0.0", "10.0"]
    told = json.loads((out / "grades.json").read_text())
    assert told["seed"] == 7
    assert [mark["student"] for mark in told["marks"]] == ["ada", "bob", "eve [red]", "num"]


def test_differences_are_pointed_out_to_the_teacher_alone(graded):
    out, result = graded
    assert "num: cost is called twice for every parameter" in result.stdout
    assert "every parameter" not in (out / "feedback" / "num.md").read_text()


def test_each_student_has_a_page_with_one_grade_of_hint(graded):
    out, _ = graded
    text = (out / "feedback" / "bob.md").read_text()
    assert text.startswith("# bob: 7.5 of 10")
    assert "missing" in text
    assert "Right:" not in text
    assert (out / "feedback" / "bob.html").read_text().startswith("<!doctype html>")


def test_marks_are_not_replaced_without_leave(graded, folder):
    out, _ = graded
    result = run(folder, "--function", "backprop", "--out", out)
    assert result.exit_code == 2
    assert "exists" in result.stderr


def test_a_rubric_is_written_and_read(folder, tmp_path):
    rubric = tmp_path / "rubric.toml"
    assert run("--rubric-template", rubric).exit_code == 0
    assert run("--rubric-template", rubric).exit_code == 2
    text = rubric.read_text().replace("weights = [2, 2] ", "weights = [20, 2]")
    rubric.write_text(text)
    options = ("--function", "backprop", "--points", rubric, "--out", tmp_path / "g", "--json")
    result = run(folder / "bob.py", *options)
    (mark,) = json.loads(result.stdout)["marks"]
    assert (mark["points"], mark["out_of"]) == (7.5, 28)


def test_a_rubric_may_say_how_the_function_is_called(tmp_path):
    (tmp_path / "ada.py").write_text(
        RIGHT + "\ndef unclear(q, r, s, t, u): return backprop(u, t, s, r, q)\n"
    )
    rubric = tmp_path / "rubric.toml"
    options = ("--function", "unclear", "--points", rubric, "--json", "--force")
    points = {}
    for form in ("X, y, Theta1, Theta2, lam", "lam, Y, X, Theta2, Theta1"):
        text = f'[points]\nJ = 1\n[convention]\nform = "J, D1, D2 = f({form})"\n'
        rubric.write_text(text)
        result = run(tmp_path / "ada.py", *options, "--out", tmp_path / "g")
        points[form] = json.loads(result.stdout)["marks"][0]["points"]
    assert list(points.values()) == [0, 1]
    rubric.write_text(text.replace("lam,", "tralala,"))
    result = run(tmp_path / "ada.py", *options, "--out", tmp_path / "g")
    assert result.exit_code == 2
    assert "'tralala'" in result.stderr


def test_cost_and_gradient_may_be_two_functions(tmp_path):
    parts = (
        RIGHT
        + """
def cost(*given): return backprop(*given)[0]
def gradient(*given): return backprop(*given)[1:]
"""
    )
    parts = parts.replace("*given", "Theta1, Theta2, X, y, lam")
    (tmp_path / "ada.py").write_text(parts)
    options = ("--function", "cost,gradient", "--out", tmp_path / "g", "--json")
    (mark,) = json.loads(run(tmp_path / "ada.py", *options).stdout)["marks"]
    assert mark["points"] == 10


def test_a_convention_is_right_where_the_rubric_is_not_strict(tmp_path):
    text = RIGHT.replace("lam / (2 * m)", "lam / 2").replace("lam / m", "lam")
    (tmp_path / "ada.py").write_text(text)
    rubric = tmp_path / "rubric.toml"
    for strict, points in (("false", 9.5), ("true", 8)):
        rubric.write_text(
            "[points]\nJ = 3\nlambda = 2\nweights = [2, 2]\nbias = [0.5, 0.5]\n"
            f"[convention]\nstrict = {strict}\ndeduction = 0.5\n"
        )
        options = ("--function", "backprop", "--points", rubric, "--force", "--json")
        result = run(tmp_path / "ada.py", *options, "--out", tmp_path / "g")
        (mark,) = json.loads(result.stdout)["marks"]
        assert mark["points"] == points, mark


def test_gradescope_gets_its_file(folder, tmp_path):
    results = tmp_path / "results.json"
    done = run(folder / "bob.py", "--function", "backprop", "--gradescope", results)
    assert done.exit_code == 0
    told = json.loads(results.read_text())
    assert told["score"] == 7.5
    assert {test["name"] for test in told["tests"]} >= {"J without λ"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("none.py", "--function", "backprop"),
        ("--function", "backprop"),
        (".", ".", "--function", "backprop"),
        (".",),
        (".", "--function", "a,b,c,d"),
        (".", "--function", "backprop", "--points", "none.toml"),
        (".", "--function", "backprop", "--library", "no_such_library"),
    ],
)
def test_gradescope_gets_a_valid_file_whatever_happens(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments, "--gradescope", "results.json")
    assert result.exit_code == 2
    told = json.loads(Path("results.json").read_text())
    assert told["score"] == 0
    assert told["output"]


def test_an_empty_submission_is_graded_for_gradescope(tmp_path):
    (tmp_path / "submission").mkdir()
    results = tmp_path / "results.json"
    done = run(tmp_path / "submission", "--function", "backprop", "--gradescope", results)
    assert done.exit_code == 0
    assert "nothing in it" in json.loads(results.read_text())["output"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "What is to be graded"),
        ((".",), "--function NAME"),
        ((".", "--function", "f"), "no submissions"),
        (("none", "--function", "f"), "no file or folder"),
        ((".", "--function", "f", "--limit", "0"), "--limit"),
    ],
)
def test_what_cannot_be_graded_is_said_in_one_line(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
