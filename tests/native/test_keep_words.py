"""The compiler's words are kept where it fails, and only there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "native" / "tools" / "keep_words.py"


def run(words, code):
    command = [sys.executable, str(SCRIPT), str(words), sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_failure_is_kept_and_passed_on(tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("It stopped.\n")
    done = run(words, "import sys; sys.exit('no such type')")
    assert done.returncode == 1
    assert done.stderr == "no such type\n"
    assert words.read_text() == "It stopped.\nno such type\n"


def test_a_warning_is_passed_on_and_not_kept(tmp_path):
    words = tmp_path / "words.txt"
    done = run(words, "import sys; print('odd', file=sys.stderr)")
    assert (done.returncode, done.stderr) == (0, "odd\n")
    assert not words.exists()
