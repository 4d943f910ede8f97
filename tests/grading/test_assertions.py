"""Helpers for graders that contain submissions themselves."""

from __future__ import annotations

import subprocess
import sys

import pytest

import backpass as bp
from backpass.errors import InvalidInput
from backpass.grading import Rubric, assert_part, otter_test, points_of


def solution(theta, sizes, X, Y, lam):
    return bp.cost_and_gradient(bp.Network(sizes), theta, X, Y, lam)


def without_lam(theta, sizes, X, Y, lam):
    return bp.cost_and_gradient(bp.Network(sizes), theta, X, Y, 0.0)


def test_points_are_partial_and_a_hint_is_printed(capsys):
    assert points_of(solution) == 10
    assert capsys.readouterr().out == ""
    assert points_of(without_lam) == 8
    assert "λ" in capsys.readouterr().out
    assert points_of(without_lam, Rubric(lam=0.0)) == 8


def test_a_part_that_is_wrong_fails_with_the_hint():
    assert_part(without_lam, "J without λ")
    with pytest.raises(AssertionError, match="λ"):
        assert_part(without_lam, "J: λ term", hint="where")


@pytest.mark.parametrize("call", [{"part": "K"}, {"part": "J without λ", "hint": "all"}])
def test_what_there_is_not_is_said(call):
    with pytest.raises(InvalidInput, match="There is no"):
        assert_part(without_lam, **{"part": "J: λ term", **call})


def test_the_file_for_otter_is_python_with_a_case_a_part():
    text = otter_test("backprop")
    compile(text, "backprop.py", "exec")
    assert text.count("@test_case(") == 7
    assert "env['backprop']" in text


def test_a_failing_test_shows_the_hint_and_none_of_our_code(tmp_path):
    file = tmp_path / "test_it.py"
    file.write_text(
        "import backpass as bp\n"
        "def slip(theta, sizes, X, Y, lam):\n"
        "    return bp.cost_and_gradient(bp.Network(sizes), theta, X, Y, 0.0)\n"
        "def test_all(): bp.assert_backprop(slip)\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert "AssertionError" in done.stdout
    assert "check_backprop(function" not in done.stdout
