"""Terminals without Unicode, pipes that close, Ctrl-C: a line or silence, and never a traceback."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

import backpass as bp
from backpass.cli import COMMANDS, main
from backpass.cli.terminal import plain_letters

SOURCE = str(Path(bp.__file__).parents[1])  # found from any folder, installed or not
LEARNER = """
def right(theta, sizes, X, Y, lam):
    import backpass as bp
    return bp.cost_and_gradient(bp.Network(sizes, hidden="logistic", loss="binary_log_loss"),
                                theta, X, Y, lam)


def wrong(theta, sizes, X, Y, lam):
    J, D = right(theta, sizes, X, Y, lam)
    return J, -D


def slow(theta, sizes, X, Y, lam):
    import pathlib, time
    pathlib.Path("begun").touch()
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of a table whose names are not all ASCII."""
    place = tmp_path_factory.mktemp("terminal")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"größe": rng.normal(size=60), "λ": rng.normal(size=60)})
    frame.assign(kind=np.where(frame["λ"] > 0, "Zürich", "Łódź")).to_csv(
        place / "towns.csv", index=False
    )
    (place / "mine.py").write_text(LEARNER)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        line = "train towns.csv --target kind --no-report --hidden 8 --solver lbfgs"
        done = written(line, "utf-8")
    assert done.exit_code == 0, done.stderr
    return place


def written(line: str, encoding: str) -> Result:
    """Run a command whose standard output and standard error hold the letters of an encoding."""
    return CliRunner(charset=encoding).invoke(main, line.split())


def started(folder: Path, *args: str, **variables: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "backpass", *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": SOURCE, **variables},
    )


LINES = {
    "train": "train towns.csv --target kind --no-report --out new.backpass --epochs 2",
    "trace": "trace towns.backpass towns.csv",
    "explain": "explain towns.backpass towns.csv J",
    "check": "check towns.backpass towns.csv",
    "diagnose": "diagnose mine.py:wrong",
    "landscape": "landscape towns.backpass towns.csv --steps 3 --force",
    "info": "info towns.backpass",
    "help": "--help",
}


@pytest.mark.parametrize("name", LINES)
def test_a_terminal_without_unicode_gets_no_traceback(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    done = written(LINES[name], "ascii")
    assert done.exit_code in ((0, 1) if name in ("check", "diagnose") else (0,)), done.stderr
    out = done.stdout_bytes + done.stderr_bytes
    assert out.isascii() or name == "help"  # which click writes, in UTF-8


def test_a_process_without_unicode_gets_no_traceback(folder: Path) -> None:
    job = started(folder, *LINES["trace"].split(), PYTHONIOENCODING="ascii")
    out, err = job.communicate(timeout=120)
    said = [line for line in err.splitlines() if b"The native core is not built" not in line]
    assert (job.returncode, said) == (0, [])
    assert b"delta" in out
    assert (out + err).isascii()


@pytest.mark.parametrize("name", ["trace", "explain"])
def test_a_terminal_of_windows_gets_no_traceback(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    done = written(LINES[name], "cp1252")
    assert (done.exit_code, done.stderr_bytes) == (0, b"")
    assert "²" in done.stdout_bytes.decode("cp1252") or name == "trace"


def test_json_keeps_every_letter_on_a_terminal_without_unicode(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    done = written("predict towns.backpass towns.csv --json", "ascii")
    assert set(json.loads(done.stdout_bytes)["prediction"]) <= {"Zürich", "Łódź"}
    assert done.stdout_bytes.isascii()


def test_predictions_are_never_written_with_other_letters(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    done = written("predict towns.backpass towns.csv", "ascii")
    words = done.stdout_bytes.decode("utf-8").split()
    assert {*words} == {"prediction", "Zürich", "Łódź"}
    done = written("predict towns.backpass towns.csv", "cp1252")
    assert (done.exit_code, done.stdout_bytes) == (2, b"")
    assert b"--out" in done.stderr_bytes


def test_letters_that_are_known_have_names() -> None:
    assert plain_letters("δ⁽²⁾ = Θᵀδ · g′, ΣΘ², x¹⁰, ½ é → 火") == (
        "delta^(2) = Theta'delta . g', sum Theta^2, x^10, 1/2 e -> ?"
    )
    assert plain_letters("plain") == "plain"


@pytest.mark.parametrize("args", ["trace towns.backpass towns.csv", "predict towns.backpass many"])
def test_a_pipe_that_closes_is_quiet(args: str, folder: Path) -> None:
    table = pd.read_csv(folder / "towns.csv")
    pd.concat([table] * 500).to_parquet(folder / "many.parquet", index=False)
    job = started(folder, *args.replace("many", "many.parquet").split())
    assert job.stdout is not None
    job.stdout.close()
    job.stdout = None
    _, err = job.communicate(timeout=120)
    assert not re.search(b"Traceback|Exception|Error|Broken", err), err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_in_one_line_and_130(folder: Path) -> None:
    job = started(folder, "diagnose", "mine.py:slow")
    while not (folder / "begun").exists() and job.poll() is None:
        time.sleep(0.05)
    job.send_signal(signal.SIGINT)
    out, err = job.communicate(timeout=60)
    assert (job.returncode, out, err) == (130, b"", b"Stopped by Ctrl-C.\n")


@pytest.mark.parametrize("error", [KeyboardInterrupt, "abort"])
def test_ctrl_c_anywhere_in_a_command_is_said(monkeypatch: pytest.MonkeyPatch, error) -> None:
    import click

    def interrupted(*_: object) -> None:
        raise click.Abort if error == "abort" else error

    monkeypatch.setattr("backpass.cli.commands.info._extras", interrupted)
    done = CliRunner().invoke(main, ["info"])
    assert (done.exit_code, done.stdout, done.stderr) == (130, "", "Stopped by Ctrl-C.\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_80_columns_and_shows_defaults(command: str) -> None:
    shown = CliRunner().invoke(main, [command, "-h"], terminal_width=80).stdout
    assert max(map(len, shown.splitlines())) <= 80
    for param in main.get_command(None, command).params:  # type: ignore[arg-type, union-attr]
        is_value = param.param_type_name == "option" and not param.is_flag and not param.multiple
        if is_value and isinstance(param.default, int | float | str):
            assert re.search(rf"default:\s+{re.escape(str(param.default))}", shown), param.name
