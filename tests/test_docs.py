"""The pages' examples run as they stand."""

import doctest
from pathlib import Path

import pytest

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
