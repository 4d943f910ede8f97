"""The estimators: what scikit-learn's do, and what only ours do."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import itertools
import pickle
import tracemalloc
import warnings

import joblib
import numpy as np
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_diabetes, load_digits, load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import log_loss, r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import backpass as bp
from backpass import MLPClassifier, MLPRegressor, StopReason
from backpass.errors import InvalidInput, OutputExists, WrongDerivative
from backpass.estimators import fit as estimators_fit
from backpass.estimators.starts import resumed

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X_IRIS, Y_IRIS = load_iris(return_X_y=True)
X_DIGITS, Y_DIGITS = load_digits(return_X_y=True)
X_DIGITS = X_DIGITS / 16
X_DIABETES, Y_DIABETES = load_diabetes(return_X_y=True)
Y_DIABETES = (Y_DIABETES - Y_DIABETES.mean()) / Y_DIABETES.std()

MINI_BATCH = ["gd", "sgd", "adam"]
SOLVERS = [*MINI_BATCH, "lbfgs", "cg", "newton"]


def small(**parameters):
    return MLPClassifier(
        **{"hidden_layer_sizes": (6,), "max_iter": 20, "random_state": 0, **parameters}
    )


# The same as scikit-learn's.


@pytest.mark.parametrize(
    ("ours", "theirs"), [(MLPClassifier, TheirClassifier), (MLPRegressor, TheirRegressor)]
)
@pytest.mark.skipif(
    "loss" not in TheirRegressor().get_params(), reason="their regressor takes a loss since 1.7"
)
def test_their_parameters_come_first_with_their_defaults(ours, theirs):
    names = list(theirs().get_params(deep=False))
    defaults = theirs().get_params()
    assert {k: ours().get_params()[k] for k in names} == defaults
    import inspect

    signature = list(inspect.signature(ours).parameters.values())
    their_signature = list(inspect.signature(theirs).parameters.values())
    for mine, original in zip(signature, their_signature):
        assert (mine.name, mine.kind, mine.default) == (
            original.name,
            original.kind,
            original.default,
        )
    for extra in signature[len(their_signature) :]:
        assert extra.kind is inspect.Parameter.KEYWORD_ONLY


def test_their_fitted_attributes_are_there():
    for ours, theirs, y in [
        (small(), TheirClassifier(small().hidden_layer_sizes, max_iter=20), Y_IRIS),
        (MLPRegressor(max_iter=5), TheirRegressor(max_iter=5), Y_IRIS * 1.0),
    ]:
        theirs.fit(X_IRIS, y)
        ours.fit(X_IRIS, y)
        public = [n for n in vars(theirs) if n.endswith("_") and not n.startswith("_")]
        missing = [name for name in public if not hasattr(ours, name)]
        assert not missing
        assert [c.shape for c in ours.coefs_] == [c.shape for c in theirs.coefs_]


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


def test_a_full_batch_training_is_theirs_step_by_step():
    options = {"solver": "adam", "max_iter": 15, "random_state": 3, "batch_size": 150}
    ours = MLPClassifier((5,), **options).fit(X_IRIS, Y_IRIS)
    theirs = TheirClassifier((5,), **options).fit(X_IRIS, Y_IRIS)
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-9)
    np.testing.assert_allclose(ours.coefs_[0], theirs.coefs_[0], rtol=1e-7, atol=1e-10)


def test_several_outputs_report_their_loss():
    Y = np.column_stack([Y_DIABETES, -2 * Y_DIABETES])
    options = {"solver": "sgd", "learning_rate_init": 1e-300, "max_iter": 1, "random_state": 3}
    ours = MLPRegressor("squared_error", (5,), batch_size=442, **options).fit(X_DIABETES, Y)
    theirs = TheirRegressor("squared_error", (5,), batch_size=442, **options).fit(X_DIABETES, Y)
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-9)
    J, _ = bp.cost_and_gradient(ours.net_, ours.theta_, X_DIABETES, Y, lam=ours.alpha)
    assert ours.loss_curve_[0] == pytest.approx(J, rel=1e-9)


@pytest.mark.parametrize("loss", ["log_loss", "binary_log_loss"])
@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_sum_to_one_and_agree_with_predict(loss, classes):
    y = np.array(["a", "b", "c"])[Y_IRIS % classes]
    clf = small(loss=loss).fit(X_IRIS, y)
    P = clf.predict_proba(X_IRIS)
    assert P.shape == (150, classes)
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(clf.classes_[P.argmax(axis=1)], clf.predict(X_IRIS))
    np.testing.assert_allclose(clf.predict_log_proba(X_IRIS), np.log(P))
    assert clf.net_.loss.output == ("softmax" if (loss, classes) == ("log_loss", 3) else "logistic")


def test_decision_function_is_z_of_the_last_layer():
    clf = small().fit(X_IRIS, Y_IRIS)
    trace = bp.trace(clf.net_, clf.theta_, X_IRIS, bp.one_hot(Y_IRIS))
    np.testing.assert_allclose(clf.decision_function(X_IRIS), trace.z[3], rtol=1e-12)
    two = small().fit(X_IRIS, Y_IRIS == 1)
    np.testing.assert_array_equal(two.decision_function(X_IRIS) > 0, two.predict(X_IRIS))


def test_transform_gives_hidden_activations():
    clf = small(hidden_layer_sizes=(6, 4), activation=["tanh", "relu"]).fit(X_IRIS, Y_IRIS)
    trace = bp.trace(clf.net_, clf.theta_, X_IRIS, bp.one_hot(Y_IRIS))
    np.testing.assert_allclose(clf.transform(X_IRIS), trace.a[3], rtol=1e-12)
    np.testing.assert_allclose(clf.transform(X_IRIS, layer=2), trace.a[2], rtol=1e-12)
    with pytest.raises(InvalidInput, match="no hidden layer 4"):
        clf.transform(X_IRIS, layer=4)


def test_one_class_only():
    clf = small().fit(X_IRIS, np.full(150, 7))
    assert (clf.predict(X_IRIS) == 7).all()
    np.testing.assert_array_equal(clf.predict_proba(X_IRIS), np.ones((150, 1)))


# θ and its views.


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


# Exact resume.

RESUMABLE = [
    *({"solver": solver} for solver in SOLVERS),
    {"solver": "adam", "dropout": 0.2},
    {"solver": "adam", "early_stopping": True},
    {"solver": "lbfgs", "early_stopping": True, "n_iter_no_change": 99},
    {"solver": "adam", "learning_rate": "cosine", "schedule_epochs": 10},
    {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.1, "n_iter_no_change": 1},
    {"solver": "sgd", "learning_rate": "invscaling"},
]


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


class Crash(Exception):
    """The power fails."""


def crash_at(epoch):
    def callback(progress):
        if progress.epoch == epoch:
            raise Crash

    return callback


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


# One objective.


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


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_class_weights_are_sample_weights(solver):
    by_class = small(class_weight={0: 1, 1: 5, 2: 0.5}, solver=solver).fit(X_IRIS, Y_IRIS)
    by_sample = small(solver=solver).fit(X_IRIS, Y_IRIS, np.array([1, 5, 0.5])[Y_IRIS])
    np.testing.assert_array_equal(by_class.theta_, by_sample.theta_)
    rare = np.r_[0:10, 50:100]
    balanced = small(class_weight="balanced").fit(X_IRIS[rare], Y_IRIS[rare])
    by_hand = small(class_weight={0: 3.0, 1: 0.6}).fit(X_IRIS[rare], Y_IRIS[rare])
    np.testing.assert_allclose(balanced.theta_, by_hand.theta_, rtol=1e-10)
    with pytest.raises(ValueError, match="balanced"):
        small(class_weight="balanced").partial_fit(X_IRIS, Y_IRIS, classes=[0, 1, 2])


def test_total_weight_makes_a_part_stand_for_all():
    rows = np.r_[0:30]
    part = small(alpha=100.0).partial_fit(
        X_IRIS[rows], Y_IRIS[rows], classes=[0, 1, 2], total_weight=150
    )
    alone = small(alpha=100.0).partial_fit(X_IRIS[rows], Y_IRIS[rows], classes=[0, 1, 2])
    # W is five times as large, so J and its decay are a fifth: Adam does not see the scale.
    np.testing.assert_allclose(part.theta_, alone.theta_, rtol=1e-5, atol=1e-8)
    assert part.loss_ == pytest.approx(alone.loss_ / 5, rel=1e-9)


# Validation and early stopping.


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


def test_a_regression_s_validation_score_is_R2(rng):
    reg = MLPRegressor(hidden_layer_sizes=(5,), max_iter=3, random_state=0)
    w = rng.random(442)
    Y = np.column_stack([Y_DIABETES, Y_DIABETES**2])
    reg.fit(X_DIABETES, Y, X_val=X_DIABETES, y_val=Y, sample_weight_val=w)
    expected = r2_score(Y, reg.predict(X_DIABETES), sample_weight=w)
    assert reg.validation_scores_[-1] == pytest.approx(expected, rel=1e-9)


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


# Activations and losses.


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


def test_dropout():
    plain = small(max_iter=3).fit(X_IRIS, Y_IRIS)
    thinned = small(max_iter=3, dropout=[0.5]).fit(X_IRIS, Y_IRIS)
    again = small(max_iter=3, dropout=0.5).fit(X_IRIS, Y_IRIS)
    np.testing.assert_array_equal(thinned.theta_, again.theta_)
    assert not np.allclose(plain.theta_, thinned.theta_)
    with pytest.raises(ValueError, match="2 rates"):
        small(dropout=[0.5, 0.5]).fit(X_IRIS, Y_IRIS)


# Several outputs of classes.


def test_several_columns_of_classes():
    y = np.column_stack([Y_IRIS, Y_IRIS > 0])
    names = np.array(["x", "y", "z"], dtype=object)[y]
    clf = small(solver="lbfgs", max_iter=100).fit(X_IRIS, names)
    assert clf.net_.sizes[-1] == 4
    assert [list(c) for c in clf.classes_] == [["x", "y", "z"], ["x", "y"]]
    predicted = clf.predict(X_IRIS)
    assert predicted.shape == (150, 2)
    assert clf.score(X_IRIS, names) == (predicted == names).all(axis=1).mean() > 0.9
    first, second = clf.predict_proba(X_IRIS)
    assert first.shape == (150, 3)
    np.testing.assert_allclose(first.sum(axis=1), 1)
    np.testing.assert_allclose(second.sum(axis=1), 1)
    clf.set_params(warm_start=True)
    with pytest.raises(InvalidInput, match="Column 1 of y holds 'z'"):
        clf.fit(X_IRIS, np.where(names == "y", "z", names))


def test_multilabel_early_stopping_and_scores():
    X, Y = make_multilabel_classification(100, random_state=0)
    clf = MLPClassifier((20,), early_stopping=True, max_iter=30, random_state=0).fit(X, Y)
    assert clf.predict(X).shape == Y.shape
    assert clf.predict_proba(X).shape == Y.shape


def test_labels_take_the_memory_of_their_texts_however_long_one_is(rng):
    y = ["short"] * 4990 + ["long" * 5_000] * 10
    X = rng.normal(size=(5000, 2))
    tracemalloc.start()
    clf = small(hidden_layer_sizes=(2,), max_iter=1).fit(X, y)
    assert clf.score(X, y) == np.mean(clf.predict(X) == np.array(y, dtype=object))
    clf.partial_fit(X, y)
    n_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n_bytes < 4_000_000  # 400 MB where all labels are as wide
    assert set(clf.predict(X)) <= set(clf.classes_) == set(y)


# Input of every kind.


@pytest.mark.parametrize("kind", [scipy.sparse.csr_matrix, scipy.sparse.csc_array])
def test_sparse_rows(kind):
    dense = small(max_iter=3).fit(X_DIGITS, Y_DIGITS)
    sparse = small(max_iter=3).fit(kind(X_DIGITS), Y_DIGITS)
    np.testing.assert_allclose(sparse.theta_, dense.theta_, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        sparse.predict_proba(kind(X_DIGITS)), dense.predict_proba(X_DIGITS), rtol=1e-7
    )


def test_float32_stays_float32():
    clf = small().fit(X_IRIS.astype(np.float32), Y_IRIS)
    assert clf.theta_.dtype == clf.predict_proba(X_IRIS).dtype == np.float32
    assert {c.dtype for c in clf.coefs_} == {np.dtype(np.float32)}


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames(library):
    frames = pytest.importorskip(library)
    names = ["a", "b", "c", "d"]
    X = frames.DataFrame({name: X_IRIS[:, k] for k, name in enumerate(names)})
    clf = small().fit(X, frames.Series(values=Y_IRIS) if library == "polars" else Y_IRIS)
    assert list(clf.feature_names_in_) == names
    np.testing.assert_array_equal(clf.predict(X), small().fit(X_IRIS, Y_IRIS).predict(X_IRIS))
    with pytest.raises(ValueError, match="feature names"):
        clf.predict(X.rename({"a": "z"}) if library == "polars" else X.rename(columns={"a": "z"}))
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        clf.predict(X_IRIS)
    out = clf.set_output(transform=library).transform(X)
    assert list(out.columns) == [f"mlpclassifier{k}" for k in range(6)]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.full((2, 4), np.nan), "Input X contains NaN"),
        (np.full((2, 4), np.inf), "Input X contains infinity"),
        (np.zeros((2, 5)), "X has 5 features, but MLPClassifier is expecting 4"),
        (np.zeros(4), "Expected 2D array, got 1D"),
        (np.zeros((0, 4)), "0 sample"),
    ],
)
def test_the_quick_way_to_predict_loses_no_check(bad, message):
    clf = small().fit(X_IRIS, Y_IRIS)
    with pytest.raises(ValueError, match=message):
        clf.predict(bad)
    with pytest.raises(NotFittedError):
        small().predict(X_IRIS)


# A fit that tells the truth.


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


def interrupt(progress):
    if progress.epoch == 2:
        raise KeyboardInterrupt


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


# Weights that somebody else has changed.


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


# Where a training starts.


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


# Together with the rest of scikit-learn.


def test_scikit_learn_s_tools():
    pipe = make_pipeline(StandardScaler(), small(solver="lbfgs", max_iter=10))
    search = GridSearchCV(pipe, {"mlpclassifier__alpha": [0.1, 10.0]}, cv=2)
    assert search.fit(X_IRIS, Y_IRIS).best_score_ > 0.8
    with joblib.parallel_config("threading"):
        at_once = cross_val_score(small(solver="lbfgs"), X_IRIS, Y_IRIS, n_jobs=2)
    assert at_once.tolist() == cross_val_score(small(solver="lbfgs"), X_IRIS, Y_IRIS).tolist()
    calibrated = CalibratedClassifierCV(small(solver="lbfgs", max_iter=10), cv=2)
    assert calibrated.fit(X_IRIS, Y_IRIS).score(X_IRIS, Y_IRIS) > 0.8
    assert clone(small(alpha=3.0)).alpha == 3.0


def test_metadata_routing():
    import sklearn

    w = np.ones(150)
    w[:50] = 0
    with sklearn.config_context(enable_metadata_routing=True):
        clf = small().set_fit_request(sample_weight=True, X_val=True, y_val=True)
        pipe = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), clf)
        pipe.fit(X_IRIS, Y_IRIS, sample_weight=w, X_val=X_IRIS, y_val=Y_IRIS)
    scaled = StandardScaler().fit_transform(X_IRIS)
    expected = small().fit(scaled, Y_IRIS, sample_weight=w, X_val=X_IRIS, y_val=Y_IRIS)
    np.testing.assert_array_equal(pipe[-1].theta_, expected.theta_)


def test_scikit_learn_s_callbacks():
    callback = pytest.importorskip("sklearn.callback")
    assert callback

    class Recorder:
        def __init__(self):
            self.scores, self.ends = [], 0

        def setup(self, estimator, context):
            self.was_set_up = True

        def teardown(self, estimator, context):
            self.was_torn_down = True

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context, *, fitted_estimator):
            self.ends += 1
            if context.task_name == "epoch":
                self.scores.append(fitted_estimator.score(X_IRIS, Y_IRIS))
            return len(self.scores) == 4

    recorder = Recorder()
    clf = small(solver="lbfgs").set_callbacks(recorder).fit(X_IRIS, Y_IRIS)
    assert clf.stop_reason_ is StopReason.CALLBACK
    assert clf.n_iter_ == 4
    assert recorder.scores[-1] == clf.score(X_IRIS, Y_IRIS)
    assert recorder.ends == 5
    assert recorder.was_torn_down


def test_verbose_prints_their_lines(capsys):
    small(verbose=True, max_iter=2, early_stopping=True).fit(X_IRIS, Y_IRIS)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Iteration 1, loss = ")
    assert lines[1].startswith("Validation score: ")


def test_an_existing_model_is_not_replaced_by_a_checkpoint(tmp_path):
    path = tmp_path / "model.backpass"
    bp.save(small().fit(X_IRIS, Y_IRIS), path)
    with pytest.raises((InvalidInput, OutputExists), match="no checkpoint"):
        small(checkpoint=path).fit(X_IRIS, Y_IRIS)


def test_nothing_is_written_to_a_parameter():
    clf = small(activation=["tanh"], dropout=[0.1], callbacks=[], class_weight={0: 2.0})
    before = {k: repr(v) for k, v in clf.get_params().items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        clf.fit(X_IRIS, Y_IRIS)
    assert {k: repr(v) for k, v in clf.get_params().items()} == before


@pytest.mark.parametrize("engine", ["native", "blocked", "reference"])
@pytest.mark.parametrize("regression", [False, True])
def test_sparse_rows_are_validated_as_dense_ones_by_every_engine(monkeypatch, engine, regression):
    monkeypatch.setenv("BACKPASS_ENGINE", engine)
    rng = np.random.default_rng(0)
    X = rng.random((200, 12)) * (rng.random((200, 12)) < 0.3)
    make, y = (MLPRegressor, X.sum(axis=1)) if regression else (MLPClassifier, X[:, 0] > X[:, 1])
    settings = {"hidden_layer_sizes": (8,), "early_stopping": True, "max_iter": 5}
    models = [
        make(**settings, random_state=0).fit(rows, y) for rows in (X, scipy.sparse.csr_matrix(X))
    ]
    dense, by_csr = models
    np.testing.assert_allclose(by_csr.theta_, dense.theta_, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(by_csr.validation_scores_, dense.validation_scores_, atol=1e-12)
