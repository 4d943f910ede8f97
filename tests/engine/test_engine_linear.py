"""One layer and one unit: linear and logistic regression have a kernel of their own."""

from __future__ import annotations

import numpy as np
import pytest

import backpass as bp
from all_losses import ALL_LOSSES
from backpass.engine import native
from backpass.engine.native import NativeProblem
from backpass.engine.problem import check_rows
from backpass.engine.reference import ReferenceProblem

pytestmark = pytest.mark.skipif(not native.instruction_sets(), reason="the core is not built")
TOLERANCE = {np.float32: 3e-6, np.float64: 1e-13}


def example(inputs, m, loss="squared_error", dtype=np.float64):
    rng = np.random.default_rng(inputs)
    X = rng.normal(size=(m, inputs))
    Y = (rng.random((m, 1)) < 0.4).astype(float)
    w = rng.integers(0, 3, m).astype(float)
    w[0] = 2.0
    net = bp.Network((inputs, 1), (), loss)
    rows = check_rows(net, X.astype(dtype), Y.astype(dtype), w.astype(dtype))
    return net, bp.init_theta(net, 0, dtype=dtype), rows


def assert_same(ours, truth, dtype):
    (J, D), (J_true, D_true) = ours, truth
    assert abs(J - J_true) <= TOLERANCE[dtype] * abs(J_true)
    assert np.linalg.norm(D - D_true) <= TOLERANCE[dtype] * np.linalg.norm(D_true)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("inputs", [1, 7, 8, 9, 15, 16, 17, 20, 31, 32, 33, 100])
def test_any_width(inputs, dtype):
    net, theta, rows = example(inputs, 203, dtype=dtype)
    ours = NativeProblem(net, rows, 0.7).cost_and_gradient(theta)
    wide = check_rows(net, *(np.asarray(part, np.float64) for part in (rows.X, rows.Y, rows.w)))
    truth = ReferenceProblem(net, wide, 0.7).cost_and_gradient(theta.astype(np.float64))
    assert_same(ours, truth, dtype)


@pytest.mark.parametrize("loss", ALL_LOSSES.values(), ids=ALL_LOSSES)
def test_any_loss(loss):
    if loss.name == "log_loss":
        pytest.skip("a softmax has two units or more")
    net, theta, rows = example(21, 90, loss)
    ours = NativeProblem(net, rows, 0.7).cost_and_gradient(theta)
    assert_same(ours, ReferenceProblem(net, rows, 0.7).cost_and_gradient(theta), np.float64)


@pytest.mark.parametrize("m", [1, 5, 127, 128, 129, 1024, 5000, 40_001])
def test_any_number_of_rows_and_of_threads(m):
    net, theta, rows = example(37, m)
    alone, *others = (
        NativeProblem(net, rows, 0.7, n).cost_and_gradient(theta) for n in (1, 2, 3, 7)
    )
    assert_same(alone, ReferenceProblem(net, rows, 0.7).cost_and_gradient(theta), np.float64)
    for J, D in others:
        assert J == alone[0]
        np.testing.assert_array_equal(D, alone[1])


def test_a_stack_of_them():
    net, theta, rows = example(18, 700)
    problem = NativeProblem(net, rows, 0.7, 2)
    thetas = theta * np.array([[1.0], [-0.5], [0.0], [2.0]])
    for each, J, D in zip(thetas, *problem.costs_and_gradients(thetas)):
        assert J == problem.cost_and_gradient(each)[0]
        np.testing.assert_array_equal(D, problem.cost_and_gradient(each)[1])
