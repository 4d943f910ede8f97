"""What parameters' names tell of sizes, of λ and a rate, and of numbers in plain lists."""

import math

import numpy as np
import pytest

from backpass import check_backprop

NET = """
class Net:
    def __init__(self, PARAMETERS):
        SIZES
        self.params = {}
        for l, (a, b) in enumerate(zip(sizes, sizes[1:]), start=1):
            self.params[f"W{l}"] = np.random.randn(a, b)
            self.params[f"b{l}"] = np.zeros(b)
        self.n_layers = len(sizes) - 1

    def loss(self, X, y):
        m, a = len(X), [X]
        for l in range(1, self.n_layers + 1):
            z = a[-1] @ self.params[f"W{l}"] + self.params[f"b{l}"]
            a.append(np.maximum(z, 0) if l < self.n_layers else z)
        h = np.exp(a[-1] - a[-1].max(axis=1, keepdims=True))
        h /= h.sum(axis=1, keepdims=True)
        J, delta, grads = -np.log(h[range(m), y]).mean(), h, {}
        delta[range(m), y] -= 1
        for l in range(self.n_layers, 0, -1):
            W = self.params[f"W{l}"]
            J += 0.5 * LAM * np.sum(W * W)
            grads[f"W{l}"], grads[f"b{l}"] = a[l - 1].T @ delta / m + LAM * W, delta.mean(axis=0)
            delta = (delta @ W.T) * MASK
        return J, grads
"""
MADE = {
    "single letters": ("D, H, C", "sizes = (D, H, C)", "0"),
    "and two hidden layers": ("I, H1, H2, O", "sizes = (I, H1, H2, O)", "0"),
    "a list of the hidden ones": (
        "hidden_dims, input_dim=4, num_classes=3, reg=0.1",
        "sizes = (input_dim, *hidden_dims, num_classes); self.reg = reg",
        "self.reg",
    ),
    "λ as scikit-learn has it": (
        "layer_sizes, alpha=0.01",
        "sizes = layer_sizes; self.alpha = alpha",
        "self.alpha",
    ),
}


def compiled(source, name, **edits):
    for old, new in edits.items():
        assert old in source
        source = source.replace(old, new)
    scope = {"np": np, "math": math, "__name__": "pieces"}
    exec(source, scope)
    return scope[name]


@pytest.mark.parametrize(("parameters", "sizes", "lam"), MADE.values(), ids=MADE)
def test_what_a_class_is_made_with(parameters, sizes, lam):
    told = {"PARAMETERS": parameters, "SIZES": sizes, "LAM": lam}
    right = check_backprop(compiled(NET, "Net", MASK="(a[l - 1] > 0)", **told))
    assert right.ok, str(right)
    wrong = check_backprop(compiled(NET, "Net", MASK="(delta @ W.T > 0)", **told))
    assert any("g′ of δ" in mistake.what for mistake in wrong.mistakes), str(wrong)


STEP = """
def update_step(X, Y, W1, b1, W2, b2, alpha):
    m = len(X)
    h = np.tanh(X @ W1 + b1)
    o = h @ W2 + b2
    d2 = (o - Y) / m
    d1 = (d2 @ W2.T) * (1 - h ** 2)
    return (((o - Y) ** 2).sum() / 2 / m, W1 - alpha * X.T @ d1, b1 - alpha * d1.sum(AXIS),
            W2 - alpha * h.T @ d2, b2 - alpha * d2.sum(AXIS))
"""


def test_alpha_of_a_step_is_its_rate():
    assert check_backprop(compiled(STEP, "update_step", AXIS="axis=0")).ok
    diagnosis = check_backprop(compiled(STEP, "update_step", AXIS=""))
    assert ["no axis" in mistake.what for mistake in diagnosis.mistakes] == [True], str(diagnosis)
    assert "alpha ignored" not in str(diagnosis)


ONE_MATRIX = """
def softmax_loss(W, X, y, reg):
    h = np.exp(X @ W)
    h /= h.sum(axis=1, keepdims=True)
    J = -np.log(h[range(len(X)), y]).mean() + reg * np.sum(W * W)
    h[range(len(X)), y] -= 1
    return J, X.T @ h / MEAN + 2 * reg * W
"""


def test_one_W_is_a_network_without_hidden_layers():
    assert check_backprop(compiled(ONE_MATRIX, "softmax_loss", MEAN="len(X)")).ok
    wrong = check_backprop(compiled(ONE_MATRIX, "softmax_loss", MEAN="1"))
    assert any("1/m" in mistake.what for mistake in wrong.mistakes), str(wrong)


