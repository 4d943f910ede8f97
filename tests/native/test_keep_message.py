"""The compiler's message is kept where it fails, and only there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "native" / "tools" / "keep_message.py"


def run(message, code):
    command = [sys.executable, str(SCRIPT), str(message), sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_failure_is_kept_and_passed_on(tmp_path):
    message = tmp_path / "message.txt"
    message.write_text("It stopped.\n")
    done = run(message, "import sys; sys.exit('no such type')")
    assert done.returncode == 1
    assert done.stderr == "no such type\n"
    assert message.read_text() == "It stopped.\nno such type\n"


def test_a_warning_is_passed_on_and_not_kept(tmp_path):
    message = tmp_path / "message.txt"
    done = run(message, "import sys; print('odd', file=sys.stderr)")
    assert (done.returncode, done.stderr) == (0, "odd\n")
    assert not message.exists()
