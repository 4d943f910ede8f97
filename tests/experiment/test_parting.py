"""Rows parted by files of their own, by time and by group, and weighed, as somebody says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

import backpass as bp
from backpass.data.raw import Numbers, RawTable, Texts
from backpass.errors import InvalidInput, SettingError
from backpass.experiment.parting import Parting, rule_of, weights_of
from backpass.experiment.prepared import prepare, unparted
from backpass.experiment.settings import Settings
from backpass.experiment.training import cross_validated, run

QUICK = Settings(hidden=(4,), epochs=3)


def visits(m=240, seed=0):
    """Visits of patients in an order of no meaning, with a day and a weight."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=m).round(4)
    return pd.DataFrame(
        {
            "day": (pd.Timestamp("2024-03-01") + pd.to_timedelta(rng.integers(0, 90, m), "D"))
            .strftime("%d.%m.%Y")
            .astype(object),
            "patient": [f"P{k:02}" for k in rng.integers(0, 40, m)],
            "x": x,
            "weight": rng.integers(1, 4, m),
            "ill": np.where(x + rng.normal(size=m) > 0.8, "yes", "no"),
        }
    )


@pytest.fixture
def csv(tmp_path):
    def write(frame, name="t.csv"):
        frame.to_csv(tmp_path / name, index=False)
        return str(tmp_path / name)

    return write


def prepared(path, parting, target="ill", settings=QUICK, **options):
    return prepare(bp.read_table(path, target), settings, parting=parting, **options)


def are_apart(sets):
    return sum(map(len, sets)) == len(set.union(*sets))


def test_groups_are_whole_in_every_part_and_no_input(csv):
    frame = visits()
    data = prepared(csv(frame), Parting(rule="group:patient"))
    groups = [set(frame.patient[rows]) for rows in data.rows.values()]
    assert all(groups)
    assert are_apart(groups)
    assert not any("patient" in name for name in data.preprocessing.outputs)
    assert data.preprocessing.reading["patient"].reason == "rows are parted by it, in groups"


@pytest.mark.parametrize("written", ["day", "number"])
def test_the_latest_rows_test_and_those_before_them_validate(csv, written):
    frame = visits()
    day = pd.to_datetime(frame.day, format="%d.%m.%Y")
    if written == "number":
        frame["day"] = (day - day.min()).dt.days
    data = prepared(csv(frame), Parting(rule="time:day"))
    train, validation, test = (day[data.rows[part]] for part in ("train", "validation", "test"))
    assert train.max() < validation.min() <= validation.max() < test.min()
    assert any("'day'" in note and "on." in note for note in data.notes)


def test_the_advice_that_is_followed_is_not_given(csv):
    path = csv(visits().assign(day=pd.date_range("2024-01-01", periods=240).strftime("%Y-%m-%d")))
    advice = [
        any(
            "--split time:day" in note
            for note in prepared(path, parting).preprocessing.reading.notes
        )
        for parting in (Parting(), Parting(rule="time:day"))
    ]
    assert advice == [True, False]


def test_rows_of_their_own_files_test_and_validate(csv):
    frame = visits()
    main = csv(frame[:160])
    parting = Parting(
        test=csv(frame[160:200][frame.columns[::-1]], "test.csv"),
        validation=csv(frame[200:].assign(more=1), "validation.csv"),
    )
    with pytest.warns(UserWarning, match="new to the model: 'more'"):
        data = prepared(main, parting)
    assert data.counts == {"train": 160, "validation": 40, "test": 40}
    for part, rows in (("test", frame[160:200]), ("validation", frame[200:])):
        assert data.y[part].tolist() == rows.ill.tolist()
        assert data.rows[part].tolist() == list(range(40))
        np.testing.assert_array_equal(data.X[part], data.preprocessing.transform(rows))


def test_labels_of_another_file_are_those_of_the_training(csv):
    """1 and 2 here, 1.0 and 2.0 there, where a gap made a program write them so."""
    frame = visits().assign(ill=lambda f: np.where(f.ill == "yes", 2, 1))
    other = frame[:50].assign(ill=lambda f: f.ill.astype(float))
    other.loc[3, "ill"] = np.nan
    data = prepared(csv(frame), Parting(test=csv(other, "test.csv")))
    assert data.y["test"].dtype == data.y["train"].dtype
    assert data.y["test"].tolist() == frame.ill[:50].drop(3).tolist()


def test_rows_that_are_learnt_from_too_are_said(csv):
    frame = visits()
    data = prepared(csv(frame), Parting(test=csv(frame[:30], "test.csv")))
    assert any(note.startswith("30 of 30 test rows have all inputs") for note in data.notes)


def test_a_file_without_the_target_or_a_column_is_refused_by_name(csv):
    frame = visits()
    main = csv(frame)
    with pytest.raises(InvalidInput, match="no target column 'ill' to test with"):
        prepared(main, Parting(test=csv(frame.drop(columns="ill"), "test.csv")))
    with pytest.raises(InvalidInput, match=r"v\.csv: The table lacks the column 'x'"):
        prepared(main, Parting(validation=csv(frame.drop(columns="x"), "v.csv")))


def test_the_target_is_scaled_by_rows_that_train_alone(csv):
    frame = visits().assign(ill=lambda f: 3 * f.x + 1)
    frame.loc[200:, "ill"] += 1e6
    data = prepared(csv(frame[:200]), Parting(test=csv(frame[200:], "test.csv")))
    train = frame.ill[data.rows["train"]]
    assert (data.target.centre, data.target.scale) == pytest.approx(
        (train.mean(), train.std(ddof=0))
    )


