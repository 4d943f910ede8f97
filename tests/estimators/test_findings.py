"""What a full-batch fit has found is told when it is asked for, and costs a fit nothing."""

import copy
import gc
import pickle
import weakref

import joblib
import numpy as np
import pytest
import scipy.sparse
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

import backpass as bp
from backpass import engine
from backpass.errors import InvalidInput
from backpass.estimators import findings
from backpass.solvers import describe_point

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 5)), RNG.normal(size=60)
W = RNG.random(60) + 0.1
FULL_BATCH = ["lbfgs", "cg", "newton"]


def fitted(solver="lbfgs", X=X, y=Y, w=None, **parameters):
    settings = {"max_iter": 5, "random_state": 0, "alpha": 0.5, **parameters}
    return bp.MLPRegressor(hidden_layer_sizes=(4,), solver=solver, **settings).fit(X, y, w)


@pytest.fixture
def evaluations(monkeypatch):
    """How often the engines have evaluated J and D over all rows."""
    counted = []
    for kind in (engine.native.NativeProblem, engine.blocked.BlockedProblem):
        original = kind.cost_and_gradient

        def counting(self, theta, original=original):
            counted.append(1)
            return original(self, theta)

        monkeypatch.setattr(kind, "cost_and_gradient", counting)
    return counted


@pytest.mark.parametrize("activation", ["tanh", bp.Activation("sine", np.sin, np.cos)])
def test_a_fit_of_one_iteration_costs_a_few_passes(evaluations, activation):
    model = fitted(activation=activation, max_iter=1)
    assert len(evaluations) <= 5
    model.set_params(warm_start=True)
    for _ in range(3):
        evaluations.clear()
        model.fit(X, Y)
        assert len(evaluations) <= 5
    evaluations.clear()
    assert vars(model)
    check_is_fitted(model)
    model.predict(X)
    assert not evaluations
    told = model.found_
    asked = len(evaluations)
    assert 10 < asked <= 2 + 2 * findings.PRODUCTS
    assert model.found_ is told
    assert len(evaluations) == asked


@pytest.mark.parametrize("solver", FULL_BATCH)
@pytest.mark.parametrize("w", [None, W])
@pytest.mark.parametrize("rows", [X, X.astype(np.float32), scipy.sparse.csr_matrix(X)])
def test_the_answer_is_that_of_the_objective_that_was_trained(solver, w, rows):
    model = fitted(solver, X=rows, w=w)
    model.set_params(alpha=100.0, tol=1e9)  # wishes for the next fit
    problem = engine.prepare(model.net_, rows, Y[:, None], lam=0.5, sample_weight=w)
    truth = describe_point(
        problem.cost_and_gradient, model.theta_, products=findings.PRODUCTS, tol=1e-4
    )
    assert model.found_ == truth
    assert model.found_.gradient_norm > 0


def test_early_stopping_tells_of_the_rows_that_were_trained_on():
    model = fitted(early_stopping=True)
    assert np.isfinite(model.found_.gradient_norm)


@pytest.mark.parametrize("send", [pickle, joblib])
def test_a_pickle_has_the_answer_if_it_was_asked_for_and_no_rows(send, tmp_path):
    model = fitted()

    def sent():
        if send is pickle:
            return pickle.loads(pickle.dumps(model))
        joblib.dump(model, tmp_path / "model")
        return joblib.load(tmp_path / "model")

    there = sent()
    assert not hasattr(there, "found_")
    with pytest.raises(AttributeError, match="does not travel in a pickle or a file"):
        _ = there.found_
    assert sent().predict(X).shape == (60,)
    told = model.found_
    assert sent().found_ == told
    large = np.zeros((2000, 5))
    model.fit(large, np.zeros(2000))
    assert len(pickle.dumps(model)) < large.nbytes / 4


def test_a_model_file_has_no_answer_and_says_so(tmp_path):
    model = fitted()
    bp.save(model, tmp_path / "model.backpass", state=True)
    with pytest.raises(AttributeError, match="critical_point_ is told after fit by lbfgs"):
        _ = bp.load(tmp_path / "model.backpass").found_


def test_copies_still_answer():
    model = fitted()
    assert copy.deepcopy(model).found_ == copy.copy(model).found_ == model.found_


def test_small_rows_are_held_so_that_a_pipeline_answers():
    pipeline = make_pipeline(StandardScaler(), bp.MLPRegressor(solver="lbfgs", max_iter=2))
    assert np.isfinite(pipeline.fit(X.tolist(), Y)[-1].found_.largest_curvature)


def test_of_large_data_only_what_the_caller_holds_is_looked_at(monkeypatch):
    monkeypatch.setattr(findings, "HELD_BYTES", 1000)
    own, y, w = X.copy(), Y.copy(), W.copy()
    held, dropped = fitted(X=own, y=y, w=w), fitted(X=own, y=y, w=w)
    assert held.found_.products > 1
    alive = [weakref.ref(array) for array in (own, y)]
    del own, y, w
    gc.collect()
    assert [array() for array in alive] == [None, None]
    assert held.found_.products > 1  # told before
    with pytest.raises(AttributeError, match="right after fit; the answer is kept"):
        _ = dropped.found_
    with pytest.raises(AttributeError, match="of large data only what you hold"):
        _ = fitted(X=X.tolist()).found_  # a copy that nobody else holds


def test_a_change_since_the_fit_is_seen():
    model = fitted()
    model.coefs_[0][0, 0] += 0.5
    with pytest.raises(AttributeError, match="have been changed since the fit: J is not"):
        _ = model.found_
    rows = X.copy()
    model = fitted(X=rows)
    rows *= 2
    assert not hasattr(model, "found_")


def test_who_has_nothing_to_tell_says_so():
    with pytest.raises(NotFittedError):
        _ = bp.MLPRegressor(solver="lbfgs").found_
    model = fitted("adam")
    with pytest.raises(
        AttributeError, match="critical_point_ is told after fit by lbfgs, cg or newton"
    ):
        _ = model.found_
    model = fitted()
    assert hasattr(model, "found_")
    assert not hasattr(model.set_params(solver="sgd").fit(X, Y), "found_")
    blocks = fitted(X=bp.ArrayBlocks(X, Y), y=None)
    with pytest.raises(AttributeError, match="on rows that are not in blocks"):
        _ = blocks.found_


def test_a_fit_that_fails_keeps_the_answer_of_the_one_before():
    model = fitted()
    told = model.found_
    with pytest.raises((ValueError, InvalidInput)):
        model.fit(np.full((4, 5), np.nan), Y[:4])
    assert model.found_ == told


def test_an_answer_from_an_old_pickle_is_what_is_told():
    model = fitted()
    state = pickle.loads(pickle.dumps(model)).__getstate__()
    state.pop("_findings")
    old = bp.MLPRegressor()
    old.__setstate__({**state, "found_": "told in its time"})
    assert old.found_ == "told in its time"
