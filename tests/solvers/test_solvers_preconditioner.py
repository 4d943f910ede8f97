"""The Kronecker-factored H₀: against its formula, and against plain L-BFGS on drawn problems."""

from __future__ import annotations

import pickle
import tracemalloc
from typing import Any

import numpy as np
import pytest

import backpass as bp
from backpass import engine
from backpass.solvers import LBFGS, KroneckerFactors, PlainScaling, minimize_function
from drawn_problems import draw, goal, work_to

SLICES = ((slice(0, 15), (5, 3)), (slice(15, 23), (4, 2)))  # of a 4-3-2 network


def moments(seed: int = 0) -> tuple[list[np.ndarray], list[np.ndarray]]:
    rng = np.random.default_rng(seed)

    def drawn(n: int) -> np.ndarray:
        rows = rng.standard_normal((50, n))
        return rows.T @ rows / 50

    return [drawn(5), drawn(4)], [0.01 * drawn(3), 0.1 * drawn(2)]


def factors(seen: Any, decay: float = 0.1, damping: float = 0.01) -> KroneckerFactors:
    return KroneckerFactors(lambda theta: seen, SLICES, decay, damping)


def test_h0_is_the_inverse_of_the_damped_kronecker_product(rng: np.random.Generator) -> None:
    seen = moments()
    H0, theta = factors(seen), np.zeros(23)
    v = rng.standard_normal(23)
    expected, start = [], 0
    for A, G in zip(*seen):
        a, g = np.trace(A) / len(A), np.trace(G) / len(G)
        r_squared = 0.1 + 0.01 * a * g
        left = a * 2.0 ** np.round(np.log2(np.sqrt(r_squared / (a * g))))
        assert 0.7 < left / np.sqrt(r_squared * a / g) < 1.5  # π r, nearly
        B = np.kron(A + left * np.eye(len(A)), G + r_squared / left * np.eye(len(G)))
        expected.append(np.linalg.solve(B, v[start : start + len(B)]))
        start += len(B)
    np.testing.assert_allclose(H0.apply(H0.refresh(theta), v), np.concatenate(expected), rtol=1e-10)


def test_the_inverse_of_an_unchanged_input_factor_is_kept() -> None:
    As, Gs = moments()
    H0, theta = factors((As, Gs)), np.zeros(23)
    first, again = H0.refresh(theta), H0.refresh(theta)
    assert again[0] is first[0]
    As[0] = As[0] + np.eye(5)
    changed = H0.refresh(theta)
    assert changed[0] is not first[0]
    np.testing.assert_array_equal(changed[0], factors((As, Gs)).refresh(theta)[0])


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0, -1.0])
def test_useless_factors_fall_back_to_the_plain_scaling(bad: float) -> None:
    As, Gs = moments()
    Gs[1] = Gs[1] * 0 + bad
    H0, v = factors((As, Gs)), np.ones(23)
    held = H0.refresh(v)
    assert held == []
    np.testing.assert_array_equal(H0.apply(held, v), v)


def test_an_indefinite_factor_falls_back_too() -> None:
    As, Gs = moments()
    As[0] = np.diag([10.0, 10, 10, 10, -20])
    assert factors((As, Gs)).refresh(np.zeros(23)) == []


def test_torch_arrays_take_the_same_way() -> None:
    torch = pytest.importorskip("torch")
    As, Gs = moments()
    ours, theirs = (
        factors((As, Gs)),
        factors(([torch.tensor(A) for A in As], [torch.tensor(G) for G in Gs])),
    )
    v = np.arange(23.0)
    theirs_v = theirs.apply(theirs.refresh(torch.tensor(v)), torch.tensor(v))
    np.testing.assert_allclose(theirs_v.numpy(), ours.apply(ours.refresh(v), v), rtol=1e-9)


def test_plain_scaling_does_nothing() -> None:
    plain, v = PlainScaling(), np.ones(2)
    assert plain.apply(plain.refresh(v), v) is v


