"""Second moments against sums over the rows, dense and sparse."""

import numpy as np
import pytest

from backpass.engine.moments import moment, moment_with_bias
from sparse_rows import untidy


def by_loop(rows, w):
    return sum(weight * np.outer(row, row) for row, weight in zip(rows, w))


def test_moments_are_sums_over_the_rows(rng):
    a, w = rng.normal(size=(17, 5)), rng.random(17)
    with_bias = np.hstack([np.ones((17, 1)), a])
    np.testing.assert_allclose(moment(a, w), by_loop(a, w), rtol=1e-12)
    np.testing.assert_allclose(moment_with_bias(a, w), by_loop(with_bias, w), rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_moment_of_sparse_rows(dtype, rng):
    a, w = untidy(rng, (40, 9)), rng.random(40)
    with_bias = np.hstack([np.ones((40, 1)), a.toarray()])
    found = moment_with_bias(a.astype(dtype), w.astype(dtype))
    assert found.dtype == dtype
    scale = 40 * np.finfo(dtype).eps
    np.testing.assert_allclose(found, by_loop(with_bias, w), rtol=scale, atol=scale)
