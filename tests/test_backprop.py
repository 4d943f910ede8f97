"""The heart, against loops over examples and units, the complex step, and autograd."""

import array_api_strict
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backpass import backprop
from backpass.activations import ACTIVATIONS
from backpass.initialise import init_theta
from backpass.inspection.gradcheck import numerical_gradient
from backpass.losses import LOSSES
from backpass.network import Network

SMOOTH = [name for name, g in ACTIVATIONS.items() if g.smooth]


def problem(seed=0, sizes=(3, 5, 4, 3), hidden="tanh", loss="log_loss", m=7, weighted=True):
    rng = np.random.default_rng(seed)
    net = Network(sizes, hidden, loss)
    theta = init_theta(net, rng, epsilon=0.8)
    X = rng.normal(size=(m, sizes[0]))
    if loss == "log_loss":
        Y = np.eye(sizes[-1])[rng.integers(sizes[-1], size=m)]
    else:
        Y = rng.integers(2, size=(m, sizes[-1])).astype(float)
    w = rng.uniform(0.5, 2, m) if weighted else np.ones(m)
    return net, theta, X, Y, w


def relative(a, b):
    return np.linalg.norm(a - b) / np.linalg.norm(b)


def Delta_by_the_loop_over_examples(net, theta, X, Y):
    """The notes' loop, one example and one unit at a time, on plain numbers."""
    Thetas = net.roll(theta)
    Delta = [np.zeros_like(Theta) for Theta in Thetas]
    for x, y in zip(X, Y):
        a, z = [x], [None]
        for l, Theta in enumerate(Thetas):
            with_bias = np.concatenate([[1.0], a[-1]])
            z.append(np.array([sum(t * v for t, v in zip(row, with_bias)) for row in Theta]))
            last = l == len(Thetas) - 1
            a.append(net.loss.h(z[-1][None])[0] if last else net.hidden[l].g(z[-1]))
        delta = a[-1] - y
        for l in reversed(range(len(Thetas))):
            Delta[l] += np.outer(delta, np.concatenate([[1.0], a[l]]))
            if l > 0:
                back = [sum(Thetas[l][i, j + 1] * delta[i] for i in range(len(delta)))
                        for j in range(len(a[l]))]  # fmt: skip
                delta = np.array(back) * net.hidden[l - 1].g_prime(z[l])
    return Delta


@pytest.mark.parametrize("loss", ["log_loss", "binary_log_loss", "squared_error"])
@pytest.mark.parametrize("hidden", ["logistic", "tanh", "relu"])
def test_loop_vectorised_and_blocked_forms_give_the_same_Delta(loss, hidden):
    net, theta, X, Y, w = problem(hidden=hidden, loss=loss, m=23, weighted=False)
    _, vectorised = backprop.sums(net, net.roll(theta), X, Y, w)
    blocks = [
        backprop.sums(net, net.roll(theta), X[k : k + 5], Y[k : k + 5], w[k : k + 5])[1]
        for k in range(0, 23, 5)
    ]
    loop = Delta_by_the_loop_over_examples(net, theta, X, Y)
    for l in vectorised:
        assert relative(vectorised[l], loop[l - 1]) < 1e-14
        assert relative(sum(block[l] for block in blocks), loop[l - 1]) < 1e-14


@pytest.mark.parametrize("depth", range(2, 7))
@pytest.mark.parametrize("hidden", SMOOTH)
@pytest.mark.parametrize("loss", ["log_loss", "binary_log_loss", "squared_error", "poisson"])
def test_the_gradient_equals_the_complex_step(depth, hidden, loss):
    sizes = (*(4, 6, 5, 3, 4)[: depth - 1], 3)
    net, theta, X, Y, w = problem(seed=depth, sizes=sizes, hidden=hidden, loss=loss)

    def J(x):
        return backprop.cost_and_gradient(net, x, X, Y, 1.3, w)[0]

    numeric, method = numerical_gradient(J, theta, "complex")
    _, D = backprop.cost_and_gradient(net, theta, X, Y, 1.3, w)
    assert method == "complex"
    assert relative(D, numeric) <= 2e-14


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_the_gradient_equals_autograd(loss, hidden):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    net, theta, X, Y, w = problem(hidden=hidden, loss=loss)
    t = torch.tensor(theta, requires_grad=True)
    a = torch.tensor(X)
    g = {
        "identity": lambda z: z, "logistic": torch.sigmoid, "tanh": torch.tanh,
        "relu": torch.relu, "leaky_relu": torch.nn.functional.leaky_relu,
        "gelu": lambda z: torch.nn.functional.gelu(z, approximate="tanh"),
        "silu": torch.nn.functional.silu, "softplus": torch.nn.functional.softplus,
    }[hidden]  # fmt: skip
    start, penalty = 0, 0
    for l, (rows, columns) in enumerate(net.shapes):
        ThetaT = t[start : start + rows * columns].reshape(columns, rows)
        start += rows * columns
        penalty = penalty + (ThetaT[1:] ** 2).sum()
        z = a @ ThetaT[1:] + ThetaT[0]
        a = z if l == net.L - 2 else g(z)
    y, f = torch.tensor(Y), torch.nn.functional
    rows = {
        "log_loss": lambda: f.cross_entropy(z, y, reduction="none"),
        "binary_log_loss": lambda: f.binary_cross_entropy_with_logits(
            z, y, reduction="none").sum(1),
        "squared_error": lambda: ((z - y) ** 2).sum(1) / 2,
        "poisson": lambda: (torch.exp(z) - y * z + torch.xlogy(y, y) - y).sum(1),
        "huber": lambda: f.huber_loss(z, y, reduction="none").sum(1),
        "absolute_error": lambda: (z - y).abs().sum(1),
        "quantile": lambda: (z - y).abs().sum(1) / 2,
    }[loss]()  # fmt: skip
    W = torch.tensor(w).sum()
    J = (torch.tensor(w) * rows).sum() / W + 0.7 / (2 * W) * penalty
    J.backward()
    ours, D = backprop.cost_and_gradient(net, theta, X, Y, 0.7, w)
    assert ours == pytest.approx(J.item(), rel=1e-13)
    assert relative(D, t.grad.numpy()) < 1e-13


