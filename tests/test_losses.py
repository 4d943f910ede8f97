import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import d2_pinball_score, log_loss, mean_pinball_loss, mean_poisson_deviance

from backpass.errors import InvalidNetwork
from backpass.losses import LOSSES, find_loss, huber, quantile

CANONICAL = ["log_loss", "binary_log_loss", "squared_error", "poisson"]
finite = st.floats(-20, 20)


def targets(loss, rng, shape):
    if loss == "log_loss":
        return np.eye(shape[1])[rng.integers(shape[1], size=shape[0])]
    if loss == "binary_log_loss":
        return rng.integers(2, size=shape).astype(float)
    return rng.poisson(2.0, shape).astype(float) if loss == "poisson" else rng.normal(size=shape)


@pytest.mark.parametrize("name", LOSSES)
def test_delta_is_the_derivative_of_the_value(name, rng):
    loss, z = LOSSES[name], rng.normal(size=(6, 4)) * 3
    y = targets(name, rng, z.shape)
    for k in range(4):
        step = np.zeros_like(z, dtype=complex)
        step[:, k] = 1e-40j
        derivative = np.imag(loss.value(z + step, y)) / 1e-40
        np.testing.assert_allclose(loss.delta(z, y)[:, k], derivative, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", CANONICAL)
def test_delta_of_a_canonical_loss_is_a_minus_y(name, rng):
    z = rng.normal(size=(5, 3))
    y = targets(name, rng, z.shape)
    np.testing.assert_allclose(LOSSES[name].delta(z, y), LOSSES[name].h(z) - y, atol=1e-15)


def test_values_equal_scikit_learns(rng):
    z = rng.normal(size=(50, 3))
    y = targets("log_loss", rng, z.shape)
    ours = LOSSES["log_loss"].value(z, y).mean()
    assert ours == pytest.approx(log_loss(y, scipy.special.softmax(z, axis=1)), rel=1e-13)
    y = targets("poisson", rng, (50, 1))
    ours = LOSSES["poisson"].value(z[:, :1], y).mean()
    assert ours == pytest.approx(mean_poisson_deviance(y, np.exp(z[:, :1])) / 2, rel=1e-12)
    y = rng.normal(size=(50, 1))
    ours = quantile(0.8).value(z[:, :1], y).mean()
    assert ours == pytest.approx(mean_pinball_loss(y, z[:, :1], alpha=0.8), rel=1e-13)
    assert d2_pinball_score(y, z[:, :1]) < 1


def test_huber_equals_scipys(rng):
    r = rng.normal(size=(30, 1)) * 4
    ours = huber(1.5).value(r, np.zeros_like(r))
    np.testing.assert_allclose(ours, scipy.special.huber(1.5, r)[:, 0], rtol=1e-14)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_the_cost_at_a_thousand_is_exact_and_finite(sign):
    z, one, zero = np.array([[sign * 1000.0]]), np.array([[1.0]]), np.array([[0.0]])
    binary = LOSSES["binary_log_loss"]
    assert binary.value(z, one)[0] == max(-sign, 0) * 1000
    assert binary.value(z, zero)[0] == max(sign, 0) * 1000
    pair = np.hstack([z, -z])
    y = np.array([[1.0, 0.0]])
    assert LOSSES["log_loss"].value(pair, y)[0] == max(-sign, 0) * 2000
    np.testing.assert_array_equal(LOSSES["log_loss"].h(pair), [[max(sign, 0), max(-sign, 0)]])


@given(z=st.lists(finite, min_size=3, max_size=3), shift=finite)
def test_softmax_rows_sum_to_one_and_shifts_change_nothing(z, shift):
    z, y = np.array([z]), np.array([[0.0, 1.0, 0.0]])
    loss = LOSSES["log_loss"]
    assert loss.h(z).sum() == pytest.approx(1, abs=1e-15)
    assert loss.value(z + shift, y)[0] == pytest.approx(loss.value(z, y)[0], abs=1e-13)


def test_log_loss_with_soft_targets_that_do_not_sum_to_one(rng):
    z, y = rng.normal(size=(4, 3)), rng.uniform(size=(4, 3))
    expected = scipy.special.logsumexp(z, axis=1) - (y * z).sum(axis=1)
    np.testing.assert_allclose(LOSSES["log_loss"].value(z, y), expected, rtol=1e-13)


def test_parameters_are_checked():
    with pytest.raises(InvalidNetwork, match="positive, not -1"):
        huber(-1)
    with pytest.raises(InvalidNetwork, match="between 0 and 1, not 1"):
        quantile(1)
    with pytest.raises(InvalidNetwork, match="no loss 'hinge'"):
        find_loss("hinge")
