"""The native engine against the reference, over drawn shapes, all functions and all kernels."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import sparse

import backpass as bp
from all_losses import ALL_LOSSES
from backpass import backprop, engine
from backpass.activations import ACTIVATIONS
from backpass.engine import Dropout, core, native, reference, thread_limit
from backpass.engine import select as choice
from backpass.engine.blocked import problem as blocked
from backpass.engine.native import NativeProblem
from backpass.engine.problem import check_rows
from backpass.engine.reference import ReferenceProblem
from backpass.errors import InvalidInput
from backpass.solvers.adamw import AdamW
from backpass.solvers.first_order import Adam, GradientDescent, Momentum, Nesterov
from backpass.solvers.muon import Muon
from backpass.training.matrices import with_matrices

pytestmark = pytest.mark.skipif(not native.instruction_sets(), reason="the core is not built")
KERNELS = pytest.mark.parametrize("kernels", native.instruction_sets())
TOLERANCE = {np.float32: 5e-6, np.float64: 1e-12}
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
OPTIMIZERS = [
    GradientDescent(),
    Momentum(0.8),
    Nesterov(),
    Adam(),
    Adam(weight_decay=0.01),
    AdamW(weight_decay=0.5),
    Muon(weight_decay=0.5),
]


def using(kernels: str):
    """Force one instruction set; a context manager, since a drawn test runs many times."""
    return mock.patch.dict(os.environ, BACKPASS_ISA=kernels)


def error(ours, truth) -> float:
    """Norm-wise relative error."""
    ours, truth = np.asarray(ours, float), np.asarray(truth, float)
    return float(np.linalg.norm(ours - truth) / max(np.linalg.norm(truth), 1e-30))


SMOOTH = [g for g in sorted(ACTIVATIONS) if ACTIVATIONS[g].smooth]
SMOOTH_LOSSES = [name for name in sorted(ALL_LOSSES) if ALL_LOSSES[name].smooth]


@st.composite
def problems(draw, widest=300, most_rows=1000, smooth=False):
    """A drawn network, its θ and weighted rows, and the generator they came from."""
    width = st.integers(1, draw(st.sampled_from([4, 33, widest])))
    sizes = tuple(draw(st.lists(width, min_size=2, max_size=7)))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    smooth = smooth and dtype == np.float32
    hidden = [draw(st.sampled_from(SMOOTH if smooth else sorted(ACTIVATIONS))) for _ in sizes[2:]]
    loss = draw(st.sampled_from(SMOOTH_LOSSES if smooth else sorted(ALL_LOSSES)))
    net = bp.Network(sizes, hidden, ALL_LOSSES[loss])
    m = draw(st.integers(1, draw(st.sampled_from([3, 40, most_rows]))))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    theta = bp.init_theta(net, rng, "glorot") + rng.normal(0, 0.05, net.n_parameters)
    theta = theta.astype(dtype)
    X, Y = rng.normal(size=(m, sizes[0])).astype(dtype), rng.random((m, sizes[-1]))
    if loss == "log_loss":
        Y /= Y.sum(axis=1, keepdims=True)
    w = (rng.random(m) + 0.01) * away_from_kinks(net, theta, X, Y)
    assume(w.any())
    return net, theta, check_rows(net, X, Y, w), rng


def away_from_kinks(net, theta, X, Y):
    """Which rows have no z within rounding of a kink, where two right answers may differ."""
    _, z = backprop.forward_pass(net, net.roll(theta), X)
    rounding = 50 * np.finfo(X.dtype).eps
    clear = np.ones(len(X), bool)
    for layer in range(2, net.L):
        if not net.activation(layer).smooth:
            clear &= (np.abs(z[layer]) > rounding).all(axis=1)
    if not net.loss.smooth:
        clear &= (np.abs(z[net.L] - Y) > rounding).all(axis=1)
    return clear


@KERNELS
@settings(max_examples=40, deadline=None)
@given(problem=problems(), lam=st.sampled_from([0.0, 0.7]))
def test_cost_and_gradient_equal_the_reference(kernels, problem, lam):
    net, theta, rows, _ = problem
    with using(kernels):
        J, D = NativeProblem(net, rows, lam, 2).cost_and_gradient(theta)
    J_true, D_true = ReferenceProblem(net, rows, lam).cost_and_gradient(theta)
    limit = TOLERANCE[theta.dtype.type]
    assert D.dtype == theta.dtype
    # One row's a − y may cancel, and with it nearly all of J or D.
    assert abs(J - J_true) <= limit * max(1, abs(J_true))
    assert np.linalg.norm(D - D_true) <= limit * max(0.1, np.linalg.norm(D_true))


@KERNELS
@settings(max_examples=40, deadline=None)
@given(problem=problems())
def test_forward_and_logits_equal_the_reference(kernels, problem):
    net, theta, rows, _ = problem
    limit = TOLERANCE[theta.dtype.type]
    for X in (rows.X, rows.X[:1]):
        with using(kernels):
            a, z = native.forward(net, theta, X), native.logits(net, theta, X)
        close = {"rtol": limit, "atol": limit * max(1, np.abs(z).max())}  # a z may cancel
        np.testing.assert_allclose(z, reference.logits(net, theta, X), **close)
        np.testing.assert_allclose(a, reference.forward(net, theta, X), **close)


@KERNELS
@settings(max_examples=40, deadline=None)
@given(
    problem=problems(widest=100, most_rows=200, smooth=True),
    optimizer=st.sampled_from(OPTIMIZERS),
    lam=st.sampled_from([0.0, 0.7]),
    rate=st.sampled_from([None, 0.0, 0.4]),
    batches=st.integers(1, 9),
)
def test_an_epoch_equals_the_reference(kernels, problem, optimizer, lam, rate, batches):
    net, theta, rows, rng = problem
    optimizer = with_matrices(optimizer, net)
    batch = -(-rows.m // batches)
    rates = 0.01 * rng.random(-(-rows.m // batch))
    dropout = None if rate is None else Dropout((rate,) * len(net.hidden), 2**40 + 7)
    state, before = optimizer.init(theta), theta.copy()
    arguments = (theta, state, optimizer, rng.permutation(rows.m), batch, rates, dropout)
    with using(kernels):
        ours = NativeProblem(net, rows, lam, 2).run_epoch(*arguments)
    with np.errstate(over="ignore", invalid="ignore"):
        truth = ReferenceProblem(net, rows, lam).run_epoch(*arguments)
    assume(abs(truth.J) < 1e4)  # where a Poisson rate runs away, rounding does too
    # Rounding adds up over steps; and Adam divides by |gradient|, where that may be rounding alone.
    limit = TOLERANCE[theta.dtype.type] * (200 if isinstance(optimizer, Adam) else 5)
    assert np.array_equal(theta, before)
    assert error(ours.theta, truth.theta) <= limit
    assert abs(ours.J - truth.J) <= limit * max(1, abs(truth.J))
    assert ours.state.keys() == truth.state.keys()
    assert all(error(ours.state[key], truth.state[key]) <= limit for key in truth.state)


@KERNELS
@settings(max_examples=40, deadline=None)
@given(
    problem=problems(widest=100, most_rows=200, smooth=True),
    lam=st.sampled_from([0.0, 0.7]),
    rate=st.sampled_from([None, 0.0, 0.4]),
    n_threads=st.integers(1, 3),
)
def test_a_batch_equals_the_reference(kernels, problem, lam, rate, n_threads):
    net, theta, rows, rng = problem
    dropout = None if rate is None else Dropout((rate,) * len(net.hidden), 2**40 + 7)
    batch = rng.permutation(rows.m)[: rng.integers(1, rows.m + 1)]
    with using(kernels):
        problem = NativeProblem(net, rows, lam, n_threads)
        J, D = problem.batch_cost_and_gradient(theta, batch, dropout, 3)
        again = problem.batch_cost_and_gradient(theta, batch, dropout, 3)
    truth = ReferenceProblem(net, rows, lam).batch_cost_and_gradient(theta, batch, dropout, 3)
    limit = 5 * TOLERANCE[theta.dtype.type]
    assert abs(J - truth[0]) <= limit * max(1, abs(truth[0]))
    # A row's a - y may cancel, and with it nearly all of D.
    assert np.linalg.norm(D - truth[1]) <= limit * max(1, np.linalg.norm(truth[1]))
    assert (J, D.tolist()) == (again[0], again[1].tolist())


class Signs:
    """An update rule that the core does not know: steps of one length, by the gradient's signs."""

    name = "signs"

    def init(self, theta):
        return {"t": 0, "flips": np.zeros_like(theta)}

    def step(self, state, theta, gradient, learning_rate):
        flips = state["flips"] + (gradient < 0)
        moved = theta - (learning_rate * np.sign(gradient)).astype(theta.dtype)
        return {"t": state["t"] + 1, "flips": flips}, moved


