"""Fits end to end: resuming, weights, validation, own functions, interruption."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from small_estimators import (
    MINI_BATCH,
    RESUMABLE,
    SOLVERS,
    X_DIABETES,
    X_DIGITS,
    X_IRIS,
    Y_DIABETES,
    Y_DIGITS,
    Y_IRIS,
    Crash,
    crash_at,
    interrupt,
    small,
)

import backpass as bp
from backpass import MLPClassifier, MLPRegressor, StopReason
from backpass.errors import InvalidInput, OutputExists, WrongDerivative

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("options", RESUMABLE, ids=str)
def test_two_halves_are_the_whole(options, n_threads):
    def fresh(max_iter):
        options_now = {"batch_size": 32, "tol": 0, "n_threads": n_threads, **options}
        return small(max_iter=max_iter, warm_start=True, **options_now)

    whole = fresh(10).fit(X_IRIS, Y_IRIS)
    halves = fresh(5).fit(X_IRIS, Y_IRIS).fit(X_IRIS, Y_IRIS)
    pickled = pickle.loads(pickle.dumps(fresh(5).fit(X_IRIS, Y_IRIS))).fit(X_IRIS, Y_IRIS)
    for other in (halves, pickled):
        np.testing.assert_array_equal(other.theta_, whole.theta_)
        assert other.loss_curve_ == whole.loss_curve_
        assert other.n_iter_ == 5


@pytest.mark.parametrize("solver", MINI_BATCH)
def test_partial_fits_are_a_fit(solver):
    whole = small(solver=solver, max_iter=8, tol=0, batch_size=32).fit(X_IRIS, Y_IRIS)
    parts = small(solver=solver, tol=0, batch_size=32)
    for _ in range(8):
        parts.partial_fit(X_IRIS, Y_IRIS, classes=[0, 1, 2])
    np.testing.assert_array_equal(parts.theta_, whole.theta_)
    assert parts.stop_reason_ is StopReason.ONE_PASS
    assert parts.n_iter_ == 1
    assert len(parts.loss_curve_) == 8


def test_threads_do_not_change_a_bit():
    one, two = (small(n_threads=n, max_iter=3).fit(X_DIGITS, Y_DIGITS) for n in (1, 2))
    np.testing.assert_array_equal(one.theta_, two.theta_)


@pytest.mark.parametrize("options", RESUMABLE[:9], ids=str)
def test_a_checkpoint_is_taken_up_and_a_finished_one_is_not(options, tmp_path, caplog):
    path = tmp_path / "run.backpass"
    options = {"batch_size": 32, "tol": 0, "max_iter": 10, **options}
    whole = small(**options).fit(X_IRIS, Y_IRIS)
    with pytest.raises(Crash):
        small(**options, checkpoint=path, every=3, callbacks=crash_at(8)).fit(X_IRIS, Y_IRIS)
    resumed = small(**options, checkpoint=path, every=3).fit(X_IRIS, Y_IRIS)
    assert "goes on after epoch 6" in caplog.text
    np.testing.assert_array_equal(resumed.theta_, whole.theta_)
    assert resumed.loss_curve_ == whole.loss_curve_
    assert resumed.n_iter_ == whole.n_iter_
    again = small(**options, checkpoint=path, every=3).fit(X_IRIS, Y_IRIS)
    assert again.n_iter_ == 10
    np.testing.assert_array_equal(again.theta_, whole.theta_)


def test_a_checkpoint_of_another_problem_is_left_alone(tmp_path):
    path = tmp_path / "run.backpass"
    with pytest.raises(Crash):
        small(checkpoint=path, callbacks=crash_at(2)).fit(X_IRIS, Y_IRIS)
    before = path.read_bytes()
    with pytest.raises(InvalidInput, match="the data differ"):
        small(checkpoint=path).fit(X_IRIS + 1, Y_IRIS)
    assert path.read_bytes() == before
    with pytest.raises(InvalidInput, match="n_init was 1 and is now 2"):
        small(checkpoint=path, n_init=2).fit(X_IRIS, Y_IRIS)


def test_the_same_alpha_has_the_same_minimiser_with_every_solver_and_batch():
    options = {"hidden_layer_sizes": (16,), "alpha": 50.0, "random_state": 0, "tol": 0}
    more = {"n_iter_no_change": np.inf, "learning_rate": "cosine", "learning_rate_init": 0.02}
    fits = [
        MLPClassifier(**options, solver="lbfgs", max_iter=300),
        MLPClassifier(**options, solver="adam", batch_size=1797, max_iter=300, **more),
        MLPClassifier(**options, solver="adam", batch_size=32, max_iter=30, **more),
    ]
    for clf in fits:
        clf.fit(X_DIGITS, Y_DIGITS)
    norms = [np.linalg.norm(np.concatenate([c.ravel() for c in clf.coefs_])) for clf in fits]
    accuracies = [clf.score(X_DIGITS, Y_DIGITS) for clf in fits]
    assert max(norms) <= 1.03 * min(norms)
    assert max(accuracies) <= 1.03 * min(accuracies)
    assert min(norms) > 5


def test_a_weight_is_as_good_as_copies(rng):
    w = rng.integers(0, 4, 150)
    options = {"solver": "lbfgs", "max_iter": 15, "alpha": 2.0}
    weighted = small(**options).fit(X_IRIS, Y_IRIS, sample_weight=w)
    copied = small(**options).fit(np.repeat(X_IRIS, w, axis=0), np.repeat(Y_IRIS, w))
    np.testing.assert_allclose(weighted.theta_, copied.theta_, rtol=1e-5, atol=1e-7)


def test_total_weight_makes_a_part_stand_for_all():
    rows = np.r_[0:30]
    part = small(alpha=100.0).partial_fit(
        X_IRIS[rows], Y_IRIS[rows], classes=[0, 1, 2], total_weight=150
    )
    alone = small(alpha=100.0).partial_fit(X_IRIS[rows], Y_IRIS[rows], classes=[0, 1, 2])
    # W is five times as large, so J and its decay are a fifth: Adam does not see the scale.
    np.testing.assert_allclose(part.theta_, alone.theta_, rtol=1e-5, atol=1e-8)
    assert part.loss_ == pytest.approx(alone.loss_ / 5, rel=1e-9)


def test_a_validation_set_of_ones_own():
    clf = small(early_stopping=True, max_iter=60, n_iter_no_change=5, learning_rate_init=0.05)
    clf.fit(X_IRIS[::2], Y_IRIS[::2], X_val=X_IRIS[1::2], y_val=Y_IRIS[1::2])
    assert len(clf.validation_scores_) == len(clf.validation_loss_curve_) == clf.n_iter_
    best = int(np.argmax(clf.validation_scores_))
    assert clf.best_validation_score_ == clf.validation_scores_[best]
    assert clf.score(X_IRIS[1::2], Y_IRIS[1::2]) == pytest.approx(clf.best_validation_score_)
    loss = log_loss(Y_IRIS[1::2], clf.predict_proba(X_IRIS[1::2]))
    assert loss == pytest.approx(clf.validation_loss_curve_[best], rel=1e-9)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_curves_of_a_validation_set_with_every_solver(solver):
    clf = small(solver=solver, max_iter=4).fit(X_IRIS, Y_IRIS, X_val=X_IRIS, y_val=Y_IRIS)
    assert len(clf.validation_scores_) == len(clf.loss_curve_)
    assert clf.score(X_IRIS, Y_IRIS) == pytest.approx(clf.validation_scores_[-1])


def test_an_activation_for_each_layer():
    clf = small(hidden_layer_sizes=(5, 4), activation=("gelu", "leaky_relu")).fit(X_IRIS, Y_IRIS)
    assert [g.name for g in clf.net_.hidden] == ["gelu", "leaky_relu"]


def test_an_activation_of_ones_own():
    square = bp.Activation("square", g=lambda z: z * z, g_prime=lambda z: 2 * z)
    assert small(activation=square, solver="lbfgs").fit(X_IRIS, Y_IRIS).score(X_IRIS, Y_IRIS) > 0.9
    wrong = bp.Activation("wrong", g=lambda z: z * z, g_prime=lambda z: z)
    with pytest.raises(WrongDerivative, match=r"g_prime of the activation 'wrong' is -3.21 at z ="):
        small(activation=wrong).fit(X_IRIS, Y_IRIS)
    kinked = bp.Activation("kinked", g=abs, g_prime=np.sign, smooth=False)
    small(activation=[kinked]).fit(X_IRIS, Y_IRIS)
    broken = bp.Activation("broken", g=lambda z: z.sum(), g_prime=lambda z: z)
    with pytest.raises(InvalidInput, match="g of the activation 'broken' returns shape"):
        small(activation=broken).fit(X_IRIS, Y_IRIS)


def test_a_loss_of_ones_own():
    def value(z, y):
        return ((z - y) ** 4).sum(axis=1)

    def delta(z, y):
        return 4 * (z - y) ** 3

    fourth = bp.Loss("fourth", h=lambda z: z, value=value, delta=delta)
    reg = MLPRegressor(fourth, (5,), solver="lbfgs", random_state=0, max_iter=50)
    assert reg.fit(X_DIABETES, Y_DIABETES).score(X_DIABETES, Y_DIABETES) > 0.3
    wrong = bp.Loss("wrong", h=lambda z: z, value=value, delta=lambda z, y: (z - y) ** 3)
    with pytest.raises(WrongDerivative, match=r"delta of the loss 'wrong' is .* the slope"):
        MLPRegressor(wrong).fit(X_DIABETES, Y_DIABETES)


def test_dropout():
    plain = small(max_iter=3).fit(X_IRIS, Y_IRIS)
    thinned = small(max_iter=3, dropout=[0.5]).fit(X_IRIS, Y_IRIS)
    again = small(max_iter=3, dropout=0.5).fit(X_IRIS, Y_IRIS)
    np.testing.assert_array_equal(thinned.theta_, again.theta_)
    assert not np.allclose(plain.theta_, thinned.theta_)
    with pytest.raises(ValueError, match="2 rates"):
        small(dropout=[0.5, 0.5]).fit(X_IRIS, Y_IRIS)


def test_divergence():
    reg = MLPRegressor(
        hidden_layer_sizes=(20,), activation="identity", solver="sgd", learning_rate_init=5.0,
        max_iter=100, random_state=0,
    )  # fmt: skip
    with pytest.warns(ConvergenceWarning, match="diverged"):
        reg.fit(X_IRIS, Y_IRIS * 1.0)
    assert reg.stop_reason_ is StopReason.DIVERGED
    assert np.isnan(reg.loss_curve_[-1])
    assert np.isnan(reg.loss_)
    assert np.isfinite(reg.theta_).all()
    assert np.isfinite(reg.predict(X_IRIS)).all()


@pytest.mark.parametrize("solver", SOLVERS)
def test_control_c_leaves_a_model(solver):
    with pytest.warns(UserWarning, match="interrupted"):
        clf = small(solver=solver, callbacks=[interrupt]).fit(X_IRIS, Y_IRIS)
    assert clf.stop_reason_ is StopReason.INTERRUPTED
    assert clf.predict(X_IRIS).shape == (150,)
    assert clf.n_iter_ == 2


@pytest.mark.parametrize("solver", ["lbfgs", "cg", "newton"])
def test_a_full_batch_fit_says_what_it_has_found(solver):
    clf = small(hidden_layer_sizes=(), solver=solver, alpha=1.0, max_iter=500).fit(X_IRIS, Y_IRIS)
    assert clf.stop_reason_.converged
    assert clf.found_.finding.name == "MINIMUM"
    unfinished = small(solver=solver, max_iter=1).fit(X_IRIS, Y_IRIS)
    assert unfinished.found_.finding.name == "UNFINISHED"
    assert unfinished.stop_reason_ is StopReason.MAX_ITER


@pytest.mark.parametrize("solver", SOLVERS)
def test_symmetry_is_never_broken_by_itself(solver):
    clf = small(solver=solver, warm_start=True, activation="tanh", max_iter=5, hidden_layer_sizes=3)
    clf.coefs_ = [np.full((4, 3), 0.1), np.full((3, 3), 0.1)]
    clf.intercepts_ = [np.full(3, 0.1), np.full(3, 0.1)]
    clf.fit(X_IRIS, Y_IRIS)
    np.testing.assert_allclose(clf.coefs_[0], clf.coefs_[0][:, [0, 0, 0]], rtol=1e-8, atol=1e-11)


def test_J_is_the_curve():
    clf = small(solver="lbfgs").fit(X_IRIS, Y_IRIS)
    J, _ = bp.cost_and_gradient(clf.net_, clf.theta_, X_IRIS, bp.one_hot(Y_IRIS), lam=clf.alpha)
    assert clf.loss_ == clf.loss_curve_[-1] == pytest.approx(J, rel=1e-12)


def test_an_existing_model_is_not_replaced_by_a_checkpoint(tmp_path):
    path = tmp_path / "model.backpass"
    bp.save(small().fit(X_IRIS, Y_IRIS), path)
    with pytest.raises((InvalidInput, OutputExists), match="no checkpoint"):
        small(checkpoint=path).fit(X_IRIS, Y_IRIS)
