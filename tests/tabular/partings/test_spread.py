"""Errors of a mean of packs follow from those of each and from how packs scatter."""

import numpy as np
import pytest

from backpass.tabular.partings.spread import LEAST, LeftOut, smaller_errors


def scattered(rng, packs, v, m=6_000, outputs=1):
    """Noise of variance 1, and packs whose answers scatter by v around the truth."""
    noise = rng.normal(size=(m, outputs))
    answers = np.sqrt(v) * rng.normal(size=(packs, m, outputs))
    return noise, answers


@pytest.mark.parametrize(("packs", "v"), [(2, 0.5), (4, 0.2), (4, 1.0), (6, 0.05)])
def test_errors_of_the_mean_are_foretold(packs, v, rng):
    noise, answers = scattered(rng, packs, v)
    left = [LeftOut(np.arange(6_000), each) for each in answers]
    shares = rng.dirichlet(np.full(packs, 9.0))
    factor = smaller_errors(noise - answers[0], left, shares)
    mean = noise - np.tensordot(shares, answers, 1)
    assert factor[0] == pytest.approx(mean.std() / (noise - answers[0]).std(), rel=0.04)


def test_only_rows_that_two_packs_have_left_out_count(rng):
    _, answers = scattered(rng, 2, 1.0, 300)
    numbers = np.arange(300), np.arange(200, 500)
    left = [LeftOut(n, a) for n, a in zip(numbers, answers)]
    errors, halves = 2 * np.ones((50, 1)), np.array([0.5, 0.5])
    v = np.mean((answers[0][200:] - answers[1][:100]) ** 2) / 2
    expected = np.sqrt(1 - v / 2 / 4)
    assert smaller_errors(errors, left, halves)[0] == pytest.approx(expected, rel=1e-12)
    apart = [left[0], LeftOut(np.arange(290, 590), answers[1])]  # ten rows say nothing
    assert smaller_errors(errors, apart, halves).tolist() == [1.0]


def test_each_target_has_its_own_factor_and_none_is_too_small(rng):
    noise, answers = scattered(rng, 4, 1.0, 400, 2)
    answers[:, :, 1] *= 1e-6
    left = [LeftOut(np.arange(400), each) for each in answers]
    factors = smaller_errors(noise - answers[0], left, np.full(4, 0.25))
    assert factors[0] < 0.9
    assert factors[1] == pytest.approx(1, abs=1e-9)
    assert smaller_errors(1e-3 * noise, left, np.full(4, 0.25))[0] == LEAST
    assert smaller_errors(0 * noise, left, np.full(4, 0.25)).tolist() == [1.0, 1.0]
