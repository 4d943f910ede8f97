"""How an estimator trains: early stopping with every solver, failures, interruptions, pickles."""

from __future__ import annotations

import copy
import functools
import gc
import inspect
import io
import pickle
import tempfile
import tracemalloc
import warnings
import weakref
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from counted import n_calls
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import backpass as bp
from backpass import MLPClassifier, MLPRegressor, StopReason, engine
from backpass.engine import refilled
from backpass.engine.native import NativeProblem
from backpass.errors import WriteError
from backpass.estimators import fit as estimators_fit
from backpass.estimators import starts
from backpass.estimators.targets.strategies import ClassTargets
from backpass.training import checkpoints
from backpass.training.state import Curve, History

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X_IRIS, Y_IRIS = load_iris(return_X_y=True)
X_IRIS = (X_IRIS - X_IRIS.mean(axis=0)) / X_IRIS.std(axis=0)
TRAIN, HELD = np.arange(150) % 3 > 0, np.arange(150) % 3 == 0

MINI_BATCH = ["gd", "sgd", "adam"]
FULL_BATCH = ["lbfgs", "cg", "newton"]
SOLVERS = [*MINI_BATCH, *FULL_BATCH]


def small(**parameters):
    return MLPClassifier(
        **{"hidden_layer_sizes": (6,), "max_iter": 20, "random_state": 0, **parameters}
    )


def noisy_regression():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(120, 6))
    return X, X[:, 0] - X[:, 1] * X[:, 2] + 1.5 * rng.normal(size=120)


# Early stopping with full-batch solvers.


def patient_loop(scores, tol, n_iter_no_change):
    """scikit-learn's rule, plainly: after how many scores it stops, or None."""
    best, count = -np.inf, 0
    for number, score in enumerate(scores, 1):
        count = count + 1 if score < best + tol else 0
        best = max(best, score)
        if count > n_iter_no_change:
            return number
    return None


IN_BLOCKS = [*((solver, False) for solver in FULL_BATCH), ("lbfgs", True), ("cg", True)]


@pytest.mark.parametrize(("solver", "in_blocks"), IN_BLOCKS)
def test_full_batch_early_stopping_is_a_plain_loop_over_the_iterates(solver, in_blocks):
    X, y = noisy_regression()
    rows, val = slice(0, 80), slice(80, 120)
    thetas = []

    def fit(**options):
        model = MLPRegressor(
            hidden_layer_sizes=(12,),
            solver=solver,
            alpha=0,
            max_iter=60,
            tol=1e-3,
            n_iter_no_change=options.pop("patience", 4),
            random_state=1,
            **options,
        )
        own = {"X_val": X[val], "y_val": y[val]}
        if in_blocks:
            return model.fit(bp.ArrayBlocks(X[rows], y[rows], rows=30), **own)
        return model.fit(X[rows], y[rows], **own)

    free = fit(callbacks=lambda p: thetas.append(p.theta.copy()))
    stops = patient_loop(free.validation_scores_, 1e-3, 4)
    assert stops is not None
    stopped = fit(early_stopping=True)
    assert stopped.n_iter_ == stops < free.n_iter_
    assert stopped.stop_reason_ is StopReason.NO_BETTER_SCORE
    assert stopped.validation_scores_ == free.validation_scores_[:stops]
    best = int(np.argmax(stopped.validation_scores_))
    assert best < stops - 1
    assert stopped.best_validation_score_ == stopped.validation_scores_[best]
    np.testing.assert_array_equal(stopped.theta_, thetas[best])
    assert stopped.score(X[val], y[val]) == pytest.approx(stopped.best_validation_score_)


@pytest.mark.parametrize("solver", SOLVERS)
def test_early_stopping_sets_the_same_rows_aside_with_every_solver(solver, monkeypatch):
    held = []
    plain = ClassTargets.scorer

    def scorer(self, net, Y, w):
        held.append(np.asarray(Y))
        return plain(self, net, Y, w)

    monkeypatch.setattr(ClassTargets, "scorer", scorer)
    for each in (solver, "adam"):
        small(solver=each, early_stopping=True, max_iter=2).fit(X_IRIS, Y_IRIS)
    assert held[0].shape == (15, 3)
    np.testing.assert_array_equal(held[0], held[1])


