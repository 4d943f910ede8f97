"""The Gauss-Newton matrix against PyTorch's derivatives, and the second moments against loops."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from scipy import sparse

import backpass as bp
from backpass import engine
from backpass.engine.curvature import WIDE_DENSE_ROWS, ProblemCurvature, second_derivative
from backpass.losses import find_loss
from sparse_rows import untidy

WIDE = 512  # columns
LOSSES = ("log_loss", "binary_log_loss", "squared_error", "poisson", "huber")


def problem(loss: Any, hidden: Any = ("tanh", "gelu"), m: int = 23) -> Any:
    """A 4-5-3-2 network with weighted rows, one weight zero, and λ > 0."""
    rng = np.random.default_rng(3)
    X, w = rng.standard_normal((m, 4)), rng.uniform(0.5, 2, m)
    w[0] = 0
    Y = np.eye(2)[rng.integers(0, 2, m)]
    net = bp.Network((4, 5, 3, 2), hidden=hidden, loss=loss)
    return engine.prepare(net, X, Y, lam=0.7, sample_weight=w)


def theta_of(task: Any) -> np.ndarray:
    return bp.init_theta(task.net, seed=5, epsilon=0.8)


def torch_gauss_newton(task: Any, theta: np.ndarray) -> np.ndarray:
    """Σ w Jᵀ H J / W + decay, J and H by PyTorch's own differentiation."""
    torch = pytest.importorskip("torch")
    from torch.func import hessian, jacrev, vmap

    net, rows = task.net, task.rows
    X, Y, w = (torch.tensor(array) for array in (rows.X, rows.Y, rows.w))

    def logits(parameters: Any, x: Any) -> Any:
        a, start = x, 0
        for l, (units, columns) in enumerate(net.shapes, start=1):
            block = parameters[start : start + units * columns].reshape(columns, units)
            z, start = block[0] + a @ block[1:], start + units * columns
            a = z if l + 1 == net.L else _torch_activation(net.activation(l + 1).name)(z)
        return a

    parameters = torch.tensor(theta)
    J = vmap(jacrev(logits), (None, 0))(parameters, X)
    z = vmap(logits, (None, 0))(parameters, X)
    H = vmap(hessian(_torch_loss(net.loss.name)))(z, Y)
    B = torch.einsum("m,mkn,mkl,mlp->np", w, J, H, J) / rows.W
    return B.numpy() + np.diag(_decay(task))


def _torch_activation(name: str) -> Any:
    from torch.nn import functional as F

    return {"tanh": F.tanh, "gelu": lambda z: F.gelu(z, approximate="tanh")}[name]


def _torch_loss(name: str) -> Any:
    import torch
    from torch.nn import functional as F

    return {
        "log_loss": lambda z, y: -(y * F.log_softmax(z, dim=0)).sum(),
        "binary_log_loss": lambda z, y: (F.softplus(z) - y * z).sum(),
        "squared_error": lambda z, y: ((z - y) ** 2).sum() / 2,
        "poisson": lambda z, y: (torch.exp(z) - y * z).sum(),
        "huber": lambda z, y: F.huber_loss(z, y, reduction="sum"),
    }[name]


