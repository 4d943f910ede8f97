"""How forms are tried: which are, how often, and with what precision."""

import itertools

import numpy as np
import pytest

import backpass as bp
from backpass.diagnose import check_backprop
from backpass.diagnose.answers import CallResult
from backpass.diagnose.observe import is_single
from backpass.diagnose.probes import make_probe


def called(body, parameters):
    """How often a function of these parameters is called, and what is said of it."""
    calls = []
    space = {"np": np, "bp": bp, "calls": calls}
    exec(f"def function({parameters}):\n    calls.append(1)\n    {body}", space)
    diagnosis = check_backprop(space["function"])
    return len(calls), diagnosis


@pytest.mark.parametrize(
    "parameters",
    [
        "theta, sizes, X, Y, lam",
        "params, X, y",
        "X, y, W1, b1, W2, b2, reg",
        "Theta1, Theta2, X, y, lam",
    ],
)
@pytest.mark.parametrize("body", ["return undefined", "return X.nothing", "raise KeyError('W9')"])
def test_a_function_that_always_raises_the_same_is_not_called_thousands_of_times(parameters, body):
    calls, diagnosis = called(body, parameters)
    assert not diagnosis.ok
    assert "The function raises" in str(diagnosis)
    assert calls <= 700


def test_a_function_of_three_sizes_is_right_and_no_other_depth_is_tried_for_long():
    calls, diagnosis = called(
        "a, b, c = sizes; return bp.cost_and_gradient(bp.Network((a, b, c)), theta, X, Y, lam)",
        "theta, sizes, X, Y, lam",
    )
    assert diagnosis.ok
    assert calls <= 100


def test_one_error_on_many_forms_does_not_hide_the_form_that_is_right():
    """Pairs of W and b are tried late; all before them fail at one line, but not all in one way."""
    _, diagnosis = called(
        "(W1, b1), (W2, b2) = weights\n"
        "    h = np.tanh(X @ W1 + b1); d = h @ W2 + b2 - y; e = d @ W2.T * (1 - h * h)\n"
        "    return (d * d).sum() / 2, [(X.T @ e, e.sum(0)), (h.T @ d, d.sum(0))]",
        "weights, X, y",
    )
    assert diagnosis.ok, str(diagnosis)


def test_sizes_that_are_asserted_are_found_although_all_others_fail_alike():
    space = {"np": np, "N_IN": 5, "N_HIDDEN": 4, "N_OUT": 3}
    body = """
def objective(theta, X, y):
    assert X.shape[1] == N_IN
    k = N_HIDDEN * (N_IN + 1)
    T1 = theta[:k].reshape(N_HIDDEN, N_IN + 1)
    T2 = theta[k:].reshape(N_OUT, N_HIDDEN + 1)
    one = np.ones((len(X), 1))
    a = np.hstack([one, X])
    h = np.hstack([one, np.tanh(a @ T1.T)])
    d = h @ T2.T - y
    e = d @ T2[:, 1:] * (1 - h[:, 1:] ** 2)
    return (d * d).sum() / 2, np.concatenate([(e.T @ a).ravel(), (d.T @ h).ravel()])
"""
    exec(body, space)
    diagnosis = check_backprop(space["objective"])
    assert diagnosis.ok, str(diagnosis)


# --- forms of one example at a time ------------------------------------------------------------


class Net:
    """One hidden layer; gradients alone, of the mean of the examples that come."""

    def __init__(self, sizes):
        rng = np.random.default_rng(1)
        self.W = [rng.normal(size=pair) for pair in itertools.pairwise(sizes)]
        self.b = [np.zeros(size) for size in sizes[1:]]

    def gradients(self, X, y):
        h = np.tanh(X @ self.W[0] + self.b[0])
        d = (h @ self.W[1] + self.b[1] - y) / len(X)
        e = d @ self.W[1].T * (1 - h * h)
        D = {"dW1": X.T @ e, "db1": e.sum(0), "dW2": h.T @ d, "db2": d.sum(0)}
        return {name: self.spoilt(name, each, len(X)) for name, each in D.items()}

    def spoilt(self, name, D, m):
        return D


class WithoutItsMean(Net):
    def spoilt(self, name, D, m):
        return m * D if name == "dW1" else D


