"""What several test files share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

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
