"""The blocked NumPy engine: equal to the reference, whatever the shape, and small in memory."""

from __future__ import annotations

import threading
import tracemalloc

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from all_losses import ALL_LOSSES
from backpass import Activation, Network, init_theta
from backpass.activations import ACTIVATIONS
from backpass.engine import Dropout, check_rows, reference
from backpass.engine.blocked import inputs, workspace
from backpass.engine.blocked import problem as blocked
from backpass.engine.blocked import steps as inplace_steps
from backpass.engine.blocked.problem import BlockedProblem
from backpass.engine.reference import ReferenceProblem
from backpass.solvers.adamw import AdamW
from backpass.solvers.first_order import Adam, GradientDescent, Momentum, Nesterov
from backpass.solvers.muon import Muon
from backpass.training.matrices import with_matrices
from sparse_rows import ONLY_LINUX, parts_of, told, untidy

OPTIMIZERS = [
    GradientDescent(),
    Momentum(),
    Nesterov(),
    Adam(),
    Adam(weight_decay=0.1),
    AdamW(weight_decay=0.1),
    Muon(),
]


@st.composite
def problems(draw):
    """A network, its rows and θ, with weights and λ or without."""
    sizes = draw(st.lists(st.integers(1, 40), min_size=2, max_size=6))
    hidden = draw(
        st.lists(
            st.sampled_from(sorted(ACTIVATIONS)), min_size=len(sizes) - 2, max_size=len(sizes) - 2
        )
    )
    net = Network(sizes, hidden, ALL_LOSSES[draw(st.sampled_from(sorted(ALL_LOSSES)))])
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    X, Y, w = _data(rng, net, m=draw(st.integers(1, 700)))
    theta = rng.normal(size=net.n_parameters) * 0.5
    weights = w if draw(st.booleans()) else None
    return net, X, Y, weights, theta, draw(st.sampled_from([0.0, 0.7]))


def _data(rng, net, m):
    X = rng.normal(size=(m, net.sizes[0]))
    Y = np.eye(net.sizes[-1])[rng.integers(0, net.sizes[-1], m)]
    Y *= rng.uniform(0.2, 1, size=(m, 1))  # soft targets: rows need not add up to one
    return X, Y, rng.uniform(0.1, 2, size=m)


def both(net, X, Y, weights, lam):
    rows = check_rows(net, X, Y, weights)
    return BlockedProblem(net, rows, lam), ReferenceProblem(net, rows, lam)


def assert_same(ours, theirs, tolerance=1e-12):
    """J and D agree, D in the norm of its largest entry."""
    (J, D), (J_reference, D_reference) = ours, theirs
    assert abs(J - J_reference) <= tolerance * abs(J_reference)
    assert np.abs(D - D_reference).max() <= tolerance * np.abs(D_reference).max()


