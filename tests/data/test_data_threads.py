"""Threads that work on parts of a table: in order, never far ahead, and the first fault is told."""

from __future__ import annotations

import threading
import time

import pytest

from backpass.data import threads
from backpass.data.threads import in_threads


@pytest.fixture(params=["1", "2", "5"])
def n(request, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", request.param)
    assert threads.n_threads() == int(request.param)
    return int(request.param)


def test_results_come_in_the_order_of_the_tasks(n):
    def later(number: int) -> int:
        time.sleep(0.001 * (number % 3))
        return -number

    assert list(in_threads(later, range(30))) == [-number for number in range(30)]
    assert list(in_threads(later, [])) == []


def test_few_tasks_are_ahead_of_the_result_that_is_awaited(n):
    begun: list[int] = []
    results = in_threads(begun.append, range(100))
    for number in range(60):
        next(results)
        assert number < len(begun) <= number + 1 + threads.AHEAD * n
    results.close()


def test_several_work_at_once(n):
    barrier = threading.Barrier(n, timeout=20)
    assert list(in_threads(lambda _: barrier.wait() >= 0, range(2 * n))) == [True] * 2 * n


def test_the_first_fault_in_the_tasks_order_is_raised(n):
    def fail(number: int) -> int:
        if number == 3:
            time.sleep(0.01)
        if number >= 3:
            raise ValueError(str(number))
        return number

    results = in_threads(fail, range(9))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match=r"^3$"):
        next(results)


@pytest.mark.parametrize("asked", ["", "0", "many", "-2"])
def test_where_nothing_is_asked_for_the_processors_count(asked, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert threads.n_threads() >= 1
