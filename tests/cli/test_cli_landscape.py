"""``backpass landscape`` end to end: a page, a picture, and the numbers that they show."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from sklearn.datasets import load_iris

import backpass as bp
from backpass.cli import main

pytest.importorskip("matplotlib")
pytest.importorskip("plotly")


def run(*args: str) -> Result:
    return CliRunner().invoke(main, list(args))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    out = tmp_path_factory.mktemp("mountains") / "iris.backpass"
    done = run("train", "iris", "--hidden", "4", "--epochs", "20", "--no-report", "--out", str(out))
    assert done.exit_code == 0, done.stderr
    return str(out)


def test_around_a_model_it_writes_a_page_and_a_picture(model):
    result = run("landscape", model, "iris", "--steps", "7", "--force")
    assert result.exit_code == 0, result.stderr
    page = Path(model).with_name("iris-mountains.html")
    assert "The mountains of iris.backpass" in page.read_text(encoding="utf-8")
    assert page.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert str(page) in result.stdout


def test_drops_are_those_of_python(model, tmp_path):
    out = str(tmp_path / "drops.html")
    options = ["--drops", "2", "--seed", "5", "--max-iter", "8", "--steps", "5", "--rows", "40"]
    result = run("landscape", model, "iris", *options, "--out", out, "--json")
    assert result.exit_code == 0, result.stderr
    said = json.loads(result.stdout)
    assert [walker["name"] for walker in said["walkers"]] == ["equal weights", "drop 1", "drop 2"]
    estimator = bp.load(model)
    from backpass.cli.commands.landscape import _problem
    from backpass.cli.trained import LookedAt

    trained, X, Y, _ = _problem(LookedAt.at(model, None), "iris", 40)
    assert len(X) == 40
    found = bp.drops(trained.net, X, Y, estimator.alpha, n=2, seed=5, max_iter=8)
    ends = [walker["J_end"] for walker in said["walkers"]]
    np.testing.assert_array_equal(ends, [path.J[-1] for path in found.paths])
    assert said["valleys"] == len(found.valleys)
    assert (tmp_path / "drops.png").exists()


def test_an_existing_page_needs_force(model, tmp_path):
    page = tmp_path / "mine.html"
    page.write_text("keep me")
    result = run("landscape", model, "iris", "--out", str(page))
    assert result.exit_code == 2
    assert "mine.html exists" in result.stderr
    assert page.read_text() == "keep me"


def test_without_plotly_the_error_is_one_line(model, tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "plotly", None)
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    result = run("landscape", model, "iris", "--steps", "3", "--out", str(tmp_path / "m.html"))
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "backpass[plot]" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_rows_without_the_target_have_no_mountains(model, tmp_path):
    rows = tmp_path / "rows.csv"
    load_iris(as_frame=True).data.to_csv(rows, index=False)
    result = run("landscape", model, str(rows), "--steps", "3", "--out", str(tmp_path / "p.html"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "without which there is no J" in result.stderr
    assert not (tmp_path / "p.html").exists()
