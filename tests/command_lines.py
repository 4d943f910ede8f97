"""Lines of the command line, run in this process: what they print, and how they refuse."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from backpass.cli import main

# what is said to people is a warning, which tests of everything else take for an error
said_aloud = pytest.mark.filterwarnings("default")


def run(line: str) -> Result:
    return CliRunner().invoke(main, line.split())


def done(line: str) -> Result:
    result = run(line)
    assert result.exit_code == 0, result.stderr
    return result


def told(line: str) -> dict:
    return json.loads(done(f"{line} --json").stdout)


def refused(line: str) -> str:
    result = run(line)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    return result.stderr
