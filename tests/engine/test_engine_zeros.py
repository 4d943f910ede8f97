"""Dense rows that are mostly zeros pass the first layer as entries, each by its own numbers."""

from __future__ import annotations

import os
from unittest import mock

import numpy as np
import pytest

import backpass as bp
from backpass import engine
from backpass.engine import Dropout, native
from backpass.engine.native import NativeProblem
from backpass.engine.reference import ReferenceProblem
from backpass.solvers.first_order import Adam, GradientDescent, Momentum

pytestmark = pytest.mark.skipif(not native.instruction_sets(), reason="the core is not built")
TOLERANCE = {np.float32: 5e-6, np.float64: 1e-12}
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
MIXES = ["all", "some", "one", "edge"]


def pictures(mix, m=61, inputs=147, dtype=np.float64):
    """Rows of which all, some or one are mostly zeros; on the edge: a quarter not, one more."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(m, inputs))
    rows = {"all": slice(None), "some": slice(0, None, 3), "one": slice(17, 18)}.get(mix)
    if mix == "edge":
        X[0, inputs // 4 :] = 0
        X[1, inputs // 4 + 1 :] = 0
    else:
        X[rows] *= rng.random((m, inputs))[rows] < 0.2
    return X.astype(dtype)


def epoch(kind, X, rule, batch, threads=1, lam=0.3, hidden=(37, 5)):
    rng = np.random.default_rng(1)
    Y = np.eye(3)[rng.integers(3, size=len(X))].astype(X.dtype)
    net = bp.Network((X.shape[1], *hidden, 3), "tanh")
    theta = bp.init_theta(net, 0, "glorot", dtype=X.dtype)
    problem = kind(net, engine.check_rows(net, X, Y, rng.random(len(X))), lam, threads)
    order, rates = rng.permutation(len(X)), np.full(-(-len(X) // batch), 0.01)
    dropout = Dropout((0.2,) * len(hidden), 4) if hidden else None
    return theta, problem.run_epoch(theta, rule.init(theta), rule, order, batch, rates, dropout)


@DTYPES
@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("rule", [GradientDescent(), Momentum(), Adam()], ids=repr)
@pytest.mark.parametrize("batch", [1, 20, 61])
@pytest.mark.parametrize("kernels", native.instruction_sets())
def test_an_epoch_is_the_reference_s(kernels, dtype, mix, rule, batch):
    X = pictures(mix, dtype=dtype)
    with mock.patch.dict(os.environ, BACKPASS_ISA=kernels):
        theta, ours = epoch(NativeProblem, X, rule, batch)
    _, truth = epoch(ReferenceProblem, X, rule, batch)
    assert ours.J == pytest.approx(truth.J, rel=20 * TOLERANCE[dtype])
    moved = np.linalg.norm(truth.theta - theta)
    assert np.linalg.norm(ours.theta - truth.theta) < 200 * TOLERANCE[dtype] * moved


@pytest.mark.parametrize("hidden", [(), (1,), (16,), (130,)])
def test_every_width_of_the_first_layer_is_right(hidden):
    X = pictures("some")
    theta, ours = epoch(NativeProblem, X, GradientDescent(), 20, hidden=hidden)
    _, truth = epoch(ReferenceProblem, X, GradientDescent(), 20, hidden=hidden)
    np.testing.assert_allclose(ours.theta - theta, truth.theta - theta, rtol=1e-9, atol=1e-14)


@DTYPES
@pytest.mark.parametrize("mix", MIXES)
def test_any_number_of_threads_gives_the_same_bits(dtype, mix):
    X = pictures(mix, 700, 400, dtype)
    answers = [
        epoch(NativeProblem, X, Adam(), 300, threads, hidden=(90,))[1] for threads in (1, 2, 3, 5)
    ]
    assert len({(answer.J, answer.theta.tobytes()) for answer in answers}) == 1


def test_zeros_are_left_out_whatever_else_is_in_the_batch():
    """NaN weights of inputs that are zero in a row do not reach it: 0 · NaN would."""
    X = pictures("some")
    X[:, 5] = 0
    net = bp.Network((X.shape[1], 4, 1), "tanh", "squared_error")
    theta = bp.init_theta(net, 0, "glorot")
    theta[net.slices[0][0]].reshape(net.slices[0][1])[6] = np.nan
    problem = NativeProblem(net, engine.check_rows(net, X, np.ones((61, 1))), 0.0, 1)
    sparse_rows, rates = np.arange(0, 61, 3), np.full(1, 0.0)
    rule = GradientDescent()
    J = problem.run_epoch(theta, rule.init(theta), rule, sparse_rows, 61, rates).J
    assert np.isfinite(J)
    dense_too = np.arange(61)
    assert np.isnan(problem.run_epoch(theta, rule.init(theta), rule, dense_too, 61, rates).J)


def test_what_a_row_s_neighbours_are_does_not_change_its_step():
    """A batch of one row: the same bits whether the data's other rows are mostly zeros or not."""
    X = pictures("one")
    Y = np.eye(3)[np.random.default_rng(1).integers(3, size=1)]
    net = bp.Network((X.shape[1], 37, 5, 3), "tanh")
    theta = bp.init_theta(net, 0, "glorot")
    w = np.random.default_rng(0).random(61)
    problem = NativeProblem(net, engine.check_rows(net, X, np.repeat(Y, 61, axis=0), w), 0.0, 1)
    one = NativeProblem(net, engine.check_rows(net, X[17:18], Y, w[17:18] * 61, w.sum()), 0.0, 1)
    rule, rates = Momentum(), np.full(1, 0.01)
    steps = [
        each.run_epoch(theta, rule.init(theta), rule, row, 1, rates)
        for each, row in ((problem, np.array([17])), (one, np.array([0])))
    ]
    np.testing.assert_allclose(steps[0].theta, steps[1].theta, rtol=1e-15)
