"""The best threshold, against every threshold there is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from backpass.errors import InvalidInput, SettingError
from backpass.experiment.scoring.thresholds import (
    FROM_RATES,
    best_threshold,
    read_threshold,
)

PAIRS = st.lists(
    st.tuples(st.booleans(), st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.25, 0.5, 1.0]))),
    min_size=2,
    max_size=25,
)
FUNCTIONS = {
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "f1": lambda y, a, **k: metrics.f1_score(y, a, zero_division=0, **k),
}


@pytest.mark.parametrize("metric", FROM_RATES)
@given(PAIRS, st.booleans())
def test_no_threshold_is_better(metric, pairs, weighted):
    y, p = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])
    w = 1 + np.arange(len(p)) % 3.0 if weighted else None
    if y.all() or not y.any():
        with pytest.raises(InvalidInput, match="of two classes"):
            best_threshold(y, p, metric, w)
        return
    measure = FUNCTIONS[metric]
    found = best_threshold(y, p, metric, w)
    value = measure(y, p >= found, sample_weight=w)
    candidates = np.r_[p, np.nextafter(p, 0), 0.0, 1.0]
    best = max(measure(y, p >= c, sample_weight=w) for c in candidates if 0 <= c <= 1)
    assert 0 <= found <= 1
    assert value == pytest.approx(best, abs=1e-9)


def test_of_thresholds_that_are_as_good_the_one_closest_to_a_half_is_taken():
    y = np.array([False, True, True])
    assert best_threshold(y, np.array([0.1, 0.6, 0.9])) == pytest.approx(0.35)
    assert best_threshold(np.array([True, False] * 4), np.full(8, 0.8), "accuracy") == 0.4
    assert best_threshold(np.array([True, False] * 4), np.full(8, 0.2), "accuracy") == 0.6


@pytest.mark.parametrize("low", [0.3, np.nextafter(0.3, 1), 0.0, np.nextafter(1.0, 0)])
def test_probabilities_that_are_neighbours_are_told_apart(low):
    high = np.nextafter(low, 1)
    found = best_threshold(np.array([False, True]), np.array([low, high]))
    assert low < found <= high


@pytest.mark.parametrize("metric", ["auc", "log_loss", "recall", "r2"])
def test_a_metric_without_a_threshold_has_no_best_one(metric):
    with pytest.raises(SettingError, match="accuracy, balanced_accuracy or f1"):
        best_threshold(np.array([True, False]), np.array([0.1, 0.2]), metric)


@pytest.mark.parametrize(("text", "value"), [("best", None), ("0.3", 0.3), ("0", 0), ("1", 1)])
def test_a_threshold_is_a_probability_or_best(text, value):
    assert read_threshold(text) == value


@pytest.mark.parametrize("text", ["1.5", "-0.1", "nan", "", "Best", "half"])
def test_anything_else_is_refused(text):
    with pytest.raises(SettingError, match="between 0 and 1, or best"):
        read_threshold(text)