@pytest.mark.parametrize("solver", FULL_BATCH)
def test_only_iterates_are_scored_not_the_line_search(solver, monkeypatch):
    scored = []
    plain = ClassTargets.scorer

    def scorer(self, net, Y, w):
        score = plain(self, net, Y, w)
        return lambda z: scored.append(1) or score(z)

    monkeypatch.setattr(ClassTargets, "scorer", scorer)
    model = small(solver=solver, early_stopping=True, max_iter=12).fit(X_IRIS, Y_IRIS)
    assert len(scored) == len(model.validation_scores_) == model.n_iter_ > 1


@pytest.mark.parametrize("solver", FULL_BATCH)
def test_early_stopping_of_several_full_batch_starts_keeps_the_best_score(solver):
    several = small(
        hidden_layer_sizes=(2,), solver=solver, early_stopping=True, n_init=4, n_iter_no_change=3
    )
    ends = []

    def note(progress):
        if progress.epoch == 1:
            ends.append([])
        ends[-1].append(progress.validation_score)

    several.set_params(callbacks=note).fit(X_IRIS, Y_IRIS)
    assert len(ends) == 4
    assert several.best_validation_score_ == max(max(scores) for scores in ends)
    assert several.validation_scores_ in ends


EARLY = {"early_stopping": True, "n_iter_no_change": 99, "tol": 0, "validation_fraction": 0.3}


@pytest.mark.parametrize("solver", FULL_BATCH)
def test_full_batch_early_stopping_goes_on_to_the_same_bits(solver, tmp_path):
    X, y = noisy_regression()

    def fit(model, **options):
        return model.set_params(**options).fit(X, y)

    def fresh(**options):
        settings = {"hidden_layer_sizes": (12,), "alpha": 0.1, "random_state": 0, **EARLY}
        return MLPRegressor(solver=solver, **settings, **options)

    whole = fit(fresh(max_iter=10))
    halves = fit(fresh(max_iter=5, warm_start=True))
    halves = fit(pickle.loads(pickle.dumps(halves)))
    stopped = fresh(max_iter=10, checkpoint=tmp_path / "c")

    def crash(progress):
        if progress.epoch == 6:
            raise MemoryError

    with pytest.raises(MemoryError):
        fit(stopped, callbacks=crash)
    resumed = fit(stopped, callbacks=None)
    for other in (halves, resumed):
        np.testing.assert_array_equal(other.theta_, whole.theta_)
        assert other.validation_scores_ == whole.validation_scores_
        assert (
            other.best_validation_score_
            == whole.best_validation_score_
            == max(whole.validation_scores_)
        )


# A fit that fails leaves everything as it was.


def seen_of(model):
    """Everything that an estimator shows, to the bit; parameters left out."""
    parameters = model.get_params(deep=False)
    shown = {k: v for k, v in vars(model).items() if k not in parameters}
    return {k: pickle.dumps(v) for k, v in shown.items()}


def raising(error, at=1):
    calls = []

    def callback(*progress, **more):
        calls.append(progress)
        if len(calls) == at:
            raise error

    return callback


class WornBlocks(bp.ArrayBlocks):
    """Blocks that cannot be read any more after so many reads."""

    left = 5

    def read(self, group):
        self.left -= 1
        if self.left < 0:
            raise OSError("the disk is gone")
        yield from super().read(group)


OTHER = np.r_[X_IRIS, X_IRIS][:, [0, 1]], np.array(list("abcd") * 75)


def fails_by_callback(model):
    with pytest.raises(RuntimeError, match="full"):
        model.set_params(callbacks=raising(RuntimeError("full"), 2)).fit(*OTHER)


def fails_by_memory(model):
    with pytest.raises(MemoryError):
        model.set_params(callbacks=raising(MemoryError())).fit(*OTHER)


def fails_in_the_third_start(model):
    with pytest.raises(RuntimeError, match="full"):
        model.set_params(n_init=3, callbacks=raising(RuntimeError("full"), 3)).fit(*OTHER)


def fails_by_bad_rows(model):
    with pytest.raises(ValueError, match="NaN"):
        model.fit(np.where(OTHER[0] > 0, np.nan, 1.0), OTHER[1])


def fails_by_bad_targets(model):
    with pytest.raises(ValueError, match="inconsistent"):
        model.fit(OTHER[0], OTHER[1][:-1])
    with pytest.raises(ValueError, match="Unknown label type"):
        model.fit(OTHER[0], OTHER[0][:, 0] / 3)


