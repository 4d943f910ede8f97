"""Sums over blocks are the sums over all rows, and the same bits from every source."""

import numpy as np
import pytest
import scipy.sparse

from backpass import Network, engine, init_theta
from backpass.blocks import ArrayBlocks
from backpass.errors import InvalidInput
from backpass.solvers.first_order import Adam, GradientDescent
from backpass.streaming import StreamedProblem, all_targets

RNG = np.random.default_rng(3)
M = 230
X = RNG.normal(size=(M, 6))
K = RNG.integers(0, 3, M)
w = RNG.random(M) * (RNG.random(M) > 0.2)
net = Network((6, 7, 3), "tanh", "log_loss")
theta = init_theta(net, 1, "glorot")


def encode(y):
    return np.eye(3)[y]


def streamed(X=X, w=w, rows=32, **how):
    return StreamedProblem(net, ArrayBlocks(X, K, w, rows), encode, lam=0.3, **how)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-14), (np.float32, 3e-6)])
@pytest.mark.parametrize("weights", [None, w])
def test_objective(dtype, tolerance, weights):
    ours = streamed(X.astype(dtype), weights).cost_and_gradient(theta.astype(dtype))
    theirs = engine.cost_and_gradient(net, theta, X, encode(K), 0.3, weights)
    assert ours[1].dtype == dtype
    assert abs(ours[0] / theirs[0] - 1) <= tolerance
    assert np.linalg.norm(ours[1] - theirs[1]) <= tolerance * np.linalg.norm(theirs[1])


def test_the_same_bits_from_every_source(tmp_path):
    np.save(tmp_path / "X.npy", X)
    J, D = streamed().cost_and_gradient(theta)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    for source in (mapped, np.asfortranarray(X), scipy.sparse.csr_array(X)):
        other_J, other_D = streamed(source).cost_and_gradient(theta)
        assert other_J == J
        np.testing.assert_array_equal(other_D, D)


def test_a_block_without_weight_adds_nothing():
    weights = w.copy()
    weights[32:64] = 0
    ours = streamed(w=weights).cost_and_gradient(theta)
    theirs = engine.cost_and_gradient(net, theta, X, encode(K), 0.3, weights)
    assert np.linalg.norm(ours[1] - theirs[1]) <= 1e-14 * np.linalg.norm(theirs[1])


def test_an_unshuffled_epoch_is_the_engines_epoch():
    """With the rows as they come, windows change nothing but the rounding."""
    for batch_size in (10, 32, 64, 77, 500):
        steps = -(-M // min(batch_size, M))
        rates = np.linspace(0.1, 0.2, steps)
        problem = streamed(window=2)
        order = problem.draw_order(np.random.default_rng(0), shuffle=False)
        rule = Adam()
        ours = problem.run_epoch(theta, rule.init(theta), rule, order, min(batch_size, M), rates)
        whole = engine.prepare(net, X, encode(K), lam=0.3, sample_weight=w)
        theirs = whole.run_epoch(
            theta, rule.init(theta), rule, np.arange(M), min(batch_size, M), rates
        )
        assert np.linalg.norm(ours.theta - theirs.theta) <= 1e-12 * np.linalg.norm(theirs.theta)
        assert abs(ours.J / theirs.J - 1) <= 1e-12
        assert ours.state["t"] == theirs.state["t"] == steps


def test_a_shuffled_epoch_sees_every_row_once():
    """With a rate of 0, the mean J of an epoch over all batches is J."""
    problem = streamed(w=None, window=2)
    order = problem.draw_order(np.random.default_rng(0), shuffle=True)
    rule = GradientDescent()
    epoch = problem.run_epoch(theta, rule.init(theta), rule, order, 10, np.zeros(M // 10))
    assert abs(epoch.J / problem.cost_and_gradient(theta)[0] - 1) <= 1e-12


def test_epochs_are_drawn_from_the_seed():
    problem, rule = streamed(), Adam()

    def epoch(seed):
        order = problem.draw_order(np.random.default_rng(seed), shuffle=True)
        return problem.run_epoch(theta, rule.init(theta), rule, order, 16, np.full(15, 0.01)).theta

    np.testing.assert_array_equal(epoch(1), epoch(1))
    assert not np.array_equal(epoch(1), epoch(2))


def test_targets():
    assert all_targets(ArrayBlocks(X, np.array(["b", "a"])[K % 2], rows=7)).tolist() == ["a", "b"]


def test_bad_weights():
    with pytest.raises(InvalidInput, match="negative"):
        streamed(w=-w)
    with pytest.raises(InvalidInput, match="nothing to learn"):
        streamed(w=0 * w)
