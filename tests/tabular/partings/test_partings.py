"""Rows are parted by a share, in folds, by groups, by a splitter or by hand."""

from itertools import islice

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold, StratifiedShuffleSplit

from backpass.errors import InvalidInput, SettingError
from backpass.tabular.partings.rows import MOST_ASIDE, partings, set_aside, strata_of


def part_rows(*given):
    """The partings that belong together."""
    together, made = partings(*given)
    return list(islice(made, together))


def sorted_rows(parting):
    return sorted(np.concatenate(parting).tolist())


@pytest.mark.parametrize("validation", [None, 0.3])
def test_a_share_of_the_rows_chooses_and_every_row_has_a_part(validation):
    [parting] = part_rows(validation, 200, None, None, 0)
    assert sorted_rows(parting) == list(range(200))
    assert len(parting[1]) == round((validation or 0.15) * 200)


def test_classes_are_on_both_sides_in_proportion_and_rare_ones_are_learned(rng):
    strata = np.r_[np.zeros(150, int), np.ones(48, int), 2, 2]
    [(learn, choose)] = part_rows(0.25, 200, strata, None, 0)
    assert abs(np.mean(strata[choose] == 1) - 0.24) < 0.02
    assert set(strata[learn]) == {0, 1, 2}


def test_folds_hold_every_row_out_once():
    made = part_rows(4, 50, None, None, 1)
    assert sorted(np.concatenate([choose for _, choose in made]).tolist()) == list(range(50))
    assert all(sorted_rows(each) == list(range(50)) for each in made)


@pytest.mark.parametrize("validation", [None, 3, GroupKFold(3)])
def test_no_group_is_on_both_sides(validation, rng):
    groups = rng.choice(list("abcdefgh"), 120)
    for learn, choose in part_rows(validation, 120, None, groups, 0):
        assert not set(groups[learn]) & set(groups[choose])
        assert len(choose)


def test_a_splitter_sees_the_classes(rng):
    strata = (np.arange(100) < 20).astype(int)
    splitter = StratifiedShuffleSplit(3, test_size=0.5, random_state=0)
    made = part_rows(splitter, 100, strata, None, 0)
    assert [int(strata[choose].sum()) for _, choose in made] == [10, 10, 10]


def test_parts_made_by_hand_are_taken_masks_included():
    mask = np.arange(10) < 7
    [(learn, choose)] = part_rows([(mask, ~mask)], 10, None, None, 0)
    assert (learn.tolist(), choose.tolist()) == (list(range(7)), [7, 8, 9])


def test_so_few_rows_that_none_can_be_held_out_do_both():
    [(learn, choose)] = part_rows(None, 5, None, None, 0)
    assert learn.tolist() == choose.tolist() == [0, 1, 2, 3, 4]


def test_what_parts_nothing_is_said():
    with pytest.raises(InvalidInput, match="none to choose by"):
        part_rows([([0, 1], [])], 5, None, None, 0)
    with pytest.raises(InvalidInput, match=r"groups has the shape \(3,\), but there are 5 rows"):
        part_rows(None, 5, None, ["a", "b", "c"], 0)
    with pytest.raises(SettingError, match="folds"):
        part_rows(9, 5, None, None, 0)


def test_strata_of_several_targets_are_their_combinations():
    strata = strata_of(np.array([[0, 0], [0, 1], [1, 0], [0, 1]]))
    assert strata.tolist() == [0, 1, 2, 1]


@pytest.mark.parametrize("validation", [None, 2])
def test_more_partings_are_others(validation):
    together, made = partings(validation, 60, None, None, 0)
    first, second = ([tuple(p[1]) for p in islice(made, together)] for _ in range(2))
    assert set(first).isdisjoint(second)


@pytest.mark.parametrize("chosen", [40, 4_000])
def test_rows_aside_are_some_of_those_that_choose_and_not_too_many(chosen):
    learn, choose = np.arange(100), np.arange(100, 100 + chosen)
    (learnt, left), aside = set_aside((learn, choose), None, 100 + chosen, 0)
    assert learnt is learn
    assert sorted(np.r_[left, aside].tolist()) == choose.tolist()
    assert len(aside) == pytest.approx(min(chosen / 3, MOST_ASIDE), abs=1)


def test_whole_groups_are_aside_and_none_of_rows_that_learn(rng):
    groups = np.arange(90) // 5
    (_, left), aside = set_aside((np.arange(45), np.arange(45, 90)), groups, 90, 0)
    assert not set(groups[left]) & set(groups[aside])
    assert len(aside)
    (_, left), aside = set_aside((np.arange(9), np.arange(9)), None, 9, 0)
    assert (len(left), len(aside)) == (9, 0)