@pytest.fixture(autouse=True, scope="module")
def small_blocks():
    """Blocks of at most 100 rows, so that few rows make several blocks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workspace, "MAX_ROWS", 100)
        yield


@settings(max_examples=60, deadline=None)
@given(problems())
def test_full_batch_equals_the_reference(problem):
    net, X, Y, weights, theta, lam = problem
    ours, theirs = both(net, X, Y, weights, lam)
    assert_same(ours.cost_and_gradient(theta), theirs.cost_and_gradient(theta))


@settings(max_examples=60, deadline=None)
@given(problems(), st.integers(0, 2**32), st.booleans())
def test_mini_batch_equals_the_reference(problem, seed, thin):
    net, X, Y, weights, theta, lam = problem
    ours, theirs = both(net, X, Y, weights, lam)
    batch = np.random.default_rng(seed).permutation(len(X))[: max(1, len(X) // 2)]
    dropout = Dropout((0.25,) * (net.L - 2), seed) if thin else None
    assert_same(
        ours.batch_cost_and_gradient(theta, batch, dropout, 3),
        theirs.batch_cost_and_gradient(theta, batch, dropout, 3),
    )


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_a_step_has_the_same_bits_as_the_pure_rule(optimizer, rng):
    net = Network((2 * inplace_steps.PIECE // 3, 3, 2, 1))
    optimizer, n = with_matrices(optimizer, net), net.n_parameters
    theta, state = rng.normal(size=n), optimizer.init(np.zeros(n))
    in_place, own_state = theta.copy(), optimizer.init(np.zeros(n))
    step = inplace_steps.step_in_place(optimizer)
    for _ in range(3):
        D = rng.normal(size=n)
        state, theta = optimizer.step(state, theta, D, 0.01)
        step(own_state, in_place, D, 0.01)
    np.testing.assert_array_equal(in_place, theta)
    assert own_state.keys() == state.keys()
    for key in state:
        np.testing.assert_array_equal(own_state[key], state[key])


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
@pytest.mark.parametrize("thin", [False, True])
def test_an_epoch_equals_the_reference_and_leaves_its_arguments(optimizer, thin, rng):
    net = Network((6, 9, 5, 3), ("tanh", "relu"), "log_loss")
    optimizer = with_matrices(optimizer, net)
    X, Y, w = _data(rng, net, m=130)
    dropout = Dropout((0.2, 0.4), 11) if thin else None
    theta, order, rates = (
        init_theta(net, seed=1, epsilon=0.5),
        rng.permutation(130),
        np.full(5, 0.01),
    )
    state = optimizer.init(theta)
    before = theta.copy(), {key: np.copy(v) for key, v in state.items()}
    ours, theirs = (
        p.run_epoch(theta, state, optimizer, order, 29, rates, dropout)
        for p in both(net, X, Y, w, 0.3)
    )
    assert_same((ours.J, ours.theta), (theirs.J, theirs.theta), 1e-9)
    assert ours.state["t"] == theirs.state["t"] == 5
    np.testing.assert_array_equal(theta, before[0])
    for key, value in before[1].items():
        np.testing.assert_array_equal(state[key], value)


def test_an_optimiser_of_the_users_own(rng):
    class Half(GradientDescent):
        name = "half"

        def step(self, state, theta, gradient, learning_rate):
            return super().step(state, theta, gradient, learning_rate / 2)

    net = Network((4, 3, 2))
    X, Y, _ = _data(rng, net, m=20)
    theta = init_theta(net)
    ours, theirs = (
        p.run_epoch(theta, {"t": 0}, Half(), np.arange(20), 7, np.full(3, 0.1))
        for p in both(net, X, Y, None, 0.0)
    )
    np.testing.assert_allclose(ours.theta, theirs.theta, rtol=1e-12)
    assert ours.state == theirs.state == {"t": 3}


def test_functions_of_the_users_own(rng):
    square = Activation("relu", lambda z: z * z, lambda z: 2 * z)  # a known name is not believed
    net = Network((4, 6, 2), square, "squared_error")
    X, Y, w = _data(rng, net, m=50)
    theta = rng.normal(size=net.n_parameters)
    ours, theirs = both(net, X, Y, w, 0.1)
    assert_same(ours.cost_and_gradient(theta), theirs.cost_and_gradient(theta))


@pytest.mark.parametrize("form", [scipy.sparse.csr_array, np.asfortranarray, lambda X: X])
def test_csr_and_fortran_ordered_rows(form, rng):
    net = Network((30, 8, 3), "relu", "log_loss")
    X, Y, w = _data(rng, net, m=600)
    X[X < 0.5] = 0
    theta = rng.normal(size=net.n_parameters)
    ours, theirs = both(net, form(X), Y, w, 0.1)[0], both(net, X, Y, w, 0.1)[1]
    assert_same(ours.cost_and_gradient(theta), theirs.cost_and_gradient(theta))
    batch = rng.permutation(600)[:300]
    assert_same(
        ours.batch_cost_and_gradient(theta, batch), theirs.batch_cost_and_gradient(theta, batch)
    )


KINDS = [scipy.sparse.csr_matrix, scipy.sparse.csr_array]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("indices", [np.int32, np.int64])
@pytest.mark.parametrize("engine", ["blocked", "reference"])
@pytest.mark.parametrize("hidden", [(), (8, 5)])
def test_sparse_rows_give_what_their_dense_form_gives(engine, kind, indices, hidden, rng):
    net = Network((30, *hidden, 3), ("tanh",) * len(hidden), "log_loss")
    X = untidy(rng, (410, 30), kind=kind, indices=indices)
    before = parts_of(X)
    _, Y, w = _data(rng, net, m=410)
    theta = rng.normal(size=net.n_parameters)
    sparse, dense = (
        dict(zip(("blocked", "reference"), both(net, form, Y, w, 0.1))) for form in (X, X.toarray())
    )
    ours, theirs = sparse[engine], dense["reference"]
    assert_same(ours.cost_and_gradient(theta), theirs.cost_and_gradient(theta))
    batch = rng.permutation(410)[:210]
    dropout = Dropout((0.25,) * len(hidden), 3) if hidden else None
    assert_same(
        ours.batch_cost_and_gradient(theta, batch, dropout, 1),
        theirs.batch_cost_and_gradient(theta, batch, dropout, 1),
    )
    z, cost = ours.logits_and_cost(theta)
    z_dense, cost_dense = theirs.logits_and_cost(theta)
    np.testing.assert_allclose(z, z_dense, atol=1e-12)
    assert cost == pytest.approx(cost_dense, rel=1e-12)
    for mine, there in zip(parts_of(X), before):
        np.testing.assert_array_equal(mine, there)
        assert mine.dtype == there.dtype


@pytest.mark.parametrize("optimizer", OPTIMIZERS[:3], ids=repr)
def test_an_epoch_over_sparse_rows(optimizer, rng):
    """SGD's weights; Adam would make large steps of what rounding leaves of a zero."""
    net = Network((40, 9, 3), "tanh", "log_loss")
    X = untidy(rng, (330, 40))
    _, Y, w = _data(rng, net, m=330)
    theta, order = init_theta(net, seed=1, epsilon=0.5), rng.permutation(330)
    ours, theirs = (
        problem.run_epoch(
            theta, optimizer.init(theta), optimizer, order, 150, np.full(3, 0.1), None
        )
        for problem in (both(net, X, Y, w, 0.3)[0], both(net, X.toarray(), Y, w, 0.3)[1])
    )
    assert_same((ours.J, ours.theta), (theirs.J, theirs.theta))


