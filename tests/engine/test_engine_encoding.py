"""A table's rows by look-up: the same answers as of its codes written out, in every engine."""

from __future__ import annotations

import os
from unittest import mock

import numpy as np
import pytest

import backpass as bp
from backpass import engine
from backpass.engine import Dropout, native
from backpass.engine.blocked.problem import BlockedProblem
from backpass.engine.encoding import (
    EncodedRows,
    Levels,
    PiecewiseLinear,
    PlainNumber,
    RowEncoder,
)
from backpass.engine.native import NativeProblem
from backpass.engine.reference import ReferenceProblem
from backpass.errors import InvalidInput
from backpass.solvers.adamw import AdamW
from backpass.solvers.first_order import Adam, GradientDescent, Momentum, Nesterov
from backpass.solvers.muon import Muon
from backpass.training.matrices import with_matrices

NATIVE = pytest.mark.skipif(not native.instruction_sets(), reason="the core is not built")
TOLERANCE = {np.float32: 5e-6, np.float64: 1e-12}
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
RULES = [
    GradientDescent(),
    Momentum(0.8),
    Nesterov(),
    Adam(weight_decay=0.1),
    AdamW(weight_decay=0.5),
    Muon(weight_decay=0.5, ratio=1.0),
]
ENCODER = RowEncoder(
    [
        (0, PiecewiseLinear([-1.0, -0.2, 0.1, 0.15, 2.0])),
        (2, Levels(4)),
        (0, PlainNumber()),
        (1, PiecewiseLinear([0.0, 1.0])),
        (3, PlainNumber()),
        (1, PiecewiseLinear(np.linspace(-1, 1, 18))),
        (2, Levels(2)),
    ]
)


def table(m=83):
    """Numbers inside and outside of all edges and on some; levels of which some are none."""
    rng = np.random.default_rng(m)
    X = rng.normal(size=(m, 4)) * 1.5
    X[:6, 0] = [-9, 9, -1, 2, 0.1, 0.15]
    X[:, 2] = rng.integers(-1, 6, size=m)
    return X


def codes_by_name(X):
    """The dense form, by the definition: what a code of each input is, one at a time."""
    columns = []
    for c, encoding in ENCODER.columns:
        x = X[:, c]
        if isinstance(encoding, PlainNumber):
            columns.append(x)
        elif isinstance(encoding, Levels):
            columns += [(x == level).astype(float) for level in range(encoding.inputs)]
        else:
            last = encoding.inputs - 1
            for k, (low, high) in enumerate(zip(encoding.edges, encoding.edges[1:])):
                t = (x - low) / (high - low)
                columns.append(np.clip(t, -1.0 if k == 0 else 0.0, 2.0 if k == last else 1.0))
    return np.column_stack(columns)


def distance(ours, truth):
    """Norm-wise relative error."""
    ours, truth = np.asarray(ours, np.float64), np.asarray(truth, np.float64)
    return np.linalg.norm(ours - truth) / max(np.linalg.norm(truth), 1e-300)


def problems(kind, dtype, hidden=(20, 6), lam=0.4, threads=1):
    """The same examples, encoded in one engine and written out in the reference; and a θ."""
    X, rng = table(), np.random.default_rng(1)
    Y = np.eye(3)[rng.integers(3, size=len(X))].astype(dtype)
    w = rng.random(len(X)).astype(dtype)
    encoded = ENCODER.encode(X.astype(dtype))
    net = bp.Network((ENCODER.inputs, *hidden, 3), "tanh")
    rows = [engine.check_rows(net, x, Y, w) for x in (encoded, encoded.toarray())]
    theta = bp.init_theta(net, 0, "glorot", dtype=dtype)
    return kind(net, rows[0], lam, threads), ReferenceProblem(net, rows[1], lam), theta


def test_the_codes_are_what_their_definition_says():
    rows = ENCODER.encode(table())
    np.testing.assert_allclose(rows.toarray(), codes_by_name(table()), atol=1e-15)
    assert rows.shape == (83, len(ENCODER.names(list("abcd"))))
    assert rows.places.dtype == np.int32
    assert rows.places.shape == (83, 5)  # one integer a cell, whatever the bins and levels


