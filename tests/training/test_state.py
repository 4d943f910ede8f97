"""The state of a training: where it starts, and what stays in it."""

from __future__ import annotations

import numpy as np
import pytest
from small_trainings import (
    begin,
    full_batch,
    plan,
    same,
)

from backpass.training.early_stopping import EarlyStopping
from backpass.training.mini_batch import run_epochs
from backpass.training.monitor import Monitor
from backpass.training.state import start


@pytest.mark.parametrize("solver", ["adam", "cg", "lbfgs", "newton"])
def test_a_state_stays_whole_and_holds_nothing_else(problem, solver):
    if solver == "adam":
        state, _ = run_epochs(problem, begin(), plan(3), Monitor())
    else:
        how = {"solver": solver, "max_iter": 3, "early_stopping": EarlyStopping(0.0)}
        state, _ = full_batch(problem, begin(), Monitor(), **how)
        np.testing.assert_array_equal(state["theta"], state["solver"]["theta"])
    assert list(state) == list(begin())
    assert state["epoch"] == len(state["J_curve"]) == 3


def test_a_start_is_at_the_beginning():
    state = start(begin()["theta"])
    assert same(state, start(begin()["theta"], 0))
    assert (state["epoch"], state["rows_seen"], state["no_improvement"]) == (0, 0, 0)
