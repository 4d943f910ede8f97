"""Right functions and classes that are trained, or that are for one example or one output alone.

As ``pieces``, which says what a piece is.
"""

from __future__ import annotations

from pieces import Piece

TRAINED = {
    "a class that is trained on pairs, and has no cost": Piece(
        """
class Perceptrons:
    def __init__(self, sizes):
        gen = np.random.default_rng(5)
        self.shifts = [gen.normal(size=(n, 1)) for n in sizes[1:]]
        self.weights = [gen.normal(size=(n, k)) for k, n in zip(sizes, sizes[1:])]

    def update_mini_batch(self, mini_batch, eta):
        down = [(0 * w, 0 * b) for w, b in zip(self.weights, self.shifts)]
        for x, y in mini_batch:
            down = [(w + dw, b + db) for (w, b), (dw, db) in zip(down, self._backprop(x, y))]
        step = eta / len(mini_batch)
        self.weights = [w - step * dw for w, (dw, _) in zip(self.weights, down)]
        self.shifts = [b - step * db for b, (_, db) in zip(self.shifts, down)]

    def _backprop(self, x, y):
        a = [x]
        for w, b in zip(self.weights, self.shifts):
            a.append(sigmoid(w @ a[-1] + b))
        d = (a[-1] - y) * a[-1] * (1 - a[-1])
        found = []
        for l in range(len(self.weights) - 1, -1, -1):
            found.insert(0, (d @ a[l].T, d))
            d = self.weights[l].T @ d * a[l] * (1 - a[l])
        return found
""",
        ("Perceptrons",),
        (
            ("d = self.weights[l].T @ d * a[l] * (1 - a[l])", "d = self.weights[l].T @ d", "g′"),
            ("w - step * dw", "w + step * dw", "sign"),
        ),
    ),
    "a class that changes its weights by a rate of its own": Piece(
        """
class Net:
    def __init__(self, n_inputs, n_hidden=4, n_outputs=3, lr=0.1, epochs=100):
        gen = np.random.default_rng(6)
        self.weights_input_hidden = gen.normal(size=(n_inputs, n_hidden))
        self.bias_hidden = np.zeros((1, n_hidden))
        self.weights_hidden_output = gen.normal(size=(n_hidden, n_outputs))
        self.bias_output = np.zeros((1, n_outputs))
        self.lr = lr

    def forward(self, X):
        self.hidden = np.tanh(X @ self.weights_input_hidden + self.bias_hidden)
        return softmax(self.hidden @ self.weights_hidden_output + self.bias_output)

    def backward(self, X, y, out):
        d = (out - y) / len(X)
        dh = d @ self.weights_hidden_output.T * (1 - self.hidden**2)
        self.weights_hidden_output -= self.lr * self.hidden.T @ d
        self.bias_output -= self.lr * d.sum(axis=0, keepdims=True)
        self.weights_input_hidden -= self.lr * X.T @ dh
        self.bias_hidden -= self.lr * dh.sum(axis=0, keepdims=True)

    def fit(self, X, y, epochs=500, verbose=False):
        for _ in range(epochs):
            self.backward(X, y, self.forward(X))
""",
        ("Net",),
        (
            ("* (1 - self.hidden**2)", "* (1 - self.hidden)", "square of 1 − a² is missing"),
            ("dh.sum(axis=0", "dh.mean(axis=0", "mean"),
        ),
    ),
    "a class whose sizes are its own, with one output": Piece(
        """
class Scores:
    def __init__(self):
        self.size_in, self.size_hidden = 2, 3
        self.W1 = np.ones((self.size_in, self.size_hidden))
        self.W2 = np.ones((self.size_hidden, 1))

    def forward(self, X):
        self.a2 = sigmoid(X @ self.W1)
        self.yHat = sigmoid(self.a2 @ self.W2)
        return self.yHat

    def costFunction(self, X, y):
        return 0.5 * np.sum((y - self.forward(X)) ** 2)

    def costFunctionPrime(self, X, y):
        self.forward(X)
        delta3 = -(y - self.yHat) * self.yHat * (1 - self.yHat)
        delta2 = delta3 @ self.W2.T * self.a2 * (1 - self.a2)
        return X.T @ delta2, self.a2.T @ delta3
""",
        ("Scores",),
        (
            ("-(y - self.yHat)", "(y - self.yHat)", "sign"),
            ("* self.a2 * (1 - self.a2)", "", "g′ missing"),
        ),
    ),
    "a class with layers, and a loss that keeps the gradients": Piece(
        """
class Affine:
    def __init__(self, n, k):
        self.W, self.b = np.random.default_rng(n).normal(size=(n, k)), np.zeros(k)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, d):
        self.dW, self.db = self.x.T @ d, d.sum(axis=0)
        return d @ self.W.T

class Two:
    def __init__(self, input_size, hidden_size, output_size):
        self.low, self.high = Affine(input_size, hidden_size), Affine(hidden_size, output_size)

    def forward(self, X, y=None):
        self.h = np.maximum(self.low.forward(X), 0)
        self.p = softmax(self.high.forward(self.h))
        if y is None:
            return self.p
        return -np.log(self.p[np.arange(len(y)), y]).mean()

    def backward(self, y):
        d = self.p.copy()
        d[np.arange(len(y)), y] -= 1
        self.low.backward(self.high.backward(d / len(y)) * (self.h > 0))
""",
        ("Two",),
        (
            ("d.sum(axis=0)", "d.sum()", "units"),
            (" * (self.h > 0)", "", "g′ missing"),
            ("y] -= 1", "y - 1] -= 1", "label"),
        ),
    ),
    "no hidden layer": Piece(
        """
def propagate(w, b, X, Y):
    A = sigmoid(w.T @ X + b)
    cost = -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    grads = {"dw": X @ (A - Y).T / X.shape[1], "db": np.mean(A - Y)}
    return grads, cost
""",
        ("propagate",),
        (("X @ (A - Y).T / X.shape[1]", "X @ (A - Y).T", "1/m missing"),),
    ),
    "one sigmoid output, with means over all of Y": Piece(
        """
def forward(X, p):
    a1 = np.tanh(p["W1"] @ X + p["b1"])
    return a1, sigmoid(p["W2"] @ a1 + p["b2"])

def cost_and_grads(p, X, Y):
    m = X.shape[1]
    a1, a2 = forward(X, p)
    d2 = a2 - Y
    d1 = p["W2"].T @ d2 * (1 - a1**2)
    cost = -np.mean(Y * np.log(a2) + (1 - Y) * np.log(1 - a2))
    return cost, {
        "dW1": d1 @ X.T / m,
        "db1": d1.sum(axis=1, keepdims=True) / m,
        "dW2": d2 @ a1.T / m,
        "db2": np.sum(d2) / m,
    }
""",
        ("cost_and_grads",),
        (
            ("* (1 - a1**2)", "", "g′ missing"),
            ("d1.sum(axis=1, keepdims=True)", "d1.sum()", "units"),
        ),
    ),
    "one example as a vector": Piece(
        """
def backprop(x, y, w1, b1, w2, b2):
    a1 = sigmoid(w1 @ x + b1)
    a2 = sigmoid(w2 @ a1 + b2)
    d2 = (a2 - y) * a2 * (1 - a2)
    d1 = w2.T @ d2 * a1 * (1 - a1)
    return 0.5 * np.sum((a2 - y) ** 2), np.outer(d1, x), d1, np.outer(d2, a1), d2
""",
        ("backprop",),
        (("d1 = w2.T @ d2 * a1 * (1 - a1)", "d1 = w2.T @ d2 * (1 - a1)", "a instead of"),),
    ),
    "a loss whose targets are optional, among others that are": Piece(
        """
class TwoLayerNet:
    def __init__(self, input_size, hidden_size, output_size, std=1e-4):
        self.params = {"W1": std * np.ones((input_size, hidden_size)), "b1": np.zeros(hidden_size)}
        self.params["W2"] = std * np.ones((hidden_size, output_size))
        self.params["b2"] = np.zeros(output_size)

    def loss(self, X, y=None, scale=1.0, reg=0.0):
        W1, W2 = self.params["W1"], self.params["W2"]
        h = np.maximum(X @ W1 + self.params["b1"], 0)
        p = softmax(h @ W2 + self.params["b2"])
        if y is None:
            return p
        d = p * scale / len(X)
        d[np.arange(len(X)), y] -= 1 / len(X)
        data = -np.log(p[np.arange(len(X)), y]).mean()
        loss = data + reg * (np.sum(W1**2) + np.sum(W2**2))
        g = {"W2": h.T @ d + 2 * reg * W2, "b2": d.sum(axis=0)}
        d = d @ W2.T * (h > 0)
        return loss, {**g, "W1": X.T @ d + 2 * reg * W1, "b1": d.sum(axis=0)}
""",
        ("TwoLayerNet",),
        (("2 * reg * W1", "reg * W1", "half"),),
    ),
    "arguments by position alone": Piece(
        """
def objective(theta, *args):
    n_in, n_hidden, n_out, X, y, lam = args
    A = theta[: n_hidden * (n_in + 1)].reshape(n_hidden, -1)
    B = theta[n_hidden * (n_in + 1) :].reshape(n_out, -1)
    m = len(X)
    Y, X = np.eye(n_out)[y - 1], np.c_[np.ones(m), X]
    h = np.c_[np.ones(m), sigmoid(X @ A.T)]
    out = sigmoid(h @ B.T)
    J = -np.sum(Y * np.log(out) + (1 - Y) * np.log(1 - out)) / m
    J += lam / (2 * m) * (np.sum(A[:, 1:] ** 2) + np.sum(B[:, 1:] ** 2))
    d = ((out - Y) @ B * h * (1 - h))[:, 1:]
    GA, GB = d.T @ X / m, (out - Y).T @ h / m
    GA[:, 1:] += lam / m * A[:, 1:]
    GB[:, 1:] += lam / m * B[:, 1:]
    return J, np.concatenate([GA.ravel(), GB.ravel()])
""",
        ("objective",),
        (("@ B * h * (1 - h)", "@ B", "g′ missing"),),
    ),
    "weights as attributes": Piece(
        """
from types import SimpleNamespace

def loss_and_grads(params, X, y):
    h = np.tanh(X @ params.W1 + params.b1)
    d = softmax(h @ params.W2 + params.b2)
    loss = -np.log(d[np.arange(len(y)), y]).mean()
    d[np.arange(len(y)), y] -= 1
    d /= len(y)
    dh = d @ params.W2.T * (1 - h**2)
    return loss, SimpleNamespace(W1=X.T @ dh, b1=dh.sum(0), W2=h.T @ d, b2=d.sum(0))
""",
        ("loss_and_grads",),
        (("* (1 - h**2)", "", "g′ missing"),),
    ),
}
