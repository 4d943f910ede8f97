"""The core reads and writes nothing that is not its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backpass.engine import native

BEST, *OTHERS = native.instruction_sets() or ("none",)
HERE = str(Path(__file__).parents[1])
# beside what is there already: a core that is tested from another place stays the one that is meant
BESIDE = {"PYTHONPATH": os.pathsep.join(filter(None, (HERE, os.environ.get("PYTHONPATH"))))}


@pytest.mark.skipif(sys.platform != "linux", reason="mprotect and malloc as Linux has them")
@pytest.mark.parametrize(
    "kernels", [BEST, *(pytest.param(other, marks=pytest.mark.night) for other in OTHERS)]
)
def test_no_call_touches_what_is_not_its_own_or_reads_what_memory_held(kernels):
    """Each array lies between two pages that nobody may touch: a wrong read ends the process.

    The C library fills what it hands out as it is told: with nothing, and with bytes that are 3e38
    as a number of four, 1e306 as one of eight.
    """
    code = f"import page_ends; page_ends.main({kernels!r}); print('whole')"
    environment = {**os.environ, **BESIDE, "PYTHONFAULTHANDLER": "1"}
    answers = set()
    for fill in ("0", "128"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            env={**environment, "MALLOC_PERTURB_": fill},
            cwd=HERE,
        )
        assert done.stdout.endswith("whole\n"), (done.returncode, done.stderr[-3000:])
        answers.add(done.stdout)
    assert len(answers) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="mprotect as Linux has it")
@pytest.mark.parametrize("offset", ["-8", "page_ends.ROOM"])
def test_the_fences_hold(offset):
    """One number before or behind an array ends the process: else the test above is blind."""
    code = f"""
import ctypes, numpy as np, page_ends
array = page_ends.Fenced().array((page_ends.ROOM // 8,), np.float64)
print("begun", array[0] + array[-1], flush=True)
print("survived", ctypes.c_double.from_address(array.ctypes.data + {offset}).value)
"""
    environment = {**os.environ, **BESIDE}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=HERE)
    assert done.returncode < 0
    assert done.stdout.strip() == "begun 0.0"
