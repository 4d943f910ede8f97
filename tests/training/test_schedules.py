"""Learning rates by step."""

from __future__ import annotations

import numpy as np
import pytest

from backpass.training.schedules import Schedule


def test_rates():
    steps = {"rows_seen": 40, "step": 4, "n_steps": 2}
    assert Schedule("constant", 0.1).rates(0.1, **steps).tolist() == [0.1, 0.1]
    assert Schedule("adaptive", 0.1).rates(0.02, **steps).tolist() == [0.02, 0.02]
    by_power = Schedule("invscaling", 0.1, power_t=0.5).rates(0.1, **steps)
    np.testing.assert_allclose(by_power, 0.1 / np.sqrt(41))
    assert Schedule("invscaling", 0.1).rates(0.1, 0, 0, 1).tolist() == [0.1]


def test_cosine_comes_down_to_zero():
    rates = Schedule("cosine", 0.2, epochs=5).rates(0.2, 0, 0, 10)
    later = Schedule("cosine", 0.2, epochs=5).rates(0.2, 0, 40, 10)
    assert rates[0] == 0.2
    assert later[-1] == pytest.approx(0)
    assert (np.diff(rates) < 0).all()


def test_one_cycle_rises_to_the_rate_and_falls_below_its_start():
    rates = Schedule("one_cycle", 0.3, epochs=1).rates(0.3, 0, 0, 101)
    top = int(np.argmax(rates))
    assert top == 30
    assert rates[top] == pytest.approx(0.3)
    assert rates[0] == pytest.approx(0.3 / 25)
    assert rates[-1] == pytest.approx(0.3e-4 / 25)
    assert (np.diff(rates[: top + 1]) > 0).all()
    assert (np.diff(rates[top:]) < 0).all()


def test_rates_stay_at_the_end():
    assert Schedule("cosine", 0.2, epochs=1).rates(0.2, 0, 99, 5) == pytest.approx([0] * 5)


def test_cosine_warms_up_from_zero():
    rates = Schedule("cosine", 0.2, epochs=2, warm_up=0.25).rates(0.2, 0, 0, 21)
    rest = Schedule("cosine", 0.2, epochs=2, warm_up=0.25).rates(0.2, 0, 21, 21)
    both = np.concatenate([rates, rest])
    done = np.arange(42) / 41
    fall = 0.2 * (1 + np.cos(np.pi * (done - 0.25) / 0.75)) / 2
    np.testing.assert_allclose(both, np.where(done < 0.25, 0.2 * done / 0.25, fall), atol=1e-15)
