"""The state of a training: where it starts, and what stays in it."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

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
from backpass.training.state import Curve, start


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


def test_a_curve_is_a_value():
    short = Curve([3.0, 2.0])
    long, other = short.longer(1.0), short.longer(0.5)
    again = [long.longer(-1.0), long.longer(np.nan)]
    assert (short, long, other) == ([3.0, 2.0], [3.0, 2.0, 1.0], [3.0, 2.0, 0.5])
    assert again[0] == [3.0, 2.0, 1.0, -1.0]
    assert np.isnan(again[1][-1])
    assert again[1][:-1] == [3.0, 2.0, 1.0]
    assert (short[-1], short[1:], len(short), list(short)) == (2.0, [2.0], 2, [3.0, 2.0])
    assert short != [3.0, 2.0, 1.0]
    with pytest.raises(IndexError):
        short[2]  # which the longer ones have
    for copied in (pickle.loads(pickle.dumps(short)), copy.deepcopy(short)):
        assert (copied, copied.longer(9.0)) == ([3.0, 2.0], [3.0, 2.0, 9.0])


def test_a_curve_grows_in_several_threads_at_once():
    """Each has its own numbers, whoever was the first to go on from the common ones."""
    common = Curve(range(100))

    def grow(offset):
        curve = common
        for k in range(300):
            curve = curve.longer(float(offset + k))
        return curve

    with ThreadPoolExecutor(4) as pool:
        for offset, curve in zip(range(0, 4000, 1000), pool.map(grow, range(0, 4000, 1000))):
            assert curve == [*range(100), *range(offset, offset + 300)]