IN_LISTS = """
def cost(X, y, W1, b1, W2, b2):
    if not isinstance(X, list):
        raise TypeError("lists, please")
    J, D1, D2 = 0.0, [[0.0] * len(b1) for _ in W1], [[0.0] * len(b2) for _ in W2]
    d1, d2 = [0.0] * len(b1), [0.0] * len(b2)
    for x, t in zip(X, y):
        z = [sum(u * w[j] for u, w in zip(x + [1.0], W1 + [b1])) for j in range(len(b1))]
        a = [math.tanh(v) for v in z]
        o = [sum(u * w[k] for u, w in zip(a + [1.0], W2 + [b2])) for k in range(len(b2))]
        e = [u - v for u, v in zip(o, t)]
        J += sum(v * v for v in e) / 2
        back = [sum(w * v for w, v in zip(row, e)) * SLOPE for row, u in zip(W2, a)]
        for k, v in enumerate(e):
            d2[k] += v
            for j, u in enumerate(a):
                D2[j][k] += u * v
        for j, v in enumerate(back):
            d1[j] += v
            for i, u in enumerate(x):
                D1[i][j] += u * v
    return J, D1, d1, D2, d2
"""


def test_code_of_lists_is_given_lists():
    right = check_backprop(compiled(IN_LISTS, "cost", SLOPE="(1 - u * u)"))
    assert right.ok, str(right)
    assert "plain numbers" in str(right)
    wrong = check_backprop(compiled(IN_LISTS, "cost", SLOPE="(1 - u)"))
    assert ["1 − a instead" in mistake.what for mistake in wrong.mistakes] == [True], str(wrong)


IN_ONE_VECTOR = """
def fun(theta, X, Y, shapes):
    parts = np.split(theta, np.cumsum([math.prod(shape) for shape in shapes])[:-1])
    W1, b1, W2, b2 = [part.reshape(shape) for part, shape in zip(parts, shapes)]
    h = np.tanh(X @ W1 + b1)
    d2 = (h @ W2 + b2 - Y) / len(X)
    d1 = d2 @ W2.T * SLOPE
    D = [X.T @ d1, d1.sum(axis=0), h.T @ d2, d2.sum(axis=0)]
    return 0.5 * len(X) * np.sum(d2**2), np.concatenate([each.ravel() for each in D])
"""


def test_shapes_are_those_of_all_arrays():
    right = compiled(IN_ONE_VECTOR, "fun", SLOPE="(1 - h ** 2)")
    diagnosis = check_backprop(right)
    assert diagnosis.ok, str(diagnosis)
    assert check_backprop(right, form=diagnosis.signature).ok, diagnosis.signature
    wrong = check_backprop(compiled(IN_ONE_VECTOR, "fun", SLOPE="(1 - h)"))
    assert ["1 − a instead" in mistake.what for mistake in wrong.mistakes] == [True], str(wrong)


TO_ONE = """
def cost(X, y, w1, b1, w2, b2):
    m = len(X)
    a = np.tanh(X @ w1 + b1)
    h = 1 / (1 + np.exp(-(a @ w2 + b2)))
    J = -np.mean(y * np.log(h) + (1 - y) * np.log(1 - h))
    d2 = h - y
    d1 = d2[:, None] * w2 * SLOPE
    return J, X.T @ d1 / m, d1.mean(axis=0), a.T @ d2 / m, d2.mean()
"""


def test_the_last_weights_may_be_a_vector_and_the_last_bias_a_number():
    right = compiled(TO_ONE, "cost", SLOPE="(1 - a ** 2)")
    diagnosis = check_backprop(right)
    assert diagnosis.ok, str(diagnosis)
    assert "cost(X, y0, W1, b1, W2[:, 0], b2[0])" in diagnosis.signature
    assert check_backprop(right, form=diagnosis.signature).ok
    wrong = check_backprop(compiled(TO_ONE, "cost", SLOPE="(1 - a)"))
    assert ["1 − a instead" in mistake.what for mistake in wrong.mistakes] == [True], str(wrong)


def test_a_gradient_that_does_not_come_back_is_missed():
    def loss(X, y, W1, b1, W2, b2):
        h, m = np.tanh(X @ W1 + b1), len(X)
        d2 = h @ W2 + b2 - y
        d1 = d2 @ W2.T * (1 - h**2)
        J = (d2**2).sum() / 2 / m
        return J, {"dW1": X.T @ d1 / m, "db1": d1.mean(axis=0), "db2": d2.mean(axis=0)}

    diagnosis = check_backprop(loss)
    assert not diagnosis.ok
    assert "No gradient of W2 came back." in str(diagnosis)