def _decay(task: Any) -> np.ndarray:
    """λ/W on every weight, 0 on every bias."""
    blocks = [np.ones((columns, units)) for units, columns in task.net.shapes]
    for block in blocks:
        block[0] = 0
    return task.lam / task.rows.W * np.concatenate([block.reshape(-1) for block in blocks])


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("loss", LOSSES)
def test_dense_matrix_is_torchs(loss: str) -> None:
    task = problem(loss)
    theta = theta_of(task)
    B = ProblemCurvature(task).dense(theta)
    np.testing.assert_allclose(B, torch_gauss_newton(task, theta), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("loss", [*LOSSES, "absolute_error", "quantile"])
def test_products_are_the_dense_matrix_times_a_vector(loss: str, rng: np.random.Generator) -> None:
    task = problem(loss, m=1500)  # more rows than a block has
    theta = theta_of(task)
    curvature = ProblemCurvature(task)
    B, times = curvature.dense(theta), curvature.product(theta)
    for v in rng.standard_normal((3, theta.size)):
        np.testing.assert_allclose(times(v), B @ v, rtol=1e-10, atol=1e-12)


def test_without_hidden_layer_it_is_the_hessian(rng: np.random.Generator) -> None:
    net = bp.Network((3, 2), hidden=(), loss="log_loss")
    task = engine.prepare(net, rng.standard_normal((9, 3)), np.eye(2)[[0, 1] * 4 + [0]], lam=2.0)
    theta, v = theta_of(task), rng.standard_normal(net.n_parameters)
    h = 1e-6
    up, down = (task.cost_and_gradient(theta + step * v)[1] for step in (h, -h))
    np.testing.assert_allclose(
        ProblemCurvature(task).product(theta)(v), (up - down) / (2 * h), atol=1e-8
    )


def test_a_loss_that_cannot_take_the_complex_step_is_differenced() -> None:
    def through_abs(z: Any, y: Any) -> Any:  # |z − y| is not analytic: the complex step fails on it
        r = z - y
        return r / (1 + abs(r))

    soft = dataclasses.replace(find_loss("squared_error"), name="soft", delta=through_abs)
    z, y = np.array([[0.5, -2.0]]), np.zeros((1, 2))
    H = second_derivative(soft, z, y)(np.ones((1, 2)))
    np.testing.assert_allclose(H, 1 / (1 + abs(z)) ** 2, rtol=1e-6)


def test_a_loss_for_real_numbers_only_is_differenced() -> None:
    def real_only(z: Any, y: Any) -> Any:
        if np.iscomplexobj(z):
            raise TypeError("real numbers only")
        return (z - y) ** 3

    cubic = dataclasses.replace(find_loss("squared_error"), name="cubic", delta=real_only)
    z, y = np.array([[0.5, -2.0]]), np.zeros((1, 2))
    np.testing.assert_allclose(
        second_derivative(cubic, z, y)(np.ones((1, 2))), 3 * z * z, rtol=1e-6
    )


def test_second_moments_of_few_rows_are_the_engines() -> None:
    task = problem("log_loss")
    theta, rows = theta_of(task), task.rows
    As, Gs = ProblemCurvature(task).second_moments(theta)
    theirs = engine.second_moments(task.net, theta, rows.X, rows.Y, rows.w)
    for ours, whole in zip([*As, *Gs], [*theirs[0], *theirs[1]]):
        np.testing.assert_allclose(ours, whole, rtol=1e-12)


def test_second_moments_of_many_rows_are_estimated_from_some_of_them() -> None:
    task = problem("log_loss", m=4000)
    theta, rows = theta_of(task), task.rows
    curvature = ProblemCurvature(task)
    As, Gs = curvature.second_moments(theta)
    theirs = engine.second_moments(task.net, theta, rows.X, rows.Y, rows.w)
    for ours, whole in zip([*As, *Gs], [*theirs[0], *theirs[1]]):
        assert not np.array_equal(ours, whole)
        assert np.linalg.norm(ours - whole) < 0.5 * np.linalg.norm(whole)
    again, _ = curvature.second_moments(theta + 1)
    np.testing.assert_array_equal(again[0], As[0])  # the inputs do not change


def test_a_look_is_rarer_where_evaluations_are_cheap() -> None:
    cheap, dear = problem("log_loss", m=20), problem("log_loss", m=20_000)
    assert ProblemCurvature(cheap).every > ProblemCurvature(dear).every


@pytest.mark.parametrize(("m", "n"), [(500, 400), (100, 300)])
def test_a_linear_network_is_not_kept_waiting_for_an_estimate(
    m: int, n: int, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    X = rng.standard_normal((m, n))
    Y = X @ rng.standard_normal((n, 1)) / np.sqrt(n)
    estimates: list[int] = []
    monkeypatch.setattr(ProblemCurvature, "second_moments", lambda *_: estimates.append(1))
    net = bp.Network((n, 1), hidden=(), loss="squared_error")
    bp.minimize(net, bp.init_theta(net, 0), X, Y, lam=1.0, max_iter=15)
    assert not estimates  # one costs more than that many evaluations


def test_a_linear_network_with_cheap_moments_has_them_as_any_other() -> None:
    usual = ProblemCurvature(problem("log_loss", hidden=("tanh", "gelu"))).every
    net = bp.Network((4, 2), hidden=(), loss="log_loss")
    task = engine.prepare(net, np.ones((23, 4)), np.eye(2)[np.arange(23) % 2])
    assert ProblemCurvature(task).every == usual


def test_float32_stays_float32() -> None:
    task = problem("log_loss")
    rows = task.rows
    single = [array.astype(np.float32) for array in (rows.X, rows.Y, rows.w)]
    narrow = engine.prepare(task.net, *single[:2], lam=0.7, sample_weight=single[2])
    theta = theta_of(task).astype(np.float32)
    curvature, wide = ProblemCurvature(narrow), ProblemCurvature(task)
    v = np.ones_like(theta)
    product = curvature.product(theta)(v)
    assert product.dtype == np.float32
    np.testing.assert_allclose(product, wide.product(theta_of(task))(v), rtol=1e-3, atol=1e-4)
    assert curvature.dense(theta).dtype == np.float32


def test_torch_arrays_take_the_same_way() -> None:
    torch = pytest.importorskip("torch")
    task = problem("log_loss")
    rows = task.rows
    foreign = engine.prepare(
        task.net,
        torch.tensor(rows.X),
        torch.tensor(rows.Y),
        lam=0.7,
        sample_weight=torch.tensor(rows.w),
    )
    theta = theta_of(task)
    ours, theirs = ProblemCurvature(task), ProblemCurvature(foreign)
    moved = torch.tensor(theta)
    np.testing.assert_allclose(theirs.dense(moved).numpy(), ours.dense(theta), atol=1e-12)
    v = np.ones_like(theta)
    np.testing.assert_allclose(
        theirs.product(moved)(torch.tensor(v)).numpy(), ours.product(theta)(v), atol=1e-12
    )


@pytest.mark.parametrize("name", ["native", "blocked", "reference"])
def test_the_curvature_of_sparse_rows_is_that_of_their_dense_form(name, monkeypatch):
    monkeypatch.setenv("BACKPASS_ENGINE", name)
    rng = np.random.default_rng(4)
    X, w = untidy(rng, (60, 6)), rng.uniform(0.5, 2, 60)
    Y = np.eye(2)[rng.integers(0, 2, 60)]
    net = bp.Network((6, 5, 2), hidden="tanh", loss="log_loss")
    theta = bp.init_theta(net, seed=5, epsilon=0.8)
    v = rng.normal(size=theta.size)
    sparse, dense = (
        ProblemCurvature(engine.prepare(net, form, Y, lam=0.7, sample_weight=w))
        for form in (X, X.toarray())
    )
    np.testing.assert_allclose(sparse.product(theta)(v), dense.product(theta)(v), rtol=1e-10)
    np.testing.assert_allclose(sparse.dense(theta), dense.dense(theta), rtol=1e-10, atol=1e-12)
    for ours, theirs in zip(sparse.second_moments(theta), dense.second_moments(theta)):
        for factor, expected in zip(ours, theirs):
            np.testing.assert_allclose(factor, expected, rtol=1e-10, atol=1e-12)
    for ours, theirs in zip(
        engine.second_moments(net, theta, X, Y, w),
        engine.second_moments(net, theta, X.toarray(), Y, w),
    ):
        for factor, expected in zip(ours, theirs):
            np.testing.assert_allclose(factor, expected, rtol=1e-10, atol=1e-12)


class NeverDense(sparse.csr_matrix):
    """CSR that tells who makes it dense."""

    def toarray(self, *args: Any, **kwargs: Any) -> Any:
        assert self.shape[0] <= 1 or self.shape[1] < WIDE, "inputs were made dense"
        return super().toarray(*args, **kwargs)


def wide_problem(m: int, kind: Any = np.asarray, dtype: Any = np.float64) -> Any:
    """More inputs than a factor of theirs is formed for; weighted rows, most entries 0."""
    rng = np.random.default_rng(6)
    X = rng.standard_normal((m, WIDE)) * (rng.random((m, WIDE)) < 0.05)
    Y, w = np.eye(2)[rng.integers(0, 2, m)], rng.uniform(0.5, 2, m)
    net = bp.Network((WIDE, 5, 2), "tanh")
    X, Y, w = X.astype(dtype), Y.astype(dtype), w.astype(dtype)
    like = np.asarray if kind is NeverDense else kind
    return engine.prepare(net, kind(X), like(Y), lam=0.7, sample_weight=like(w))


@pytest.mark.parametrize("kind", [np.asarray, NeverDense])
def test_wide_inputs_are_left_as_rows_of_their_moment(kind: Any, rng: np.random.Generator) -> None:
    dense_task, task = wide_problem(30), wide_problem(30, kind)
    theta = theta_of(task)
    As, Gs = ProblemCurvature(dense_task).second_moments(theta)
    rows = dense_task.rows
    (A, A2), theirs = engine.second_moments(task.net, theta, rows.X, rows.Y, rows.w)
    curvature = ProblemCurvature(task)
    Z = curvature.input_rows()
    assert Z is not None
    V, U = rng.standard_normal((WIDE + 1, 3)), rng.standard_normal((30, 3))
    left = Z.subtract_transposed(V.copy(), Z.times(V))
    np.testing.assert_allclose(left, V - A @ V, rtol=1e-9, atol=1e-12)
    ZtU = -Z.subtract_transposed(np.zeros_like(V), U)
    np.testing.assert_allclose(np.sum(U * Z.times(V)), np.sum(ZtU * V))
    K = curvature.second_moments(theta)[0][0]
    np.testing.assert_allclose(np.trace(K), np.trace(A))
    np.testing.assert_allclose(K @ U, Z.times(ZtU), rtol=1e-9, atol=1e-12)
    for ours, whole in zip([As[1], *Gs], [A2, *theirs]):
        np.testing.assert_allclose(ours, whole, rtol=1e-9, atol=1e-14)


def test_wide_moments_of_many_rows_are_estimated_from_some_of_them() -> None:
    task = wide_problem(900)
    rows = task.rows
    curvature = ProblemCurvature(task)
    theta = theta_of(task)
    K = curvature.second_moments(theta)[0][0]
    assert K.shape == (WIDE_DENSE_ROWS[1], WIDE_DENSE_ROWS[1])
    assert curvature.second_moments(theta + 1)[0][0] is K  # the inputs do not change
    a1 = np.hstack([np.ones((900, 1)), rows.X])
    whole = np.sum(rows.w[:, None] * a1 * a1) / rows.w.sum()
    assert abs(np.trace(K) - whole) < 0.2 * whole


def test_inputs_that_are_not_wide_have_no_rows() -> None:
    assert ProblemCurvature(problem("log_loss")).input_rows() is None


def test_wide_moments_stay_in_their_precision_and_library(rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    task = wide_problem(30)
    theta, V = theta_of(task), rng.standard_normal((WIDE + 1, 2))
    ours = ProblemCurvature(task)
    U = ours.input_rows().times(V)  # type: ignore[union-attr]
    for other, as_other in (
        (wide_problem(30, dtype=np.float32), lambda array: array.astype(np.float32)),
        (wide_problem(30, torch.tensor), torch.tensor),
    ):
        theirs = ProblemCurvature(other)
        Z = theirs.input_rows()
        assert Z is not None
        moved = Z.times(as_other(V))
        assert moved.dtype == as_other(V).dtype
        np.testing.assert_allclose(np.asarray(moved), U, atol=1e-5)
        K = theirs.second_moments(as_other(theta))[0][0]
        np.testing.assert_allclose(np.asarray(K), ours.second_moments(theta)[0][0], atol=1e-5)
