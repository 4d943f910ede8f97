"""Weights are views of θ, in copies and pickles too."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from small_estimators import (
    X_DIGITS,
    X_IRIS,
    Y_DIGITS,
    Y_IRIS,
    small,
)

from backpass.errors import InvalidInput

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_weights_are_views_that_can_be_assigned():
    clf = small().fit(X_IRIS, Y_IRIS)
    before = clf.predict_proba(X_IRIS)
    clf.coefs_[0][:] = 0.25
    np.testing.assert_array_equal(clf.theta_[6:30], 0.25)
    changed = clf.predict_proba(X_IRIS)
    assert not np.allclose(before, changed)
    clf.intercepts_[1] = [1.0, 2.0, 3.0]
    np.testing.assert_array_equal(clf.theta_[30:33], [1, 2, 3])
    assert not np.allclose(changed, clf.predict_proba(X_IRIS))
    clf.coefs_ = [np.zeros((4, 6)), np.zeros((6, 3))]
    assert np.ptp(clf.predict_proba(X_IRIS), axis=0).max() == 0
    with pytest.raises(InvalidInput, match="shape"):
        clf.coefs_[0] = np.zeros((3, 6))
    with pytest.raises(InvalidInput, match="3 arrays are given for 2"):
        clf.intercepts_ = [0, 0, 0]


@pytest.mark.parametrize("through", [copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))])
def test_copies_keep_theta_and_its_views_together(through):
    original = small().fit(X_IRIS, Y_IRIS)
    clf = through(original)
    np.testing.assert_array_equal(clf.predict_proba(X_IRIS), original.predict_proba(X_IRIS))
    clf.coefs_[0][:] = 0
    assert (clf.theta_[6:30] == 0).all()
    assert (original.theta_[6:30] != 0).all()


def test_a_pickle_holds_each_array_once():
    clf = small(hidden_layer_sizes=(300,), solver="adam", max_iter=1).fit(X_DIGITS, Y_DIGITS)
    assert len(pickle.dumps(clf)) < 3.05 * clf.theta_.nbytes + 5000  # θ, and Adam's two
