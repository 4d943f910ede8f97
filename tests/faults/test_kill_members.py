"""kill -9 at drawn moments of a fit of members; gone on with, it ends with the same bits."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from trained_members import bits, train

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
SCRIPT = Path(__file__).with_name("trained_members.py")
SHORT, LONG = 3, 30
LONGEST = 1.2  # seconds that the fit takes, about


@pytest.fixture(scope="module")
def undisturbed():
    return bits(train(None, 1))


def killed(folder, out, n_threads, seconds):
    """Fit in a process, kill it after so many seconds of training; whether it was in time."""
    process = subprocess.Popen([sys.executable, "-W", "ignore", SCRIPT, folder, out, n_threads])
    while process.poll() is None and not any(folder.rglob("*.checkpoint")):
        time.sleep(0.001)  # the moments before are the interpreter's own start
    try:
        assert process.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    return False


@pytest.mark.parametrize(
    "seed",
    [*range(SHORT), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(SHORT, LONG))],
)
def test_killed(seed, tmp_path, undisturbed):
    draw, folder, out = random.Random(seed), tmp_path / "run", tmp_path / "result.npz"
    folder.mkdir()
    while not killed(folder, out, f"{draw.randint(1, 3)}", draw.uniform(0, LONGEST)):
        out.unlink()  # it was over before the moment came
    killed(folder, out, f"{draw.randint(1, 3)}", 120)
    with np.load(out) as result:
        assert set(result) == set(undisturbed)
        for name, expected in undisturbed.items():
            np.testing.assert_array_equal(result[name], expected)
