"""Whatever comes to the compiled core past the public functions: an answer or an error, no crash.

Under the sanitizers (scripts/sanitize) a read or write outside of an array ends the process.
"""

import contextlib

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from backpass import Network, engine, forward
from backpass.engine import Dropout, native
from backpass.solvers.first_order import Adam, GradientDescent, Momentum

NET = Network((3, 5, 2), "tanh", "log_loss")
M = 20
DRAW = np.random.default_rng(0)
X, Y = DRAW.normal(size=(M, 3)), np.eye(2)[DRAW.integers(0, 2, M)]
ODD = (TypeError, ValueError, IndexError, OverflowError)

lengths = st.one_of(st.just(NET.n_parameters), st.integers(0, 60))
dtypes = st.sampled_from(["f4", "f8", ">f8", "i8"])


def problem(dtype):
    return engine.prepare(NET, X.astype(dtype), Y.astype(dtype))


def vector(length, dtype):
    return np.linspace(-1, 1, max(2 * length, 1)).astype(dtype)[: 2 * length : 2]


@pytest.fixture(autouse=True, scope="module")
def core():
    if not native.instruction_sets():
        pytest.skip("the native core is not built")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["f4", "f8"]), lengths, dtypes)
def test_any_theta(kind, length, dtype):
    ours, theta = problem(kind), vector(length, dtype)
    for method in (ours.cost_and_gradient, ours.logits_and_cost, ours.intermediates):
        if length == NET.n_parameters:
            method(theta)
        else:
            with pytest.raises(ODD):
                method(theta)


@settings(max_examples=250, deadline=None)
@given(
    rule=st.sampled_from([GradientDescent(), Momentum(), Adam()]),
    order=st.lists(st.one_of(st.integers(0, M - 1), st.integers(-(2**63), 2**63 - 1)), max_size=30),
    batch_size=st.one_of(st.integers(1, 30), st.sampled_from([-1, 0, 2**31, 2**62, 2**64])),
    rates=st.integers(0, 40),
    length=lengths,
    dropout=st.none() | st.lists(st.sampled_from([0.0, 0.5]), max_size=3),
)
def test_any_epoch(rule, order, batch_size, rates, length, dropout):
    theta = vector(NET.n_parameters, "f8")
    state = {
        name: vector(length, "f8") if isinstance(kept, np.ndarray) else kept
        for name, kept in rule.init(theta).items()
    }
    with contextlib.suppress(*ODD, ZeroDivisionError):
        masks = None if dropout is None else Dropout(tuple(dropout), 2**63)
        epoch = problem("f8").run_epoch(
            theta, state, rule, np.array(order, np.int64), batch_size, np.full(rates, 0.01), masks
        )
        assert epoch.theta.shape == theta.shape


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(-3, 9), min_size=6, max_size=6), st.integers(-2, 8))
def test_any_csr_matrix(columns, end):
    """What SciPy holds without looking: column numbers and row ends that do not fit."""
    matrix = scipy.sparse.csr_array((4, 3))
    matrix.data, matrix.indices = np.ones(6), np.array(columns, np.int32)
    matrix.indptr = np.array([0, 2, 4, 6, end], np.int32)
    with contextlib.suppress(*ODD):
        engine.prepare(NET, matrix, Y[:4]).cost_and_gradient(vector(NET.n_parameters, "f8"))
    with contextlib.suppress(*ODD):
        forward(NET, vector(NET.n_parameters, "f8"), matrix)