def test_weights_count_in_training_and_in_every_score(csv):
    frame = visits()
    path = csv(frame)
    outcome = run(prepared(path, Parting(weights="weight")), QUICK)
    data = outcome.data
    w = frame.weight.to_numpy()
    for part, rows in data.rows.items():
        assert data.w[part].tolist() == w[rows].tolist()
    assert not any("weight" in name for name in data.preprocessing.outputs)
    right = outcome.truth == outcome.predicted
    tested = w[data.rows["test"]]
    assert outcome.score == outcome.scores.values["accuracy"] == np.average(right, weights=tested)
    same = bp.MLPClassifier(**outcome.estimator.get_params()).set_params(callbacks=None)
    train = data.rows["train"]
    with pytest.warns(UserWarning, match="Maximum iterations"):
        same.fit(
            data.X["train"], data.y["train"], w[train].astype(float),
            X_val=data.X["validation"], y_val=data.y["validation"],
        )  # fmt: skip
    np.testing.assert_array_equal(same.theta_, outcome.estimator.theta_)
    W = w[train].sum()
    cost = log_loss(data.y["train"], same.predict_proba(data.X["train"]), sample_weight=w[train])
    decay = same.alpha / (2 * W) * sum((Theta**2).sum() for Theta in same.coefs_)
    assert outcome.J == pytest.approx(cost + decay)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            [1.0, np.nan, np.nan, 1.0],
            "2 rows have no weight in column 'w', the first of them row 1",
        ),
        (
            [1.0, -1.0, 2.0, 1.0],
            "1 row has a negative weight in column 'w', the first of them row 1",
        ),
        ([0.0, 0.0, 0.0, 7.0], "all rows weigh nothing"),
    ],
)
def test_weights_that_are_none_are_refused(cells, message):
    table = RawTable({"w": Numbers(np.array(cells)), "v": Texts.of(["a"] * 4)}, 4)
    needed = np.array([True, True, True, False])
    with pytest.raises(InvalidInput, match=message):
        weights_of("w", [table], needed)
    with pytest.raises(SettingError, match="holds no numbers"):
        weights_of("v", [table], needed)


def test_a_row_without_target_needs_no_weight():
    table = RawTable({"w": Numbers(np.array([1.0, np.nan]))}, 2)
    assert weights_of("w", [table], np.array([True, False])).tolist() == [1.0, 0.0]


def test_groups_of_two_files_are_the_same_where_they_have_one_name():
    one, two = (RawTable({"g": Texts.of(cells)}, len(cells)) for cells in (["a", "b"], ["b", None]))
    rule = rule_of("group:g", [one, two, RawTable({}, 1)])
    assert rule.groups.tolist() == [0, 1, 1, -1, -1]


def test_a_column_that_is_not_there_is_asked_for_by_the_one_that_is(csv):
    path = csv(visits())
    for parting in (Parting(rule="group:patiens"), Parting(weights="weigth")):
        with pytest.raises(InvalidInput, match=r"did you mean '(patient|weight)'"):
            prepared(path, parting)
    with pytest.raises(SettingError, match="time:COLUMN"):
        Parting(rule="patient")


def test_every_fold_follows_the_rule_and_each_row_tests_once(csv):
    frame = visits()
    table = unparted(bp.read_table(csv(frame), "ill"), QUICK, parting=Parting(rule="group:patient"))
    folds = table.rows.folds(4, QUICK)
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(240))
    for fold in folds:
        groups = [set(frame.patient[rows]) for rows in fold.parts.values()]
        assert are_apart(groups)
    scores = list(cross_validated(table, 4, QUICK))
    one = run(table.prepared(folds[2], QUICK), QUICK)
    assert scores[2][0].values == one.scores.values


def test_rows_of_a_test_file_are_in_no_fold(csv):
    frame = visits()
    parting = Parting(test=csv(frame[200:], "test.csv"))
    table = unparted(bp.read_table(csv(frame[:200]), "ill"), QUICK, parting=parting)
    folds = table.rows.folds(3, QUICK)
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(200))
    assert max(fold.learning.max() for fold in folds) < 200


def test_arrays_are_parted_and_weighed_too(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(90, 3)), np.arange(90) % 2
    group = np.repeat(np.arange(15), 6)
    np.savez(tmp_path / "t.npz", X=np.column_stack([X, group, y + 1.0]), y=y)
    np.savez(tmp_path / "test.npz", X=np.column_stack([X, group, y + 1.0])[:20], y=y[:20])
    table = bp.read_table(tmp_path / "t.npz")
    by, weights = table.names[3], table.names[4]
    data = prepare(table, QUICK, parting=Parting(rule=f"group:{by}", weights=weights))
    groups = [set(group[rows]) for rows in data.rows.values()]
    assert are_apart(groups)
    assert data.preprocessing.names == table.names[:3]
    assert data.w["train"].tolist() == (y[data.rows["train"]] + 1.0).tolist()
    beside = prepare(table, QUICK, parting=Parting(test=str(tmp_path / "test.npz")))
    assert beside.counts["test"] == 20
    assert beside.y["test"].tolist() == y[:20].tolist()
    assert beside.rows["test"].tolist() == list(range(20))
