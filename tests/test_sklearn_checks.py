"""scikit-learn's estimator checks: all of them pass, none is skipped or expected to fail."""

from __future__ import annotations

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import backpass as bp


@pytest.mark.filterwarnings("default")
@parametrize_with_checks([bp.MLPClassifier(), bp.MLPRegressor()])
def test_scikit_learns_checks(estimator, check):
    check(estimator)
