"""A limit counts what a process takes by itself."""

from __future__ import annotations

import pytest

from backpass.grading import own_time
from backpass.grading.own_time import OwnTime


@pytest.fixture
def clock(monkeypatch):
    """A clock, and seconds in which nobody got a processor, both to be set."""
    now = {"clock": 100.0, "7": 0.0, "thread-self": 0.0}
    monkeypatch.setattr(own_time.time, "monotonic", lambda: now["clock"])
    monkeypatch.setattr(own_time, "_waited", lambda name: now.get(name, 0.0))
    return now


@pytest.fixture
def watched(clock) -> OwnTime:
    time = OwnTime(10.0)
    time.watch(7)
    time.begin(10.0)
    return time


def test_time_by_the_clock_counts(clock, watched):
    clock["clock"] += 4
    assert watched.left() == 6
    clock["clock"] += 6
    assert watched.left() <= 0


def test_waiting_for_a_processor_does_not(clock, watched):
    clock["clock"] += 12
    clock["7"] += 5
    assert watched.left() == 3
    clock["thread-self"] += 1
    assert watched.left() == 4


def test_all_answers_together_may_take_three_limits(clock, watched):
    for _ in range(3):
        clock["clock"] += 9
        assert watched.left() > 0
        watched.end()
        watched.begin(10.0)
    clock["clock"] += 4
    assert watched.left() < 0
    clock["7"] += 20
    assert watched.left() > 0


def test_a_share_of_a_limit_is_less(clock, watched):
    watched.begin(5.0)
    clock["clock"] += 5
    assert watched.left() <= 0
