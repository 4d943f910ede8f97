"""How an estimator trains: early stopping with every solver, failures, interruptions, pickles."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.datasets import load_iris

import backpass as bp
from backpass import MLPClassifier, MLPRegressor, StopReason

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
    plain = MLPClassifier._scorer

    def scorer(self, net, Y, w):
        held.append(np.asarray(Y))
        return plain(self, net, Y, w)

    monkeypatch.setattr(MLPClassifier, "_scorer", scorer)
    for each in (solver, "adam"):
        small(solver=each, early_stopping=True, max_iter=2).fit(X_IRIS, Y_IRIS)
    assert held[0].shape == (15, 3)
    np.testing.assert_array_equal(held[0], held[1])


@pytest.mark.parametrize("solver", FULL_BATCH)
def test_only_iterates_are_scored_not_the_line_search(solver, monkeypatch):
    scored = []
    plain = MLPClassifier._scorer

    def scorer(self, net, Y, w):
        score = plain(self, net, Y, w)
        return lambda z: scored.append(1) or score(z)

    monkeypatch.setattr(MLPClassifier, "_scorer", scorer)
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
