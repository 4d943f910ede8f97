"""What holds for either loop, and the end of a fit."""

from __future__ import annotations

import weakref

import numpy as np
import pytest
from small_trainings import (
    FOR_EVER,
    NET,
    begin,
    changed,
    full_batch,
    plan,
    run_lbfgs,
)

import backpass as bp
from backpass import engine
from backpass.training.early_stopping import EarlyStopping
from backpass.training.fit import Fit, Fitted
from backpass.training.full_batch import FullBatchOptions
from backpass.training.mini_batch import run_epochs
from backpass.training.monitor import Monitor
from backpass.training.restarts import Restarts
from backpass.training.state import start
from backpass.training.stop import StopReason


def fitted(problem, state):
    """The end of a fit that ended there at once."""
    ended = Restarts.anew([state]).after([0], [(state, StopReason.CALLBACK)])
    return Fitted(problem, ended, FOR_EVER)


def test_symmetric_units_stay_symmetric(problem):
    theta = np.full(NET.n_parameters, 0.1)
    for solver in ("adam", "lbfgs"):
        if solver == "adam":
            state, _ = run_epochs(problem, start(theta), plan(), Monitor())
        else:
            state, _ = full_batch(
                problem,
                start(theta),
                Monitor(),
                solver="lbfgs",
                max_iter=10,
                early_stopping=EarlyStopping(),
            )
        Theta1, Theta2 = NET.roll(state["theta"])
        np.testing.assert_allclose(Theta1, Theta1[[0] * 5], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(Theta2[:, 1:], Theta2[:, [1] * 5], rtol=1e-9, atol=1e-12)
        assert not np.allclose(Theta1, 0.1)


def run_adam(problem, state):
    return run_epochs(problem, state, plan(), Monitor())


@pytest.mark.parametrize("run", [run_lbfgs, run_adam])
def test_what_is_not_finite_at_once_is_refused(problem, run):
    lost = changed(begin(), {"theta": np.full(NET.n_parameters, 1e200)})
    net = bp.Network((4, 5, 3), hidden="identity", loss="squared_error")
    wild = engine.prepare(net, problem.rows.X, problem.rows.Y)
    with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
        run(wild, lost)


def test_the_last_J_and_its_decay(problem):
    J, _ = problem.cost_and_gradient(begin()["theta"])
    plain = engine.prepare(NET, problem.rows.X, problem.rows.Y)
    without, _ = plain.cost_and_gradient(begin()["theta"])
    assert fitted(problem, begin()).J == J
    assert fitted(problem, changed(begin(), {"J_curve": [3.0, 2.0, 1.0]})).J == 1
    assert fitted(problem, begin()).decay == pytest.approx(J - without, rel=1e-9)


@pytest.mark.parametrize("n_starts", [1, 2])
def test_starts_are_let_go_of_when_they_are_left_behind(problem, n_starts):
    """A start is as long as θ: of wide rows, as large as everything else in memory."""
    starts = [begin(seed) for seed in range(n_starts)]
    theta_of = [weakref.ref(state.theta) for state in starts]
    alive = []
    fit = Fit(problem, Restarts.anew(starts), plan(3))
    del starts
    ended = fit.run(
        Monitor(None, (lambda _: alive.append([ref() is not None for ref in theta_of]),))
    )
    assert alive[2] == [False] * n_starts
    together = [run_epochs(problem, begin(seed), plan(3), Monitor())[0] for seed in range(n_starts)]
    for state, alone in zip(ended.restarts.states, together):
        np.testing.assert_array_equal(state.theta, alone.theta)


def test_full_batch_starts_are_let_go_of_one_after_another(problem):
    starts = [begin(seed) for seed in range(3)]
    theta_of = [weakref.ref(state.theta) for state in starts]
    alive = []
    options = FullBatchOptions("lbfgs", 2, EarlyStopping())
    fit = Fit(problem, Restarts.anew(starts), options)
    del starts
    fit.run(Monitor(None, (lambda _: alive.append([ref() is not None for ref in theta_of]),)))
    assert alive[-1][:2] == [False, False]
    assert alive[0] == [True, True, True]
