"""Which rows train and test on tables, what a fit costs there, and the form each candidate gets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import root_mean_squared_error, zero_one_loss
from sklearn.model_selection import train_test_split

from backpass.bench.tabular import SplitRule
from backpass.bench.tabular import candidates as candidates_module
from backpass.bench.tabular.candidates import CANDIDATES, find_entry, gaps_as_levels, gaps_filled
from backpass.bench.tabular.scoring import class_costs, fit_and_score, relative_error
from backpass.bench.tabular.sources import RawTable

CLASSES = np.repeat([0, 1, 2], [50, 30, 20])


def test_a_fifth_tests_and_a_most_trains():
    train, test = SplitRule(30, {"other": 50}).part("drawn", CLASSES, 3, seed=4)
    rest, expected = train_test_split(
        np.arange(100), test_size=0.2, random_state=4, stratify=CLASSES
    )
    np.testing.assert_array_equal(test, expected)
    np.testing.assert_array_equal(train, np.random.default_rng(4).permutation(rest)[:30])
    assert [len(part) for part in SplitRule(30, {"other": 50}).part("other", CLASSES, 3, 4)] == [
        50,
        20,
    ]


def test_an_inner_split_leaves_the_test_rows_alone():
    _, test = SplitRule().part("drawn", CLASSES, 3, seed=4)
    train, inner = SplitRule(inner=True).part("drawn", CLASSES, 3, seed=4)
    assert (len(train), len(inner)) == (64, 16)
    assert len({*train, *inner, *test}) == 100


def test_a_class_of_one_row_is_parted_all_the_same():
    y = np.array([*CLASSES, 3])
    train, test = SplitRule().part("drawn", y, 4, seed=0)
    assert len({*train, *test}) == 101


def test_the_costs_are_scikit_learns():
    rng = np.random.default_rng(0)
    P, y = rng.dirichlet(np.ones(3), 100), CLASSES
    error, loss = class_costs(y, P)
    assert error == pytest.approx(zero_one_loss(y, P.argmax(axis=1)))
    assert loss == pytest.approx(-np.log(P[np.arange(100), y]).mean())
    y, answers = rng.normal(5, 3, (2, 60))
    expected = root_mean_squared_error(y, answers) / y.std()
    assert relative_error(y, answers) == pytest.approx(expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_sure_mistake_counts_as_much_as_its_type_can_tell(dtype):
    error, loss = class_costs(np.array([0]), np.array([[0, 1]], dtype))
    assert (error, loss) == (1, pytest.approx(-np.log(np.finfo(dtype).eps)))


def test_the_type_of_the_probabilities_is_the_models(table):
    class Single(DummyClassifier):
        def predict_proba(self, X):
            return np.float32([[0, 0.5, 0.5]])

    entry = replace(find_entry("XGBoost"), make=lambda asked: Single())
    score = fit_and_score(entry, table, np.arange(100), np.array([0]), seed=0, threads=1)
    assert score.loss == pytest.approx(-np.log(np.finfo(np.float32).eps))


@pytest.fixture
def table():
    rng = np.random.default_rng(1)
    words = pd.Series(rng.choice(["a", "b"], 100)).astype("category")
    words[3] = None
    return RawTable(pd.DataFrame({"[x]<": rng.normal(size=100), "word": words}), CLASSES, 3)


class Watched(DummyClassifier):
    """Learns the shares of classes, and keeps what it is fitted to."""

    def fit(self, X, y):
        self.seen = X, y
        return super().fit(X, y, None)


def test_a_class_that_no_training_row_has_gets_no_probability(table):
    model = Watched()
    entry = replace(find_entry("XGBoost"), make=lambda asked: model)
    train = np.flatnonzero(CLASSES != 1)[20:]
    score = fit_and_score(entry, table, train, np.array([0, 90]), seed=3, threads=1)
    X, y = model.seen
    assert sorted(set(y)) == [0, 1]  # counted from 0 without a hole, as XGBoost wants them
    assert list(X.columns) == ["c0", "c1"]
    P = np.array([[0.6, 0, 0.4]] * 2)  # 30 rows of the first class, 20 of the last
    assert (score.error, score.loss) == pytest.approx(class_costs(np.array([0, 2]), P))


def test_numbers_are_scored_by_predict(table):
    y = np.arange(100.0)
    numbers = RawTable(table.X, y, 0)
    entry = replace(find_entry("LightGBM"), make=lambda asked: DummyRegressor())
    train, test = np.arange(0, 100, 2), np.arange(1, 100, 2)
    score = fit_and_score(entry, numbers, train, test, seed=0, threads=1)
    assert score.error == score.loss == pytest.approx(relative_error(y[test], y[train].mean()))


def test_everybody_is_asked_for_the_same(table):
    asked = []
    for entry in CANDIDATES:
        made = replace(entry, make=lambda wanted: asked.append(wanted) or DummyClassifier())
        fit_and_score(made, table, np.arange(0, 100, 2), np.arange(1, 100, 2), 7, 2, 9.0)
    names = {asked[0].categories[0], asked[1].categories[0]}
    assert names == {"word", "c1"}  # ours sees the table as it is
    assert {(each.classes, each.seed, each.threads, each.time_limit) for each in asked} == {
        (True, 7, 2, 9.0)
    }


def test_a_gap_is_a_level_for_catboost(table):
    words = gaps_as_levels(table.X, np.arange(100))["c1"]
    assert words[3] == "a gap"
    assert set(words) == {"a", "b", "a gap"}
    assert words.map(type).eq(str).all()


def test_gaps_of_numbers_are_filled_by_the_training_rows_for_pytabkit(table):
    table.X["more"] = np.arange(100.0)
    table.X.loc[[2, 60], "more"] = np.nan
    filled = gaps_filled(table.X, np.arange(10))
    assert list(filled.columns) == ["c0", "c1", "c2", "c2 is missing"]
    assert filled["c2"][[2, 60]].tolist() == [5, 5]  # of 0, 1, 3, …, 9
    assert np.flatnonzero(filled["c2 is missing"]).tolist() == [2, 60]
    assert filled["c1"].isna().sum() == 1


def marked(entry):
    """Networks take minutes even on a small table."""
    marks = [pytest.mark.long] if entry.module == "pytabkit" else []
    return pytest.param(entry, marks=marks, id=entry.name)


@pytest.mark.parametrize("entry", map(marked, CANDIDATES))
@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_who_is_installed_learns_a_table(entry, kind, table):
    if entry.missing():
        pytest.skip(f"{entry.missing()} is not installed")
    y = CLASSES if kind == "classes" else CLASSES + table.X["[x]<"].to_numpy()
    learnable = table.X.assign(more=CLASSES + 0.1 * table.X["[x]<"])
    easy = RawTable(learnable, y, 3 if kind == "classes" else 0)
    train, test = SplitRule().part("drawn", y, easy.classes, seed=0)
    score = fit_and_score(entry, easy, train, test, seed=0, threads=1)
    assert score.error < 0.45
    assert score.seconds > 0


def test_who_is_missing_names_the_module(monkeypatch):
    monkeypatch.setattr(candidates_module.importlib.util, "find_spec", lambda name: None)
    assert find_entry("CatBoost").missing() == "catboost"
