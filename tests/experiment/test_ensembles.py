"""An ensemble on a table: which rows it is given, what is asked of it, and what is told of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine
from sklearn.metrics import f1_score, r2_score

import backpass as bp
from backpass.data.datasets import load_named
from backpass.data.encoding.table_rows import TableRows
from backpass.data.splitting.split_rules import AtRandom
from backpass.errors import SettingError
from backpass.experiment import ensembles
from backpass.experiment.parting import Parting
from backpass.experiment.prepared import prepare, unparted
from backpass.experiment.settings import Settings
from backpass.experiment.training import cross_validated, run
from backpass.training.stop import why_stopped

SMALL = Settings(model="tabular", members=2)


def visits(m=240, seed=0):
    """Visits of patients, with a weight, a cost and what was found."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=m).round(4)
    frame = pd.DataFrame(
        {
            "patient": [f"P{k:02}" for k in rng.integers(0, 40, m)],
            "day": rng.permutation(m),
            "x": x,
            "ward": rng.choice(["east", "west"], m),
            "weight": rng.integers(1, 4, m),
        }
    )
    frame["cost"] = 900 + 40 * x + 25 * (frame.ward == "west")
    return frame.assign(ill=np.where(x + rng.normal(size=m) > 0.8, "yes", "no"))


@pytest.fixture
def csv(tmp_path):
    def write(frame, name="t.csv"):
        frame.to_csv(tmp_path / name, index=False)
        return str(tmp_path / name)

    return write


@pytest.fixture
def fits(monkeypatch):
    """What ``fit`` of a tabular classifier is called with."""
    seen, real = [], bp.TabularClassifier.fit

    def spy(self, X, y, *args, **kwargs):
        seen.append((X, y, kwargs))
        return real(self, X, y, *args, **kwargs)

    monkeypatch.setattr(bp.TabularClassifier, "fit", spy)
    return seen


def prepared(path, target="ill", settings=SMALL, parting=None, **options):
    parting = parting or Parting()
    return prepare(bp.read_table(path, target), settings, parting=parting, **options)


def test_drawn_at_random_all_rows_but_the_tests_are_the_ensembles_to_part(csv):
    data = prepared(csv(visits()))
    alone = prepared(csv(visits()), settings=Settings())
    assert data.counts == {"train": 192, "validation": 0, "test": 48}
    assert (data.rows["test"] == alone.rows["test"]).all()
    learnt = np.r_[alone.rows["train"], alone.rows["validation"]]
    assert sorted(data.rows["train"]) == sorted(learnt)


@pytest.mark.parametrize("rule", ["group:patient", "time:day"])
def test_rows_that_choose_are_parted_by_the_tables_rule(csv, fits, rule):
    frame = visits()
    data = prepared(csv(frame), parting=Parting(rule=rule))
    train, validation = (frame.iloc[data.rows[part]] for part in ("train", "validation"))
    assert abs(len(validation) / (len(train) + len(validation)) - 0.15) < 0.03
    if rule == "time:day":
        assert train.day.max() < validation.day.min()
    else:
        assert not {*train.patient} & {*validation.patient}
    ensembles.fitted(data, SMALL)
    assert (fits[0][2]["y_val"] == validation.ill.to_numpy()).all()


def test_a_file_of_rows_that_choose_is_theirs_alone(csv, fits):
    frame = visits()
    beside = csv(frame[200:].assign(x=7.0), "beside.csv")
    data = prepared(csv(frame[:200]), parting=Parting(validation=beside, weights="weight"))
    ensembles.fitted(data, SMALL)
    X, y, given = fits[0]
    assert len(X) == len(y) == 160
    assert (given["X_val"].numbers == 7.0).any(axis=1).all()
    assert (given["sample_weight_val"] == frame.weight[200:]).all()
    assert len(given["sample_weight"]) == 160


