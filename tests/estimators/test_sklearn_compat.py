"""The same as scikit-learn's estimators, to its tools and callbacks."""

from __future__ import annotations

import warnings

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from small_estimators import (
    X_IRIS,
    Y_IRIS,
    small,
)

from backpass import MLPClassifier, MLPRegressor, StopReason

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


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


def test_a_full_batch_training_is_theirs_step_by_step():
    options = {"solver": "adam", "max_iter": 15, "random_state": 3, "batch_size": 150}
    ours = MLPClassifier((5,), **options).fit(X_IRIS, Y_IRIS)
    theirs = TheirClassifier((5,), **options).fit(X_IRIS, Y_IRIS)
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-9)
    np.testing.assert_allclose(ours.coefs_[0], theirs.coefs_[0], rtol=1e-7, atol=1e-10)


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


def test_nothing_is_written_to_a_parameter():
    clf = small(activation=["tanh"], dropout=[0.1], callbacks=[], class_weight={0: 2.0})
    before = {k: repr(v) for k, v in clf.get_params().items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        clf.fit(X_IRIS, Y_IRIS)
    assert {k: repr(v) for k, v in clf.get_params().items()} == before
