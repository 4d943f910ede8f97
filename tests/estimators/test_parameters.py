"""Every parameter with every solver: it acts, is refused, or is scikit-learn's to ignore."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor

import backpass as bp
from backpass import MLPClassifier, MLPRegressor
from backpass.errors import InvalidInput
from backpass.estimators.parameters import FULL_BATCH_SOLVERS, MINI_BATCH_SOLVERS

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SOLVERS = [*MINI_BATCH_SOLVERS, *FULL_BATCH_SOLVERS]
X_IRIS, Y_IRIS = load_iris(return_X_y=True)
X_IRIS = (X_IRIS - X_IRIS.mean(axis=0)) / X_IRIS.std(axis=0)
X_SUGAR, Y_SUGAR = load_diabetes(return_X_y=True)
X_SUGAR, Y_SUGAR = 20 * X_SUGAR[:100], (Y_SUGAR[:100] - 150) / 80

# A value that is not the start's, for each parameter; with it what it needs in order to act.
CHANGED = {
    "hidden_layer_sizes": (5,),
    "activation": "tanh",
    "alpha": 3.0,
    "batch_size": 17,
    "learning_rate": ["invscaling", "adaptive", "cosine", "one_cycle"],
    "learning_rate_init": 0.02,
    "power_t": 0.2,
    "max_iter": 3,
    "shuffle": False,
    "random_state": 7,
    "tol": 30.0,
    "momentum": 0.2,
    "nesterovs_momentum": False,
    "early_stopping": True,
    "validation_fraction": 0.4,
    "beta_1": 0.5,
    "beta_2": 0.7,
    "epsilon": 0.01,
    "n_iter_no_change": 2,
    "max_fun": 3,
    "init": ["uniform", "glorot", "he"],
    "weight_decay": 0.5,
    "muon_ratio": 3.0,
    "dropout": [0.4, [0.4]],
    "schedule_epochs": 4,
    "warm_up": 0.3,
    "n_init": 12,
    "class_weight": {0: 1.0, 1: 9.0, 2: 1.0},
}
NEEDS = {
    "n_init": {"random_state": 3},  # where the first start is not the best
    "learning_rate": {"tol": 0.3, "n_iter_no_change": 1, "max_iter": 12},
    "power_t": {"learning_rate": "invscaling"},
    "validation_fraction": {"early_stopping": True},
    "schedule_epochs": {"learning_rate": "cosine"},
    "warm_up": {"learning_rate": "cosine"},
    "early_stopping": {"n_iter_no_change": 1},
    "n_iter_no_change": {"tol": 0.3, "n_iter_no_change": 1, "max_iter": 12},
    "tol": {"n_iter_no_change": 1, "max_iter": 12},
}

# What changes no result: where the numbers go, or what is said on the way.
WATCHES = {
    "solver",
    "verbose",
    "warm_start",
    "n_threads",
    "callbacks",
    "checkpoint",
    "every",
}

OF_RATES = {"batch_size", "learning_rate_init", "shuffle"}
OF_SGD = {"momentum", "nesterovs_momentum"}
OF_SCHEDULES = {("learning_rate", "invscaling"), ("learning_rate", "adaptive"), "power_t"}
OF_ADAM = {"beta_1", "beta_2", "epsilon"}
OWN_RATES = ("adam", "adamw", "muon")
IGNORED = {
    **{solver: {*OF_SGD, *OF_SCHEDULES, "max_fun"} for solver in OWN_RATES},
    "sgd": {*OF_ADAM, "max_fun"},
    "gd": {*OF_ADAM, *OF_SGD, "max_fun"},
    **{
        solver: {*OF_RATES, *OF_SGD, *OF_ADAM, *OF_SCHEDULES, "n_iter_no_change"}
        for solver in FULL_BATCH_SOLVERS
    },
}

PAIRS = [
    (name, value, solver)
    for name, values in CHANGED.items()
    for value in (values if isinstance(values, list) else [values])
    for solver in SOLVERS
]


def settings(name, solver, **changes):
    base = {"hidden_layer_sizes": (4,), "max_iter": 6, "random_state": 0, "solver": solver}
    return {**base, **NEEDS.get(name, {}), **changes}


def trained(kind, parameters):
    X, y = (X_IRIS, Y_IRIS) if kind in (MLPClassifier, TheirClassifier) else (X_SUGAR, Y_SUGAR)
    return kind(**parameters).fit(X, y)


def result(model):
    return model.theta_.tobytes(), model.n_iter_, tuple(model.loss_curve_)


def is_refused(kind, parameters):
    try:
        trained(kind, {**parameters, "max_iter": 1})
    except InvalidInput:
        return True
    return False


def is_theirs(name):
    return name in inspect.signature(TheirClassifier).parameters


@pytest.mark.parametrize(("name", "value", "solver"), PAIRS, ids=str)
def test_a_parameter_acts_or_is_refused_or_is_scikit_learns_to_ignore(name, value, solver):
    kinds = [MLPClassifier] if name == "class_weight" else [MLPClassifier, MLPRegressor]
    ignored = {name, (name, value) if isinstance(value, str) else name} & IGNORED[solver]
    for kind in kinds:
        if is_refused(kind, settings(name, solver, **{name: value})):
            assert not is_theirs(name) or value in ("cosine", "one_cycle")
            assert not ignored
            continue
        plain = trained(kind, settings(name, solver))
        model = trained(kind, settings(name, solver, **{name: value}))
        assert (result(plain) == result(model)) == bool(ignored)


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@pytest.mark.parametrize("name", [name for name in CHANGED if is_theirs(name)])
def test_what_scikit_learn_accepts_is_accepted_and_what_we_ignore_it_ignores(name, solver):
    values = CHANGED[name] if isinstance(CHANGED[name], list) else [CHANGED[name]]
    for value in values:
        if value in ("cosine", "one_cycle"):
            continue
        changed = settings(name, solver, **{name: value})
        for ours, theirs in ((MLPClassifier, TheirClassifier), (MLPRegressor, TheirRegressor)):
            trained(ours, changed)
            plain, model = (trained(theirs, s) for s in (settings(name, solver), changed))
            they_ignore = all(map(np.array_equal, plain.coefs_, model.coefs_))
            if {name, (name, value) if isinstance(value, str) else name} & IGNORED[solver]:
                assert they_ignore


def test_no_parameter_is_left_out_of_the_sweep():
    for kind in (MLPClassifier, MLPRegressor):
        names = set(inspect.signature(kind).parameters) - {"loss", "class_weight"}
        assert names <= set(CHANGED) | WATCHES


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("loss", ["absolute_error", "huber", "quantile"])
def test_a_loss_acts(loss, solver):
    plain, other = (
        trained(MLPRegressor, settings("loss", solver, **more)) for more in ({}, {"loss": loss})
    )
    assert result(plain) != result(other)


@pytest.mark.parametrize("parameters", [{}, {"every": 3}, {"verbose": False}, {"n_threads": 1}])
@pytest.mark.parametrize("solver", SOLVERS)
def test_how_a_training_is_watched_changes_no_bit(solver, parameters, tmp_path):
    plain = trained(MLPClassifier, settings("", solver))
    watched = {"callbacks": lambda progress: None, "checkpoint": tmp_path / "run.checkpoint"}
    other = trained(MLPClassifier, settings("", solver, **watched, **parameters))
    assert result(plain) == result(other)


REFUSED = [
    *(
        ({"solver": solver, "weight_decay": 0.1}, "weight_decay")
        for solver in SOLVERS
        if solver not in OWN_RATES
    ),
    *(
        ({"solver": solver, "muon_ratio": 20}, "muon_ratio")
        for solver in SOLVERS
        if solver != "muon"
    ),
    *(({"solver": solver, "dropout": 0.1}, "dropout") for solver in FULL_BATCH_SOLVERS),
    *(({"solver": solver, "dropout": (0, 0.1)}, "dropout") for solver in FULL_BATCH_SOLVERS),
    *(
        ({"solver": solver, "learning_rate": rate}, "length of each step")
        for solver in FULL_BATCH_SOLVERS
        for rate in ("cosine", "one_cycle")
    ),
    *(({"solver": s, "schedule_epochs": 3}, "schedule_epochs") for s in SOLVERS),
    *(({"solver": s, "warm_up": 0.1}, "warm_up") for s in SOLVERS),
    ({"learning_rate": "one_cycle", "warm_up": 0.1}, "warm_up"),
    ({"learning_rate": "adaptive", "solver": "sgd", "schedule_epochs": 3}, "schedule_epochs"),
    ({"dropout": 0.3, "hidden_layer_sizes": ()}, "no hidden layers"),
]


@pytest.mark.parametrize(("parameters", "words"), REFUSED, ids=str)
@pytest.mark.parametrize("blocks", [False, True])
def test_what_would_not_be_done_is_refused_before_any_work(parameters, words, blocks):
    rows = (bp.ArrayBlocks(X_IRIS, Y_IRIS, rows=50),) if blocks else (X_IRIS, Y_IRIS)
    told = []
    model = MLPClassifier(**{"hidden_layer_sizes": (4, 3), **parameters}, callbacks=told.append)
    with pytest.raises(ValueError, match=words):
        model.fit(*rows)
    assert not told
    assert not hasattr(model, "n_features_in_")


HALF_SETS = [
    ({"y_val": Y_IRIS}, "y_val is given without X_val"),
    ({"sample_weight_val": np.ones(150)}, "sample_weight_val is given without X_val"),
    ({"X_val": X_IRIS}, "X_val is given without y_val"),
    ({"X_val": X_IRIS, "sample_weight_val": np.ones(150)}, "without y_val"),
    ({"X_val": bp.ArrayBlocks(X_IRIS, Y_IRIS), "y_val": Y_IRIS}, "rows in memory"),
    ({"X_val": X_IRIS, "y_val": Y_IRIS, "sample_weight_val": 0.0}, "sample_weight_val is zero"),
]


@pytest.mark.parametrize(("given", "words"), HALF_SETS, ids=lambda each: str(each)[:30])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_half_a_validation_set_is_refused(solver, given, words):
    for rows in ((X_IRIS, Y_IRIS), (bp.ArrayBlocks(X_IRIS, Y_IRIS),)):
        with pytest.raises(InvalidInput, match=words):
            MLPClassifier((4,), solver=solver, max_iter=2).fit(*rows, **given)


def test_blocks_bring_their_own_targets_and_weights():
    blocks = bp.ArrayBlocks(X_IRIS, Y_IRIS)
    with pytest.raises(InvalidInput, match="their own y"):
        MLPClassifier((4,), max_iter=2).fit(blocks, Y_IRIS)
    with pytest.raises(InvalidInput, match="their own sample_weight"):
        MLPClassifier((4,), max_iter=2).fit(blocks, sample_weight=np.ones(150))


def test_partial_fit_refuses_what_it_does_not_do(tmp_path):
    first = {"X": X_IRIS, "y": Y_IRIS, "classes": [0, 1, 2]}
    with pytest.raises(InvalidInput, match="partial_fit keeps no checkpoint"):
        MLPClassifier((4,), checkpoint=tmp_path / "c").partial_fit(**first)
    with pytest.raises(InvalidInput, match="weight_decay is adam's"):
        MLPClassifier((4,), solver="sgd", weight_decay=0.1).partial_fit(**first)
    for total_weight in (0, -3.0, np.nan, np.inf):
        with pytest.raises(InvalidInput, match="total_weight is a positive number"):
            MLPClassifier((4,)).partial_fit(**first, total_weight=total_weight)


HEAVY = [([*range(6), *range(20, 26)], {True, False}), ([3], {True}), (range(12, 40), {False})]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(("heavy", "refusals"), HEAVY, ids=["some", "one", "most"])
def test_early_stopping_where_rows_weigh_nothing(solver, heavy, refusals):
    X, w = np.random.RandomState(0).rand(40, 3), np.zeros(40)
    w[list(heavy)] = 1

    def refused(seed):
        settings = {"solver": solver, "early_stopping": True, "max_iter": 3, "random_state": seed}
        model = MLPRegressor(hidden_layer_sizes=(4,), **settings)
        try:
            model.fit(X, X[:, 0], sample_weight=w)
        except InvalidInput as error:
            return "all weigh 0: pass X_val and y_val" in str(error)
        return not np.isfinite(model.theta_).all()

    assert {refused(seed) for seed in range(6)} == refusals
