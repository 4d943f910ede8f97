"""`backpass export`: a model for other programs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

import backpass as bp
from backpass.cli import main


def run(*args: str) -> Result:
    return CliRunner().invoke(main, list(args))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(rng.normal(size=(80, 3)), columns=["a", "b", "c"])
    frame.assign(y=frame.a - frame.b).to_csv("numbers.csv", index=False)
    frame.assign(y=frame.a, c=rng.choice(["red", "blue"], 80)).to_csv("colours.csv", index=False)
    for name in ("numbers", "colours"):
        line = f"train {name}.csv --target y --epochs 3 --hidden 4 --no-report"
        assert run(*line.split()).exit_code == 0
    return tmp_path


def test_onnx_predicts_what_the_model_predicts(folder: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    done = run("export", "numbers.backpass", "--onnx", "m.onnx", "--json")
    assert json.loads(done.stdout) == {"model": "numbers.backpass", "onnx": "m.onnx", "mat": None}
    session = runtime.InferenceSession("m.onnx", providers=["CPUExecutionProvider"])
    frame = pd.read_csv("numbers.csv")
    X = frame[["a", "b", "c"]].to_numpy(np.float64)
    [theirs] = session.run(["variable"], {"X": X})
    ours = bp.load("numbers.backpass").predict(frame)
    np.testing.assert_allclose(theirs.ravel(), ours, rtol=1e-10)


def test_the_weights_come_back_from_mat(folder: Path) -> None:
    done = run("export", "colours.backpass", "--mat", "w.mat")
    assert done.stdout.split() == ["MAT:", "w.mat"]
    net, theta = bp.from_mat("w.mat", "relu", "squared_error")
    model = bp.load("colours.backpass")
    assert net.sizes == model.net_.sizes
    np.testing.assert_array_equal(theta, model.theta_)


def test_both_are_written_or_none(folder: Path) -> None:
    Path("w.mat").write_text("kept")
    refused = run("export", "numbers.backpass", "--onnx", "m.onnx", "--mat", "w.mat")
    assert refused.exit_code == 2
    assert "w.mat exists; --force replaces it, --mat names another file." in refused.stderr
    assert not Path("m.onnx").exists()
    assert Path("w.mat").read_text() == "kept"
    pytest.importorskip("onnx")
    both = ("export", "numbers.backpass", "--onnx", "m.onnx", "--mat", "w.mat", "--force")
    assert run(*both).exit_code == 0
    assert Path("m.onnx").stat().st_size > 500


def test_what_cannot_be_written_is_one_sentence(folder: Path) -> None:
    pytest.importorskip("onnx")
    for arguments, said in (
        (("colours.backpass", "--onnx", "m.onnx"), "'c'"),
        (("numbers.backpass",), "--onnx FILE, --mat FILE, or both"),
        (("missing.backpass", "--mat", "w.mat"), "missing.backpass"),
    ):
        done = run("export", *arguments)
        assert done.exit_code == 2
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert not Path("m.onnx").exists()