@KERNELS
@DTYPES
def test_a_custom_rule_steps_on_the_cores_gradients(kernels, dtype, monkeypatch):
    net, theta, rows = example(dtype, m=300)
    rule, order, rates = Signs(), np.arange(300)[::-1], np.full(5, 1e-3)
    arguments = (theta, rule.init(theta), rule, order, 64, rates)
    truth = ReferenceProblem(net, rows, 0.5).run_epoch(*arguments)
    monkeypatch.setattr(backprop, "sums", None)  # the reference's
    with using(kernels):
        ours = NativeProblem(net, rows, 0.5).run_epoch(*arguments)
    assert ours.state["t"] == 5
    assert ours.J == pytest.approx(truth.J, rel=1e-4)
    assert np.mean(ours.state["flips"] != truth.state["flips"]) < 0.01
    assert np.abs(ours.theta - truth.theta).max() <= 0.01


NARROW, WIDE = (64, 45, 33, 10), (190, 170, 150, 10)  # rows in lanes, panels; none fills a panel


def example(dtype, m=2050, sizes=NARROW):
    """A network, its θ, and rows for it."""
    rng = np.random.default_rng(0)
    net = bp.Network(sizes, ["relu", "tanh"], "log_loss")
    Y = np.eye(10)[rng.integers(0, 10, m)]
    rows = check_rows(net, rng.random((m, sizes[0])).astype(dtype), Y)
    return net, bp.init_theta(net, 0, dtype=dtype), rows