def fails_by_a_parameter(model):
    with pytest.raises(ValueError, match="hidden_layer_sizes"):
        model.set_params(hidden_layer_sizes=(0,)).fit(*OTHER)
    with pytest.raises(ValueError, match="momentum"):
        model.set_params(momentum=7).fit(*OTHER)


def fails_by_weights(model):
    with pytest.raises(ValueError, match="sample_weight"):
        model.fit(*OTHER, sample_weight=np.ones(3))


def fails_by_validation_rows(model):
    with pytest.raises(ValueError, match="features"):
        model.fit(*OTHER, X_val=np.ones((3, 9)), y_val=["a", "b", "c"])


def fails_on_blocks(model):
    with pytest.raises(OSError, match="gone"):
        model.fit(WornBlocks(*OTHER, rows=100))


def fails_by_an_early_ctrl_c(model):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bp.engine, "prepare", interrupting(bp.engine.prepare))
        with pytest.raises(KeyboardInterrupt):
            model.fit(*OTHER)


def interrupting(prepare):
    """An engine whose first evaluation, or first epoch, is interrupted."""

    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    def prepared(*args, **kwargs):
        problem = prepare(*args, **kwargs)
        problem.cost_and_gradient = problem.advance = interrupt
        return problem

    return prepared


def fails_by_ctrl_c_in_checks(model):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(estimators_fit, "verify_loss", lambda *_: raising(KeyboardInterrupt())(None))
        with pytest.raises(KeyboardInterrupt):
            model.fit(*OTHER)


def fails_by_a_warning_made_an_error(model):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ConvergenceWarning):
            model.set_params(max_iter=1, tol=0).fit(*OTHER)


def fails_by_its_checkpoint(model):
    with pytest.raises(bp.errors.BackpassError):
        model.set_params(checkpoint=__file__).fit(*OTHER)


FAILURES = [
    fails_by_callback,
    fails_by_memory,
    fails_in_the_third_start,
    fails_by_bad_rows,
    fails_by_bad_targets,
    fails_by_a_parameter,
    fails_by_weights,
    fails_by_validation_rows,
    fails_on_blocks,
    fails_by_an_early_ctrl_c,
    fails_by_ctrl_c_in_checks,
    fails_by_a_warning_made_an_error,
    fails_by_its_checkpoint,
]


