"""The core's sparse first layer: the sums of dense rows, the same bits, and little memory."""

from __future__ import annotations

import os
import subprocess
import sys
from unittest import mock

import numpy as np
import pytest
from scipy import sparse

import backpass as bp
from backpass import engine
from backpass.engine import Dropout, native
from backpass.engine.native import NativeProblem
from backpass.solvers.adamw import AdamW
from backpass.solvers.first_order import Adam, GradientDescent, Momentum, Nesterov
from backpass.solvers.muon import Muon
from backpass.training.matrices import with_matrices

pytestmark = pytest.mark.skipif(not native.instruction_sets(), reason="the core is not built")
TOLERANCE = {np.float32: 5e-6, np.float64: 1e-12}
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
KERNELS = pytest.mark.parametrize("kernels", native.instruction_sets())
RULES = [
    GradientDescent(),
    Momentum(0.8),
    Nesterov(),
    Adam(),
    Adam(weight_decay=0.1),
    AdamW(weight_decay=0.5),
    Muon(weight_decay=0.5, ratio=1.0),
]
WIDTHS = [(), (1,), (5,), (16,), (20, 7), (33,), (64, 8), (150,)]


def examples(m=57, inputs=300, density=0.05, outputs=3, dtype=np.float64):
    """Sparse X with an empty row and an empty column, one-hot Y, weights."""
    rng = np.random.default_rng(m + inputs)
    X = sparse.random(m, inputs, density, "lil", np.float64, 1)
    X[m // 2, :] = 0
    X[:, inputs // 3] = 0
    X = X.tocsr()
    X.data = rng.normal(size=X.nnz)
    Y = np.eye(outputs)[rng.integers(outputs, size=m)]
    return X.astype(dtype), Y.astype(dtype), rng.random(m).astype(dtype)


def problem_of(net, X, Y, w, lam=0.3, threads=1):
    return NativeProblem(net, engine.check_rows(net, X, Y, w), lam, threads)


def distance(ours, truth):
    """Norm-wise relative error."""
    ours, truth = np.asarray(ours, np.float64), np.asarray(truth, np.float64)
    return np.linalg.norm(ours - truth) / max(np.linalg.norm(truth), 1e-300)


@KERNELS
@DTYPES
@pytest.mark.parametrize("hidden", WIDTHS)
@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_every_sum_is_that_of_dense_rows(kernels, dtype, hidden, index):
    """J, D, logits, Δ by layer, a batch's D: of CSR as of the same rows written out."""
    X, Y, w = examples(dtype=dtype)
    net = bp.Network((X.shape[1], *hidden, 3), "tanh")
    theta = bp.init_theta(net, 0, "glorot", dtype=dtype)
    narrow = sparse.csr_array(X)
    narrow.indices, narrow.indptr = narrow.indices.astype(index), narrow.indptr.astype(index)
    with mock.patch.dict(os.environ, BACKPASS_ISA=kernels):
        ours, theirs = (problem_of(net, x, Y, w) for x in (narrow, X.toarray()))
        batch = np.array([5, 28, 5, 40, 0])
        for answer, truth in [
            (ours.cost_and_gradient(theta), theirs.cost_and_gradient(theta)),
            (ours.logits_and_cost(theta), theirs.logits_and_cost(theta)),
            (
                ours.batch_cost_and_gradient(theta, batch),
                theirs.batch_cost_and_gradient(theta, batch),
            ),
            (
                [part for by_layer in ours.intermediates(theta)[1:] for part in by_layer.values()],
                [
                    part
                    for by_layer in theirs.intermediates(theta)[1:]
                    for part in by_layer.values()
                ],
            ),
            ([native.forward(net, theta, narrow, 2)], [native.forward(net, theta, X.toarray(), 2)]),
        ]:
            for one, other in zip(answer, truth, strict=True):
                assert distance(one, other) < TOLERANCE[dtype]


@DTYPES
@pytest.mark.parametrize("lam", [0.0, 0.7])
@pytest.mark.parametrize("rule", RULES, ids=repr)
@pytest.mark.parametrize("batch", [4, 19, 57])
def test_steps_that_are_put_off_come_to_the_same_as_steps_at_once(dtype, lam, rule, batch):
    """Θ, the rule's arrays and the mean J after three epochs, idle columns included."""
    X, Y, w = examples(dtype=dtype)
    net = bp.Network((X.shape[1], 20, 3), "tanh")
    rule = with_matrices(rule, net)
    theta = bp.init_theta(net, 0, "glorot", dtype=dtype)
    ours, theirs = (problem_of(net, x, Y, w, lam) for x in (X, X.toarray()))
    rates = np.linspace(0.02, 0.01, -(-57 // batch))
    one = other = engine.Epoch(theta, rule.init(theta), 0.0)
    for epoch in range(3):
        order = np.random.default_rng(epoch).permutation(57)
        dropout = Dropout((0.3,), 5) if epoch else None
        one = ours.run_epoch(one.theta, one.state, rule, order, batch, rates, dropout)
        other = theirs.run_epoch(other.theta, other.state, rule, order, batch, rates, dropout)
        assert one.J == pytest.approx(other.J, rel=TOLERANCE[dtype])
    assert distance(one.theta - theta, other.theta - theta) < 50 * TOLERANCE[dtype]
    for name in rule.init(theta):
        assert distance(one.state[name], other.state[name]) < 50 * TOLERANCE[dtype]


@pytest.mark.parametrize("rule", [Momentum(0.9), Nesterov(0.9), Adam()], ids=repr)
def test_a_column_that_rests_for_a_thousand_steps_ends_where_steps_at_once_take_it(rule):
    """Named in the first row alone: what its moments still move is done, then they only shrink."""
    m = 1200
    columns = np.r_[0, np.full(m - 1, 1)]
    X = sparse.csr_matrix((np.ones(m), (np.arange(m), columns)), shape=(m, 3))
    Y = np.linspace(-1, 1, m)[:, None]
    net = bp.Network((3, 9, 1), "tanh", "squared_error")
    theta = bp.init_theta(net, 0, "glorot")
    ours, theirs = (problem_of(net, x, Y, None, 0.0) for x in (X, X.toarray()))
    args = theta, rule.init(theta), rule, np.arange(m), 1, np.full(m, 1e-3)
    one, other = ours.run_epoch(*args), theirs.run_epoch(*args)
    assert distance(one.theta - theta, other.theta - theta) < 1e-9
    for name in rule.init(theta):
        assert distance(one.state[name], other.state[name]) < 1e-9


@DTYPES
@pytest.mark.parametrize("lam", [0.0, 0.7])
def test_any_number_of_threads_gives_the_same_bits(dtype, lam):
    """A column's sum has one owner and the rows' order; sums over columns go by groups."""
    X, Y, w = examples(900, 6000, 0.01, dtype=dtype)
    # Enough work for seven threads: of sixteen that are allowed, fewer share the columns.
    net = bp.Network((X.shape[1], 200, 3), "tanh")
    theta = bp.init_theta(net, 0, "glorot", dtype=dtype)
    rule, order = Adam(), np.random.default_rng(0).permutation(900)
    answers = []
    for threads in (1, 2, 3, 7, 16):
        problem = problem_of(net, X, Y, w, lam, threads)
        J, D = problem.cost_and_gradient(theta)
        epoch = problem.run_epoch(theta, rule.init(theta), rule, order, 300, np.full(3, 1e-2))
        z, cost = problem.logits_and_cost(theta)
        answers.append((J, D.tobytes(), epoch.J, epoch.theta.tobytes(), z.tobytes(), cost))
    assert all(answer == answers[0] for answer in answers)


def test_a_batch_of_many_entries_takes_its_step_once():
    """More entries than a block holds: its blocks are summed, then the rule is applied."""
    X, Y, w = examples(700, 900, 0.9)
    assert X.nnz > 2 * (1 << 18)
    net = bp.Network((X.shape[1], 6, 3), "tanh")
    theta = bp.init_theta(net, 0, "glorot")
    ours, theirs = (problem_of(net, x, Y, w, 0.5, 2) for x in (X, X.toarray()))
    args = theta, Momentum().init(theta), Momentum(), np.arange(700), 650, np.full(2, 1e-2)
    one, other = ours.run_epoch(*args), theirs.run_epoch(*args)
    assert distance(one.theta, other.theta) < 1e-12
    assert one.J == pytest.approx(other.J, rel=1e-12)


def test_entries_out_of_order_and_twice_are_summed_as_scipy_does_and_stay_as_they_are():
    """The caller's matrix is not sorted, and its duplicates not summed, behind its back."""
    X = sparse.csr_matrix(
        (np.array([1.0, 2.0, 4.0, 8.0]), np.array([2, 0, 2, 1]), np.array([0, 3, 4])), shape=(2, 3)
    )
    before = X.indices.copy(), X.data.copy()
    net = bp.Network((3, 4, 1), "tanh", "squared_error")
    theta, Y = bp.init_theta(net, 0, "glorot"), np.ones((2, 1))
    ours = problem_of(net, X, Y, None).cost_and_gradient(theta)
    theirs = problem_of(net, X.toarray(), Y, None).cost_and_gradient(theta)
    assert distance(ours[1], theirs[1]) < 1e-14
    for array, kept in zip((X.indices, X.data), before):
        np.testing.assert_array_equal(array, kept)


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS as Linux has it")
def test_wide_rows_need_memory_for_theta_and_not_for_a_dense_x():
    """2,000 rows of 200,000 columns are 3.2 GB if dense; the sums and an epoch get 300 MB."""
    code = """
import numpy as np, resource
from scipy import sparse
import backpass as bp
from backpass import engine
from backpass.engine.native import NativeProblem
from backpass.solvers.first_order import Adam
rng = np.random.default_rng(0)
columns = rng.integers(200_000, size=2000 * 30)
starts = np.arange(0, len(columns) + 1, 30)
X = sparse.csr_matrix((np.ones(len(columns)), columns, starts), shape=(2000, 200_000))
Y = np.eye(2)[rng.integers(2, size=2000)]
net = bp.Network((200_000, 8, 2))
theta = bp.init_theta(net, 0)
held = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + (300 << 20),) * 2)
problem = NativeProblem(net, engine.check_rows(net, X, Y), 0.0, 2)
J, D = problem.cost_and_gradient(theta)
rule, rates = Adam(), np.full(10, 1e-3)
epoch = problem.run_epoch(theta, rule.init(theta), rule, np.arange(2000), 200, rates)
print(problem.logits_and_cost(epoch.theta)[1] / 2000 < J)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "True\n", done.stderr