@KERNELS
@DTYPES
@pytest.mark.parametrize("sizes", [NARROW, WIDE])
def test_any_number_of_threads_gives_the_same_bits(kernels, dtype, sizes):
    net, theta, rows = example(dtype, sizes=sizes)
    order, rates, adam = np.arange(rows.m)[::-1], np.full(5, 1e-3), Adam()

    def everything(n_threads):
        problem = NativeProblem(net, rows, 0.5, n_threads)
        epoch = problem.run_epoch(theta, adam.init(theta), adam, order, 500, rates)
        H = native.forward(net, theta, rows.X, n_threads)
        J, D = problem.cost_and_gradient(theta)
        return [J, D, H, epoch.J, epoch.theta, epoch.state["m"], epoch.state["v"]]

    with using(kernels):
        alone, *others = (everything(n_threads) for n_threads in (1, 2, 3, 5))
    for other in others:
        assert all(np.array_equal(a, b) for a, b in zip(alone, other))


@KERNELS
@DTYPES
@pytest.mark.parametrize("inputs", [64, 70, 5])
@pytest.mark.parametrize("as_csr", [False, True])
def test_rows_kept_in_lanes_change_no_bit(kernels, dtype, inputs, as_csr):
    net, theta, rows = example(dtype, 1337, (inputs, 25, 12, 10))
    if as_csr:
        rows = replace(rows, X=sparse.csr_matrix(np.where(rows.X < 0.7, 0, rows.X)))
    with using(kernels):
        problem = NativeProblem(net, rows, 0.5, 2)
        first, writing, reading = (problem.cost_and_gradient(theta) for _ in range(3))
        elsewhere = NativeProblem(net, rows, 0.5, 2).cost_and_gradient(2 * theta)
        assert np.array_equal(problem.cost_and_gradient(2 * theta)[1], elsewhere[1])
    for J, D in (writing, reading):
        assert J == first[0]
        assert np.array_equal(D, first[1])


def test_large_data_is_not_kept_twice_and_gives_the_same_bits(monkeypatch):
    net, theta, rows = example(np.float32)
    J, D = NativeProblem(net, rows, 0.5).cost_and_gradient(theta)
    monkeypatch.setattr(native, "MOST_BYTES_IN_LANES", 0)
    short = NativeProblem(net, rows, 0.5)
    for _ in range(3):
        assert short.cost_and_gradient(theta)[0] == J
    assert np.array_equal(short.cost_and_gradient(theta)[1], D)


def test_many_python_threads_at_once():
    net, theta, rows = example(np.float32)
    problem = NativeProblem(net, rows, 0.5, 2)
    J, D = NativeProblem(net, rows, 0.5, 2).cost_and_gradient(theta)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: problem.cost_and_gradient(theta), range(40)))
    assert all(answer[0] == J and np.array_equal(answer[1], D) for answer in answers)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_makes_its_own_team():
    net, theta, rows = example(np.float32)
    problem = NativeProblem(net, rows, 0.5, 2)
    J, _ = problem.cost_and_gradient(theta)
    child = os.fork()
    if child == 0:
        os._exit(0 if problem.cost_and_gradient(theta)[0] == J else 1)
    alarm = threading.Timer(20, os.kill, (child, 9))
    alarm.start()
    status = os.waitpid(child, 0)[1]
    alarm.cancel()
    assert status == 0


def test_a_batch_larger_than_the_workspace_is_summed_in_blocks():
    rng, rule = np.random.default_rng(0), Momentum()
    net = bp.Network((300, 1000, 10), "relu", "log_loss")
    rows = check_rows(net, rng.random((1500, 300)), np.eye(10)[rng.integers(0, 10, 1500)])
    theta = bp.init_theta(net, 0)
    arguments = (theta, rule.init(theta), rule, np.arange(1500), 1500, np.array([0.1]))
    ours = NativeProblem(net, rows, 0.3).run_epoch(*arguments)
    truth = ReferenceProblem(net, rows, 0.3).run_epoch(*arguments)
    assert error(ours.theta, truth.theta) <= 1e-13
    assert abs(ours.J - truth.J) <= 1e-13