@pytest.mark.parametrize("half", [10, 18, 20, 25])  # before, between and at a refresh of H₀
def test_resumed_runs_have_the_same_bits(half: int) -> None:
    drawn = draw(0)
    curvature = engine.ProblemCurvature(drawn.problem)
    fun = drawn.problem.cost_and_gradient

    def run(iterations: int, state: Any = None) -> Any:
        return minimize_function(
            fun, drawn.theta, max_iter=iterations, tol=0, ftol=0, curvature=curvature, state=state
        )

    whole, first = run(40), run(half)
    resumed = run(40 - half, pickle.loads(pickle.dumps(first.state)))
    np.testing.assert_array_equal(resumed.x, whole.x)
    assert resumed.nfev == whole.nfev


def test_a_preconditioner_that_lies_does_not_stop_the_solver() -> None:
    def fun(theta: np.ndarray) -> tuple[float, np.ndarray]:
        scale = np.arange(1.0, 9)
        return float(np.sum(scale * (theta - 1) ** 4)), 4 * scale * (theta - 1) ** 3

    class Liar(PlainScaling):
        def refresh(self, theta: np.ndarray) -> Any:
            return [np.linspace(-1, 1, 8)]

        def apply(self, held: Any, v: np.ndarray) -> np.ndarray:
            return v if not held else held[0] * v

    honest = minimize_function(fun, np.zeros(8), tol=1e-6, ftol=0)
    misled = minimize_function(
        fun,
        np.zeros(8),
        solver=LBFGS(preconditioner=Liar(), every=3),
        tol=1e-6,
        ftol=0,
        max_iter=1000,
    )
    assert honest.success
    assert misled.success
    np.testing.assert_allclose(misled.x, 1, atol=0.1)


def compared(seeds: range) -> np.ndarray:
    """Work with H₀ over work without, for every problem."""
    ratios = []
    for seed in seeds:
        drawn = draw(seed)
        level = goal(drawn)
        plain, ours = work_to(drawn, level, False), work_to(drawn, level, True)
        ratios.append(0.0 if np.isinf(plain) else ours / plain)
    return np.array(ratios)


def test_h0_is_worth_its_work_and_never_fails() -> None:
    ratios = compared(range(6))
    assert ratios.max() <= 1.3
    assert np.median(ratios) <= 0.6


@pytest.mark.long
def test_h0_is_safe_on_fifty_drawn_problems() -> None:
    ratios = compared(range(50))
    assert ratios.max() <= 1.3
    assert np.median(ratios) <= 0.6


def test_digits_need_less_than_half_of_the_evaluations() -> None:
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    net = bp.Network((64, 25, 10))
    task = engine.prepare(
        net, (X / 16).astype(np.float32), np.eye(10, dtype=np.float32)[y], lam=1.0
    )
    theta = bp.init_theta(net, seed=0, dtype=np.float32)
    counts = {}
    for curvature in (None, engine.ProblemCurvature(task)):
        result = minimize_function(
            task.cost_and_gradient,
            theta,
            curvature=curvature,
            max_iter=300,
            callback=lambda point: point.fun <= 0.4460,
        )
        assert result.fun <= 0.4460
        counts[curvature is None] = result.nfev
    assert counts[False] <= counts[True] / 2


class DenseRows:
    """Z itself, as the solver sees it."""

    def __init__(self, Z: Any) -> None:
        self.Z = Z

    def times(self, V: Any) -> Any:
        return self.Z @ V

    def subtract_transposed(self, V: Any, U: Any) -> Any:
        V -= self.Z.T @ U
        return V


def left_as_rows(Z: np.ndarray, damping: float = 0.01) -> tuple[KroneckerFactors, Any]:
    """H₀ of a first factor that is left as its rows, and the moments with that factor formed."""
    As, Gs = moments()
    rows = DenseRows(Z)
    seen = [Z @ Z.T, As[1]], Gs
    H0 = KroneckerFactors(lambda theta: seen, SLICES, 0.1, damping, input_rows=lambda: rows)
    return H0, ([Z.T @ Z, As[1]], Gs)


@pytest.mark.parametrize("r", [1, 3, 4])
def test_a_factor_left_as_rows_has_the_inverse_of_the_formed_one(
    r: int, rng: np.random.Generator
) -> None:
    H0, formed = left_as_rows(rng.standard_normal((r, 5)) / np.sqrt(r))
    whole, theta = factors(formed), np.zeros(23)
    for v in rng.standard_normal((3, 23)):
        expected = whole.apply(whole.refresh(theta), v)
        np.testing.assert_allclose(H0.apply(H0.refresh(theta), v), expected, rtol=1e-10, atol=1e-13)


