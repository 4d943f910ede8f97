"""Run a compiler; where it fails, add what it says to a file. Used by CMake, never imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main(words: Path, command: list[str]) -> int:
    """Run, pass everything on, and keep the words of a failure."""
    done = subprocess.run(command, stderr=subprocess.PIPE, check=False)
    sys.stderr.buffer.write(done.stderr)
    if done.returncode:
        with words.open("ab") as file:
            file.write(done.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
