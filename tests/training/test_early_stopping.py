"""Early stopping by J and by a score, against plain loops and scikit-learn."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from small_trainings import (
    begin,
    changed,
    full_batch,
    plan,
)

from backpass.training.early_stopping import EarlyStopping, best_theta
from backpass.training.mini_batch import run_epochs
from backpass.training.monitor import Monitor
from backpass.training.stop import StopReason


def test_settled(problem):
    state, reason = run_epochs(
        problem, begin(), plan(50, early_stopping=EarlyStopping(1e3, 3)), Monitor()
    )
    assert reason is StopReason.NO_IMPROVEMENT
    assert state["epoch"] == 5  # the first epoch is better than nothing, then 3 are tolerated


def test_early_stopping_keeps_the_best(problem):
    scores = itertools.chain([0.1, 0.9], itertools.repeat(0.5))
    seen = []
    monitor = Monitor(
        validate=lambda theta: (next(scores), 1.0), callbacks=(lambda p: seen.append(p.theta),)
    )
    state, reason = run_epochs(
        problem, begin(), plan(50, early_stopping=EarlyStopping(1e-4, 3, by_score=True)), monitor
    )
    assert reason is StopReason.NO_BETTER_SCORE
    assert best_theta(state) is seen[1]
    assert state["epoch"] == 6


def test_early_stopping_of_a_full_batch_solver(problem):
    scores = itertools.chain([0.1, 0.9], itertools.repeat(0.5))
    state, reason = full_batch(
        problem,
        begin(),
        Monitor(validate=lambda theta: (next(scores), 1.0)),
        solver="lbfgs",
        max_iter=50,
        early_stopping=EarlyStopping(1e-9, 3, by_score=True),
    )
    assert reason is StopReason.NO_BETTER_SCORE
    assert state["epoch"] == 6
    assert state["best_score"] == 0.9


def plain_patience(values, tol, n_iter_no_change, by_score):
    """The counts after each epoch: scikit-learn's rule, a NaN being no improvement."""
    best, count, counts = -np.inf if by_score else np.inf, 0, []
    for value in values:
        better = value >= best + tol if by_score else value <= best - tol
        count = 0 if better else count + 1
        if value > best if by_score else value < best:
            best = value
        counts.append((count, best, count > n_iter_no_change))
    return counts


VALUES = [
    [1.0, 0.9, 0.95, 0.85, 0.85, 0.8, 0.79, 0.9],
    [0.1, 0.3, 0.3, 0.35, 0.2, np.nan, 0.4, 0.4],
]


@pytest.mark.parametrize("by_score", [False, True])
@pytest.mark.parametrize("tol", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("values", VALUES)
def test_patience_is_the_plain_loop(values, tol, by_score):
    early_stopping, state = EarlyStopping(tol, 2, by_score), begin()
    values = values if by_score else [v for v in values if np.isfinite(v)]
    curve, best = ("score_curve", "best_score") if by_score else ("J_curve", "best_J")
    for i, (count, least, over) in enumerate(plain_patience(values, tol, 2, by_score)):
        theta = np.full(3, float(i))
        state = early_stopping.count(changed(state, {"theta": theta, curve: values[: i + 1]}))
        assert (state["no_improvement"], state[best]) == (count, least)
        assert early_stopping.exhausted(state) is over
        assert early_stopping.rank(state) == (-least if by_score else least)
        if by_score:
            assert state["best_theta"][0] == np.nanargmax(values[: i + 1])
            assert best_theta(state) is state["best_theta"]
        else:
            assert best_theta(state) is theta


def test_scores_that_are_nan_from_the_first_on_are_no_improvement(problem):
    monitor = Monitor(validate=lambda theta: (np.nan, 1.0))
    early_stopping = EarlyStopping(0.0, 2, by_score=True)
    state, reason = run_epochs(problem, begin(), plan(9, early_stopping=early_stopping), monitor)
    assert reason is StopReason.NO_BETTER_SCORE
    assert state["epoch"] == 3  # two are tolerated
    assert best_theta(state) is state["theta"]


def test_patience_is_scikit_learn_s():
    theirs = pytest.importorskip("sklearn.neural_network").MLPClassifier()
    ours = EarlyStopping()
    assert (ours.tol, ours.n_iter_no_change) == (theirs.tol, theirs.n_iter_no_change)
    assert ours.by_score is theirs.early_stopping
