"""The pages' examples run as they stand."""

import doctest
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from backpass.cli import main

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(page.name for page in DOCS.glob("*.rst") if ">>> " in page.read_text("utf-8"))
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = doctest.testfile(str(DOCS / page), False, optionflags=FLAGS, encoding="utf-8")
    assert outcome.attempted > 0
    assert outcome.failed == 0


def test_every_public_name_is_in_the_api_page():
    import backpass

    listed = (DOCS / "api.rst").read_text("utf-8").split()
    missing = [name for name in backpass.__all__ if name not in listed and name != "__version__"]
    assert not missing


def commands(page: str) -> list[str]:
    """The lines of a page's shell blocks that call backpass."""
    lines = (DOCS / page).read_text("utf-8").splitlines()
    return [line.strip() for line in lines if line.startswith("   backpass ")]


def test_who_starts_from_nothing_sees_what_the_page_shows(tmp_path, monkeypatch):
    pytest.importorskip("jinja2")
    (tmp_path / "examples").symlink_to(DOCS.parent / "examples")
    monkeypatch.chdir(tmp_path)
    train, predict = commands("start.rst")
    trained = CliRunner().invoke(main, shlex.split(train)[1:])
    assert trained.exit_code == 0, trained.stderr
    assert CliRunner().invoke(main, shlex.split(predict)[1:]).exit_code == 0
    assert len((tmp_path / "prices.csv").read_text("utf-8").splitlines()) == 301
    page = (DOCS / "start.rst").read_text("utf-8")
    assert (tmp_path / "cars.html").exists()
    shown = page.split(".. code-block:: text\n\n")[1].split("\n\nA fifth")[0]
    said = re.sub(r"\s+", " ", trained.stderr + trained.stdout)
    for line in filter(None, map(str.strip, shown.splitlines())):
        if not line.startswith(("test R²", "mean error")):  # their last digits may differ
            assert " ".join(line.split()) in said
    score = float(re.search(r"test R² ([\d.]+)", said)[1])
    assert score == pytest.approx(float(re.search(r"test R² +([\d.]+)", shown)[1]), abs=0.01)


def test_the_table_of_who_starts_from_nothing_is_the_file(tmp_path):
    page = (DOCS / "start.rst").read_text("utf-8")
    shown = re.findall(r"^     - (.*)$|^   \* - (.*)$", page.split("cars: begin")[1], re.MULTILINE)
    cells = ["".join(cell) for cell in shown][:24]
    lines = (DOCS.parent / "examples" / "cars.csv").read_text("utf-8").splitlines()[:4]
    assert cells == [cell for line in lines for cell in line.split(",")]
