"""Muon in the core: its steps are the reference's, whatever the shapes, rows and threads."""

from __future__ import annotations

import os
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from scipy import sparse

import backpass as bp
from backpass import engine
from backpass.engine import core, native
from backpass.engine.encoding import EncodedRows, Levels, PiecewiseLinear, PlainNumber, RowEncoder
from backpass.engine.native import NativeProblem
from backpass.engine.problem import check_rows
from backpass.engine.reference import ReferenceProblem
from backpass.solvers.muon import QUINTIC, THREE, Muon, orthogonalise
from backpass.training.matrices import WIDE, with_matrices

pytestmark = pytest.mark.skipif(not native.instruction_sets(), reason="the core is not built")
KERNELS = pytest.mark.parametrize("kernels", native.instruction_sets())
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
TOLERANCE = {np.float32: 1e-5, np.float64: 1e-12}
M = 60

# Square, tall and wide ones; whole panels and parts of one; one number.
SIZES = [
    (64, 64, 96, 3),
    (300, 20, 2),
    (5, 70, 17, 2),
    (1, 1, 2),
    (40, 1, 9, 2),
    (1, 40, 2),
    (600, 33, 31, 3),
    (16, 64, 2),
]


def inputs(kind: str, n: int, dtype: type) -> np.ndarray | sparse.csr_array:
    rng = np.random.default_rng(n)
    X = rng.standard_normal((M, n)).astype(dtype)
    if kind == "dense":
        return X
    X[rng.random(X.shape) < 0.8] = 0
    return sparse.csr_array(X) if kind == "sparse" else X


def codes(dtype: type) -> EncodedRows:
    """A table of numbers, codes and a category, with bins that no cell reaches."""
    rng = np.random.default_rng(3)
    edges = np.linspace(-2, 2, 24)
    encoder = RowEncoder(
        [
            (0, PiecewiseLinear(edges)),
            (1, Levels(4)),
            (2, PlainNumber()),
            (2, PiecewiseLinear(edges)),
        ]
    )
    table = rng.standard_normal((M, 3))
    table[:, 0] = -np.abs(table[:, 0])
    table[:, 1] = rng.integers(0, 4, M)
    return encoder.encode(table.astype(dtype))


def problems(X, hidden, dtype, lam=0.4, threads=1):
    """The same rows in the core and, written out in double precision, in the reference."""
    net = bp.Network((X.shape[1], *hidden), "tanh")
    Y = np.eye(hidden[-1])[np.random.default_rng(1).integers(hidden[-1], size=M)].astype(dtype)
    dense = (X.toarray() if hasattr(X, "toarray") else X).astype(float)
    ours = NativeProblem(net, check_rows(net, X, Y, None), lam, threads)
    theirs = ReferenceProblem(net, check_rows(net, dense, Y.astype(float), None), lam)
    return ours, theirs, bp.init_theta(net, 0, "glorot", dtype=dtype)


def one_step(problem, theta, rule, rate=1e-2):
    state = {**rule.init(theta), "t": 4}
    state["m"] = state["m"] + theta / 7  # some momentum, the same for both
    return problem.run_epoch(theta, state, rule, np.arange(M), M, np.array([rate]))


def largest_error(ours, truth) -> float:
    return float(np.abs(ours - truth).max() / max(np.abs(truth).max(), 1e-300))


def assert_steps_are_the_references(X, hidden, dtype, rule=None, lam=0.4):
    ours, theirs, theta = problems(X, hidden, dtype, lam)
    rule = with_matrices(rule or Muon(), ours.net)
    assert core.steps_by(rule, ours.net.sizes)
    one, truth = one_step(ours, theta, rule), one_step(theirs, theta.astype(float), rule)
    assert one.J == pytest.approx(truth.J, rel=TOLERANCE[dtype])
    moved, expected = (each.theta.astype(float) - theta for each in (one, truth))
    for matrix in rule.matrices:
        assert largest_error(matrix.of(moved), matrix.of(expected)) < TOLERANCE[dtype]
    for name in ("m", "v"):
        assert largest_error(one.state[name], truth.state[name]) < TOLERANCE[dtype]
    return one, truth