class WithAWrongBias(Net):
    def spoilt(self, name, D, m):
        return 3 * D if name == "db1" else D


def test_a_wrong_mean_is_not_hidden_by_one_example_at_a_time():
    assert check_backprop(Net).ok
    diagnosis = check_backprop(WithoutItsMean)
    assert "1/m missing" in str(diagnosis.mistakes), str(diagnosis)
    assert "one example at a time" not in str(diagnosis)


def test_a_wrong_bias_is_not_hidden_by_leaving_it_out():
    diagnosis = check_backprop(WithAWrongBias)
    assert "3 times what it should be" in str(diagnosis.mistakes), str(diagnosis)
    assert "no bias units" not in str(diagnosis)


# --- single precision --------------------------------------------------------------------------


def inside(dtype, factor=1.0):
    """A right function that computes in some precision and returns double precision."""

    def loss_and_gradients(X, y, W1, b1, W2, b2, reg):
        X, y, W1, b1, W2, b2 = (np.asarray(v, dtype=dtype) for v in (X, y, W1, b1, W2, b2))
        reg = dtype(reg)
        h = np.tanh(X @ W1 + b1)
        d = h @ W2 + b2 - y
        e = d @ W2.T * (1 - h * h)
        J = (d * d).sum() / 2 + reg / 2 * ((W1 * W1).sum() + (W2 * W2).sum())
        D = {"W1": X.T @ e + reg * W1, "b1": factor * e.sum(0), "W2": h.T @ d + reg * W2}
        D["b2"] = d.sum(0)
        return float(J), {name: each.astype(np.float64) for name, each in D.items()}

    return loss_and_gradients


def test_single_precision_inside_is_no_mistake():
    diagnosis = check_backprop(inside(np.float32))
    assert diagnosis.ok, str(diagnosis)
    assert diagnosis.derivative
    assert "tanh" in str(diagnosis.conventions)


def test_a_mistake_in_single_precision_is_named_all_the_same():
    diagnosis = check_backprop(inside(np.float32, 2.0))
    assert [mistake.what[:23] for mistake in diagnosis.mistakes] == ["twice what it should be"]
    assert diagnosis.derivative is False


def test_double_precision_is_not_taken_for_single():
    diagnosis = check_backprop(inside(np.float64, 1 + 1e-6))
    assert not diagnosis.ok
    assert "all of W1 is right except the bias column" in " ".join(diagnosis.unexplained)


def test_inputs_that_are_rounded_alone_are_single_precision_too():
    def rounded(X, y, W1, b1, W2, b2, reg):
        return inside(np.float64)(np.asarray(X).astype(np.float32), y, W1, b1, W2, b2, reg)

    assert check_backprop(rounded).ok


def test_what_is_single_is_told_by_nudges():
    class Caller:
        takes_lam = False

        def __init__(self, function):
            self.function = function

        def __call__(self, probe, lam):
            return CallResult(self.function(probe.theta, probe.X), None)

    probe = make_probe(bp.Network((3, 4, 2)), 0)

    def smooth(theta, X):
        return float(np.tanh(theta.sum() * X.mean()) + (theta**2).sum() + (X**2).sum())

    assert not is_single(Caller(smooth), probe)
    assert is_single(Caller(lambda t, X: float(np.float32(smooth(t, X)))), probe)
    assert is_single(Caller(lambda t, X: smooth(t.astype(np.float32), X)), probe)
    assert is_single(Caller(lambda t, X: smooth(t, X.astype(np.float32))), probe)
    many = make_probe(bp.Network((40, 30, 5)), 0)  # some of whose weights are rounded otherwise
    assert is_single(
        Caller(lambda t, X: float((t.astype(np.float32).astype(float) ** 2).sum())), many
    )
    assert not is_single(Caller(smooth), many)


def of_so_many(n_matrices):
    """A right function, examples in rows, whose list has so many matrices and no others."""
    text = f"""
def cost_and_gradients(X, y, weights):
    {"".join(f"W{k}, " for k in range(n_matrices))} = weights
    m, activations = len(X), [np.c_[np.ones(len(X)), X]]
    for W in weights[:-1]:
        activations.append(np.c_[np.ones(m), np.tanh(activations[-1] @ W)])
    h = 1 / (1 + np.exp(-activations[-1] @ weights[-1]))
    J = -np.sum(y * np.log(h) + (1 - y) * np.log(1 - h)) / m
    deltas = [h - y]
    for W, a in zip(weights[:0:-1], activations[:0:-1]):
        deltas.append((deltas[-1] @ W[1:].T) * (1 - a[:, 1:] ** 2))
    return J, [a.T @ d / m for a, d in zip(activations, deltas[::-1])]
"""
    namespace = {"np": np}
    exec(text, namespace)
    return namespace["cost_and_gradients"]


