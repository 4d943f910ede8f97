"""What a time will hold: how many members, and how many epochs of each."""

import pytest

from backpass.tabular.members.pace import Pace
from backpass.tabular.time_limit import SPARE, ends_after, epochs_that_fit

ALIKE = [Pace(0.0, 1.0)] * 4
USUAL = [10] * 4


def fitting(left, paces=ALIKE, usual=USUAL, threads=2, later=False):
    """With so many seconds after what is spared."""
    return epochs_that_fit(paces, usual, left / (1 - SPARE) + 1e-9, threads, later)


@pytest.mark.parametrize(("threads", "seconds"), [(1, 40), (2, 20), (3, 20), (4, 10), (9, 10)])
def test_members_are_over_one_after_the_other_on_each_thread(threads, seconds):
    assert ends_after(ALIKE, USUAL, threads) == seconds


def test_the_thread_that_is_free_first_takes_the_next():
    unlike = [Pace(0.0, each) for each in (5.0, 1.0, 1.0, 1.0)]
    assert ends_after(unlike, [2] * 4, threads=2) == 10


def test_with_time_for_half_a_pack_more_members_are_as_long_as_usual():
    assert fitting(30) == USUAL
    assert fitting(1e9) == USUAL


@pytest.mark.parametrize(("left", "epochs"), [(29.9, 14), (26, 13), (20, 10), (14, 7), (8, 4)])
def test_else_they_use_up_what_is_left(left, epochs):
    assert fitting(left) == [epochs] * 4


def test_where_they_would_be_very_short_there_are_fewer():
    assert fitting(7.9) == [7, 7]
    assert fitting(7.9, threads=1) == [7]
    assert fitting(12, threads=1) == [4, 4, 4]
    assert fitting(3.9, threads=4) == [3] * 4


def test_the_first_are_an_epoch_long_at_least_and_later_ones_may_be_none():
    assert fitting(0.1) == [1, 1]
    assert fitting(-5) == [1, 1]
    assert fitting(3.9, later=True) == []
    assert fitting(4, later=True) == [4, 4]


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("left", [3, 5, 11, 17, 40, 77])
def test_what_is_chosen_is_over_in_time_and_wastes_little(threads, left):
    unlike = [Pace(0.3, each) for each in (0.6, 0.5, 1.0, 1.3)]
    epochs = fitting(left, unlike, threads=threads)
    ends = ends_after(unlike[: len(epochs)], epochs, threads)
    assert ends <= left + 1e-6
    assert ends > 0.6 * left or epochs == USUAL
