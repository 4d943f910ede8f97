"""Rules that part rows: scikit-learn's draws, brute force on small cases, and what always holds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold, train_test_split

from backpass.data.splitting.split_rules import AtRandom, ByGroup, ByTime, Targets, read_rule
from backpass.errors import SettingError

PARTS = st.floats(0.05, 0.95)
CODES = st.lists(st.integers(0, 6), min_size=10, max_size=80).map(np.array)
SEEDS = st.integers(0, 50)


def sides(first, second, rows):
    """Each row is on one side exactly."""
    np.testing.assert_array_equal(np.sort(np.r_[first, second]), rows)


# --- at random ---------------------------------------------------------------------------------


@given(CODES, PARTS, SEEDS)
def test_a_class_of_two_rows_is_on_both_sides_and_a_single_one_trains(y, part, seed):
    rows = np.arange(len(y))
    learn, test = AtRandom().test_rows(rows, y, part, seed)
    sides(learn, test, rows)
    for code, count in zip(*np.unique(y, return_counts=True)):
        assert (y[learn] == code).any()
        assert (y[test] == code).any() == (count > 1)


@given(CODES, PARTS, SEEDS)
def test_every_class_keeps_its_proportion(y, part, seed):
    _, test = AtRandom().test_rows(np.arange(len(y)), y, part, seed)
    counts = np.bincount(y)
    held_out = np.bincount(y[test], minlength=len(counts))
    assert (np.abs(held_out - part * counts)[counts > 1] <= 1.5).all()


def test_two_hundred_classes_of_two_rows_are_on_both_sides():
    y = np.repeat(np.arange(200), 2)
    learn, test = AtRandom().test_rows(np.arange(400), y, 0.1, 0)
    assert np.unique(y[learn]).size == np.unique(y[test]).size == 200


@given(CODES, st.floats(0.05, 0.5), SEEDS)
def test_validation_holds_no_class_that_training_does_not(y, part, seed):
    rows = np.arange(100, 100 + len(y))
    train, validation = AtRandom().inner_rows(rows, np.r_[np.zeros(100, int), y], part, seed)
    sides(train, validation, rows)
    assert {*y[validation - 100]} <= {*y[train - 100]}
    assert len(validation) <= part * len(y) + 2


def test_rare_classes_validate_in_about_their_part():
    y = np.repeat(np.arange(200), 4)
    train, validation = AtRandom().inner_rows(np.arange(800), y, 0.1, 0)
    assert len(validation) == 80
    assert len(np.unique(y[train])) == 200


@given(SEEDS, st.sampled_from([0.1, 0.2, 0.33]))
def test_without_rare_classes_the_draw_is_scikit_learns(seed, part):
    """The bits of the first release: the same rows in the same order, of classes and of numbers."""
    rows, y = np.arange(150), np.arange(150) % 3
    for strata in (y, None):
        expected = train_test_split(rows, test_size=part, stratify=strata, random_state=seed)
        for made, part_of in zip(AtRandom().test_rows(rows, strata, part, seed), expected):
            np.testing.assert_array_equal(made, part_of)


def test_so_few_rows_validate_nothing():
    train, validation = AtRandom().inner_rows(np.arange(19), None, 0.1, 0)
    assert (len(train), len(validation)) == (19, 0)


@given(CODES, st.integers(2, 5), SEEDS)
def test_folds_at_random(y, n, seed):
    """Each row of a class of two and more tests once; its class is in every fold's training."""
    rows, counts = np.arange(len(y)), np.bincount(y)
    if (counts[y] > 1).sum() < n:
        with pytest.raises(SettingError, match=f"that makes no {n} folds"):
            AtRandom().folds(rows, y, n, seed)
        return
    folds = AtRandom().folds(rows, y, n, seed)
    tested = np.sort(np.concatenate([test for _, test in folds]))
    np.testing.assert_array_equal(tested, rows[counts[y] > 1])
    for learn, test in folds:
        sides(learn, test, rows)
        assert {*y[test]} <= {*y[learn]}
    spread = np.array([np.bincount(y[test], minlength=7) for _, test in folds])
    assert (np.ptp(spread, axis=0) <= 1).all()
    assert np.ptp(spread.sum(axis=1)) <= 1