@pytest.mark.parametrize("n_matrices", [1, 2, 3, 4])
def test_a_list_of_so_many_matrices_is_of_a_network_of_that_depth(n_matrices):
    diagnosis = check_backprop(of_so_many(n_matrices))
    assert diagnosis.ok, str(diagnosis)
    assert all(sizes.count("-") == n_matrices for sizes in diagnosis.probes)


ALL = """
    a, b, c = sizes
    m, cut = len(X), b * (a + 1)
    T1, T2 = theta[:cut].reshape(b, a + 1), theta[cut:].reshape(c, b + 1)
    one = np.ones((m, 1))
    A = np.hstack([one, X])
    H = np.hstack([one, np.tanh(A @ T1.T)])
    d = H @ T2.T - Y
    e = d @ T2[:, 1:] * (1 - H[:, 1:] ** 2)
    D1, D2 = e.T @ A / m, d.T @ H / m
"""


def test_a_function_that_raises_in_its_last_line_is_not_called_for_every_size():
    broken = "D2[:, 1:] += lam * T2\n    return (d * d).sum() / 2 / m, D1, D2"
    calls, diagnosis = called(ALL.strip() + "\n    " + broken, "theta, sizes, X, Y, lam")
    assert "could not be broadcast" in str(diagnosis)
    assert calls <= 1500  # 7,260 if every form is called on every set of sizes


def test_one_output_is_found_although_every_form_failed_with_three():
    body = """a, b, c = sizes
    cut = b * (a + 1)
    w1, w2 = params[:cut].reshape(b, a + 1), params[cut:].reshape(b + 1)
    one = np.ones((len(X), 1))
    A = np.hstack([one, X])
    H = np.hstack([one, np.tanh(A @ w1.T)])
    p = 1 / (1 + np.exp(-H @ w2))
    d = (p - labels.reshape(p.shape)) / len(X)
    e = np.outer(d, w2[1:]) * (1 - H[:, 1:] ** 2)
    J = -np.mean(np.where(labels.reshape(p.shape) > 0, np.log(p), np.log(1 - p)))
    return J, np.concatenate([(e.T @ A).ravel(), d @ H])"""
    calls, diagnosis = called(body, "params, sizes, X, labels")
    assert diagnosis.ok, str(diagnosis)
    assert calls <= 3000


OF_ANY_DEPTH = """
    Theta, start = [], 0
    for s, t in zip(sizes, sizes[1:]):
        Theta.append(theta[start : start + t * (s + 1)].reshape(t, s + 1))
        start += t * (s + 1)
    a = [np.hstack([np.ones((len(X), 1)), X])]
    for k, T in enumerate(Theta):
        p = 1 / (1 + np.exp(-a[-1] @ T.T))
        a.append(p if k == len(Theta) - 1 else np.hstack([np.ones((len(X), 1)), p]))
    delta, D = a[-1] - Y, []
    for k in reversed(range(len(Theta))):
        D.insert(0, (delta.T @ a[k] / len(X)).ravel())
        g = a[k] * (1 - a[k]) if k == len(Theta) - 1 else a[k]
        delta = (delta @ Theta[k] * g)[:, 1:]
    J = -(Y * np.log(a[-1]) + (1 - Y) * np.log(1 - a[-1])).sum() / len(X)
    return J, np.concatenate(D)
"""


def test_a_function_of_any_depth_is_tried_with_a_layer_more():
    right = OF_ANY_DEPTH.replace(" if k == len(Theta) - 1 else a[k]\n", "\n").strip()
    assert called(right, "theta, sizes, X, Y")[1].ok
    _, diagnosis = called(OF_ANY_DEPTH.strip(), "theta, sizes, X, Y")
    assert not diagnosis.ok
    assert any("g′" in mistake.what for mistake in diagnosis.mistakes), str(diagnosis)
