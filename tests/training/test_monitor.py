"""Callbacks, curves and the clock: what is reported of a training, and when."""

from __future__ import annotations

import time

import numpy as np
import pytest
from small_trainings import (
    NET,
    begin,
    full_batch,
    plan,
)

from backpass import engine
from backpass.training.early_stopping import EarlyStopping
from backpass.training.mini_batch import run_epochs, run_together
from backpass.training.monitor import Monitor, Progress
from backpass.training.state import start
from backpass.training.stop import StopReason


def test_a_callback_stops_and_is_told_everything(problem):
    told: list[Progress] = []

    def callback(progress):
        told.append(progress)
        return progress.epoch == 3

    monitor = Monitor(validate=lambda theta: (0.5, 0.25), callbacks=(callback,))
    state, reason = run_epochs(problem, begin(), plan(10), monitor)
    assert reason is StopReason.CALLBACK
    assert [p.epoch for p in told] == [1, 2, 3]
    assert [p.J for p in told] == state["J_curve"]
    assert told[0].validation_score == 0.5
    assert told[0].validation_loss == 0.25
    assert told[-1].theta is state["theta"]
    assert told[-1].rows_per_second > 0


def test_progress_holds_the_numbers_of_its_epoch(problem):
    told = []
    scores = iter([(0.25, 3.0), (0.5, 2.0), (0.75, 1.0)])
    monitor = Monitor(validate=lambda theta: next(scores), callbacks=(told.append,))
    state, reason = run_epochs(problem, begin(), plan(3), monitor)
    assert reason is StopReason.MAX_ITER
    assert [(p.validation_score, p.validation_loss) for p in told] == [
        (0.25, 3),
        (0.5, 2),
        (0.75, 1),
    ]
    assert (state["score_curve"], state["validation_curve"]) == ([0.25, 0.5, 0.75], [3, 2, 1])
    assert monitor.rows == state["rows_seen"] == 3 * 60
    assert [p.rows_per_second * p.seconds for p in told] == pytest.approx([60, 120, 180])
    assert state["solver"]["t"] == 3 * 4  # batches of 16 of 60 rows


@pytest.mark.parametrize("asking", [0, 1])
def test_every_callback_is_told_and_one_is_enough_to_stop(problem, asking):
    told = [[], []]

    def callback(which):
        return lambda p: told[which].append(p.epoch) or (which == asking and p.epoch == 2)

    monitor = Monitor(callbacks=(callback(0), callback(1)))
    _, reason = run_epochs(problem, begin(), plan(9), monitor)
    assert reason is StopReason.CALLBACK
    assert told == [[1, 2], [1, 2]]


def test_progress_without_a_validation_set_or_a_clock_says_so():
    progress = Progress(2, 0.5)
    assert (progress.epoch, progress.J) == (2, 0.5)
    assert progress.seconds == progress.rows_per_second == 0
    assert progress.validation_score is progress.validation_loss is progress.theta is None


@pytest.mark.parametrize("by_score", [False, True])
def test_callbacks_are_told_of_the_best_that_still_trains(problem, by_score):
    values = {1: [0.5, 0.6, np.nan], 2: [0.7, 0.3, 0.4], 3: [0.6, 0.5, 0.2]}

    class Known(engine.SequentialProblem):
        rows, net, lam = problem.rows, problem.net, problem.lam

        def run_epoch(self, theta, state, *rest):
            epoch = state["t"]
            return engine.Epoch(theta, {**state, "t": epoch + 1}, values[theta[0]][epoch])

        cost_and_gradient = staticmethod(problem.cost_and_gradient)

    told = []
    validate = (lambda theta: (theta[0], 0.0)) if by_score else None
    monitor = Monitor(validate=validate, callbacks=(lambda p: told.append(p.theta[0]),))
    states = [start(np.full(NET.n_parameters, k), 0) for k in (1.0, 2.0, 3.0)]
    early_stopping = EarlyStopping(0.0, np.inf, by_score)
    ends = run_together(Known(), states, plan(3, early_stopping=early_stopping), monitor)
    assert told == ([3, 3, 3] if by_score else [1, 2, 3])
    reasons = [StopReason.DIVERGED, StopReason.MAX_ITER, StopReason.MAX_ITER]
    assert [reason for _, reason in ends] == reasons


def test_callbacks_are_not_told_of_what_has_diverged(problem):
    class Lost(engine.SequentialProblem):
        rows, net, lam = problem.rows, problem.net, problem.lam

        def run_epoch(self, theta, state, *rest):
            return engine.Epoch(theta, state, np.nan)

        cost_and_gradient = staticmethod(problem.cost_and_gradient)

    told = []
    monitor = Monitor(callbacks=(told.append,))
    _, reason = run_epochs(Lost(), begin(), plan(3), monitor)
    assert (told, reason) == ([], StopReason.DIVERGED)


def test_a_full_batch_watch_counts_rows_and_time(problem):
    told = []
    monitor = Monitor(callbacks=(told.append,))
    before = time.perf_counter()
    how = {"solver": "lbfgs", "max_iter": 4, "early_stopping": EarlyStopping(0.0)}
    state, _ = full_batch(problem, begin(), monitor, **how)
    passed = time.perf_counter() - monitor.started
    assert before - monitor.started < passed
    assert monitor.rows == 4 * 60
    assert [p.rows_per_second * p.seconds for p in told] == pytest.approx([60, 120, 180, 240])
    assert [p.J for p in told] == state["J_curve"]
    seconds = [p.seconds for p in told]
    assert sorted(seconds) == seconds
    assert 0 < seconds[0] <= seconds[-1] <= passed
