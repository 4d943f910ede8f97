"""What y means: the scores of logits, against scikit-learn's, epoch after epoch."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import accuracy_score, r2_score

import backpass as bp
from backpass.estimators.targets.labels import Labels
from backpass.estimators.targets.strategies import ClassTargets, NumberTargets

ROWS = 40


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("classes", [2, 5])
def test_accuracy_is_that_of_each_epoch_s_logits(classes, weighted, dtype, rng):
    y, w = rng.integers(0, classes, ROWS), rng.exponential(size=ROWS).astype(dtype)
    labels = Labels((np.arange(classes),))
    Y, units = labels.encode(y).astype(dtype), labels.units[0]
    net = bp.Network((3, units), (), "log_loss" if units > 1 else "binary_log_loss")
    targets = ClassTargets("log_loss", labels=labels)
    score = targets.scorer(net, Y, w if weighted else None)
    for z in rng.standard_normal((3, ROWS, units)).astype(dtype):
        codes = z.argmax(axis=1) if units > 1 else (z[:, 0] > 0).astype(int)
        expected = accuracy_score(y, codes, sample_weight=w if weighted else None)
        assert score(z) == pytest.approx(expected, rel=1e-6)
        assert weighted or score(z) == expected  # to the last bit


def test_accuracy_of_labels_side_by_side_wants_all_of_them(rng):
    Y = rng.integers(0, 2, (ROWS, 3)).astype(float)
    net = bp.Network((3, 3), (), "binary_log_loss")
    score = ClassTargets("log_loss", labels=Labels.indicators(3)).scorer(net, Y, None)
    for z in rng.standard_normal((3, ROWS, 3)) + 3 * Y - 1.5:
        assert score(z) == accuracy_score(Y, z > 0)


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("outputs", [1, 3])
def test_r_squared_is_that_of_each_epoch_s_logits(outputs, weighted, loss, rng):
    Y, w = rng.exponential(size=(ROWS, outputs)), rng.exponential(size=ROWS)
    net = bp.Network((3, outputs), (), loss)
    score = NumberTargets(loss).scorer(net, Y, w if weighted else None)
    for z in 0.3 * rng.standard_normal((3, ROWS, outputs)):
        a = np.exp(z) if loss == "poisson" else z
        expected = r2_score(Y, a, sample_weight=w if weighted else None)
        assert score(z) == pytest.approx(expected, rel=1e-12)
    perfect = np.log(Y) if loss == "poisson" else Y
    assert score(perfect) == pytest.approx(1.0, abs=1e-15)


def test_a_logistic_unit_decides_where_its_probability_is_one_half():
    net, labels = bp.Network((3, 1), (), "binary_log_loss"), Labels((np.array([0, 1]),))
    z = np.array([[-1e-9], [0.0], [1e-9]])
    Y = (expit(z) > 0.5).astype(float)
    assert ClassTargets("log_loss", labels=labels).scorer(net, Y, None)(z) == 1.0