@KERNELS
@DTYPES
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_a_step_is_the_references_relative_to_its_largest_entry(kernels, dtype, sizes):
    with mock.patch.dict(os.environ, BACKPASS_ISA=kernels):
        assert_steps_are_the_references(inputs("dense", sizes[0], dtype), sizes[1:], dtype)


@DTYPES
@pytest.mark.parametrize("lam", [0.0, 0.4])
@pytest.mark.parametrize("kind", ["sparse", "mostly zeros", "codes"])
@pytest.mark.parametrize("units", [20, 64, 70])
def test_first_layers_of_other_rows_step_alike(dtype, lam, kind, units):
    X = codes(dtype) if kind == "codes" else inputs(kind, 150, dtype)
    assert_steps_are_the_references(X, (units, 9, 3), dtype, lam=lam)


@DTYPES
@pytest.mark.parametrize("polynomials", [QUINTIC, THREE[:1], THREE[1:]], ids=len)
@pytest.mark.parametrize("sizes", [(40, 40, 2), (200, 20, 2), (20, 200, 2)], ids=str)
def test_rounding_grows_by_any_polynomials_as_small_singular_values_do(dtype, polynomials, sizes):
    """f of the core's own momentum, along which the first step goes: D's rounding has no part."""
    X = inputs("dense", sizes[0], dtype)
    ours, _, theta = problems(X, sizes[1:], dtype)
    rule = with_matrices(Muon(weight_decay=0.5, ratio=2.0, polynomials=polynomials), ours.net)
    rates = np.array([1.0])  # nothing is kept of Θ: 1 − 2 · 0.5
    epoch = ours.run_epoch(theta, rule.init(theta), rule, np.arange(M), M, rates)
    (matrix,) = rule.matrices
    momentum, length = matrix.of(epoch.state["m"]), -2 * matrix.step_length
    expected = length * orthogonalise(momentum.astype(float), polynomials)
    growth = np.prod([a for a, _, _ in polynomials])
    assert largest_error(matrix.of(epoch.theta), expected) < 2 * growth * np.finfo(dtype).eps


@DTYPES
@pytest.mark.parametrize("kind", ["dense", "sparse", "mostly zeros", "codes"])
def test_any_number_of_threads_gives_the_same_bits(dtype, kind):
    X = codes(dtype) if kind == "codes" else inputs(kind, 300, dtype)
    answers = []
    for threads in (1, 2, 3, 5):
        ours, _, theta = problems(X, (130, 64, 100, 3), dtype, threads=threads)
        rule = with_matrices(Muon(), ours.net)
        rates = np.full(3, 0.01)
        epoch = ours.run_epoch(theta, rule.init(theta), rule, np.arange(M), 20, rates)
        answers.append((epoch.J, epoch.theta.tobytes(), epoch.state["m"].tobytes()))
    assert all(answer == answers[0] for answer in answers)


@DTYPES
@pytest.mark.parametrize("kind", ["dense", "sparse", "codes"])
def test_epochs_stay_beside_the_references(dtype, kind):
    X = codes(dtype) if kind == "codes" else inputs(kind, 150, dtype)
    ours, theirs, theta = problems(X, (20, 9, 3), dtype)
    rule = with_matrices(Muon(ratio=2.0), ours.net)
    one = engine.Epoch(theta, rule.init(theta), 0.0)
    other = engine.Epoch(theta.astype(float), rule.init(theta.astype(float)), 0.0)
    rates = np.full(4, 1e-3)
    for epoch in range(3):
        order = np.random.default_rng(epoch).permutation(M)
        one = ours.run_epoch(one.theta, one.state, rule, order, 17, rates)
        other = theirs.run_epoch(other.theta, other.state, rule, order, 17, rates)
        assert one.J == pytest.approx(other.J, rel=100 * TOLERANCE[dtype])
    assert largest_error(one.theta - theta, other.theta - theta) < 1000 * TOLERANCE[dtype]