def test_the_mini_batch_gradients_average_to_the_full_gradient():
    from backpass import engine

    for weighted in (False, True):
        net, theta, X, Y, w = problem(m=23, weighted=weighted)
        p = engine.prepare(net, X, Y, lam=2.0, sample_weight=w if weighted else None)
        if not hasattr(p, "batch_cost_and_gradient"):
            p = engine.reference.ReferenceProblem(net, p.rows, 2.0)
        _, full = p.cost_and_gradient(theta)
        order = np.random.default_rng(0).permutation(23)
        batches = [order[k : k + 6] for k in range(0, 23, 6)]
        means = [len(b) / 23 * p.batch_cost_and_gradient(theta, b)[1] for b in batches]
        assert relative(sum(means), full) < 1e-12


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), copies=st.integers(1, 4))
def test_weight_k_is_a_row_repeated_k_times(seed, copies):
    net, theta, X, Y, w = problem(seed=seed, weighted=False)
    w[2] = copies
    repeats = w.astype(int)
    weighted = backprop.cost_and_gradient(net, theta, X, Y, 1.0, w)
    repeated = backprop.cost_and_gradient(
        net, theta, X.repeat(repeats, 0), Y.repeat(repeats, 0), 1.0, np.ones(repeats.sum())
    )
    assert weighted[0] == pytest.approx(repeated[0], rel=1e-12)
    assert relative(weighted[1], repeated[1]) < 1e-12


def test_a_batch_without_weight_is_no_special_case():
    from backpass.engine import check_rows, reference

    net, theta, X, Y, w = problem(m=6)
    w[:3] = 0
    p = reference.ReferenceProblem(net, check_rows(net, X, Y, w), 1.0)
    J, D = p.batch_cost_and_gradient(theta, np.arange(3))
    Thetas = net.roll(theta)
    assert J == pytest.approx(backprop.penalty(Thetas) / w.sum())
    assert not D[: net.shapes[0][0]].any()  # the first layer's biases: no data, no decay


def test_equal_units_stay_equal():
    net, _, X, Y, w = problem(sizes=(3, 4, 3), weighted=False)
    theta = np.full(net.n_parameters, 0.3)
    for _ in range(20):
        theta = theta - 0.5 * backprop.cost_and_gradient(net, theta, X, Y, 0.1, w)[1]
    Theta1, Theta2 = net.roll(theta)
    assert np.ptp(Theta1, axis=0).max() < 1e-14
    assert np.ptp(Theta2[:, 1:], axis=1).max() < 1e-14
    assert abs(theta - 0.3).max() > 0.01


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_the_same_lines_run_on_a_strict_array_api(loss, hidden):
    net, theta, X, Y, w = problem(hidden=hidden, loss=loss)
    strict = [array_api_strict.asarray(v) for v in (theta, X, Y, w)]
    J, D = backprop.cost_and_gradient(net, *strict[:3], 0.5, strict[3])
    expected_J, expected_D = backprop.cost_and_gradient(net, theta, X, Y, 0.5, w)
    assert float(J) == pytest.approx(expected_J, rel=1e-13)
    assert relative(np.asarray(D), expected_D) < 1e-13


def test_the_same_lines_run_on_torch_tensors():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    net, theta, X, Y, w = problem()
    J, D = backprop.cost_and_gradient(net, *map(torch.tensor, (theta, X, Y)), 0.5, torch.tensor(w))
    expected_J, expected_D = backprop.cost_and_gradient(net, theta, X, Y, 0.5, w)
    assert J.item() == pytest.approx(expected_J, rel=1e-13)
    assert relative(D.numpy(), expected_D) < 1e-13
