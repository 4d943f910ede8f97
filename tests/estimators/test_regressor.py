"""What a regressor answers, and what each loss estimates."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.metrics import r2_score
from sklearn.neural_network import MLPRegressor as TheirRegressor
from small_estimators import (
    X_DIABETES,
    X_IRIS,
    Y_DIABETES,
    Y_IRIS,
)

import backpass as bp
from backpass import MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_several_outputs_report_their_loss():
    Y = np.column_stack([Y_DIABETES, -2 * Y_DIABETES])
    options = {"solver": "sgd", "learning_rate_init": 1e-300, "max_iter": 1, "random_state": 3}
    options |= {"hidden_layer_sizes": (5,), "batch_size": 442}  # scikit-learn 1.6 has one loss
    ours = MLPRegressor(**options).fit(X_DIABETES, Y)
    theirs = TheirRegressor(**options).fit(X_DIABETES, Y)
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-9)
    J, _ = bp.cost_and_gradient(ours.net_, ours.theta_, X_DIABETES, Y, lam=ours.alpha)
    assert ours.loss_curve_[0] == pytest.approx(J, rel=1e-9)


def test_a_regression_s_validation_score_is_R2(rng):
    reg = MLPRegressor(hidden_layer_sizes=(5,), max_iter=3, random_state=0)
    w = rng.random(442)
    Y = np.column_stack([Y_DIABETES, Y_DIABETES**2])
    reg.fit(X_DIABETES, Y, X_val=X_DIABETES, y_val=Y, sample_weight_val=w)
    expected = r2_score(Y, reg.predict(X_DIABETES), sample_weight=w)
    assert reg.validation_scores_[-1] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("loss", "statistic"),
    [
        ("squared_error", np.mean),
        ("absolute_error", np.median),
        ("quantile", np.median),
        (bp.quantile(0.8), lambda y: np.quantile(y, 0.8)),
        (bp.huber(100.0), np.mean),
        ("poisson", np.mean),
    ],
    ids=["squared_error", "absolute_error", "quantile", "quantile-0.8", "huber", "poisson"],
)
def test_what_a_loss_estimates(loss, statistic, rng):
    y = rng.gamma(2.0, size=400)
    reg = MLPRegressor(
        loss, (), solver="gd", learning_rate="cosine", learning_rate_init=0.5, max_iter=400, tol=0,
        n_iter_no_change=np.inf, random_state=0,
    )  # fmt: skip
    reg.fit(np.zeros((400, 1)), y)
    assert reg.predict(np.zeros((1, 1)))[0] == pytest.approx(statistic(y), abs=0.03)
    pickle.loads(pickle.dumps(reg))


def test_poisson_wants_counts():
    with pytest.raises(ValueError, match="y >= 0"):
        MLPRegressor("poisson").fit(X_IRIS, Y_IRIS - 1.0)