@pytest.mark.parametrize("fail", FAILURES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_fit_that_fails_leaves_a_new_estimator_new(solver, fail):
    model = small(solver=solver, max_iter=3)
    fail(model)
    assert seen_of(model) == {}
    with pytest.raises(NotFittedError):
        model.predict(OTHER[0])


@pytest.mark.parametrize("fail", FAILURES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs", "newton"])
def test_a_fit_that_fails_leaves_the_old_model_whole(solver, fail):
    frame = pd.DataFrame(X_IRIS, columns=list("abcd"))
    model = small(solver=solver, max_iter=3).fit(frame, Y_IRIS)
    if solver == "newton" and fail is fails_on_blocks:
        model.solver = "cg"
    probabilities, before = model.predict_proba(frame), seen_of(model)
    fail(model)
    assert seen_of(model) == before
    np.testing.assert_array_equal(model.predict_proba(frame), probabilities)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_warm_start_that_fails_can_be_tried_again(solver):
    model, other = (small(solver=solver, max_iter=4, tol=0, warm_start=True) for _ in range(2))
    model.fit(X_IRIS, Y_IRIS)
    before = seen_of(model)
    with pytest.raises(MemoryError):
        model.set_params(callbacks=raising(MemoryError(), 2)).fit(X_IRIS, Y_IRIS)
    with pytest.raises(ValueError, match="same classes"):
        model.fit(X_IRIS[:100], Y_IRIS[:100])
    assert seen_of(model) == before
    model.set_params(callbacks=None).fit(X_IRIS, Y_IRIS)
    other.fit(X_IRIS, Y_IRIS).fit(X_IRIS, Y_IRIS)
    np.testing.assert_array_equal(model.theta_, other.theta_)


@pytest.mark.parametrize("solver", MINI_BATCH)
def test_a_partial_fit_that_fails_changes_nothing(solver):
    model = small(solver=solver)
    with pytest.raises(MemoryError):
        model.set_params(callbacks=raising(MemoryError())).partial_fit(
            X_IRIS, Y_IRIS, classes=[0, 1, 2]
        )
    assert seen_of(model) == {}
    model.set_params(callbacks=None).partial_fit(X_IRIS, Y_IRIS, classes=[0, 1, 2])
    before = seen_of(model)
    for bad, error in (
        ({"y": Y_IRIS + 5}, ValueError),
        ({"X": X_IRIS[:, :2]}, ValueError),
        ({"classes": [5, 6]}, ValueError),
    ):
        with pytest.raises(error):
            model.partial_fit(**{"X": X_IRIS, "y": Y_IRIS, **bad})
    with pytest.raises(MemoryError):
        model.set_params(callbacks=raising(MemoryError())).partial_fit(X_IRIS, Y_IRIS)
    assert seen_of(model) == before


def test_a_call_of_partial_fit_does_not_copy_what_was_learnt_before():
    """A million calls leave a curve of a million numbers, which the next one only makes longer."""
    model = small(solver="sgd").partial_fit(X_IRIS, Y_IRIS, classes=[0, 1, 2])
    curve = Curve(np.linspace(9.0, 1.0, 10**6).tolist())
    history = History(curve, curve, curve)
    model.training_state_ = model.training_state_.updated(history=history)
    model.partial_fit(X_IRIS, Y_IRIS)  # a list makes itself room for many more
    tracemalloc.start()
    try:
        for _ in range(3):
            model.partial_fit(X_IRIS, Y_IRIS)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10**6
    assert len(model.loss_curve_) == len(model.validation_scores_) + 4 == 10**6 + 4
    assert model.loss_curve_ is model.loss_curve_  # a list, made once
    held = model.loss_curve_
    model.partial_fit(X_IRIS, Y_IRIS)
    assert len(held) == len(model.loss_curve_) - 1
    assert held == model.loss_curve_[:-1]


def test_there_is_no_curve_before_a_fit():
    for name in ("loss_curve_", "validation_scores_", "validation_loss_curve_"):
        with pytest.raises(AttributeError, match="no curves before it is fitted"):
            getattr(small(), name)


@pytest.mark.parametrize(
    ("options", "sums"),
    [({}, 0), ({"early_stopping": True}, 1), ({"solver": "lbfgs"}, 1)],
    ids=str,
)
def test_weights_are_summed_up_only_where_a_change_of_them_matters(options, sums, monkeypatch):
    summed = []
    monkeypatch.setattr(starts.zlib, "crc32", lambda data: summed.append(data) or 7)
    model = small(**options, warm_start=True).fit(X_IRIS, Y_IRIS)
    assert len(summed) == sums
    model.fit(X_IRIS, Y_IRIS)
    assert len(summed) == 3 * sums  # as it begins, and for the next


def test_what_a_callback_writes_on_the_estimator_stays():
    model = small(max_iter=3)
    model.set_params(callbacks=lambda progress: setattr(model, "seen_", progress.epoch))
    model.fit(X_IRIS, Y_IRIS)
    assert model.seen_ == 3
    assert model.n_iter_ == 3


def test_a_finished_checkpoint_is_not_emptied_by_a_fit_that_fails_at_its_end(tmp_path):
    path = tmp_path / "run.checkpoint"
    model = small(max_iter=4, checkpoint=path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="Maximum iterations"):
            model.fit(X_IRIS, Y_IRIS)
    whole = small(max_iter=4).fit(X_IRIS, Y_IRIS)
    resumed = small(max_iter=4, checkpoint=path).fit(X_IRIS, Y_IRIS)
    np.testing.assert_array_equal(resumed.theta_, whole.theta_)


# Warnings point at the user's line.


def of_convergence(fit):
    return fit(small(max_iter=1), X_IRIS, Y_IRIS)


def of_convergence_by_iterations(fit):
    return fit(small(solver="lbfgs", max_iter=1), X_IRIS, Y_IRIS)


def of_divergence(fit):
    wild = {"activation": "identity", "solver": "sgd", "learning_rate_init": 1e8, "alpha": 0}
    return fit(small(**wild), 1e3 * X_IRIS, Y_IRIS)


def of_a_batch(fit):
    return fit(small(max_iter=1, batch_size=1000), X_IRIS, Y_IRIS)


def of_a_column(fit):
    return fit(small(max_iter=1), X_IRIS, Y_IRIS[:, None])


def of_an_interruption(fit):
    return fit(small(callbacks=raising(KeyboardInterrupt())), X_IRIS, Y_IRIS)


def of_a_checkpoint(fit):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoints, "write_model", raising(WriteError("The disk is full.")))
        path = Path(folder) / "run.checkpoint"
        return fit(small(max_iter=1, checkpoint=path), X_IRIS, Y_IRIS)


WORDS = {
    of_convergence: "Maximum iterations",
    of_convergence_by_iterations: "failed to converge",
    of_divergence: "diverged",
    of_a_batch: "clipped",
    of_a_column: "column-vector",
    of_an_interruption: "interrupted",
    of_a_checkpoint: "without its checkpoint",
}
CALLS = {
    "fit": lambda model, X, y: model.fit(X, y),
    "Pipeline": lambda model, X, y: make_pipeline(FunctionTransformer(), model).fit(X, y),
    "GridSearchCV": lambda model, X, y: GridSearchCV(model, {"alpha": [0.1]}, cv=2).fit(X, y),
    "decorated": lambda model, X, y: metered(model.fit)(X, y),
}


def metered(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)

    return wrapper


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("warned", WORDS, ids=lambda w: w.__name__)
def test_a_warning_points_at_the_users_line(warned, call):
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        warned(CALLS[call])
    heard = [w for w in heard if WORDS[warned] in str(w.message)]
    assert heard
    assert {w.filename for w in heard} == {__file__}


def test_a_warning_of_partial_fit_and_of_blocks_points_at_the_users_line():
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        line = inspect.currentframe().f_lineno
        small(batch_size=999).partial_fit(X_IRIS, Y_IRIS, classes=[0, 1, 2])
        small(max_iter=1).fit(bp.ArrayBlocks(X_IRIS, Y_IRIS, rows=50))
    assert [(w.filename, w.lineno) for w in heard] == [(__file__, line + 1), (__file__, line + 2)]


def test_a_warning_from_where_nobody_called_is_still_said():
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        exec("from backpass.errors import warn\nwarn('alone')", {"__name__": "backpass.alone"})
    assert [str(w.message) for w in heard] == ["alone"]


# Interruptions.


MOMENTS = [
    *((solver, 4) for solver in SOLVERS),
    *((s, at) for s in FULL_BATCH for at in (9, 14, 20)),
]


@pytest.mark.parametrize(("solver", "at"), MOMENTS)
def test_an_interruption_in_any_start_is_said_and_the_best_model_is_kept(solver, at):
    told = []

    def interrupt(progress):
        told.append((progress.J, progress.theta.copy()))
        if len(told) == at:
            raise KeyboardInterrupt

    model = small(solver=solver, max_iter=7, tol=0, n_iter_no_change=np.inf, n_init=3)
    with pytest.warns(UserWarning, match="interrupted by user"):
        model.set_params(callbacks=interrupt).fit(X_IRIS, Y_IRIS)
    assert model.stop_reason_ is StopReason.INTERRUPTED
    assert len(model.loss_curve_) == model.n_iter_
    if solver in FULL_BATCH:
        best = min(told, key=lambda each: each[0])
        np.testing.assert_array_equal(model.theta_, best[1])
        assert model.loss_curve_[-1] == best[0]


def test_a_callback_that_stops_the_second_start_is_the_reason():
    calls = []

    def stop(progress):
        calls.append(progress)
        return len(calls) == 9

    model = small(solver="cg", max_iter=7, tol=0, n_init=3, callbacks=stop).fit(X_IRIS, Y_IRIS)
    assert model.stop_reason_ is StopReason.CALLBACK
    assert len(calls) == 9


@pytest.mark.parametrize("solver", FULL_BATCH)
def test_an_interruption_while_an_iterate_is_scored_keeps_the_last_whole_iteration(
    solver, monkeypatch
):
    scored = []

    def scorer(self, net, Y, w):
        def score(z):
            scored.append(1)
            if len(scored) == 5:
                raise KeyboardInterrupt
            return 0.5

        return score

    model = MLPClassifier((6,), solver=solver, max_iter=9, random_state=0)
    monkeypatch.setattr(ClassTargets, "scorer", scorer)
    with pytest.warns(UserWarning, match="interrupted"):
        model.fit(X_IRIS[TRAIN], Y_IRIS[TRAIN], X_val=X_IRIS[HELD], y_val=Y_IRIS[HELD])
    monkeypatch.undo()
    four = small(solver=solver, max_iter=4).fit(X_IRIS[TRAIN], Y_IRIS[TRAIN])
    assert model.n_iter_ == len(model.loss_curve_) == len(model.validation_scores_) == 4
    np.testing.assert_array_equal(model.theta_, four.theta_)


# Pickles.


WIDE = np.random.default_rng(0).random((60, 80)), np.arange(60) % 10
COPIES = {
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "joblib": lambda model: through_a_file(model),
    "deepcopy": copy.deepcopy,
}


def through_a_file(model):
    buffer = io.BytesIO()
    joblib.dump(model, buffer)
    buffer.seek(0)
    return joblib.load(buffer)


@pytest.mark.parametrize(
    "options",
    [{}, {"early_stopping": True}, {"n_init": 3}, {"max_iter": 12}, {"n_init": 2, "warm": True}],
    ids=str,
)
@pytest.mark.parametrize("solver", SOLVERS)
def test_a_pickle_is_at_most_four_times_its_weights(solver, options):
    options = dict(options)
    warm = options.pop("warm", False)
    settings = {"hidden_layer_sizes": (50,), "max_iter": 4, "random_state": 0, **options}
    model = MLPClassifier(solver=solver, warm_start=warm, **settings).fit(*WIDE)
    if warm:
        model.set_params(early_stopping=True).fit(*WIDE).set_params(warm_start=False)
    sizes = [len(pickle.dumps(model)), len(pickle.dumps(copy.deepcopy(model)))]
    assert max(sizes) <= 4 * model.theta_.nbytes
    for copied in (make(model) for make in COPIES.values()):
        np.testing.assert_array_equal(copied.predict_proba(WIDE[0]), model.predict_proba(WIDE[0]))
        assert copied.loss_curve_ == model.loss_curve_
        np.testing.assert_array_equal(copied.coefs_[0], model.coefs_[0])
        copied.set_params(warm_start=True, max_iter=1, early_stopping=False).fit(*WIDE)
        assert copied.loss_curve_[: len(model.loss_curve_)] == model.loss_curve_


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("solver", MINI_BATCH)
def test_partial_fit_after_a_pickle_keeps_its_bits(solver, way, early_stopping):
    model = small(solver=solver, max_iter=30, early_stopping=early_stopping, learning_rate_init=0.1)
    model.fit(X_IRIS, Y_IRIS)
    model.set_params(early_stopping=False)
    copied = COPIES[way](model)
    for each in (model, copied):
        each.partial_fit(X_IRIS, Y_IRIS).partial_fit(X_IRIS[::2], Y_IRIS[::2])
    np.testing.assert_array_equal(copied.theta_, model.theta_)
    assert copied.loss_curve_ == model.loss_curve_


def test_a_rate_that_fell_is_kept_by_every_way_to_go_on(tmp_path):
    falling = {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1, "tol": 0.5}

    def fresh(max_iter, **more):
        return small(**falling, n_iter_no_change=1, max_iter=max_iter, **more)

    whole = fresh(10).fit(X_IRIS, Y_IRIS)
    half = fresh(5, warm_start=True).fit(X_IRIS, Y_IRIS)
    assert half.training_state_["learning_rate"] < 0.1
    bp.save(half, tmp_path / "half.backpass", state=True)
    loaded = bp.load(tmp_path / "half.backpass").set_params(warm_start=True)
    pickled = pickle.loads(pickle.dumps(half))
    for model in (half, loaded, pickled):
        model.fit(X_IRIS, Y_IRIS)
    stopped = {"checkpoint": tmp_path / "run.checkpoint", "callbacks": raising(MemoryError(), 6)}
    with pytest.raises(MemoryError):
        fresh(10, **stopped).fit(X_IRIS, Y_IRIS)
    resumed = fresh(10, checkpoint=stopped["checkpoint"]).fit(X_IRIS, Y_IRIS)
    for model in (half, loaded, pickled, resumed):
        np.testing.assert_array_equal(model.theta_, whole.theta_)
        assert model.loss_curve_ == whole.loss_curve_


# The memory of the last partial_fit.


def made_problems(monkeypatch):
    """How many of the core's problems are made from now on."""
    made = []
    init = NativeProblem.__init__
    monkeypatch.setattr(
        NativeProblem, "__init__", lambda self, *args: made.append(self) or init(self, *args)
    )
    return made


@pytest.mark.skipif(not engine.native.instruction_sets(), reason="the core is not built")
def test_calls_of_partial_fit_share_their_memory(monkeypatch):
    """Making it for each call took as long as the step."""
    made = made_problems(monkeypatch)
    models = [MLPClassifier((100, 50), random_state=0) for _ in range(2)]
    for model in models:
        for rows in np.split(np.arange(150), 10):
            model.partial_fit(X_IRIS[rows], Y_IRIS[rows], classes=[0, 1, 2])
    assert len(made) == len(models)
    models[0].partial_fit(X_IRIS[:7], Y_IRIS[:7])  # fewer rows
    models[0].fit(X_IRIS, Y_IRIS)
    assert len(made) == len(models) + 2
    references = [weakref.ref(problem) for problem in made]
    made.clear()
    gc.collect()
    assert [reference() is None for reference in references] == [True, False, True, True]
    del models, model
    gc.collect()
    assert [reference() for reference in references] == [None] * 4


@pytest.mark.skipif(not engine.native.instruction_sets(), reason="the core is not built")
def test_the_memory_of_few_estimators_is_kept(monkeypatch):
    """It is larger than their weights."""
    models = [MLPClassifier((100, 50), random_state=0) for _ in range(refilled.MOST_KEPT + 2)]

    def go_on(these):
        for model in these:
            model.partial_fit(X_IRIS[:20], Y_IRIS[:20], classes=[0, 1, 2])

    made = made_problems(monkeypatch)
    go_on(models)
    go_on(models[2:])
    assert len(made) == len(models)
    gc.collect()
    assert len(refilled._IDLE) == refilled.MOST_KEPT
    go_on(models[:1])
    assert len(made) == len(models) + 1


@pytest.mark.skipif(not engine.native.instruction_sets(), reason="the core is not built")
def test_a_partial_fit_inside_another_has_memory_of_its_own(monkeypatch):
    """As have those of two threads."""
    model, inner = MLPClassifier((100, 50), random_state=0), []
    model.partial_fit(X_IRIS[:20], Y_IRIS[:20], classes=[0, 1, 2])
    alone = copy.deepcopy(model).partial_fit(X_IRIS[50:70], Y_IRIS[50:70])

    def another_call(progress):
        if not inner:
            inner.append(None)
            model.set_params(callbacks=None).partial_fit(X_IRIS[100:120], Y_IRIS[100:120])

    made = made_problems(monkeypatch)
    model.set_params(callbacks=another_call).partial_fit(X_IRIS[50:70], Y_IRIS[50:70])
    assert len(made) == len(inner) == 1
    np.testing.assert_array_equal(model.theta_, alone.theta_)


def test_partial_fit_in_shared_memory_has_the_bits_of_a_pickled_one():
    """Which begins without it."""
    model = MLPClassifier((100, 50), random_state=0, alpha=0.1)
    for number, rows in enumerate(np.split(np.arange(150), 10)):
        w = None if number % 3 else np.linspace(0.5, 2, 15)
        copied = pickle.loads(pickle.dumps(model))
        for each in (model, copied):
            each.partial_fit(X_IRIS[rows], Y_IRIS[rows], w, classes=[0, 1, 2])
        np.testing.assert_array_equal(copied.theta_, model.theta_)
        assert copied.loss_ == model.loss_


# How much is called, which a busy machine does not change. Limits are a third above what it is.


@pytest.mark.skipif(not engine.native.instruction_sets(), reason="the core is not built")
@pytest.mark.parametrize(("early_stopping", "most"), [(False, 190), (True, 240)])
def test_an_epoch_is_few_calls_beside_the_core_s(early_stopping, most):
    def fit(epochs):
        options = {"early_stopping": early_stopping, "n_iter_no_change": 99}
        return small(max_iter=epochs, **options).fit(X_IRIS, Y_IRIS)

    assert fit(30).n_iter_ == 30
    assert (n_calls(lambda: fit(30)) - n_calls(lambda: fit(10))) / 20 < most


@pytest.mark.skipif(not engine.native.instruction_sets(), reason="the core is not built")
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_a_small_fit_and_a_partial_fit_are_few_calls(kind):
    model = kind(hidden_layer_sizes=(6,), max_iter=1, random_state=0)
    assert n_calls(lambda: model.fit(X_IRIS, Y_IRIS)) < 2600
    assert n_calls(lambda: model.partial_fit(X_IRIS, Y_IRIS)) < 1200
