import numpy as np
import pytest
import scipy.stats

from backpass.errors import InvalidInput
from backpass.initialise import init_theta
from backpass.network import Network

NET = Network((400, 25, 10))


def test_the_notes_draw_is_uniform_between_minus_and_plus_epsilon():
    theta = init_theta(NET, seed=1, epsilon=0.12)
    assert abs(theta).max() <= 0.12
    fit = scipy.stats.kstest(theta, scipy.stats.uniform(-0.12, 0.24).cdf)
    assert fit.pvalue > 0.01
    normal = np.random.default_rng(1).normal(size=theta.size) * 2 * 0.12 - 0.12  # the notes' slip
    assert scipy.stats.kstest(normal, scipy.stats.uniform(-0.12, 0.24).cdf).pvalue < 1e-10


@pytest.mark.parametrize(("method", "fans"), [("glorot", 425), ("he", 400)])
def test_bounds_by_layer_and_biases_of_zero(method, fans):
    Theta1 = NET.roll(init_theta(NET, seed=0, method=method))[0]
    bound = np.sqrt(6 / fans)
    assert not Theta1[:, 0].any()
    assert 0.99 * bound < abs(Theta1).max() <= bound


def test_the_same_seed_draws_the_same_theta():
    np.testing.assert_array_equal(init_theta(NET, seed=7), init_theta(NET, seed=7))
    assert (init_theta(NET, seed=7) != init_theta(NET, seed=8)).all()
    old, new = np.random.RandomState(3), np.random.default_rng(3)
    assert init_theta(NET, seed=old).shape == init_theta(NET, seed=new).shape == (10285,)


def test_dtype_and_unknown_method():
    assert init_theta(NET, dtype=np.float32).dtype == np.float32
    with pytest.raises(InvalidInput, match=r"no method 'xavier'.*glorot"):
        init_theta(NET, method="xavier")
