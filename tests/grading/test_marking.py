"""Points for parts, what a rubric may say, and signs of other ways to a gradient."""

from __future__ import annotations

import math

import pytest

from backpass.errors import InvalidInput
from backpass.grading.marking.marks import Mark, deductions, parts_of
from backpass.grading.marking.rubric import TEMPLATE, Rubric, parse_rubric, read_rubric
from backpass.grading.marking.suspicions import Calls, of_calls, of_text

ALL = {
    "J": True,
    "J λ": True,
    **{f"Θ{l} {part}": True for l in (1, 2) for part in ("weights", "bias", "λ")},
}


def total(rubric: Rubric, right: dict[str, bool], time: float | None = None) -> float:
    return sum(part.points for part in parts_of(rubric, right, time))


def test_the_template_is_a_rubric_of_what_is_given_without_one():
    assert parse_rubric(TEMPLATE) == Rubric()


def test_everything_right_gives_all_points():
    assert total(Rubric(), ALL) == Rubric().out_of == 10


@pytest.mark.parametrize(
    ("wrong", "lost"),
    [
        ("J", 3),
        ("J λ", 1),
        ("Θ1 λ", 1),
        ("Θ2 weights", 2),
        ("Θ1 bias", 0.5),
    ],
)
def test_a_wrong_part_costs_its_points(wrong, lost):
    assert total(Rubric(), {**ALL, wrong: False}) == 10 - lost
    assert total(Rubric(), {name: True for name in ALL if name != wrong}) == 10 - lost


def test_points_by_layer_are_spread_where_there_are_more_layers():
    right = {f"Θ{l} weights": l > 1 for l in (1, 2, 3)}
    found = [p for p in parts_of(Rubric(weights=(2.0, 4.0)), right, None) if "weights" in p.name]
    assert [part.out_of for part in found] == [2.0, 2.0, 2.0]
    assert [part.points for part in found] == [0.0, 2.0, 2.0]


def test_time_gives_points_only_where_the_rubric_says_so():
    assert total(Rubric(time=3.0), ALL, time=2 / 3) == 12
    assert total(Rubric(), ALL, time=0.0) == 10


def test_deductions_do_not_go_below_zero():
    rubric = Rubric(deduction=1.0, late=20.0)
    off = deductions(rubric, conventions=True, late=True)
    assert [part.points for part in off] == [-1.0, -20.0]
    assert Mark("a", parts=(*parts_of(rubric, ALL, None), *off)).points == 0.0
    assert deductions(rubric, conventions=False, late=False) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[points", "no TOML"),
        ("[points]\nj = 3", "'j'"),
        ("[points]\nJ = -1", "J = -1"),
        ("[points]\nJ = true", "J = True"),
        ("[points]\nJ = nan", "J = nan"),
        ("[points]\nweights = ['a']", "weights = 'a'"),
        ("points = 3", r"table \[points\]"),
        ("[convention]\nhidden = 'relu'", r"no \[points\]"),
        ("[points]\nJ = 0", "no points for anything"),
        ("[points]\nJ = 1\n[convention]\nhidden = 'relo'", "relo"),
        ("[points]\nJ = 1\n[convention]\nstrict = 1", "strict = 1"),
        ("[points]\nJ = 1\n[convention]\nloss = 'hing'", "hing"),
        ("[other]\nJ = 1", "'other'"),
    ],
)
def test_a_rubric_that_is_none_is_refused_with_its_entry(text, said):
    with pytest.raises(InvalidInput, match=said):
        parse_rubric(text)


def test_a_rubric_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InvalidInput, match=r"none\.toml"):
        read_rubric(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("import torch\nx = torch.tensor(1.0)", "sure"),
        ("import jax.numpy as jnp\nx = jnp.ones(3)", "sure"),
        ("from torch import nn\nx = nn.Linear(1, 2)", "sure"),
        ("from scipy.optimize import approx_fprime", "sure"),
        ("import scipy.optimize\nscipy.optimize.approx_fprime", "sure"),
        ("import torch", "does not seem"),
    ],
)
def test_libraries_that_differentiate_are_pointed_out(text, sure):
    (said,) = of_text(text)
    assert sure in said


@pytest.mark.parametrize("text", ["import numpy as np\nnp.gradient", "import json", "def f(:", ""])
def test_nothing_is_said_of_others(text):
    assert of_text(text) == []


def test_differences_are_told_from_loops_over_examples_and_units():
    two_sided = [Calls(20, {"cost": 40, "sigmoid": 80}), Calls(32, {"cost": 64, "sigmoid": 128})]
    assert "twice" in of_calls(two_sided)[0]
    assert len(of_calls(two_sided)) == 1
    one_sided = [Calls(20, {"cost": 21}), Calls(32, {"cost": 33})]
    assert "once" in of_calls(one_sided)[0]
    by_example = [Calls(20, {"sigmoid": 14}), Calls(32, {"sigmoid": 16})]
    assert of_calls(by_example) == []
    assert of_calls([]) == []


def test_a_mark_is_plain_and_finite():
    values = Mark("Ada", parts=parts_of(Rubric(), ALL, None), out_of=10.0).values()
    assert values["points"] == 10
    assert math.isfinite(values["out_of"])
