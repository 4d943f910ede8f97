"""Scores, against scikit-learn's, in one call and block by block."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, r2_score

from backpass.estimators.targets.scores import Accuracy, RSquared


def rows(seed, m, outputs=2, shift=0.0):
    rng = np.random.default_rng(seed)
    Y = rng.standard_normal((m, outputs)) + shift
    return Y, Y + rng.standard_normal((m, outputs)), rng.exponential(size=m)


@given(st.integers(0, 10**6), st.integers(2, 40), st.lists(st.integers(0, 40), max_size=4))
@pytest.mark.parametrize("weighted", [False, True])
def test_r_squared_is_scikit_learn_s_however_the_rows_are_cut(weighted, seed, m, cuts):
    Y, a, w = rows(seed, m, shift=1e6)
    score = RSquared()
    for part in np.split(np.arange(m), sorted(min(cut, m) for cut in cuts)):
        score = score.plus(Y[part], a[part], w[part] if weighted else None)
    expected = r2_score(Y, a, sample_weight=w if weighted else None)
    assert score.value == pytest.approx(expected, rel=1e-8, abs=1e-8)


@given(st.lists(st.tuples(st.booleans(), st.floats(0.1, 3)), min_size=1, max_size=30))
def test_accuracy_is_scikit_learn_s_however_the_rows_are_cut(pairs):
    right, w = (np.array(column) for column in zip(*pairs))
    ones, half = np.ones(len(right)), len(right) // 2
    plain = Accuracy().plus(right[:half]).plus(right[half:])
    weighted = Accuracy().plus(right[:half], w[:half]).plus(right[half:], w[half:])
    assert plain.value == pytest.approx(accuracy_score(ones, right))
    assert weighted.value == pytest.approx(accuracy_score(ones, right, sample_weight=w))


@pytest.mark.parametrize(("answers", "value"), [([2.0, 2.0], 1.0), ([2.0, 2.5], 0.0)])
def test_a_constant_truth_is_scikit_learn_s(answers, value):
    Y, a = np.full((2, 1), 2.0), np.array(answers)[:, None]
    assert RSquared().plus(Y, a).value == value == r2_score(Y, a)


def test_no_rows_have_no_score():
    assert np.isnan(Accuracy().value)
    assert np.isnan(RSquared().value)
    empty = np.empty((0, 1))
    assert np.isnan(RSquared().plus(empty, empty).value)
