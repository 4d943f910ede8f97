"""The numeric derivative, against derivatives that are known, on kinks, scales and rounding."""

from __future__ import annotations

import math

import numpy as np
import pytest

from backpass.differences import (
    central,
    complex_step,
    complex_step_fits,
    differences,
    rounding_of,
    value_of,
)
from backpass.errors import InvalidInput

POINT = np.array([1.0, 2.0, -3.0, 0.0])
EVERY = np.arange(4)


@pytest.mark.parametrize("size", [1e-8, 1e-3, 1.0, 1e6])
@pytest.mark.parametrize("height", [1e-20, 1.0, 1e20])
def test_steps_suit_any_size_of_theta_and_of_j(size, height):
    found = differences(lambda x: height * np.sin(x / size).sum(), size * POINT, EVERY)
    right = height * np.cos(POINT) / size
    assert (np.abs(found.value - right) <= found.error).all()
    assert (found.error <= 1e-10 * height / size).all()
    assert not found.kink.any()
    np.testing.assert_array_equal(found.low, found.high)


@pytest.mark.parametrize("distance", [10.0**-k for k in range(1, 9)])
@pytest.mark.parametrize("side", [1, -1])
def test_a_kink_beside_theta_does_not_reach_the_slope(distance, side):
    def J(x):
        return math.exp(x[0]) + max(side * x[0] - distance, 0) / 2

    found = differences(J, np.zeros(1), np.arange(1))
    assert abs(found.value[0] - 1) <= found.error[0] < 1e-9
    assert found.low[0] == found.high[0] == found.value[0]
    assert found.kink[0] == (distance < 5e-6)


@pytest.mark.parametrize("distance", [0.0, 1e-15, 1e-12])
def test_on_a_kink_both_sides_have_their_slope(distance):
    def J(x):
        return math.exp(x[0]) + max(x[0] - distance, 0) / 2

    found = differences(J, np.zeros(1), np.arange(1))
    assert found.kink[0]
    assert abs(found.low[0] - 1) < 1e-9
    assert abs(found.high[0] - 1.5) < 1e-6
    assert found.value[0] == pytest.approx(1.25, abs=1e-6)


def test_many_kinks_are_looked_between(rng):
    kinks = rng.uniform(-1, 1, 1000)

    def J(x):
        return np.maximum(x[0] - kinks, 0).mean()

    found = differences(J, np.zeros(1), np.arange(1))
    assert abs(found.value[0] - (kinks < 0).mean()) <= found.error[0] < 1e-6


def test_single_precision_is_told_and_allowed_for():
    def J(x):
        return float(np.sin(x.astype(np.float32)).sum())

    found = differences(J, POINT, EVERY)
    assert (np.abs(found.value - np.cos(POINT)) <= found.error).all()
    assert (found.error < 1e-3).all()
    assert 1e-9 < rounding_of(J, POINT, J(POINT), EVERY) < 1e-6


@pytest.mark.parametrize("J", [lambda x: 3.0, lambda x: x[1] * 0.0])
def test_a_flat_function_is_flat(J):
    found = differences(J, POINT, EVERY)
    np.testing.assert_array_equal(found.value, 0)
    np.testing.assert_allclose(found.error, 0, atol=1e-13)


def test_rounding_is_at_least_half_of_js_last_digit():
    assert rounding_of(lambda x: 8.0, POINT, 8.0, EVERY) == 4 * np.finfo(float).eps
    assert rounding_of(lambda x: 8.0, POINT, 8.0, EVERY[:0]) == 4 * np.finfo(float).eps


def test_rounding_that_is_put_in_is_found():
    noise = np.random.default_rng(0)
    found = [
        rounding_of(lambda x: x.sum() + noise.normal(0, 1e-5), POINT, 0.0, EVERY) for _ in range(9)
    ]
    assert 3e-6 < np.median(found) < 2e-5


def test_steps_out_of_a_functions_domain_are_left_out():
    found = differences(lambda x: math.log(x[0]), np.array([0.01]), np.arange(1))
    assert abs(found.value[0] - 100) <= found.error[0] < 1e-6
    found = differences(lambda x: np.sqrt(x[0]), np.array([1e-3]), np.arange(1))
    assert found.value[0] == pytest.approx(0.5 / math.sqrt(1e-3), rel=1e-9)


def test_where_no_step_can_be_made_nothing_is_known():
    found = differences(lambda x: 1.0 if x[0] == 2 else np.inf, np.array([2.0]), np.arange(1))
    assert np.isnan(found.value[0])
    assert found.error[0] == np.inf
    assert not found.kink[0]


@pytest.mark.parametrize("J", [np.nan, np.inf])
def test_a_j_that_is_not_finite_has_no_derivative(J):
    with pytest.raises(InvalidInput, match=f"J is {J} at theta, so it has no derivative there"):
        differences(lambda x: J, POINT, EVERY)


def test_no_entries_no_derivatives():
    found = differences(np.sum, POINT, EVERY[:0])
    assert found.value.shape == found.kink.shape == (0,)


@pytest.mark.parametrize("size", [1e-60, 1.0, 1e50])
def test_the_complex_step_is_exact(size):
    found = complex_step(lambda x: (x**3).sum() / size**2, size * POINT, EVERY)
    np.testing.assert_allclose(found, 3 * POINT**2, rtol=1e-15, atol=1e-60)


def test_some_entries_by_some_step():
    found = complex_step(lambda x: ((x**2).sum(), "more"), POINT, np.array([2, 0]), step=1e-20)
    np.testing.assert_allclose(found, [-6.0, 2.0], rtol=1e-15)
    by_hand = central(lambda x: ((x**3).sum(), "more"), POINT, np.array([2, 0]), 0.5)
    np.testing.assert_allclose(by_hand, [27.25, 3.25])
    assert value_of(("J", "D")) == "J"
    assert value_of(3) == 3


def test_a_function_that_takes_no_complex_numbers_has_no_complex_step():
    assert complex_step(lambda x: np.abs(x).sum(), POINT, EVERY) is None
    assert complex_step(lambda x: math.fsum(x), POINT, EVERY) is None


def test_an_entry_without_an_imaginary_part_is_flat():
    def J(x):
        total = (x[:3] ** 2).sum()
        return total if total.imag else float(total.real)

    np.testing.assert_allclose(complex_step(J, POINT, EVERY), [2, 4, -6, 0])


@pytest.mark.parametrize("where", range(4))
def test_one_entry_that_is_not_analytic_is_seen(where):
    def J(x):
        rest = np.delete(x, where)
        return (rest**2).sum() + 0.001 * np.sin(x[where].real)

    theta = POINT + 0.1
    derivatives = complex_step(J, theta, EVERY)
    assert derivatives[where] == 0
    assert not complex_step_fits(J, theta, EVERY, derivatives)
    others = np.delete(EVERY, where)
    assert complex_step_fits(J, theta, others, derivatives[others])


def test_kinks_do_not_make_the_complex_step_distrusted(rng):
    A = rng.normal(size=(300, 4))

    def J(x):
        z = A @ x
        return np.where(z.real > 0, z, 0).mean()

    assert complex_step_fits(J, POINT, EVERY, complex_step(J, POINT, EVERY))
