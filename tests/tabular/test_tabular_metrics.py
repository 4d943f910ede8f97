"""Costs agree with scikit-learn's; no probability is surer than the held-out rows allow."""

import numpy as np
import pytest
from sklearn import metrics as theirs

from backpass.tabular.metrics import honest, log_loss, squared_error


def drawn_probabilities(rng, m, classes):
    return rng.dirichlet(np.ones(classes), m)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("classes", [2, 5])
def test_log_loss_is_scikit_learns_of_honest_probabilities(rng, classes, weighted):
    P, y = drawn_probabilities(rng, 60, classes), rng.integers(0, classes, 60)
    weight = rng.uniform(0, 2, 60) if weighted else None
    cost = log_loss(np.eye(classes)[y], weight)(P)
    expected = theirs.log_loss(y, honest(P, 60), labels=range(classes), sample_weight=weight)
    assert cost == pytest.approx(expected, rel=1e-12)
    unbounded = theirs.log_loss(y, P, labels=range(classes), sample_weight=weight)
    assert cost == pytest.approx(unbounded, abs=0.2)


@pytest.mark.parametrize("weighted", [False, True])
def test_squared_error_is_scikit_learns(rng, weighted):
    H, Y = rng.normal(size=(2, 50, 3))
    weight = rng.uniform(0, 2, 50) if weighted else None
    expected = theirs.mean_squared_error(Y, H, sample_weight=weight)
    assert squared_error(Y, weight)(H) == pytest.approx(expected, rel=1e-12)


def test_honest_probabilities_are_probabilities_in_the_same_order(rng):
    P = drawn_probabilities(rng, 200, 4)
    Q = honest(P, 40)
    np.testing.assert_allclose(Q.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_array_equal(np.argsort(P, axis=1), np.argsort(Q, axis=1))
    assert Q.min() >= 1 / (40 + 4)


def test_the_more_rows_vouch_the_surer_an_answer_may_be(rng):
    sure = np.array([[0.0, 1.0, 0.0]])
    floors = [honest(sure, m).min() for m in (1, 10, 100, 10_000)]
    assert floors == sorted(floors, reverse=True)
    assert floors[-1] < 1.1e-4
    assert log_loss(np.array([[1, 0, 0]]))(sure) < 3  # and never infinite


def test_of_several_targets_each_is_as_by_itself(rng):
    P, Q = drawn_probabilities(rng, 60, 2), drawn_probabilities(rng, 60, 3)
    Y, Z = np.eye(2)[rng.integers(0, 2, 60)], np.eye(3)[rng.integers(0, 3, 60)]
    weight = rng.uniform(0, 2, 60)
    together = log_loss(np.hstack([Y, Z]), weight, (2, 3))(np.hstack([P, Q]))
    apart = [log_loss(Y, weight)(P), log_loss(Z, weight)(Q)]
    assert together == pytest.approx(np.mean(apart), rel=1e-12)
    np.testing.assert_array_equal(
        honest(np.hstack([P, Q]), 60, (2, 3)), np.hstack([honest(P, 60), honest(Q, 60)])
    )
