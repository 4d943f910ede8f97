"""Where a fit starts: drawn, assigned or kept weights, and several starts at once."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import pickle

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier as TheirClassifier
from small_estimators import X_IRIS, Y_IRIS, Crash, small

import backpass as bp
from backpass import MLPClassifier, MLPRegressor, StopReason
from backpass.errors import InvalidInput
from backpass.estimators import fit as estimators_fit
from backpass.estimators.starts import resumed

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_the_start_is_theirs():
    # One step of a rate of nearly nothing leaves the start.
    options = {"solver": "sgd", "learning_rate_init": 1e-300, "max_iter": 1, "random_state": 3}
    ours = MLPClassifier((5, 4), **options).fit(X_IRIS, Y_IRIS)
    theirs = TheirClassifier((5, 4), **options).fit(X_IRIS, Y_IRIS)
    for mine, original in zip(
        [*ours.coefs_, *ours.intercepts_], [*theirs.coefs_, *theirs.intercepts_]
    ):
        np.testing.assert_array_equal(mine, original)
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-9)


def test_assigned_weights_are_where_a_warm_start_begins():
    W = [np.full((4, 6), 0.1), np.full((6, 3), 0.2)]
    b = [np.full(6, 0.3), np.full(3, 0.4)]
    options = {"solver": "sgd", "learning_rate_init": 1e-300, "max_iter": 1, "warm_start": True}
    clf = small(**options)
    clf.coefs_, clf.intercepts_ = W, b
    clf.fit(X_IRIS, Y_IRIS)
    for mine, given in zip([*clf.coefs_, *clf.intercepts_], [*W, *b]):
        np.testing.assert_array_equal(mine, given)
    clf.coefs_[0] = W[0] * 3
    clf.fit(X_IRIS, Y_IRIS)
    np.testing.assert_array_equal(clf.coefs_[0], W[0] * 3)


def test_weights_changed_after_early_stopping_are_where_a_warm_start_begins():
    clf = small(early_stopping=True, warm_start=True, max_iter=30).fit(X_IRIS, Y_IRIS)
    assert not np.array_equal(clf.theta_, clf.training_state_["theta"])  # the best is not the last
    begins = np.linspace(0.5, 1.5, len(clf.theta_))
    clf.theta_ = begins.copy()
    clf.set_params(learning_rate_init=1e-300, max_iter=1).fit(X_IRIS, Y_IRIS)
    np.testing.assert_array_equal(clf.theta_, begins)
    assert clf.best_validation_score_ == clf.validation_scores_[-1]


def test_a_warm_start_refuses_another_network():
    clf = small(warm_start=True).fit(X_IRIS, Y_IRIS)
    with pytest.raises(InvalidInput, match=r"4-6-3 \(relu; log_loss\).*4-7-3"):
        clf.set_params(hidden_layer_sizes=(7,)).fit(X_IRIS, Y_IRIS)


def test_the_best_of_several_starts_is_kept():
    options = {"hidden_layer_sizes": (2,), "solver": "lbfgs", "max_iter": 30}
    several = small(**options, n_init=4).fit(X_IRIS, Y_IRIS)
    one = small(**options).fit(X_IRIS, Y_IRIS)
    assert several.loss_ <= one.loss_
    assert several.n_iter_ == len(several.loss_curve_)
    assert several.loss_ == min(several.loss_curve_)


EARLY = {"early_stopping": True, "n_iter_no_change": 4, "validation_fraction": 0.3}

LINEAR = {"activation": "identity", "tol": 0.02, "n_iter_no_change": 3}

IMPATIENT = {"tol": 0.05, "n_iter_no_change": 1, "max_iter": 30}

SEVERAL = [
    {"solver": "adam", "learning_rate_init": 0.05, "max_iter": 40, **EARLY},
    {"solver": "adam", "dropout": 0.2, "tol": 0.02, "n_iter_no_change": 1},
    {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1, **IMPATIENT},
    {"solver": "gd", "learning_rate_init": 0.3, "learning_rate": "cosine", "shuffle": False},
    {"solver": "sgd", "learning_rate_init": 0.1, "max_iter": 30, **LINEAR},
    {"solver": "sgd", "learning_rate_init": 0.5, **LINEAR},  # all diverge, the third last
    {"solver": "lbfgs"},
]


def each_start_alone(make, y, n_init, monkeypatch):
    """Fit from each of the starts that a fit with `n_init` draws, one by one."""
    draw, fits = estimators_fit.fresh_starts, []
    for k in range(n_init):
        with monkeypatch.context() as only:
            only.setattr(estimators_fit, "fresh_starts", lambda *args, k=k: [draw(*args)[k]])
            fits.append(make(n_init).fit(X_IRIS, y))
    return fits


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("options", SEVERAL, ids=str)
def test_several_starts_end_where_each_would_alone(options, n_threads, monkeypatch):
    options = {"batch_size": 32, "max_iter": 12, "n_threads": n_threads, **options}

    def make(n_init):
        return small(n_init=n_init, **options)

    alone = each_start_alone(make, Y_IRIS, 5, monkeypatch)
    early = options.get("early_stopping", False)
    best = min(alone, key=lambda c: -c.best_validation_score_ if early else c.best_loss_)
    together = make(5).fit(X_IRIS, Y_IRIS)
    np.testing.assert_array_equal(together.theta_, best.theta_)
    np.testing.assert_array_equal(together.loss_curve_, best.loss_curve_)
    assert together.validation_scores_ == best.validation_scores_
    assert together.stop_reason_ is best.stop_reason_
    assert together.n_iter_ == best.n_iter_


def crash_at_call(n):
    calls = itertools.count(1)

    def callback(progress):
        if next(calls) == n:
            raise Crash

    return callback


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("options", [*SEVERAL[:2], *SEVERAL[4:]], ids=str)
def test_several_starts_resume_to_the_same_bits(options, tmp_path):
    options = {"batch_size": 32, "max_iter": 12, "n_init": 4, **options}
    whole = small(**options).fit(X_IRIS, Y_IRIS)
    resumed = None
    while resumed is None:  # each goes on for two epochs
        model = small(**options, checkpoint=tmp_path / "run.backpass", callbacks=crash_at_call(3))
        with contextlib.suppress(Crash):
            resumed = model.fit(X_IRIS, Y_IRIS)
    np.testing.assert_array_equal(resumed.theta_, whole.theta_)
    np.testing.assert_array_equal(resumed.loss_curve_, whole.loss_curve_)
    assert resumed.n_iter_ == whole.n_iter_
    assert resumed.stop_reason_ is whole.stop_reason_


def test_callbacks_are_told_of_the_best_of_several_starts():
    told, asked = [], small(n_init=4, max_iter=6, callbacks=lambda progress: told.append(progress))
    asked.fit(X_IRIS, Y_IRIS)
    assert [progress.epoch for progress in told] == [1, 2, 3, 4, 5, 6]
    assert told[-1].J == asked.loss_curve_[-1]
    np.testing.assert_array_equal(told[-1].theta, asked.theta_)
    stopped = small(n_init=4, max_iter=6, callbacks=lambda progress: progress.epoch == 3)
    assert stopped.fit(X_IRIS, Y_IRIS).stop_reason_ is StopReason.CALLBACK
    np.testing.assert_array_equal(stopped.theta_, told[2].theta)


def test_several_starts_are_interrupted_together_and_go_on(tmp_path):
    def interrupt(progress):
        if progress.epoch == 5:
            raise KeyboardInterrupt

    options = {"n_init": 3, "max_iter": 9, "n_iter_no_change": 20}
    here = {"checkpoint": tmp_path / "run.backpass", "every": 2}
    with pytest.warns(UserWarning, match="interrupted"):
        left = small(**options, **here, callbacks=interrupt).fit(X_IRIS, Y_IRIS)
    assert left.stop_reason_ is StopReason.INTERRUPTED
    assert left.n_iter_ == 5
    assert len(left.loss_curve_) == 5
    whole = small(**options).fit(X_IRIS, Y_IRIS)
    resumed = small(**options, **here).fit(X_IRIS, Y_IRIS)
    np.testing.assert_array_equal(resumed.theta_, whole.theta_)


def turn_a_unit(clf):
    clf.coefs_[0][:, 0] *= -1
    clf.intercepts_[0][0] *= -1
    clf.coefs_[1][0] *= -1


def exchange_two_units(clf):
    for part in (clf.coefs_[0].T, clf.intercepts_[0], clf.coefs_[1]):
        part[[0, 1]] = part[[1, 0]]


def change_one_bit(clf):
    clf.theta_.view(np.uint64)[7] ^= 1


def taken_up(model):
    """The state that another fit would go on from."""
    weights = model._existing_weights()
    return resumed(model, weights.state, weights.now)


@pytest.mark.parametrize("change", [turn_a_unit, exchange_two_units, change_one_bit])
def test_a_change_of_weights_from_outside_is_seen(change):
    """A full-batch solver that finds other weights than it left begins anew."""
    clf = small(activation="tanh", solver="lbfgs", warm_start=True).fit(X_IRIS, Y_IRIS)
    change(clf)
    assert taken_up(clf)["solver"] is None
    change(clf)  # back again
    assert taken_up(clf)["solver"] is not None


def test_a_state_of_the_first_release_goes_on_to_the_same_bits():
    """It holds a longer hash of the weights that it was handed over with."""
    models = [small(solver="lbfgs", warm_start=True).fit(X_IRIS, Y_IRIS) for _ in range(2)]
    hashed = hashlib.blake2b(models[0].theta_.tobytes(), digest_size=16).hexdigest()
    models[0].training_state_ = {**models[0].training_state_, "handed_over": hashed}
    assert taken_up(models[0])["solver"] is not None
    first, second = (model.fit(X_IRIS, Y_IRIS).theta_ for model in models)
    np.testing.assert_array_equal(first, second)
    models[0].training_state_ = {**models[0].training_state_, "handed_over": hashed}
    assert taken_up(models[0])["solver"] is None  # the weights have moved on


@pytest.mark.parametrize("sizes", [(), (4,), (4, 3)])
def test_sigmoid_in_any_spelling_starts_where_logistic_starts(sizes):
    def start(activation):
        settings = {"max_iter": 1, "learning_rate_init": 1e-300, "random_state": 3}
        fitted = MLPClassifier(sizes, activation, solver="gd", **settings).fit(X_IRIS, Y_IRIS)
        return fitted.theta_

    own = bp.Network((4, 1, 1), "logistic").activation(2)
    spellings = ["sigmoid", own, pickle.loads(pickle.dumps(own))]
    if sizes:
        spellings += [["logistic"] * len(sizes), ("sigmoid",) * len(sizes)]
    for spelling in spellings:
        np.testing.assert_array_equal(start(spelling), start("logistic"), err_msg=str(spelling))


@pytest.mark.parametrize(
    ("hidden", "factors"),
    [
        (["sigmoid", "relu"], (2, 6, 6)),
        (["tanh", "logistic"], (6, 2, 2)),
        ("logistic", (2, 2, 2)),
        ("relu", (6, 6, 6)),
    ],
)
def test_each_layer_is_drawn_within_the_bound_of_its_own_activation(hidden, factors):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 30)), rng.normal(size=40)
    settings = {"max_iter": 1, "learning_rate_init": 1e-300, "solver": "gd", "random_state": 0}
    reg = MLPRegressor("squared_error", (50, 40), hidden, **settings).fit(X, y)
    for W, factor in zip(reg.coefs_, factors):
        bound = np.sqrt(factor / sum(W.shape))
        assert 0.9 * bound < abs(W).max() <= bound
