"""Calibration: scikit-learn's curve with counts; perfect probabilities lie on the diagonal."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from backpass.inspection.insight import calibration


@pytest.mark.parametrize("digits", [1, 2, 9])  # with ties, and without
def test_it_is_scikit_learns_curve(rng, digits):
    p = rng.random(700).round(digits)
    so = rng.random(700) < p**2
    observed, predicted = calibration_curve(so, p, n_bins=10, strategy="quantile")
    found = calibration(p, so)
    np.testing.assert_allclose(found.predicted, predicted, rtol=1e-12)
    np.testing.assert_allclose(found.observed, observed, rtol=1e-12)
    assert found.counts.sum() == 700
    assert digits < 9 or np.ptp(found.counts) <= 1


def test_perfect_probabilities_are_the_diagonal(rng):
    p = rng.random(200_000)
    found = calibration(p, rng.random(200_000) < p)
    error = np.sqrt(found.predicted * (1 - found.predicted) / found.counts)
    assert np.all(np.abs(found.observed - found.predicted) < 4 * error)


def test_weights_count_rows_as_often(rng):
    p, w = rng.integers(0, 10, 80) / 10, rng.integers(0, 3, 80)
    so = rng.random(80) < p
    found = calibration(p, so, w.astype(float))
    for predicted, observed in zip(found.predicted, found.observed):
        np.testing.assert_array_less(-1e-12, predicted)
        assert 0 <= observed <= 1
    total = np.average(so, weights=w)
    ends = np.percentile(p, np.linspace(0, 100, 11))
    weights = np.bincount(np.searchsorted(ends[1:-1], p), w)
    assert np.average(found.observed, weights=weights[weights > 0]) == pytest.approx(total)