def test_a_threshold_is_found_on_rows_that_no_member_learns_from(csv):
    settings = replace(SMALL, threshold="best")
    data = prepared(csv(visits()), settings=settings)
    assert data.counts == {"train": 163, "validation": 29, "test": 48}
    assert len({*np.concatenate([*data.rows.values()]).tolist()}) == 240


@pytest.mark.parametrize("part", [0.0, 0.15])
def test_folds_validate_on_as_many_rows_as_the_split(csv, part):
    table = unparted(bp.read_table(csv(visits()), "ill"), SMALL)
    settings = SMALL if not part else replace(SMALL, threshold="best")
    for fold in table.rows.folds(4, settings):
        learning = np.flatnonzero(~np.isin(np.arange(240), fold.test))
        y = table.rows.targets.strata
        drawn = AtRandom().inner_rows(learning, y, part, settings.seed)[1]
        assert sorted(fold.validation) == sorted(drawn)


def test_numbers_keep_their_unit_and_rows_their_gaps(csv):
    frame = visits()
    frame.loc[::7, "x"] = np.nan
    data = prepared(csv(frame), "cost")
    assert isinstance(data.X["train"], TableRows)
    assert np.isnan(data.X["train"].numbers).any()
    assert (data.y["test"] == frame.cost.to_numpy()[data.rows["test"]]).all()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, {"n_members": None, "time_limit": None, "metric": None, "random_state": 0}),
        ({"members": 3, "metric": "auc"}, {"n_members": 3, "metric": "auc"}),
        ({"time_limit": 9.0, "seed": 5, "threads": 1}, {"time_limit": 9.0, "random_state": 5}),
        ({"class_weight": "balanced"}, {"class_weight": "balanced"}),
    ],
)
def test_what_is_asked_for_reaches_the_estimator(csv, settings, expected):
    settings = Settings(model="tabular", **settings)
    asked = ensembles.build(prepared(csv(visits()), settings=settings), settings).get_params()
    assert {name: asked[name] for name in expected} == expected


def test_a_metric_that_takes_a_loss_chooses_no_members(csv):
    settings = replace(SMALL, metric="quantile_loss")
    made = ensembles.build(prepared(csv(visits()), "cost", settings), settings)
    assert isinstance(made, bp.TabularRegressor)
    assert made.metric is None


def test_free_text_is_read_by_an_ensemble_too(csv):
    words = np.random.default_rng(0).choice(["cough", "fever", "rash"], 240)
    frame = visits().assign(note=[f"number {k} came with a {w}" for k, w in enumerate(words)])
    table = unparted(bp.read_table(csv(frame), "ill", kinds={"note": "text"}), SMALL)
    settings = Settings(model="auto", members=2).settled(table.for_one_network)
    assert settings.tabular
    assert run(table.prepared(table.rows.split(settings), settings), settings).score > 0.5


@pytest.mark.parametrize("of_ensemble", [{"time_limit": 5.0}, {"members": 4}])
def test_what_is_for_an_ensemble_is_refused_of_one_network(of_ensemble):
    with pytest.raises(SettingError, match="for an ensemble, and one network is trained"):
        Settings(model="mlp", **of_ensemble).settled(None)
    with pytest.raises(SettingError, match="of pictures"):
        Settings(model="auto", **of_ensemble).settled("pictures")


def test_arrays_are_tables_of_numbers_and_pictures_are_for_one_network(tmp_path):
    auto, iris = Settings(model="auto"), unparted(load_named("iris"), SMALL)
    assert auto.settled(iris.for_one_network).tabular
    data = iris.prepared(iris.rows.split(SMALL), SMALL)
    assert {each.kind.value for each in data.preprocessing.reading.inputs} == {"number"}
    assert {*data.y["test"]} == {"setosa", "versicolor", "virginica"}
    digits = unparted(load_named("digits"), auto)
    assert auto.settled(digits.for_one_network).model == "mlp"
    with pytest.raises(SettingError, match="does not read pictures"):
        SMALL.settled(digits.for_one_network)


