"""Factors by their names, as text and as numbers."""

import pytest

from backpass.diagnose.mistakes.factors import factor, scale

M, SIZES = 11, (4, 5, 3)
VALUES = {
    "1/m": 1 / 11,
    "1/2m": 1 / 22,
    "1": 1.0,
    "0": 0.0,
    "m/2": 5.5,
    "1/m²": 1 / 121,
    "1/2(m−1)": 1 / 20,
    "1/mK": 1 / 33,
    "K/2m": 3 / 22,
    "−1/m": -1 / 11,
    "m/s": 11 / 4,
}


@pytest.mark.parametrize("name", VALUES)
def test_a_name_is_a_number_and_is_written_as_it_was(name):
    assert scale(name, M, SIZES) == pytest.approx(VALUES[name], rel=1e-15)
    assert factor(name).times() == name


@pytest.mark.parametrize(
    ("right", "ratio", "written"),
    [("1/2m", "2", "λ/m"), ("1/m", "m", "λ"), ("1/2", "4", "2λ"), ("1/m", "1/m", "λ/m²")],
)
def test_a_product_is_written_with_what_it_multiplies(right, ratio, written):
    product = factor(right) * factor(ratio)
    assert product.times("λ") == written
    assert (product * factor(ratio) ** -1) == factor(right)