def test_folds_have_the_class_counts_of_stratified_k_fold():
    y = np.random.default_rng(0).integers(0, 3, 101)
    dealt = StratifiedKFold(4, shuffle=True, random_state=0).split(y, y)
    expected = {tuple(np.bincount(y[test])) for _, test in dealt}
    made = {tuple(np.bincount(y[test])) for _, test in AtRandom().folds(np.arange(101), y, 4, 0)}
    assert made == expected


# --- by time -----------------------------------------------------------------------------------

TIMES = st.lists(st.one_of(st.integers(0, 8), st.none()), min_size=10, max_size=60).map(
    lambda cells: np.array([np.nan if cell is None else cell for cell in cells], dtype=float)
)


def distinct(times):
    return np.unique(times[~np.isnan(times)])


@given(TIMES, PARTS)
def test_the_latest_rows_are_held_out_and_equal_times_stay_together(times, part):
    rows = np.arange(len(times))
    if len(distinct(times)) < 2:
        with pytest.raises(SettingError, match="the same one"):
            ByTime("day", times).test_rows(rows, None, part, 0)
        return
    learn, test = ByTime("day", times).test_rows(rows, None, part, 0)
    sides(learn, test, rows)
    assert not np.isnan(times[test]).any()
    assert np.nanmax(times[learn]) < times[test].min()
    timed = (~np.isnan(times)).sum()
    wanted = timed - int(timed * (1 - part) + 1e-9)
    closest = min(abs((times >= first).sum() - wanted) for first in distinct(times)[1:])
    assert abs(len(test) - wanted) == closest


def test_datetimes_part_as_numbers_do():
    days = np.array(["2024-03-01", "NaT", "2024-01-01", "2024-02-01", "2024-03-01"], "M8[us]")
    learn, test = ByTime("day", days).test_rows(np.arange(5), None, 0.25, 0)
    assert (learn.tolist(), test.tolist()) == ([1, 2, 3], [0, 4])


@given(TIMES, CODES)
def test_later_rows_validate_as_long_as_their_classes_occur_before(times, y):
    m = min(len(times), len(y))
    times, y, rows = times[:m], y[:m], np.arange(m)
    train, validation = ByTime("day", times).inner_rows(rows, y, 0.3, 0)
    sides(train, validation, rows)
    assert {*y[validation]} <= {*y[train]}
    if len(validation) and not np.isnan(times[train]).all():
        assert np.nanmax(times[train]) < times[validation].min()


@pytest.mark.parametrize(("first", "validating"), [(0, 4), (36, 3), (38, 1), (39, 0)])
def test_as_many_rows_validate_as_the_classes_allow(first, validating):
    """Two classes take turns; the third occurs from one row on."""
    y = np.where(np.arange(40) == first, 2, np.arange(40) % 2)
    train, validation = ByTime("day", np.arange(40.0)).inner_rows(np.arange(40), y, 0.1, 0)
    assert (len(train), len(validation)) == (40 - validating, validating)


@given(TIMES, st.integers(2, 5))
def test_each_fold_learns_from_what_was_before(times, n):
    rows = np.arange(len(times))
    if len(distinct(times)) <= n:
        with pytest.raises(SettingError, match="different times"):
            ByTime("day", times).folds(rows, None, n, 0)
        return
    folds, last = ByTime("day", times).folds(rows, None, n, 0), -1
    for learn, test in folds:
        assert np.isnan(times[learn]).sum() == np.isnan(times).sum()
        assert last <= np.nanmax(times[learn]) < times[test].min()
        last = times[test].max()
    np.testing.assert_array_equal(np.sort(np.r_[folds[-1]]), rows)
    assert sum(len(test) for _, test in folds) == (times > np.nanmax(times[folds[0][0]])).sum()