def test_an_array_beside_an_array_tests(tmp_path):
    X, y = load_wine(return_X_y=True)
    np.savez(tmp_path / "t.npz", X=X[:120], y=y[:120])
    np.savez(tmp_path / "test.npz", X=X[120:], y=y[120:])
    parting = Parting(test=str(tmp_path / "test.npz"))
    data = prepare(bp.read_table(tmp_path / "t.npz"), SMALL, parting=parting)
    features = data.preprocessing.encoding.columns.features
    order = [int(feature.column.removeprefix("x")) for feature in features]
    assert (data.X["test"].numbers == X[120:, order]).all()
    assert (data.y["test"].astype(int) == y[120:]).all()


@pytest.mark.parametrize("target", ["ill", "cost"])
def test_what_is_shown_of_an_ensemble_is_of_its_largest_member(csv, target):
    data = prepared(csv(visits()), target, settings := replace(SMALL, members=3))
    outcome = run(data, settings)
    ensemble, k = outcome.model.ensemble, int(outcome.model.ensemble.weights.argmax())
    member, network = ensemble.members[k], outcome.model.network(k)
    assert outcome.shown.net == member.net
    assert outcome.shown.epochs == member.result.epochs == len(outcome.shown.J_curve)
    assert outcome.stop_reason == why_stopped(member.result.reason)
    Y = network.Y(outcome.model.Y(data.y["train"]))
    traced = bp.trace(network.net, network.theta, network.X(data.X["train"]), Y)
    assert outcome.J == pytest.approx(traced.J, rel=1e-6)
    assert not outcome.interrupted


def test_the_score_of_an_ensemble_is_that_of_its_estimator(csv):
    frame = visits()
    outcome = run(prepared(csv(frame), "cost"), SMALL)
    test = frame.iloc[outcome.data.rows["test"]]
    model = outcome.model
    X, _ = model.preprocessing.rows(test.drop(columns="cost"))
    assert (model.estimator.predict(X) == outcome.predicted).all()
    assert outcome.score == pytest.approx(r2_score(test.cost, outcome.predicted), rel=1e-12)


def test_the_best_threshold_is_found_on_the_rows_that_are_held_out(csv):
    settings = replace(SMALL, threshold="best")
    outcome = run(prepared(csv(visits()), settings=settings), settings)
    p = outcome.model.probabilities(outcome.data.X["validation"])[:, 1]
    sick = outcome.data.y["validation"] == "yes"
    best = max(f1_score(sick, p >= t) for t in np.r_[p, 1.0])
    assert f1_score(sick, p >= outcome.threshold.value) == pytest.approx(best)
    told = outcome.probabilities[:, 1] >= outcome.threshold.value
    assert (outcome.predicted == np.where(told, "yes", "no")).all()


def test_folds_are_ensembles_too(csv):
    table = unparted(bp.read_table(csv(visits()), "ill"), SMALL)
    scores = list(cross_validated(table, 3, SMALL))
    one = run(table.prepared(table.rows.folds(3, SMALL)[1], SMALL), SMALL)
    assert scores[1][0].values == one.scores.values


def test_several_targets_have_a_score_each(csv):
    frame = visits().assign(days=lambda made: made.cost**2 / 1000)
    outcome = run(prepared(csv(frame), ["cost", "days"]), SMALL)
    assert outcome.predicted.shape == (48, 2)
    assert all(each.score > 0.5 for each in outcome.targets)


def test_control_c_keeps_the_members_so_far(csv):
    def stop(progress):
        if progress.done == 1:
            raise KeyboardInterrupt

    settings = replace(SMALL, members=6, threads=1)
    outcome = run(prepared(csv(visits()), settings=settings), settings, (stop,))
    assert outcome.interrupted
    assert len(outcome.model.ensemble.members) == 1
    assert len(outcome.predicted) == 48
