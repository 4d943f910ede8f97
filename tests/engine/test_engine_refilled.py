"""A problem that is filled again is the one that would have been made of the rows."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import scipy.sparse

import backpass as bp
from backpass import engine
from backpass.engine import native
from backpass.engine.refilled import RefilledProblem
from backpass.solvers.first_order import Adam

pytestmark = pytest.mark.skipif(not native.instruction_sets(), reason="the core is not built")

SIZES = (12, 30, 20, 3)
NET = bp.Network(SIZES, "relu", "log_loss")


def some_rows(seed, m=16, dtype=np.float64):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((m, SIZES[0])).astype(dtype)
    return X, np.eye(3, dtype=dtype)[rng.integers(0, 3, m)], rng.exponential(size=m).astype(dtype)


def epoch_of(problem, dtype=np.float64):
    adam, theta = Adam(), bp.init_theta(NET, 0, dtype=dtype)
    order = np.random.default_rng(1).permutation(problem.rows.m)
    epoch = problem.run_epoch(theta, adam.init(theta), adam, order, 8, np.full(4, 0.01))
    return epoch.theta, epoch.state["m"], epoch.J, problem.cost_and_gradient(theta)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, ">f8"])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_it_computes_what_a_new_problem_computes(dtype, n_threads):
    idle, native_type = None, np.dtype(dtype).newbyteorder("=")
    for seed, lam, weighted in ((0, 0.1, False), (1, 0.3, True), (2, 0.0, True), (3, 0.1, False)):
        X, Y, w = some_rows(seed, dtype=dtype)
        given = {"lam": lam, "sample_weight": w if weighted else None, "n_threads": n_threads}
        given["total_weight"] = 100.0 if seed == 2 else None
        problem = engine.prepare_next(idle, NET, X, Y, **given)
        assert idle is None or problem is idle
        expected = engine.prepare(NET, X, Y, **given)
        assert (problem.rows.W, problem.lam) == (expected.rows.W, expected.lam)
        assert problem.rows.weighted == expected.rows.weighted
        for _ in range(2):  # a second evaluation may read what the first has kept
            mine, theirs = epoch_of(problem, native_type), epoch_of(expected, native_type)
            np.testing.assert_equal(mine, theirs)
        idle = problem


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rows_of_zeros_and_rows_of_none_follow_each_other(dtype):
    """The core computes a row that is mostly zeros otherwise, to other last digits."""
    net = bp.Network((96, 30, 3), "relu", "log_loss")
    adam, theta, idle = Adam(), bp.init_theta(net, 0, dtype=dtype), None
    for seed, share in enumerate((1.0, 0.1, 1.0, 0.5, 0.1, 0.9)):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((16, 96)).astype(dtype)
        X[:12] *= rng.random((12, 96)) < share
        Y = np.eye(3, dtype=dtype)[rng.integers(0, 3, 16)]
        idle = engine.prepare_next(idle, net, X, Y)
        mine, theirs = (
            problem.run_epoch(theta, adam.init(theta), adam, np.arange(16), 8, np.full(2, 0.01))
            for problem in (idle, engine.prepare(net, X, Y))
        )
        np.testing.assert_array_equal(mine.theta, theirs.theta)
        assert mine.J == theirs.J


def test_the_caller_s_rows_are_neither_changed_nor_held():
    X, Y, w = some_rows(0)
    before = X.copy(), Y.copy(), w.copy()
    problem = engine.prepare_next(None, NET, X, Y, sample_weight=w)
    assert engine.prepare_next(problem, NET, *some_rows(1)[:2]) is problem
    for given, kept in zip((X, Y, w), before):
        np.testing.assert_array_equal(given, kept)
    held = [weakref.ref(array) for array in (X, Y, w)]
    del X, Y, w, given
    gc.collect()
    assert [reference() for reference in held] == [None] * 3


OTHERS = {
    "more rows": {"rows": some_rows(1, m=17)},
    "another precision": {"rows": some_rows(1, dtype=np.float32)},
    "another network": {"net": bp.Network(SIZES, "tanh", "log_loss")},
    "another loss": {"net": bp.Network(SIZES, "relu", "binary_log_loss")},
    "another number of threads": {"n_threads": 1},
}


@pytest.mark.parametrize("other", OTHERS)
def test_what_does_not_suit_has_a_problem_of_its_own(other):
    X, Y, _ = some_rows(0)
    idle = engine.prepare_next(None, NET, X, Y, n_threads=2)
    how = {"net": NET, "rows": some_rows(1), "n_threads": 2, **OTHERS[other]}
    problem = engine.prepare_next(idle, how["net"], *how["rows"][:2], n_threads=how["n_threads"])
    assert problem is not idle
    assert problem.dtype == how["rows"][0].dtype
    np.testing.assert_array_equal(idle.rows.X, X)


def test_another_instruction_set_has_a_problem_of_its_own(monkeypatch):
    idle = engine.prepare_next(None, NET, *some_rows(0)[:2])
    monkeypatch.setenv("BACKPASS_ISA", native.instruction_sets()[-1])
    again = engine.prepare_next(idle, NET, *some_rows(0)[:2])
    assert (again is idle) == (len(native.instruction_sets()) == 1)


def test_many_rows_sparse_rows_and_other_engines_are_prepared_as_ever(monkeypatch):
    X, Y, _ = some_rows(0)
    for many in (np.tile(X, (100, 1)), scipy.sparse.csr_matrix(X)):
        rows = np.tile(Y, (many.shape[0] // len(Y), 1))
        problem = engine.prepare_next(None, NET, many, rows)
        assert type(problem) is native.NativeProblem
        assert problem.rows.X is many  # not copied
    monkeypatch.setenv("BACKPASS_ENGINE", "reference")
    assert not isinstance(engine.prepare_next(None, NET, X, Y), RefilledProblem)