@NATIVE
@DTYPES
@pytest.mark.parametrize("kernels", native.instruction_sets())
@pytest.mark.parametrize("hidden", [(), (1,), (5,), (16,), (33, 7), (64,), (150,)])
def test_look_ups_give_every_sum_of_the_codes_written_out(kernels, dtype, hidden):
    with mock.patch.dict(os.environ, BACKPASS_ISA=kernels):
        ours, truth, theta = problems(NativeProblem, dtype, hidden)
        batch = np.array([5, 28, 5, 40, 0])
        pairs = [
            (ours.cost_and_gradient(theta), truth.cost_and_gradient(theta)),
            (ours.logits_and_cost(theta), truth.logits_and_cost(theta)),
            (
                ours.batch_cost_and_gradient(theta, batch),
                truth.batch_cost_and_gradient(theta, batch),
            ),
            (
                [engine.forward(ours.net, theta, ours.rows.X)],
                [engine.forward(ours.net, theta, truth.rows.X)],
            ),
            (
                ours.intermediates(theta)[3].values(),
                engine.intermediates(ours.net, theta, *truth_rows(truth))[3].values(),
            ),
        ]
    for answer, expected in pairs:
        for one, other in zip(answer, expected, strict=True):
            assert distance(one, other) < TOLERANCE[dtype]


def truth_rows(problem):
    return problem.rows.X, problem.rows.Y, problem.rows.w


@DTYPES
@pytest.mark.parametrize("rule", RULES, ids=repr)
@pytest.mark.parametrize("batch", [4, 30, 83])
@pytest.mark.parametrize("lam", [0.0, 0.4])
@pytest.mark.parametrize(
    "kind", [pytest.param(NativeProblem, marks=NATIVE), BlockedProblem, ReferenceProblem]
)
def test_epochs_are_those_of_the_codes_written_out(kind, dtype, rule, batch, lam):
    ours, truth, theta = problems(kind, dtype, lam=lam)
    rule = with_matrices(rule, ours.net)
    order, rates = np.random.default_rng(0).permutation(83), np.full(-(-83 // batch), 0.01)
    dropout = Dropout((0.2, 0.4), 3)
    one = other = engine.Epoch(theta, rule.init(theta), 0.0)
    for _ in range(2):
        one = ours.run_epoch(one.theta, one.state, rule, order, batch, rates, dropout)
        other = truth.run_epoch(other.theta, other.state, rule, order, batch, rates, dropout)
        assert one.J == pytest.approx(other.J, rel=20 * TOLERANCE[dtype])
    assert distance(one.theta - theta, other.theta - theta) < 100 * TOLERANCE[dtype]


@NATIVE
@DTYPES
def test_any_number_of_threads_gives_the_same_bits(dtype):
    answers = []
    for threads in (1, 2, 3, 9):
        ours, _, theta = problems(NativeProblem, dtype, (300, 40), threads=threads)
        J, D = ours.cost_and_gradient(theta)
        rates = np.full(2, 0.01)
        answers.append((J, D.tobytes()))
        for rule in (Adam(), with_matrices(Muon(), ours.net)):
            epoch = ours.run_epoch(theta, rule.init(theta), rule, np.arange(83), 60, rates)
            answers[-1] += (epoch.J, epoch.theta.tobytes())
    assert all(answer == answers[0] for answer in answers)


@NATIVE
def test_a_place_that_is_none_does_not_reach_the_core():
    rows = ENCODER.encode(table())
    net = bp.Network((ENCODER.inputs, 3, 1), "tanh", "squared_error")
    for column, place in ((0, 4), (0, -1), (1, 4), (1, -2)):
        places = rows.places.copy()
        places[7, column] = place
        wrong = EncodedRows(rows.numbers, places, rows.layout)
        with pytest.raises(InvalidInput, match="place of the encoded rows"):
            engine.forward(net, bp.init_theta(net, 0), wrong)


def test_what_cannot_be_encoded_is_said():
    with pytest.raises(InvalidInput, match="each above the last"):
        PiecewiseLinear([0, 0, 1])
    with pytest.raises(InvalidInput, match="0 levels"):
        Levels(0)
    with pytest.raises(InvalidInput, match="needs a column"):
        RowEncoder([])
    with pytest.raises(InvalidInput, match="Column 0"):
        RowEncoder([(0, PlainNumber())]).encode(np.array([[np.nan]]))
    rows = ENCODER.encode(table())
    with pytest.raises(InvalidInput, match="but the network has 5"):
        engine.prepare(bp.Network((5, 1)), rows, np.ones((83, 1)))
