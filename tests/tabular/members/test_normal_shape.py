"""The shape against the normal distribution's own, and against scikit-learn's transformer."""

import numpy as np
import pytest
from scipy import stats
from sklearn.preprocessing import QuantileTransformer

from backpass.tabular.members.normal_shape import NOISE, fit_normal_shape


@pytest.mark.parametrize("m", [12, 700, 40_000])
def test_it_is_scikit_learns_quantile_transformer_fitted_on_noisy_numbers(rng, m):
    x = np.exp(rng.normal(size=m)).round(1)
    noisy = x + NOISE * x.std() * np.random.default_rng(0).standard_normal(m)
    theirs = QuantileTransformer(
        n_quantiles=max(10, min(m // 30, 128)), output_distribution="normal", subsample=None
    ).fit(noisy[:, None])
    new = np.r_[x, rng.uniform(-1, 10, 300)]
    np.testing.assert_allclose(
        fit_normal_shape(x)(new), theirs.transform(new[:, None])[:, 0], atol=1e-6
    )


@pytest.mark.parametrize("make", [np.exp, np.cbrt, lambda z: z**3 + z])
def test_any_monotone_map_of_normal_numbers_is_undone(rng, make):
    z = rng.normal(size=30_000)
    found = fit_normal_shape(make(z))(make(z))
    middle = np.abs(z) < 2
    assert np.abs(found - z)[middle].max() < 0.15
    assert stats.kstest(found, "norm").statistic < 0.02


def test_it_is_monotone_and_bounded(rng):
    shape = fit_normal_shape(np.r_[rng.normal(size=50), np.zeros(200)])
    z = shape(np.sort(np.r_[rng.normal(size=500), -1e300, 1e300, 0]))
    assert (np.diff(z) >= 0).all()
    assert np.abs(z).max() < 5.3


def test_a_value_with_many_rows_lies_in_their_middle():
    x = np.r_[np.zeros(500), np.linspace(1, 2, 500)]
    zero = fit_normal_shape(x)(np.array([0.0]))
    assert zero == pytest.approx(stats.norm.ppf(0.25), abs=0.1)
