"""Means by level, and of training rows those of the other folds."""

import numpy as np
import pytest
from sklearn.preprocessing import TargetEncoder

from backpass.tabular.members.target_means import LEAST_ROWS, PRIOR_ROWS, fit_target_means


def drawn(rng, m=400, levels=(3, 12), outputs=2):
    codes = np.column_stack([rng.integers(0, n, m) for n in levels]).astype(np.int32)
    return codes, levels, codes @ rng.normal(size=(2, outputs)) + rng.normal(size=(m, outputs))


def test_other_rows_have_scikit_learns_means_of_all_training_rows(rng):
    codes, levels, Y = drawn(rng)
    means, _ = fit_target_means(codes, levels, Y)
    found = means(codes).reshape(len(codes), 2, 2)
    for output in range(2):
        theirs = TargetEncoder(smooth=PRIOR_ROWS, target_type="continuous").fit(codes, Y[:, output])
        np.testing.assert_allclose(found[:, :, output], theirs.transform(codes), rtol=1e-12)


def test_a_level_of_one_row_is_drawn_to_the_mean_of_all():
    Y = np.r_[np.zeros(59), 63.0][:, None]
    means, _ = fit_target_means(np.arange(60)[:, None], (60,), Y)
    found, mean = means(np.array([[59]])).item(), Y.mean()
    assert found == pytest.approx((63 + PRIOR_ROWS * mean) / (1 + PRIOR_ROWS), rel=1e-12)


def test_what_is_unknown_has_the_mean_of_all_rows(rng):
    codes, _, Y = drawn(rng)
    means, _ = fit_target_means(codes[codes[:, 0] != 1], (3, 13), Y[codes[:, 0] != 1])
    found = means(np.array([[1, 12], [-1, -1]]))
    expected = np.tile(Y[codes[:, 0] != 1].mean(axis=0), (2, 2))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_no_training_row_tells_its_own_target(rng):
    codes, levels, Y = drawn(rng, outputs=1)
    _, before = fit_target_means(codes, levels, Y)
    Y[7] += 1e6
    _, after = fit_target_means(codes, levels, Y)
    np.testing.assert_array_equal(after[7], before[7])
    assert (after != before).any()


def test_targets_that_follow_from_nothing_are_not_foretold(rng):
    """With every row's own target in it, the mean of a level of two rows would tell much."""
    codes = np.repeat(np.arange(200), 2)[:, None]
    Y = rng.normal(size=(400, 1))
    means, of_training_rows = fit_target_means(codes, (200,), Y)
    assert abs(np.corrcoef(of_training_rows[:, 0], Y[:, 0])[0, 1]) < 0.15
    assert np.corrcoef(means(codes)[:, 0], Y[:, 0])[0, 1] > 0.5


@pytest.mark.parametrize(("m", "levels", "outputs"), [(LEAST_ROWS - 1, 2, 1), (60, 2, 65)])
def test_few_rows_or_very_many_means_have_none(rng, m, levels, outputs):
    codes = rng.integers(0, levels, (m, 1))
    means, of_training_rows = fit_target_means(codes, (levels,), rng.normal(size=(m, outputs)))
    assert of_training_rows.shape == means(codes).shape == (m, 0)


@pytest.mark.parametrize("constant", [0.0, 3.0])
def test_targets_that_do_not_vary_are_their_own_means(rng, constant):
    codes = rng.integers(0, 4, (50, 1))
    means, of_training_rows = fit_target_means(codes, (4,), np.full((50, 1), constant))
    np.testing.assert_array_equal(of_training_rows, constant)
    np.testing.assert_array_equal(means(codes), constant)
