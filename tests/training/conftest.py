"""The problem that the tests of the training's loops share."""

from __future__ import annotations

import pytest
from small_trainings import NET

import backpass as bp
from backpass import engine


@pytest.fixture
def problem(rng):
    X = rng.standard_normal((60, 4))
    Y = bp.one_hot(rng.integers(0, 3, 60))
    return engine.prepare(NET, X, Y, lam=0.5)
