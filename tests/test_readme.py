"""The README's examples run as printed."""

import re
import shlex
import warnings
from pathlib import Path

import pytest
from click.testing import CliRunner
from threadpoolctl import threadpool_limits

from backpass.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_python_blocks_run_in_order_without_a_warning(capsys):
    pytest.importorskip("mlxtend")
    names: dict = {}
    for number, block in enumerate(blocks("python")):
        # One thread of BLAS: several that wait for each other on a busy machine take minutes.
        with warnings.catch_warnings(), threadpool_limits(1, "blas"):
            warnings.simplefilter("error")
            exec(compile(block, f"README, block {number}", "exec"), names)
    assert names["clf"].score(names["X_test"], names["y_test"]) >= 0.97
    assert "g′ missing" in capsys.readouterr().out


def test_the_commands_on_tables_run(tmp_path, monkeypatch):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    ran = [line for line in lines if line.startswith("backpass") and "bench" not in line]
    assert len(ran) >= 3
    for line in ran:
        done = CliRunner().invoke(main, shlex.split(line)[1:])
        assert done.exit_code == 0, done.stderr
    assert (tmp_path / "cars.html").exists()


def test_the_set_up_installs_what_the_readme_reads():
    first = re.search(r"pip install '\.\[([\w,]+)\]'", README)
    assert first
    assert {"plot", "data"} <= set(first[1].split(","))
