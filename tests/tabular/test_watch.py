"""Who looks on: what is told of a fit, and what is begun and stopped as its time goes by."""

import numpy as np
import pytest

from backpass.tabular.time_limit import CHOICE, Deadline
from backpass.tabular.watch import MembersQueue, Watch
from backpass.training.monitor import Progress


class Clock:
    """Time that goes by when a test says so."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Sized:
    """Work, as far as a queue sees it."""

    def __init__(self, size):
        self.size = size


@pytest.fixture
def clock():
    return Clock()


def limited(clock, seconds):
    """A watch whose members may be trained for so many seconds."""
    return Watch(Deadline(seconds / (1 - CHOICE), clock))


def epoch(job, number, cost=1.0, seconds=0.0):
    return Progress(epoch=number, J=1.0, validation_score=-cost, seconds=seconds, job=job)


def works(*sizes):
    return dict(enumerate(map(Sized, sizes)))


def test_a_deadline_counts_from_where_it_was_made(clock):
    deadline = Deadline(10.0, clock)
    clock.now += 4
    assert (deadline.elapsed(), deadline.left(), deadline.limited) == (4, 6, True)
    assert deadline.left_to_train() == pytest.approx(6 - 10 * CHOICE)
    assert not Deadline().limited
    assert Deadline().left_to_train() == np.inf


def test_without_a_limit_the_largest_is_begun_first(clock):
    queue = MembersQueue(works(1, 3, 2), Watch(Deadline(clock=clock)))
    assert [queue.begin() for _ in range(4)] == [1, 2, 0, None]


def test_in_limited_time_members_are_begun_in_their_order_while_one_more_fits(clock):
    queue = MembersQueue(works(1, 3, 2, 3, 6, 1), limited(clock, 30))
    assert [queue.begin(), queue.begin()] == [0, 1]  # nothing is known of them yet
    for number, seconds in ((0, 3), (1, 6)):
        clock.now += seconds
        queue.end(number)
    for number, seconds in ((2, 2), (3, 6)):
        assert queue.begin() == number
        clock.now += seconds
        queue.end(number)
    assert queue.begin() is None  # 13 seconds are left; 9 units took 3 + 9 + 2 + 6, and it is 6
    assert queue.begin() is None  # though the next would take 2.2


def test_a_member_of_which_nothing_is_left_says_nothing_of_others(clock):
    queue = MembersQueue(works(0, 1), limited(clock, 30))
    queue.begin()
    queue.end(0)
    assert queue.begin() == 1


def test_the_first_member_is_begun_however_little_time_there_is(clock):
    queue = MembersQueue(works(1, 1), limited(clock, 1))
    clock.now += 5
    assert queue.begin() == 0


def test_members_that_are_over_already_leave_no_reason_to_begin_when_the_time_is_over(clock):
    watch = limited(clock, 1)
    queue = watch.queue(works(1), members=3)
    clock.now += 5
    assert queue.begin() is None


def test_a_pack_fits_with_the_time_that_lies_between_two(clock):
    watch = limited(clock, 30)
    assert watch.pack_fits()
    clock.now += 8  # to make rows ready
    queue = watch.queue(works(1, 2), members=2)
    queue.begin()
    clock.now += 5
    queue.end(0)
    clock.now += 4
    assert watch.pack_fits()  # 13 are left, and 8 + 5 will be needed
    clock.now += 0.1
    assert not watch.pack_fits()


def test_an_epoch_that_would_end_too_late_is_not_begun(clock):
    watch = limited(clock, 10)
    clock.now += 4
    assert not watch.report(epoch(0, 1, seconds=3.0))
    clock.now += 2
    assert not watch.report(epoch(1, 1, seconds=2.0))
    assert not watch.report(epoch(0, 2))  # 2 seconds, and 4 are left
    clock.now += 2.5
    assert watch.report(epoch(1, 2))
    assert not watch.stopped  # by the time, not by the caller


def test_the_first_epoch_takes_as_long_as_its_loop_has(clock):
    watch = limited(clock, 10)
    clock.now += 6
    assert watch.report(epoch(0, 1, seconds=5.0))


def test_epochs_of_the_pack_before_are_of_other_members(clock):
    watch = limited(clock, 30)
    watch.queue(works(1), members=1)
    watch.report(epoch(0, 1))
    clock.now += 20
    watch.queue(works(1), members=1)
    assert not watch.report(epoch(0, 1, seconds=1.0))


def test_the_caller_is_told_of_members_costs_and_time(clock):
    told = []
    watch = Watch(Deadline(clock=clock), total=6, callback=told.append)
    queue = watch.queue(works(1, 1, 1), members=4)  # one is over already
    queue.begin()
    watch.report(epoch(0, 1, cost=3.0))
    watch.report(epoch(0, 2, cost=4.0))
    clock.now += 5
    queue.end(0)
    queue.begin()
    watch.report(epoch(1, 1, cost=2.0))
    assert [each.done for each in told] == [1, 1, 2]
    assert [each.best_cost for each in told] == [3.0, 3.0, 2.0]
    assert [each.seconds_left for each in told] == [None, None, 5.0 * 4]
    assert {each.total for each in told} == {6}
    assert told[2].epoch.job == 1


def test_in_limited_time_what_is_left_of_it_is_told(clock):
    told = []
    watch = Watch(Deadline(10.0, clock), callback=told.append)
    clock.now += 3
    watch.report(epoch(0, 1))
    assert (told[0].seconds_left, told[0].total) == (7.0, None)


def test_a_true_answer_stops(clock):
    answers = iter([False, True])
    watch = Watch(Deadline(clock=clock), callback=lambda progress: next(answers))
    assert not watch.report(epoch(0, 1))
    assert not watch.stopped
    assert watch.report(epoch(0, 2))
    assert watch.stopped


def test_nobody_is_to_be_told_of_epochs_where_there_is_neither_caller_nor_limit(clock):
    assert not Watch().needed
    assert limited(clock, 3).needed
    assert Watch(callback=print).needed
