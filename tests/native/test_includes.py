"""What each folder of the core may include: kernels only kernels, the engine what is below it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

NATIVE = Path(__file__).parents[2] / "native"
INTERFACE = "kernels/kernels.hpp"  # a kernel is reached by its table alone
BELOW = {"kernels": (), "runtime": (INTERFACE,), "engine": (INTERFACE, "runtime/")}
SOURCES = sorted(path for path in NATIVE.rglob("*") if path.suffix in (".cpp", ".hpp"))
FOLDERS = sorted({path.parent for path in SOURCES} | {NATIVE / "tools"})


def included(path: Path) -> list[str]:
    """The core's own headers that a source includes."""
    return re.findall(r'^\s*#\s*include "([^"]+)"', path.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(NATIVE)))
def test_a_source_includes_only_its_own_folder_and_those_below(path):
    assert all((NATIVE / name).is_file() for name in included(path))
    folder = path.relative_to(NATIVE).parts[0]
    if folder in BELOW:  # bindings.cpp stands above all
        allowed = (f"{folder}/", *BELOW[folder])
        assert [name for name in included(path) if not name.startswith(allowed)] == []


def test_every_header_is_included():
    """None is left over."""
    used = {name for path in SOURCES for name in included(path)}
    headers = {str(path.relative_to(NATIVE)) for path in SOURCES if path.suffix == ".hpp"}
    assert headers == used


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_folder_holds_at_most_twenty_files(folder):
    assert len([each for each in folder.iterdir() if each.is_file()]) <= 20
