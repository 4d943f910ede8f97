"""Right functions in the forms in which people write them, each with ways to break it.

Written apart from the library. A piece is its source, its entries, and edits of the source with a
pattern of what must be named. ``{}`` conventions that are right in themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field

HEAD = """
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
"""


@dataclass(frozen=True)
class Piece:
    """Source, the names of its entries, and (old, new, pattern of a mistake's text) edits."""

    source: str
    entries: tuple[str, ...]
    edits: tuple[tuple[str, str, str], ...] = field(default=())


PIECES = {
    "rows, weights and biases apart, gradients in a tuple": Piece(
        """
def net(x_train, y_train, w1, bias1, w2, bias2):
    h = np.tanh(x_train @ w1 + bias1)
    out = h @ w2 + bias2
    loss = np.mean((out - y_train) ** 2)
    d = 2 * (out - y_train) / out.size
    dh = d @ w2.T * (1 - h**2)
    return loss, (x_train.T @ dh, dh.sum(axis=0), h.T @ d, d.sum(axis=0))
""",
        ("net",),
        (
            ("* (1 - h**2)", "", "g′ missing"),
            ("(1 - h**2)", "(1 - h)", "square of 1 − a² is missing"),
            ("d.sum(axis=0))", "3 * d.sum(axis=0))", "3 times"),
            ("h.T @ d,", "-(h.T @ d),", "sign"),
        ),
    ),
    "columns, parameters in a dictionary, three layers of weights": Piece(
        """
def step(parameters, X, Y):
    W, b = ([parameters[k + str(i)] for i in (1, 2, 3)] for k in "Wb")
    a1 = np.maximum(W[0] @ X + b[0], 0)
    a2 = np.maximum(W[1] @ a1 + b[1], 0)
    a3 = sigmoid(W[2] @ a2 + b[2])
    m = X.shape[1]
    cost = -np.sum(Y * np.log(a3) + (1 - Y) * np.log(1 - a3)) / m
    grads, d = {}, (a3 - Y) / m
    for l, below in ((3, a2), (2, a1), (1, X)):
        grads["dW%d" % l] = d @ below.T
        grads["db%d" % l] = d.sum(axis=1, keepdims=True)
        d = W[l - 1].T @ d * (below > 0)
    return grads, cost

def names():
    return "W1", "b1", "W2", "b2", "W3", "b3"

def cost_and_grads(parameters, X, Y):
    names()
    return step(parameters, X, Y)
""",
        ("cost_and_grads",),
        (
            ("* (below > 0)", "* (below <= 0)", "inverted"),
            ("(a3 - Y) / m", "(a3 - Y)", "1/m missing"),
        ),
    ),
    "a class for one example at a time": Piece(
        """
class Net:
    def __init__(self, sizes):
        rng = np.random.default_rng(3)
        self.b = [rng.normal(size=(n, 1)) for n in sizes[1:]]
        self.w = [rng.normal(size=(n, k)) for k, n in zip(sizes, sizes[1:])]

    def feedforward(self, a):
        for w, b in zip(self.w, self.b):
            a = sigmoid(w @ a + b)
        return a

    def loss(self, x, y):
        return 0.5 * np.sum((self.feedforward(x) - y) ** 2)

    def backprop(self, x, y):
        a = [x]
        for w, b in zip(self.w, self.b):
            a.append(sigmoid(w @ a[-1] + b))
        d = (a[-1] - y) * a[-1] * (1 - a[-1])
        nabla_b, nabla_w = [d], [d @ a[-2].T]
        for l in range(2, len(a)):
            d = self.w[-l + 1].T @ d * a[-l] * (1 - a[-l])
            nabla_b.insert(0, d)
            nabla_w.insert(0, d @ a[-l - 1].T)
        return nabla_b, nabla_w
""",
        ("Net",),
        (
            ("(a[-1] - y) * a[-1] * (1 - a[-1])", "a[-1] - y", "g′ missing at the output"),
            ("d * a[-l] * (1 - a[-l])", "d", "g′ missing"),
        ),
    ),
    "a training step without biases": Piece(
        """
def train(X, y, syn0, syn1, alpha):
    l1 = sigmoid(X @ syn0)
    l2 = sigmoid(l1 @ syn1)
    d2 = (y - l2) * l2 * (1 - l2)
    d1 = d2 @ syn1.T * l1 * (1 - l1)
    syn1 += alpha * l1.T @ d2
    syn0 += alpha * X.T @ d1
    return syn0, syn1
""",
        ("train",),
        (
            ("(y - l2)", "(l2 - y)", "sign"),
            ("@ syn1.T * l1 * (1 - l1)", "@ syn1.T", "g′ missing"),
            (
                "    d1 = d2 @ syn1.T * l1 * (1 - l1)\n    syn1 += alpha * l1.T @ d2\n",
                "    syn1 += alpha * l1.T @ d2\n    d1 = d2 @ syn1.T * l1 * (1 - l1)\n",
                "updated before",
            ),
        ),
    ),
    "three functions that hand things on": Piece(
        """
def forward(X, W1, b1, W2, b2):
    Z1 = X @ W1 + b1
    A1 = np.maximum(Z1, 0)
    probs = softmax(A1 @ W2 + b2)
    return probs, (Z1, A1)

def compute_loss(probs, y):
    return -np.log(probs[np.arange(len(y)), y]).mean()

def backward(probs, y, cache, X, W2):
    Z1, A1 = cache
    d = probs.copy()
    d[np.arange(len(y)), y] -= 1
    d /= len(y)
    dZ1 = d @ W2.T * (Z1 > 0)
    return X.T @ dZ1, dZ1.sum(0), A1.T @ d, d.sum(0)
""",
        ("forward", "compute_loss", "backward"),
        (
            ("* (Z1 > 0)", "", "g′ missing"),
            ("d.sum(0)\n", "d.mean(0)\n", "mean of δ"),
        ),
    ),
    "one vector in C order, sizes in the module": Piece(
        """
I, H, O = 4, 3, 2

def objective(params, X, y, reg):
    W1 = params[: I * H].reshape(I, H)
    b1 = params[I * H : I * H + H]
    W2 = params[I * H + H : I * H + H + H * O].reshape(H, O)
    b2 = params[I * H + H + H * O :]
    h = np.tanh(X @ W1 + b1)
    p = softmax(h @ W2 + b2)
    m = len(X)
    loss = -np.sum(y * np.log(p)) / m + 0.5 * reg * (np.sum(W1**2) + np.sum(W2**2))
    d = (p - y) / m
    dh = d @ W2.T * (1 - h**2)
    parts = X.T @ dh + reg * W1, dh.sum(0), h.T @ d + reg * W2, d.sum(0)
    return loss, np.concatenate([part.ravel() for part in parts])
""",
        ("objective",),
        (
            ("h.T @ d + reg * W2", "h.T @ d", "λ term missing|decay"),
            ("+ reg * W1", "+ 2 * reg * W1", "twice|reg"),
        ),
    ),
}