def test_a_sparse_block_adds_to_Delta_in_parts(rng, monkeypatch):
    net = Network((50, 8, 3), "tanh", "log_loss")
    X = untidy(rng, (300, 50))
    _, Y, w = _data(rng, net, m=300)
    theta = rng.normal(size=net.n_parameters)
    monkeypatch.setattr(inputs, "PART_BYTES", 7 * 8 * 8)  # seven rows of eight numbers
    ours, theirs = both(net, X, Y, w, 0.1)[0], both(net, X.toarray(), Y, w, 0.1)[1]
    assert_same(ours.cost_and_gradient(theta), theirs.cost_and_gradient(theta))


def test_arrays_that_are_longer_than_what_is_in_the_matrix(rng):
    """What lies behind indptr's end is in no row: it may be anything."""
    net = Network((30, 3))
    X = untidy(rng, (60, 30))
    dense = X.toarray()
    X.indices = np.concatenate([X.indices, np.full(5, 10**6, np.int32)])
    X.data = np.concatenate([X.data, np.full(5, np.nan)])
    _, Y, w = _data(rng, net, m=60)
    theta = rng.normal(size=net.n_parameters)
    for ours in both(net, X, Y, w, 0.0):
        theirs = both(net, dense, Y, w, 0.0)[1]
        assert_same(ours.cost_and_gradient(theta), theirs.cost_and_gradient(theta))
    np.testing.assert_allclose(
        blocked.forward(net, theta, X), blocked.forward(net, theta, dense), atol=1e-13
    )


