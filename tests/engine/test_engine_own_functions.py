"""A user's own activations and losses on the core's kernels: called between the products."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

import backpass as bp
from backpass import backprop, engine
from backpass.engine import Dropout, native
from backpass.engine.blocked.problem import BlockedProblem
from backpass.engine.encoding import PlainNumber, RowEncoder
from backpass.engine.native import NativeProblem
from backpass.engine.problem import check_rows
from backpass.engine.reference import ReferenceProblem
from backpass.errors import InvalidInput
from backpass.solvers.first_order import Adam

pytestmark = pytest.mark.skipif(not native.instruction_sets(), reason="the core is not built")
WAVE = bp.Activation("wave", np.sin, np.cos)
FOURTH = bp.Loss(
    "fourth",
    h=np.arctan,
    value=lambda z, y: ((z - y) ** 4).sum(axis=1) / 4,
    delta=lambda z, y: (z - y) ** 3,
)
TOLERANCE = {np.float32: 2e-5, np.float64: 1e-12}
FUNCTIONS = [
    ("tanh", FOURTH),
    (WAVE, "log_loss"),
    (WAVE, FOURTH),
    (["relu", WAVE], "squared_error"),
]


def example(hidden, loss, m=90, dtype=np.float64, sizes=(7, 20, 9, 3)):
    rng = np.random.default_rng(m)
    net = bp.Network(sizes, hidden, loss)
    X = rng.normal(size=(m, sizes[0])) * (rng.random((m, sizes[0])) < 0.6)
    Y = np.eye(sizes[-1])[rng.integers(0, sizes[-1], m)]
    rows = check_rows(net, X.astype(dtype), Y.astype(dtype), rng.random(m).astype(dtype))
    return net, bp.init_theta(net, 0, dtype=dtype), rows


def in_form(net, rows, form):
    if form == "dense":
        return rows
    if form == "csr":
        return check_rows(net, sparse.csr_array(rows.X), rows.Y, rows.w)
    encoder = RowEncoder([(k, PlainNumber()) for k in range(net.sizes[0])])
    return check_rows(net, encoder.encode(rows.X), rows.Y, rows.w)


def close(ours, truth, limit):
    assert np.linalg.norm(ours - truth) <= limit * max(1.0, np.linalg.norm(truth))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("form", ["dense", "csr", "table"])
@pytest.mark.parametrize(("hidden", "loss"), FUNCTIONS)
def test_everything_is_the_references(hidden, loss, form, dtype):
    net, theta, rows = example(hidden, loss, dtype=dtype)
    limit = TOLERANCE[dtype]
    ours, truth = (
        NativeProblem(net, in_form(net, rows, form), 0.3),
        ReferenceProblem(net, rows, 0.3),
    )
    (J, D), (J_true, D_true) = ours.cost_and_gradient(theta), truth.cost_and_gradient(theta)
    close(J, J_true, limit)
    close(D, D_true, limit)
    for one, other in zip(ours.logits_and_cost(theta), truth.logits_and_cost(theta)):
        close(one, other, limit)
    a, z, delta, Delta = ours.intermediates(theta)
    Thetas = net.roll(theta)
    a_true, z_true = backprop.forward_pass(net, Thetas, rows.X)
    delta_true = backprop.backward_pass(net, Thetas, z_true, rows.Y)
    Delta_true = backprop.accumulate(a_true, delta_true, rows.w)
    pairs = (a, a_true), (z, z_true), (delta, delta_true), (Delta, Delta_true)
    for kept, expected in pairs:
        for l in set(expected) - {1 if kept is a else 0}:
            close(kept[l], expected[l], limit)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 300), st.sampled_from(FUNCTIONS), st.sampled_from([0.0, 0.4]))
def test_an_epoch_is_the_references(m, functions, rate):
    net, theta, rows = example(*functions, m=m)
    order, adam, dropout = np.arange(m)[::-1], Adam(), Dropout((rate, rate), 3) if rate else None
    arguments = theta, adam.init(theta), adam, order, 32, np.full(-(-m // 32), 1e-3), dropout
    ours = NativeProblem(net, rows, 0.3).run_epoch(*arguments)
    truth = ReferenceProblem(net, rows, 0.3).run_epoch(*arguments)
    close(ours.theta, truth.theta, 1e-9)  # Adam divides by roots of small numbers
    close(ours.J, truth.J, 1e-12)


@pytest.mark.parametrize("m", [1, 3, 5, 300])
def test_predictions_of_few_rows_and_of_many(m):
    net, theta, rows = example(WAVE, FOURTH, m=m)
    truth = backprop.forward_pass(net, net.roll(theta), rows.X)[0][net.L]
    for n_threads in (1, 2):
        close(engine.forward(net, theta, rows.X, n_threads=n_threads), truth, 1e-13)
    assert native.quick_forward(net, theta, rows.X) is None
    with_known_loss = bp.Network(net.sizes, WAVE, "log_loss")
    close(
        native.logits(with_known_loss, theta, rows.X),
        native.logits(net, theta, rows.X),
        1e-13,
    )


def test_arrays_may_be_kept_and_changed():
    kept = []

    def g(z):
        kept.append(z)
        return np.sin(z)

    def changing(z):
        z *= 0
        return np.ones_like(z)

    net, theta, rows = example(bp.Activation("kept", g, changing), "squared_error")
    NativeProblem(net, rows, 0.0).cost_and_gradient(theta)
    first = [each.copy() for each in kept]
    NativeProblem(net, rows, 0.0).cost_and_gradient(2 * theta)
    assert len(first) == 2
    for before, now in zip(first, kept):
        np.testing.assert_array_equal(before, now)


def test_numbers_of_another_type_and_constants_are_taken():
    half = bp.Activation("half", lambda z: (z / 2).astype(np.float32), lambda z: 0.5)
    net, theta, rows = example(half, "squared_error")
    truth = ReferenceProblem(
        bp.Network(net.sizes, bp.Activation("h", lambda z: z / 2, lambda z: np.full_like(z, 0.5))),
        rows,
        0.0,
    )
    D = NativeProblem(net, rows, 0.0).cost_and_gradient(theta)[1]
    other = bp.Network(net.sizes, truth.net.hidden, "squared_error")
    close(D, ReferenceProblem(other, rows, 0.0).cost_and_gradient(theta)[1], 1e-6)


@pytest.mark.parametrize(
    ("functions", "said"),
    [
        ((bp.Activation("flat", np.ravel, np.cos), "log_loss"), r"flat's g .*\(1800,\); it has to"),
        ((bp.Activation("wide", np.sin, lambda z: z[:, :1]), "log_loss"), "wide's g_prime"),
        (("tanh", bp.Loss("sum", np.sin, lambda z, y: z - y, lambda z, y: z)), "sum's value"),
    ],
)
def test_another_shape_is_one_sentence(functions, said):
    net, theta, rows = example(*functions)
    with pytest.raises(InvalidInput, match=said):
        NativeProblem(net, rows, 0.0).cost_and_gradient(theta)


@pytest.mark.parametrize("at", [1, 2, 3, 8])
def test_what_a_function_raises_comes_through_and_the_problem_goes_on(at):
    calls = []

    def g(z):
        calls.append(1)
        if len(calls) == at:
            raise ZeroDivisionError("mine")
        return np.sin(z)

    net, theta, rows = example(bp.Activation("wave", g, np.cos), "squared_error")
    problem, adam = NativeProblem(net, rows, 0.0, 2), Adam()
    state, before = adam.init(theta), theta.copy()
    arguments = theta, state, adam, np.arange(90), 30, np.full(3, 1e-3)
    if at <= 6:
        with pytest.raises(ZeroDivisionError, match="mine"):
            problem.run_epoch(*arguments)
        np.testing.assert_array_equal(theta, before)
        assert not state["m"].any()
    calls.append(1000)
    truth = ReferenceProblem(bp.Network(net.sizes, WAVE, "squared_error"), rows, 0.0)
    close(problem.run_epoch(*arguments).theta, truth.run_epoch(*arguments).theta, 1e-9)


def test_it_is_called_by_the_thread_that_asked():
    seen = set()

    def g(z):
        seen.add(threading.get_ident())
        return np.sin(z)

    net, theta, rows = example(bp.Activation("wave", g, np.cos), "squared_error", m=5000)
    problem = NativeProblem(net, rows, 0.0, 2)
    problem.cost_and_gradient(theta)
    problem.costs_and_gradients([theta, 2 * theta])
    engine.forward(net, theta, rows.X, n_threads=2)
    assert seen == {threading.get_ident()}


def test_jobs_with_functions_of_ones_own_side_by_side():
    net, _, rows = example(WAVE, FOURTH)
    jobs = [bp.Job(net, rows.X, rows.Y, 0.1, max_epochs=3, seed=seed) for seed in range(3)]
    together = bp.train_jobs(jobs, n_threads=3)
    for job, result in zip(jobs, together):
        np.testing.assert_array_equal(result.theta, bp.train_jobs([job])[0].theta)


def test_the_numpy_engine_gives_the_same():
    net, theta, rows = example(WAVE, FOURTH)
    J, D = BlockedProblem(net, rows, 0.3).cost_and_gradient(theta)
    ours = NativeProblem(net, rows, 0.3).cost_and_gradient(theta)
    close(ours[0], J, 1e-13)
    close(ours[1], D, 1e-13)