def test_folds_by_time_are_about_as_long():
    folds = ByTime("day", np.arange(60.0)).folds(np.arange(60), None, 5, 0)
    assert [len(learn) for learn, _ in folds] == [10, 20, 30, 40, 50]


# --- by group ----------------------------------------------------------------------------------

GROUPS = st.lists(st.integers(-1, 9), min_size=10, max_size=60).map(np.array)


@given(GROUPS, CODES, PARTS, SEEDS, st.booleans())
def test_no_group_is_on_both_sides_and_rows_without_one_train(groups, y, part, seed, classes):
    m = min(len(groups), len(y))
    rows, groups, strata = np.arange(m), groups[:m], y[:m] if classes else None
    rule = ByGroup("patient", groups)
    if len({*groups} - {-1}) < 2:
        with pytest.raises(SettingError, match="takes two"):
            rule.test_rows(rows, strata, part, seed)
        return
    for kind in ("test_rows", "inner_rows"):
        learn, held_out = getattr(rule, kind)(rows, strata, part, seed)
        sides(learn, held_out, rows)
        assert -1 not in groups[held_out]
        assert not {*groups[learn]} & {*groups[held_out]}
        assert len(held_out) or kind == "inner_rows"
        if classes and (kind == "inner_rows" or len({*groups[held_out]}) > 1):
            assert {*y[held_out]} <= {*y[learn]}


@given(GROUPS, st.integers(2, 4), SEEDS)
def test_each_group_tests_once(groups, n, seed):
    rows, found = np.arange(len(groups)), len({*groups} - {-1})
    if found < n:
        with pytest.raises(SettingError, match=f"has {found} groups"):
            ByGroup("patient", groups).folds(rows, None, n, seed)
        return
    folds = ByGroup("patient", groups).folds(rows, None, n, seed)
    for learn, test in folds:
        sides(learn, test, rows)
        assert len(test)
        assert not {*groups[learn]} & {*groups[test]}
    tested = np.sort(np.concatenate([test for _, test in folds]))
    np.testing.assert_array_equal(tested, rows[groups >= 0])


def test_as_many_folds_as_groups_hold_one_each():
    groups = np.repeat(np.arange(4), [1, 1, 1, 9])
    for seed in range(10):
        folds = ByGroup("patient", groups).folds(np.arange(12), None, 4, seed)
        assert sorted(len(test) for _, test in folds) == [1, 1, 1, 9]


def test_a_class_of_one_group_trains():
    groups, y = np.repeat(np.arange(20), 5), np.zeros(100, int)
    for seed in range(20):
        y[:] = 0
        y[groups == seed] = 1
        learn, test = ByGroup("patient", groups).test_rows(np.arange(100), y, 0.2, seed)
        assert (y[learn] == 1).any()
        assert len(test) >= 15


# --- words -------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["time", "time:", "day:hour", ":x", "", "Time:x"])
def test_a_rule_is_time_or_group_and_a_column(text):
    with pytest.raises(SettingError, match="time:COLUMN") as caught:
        read_rule(text)
    assert (caught.value.setting, caught.value.value) == ("split", text)


def test_several_targets_go_together():
    kind = Targets.of_labels("kind", ["a", "b", None, "a", "b"])
    size = Targets("size", np.array([1.0, 2.0, 3.0, np.nan, 5.0]))
    both = Targets.joined([kind, size, Targets.of_labels("ill", ["no", "no", "no", "no", "yes"])])
    assert both.name == "kind, size, ill"
    assert both.known.tolist() == [True, True, False, False, True]
    assert both.classes == ("a, no", "b, no", "b, yes")
    assert both.y.tolist() == [0, 1, -1, -1, 2]
    assert Targets.joined([size, size]).classes is None
    np.testing.assert_array_equal(Targets.joined([size, size]).known, size.known)
