"""What several test files share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import threadpoolctl  # noqa: F401  # before the core, whichever test loads that first
from hypothesis import settings

# The same examples on every run, and no clock; `scripts/test_nightly` draws others every night.
settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
settings.register_profile("night", deadline=None, print_blob=True)
settings.load_profile("fixed")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data():
    """Load one of the data files that only the project's own machines have, or skip."""

    def load(name: str) -> dict[str, np.ndarray]:
        path = SHARED_DATA / name
        if not path.exists():
            pytest.skip(f"{name} is not on this machine (it may not be distributed)")
        with np.load(path) as file:
            return dict(file)

    return load


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20260101)


# The tests of the marker `quick`, by the name of their file: every module of the package is touched
# once, first of all where another version of a library could mean another answer.
QUICK_FILES = {
    "activations",
    "arrays",
    "atomic",
    "bad_input",
    "blocks",
    "class_labels",
    "column_fits",
    "export",
    "gradcheck",
    "initialise",
    "losses",
    "matlab",
    "modelfile",
    "network",
    "packing",
    "preprocessing",
    "solvers_conjugate_gradients",
    "solvers_lbfgs",
    "solvers_line_search",
    "tables",
    "trace",
}
QUICK_TESTS = 2  # of each other file: its first ones
SLOW_FILES = {"datasets", "sklearn_checks", "sklearn_suite", "studio_page", "cli_studio"}


def _is_long(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in ("long", "night"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the marker `quick` to whole files and to the first tests of the others."""
    taken: dict[Path, set[str]] = {}
    for item in items:
        name = item.path.stem.removeprefix("test_")
        slow = item.path.parent.name in ("faults", "fuzz") or name in SLOW_FILES
        in_a_browser = item.get_closest_marker("xdist_group") is not None  # minutes, and no module
        if slow or in_a_browser or not isinstance(item, pytest.Function) or _is_long(item):
            continue
        first = taken.setdefault(item.path, set())
        if name in QUICK_FILES:
            item.add_marker("quick")
        elif item.originalname not in first and len(first) < QUICK_TESTS:
            first.add(item.originalname)
            item.add_marker("quick")
