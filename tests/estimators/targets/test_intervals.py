"""Split-conformal intervals: how often they hold the truth, and how many rows that takes."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backpass.errors import SettingError
from backpass.estimators.targets.intervals import half_width


@pytest.mark.parametrize(("n", "coverage"), [(19, 0.9), (50, 0.8), (9, 0.5), (99, 0.95)])
def test_they_hold_the_truth_as_often_as_the_theorem_says(n, coverage):
    """Of continuous errors exactly k / (n + 1), whatever their distribution: here a skewed one."""
    rng = np.random.default_rng(0)
    draws, held = 4000, 0.0
    for _ in range(draws):
        errors = rng.lognormal(size=n + 1)
        held += errors[n] <= half_width(errors[:n], coverage)
    expected = np.ceil((n + 1) * coverage - 1e-9) / (n + 1)
    assert held / draws == pytest.approx(expected, abs=4 * np.sqrt(0.25 / draws))


@example([*range(24)], 28)  # 25 * 0.28 > 7
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=40), st.integers(1, 99))
def test_the_width_is_the_smallest_that_holds_enough(errors, percent):
    errors, coverage = np.array(errors, dtype=float), percent / 100
    n, needed = len(errors), -(-(len(errors) + 1) * percent // 100)
    if needed > n:
        with pytest.raises(SettingError, match=f"and there are {n}") as caught:
            half_width(np.abs(errors), coverage)
        enough = int(str(caught.value).split(" rows that were held")[0].split()[-1])
        many = np.ones(enough)
        assert half_width(many, coverage) == 1
        with pytest.raises(SettingError):
            half_width(many[1:], coverage)
        return
    width = half_width(np.abs(errors), coverage)
    assert (np.abs(errors) <= width).sum() >= needed
    assert (np.abs(errors) < width).sum() < needed


@pytest.mark.parametrize("coverage", [0, 1, -0.5, 90, np.nan])
def test_a_coverage_is_a_part(coverage):
    with pytest.raises(SettingError, match="between 0 and 1"):
        half_width(np.zeros(9), coverage)
