"""Numbers for a network: as scikit-learn scales them, at the ends of float64, with any tail."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.preprocessing import RobustScaler

from backpass.data.encoding.numbers import LINEAR, MOST_CELLS, Scale, Scaling, fit_scale
from backpass.data.encoding.unknown import FarNumbers, Unknown

ANY = st.floats(allow_nan=True, allow_infinity=False)


def scaled(values: np.ndarray, others: np.ndarray | None = None) -> np.ndarray:
    """Numbers as they enter, scaled by the first ones."""
    scale = fit_scale(values)
    assert scale is not None
    F = np.array([values if others is None else others], dtype=np.float64)
    Scaling.of([scale]).apply(F, np.isnan(F))
    return F[0]


def test_a_column_without_tails_is_scaled_as_scikit_learns_robust_scaler_does() -> None:
    values = np.random.default_rng(0).uniform(-3, 11, 501)
    theirs = RobustScaler(unit_variance=True).fit_transform(values[:, None])[:, 0]
    np.testing.assert_allclose(scaled(values), theirs, rtol=2e-4)  # 1.349 is 1.34898


def test_a_normal_column_has_about_mean_0_and_deviation_1() -> None:
    z = scaled(np.random.default_rng(1).normal(1e6, 1e-3, 20_000))
    assert abs(z.mean()) < 0.03
    assert abs(z.std() - 1) < 0.03


@given(st.lists(ANY, min_size=1, max_size=40))
def test_whatever_the_numbers_they_enter_finite_in_their_order_and_gaps_as_the_median(cells):
    values = np.array(cells)
    there = values[~np.isnan(values)]
    scale = fit_scale(values)
    if not len(there) or there.min() == there.max():
        assert scale is None
        return
    assert scale is not None
    assert (scale.low, scale.high) == (there.min(), there.max())
    z = scaled(values)
    assert np.isfinite(z).all()
    assert (z[np.isnan(values)] == 0).all()
    order = np.argsort(there, kind="stable")
    assert (np.diff(z[~np.isnan(values)][order]) >= 0).all()
    assert z.max() > 0 or z.min() < 0


@pytest.mark.parametrize("unit", [1e300, 1e-300, 1e-310, 1e200, 1.0])
def test_the_unit_of_a_column_does_not_matter(unit):
    values = np.array([0.0, 1, 2, 3, 4, 5, 6, 7])
    expected = scaled(values)
    np.testing.assert_allclose(scaled(values * unit), expected, rtol=1e-9)


@pytest.mark.parametrize("unit", [1e300, 1e-300, 1e9])
def test_the_unit_does_not_matter_where_most_cells_are_one_number(unit):
    values = np.array([0.0] * 200 + [1, 2, 5])
    np.testing.assert_allclose(scaled(values * unit), scaled(values), rtol=1e-9)


def test_a_number_beyond_all_measure_is_finite() -> None:
    assert np.isfinite(scaled(np.arange(5) * 1e-310, np.array([1e300, -1e300]))).all()
    ends = scaled(np.array([-1.7e308, 1.7e308, -1.7e308, 1.7e308]))
    assert ends[1] - ends[0] > 0.5


def test_two_numbers_that_differ_stay_two_also_far_out() -> None:
    values = np.random.default_rng(0).normal(size=100)
    z = scaled(values, np.array([-1e300, -1e9, -1e3, -10, 10, 1e3, 1e9, 1e300]))
    assert (np.diff(z) > 1).all()
    assert np.abs(z).max() < 1000


def test_the_tail_goes_on_where_the_middle_ends_with_its_slope() -> None:
    scaling = Scaling.of([Scale(0.0, 1.0, -1.0, 1.0)])
    step = 1e-6
    F = np.array([LINEAR + step * np.arange(-2, 3)])
    scaling.apply(F, np.isnan(F))
    np.testing.assert_allclose(np.diff(F[0]) / step, 1, rtol=1e-5)
    big = np.array([[1e4, -1e4]])
    scaling.apply(big, np.isnan(big))
    np.testing.assert_allclose(big[0], [3 + np.log(9998), -3 - np.log(9998)], rtol=1e-14)


@pytest.mark.parametrize(
    "tail",
    [stats.lognorm(4), stats.cauchy(), stats.pareto(0.3)],
    ids=["lognormal", "cauchy", "pareto"],
)
def test_heavy_tails_leave_the_body_visible_and_themselves_too(tail) -> None:
    values = tail.rvs(size=4000, random_state=0)
    z = scaled(values)
    lower, upper = np.quantile(z, [0.25, 0.75])
    assert upper - lower > 0.5
    assert np.abs(z).max() < 60
    assert len(np.unique(z)) == len(np.unique(values))


@pytest.mark.parametrize("share", [0.5, 0.6, 0.9, 0.97, 0.999])
@pytest.mark.parametrize("noise", [0.0, 1e-9])
def test_where_most_cells_are_one_number_the_others_differ(share, noise) -> None:
    rng = np.random.default_rng(0)
    others = rng.uniform(10, 1000, 5000)
    most = rng.random(5000) < share
    z = scaled(np.where(most, noise * rng.normal(size=5000), others))
    assert z[~most].std() > 0.3
    assert np.abs(z).max() < (12 if share <= 0.9 else 35)


def test_truth_values_and_whole_numbers_are_numbers() -> None:
    for values in (np.array([True, False, True]), np.array([2**53 + 2, 0, 7])):
        scale = fit_scale(values)
        assert scale is not None
        assert scale.high == float(values.max())


def test_many_cells_have_about_the_scale_of_all() -> None:
    values = np.tile(np.arange(24.0), MOST_CELLS // 10)  # a period that even steps would meet
    scale = fit_scale(values)
    assert scale is not None
    assert abs(scale.centre - 11.5) <= 0.5
    assert abs(scale.scale - (17.25 - 5.75) / 1.349) < 0.8
    assert fit_scale(values) == scale


def test_far_is_a_range_away_from_the_range() -> None:
    scaling = Scaling.of([Scale(0.5, 1.0, 0.0, 1.0), Scale(0.0, 1.0, -1e308, 1e308)])
    F = np.array([[-1.0, 2.0, np.nan, 2.5, -1.5], [1.7e308, 0, 0, 0, np.nan]])
    assert {place: far.tolist() for place, far in scaling.far(F).items()} == {
        0: [False, False, False, True, True]
    }
    assert scaling.far(np.empty((2, 0))) == {}
    below = scaling.far(np.array([[np.nan, -1.1], [0, 0]]))
    assert {place: far.tolist() for place, far in below.items()} == {0: [False, True]}


@pytest.mark.parametrize(
    "row", [[0, 0, 0, 1], [0, -1, 0, 1], [np.nan, 1, 0, 1], [0, np.inf, 0, 1], [0, 1, 1]]
)
def test_numbers_that_are_no_scale_are_refused(row) -> None:
    with pytest.raises(ValueError):
        Scaling(np.array([row], dtype=np.float64))


def test_what_is_unknown_is_said_in_sentences() -> None:
    assert not Unknown()
    far = {"a": FarNumbers(1, "9", "9", ("0", "1")), "b": FarNumbers(2, "-9", "9", ("0", "1"))}
    texts = {"c": Counter({"x" * 50: 3, "y": 1}), "d": Counter({str(n): 1 for n in range(10)})}
    unknown = Unknown(texts, frozenset("d"), {"e": 2}, far)
    assert unknown
    assert list(unknown.sentences()) == [
        "Column 'c' holds 2 texts that the training rows do not have, in 4 rows: "
        f"{'x' * 40!r} (3), 'y' (1); they are read as none of the known ones.",
        "Column 'd' holds 10 texts that the training rows do not have, in 10 rows: '0' (1), "
        "'1' (1), '2' (1), '3' (1), '4' (1), '5' (1), '6' (1), '7' (1) and 2 more; they are read "
        "as rare ones.",
        "Column 'e' has a gap in 2 rows; the training rows have none there.",
        "Column 'a' has 1 cell far outside of the training rows: 9, where those hold 0 to 1.",
        "Column 'b' has 2 cells far outside of the training rows: -9 to 9, where those hold 0 to "
        "1.",
    ]