@st.composite
def csr_problems(draw):
    """Like `problems`, with rows of which most numbers, some rows and some columns are zero."""
    net, theta, rows, rng = draw(problems(widest=120, most_rows=400))
    filled = rng.random(rows.X.shape) < draw(st.sampled_from([0.02, 0.3]))
    filled[rng.random(rows.m) < 0.2] = False
    X = np.where(filled, rows.X, 0).astype(rows.X.dtype)
    w = rows.w * away_from_kinks(net, theta, X, rows.Y)
    assume(w.any())
    return net, theta, X, replace(rows, X=sparse.csr_matrix(X), w=w), rng


@KERNELS
@settings(max_examples=40, deadline=None)
@given(
    problem=csr_problems(),
    optimizer=st.sampled_from([GradientDescent(), Momentum(0.8), Nesterov()]),
    batches=st.integers(1, 5),
)
def test_csr_rows_give_what_the_reference_gives_of_dense_ones(kernels, problem, optimizer, batches):
    net, theta, X, rows, rng = problem
    truth = ReferenceProblem(net, replace(rows, X=X), 0.7)
    batch = -(-rows.m // batches)
    order, rates = rng.permutation(rows.m), 1e-3 * rng.random(batches + 1)
    arguments = (theta, optimizer.init(theta), optimizer, order, batch, rates)
    with using(kernels):
        ours = NativeProblem(net, rows, 0.7, 2)
        found = [ours.cost_and_gradient(theta), ours.batch_cost_and_gradient(theta, order[:batch])]
        found += [ours.cost_and_gradient(theta) for _ in range(2)]  # now as kept
        z, cost = ours.logits_and_cost(theta)
        epoch = ours.run_epoch(*arguments)
    J_and_D = truth.cost_and_gradient(theta)
    expected = [J_and_D, truth.batch_cost_and_gradient(theta, order[:batch]), J_and_D, J_and_D]
    limit = 5 * TOLERANCE[theta.dtype.type]
    for (J, D), (J_true, D_true) in zip(found, expected):
        assert abs(J - J_true) <= limit * max(1, abs(J_true))
        assert np.linalg.norm(D - D_true) <= limit * max(1, np.linalg.norm(D_true))
    z_true, cost_true = truth.logits_and_cost(theta)
    np.testing.assert_allclose(z, z_true, rtol=limit, atol=limit * max(1, np.abs(z_true).max()))
    assert abs(cost - cost_true) <= limit * max(1, abs(cost_true))
    with np.errstate(over="ignore", invalid="ignore"):
        there = truth.run_epoch(*arguments)
    assume(abs(there.J) < 1e4)
    assert error(epoch.theta, there.theta) <= limit


def test_a_simpler_engine_serves_who_asks_for_it(monkeypatch):
    X, Y = np.ones((4, 2)), np.ones((4, 1))
    known = bp.Network((2, 3, 1), loss=bp.huber(2.0))
    assert engine.prepare(known, X, Y).name == engine.engine_name() == "native"
    for asked in ("blocked", "reference"):
        monkeypatch.setenv("BACKPASS_ENGINE", asked)
        assert engine.prepare(known, X, Y).name == engine.engine_name() == asked


def test_a_missing_core_is_said_once(monkeypatch):
    monkeypatch.setattr(core, "why_missing", "no compiler")
    monkeypatch.setattr(choice, "_missing", set())
    net, X, Y = bp.Network((2, 3, 1)), np.ones((4, 2)), np.ones((4, 1))
    with pytest.warns(RuntimeWarning, match="backpass info"):
        assert engine.prepare(net, X, Y).name == "blocked"
    assert engine.prepare(net, X, Y).name == engine.engine_name() == "blocked"


def test_non_finite_numbers_come_through():
    net = bp.Network((3, 4, 2), "relu", "log_loss")
    X, Y = np.ones((20, 3)), np.eye(2)[[0, 1] * 10]
    X[7, 1] = np.nan
    J, D = bp.cost_and_gradient(net, bp.init_theta(net), X, Y)
    assert np.isnan(J)
    assert np.isnan(D).any()


def test_strange_memory_is_read_as_it_means():
    rng = np.random.default_rng(0)
    net = bp.Network((5, 4, 2), "tanh", "squared_error")
    X, Y, theta = rng.random((30, 5)), rng.random((30, 2)), bp.init_theta(net)
    J, D = bp.cost_and_gradient(net, theta, X, Y)
    assert J > 0
    for other in (
        (theta, np.asfortranarray(X), Y),
        (np.repeat(theta, 2)[::2], np.repeat(X, 2, axis=0)[::2], Y[::-1][::-1]),
        (theta.astype(">f8"), X.astype(">f8"), Y.astype(">f8")),
    ):
        J_other, D_other = bp.cost_and_gradient(net, *other)
        assert J_other == J
        assert np.array_equal(D_other, D)


def test_a_complex_step_is_the_references():
    net, theta, rows = example(np.float64, m=20)
    J, D = NativeProblem(net, rows, 0.5).cost_and_gradient(theta + 1e-30j)
    J_true, D_true = ReferenceProblem(net, rows, 0.5).cost_and_gradient(theta + 1e-30j)
    assert J == J_true
    assert J.imag != 0
    assert np.array_equal(D, D_true)


@DTYPES
def test_the_quick_path_for_a_few_rows_answers_as_the_long_one(dtype):
    net, theta, rows = example(dtype, m=20)
    for m in (1, 3, 4, 5):
        X = rows.X[:m]
        bp.forward(net, theta, X)  # a network is remembered when it is first seen
        quick = native.quick_forward(net, theta, X)
        assert (quick is None) == (m > native.FEW_ROWS)
        np.testing.assert_array_equal(bp.forward(net, theta, X), native.forward(net, theta, X))


def test_the_quick_path_leaves_what_is_not_plain():
    net, theta, rows = example(np.float64, m=2)
    X = rows.X
    truth = bp.forward(net, theta, X)
    assert native.quick_forward(net, theta, X) is not None
    not_plain = [
        (theta, X.astype(np.float32)),
        (theta.tolist(), X),
        (np.repeat(theta, 2)[::2], X),
        (theta, np.asfortranarray(X)),
        (theta, X.astype(">f8")),
        (theta, np.ma.masked_array(X)),
        (theta + 0j, X),
        (theta[:-1], X),
        (theta, X[:, :-1]),
        (theta, X[0]),
        (theta, X[:0]),
        (theta, np.array(1.0)),
    ]
    assert all(native.quick_forward(net, *arguments) is None for arguments in not_plain)
    for arguments in not_plain[1:6]:
        np.testing.assert_allclose(bp.forward(net, *arguments), truth, rtol=1e-13)
    for arguments in not_plain[7:10]:
        with pytest.raises(InvalidInput):
            bp.forward(net, *arguments)


def test_the_quick_path_obeys_the_environment(monkeypatch):
    net, theta, rows = example(np.float64, m=1)
    bp.forward(net, theta, rows.X)
    assert native.quick_forward(net, theta, rows.X) is not None
    monkeypatch.setenv("BACKPASS_ENGINE", "reference")
    assert native.quick_forward(net, theta, rows.X) is None


@KERNELS
@settings(max_examples=30, deadline=None)
@given(problem=problems(most_rows=300))
def test_every_intermediate_equals_the_reference_by_name(kernels, problem):
    net, theta, rows, _ = problem
    with using(kernels):
        ours = NativeProblem(net, rows, 0.0).intermediates(theta)
    Thetas = net.roll(theta)
    a, z = backprop.forward_pass(net, Thetas, rows.X)
    delta = backprop.backward_pass(net, Thetas, z, rows.Y)
    truth = a, z, delta, backprop.accumulate(a, delta, rows.w)
    clear = rows.w > 0  # the other rows are near a kink
    limit = TOLERANCE[theta.dtype.type]
    for kept, expected in zip(ours, truth):
        assert kept.keys() == expected.keys()
        for l in kept:
            by_rows = kept is not ours[3]
            left, right = (x[l][clear] if by_rows else x[l] for x in (kept, expected))
            # A few numbers may cancel, each the sum of as many terms as the widest layer has.
            size = max(np.linalg.norm(right), 0.1 * np.sqrt(max(net.sizes)))
            assert np.linalg.norm(left - right) <= limit * size


@DTYPES
@pytest.mark.parametrize("sizes", [NARROW, WIDE])
def test_a_stack_of_networks_in_one_call(dtype, sizes):
    net, theta, rows = example(dtype, m=700, sizes=sizes)
    problem = NativeProblem(net, rows, 0.5, 2)
    thetas = theta * np.array([[1.0], [0.5], [-1.0], [0.0], [2.0]], dtype)
    J, D = problem.costs_and_gradients(thetas)
    for each in zip(thetas, J, D):
        J_alone, D_alone = problem.cost_and_gradient(each[0])
        assert each[1] == J_alone
        assert np.array_equal(each[2], D_alone)


def several(net, theta, rule, k, m, batch):
    """Arguments of an epoch of k networks: each has its θ, state, order and rates."""
    rule = with_matrices(rule, net)
    rng, dtype = np.random.default_rng(k), theta.dtype
    thetas = [(theta * rng.uniform(0.5, 1.5, theta.shape)).astype(dtype) for _ in range(k)]
    states = [{**rule.init(each), "t": 3 * i} for i, each in enumerate(thetas)]
    orders = [rng.permutation(m) for _ in range(k)]
    rates = [1e-2 * rng.random(-(-m // batch)) for _ in range(k)]
    return thetas, states, rule, orders, batch, rates


def same_epoch(one, other):
    arrays = [key for key in one.state if key != "t"]
    return (
        np.array_equal(one.theta, other.theta)
        and one.J == other.J
        and one.state.keys() == other.state.keys()
        and one.state["t"] == other.state["t"]
        and all(np.array_equal(one.state[key], other.state[key]) for key in arrays)
    )


@DTYPES
@pytest.mark.parametrize("n_threads", [1, 2, 3])
@pytest.mark.parametrize("rule", OPTIMIZERS, ids=str)
@pytest.mark.parametrize("rates", [(), (0.3, 0.2)])
@pytest.mark.parametrize(("sizes", "batch"), [(NARROW, 50), (WIDE, 70)])
def test_epochs_of_several_networks_are_those_of_each(dtype, n_threads, rule, rates, sizes, batch):
    net, theta, rows = example(dtype, m=220, sizes=sizes)
    dropout = Dropout(rates, 5) if rates else None
    arguments = several(net, theta, rule, 4, rows.m, batch)
    before = [each.copy() for each in arguments[0]]
    together = NativeProblem(net, rows, 0.5, n_threads).run_epochs(*arguments, dropout)
    alone = NativeProblem(net, rows, 0.5, 1)
    for i, epoch in enumerate(together):
        own = [part[i] if isinstance(part, list) else part for part in arguments]
        assert same_epoch(epoch, alone.run_epoch(*own, dropout))
    assert all(np.array_equal(*each) for each in zip(arguments[0], before))


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize("batch", [40, 10_000, 2000])
def test_any_number_of_networks_with_any_batch(k, batch):
    net, theta, rows = example(np.float32, m=2000, sizes=NARROW)
    problem = NativeProblem(net, rows, 0.5, 2)
    arguments = several(net, theta, Adam(), k, rows.m, batch)
    for i, epoch in enumerate(problem.run_epochs(*arguments)):
        own = [part[i] if isinstance(part, list) else part for part in arguments]
        assert same_epoch(epoch, problem.run_epoch(*own))


@pytest.mark.parametrize("rule", [GradientDescent(), Momentum(0.9), Adam()], ids=lambda r: r.name)
def test_states_that_are_given_up_are_left_empty(rule):
    """The bits are those of ``run_epochs``, which leaves the states as they were."""
    net, theta, rows = example(np.float32, m=90)
    problem = NativeProblem(net, rows, 0.5)
    thetas, states, *rest = several(net, theta, rule, 2, rows.m, 40)
    thetas_before = [each.copy() for each in thetas]
    expected = problem.run_epochs(thetas, states, *rest)
    assert all("t" in state for state in states)
    arrays = [list(state.values()) for state in states]
    epochs = problem.advance(thetas, states, *rest)
    assert all(same_epoch(*pair) for pair in zip(epochs, expected, strict=True))
    assert states == [{}, {}]
    np.testing.assert_array_equal(thetas, thetas_before)
    for before, epoch in zip(arrays, epochs):
        assert all(
            any(np.shares_memory(one, each) for each in before)
            for one in epoch.state.values()
            if np.ndim(one)
        )


@pytest.mark.parametrize("problem_class", [ReferenceProblem, blocked.BlockedProblem])
def test_engines_without_such_calls_go_one_after_another(problem_class):
    net, theta, rows = example(np.float64, m=90)
    problem = problem_class(net, rows, 0.5)
    arguments = several(net, theta, Nesterov(), 2, rows.m, 40)
    for each, J, D in zip(arguments[0], *problem.costs_and_gradients(arguments[0])):
        assert J == problem.cost_and_gradient(each)[0]
        np.testing.assert_array_equal(D, problem.cost_and_gradient(each)[1])
    for i, epoch in enumerate(problem.run_epochs(*arguments)):
        own = [part[i] if isinstance(part, list) else part for part in arguments]
        assert same_epoch(epoch, problem.run_epoch(*own))


def test_what_several_networks_lack_is_said():
    net, theta, rows = example(np.float32, m=90)
    problem = NativeProblem(net, rows, 0.5)
    thetas, *rest = several(net, theta, Nesterov(), 2, rows.m, 40)
    for fewer in (thetas[:1], []):
        with pytest.raises(InvalidInput, match="Every network needs a θ, a state"):
            problem.run_epochs(fewer, *rest)
    for wrong in (theta, [theta[1:], theta[1:]]):
        with pytest.raises(InvalidInput, match="parameters"):
            problem.costs_and_gradients(wrong)


def test_threadpoolctl_limits_the_core_too():
    threadpoolctl = pytest.importorskip("threadpoolctl")
    thread_limit.register()
    before = native.default_threads()
    with threadpoolctl.threadpool_limits(3):
        assert native.default_threads() == 3
    assert native.default_threads() == before


@pytest.mark.parametrize(("asked", "threads"), [("3", 3), ("2,1", 2)])
def test_omp_num_threads_is_respected(monkeypatch, asked, threads):
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert thread_limit.processors() == threads
    monkeypatch.setenv("OMP_NUM_THREADS", "none")
    assert thread_limit.processors() >= 1


@KERNELS
@DTYPES
@pytest.mark.parametrize("sizes", [NARROW, WIDE])
@pytest.mark.parametrize("batch", [60, 2050])
def test_what_sums_to_nothing_is_exactly_zero(kernels, dtype, sizes, batch):
    """A feature that is always zero: no sum begins with what memory held, or an earlier one."""
    net, theta, rows = example(dtype, 2050, sizes)
    rows.X[:, 5] = 0
    silent = slice(6 * sizes[1], 7 * sizes[1])  # the bias is row 0
    rule, order, rates = Momentum(), np.arange(rows.m), np.full(-(-rows.m // batch), 0.1)
    with using(kernels):
        problem = NativeProblem(net, rows, 0.0, 2)
        for _ in range(3):
            assert not problem.cost_and_gradient(theta)[1][silent].any()
            assert not problem.batch_cost_and_gradient(theta, order[:500])[1][silent].any()
        epoch = problem.run_epoch(theta, rule.init(theta), rule, order, batch, rates)
    assert np.array_equal(epoch.theta[silent], theta[silent])
    assert not np.array_equal(epoch.theta, theta)


@KERNELS
@DTYPES
@pytest.mark.parametrize("sizes", [(600, 20, 3), (3, 20, 600), (257, 13), (600, 300, 513)])
@pytest.mark.parametrize("m", [1, 5, 257])
def test_layers_deeper_than_one_cut_of_a_sum(kernels, dtype, sizes, m):
    """Sums over more than 256 units are cut, forward and back, and go on from what was there."""
    rng = np.random.default_rng(m)
    net = bp.Network(sizes, "tanh", "squared_error")
    theta = bp.init_theta(net, 0, "glorot", dtype=dtype)
    theta += (0.05 * rng.normal(size=theta.size)).astype(dtype)  # biases, too
    rows = check_rows(net, rng.normal(size=(m, sizes[0])).astype(dtype), rng.random((m, sizes[-1])))
    J_true, D_true = ReferenceProblem(net, rows, 0.5).cost_and_gradient(theta)
    z_true = reference.logits(net, theta, rows.X)
    with using(kernels):
        problem = NativeProblem(net, rows, 0.5, 2)
        found = [problem.cost_and_gradient(theta) for _ in range(3)]
        found += [problem.batch_cost_and_gradient(theta, np.arange(m))]
        z = native.logits(net, theta, rows.X)
    for J, D in found:
        assert abs(J - J_true) <= 2 * TOLERANCE[dtype] * J_true
        assert error(D, D_true) <= 2 * TOLERANCE[dtype]
    assert error(z, z_true) <= 2 * TOLERANCE[dtype]


@KERNELS
@DTYPES
@pytest.mark.parametrize("sizes", [NARROW, WIDE])
@pytest.mark.parametrize("m", [127, 128, 129, 1025])
def test_rows_at_the_ends_of_blocks_and_chunks(kernels, dtype, sizes, m):
    net, theta, rows = example(dtype, m, sizes)
    J_true, D_true = ReferenceProblem(net, rows, 0.5).cost_and_gradient(theta)
    H_true = reference.forward(net, theta, rows.X)
    with using(kernels):
        problem = NativeProblem(net, rows, 0.5, 2)
        found = [problem.cost_and_gradient(theta) for _ in range(3)]
        H, (z, cost) = native.forward(net, theta, rows.X, 2), problem.logits_and_cost(theta)
    for J, D in found:
        assert abs(J - J_true) <= TOLERANCE[dtype] * J_true
        assert error(D, D_true) <= 2 * TOLERANCE[dtype]
    assert error(H, H_true) <= TOLERANCE[dtype]
    assert error(z, reference.logits(net, theta, rows.X)) <= TOLERANCE[dtype]
    J_plain = ReferenceProblem(net, rows, 0.0).cost_and_gradient(theta)[0]
    assert abs(cost - m * J_plain) <= TOLERANCE[dtype] * m * J_plain


@KERNELS
@DTYPES
@pytest.mark.parametrize("m", [256, 600])
def test_intermediates_of_every_block_of_rows(kernels, dtype, m):
    """Rows are passed in blocks of 256: each one's z, a and δ stand in its own rows."""
    net, theta, rows = example(dtype, m, (30, 21, 13, 10))
    rows = replace(rows, w=np.linspace(0.5, 2, m).astype(dtype))
    with using(kernels):
        ours = NativeProblem(net, rows, 0.0).intermediates(theta)
    Thetas = net.roll(theta)
    a, z = backprop.forward_pass(net, Thetas, rows.X)
    delta = backprop.backward_pass(net, Thetas, z, rows.Y)
    truth = a, z, delta, backprop.accumulate(a, delta, rows.w)
    for found, expected in zip(ours, truth):
        assert found.keys() == expected.keys()
        for l in expected:
            assert error(found[l], expected[l]) <= 2 * TOLERANCE[dtype]


@KERNELS
@DTYPES
def test_softplus_keeps_its_digits_where_it_is_small(kernels, dtype):
    """log(1 + e) for e far below 1's last bit: as C's log1p has it, digit for digit."""
    z = np.linspace(-80, 20, 403).astype(dtype)
    net = bp.Network((1, 1, 1), "softplus", "squared_error")
    theta = np.array([0, 1, 0, 1], dtype)  # z and a go through as they are
    with using(kernels):
        for X in (z[:, None], z[:1, None]):
            truth = np.logaddexp(0, X.astype(np.longdouble))
            found = native.logits(net, theta, X)
            np.testing.assert_allclose(found, truth, rtol=8 * np.finfo(dtype).eps)


@KERNELS
@DTYPES
@pytest.mark.parametrize("units", [1, 3, 64, 130])
def test_the_binary_log_loss_keeps_its_digits_where_it_is_small(kernels, dtype, units):
    """Confident and right: Σ log(1 + e^−|z|) over small and over large terms alike."""
    net = bp.Network((1, units), loss="binary_log_loss")
    limit = units * 8 * float(np.finfo(dtype).eps)
    for size in (0.5, 5, 30, 60):
        z = (size * np.linspace(0.9, 1.1, units)).astype(dtype)
        theta = np.concatenate([np.zeros(units, dtype), z])
        rows = check_rows(net, np.ones((1, 1), dtype), np.ones((1, units)))
        truth = float(np.log1p(np.exp(-z.astype(np.longdouble))).sum())
        with using(kernels):
            cost = NativeProblem(net, rows, 0.0).logits_and_cost(theta)[1]
        assert cost == pytest.approx(truth, rel=limit, abs=0)


@DTYPES
@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("sizes", [NARROW, WIDE])
def test_a_problem_goes_from_any_batch_to_any_other(dtype, k, sizes):
    """Memory is kept between calls where it fits: never that of another batch, or without masks."""
    net, theta, rows = example(dtype, m=900, sizes=sizes)
    problem = NativeProblem(net, rows, 0.5, 2)
    masks, order = Dropout((0.3, 0.2), 5), np.arange(rows.m)[::-1]
    for batch, dropout in [
        *((40, None), (40, masks), (900, masks), (900, None)),
        *((40, None), (900, masks), (40, masks), (900, None)),
    ]:
        new = NativeProblem(net, rows, 0.5, 1)
        arguments = several(net, theta, Momentum(), k, rows.m, batch)
        epochs = zip(problem.run_epochs(*arguments, dropout), new.run_epochs(*arguments, dropout))
        assert all(same_epoch(*pair) for pair in epochs)
        J, D = problem.batch_cost_and_gradient(theta, order[:batch], dropout)
        J_new, D_new = new.batch_cost_and_gradient(theta, order[:batch], dropout)
        assert J == J_new
        assert np.array_equal(D, D_new)


@KERNELS
@DTYPES
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_slope_at_zero_is_the_references(kernels, dtype, activation):
    """On a kink, too: rows of zeros and no bias make z exactly 0."""
    net = bp.Network((2, 19, 1), activation, "squared_error")
    theta = bp.init_theta(net, 0, dtype=dtype)
    theta[:19] = 0  # the hidden biases
    rows = check_rows(net, np.zeros((21, 2), dtype), np.ones((21, 1)))
    truth = ReferenceProblem(net, rows, 0.0).cost_and_gradient(theta)[1]
    with using(kernels):
        problem = NativeProblem(net, rows, 0.0)
        found = [problem.cost_and_gradient(theta)[1]]
        found += [problem.batch_cost_and_gradient(theta, np.arange(21))[1]]
        found += [
            np.concatenate([part.T.ravel() for part in problem.intermediates(theta)[3].values()])
        ]
    for D in (found[0], found[1], found[2] / 21):
        np.testing.assert_allclose(D, truth, rtol=2 * TOLERANCE[dtype], atol=TOLERANCE[dtype])
