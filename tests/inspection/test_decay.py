"""λ of some rows has the training's λ/W, by whichever estimator, file and call."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn import neural_network

import backpass as bp
from backpass.inspection.decay import lam_of_rows, trained_weight, what_is_missing


@pytest.fixture
def rows(rng):
    X = rng.normal(size=(40, 3))
    return X, np.array(["a", "b"])[(X[:, 0] > 0).astype(int)]


def fitted(X, y, sample_weight=None, **settings):
    settings = {"alpha": 0.5, "max_iter": 4, "tol": 0.0, "random_state": 0} | settings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bp.MLPClassifier((3,), **settings).fit(X, y, sample_weight=sample_weight)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "newton", "cg"])
def test_the_rows_of_the_training_weigh_what_they_were(rows, solver):
    X, y = rows
    model = fitted(X, y, solver=solver)
    assert trained_weight(model) == 40
    assert lam_of_rows(model, 1) == 0.5 / 40
    assert lam_of_rows(model, 40) == 0.5
    assert what_is_missing(model) is None


def test_weights_count_and_rows_held_out_do_not(rows):
    X, y = rows
    w = np.linspace(0.5, 2, 40)
    assert trained_weight(fitted(X, y, w)) == pytest.approx(w.sum(), rel=1e-12)
    held_out = fitted(X, y, early_stopping=True, validation_fraction=0.25)
    assert trained_weight(held_out) == 30
    heavy = fitted(X, y, class_weight={"a": 3.0, "b": 1.0})
    assert trained_weight(heavy) == 3 * (y == "a").sum() + (y == "b").sum()


def test_one_pass_over_a_part_knows_the_whole(rows):
    X, y = rows
    model = bp.MLPClassifier((3,), random_state=0)
    assert trained_weight(model.partial_fit(X[:10], y[:10], classes=["a", "b"])) == 10
    assert trained_weight(model.partial_fit(X[:10], y[:10], total_weight=400)) == 400


def test_rows_in_blocks_weigh_what_all_blocks_do(rows):
    X, y = rows
    w = np.linspace(0.5, 2, 40)
    model = bp.MLPClassifier((3,), max_iter=2, random_state=0)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        model.fit(bp.ArrayBlocks(X, y, w, rows=16))
    assert trained_weight(model) == pytest.approx(w.sum(), rel=1e-12)


def test_a_model_file_keeps_it(rows, tmp_path):
    X, y = rows
    bp.save(fitted(X, y), tmp_path / "model")
    assert trained_weight(bp.load(tmp_path / "model")) == 40


def as_saved_by_the_first_release(model, path):
    del model.total_weight_
    bp.save(model, path)
    return bp.load(path)


def test_a_file_without_it_tells_the_number_of_rows(rows, tmp_path):
    X, y = rows
    old = as_saved_by_the_first_release(fitted(X, y), tmp_path / "model")
    assert trained_weight(old) == 40
    assert "divided by their number, 40," in what_is_missing(old)


def test_a_file_of_a_full_batch_solver_without_it_tells_nothing(rows, tmp_path):
    X, y = rows
    old = as_saved_by_the_first_release(fitted(X, y, solver="lbfgs"), tmp_path / "model")
    assert trained_weight(old) is None
    assert "by the weight of these rows alone" in what_is_missing(old)


def test_where_nothing_tells_it_these_rows_are_all(rows):
    model = fitted(*rows)
    del model.total_weight_
    model.t_ = 41
    assert trained_weight(model) is None
    assert lam_of_rows(model, 1) == 0.5
    assert "by the weight of these rows alone" in what_is_missing(model)
    model.loss_curve_ = None
    assert trained_weight(model) is None


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_scikit_learns_model_is_traced_by_its_own_rows(rows):
    X, y = rows
    theirs = neural_network.MLPClassifier((3,), alpha=0.5, max_iter=5).fit(X, y)
    assert bp.trace_model(theirs, X[:1], y[:1]).lam == 0.5 / 40
    assert bp.trace_model(theirs, X, y).lam == 0.5


def test_a_row_of_a_trace_has_its_part_of_the_decay(rows):
    X, y = rows
    model = fitted(X, y)
    t = bp.trace_model(model, X, y)
    parts = [t.row(i) for i in range(40)]
    assert np.mean([part.J for part in parts]) == pytest.approx(t.J, rel=1e-12)
    for l in t.D:
        np.testing.assert_allclose(np.mean([p.D[l] for p in parts], axis=0), t.D[l], rtol=1e-9)
