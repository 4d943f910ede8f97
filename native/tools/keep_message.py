"""Run a compiler and append a failure's message to a file. Used by CMake, never imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main(message_file: Path, command: list[str]) -> int:
    """Run, pass everything on, and keep the message of a failure."""
    done = subprocess.run(command, stderr=subprocess.PIPE, check=False)
    sys.stderr.buffer.write(done.stderr)
    if done.returncode:
        with message_file.open("ab") as file:
            file.write(done.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
