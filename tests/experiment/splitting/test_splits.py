"""Splits of a table's rows: who is where, what is given, what is said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backpass.errors import InvalidInput, SettingError
from backpass.experiment.prepared import prepare
from backpass.experiment.settings import Settings
from backpass.experiment.splitting.splits import ByGroup, ByTime, Targets, fold_splits, split

# The first four rows, which are of one time, have every class: it can be learnt.
LABELS = st.lists(st.sampled_from(["a", "b", "c", "d", None]), min_size=30, max_size=90).map(
    lambda labels: [*"abcd", *labels]
)


def rules(m):
    """One of each rule, for so many rows."""
    steps = np.arange(m)
    return [
        None,
        ByTime("day", (np.maximum(steps - 3, 0) % 17).astype(float)),
        ByGroup("patient", steps % 13),
    ]


def on_one_side(made, known):
    rows = np.sort(np.concatenate(list(made.parts.values())))
    np.testing.assert_array_equal(rows, known)
    np.testing.assert_array_equal(np.sort(np.r_[made.learning, made.test]), known)


@given(LABELS, st.integers(0, 20))
def test_each_row_with_a_target_is_on_one_side(labels, seed):
    targets = Targets.of_labels("kind", labels)
    known = np.flatnonzero([label is not None for label in labels])
    for rule in rules(len(labels)):
        if len(known) < 10:
            with pytest.raises(InvalidInput, match="it takes at least 10"):
                split(targets, rule, seed=seed)
            continue
        made = split(targets, rule, seed=seed)
        on_one_side(made, known)
        assert {*targets.y[made.validation]} <= {*targets.y[made.train]}
        assert len(made.test)
        assert made.rule == ("random" if rule is None else rule.text)


@given(LABELS, st.integers(2, 4), st.integers(0, 20))
def test_every_fold_follows_the_rule(labels, n, seed):
    targets = Targets.of_labels("kind", labels)
    known = np.flatnonzero(targets.known)
    if len(known) < 20:
        return
    for rule in rules(len(labels)):
        folds = fold_splits(targets, n, rule, seed)
        assert len(folds) == n
        for made in folds:
            if not isinstance(rule, ByTime):
                on_one_side(made, known)
                continue
            days = [rule.times[rows] for rows in made.parts.values()]
            assert days[0].max() < min([*days[1], days[2].min()])
            assert not len(days[1]) or days[1].max() < days[2].min()


@pytest.mark.parametrize("classes", [True, False])
def test_a_table_without_rare_classes_is_split_as_by_the_first_release(classes, rng):
    from backpass.data.tables import Table

    X = rng.normal(size=(120, 3))
    y = np.arange(120) % 4 if classes else rng.normal(size=120)
    for seed in range(5):
        data = prepare(Table(X, y, ("a", "b", "c"), "y"), Settings(seed=seed), classes=classes)
        targets = Targets("y", y, ("0", "1", "2", "3") if classes else None)
        made = split(targets, seed=seed)
        for part, rows in made.parts.items():
            np.testing.assert_array_equal(rows, data.rows[part])
        assert made.notes == ()


def test_a_test_that_is_given_is_the_test():
    targets = Targets.of_labels("kind", [*"ab" * 20, *"abc", None])
    made = split(targets, test=np.arange(40, 44))
    on_one_side(made, np.arange(43))
    assert made.test.tolist() == [40, 41, 42]
    assert len(made.validation) == 4
    assert made.notes == (
        "1 of 3 test rows has a class that no training row has ('c'): the model cannot know it.",
    )


def test_rows_to_validate_on_that_are_given():
    targets = Targets.of_labels("kind", [*"ab" * 20, *"abc"])
    made = split(targets, validation=np.arange(40, 43))
    assert made.validation.tolist() == [40, 41]
    on_one_side(made, np.arange(42))
    assert len(made.test) == 8
    both = split(targets, test=np.arange(30, 40), validation=np.arange(40, 43))
    assert [len(rows) for rows in both.parts.values()] == [30, 2, 10]


def test_the_rows_to_learn_from_validate_by_the_rule_when_the_test_is_given():
    targets = Targets("y", np.arange(50.0))
    made = split(targets, ByTime("day", np.arange(50.0)), test=np.arange(20))
    assert made.validation.tolist() == [47, 48, 49]
    assert "30 rows to learn from are not earlier than the first of the test" in made.notes[1]
    grouped = split(targets, ByGroup("patient", np.arange(50) % 10), test=np.arange(20))
    assert not {*(grouped.train % 10)} & {*(grouped.validation % 10)}
    assert "10 of them are on both sides" in grouped.notes[1]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"test": np.arange(3), "validation": np.arange(2, 5)}, "Row 2 is given twice"),
        ({"test": np.array([30, 31])}, "None of the 2 rows that are given to test on has a target"),
        ({"validation": np.array([31])}, "rows that are given to validate on has a target 'y'"),
        ({"test": np.arange(25)}, "The table has 5 rows with a target"),
    ],
)
def test_what_is_given_must_be_of_use(given, sentence):
    y = np.r_[np.arange(30.0), np.nan, np.nan]
    with pytest.raises(InvalidInput, match=sentence):
        split(Targets("y", y), **given)


@pytest.mark.parametrize("part", [0.05, 0.95])
def test_too_small_a_part_is_one_sentence(part):
    with pytest.raises(SettingError, match=f"of 20 rows, that is {20 * part:.0f} to") as caught:
        split(Targets("y", np.arange(20.0)), test_size=part)
    assert caught.value.setting == "test_size"


def test_classes_of_single_rows_are_named_and_alone_test_nothing():
    made = split(Targets.of_labels("kind", [*"ab" * 10, *"cdefg"]))
    assert made.notes == (
        "5 classes of 'kind' have a single row each ('c', 'd', 'e' and 2 more): they train, and no "
        "row tests them.",
    )
    with pytest.raises(InvalidInput, match="Every class of 'kind' has a single row"):
        split(Targets.of_labels("kind", list("abcdefghijkl")))


def test_one_class_to_learn_from_is_one_sentence():
    targets = Targets.of_labels("kind", [*"a" * 16, *"bbbb"])
    with pytest.raises(InvalidInput, match=r"one class of 'kind' only \('a'\); parted by time:day"):
        split(targets, ByTime("day", np.arange(20.0)))


@pytest.mark.parametrize("n", [1, 0, -2])
def test_a_cross_validation_takes_two_folds(n):
    with pytest.raises(SettingError, match="at least 2 folds"):
        fold_splits(Targets("y", np.arange(20.0)), n)


@pytest.mark.parametrize(
    ("y", "sentence"), [([1.0] * 9, "has 9 rows;"), ([1.0] * 9 + [np.nan], "9 rows with a target;")]
)
def test_too_few_rows_make_no_folds(y, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        fold_splits(Targets("y", np.array(y)), 2)


def test_folds_are_drawn_by_the_seed_and_by_0_without_one():
    targets = Targets("y", np.arange(20.0))
    without, first, other = (fold_splits(targets, 2, **of) for of in ({}, {"seed": 0}, {"seed": 1}))
    np.testing.assert_array_equal(without[0].test, first[0].test)
    assert {*first[0].test.tolist()} != {*other[0].test.tolist()}


def test_what_a_rule_has_done_is_said():
    days = np.array(["2024-01-01", "2024-01-02"] * 8 + ["2024-01-03"] * 4 + ["NaT"], "M8[D]")
    targets = Targets("y", np.arange(21.0))
    assert split(targets, ByTime("day", days)).notes == (
        "The test's 4 rows are those from 'day' 2024-01-03 on.",
        "1 row is without a 'day': such rows train.",
    )
    hours = (days + np.timedelta64(90, "m")).astype("M8[us]")
    assert "from 'day' 2024-01-03 01:30 on." in split(targets, ByTime("day", hours)).notes[0]
    years = np.where(np.arange(21) < 16, 20191231.0, 20200101.0)
    assert "from 'day' 20200101 on." in split(targets, ByTime("day", years)).notes[0]
    groups = np.r_[np.arange(20) // 4, -1]
    assert split(targets, ByGroup("patient", groups)).notes == (
        "By 'patient', 4 groups are learnt from, and 1 test.",
        "1 row is without a 'patient': such rows train.",
    )
