"""The update rules against PyTorch's and scikit-learn's own optimisers."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import scipy.optimize

import backpass as bp
from backpass import engine
from backpass.solvers.first_order import Adam, GradientDescent, Momentum, Nesterov

RULES = {
    "gd": GradientDescent(),
    "momentum": Momentum(0.8),
    "nesterov": Nesterov(0.8),
    "adam": Adam(0.8, 0.95, 1e-8),
    "adamw": Adam(weight_decay=0.1),
}


def gradients(steps: int = 30) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((steps, 7))


def walk(rule: Any, rate: float = 0.05) -> np.ndarray:
    theta = np.linspace(-1, 1, 7)
    state = rule.init(theta)
    for D in gradients():
        state, theta = rule.step(state, theta, D, rate)
    return theta


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", list(RULES))
def test_steps_are_torchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    theirs = {
        "gd": lambda p: torch.optim.SGD(p, lr=0.05),
        "momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.8),
        "nesterov": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.8, nesterov=True),
        "adam": lambda p: torch.optim.Adam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-10),
        "adamw": lambda p: torch.optim.AdamW(p, lr=0.05, weight_decay=0.1, eps=1e-10),
    }[name]
    theta = torch.linspace(-1, 1, 7, dtype=torch.float64, requires_grad=True)
    optimizer = theirs([theta])
    for D in gradients():
        theta.grad = torch.tensor(D)
        optimizer.step()
    np.testing.assert_allclose(walk(RULES[name]), theta.detach().numpy(), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["gd", "momentum", "nesterov", "adam"])
def test_steps_are_scikit_learns(name: str) -> None:
    from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

    theta = np.linspace(-1, 1, 7)
    theirs = {
        "gd": lambda: SGDOptimizer([theta], 0.05, momentum=0.0, nesterov=False),
        "momentum": lambda: SGDOptimizer([theta], 0.05, momentum=0.8, nesterov=False),
        "nesterov": lambda: SGDOptimizer([theta], 0.05, momentum=0.8, nesterov=True),
        "adam": lambda: AdamOptimizer([theta], 0.05, beta_1=0.8, beta_2=0.95, epsilon=1e-8),
    }[name]()
    for D in gradients():
        theirs.update_params([theta], [D])
    np.testing.assert_allclose(walk(RULES[name]), theta, rtol=1e-12)


@pytest.mark.parametrize("name", list(RULES))
def test_steps_are_pure_and_resume_with_the_same_bits(name: str) -> None:
    rule, theta = RULES[name], np.linspace(-1, 1, 7)
    state = rule.init(theta)
    for t, D in enumerate(gradients(), start=1):
        before = pickle.dumps((state, theta))
        new = rule.step(state, theta, D, 0.05)
        assert pickle.dumps((state, theta)) == before
        state, theta = pickle.loads(pickle.dumps(new))
        assert state["t"] == t
    np.testing.assert_array_equal(theta, walk(rule))


@pytest.mark.parametrize("name", list(RULES))
def test_float32_stays_float32(name: str) -> None:
    rule, theta = RULES[name], np.ones(3, dtype=np.float32)
    state, theta = rule.step(rule.init(theta), theta, theta, 0.1)
    arrays = [theta, *(value for key, value in state.items() if key != "t")]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", ["gd", "momentum", "nesterov", "adam"])
@pytest.mark.parametrize("batch_size", [10, 60])
def test_a_decaying_rate_comes_within_a_thousandth_of_the_convex_minimum(
    name: str, batch_size: int
) -> None:
    rng = np.random.default_rng(2)
    X = rng.standard_normal((60, 4))
    Y = np.eye(3)[(X @ rng.standard_normal((4, 3)) + rng.standard_normal((60, 3))).argmax(axis=1)]
    task = engine.prepare(bp.Network((4, 3), hidden=(), loss="log_loss"), X, Y, lam=1.0)
    theta, rule = np.zeros(15), RULES[name]
    least = scipy.optimize.minimize(task.cost_and_gradient, theta, jac=True, tol=1e-10).fun
    state, first = rule.init(theta), {"gd": 0.5, "adam": 0.1}.get(name, 0.1)
    steps = 60 // batch_size
    for epoch in range(300):
        rates = np.full(steps, first / (1 + epoch * steps / 60))
        order = rng.permutation(60)
        theta, state, _ = task.run_epoch(theta, state, rule, order, batch_size, rates)
    assert task.cost_and_gradient(theta)[0] - least <= 1e-3