def test_sparse_rows_in_float32(rng):
    net = Network((60, 30, 5), "logistic", "binary_log_loss")
    X = untidy(rng, (700, 60)).astype(np.float32)
    _, Y, w = _data(rng, net, m=700)
    theta = rng.normal(size=net.n_parameters)
    J, D = both(net, X, Y, w, 0.1)[0].cost_and_gradient(theta)
    assert D.dtype == np.float32
    truth = both(net, X.toarray().astype(np.float64), Y, w, 0.1)[1]
    assert_same((J, D), truth.cost_and_gradient(theta), 5e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("m", [0, 1, 1300])
def test_forward_of_sparse_rows(kind, m, rng):
    net = Network((40, 7, 4), "tanh", "log_loss")
    X, theta = untidy(rng, (1300, 40), kind=kind)[:m], rng.normal(size=net.n_parameters)
    expected = reference.forward(net, theta, X.toarray())
    for engine in (blocked, reference):
        answer = engine.forward(net, theta, X)
        assert type(answer) is np.ndarray
        np.testing.assert_allclose(answer, expected, atol=1e-13)
        np.testing.assert_allclose(
            engine.logits(net, theta, X), reference.logits(net, theta, X.toarray()), atol=1e-12
        )


WIDE = """
import os
os.environ["BACKPASS_ENGINE"] = {engine!r}
X, y = text(3000, 100_000, 50)
net = bp.Network((100_000, 4, 2), loss="log_loss")
from backpass import engine
from backpass.solvers.first_order import GradientDescent
theta, rule = bp.init_theta(net), GradientDescent()
Y = np.eye(2)[y]

def work(X, Y):
    problem = engine.prepare(net, X, Y)
    assert problem.name == {engine!r}
    J, D = problem.cost_and_gradient(theta)
    epoch = problem.run_epoch(theta, {{"t": 0}}, rule, np.arange(len(Y)), 200, np.full(15, 0.1))
    return J, len(engine.forward(net, theta, X)), len(problem.logits_and_cost(theta)[0])

work(X[:200], Y[:200])
allow(100)  # theta has 3 MB, X 2 MB, and 2.4 GB if it is dense: 400 MB a block of 512 rows
tell(work(X, Y))
"""


@ONLY_LINUX
@pytest.mark.parametrize("engine", ["blocked", "reference"])
def test_wide_sparse_rows_are_never_dense(engine):
    J, *rows = told(WIDE.format(engine=engine))
    assert J == pytest.approx(np.log(2), rel=0.1)
    assert rows == [3000, 3000]


def test_float32_stays_float32(rng):
    net = Network((20, 30, 30, 5), "logistic", "binary_log_loss")
    X, Y, w = _data(rng, net, m=900)
    theta = rng.normal(size=net.n_parameters)
    J, D = both(net, X.astype(np.float32), Y, w, 0.1)[0].cost_and_gradient(theta)
    assert D.dtype == np.float32
    assert_same((J, D), both(net, X, Y, w, 0.1)[1].cost_and_gradient(theta), 5e-6)


@pytest.mark.parametrize("name", sorted(ALL_LOSSES))
def test_forward_equals_the_reference(name, rng):
    net = Network((12, 7, 70), "tanh", ALL_LOSSES[name])
    X, theta = rng.normal(size=(1300, 12)), rng.normal(size=net.n_parameters)
    for m in (0, 1, 1300):
        np.testing.assert_allclose(
            blocked.forward(net, theta, X[:m]),
            reference.forward(net, theta, X[:m]),
            rtol=1e-11,
            atol=1e-14 * np.sqrt(net.n_parameters),  # a sum of that many products may cancel
        )
        np.testing.assert_allclose(
            blocked.logits(net, theta, X[:m]), reference.logits(net, theta, X[:m]), atol=1e-12
        )


def test_many_outputs_in_float32(rng):
    net = Network((2, 300), (), "binary_log_loss")
    X, Y = rng.normal(size=(5, 2)).astype(np.float32), np.zeros((5, 300))
    theta = np.zeros(net.n_parameters, np.float32)
    J, _ = both(net, X, Y, None, 0.0)[0].cost_and_gradient(theta)
    assert pytest.approx(300 * np.log(2), rel=1e-6) == J


@pytest.mark.parametrize("loss", ["log_loss", "binary_log_loss"])
def test_huge_logits_keep_a_finite_cost(loss):
    net = Network((1, 3), (), loss)
    theta = np.array([1e4, -1e4, 0.0, 0.0, 0.0, 0.0])
    ours, theirs = both(net, np.zeros((2, 1)), np.eye(3)[:2], None, 0.0)
    assert_same(ours.cost_and_gradient(theta), theirs.cost_and_gradient(theta))


def test_the_complex_step_is_left_to_the_reference(rng):
    net = Network((3, 4, 2))
    X, Y, _ = _data(rng, net, m=9)
    theta = init_theta(net) + 1e-30j
    ours, theirs = both(net, X, Y, None, 1.0)
    assert ours.cost_and_gradient(theta)[0] == theirs.cost_and_gradient(theta)[0]


def test_an_order_that_names_no_row_is_refused(rng):
    net = Network((3, 2))
    X, Y, _ = _data(rng, net, m=4)
    problem = both(net, X, Y, None, 0.0)[0]
    with pytest.raises(IndexError, match="outside 0 to 3"):
        problem.batch_cost_and_gradient(init_theta(net), np.array([0, 4]))


def test_two_threads_do_not_disturb_each_other(rng):
    net = Network((20, 15, 4), "tanh", "log_loss")
    X, Y, _ = _data(rng, net, m=3000)
    problem = both(net, X, Y, None, 0.0)[0]
    thetas = [init_theta(net, seed=k) for k in range(4)]
    alone = [problem.cost_and_gradient(theta) for theta in thetas]
    together = [None] * 4

    def work(k):
        for _ in range(10):
            together[k] = problem.cost_and_gradient(thetas[k])

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for (J, D), (J_alone, D_alone) in zip(together, alone):
        assert J_alone == J
        np.testing.assert_array_equal(D, D_alone)


def test_memory_does_not_grow_with_the_rows(rng):
    net = Network((50, 40, 10), "relu", "log_loss")
    X, Y, _ = _data(rng, net, m=40_000)
    theta = init_theta(net)

    def peak(m):
        problem = both(net, X[:m], Y[:m], None, 0.0)[0]
        tracemalloc.start()
        problem.cost_and_gradient(theta)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    assert peak(40_000) < 1.1 * peak(5_000) < 4 * workspace.BLOCK_BYTES


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_small_probability_keeps_its_digits(dtype):
    mpmath = pytest.importorskip("mpmath")
    net = Network((1, 1), hidden=(), loss="binary_log_loss")
    z = np.array([-700.0, -80.0, -37.5, -20.0, -1.0, 0.0, 3.0, 30.0, 800.0])
    z = z[z > -80.5] if dtype == np.float32 else z
    a = blocked.forward(net, np.array([0.0, 1.0], dtype), z[:, None].astype(dtype))
    expected = [float(1 / (1 + mpmath.exp(-x))) for x in z.tolist()]
    np.testing.assert_allclose(a[:, 0], expected, rtol=4 * np.finfo(dtype).eps)
