"""kill -9 at random moments; each resumed training ends with the bits of an undisturbed one."""

import contextlib
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from checkpointed import SETTINGS, train

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
SCRIPT = Path(__file__).with_name("checkpointed.py")
SHORT, LONG, NIGHT = 6, 36, 100


def killed_and_resumed(name, tmp_path, draw, most_kills):
    """Kill a training up to so many times and resume it each time; return how often it was."""
    out, kills = tmp_path / "result.npz", 0
    command = [sys.executable, SCRIPT, name, tmp_path / "run.checkpoint", out]
    while not out.exists():
        process = subprocess.Popen(command)
        checkpoint = tmp_path / "run.checkpoint"
        while kills < most_kills and process.poll() is None and not checkpoint.exists():
            time.sleep(0.001)  # the moments before are the interpreter's own start
        try:
            process.wait(draw.uniform(0.0, 0.6) if kills < most_kills else 120)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
        else:
            assert process.returncode == 0
    return kills


def same_as_undisturbed(name, tmp_path, seed, most_kills):
    undisturbed = train(name, tmp_path / "undisturbed.checkpoint")
    draw = random.Random(seed)
    while not killed_and_resumed(name, tmp_path, draw, most_kills):
        (tmp_path / "result.npz").unlink()  # it was over before the moment came
    with np.load(tmp_path / "result.npz") as result:
        np.testing.assert_array_equal(result["theta"], undisturbed.theta_)
        np.testing.assert_array_equal(result["curve"], undisturbed.loss_curve_)
        assert result["n_iter"] == undisturbed.n_iter_


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SETTINGS)
def test_resumed_after_every_epoch(name, tmp_path, monkeypatch):
    """Without processes: stop after k epochs for every k, and go on from the file."""
    from backpass.training.checkpoints import Checkpoint

    class Killed(BaseException):
        pass

    undisturbed = train(name, tmp_path / "undisturbed.checkpoint")
    path = tmp_path / "run.checkpoint"
    keep, kept = Checkpoint.keep, []

    def keep_once_and_die(self, epoch, run):
        keep(self, epoch, run)
        if epoch % self.every == 0:
            kept.append(epoch)
            raise Killed

    monkeypatch.setattr(Checkpoint, "keep", keep_once_and_die)
    model = None
    while model is None:
        with contextlib.suppress(Killed):
            model = train(name, path)
    assert len(kept) > 5
    np.testing.assert_array_equal(model.theta_, undisturbed.theta_)
    assert model.loss_curve_ == undisturbed.loss_curve_
    assert model.n_iter_ == undisturbed.n_iter_
    assert model.stop_reason_ is undisturbed.stop_reason_


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(SHORT))
def test_killed(seed, tmp_path):
    name = list(SETTINGS)[seed % len(SETTINGS)]
    same_as_undisturbed(name, tmp_path, seed, most_kills=1)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "seed",
    [
        *(pytest.param(seed, marks=pytest.mark.long) for seed in range(SHORT, LONG)),
        *(pytest.param(seed, marks=pytest.mark.night) for seed in range(LONG, NIGHT)),
    ],
)
def test_killed_often(seed, tmp_path):
    same_as_undisturbed(list(SETTINGS)[seed % len(SETTINGS)], tmp_path, seed, most_kills=3)