@pytest.mark.parametrize("kind", ["dense", "codes"])
def test_a_batch_of_several_blocks_is_one_step(kind, monkeypatch):
    """Of 5,000 rows a block holds 1,024 at least, and their sums are stepped by once."""
    X = inputs("dense", 12, np.float64)
    X = np.tile(X, (90, 1)) + np.linspace(0, 1, 90 * M)[:, None]
    if kind == "codes":
        X = RowEncoder([(c, PiecewiseLinear(np.linspace(-2, 2, 9))) for c in range(12)]).encode(X)
    net = bp.Network((X.shape[1], 900, 3), "tanh")
    Y = np.eye(3)[np.arange(X.shape[0]) % 3]
    dense = X.toarray() if kind == "codes" else X
    theta, rule = bp.init_theta(net, 0, "glorot"), with_matrices(Muon(), net)
    epochs = [
        problem.run_epoch(
            theta, rule.init(theta), rule, np.arange(len(Y)), len(Y), np.array([1e-2])
        )
        for problem in (
            NativeProblem(net, check_rows(net, X, Y, None), 0.4, 2),
            ReferenceProblem(net, check_rows(net, dense, Y, None), 0.4),
        )
    ]
    for matrix in rule.matrices:
        one, truth = (matrix.of(epoch.theta - theta) for epoch in epochs)
        assert largest_error(one, truth) < 1e-11
    assert epochs[0].J == pytest.approx(epochs[1].J, rel=1e-12)


@DTYPES
def test_a_gradient_of_zeros_moves_no_whole_matrix_and_the_decay_does(dtype):
    X = np.zeros((M, 30), dtype)
    ours, _, theta = problems(X, (20, 3), dtype, lam=0.0)
    rule = with_matrices(Muon(weight_decay=0.5, ratio=1.0), ours.net)
    epoch = ours.run_epoch(theta, rule.init(theta), rule, np.arange(M), M, np.array([0.1]))
    (matrix,) = rule.matrices
    np.testing.assert_allclose(matrix.of(epoch.theta), 0.95 * matrix.of(theta), rtol=1e-6)


def test_a_wide_first_layer_of_sparse_rows_is_left_to_adamws_lazy_steps():
    rng = np.random.default_rng(0)
    X = sparse.random(M, WIDE + 50, 0.002, "csr", random_state=1)
    assert_steps_are_the_references(X, (20, 30, 3), np.float64)
    ours, _, theta = problems(X, (20, 30, 3), np.float64, lam=0.0)
    rule = with_matrices(Muon(weight_decay=0.0), ours.net)
    state = rule.init(theta)
    epoch = ours.run_epoch(theta, state, rule, rng.permutation(M), 20, np.full(3, 0.01))
    named = np.unique(X.indices)
    still = np.setdiff1d(np.arange(WIDE + 50), named)
    first = rule.others[0]
    np.testing.assert_array_equal(first.of(epoch.theta)[still], first.of(theta)[still])
    assert (first.of(epoch.theta)[named] != first.of(theta)[named]).any()


def test_matrices_of_ones_own_are_stepped_by_the_rule_itself():
    """The core knows a network's layers alone; what else a rule was told, it does in Python."""
    X = inputs("dense", 8, np.float64)
    ours, theirs, theta = problems(X, (6, 3), np.float64)
    rule = with_matrices(Muon(), ours.net)
    part = replace(rule.matrices[0], inputs=4)
    rule = replace(rule, matrices=(part,))
    assert not core.steps_by(rule, ours.net.sizes)
    one, truth = one_step(ours, theta, rule), one_step(theirs, theta, rule)
    np.testing.assert_allclose(one.theta, truth.theta, rtol=1e-12)


@pytest.mark.parametrize("k", [2, 3])
def test_networks_side_by_side_and_rules_in_turn_keep_their_own_matrices(k):
    """A runner is kept for the next call, whose rule may orthogonalise other layers, or none."""
    X = inputs("dense", 30, np.float64)
    ours, _, theta = problems(X, (20, 10, 3), np.float64, threads=2)
    whole = with_matrices(Muon(), ours.net)
    part = replace(whole, matrices=whole.matrices[1:], others=(whole.matrices[0], *whole.others))
    rates = [np.full(3, 1e-3)] * k
    for rule in (whole, part, whole):
        states = [rule.init(theta) for _ in range(k)]
        thetas = [theta * (1 + i) for i in range(k)]
        together = ours.run_epochs(thetas, states, rule, [np.arange(M)] * k, 20, rates)
        for start, state, epoch in zip(thetas, states, together):
            alone, _, _ = problems(X, (20, 10, 3), np.float64)
            own = alone.run_epoch(start, state, rule, np.arange(M), 20, rates[0])
            np.testing.assert_array_equal(epoch.theta, own.theta)