def test_a_factor_left_as_rows_keeps_small_matrices_only(rng: np.random.Generator) -> None:
    H0, _ = left_as_rows(rng.standard_normal((2, 5)))
    held = H0.refresh(np.zeros(23))
    assert [inverse.shape for inverse in held] == [(2, 2), (3, 3), (4, 4), (2, 2)]


def wide_problem(sparse_X: bool = False, m: int = 60, n: int = 700) -> tuple[Any, np.ndarray]:
    """Fewer rows than inputs, which are too many for a factor of theirs."""
    from scipy import sparse

    rng = np.random.default_rng(4)
    X = rng.standard_normal((m, n)) * (rng.random((m, n)) < 0.1)
    Y = (X[:, :20].sum(axis=1) > 0).astype(float)[:, None]
    net = bp.Network((n, 6, 1), "tanh", "binary_log_loss")
    task = engine.prepare(net, sparse.csr_matrix(X) if sparse_X else X, Y, lam=1.0)
    return task, bp.init_theta(net, 1, method="glorot")


@pytest.mark.parametrize("sparse_X", [False, True])
def test_a_wide_run_resumed_has_the_same_bits(sparse_X: bool) -> None:
    task, theta = wide_problem(sparse_X)

    def run(iterations: int, state: Any = None) -> Any:
        return minimize_function(
            task.cost_and_gradient,
            theta,
            max_iter=iterations,
            tol=0,
            ftol=0,
            curvature=engine.ProblemCurvature(task),  # a new one, as after a restart
            state=state,
        )

    whole, first = run(45), run(38)
    assert len(first.state["H0"]) == 4
    resumed = run(7, pickle.loads(pickle.dumps(first.state)))
    np.testing.assert_array_equal(resumed.x, whole.x)


def test_a_state_with_a_formed_wide_factor_goes_on_as_it_would_have() -> None:
    task, theta = wide_problem()
    curvature = engine.ProblemCurvature(task)
    net, rows = task.net, task.rows

    def formed(theta: np.ndarray) -> Any:  # as the first release had it
        return engine.second_moments(net, theta, rows.X, rows.Y, rows.w)

    def run(iterations: int, preconditioner: KroneckerFactors, state: Any = None) -> Any:
        solver = LBFGS(preconditioner=preconditioner, every=10)
        return minimize_function(
            task.cost_and_gradient, theta, solver=solver, max_iter=iterations, tol=0, state=state
        )

    of_old = KroneckerFactors(formed, curvature.slices, curvature.decay)
    first, whole = run(12, of_old), run(18, of_old)  # refreshed at 10, and at 20 only
    resumed = run(6, KroneckerFactors.of(curvature), pickle.loads(pickle.dumps(first.state)))
    np.testing.assert_array_equal(resumed.x, whole.x)


@pytest.mark.parametrize("sparse_X", [False, True])
def test_wide_inputs_need_no_more_evaluations_than_without_h0(sparse_X: bool) -> None:
    task, theta = wide_problem(sparse_X, m=300)
    low = minimize_function(task.cost_and_gradient, theta, max_iter=200).fun
    counts = [
        minimize_function(
            task.cost_and_gradient,
            theta,
            curvature=curvature,
            max_iter=300,
            tol=0,
            ftol=0,
            callback=lambda point: point.fun <= 1.0001 * low,
        ).nfev
        for curvature in (None, engine.ProblemCurvature(task))
    ]
    assert counts[1] < counts[0]


@pytest.mark.parametrize("sparse_X", [False, True])
def test_wide_inputs_take_some_dozens_of_vectors(sparse_X: bool) -> None:
    task, theta = wide_problem(sparse_X, m=50, n=20_000)
    task.cost_and_gradient(theta)  # what the engine keeps is not the solver's
    tracemalloc.start()
    try:
        minimize_function(
            task.cost_and_gradient, theta, max_iter=15, curvature=engine.ProblemCurvature(task)
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40 * theta.nbytes  # 38 MB, where the formed factor alone had 3.2 GB
