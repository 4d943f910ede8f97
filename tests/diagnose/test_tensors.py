"""PyTorch: functions of tensors, gradients that autograd keeps, and functions with a backward."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from backpass.diagnose import check_backprop

pytest.importorskip("torch")

PIECES = {
    "by hand": """
def loss_and_grads(X, y, W1, b1, W2, b2, reg):
    h = torch.tanh(X @ W1 + b1)
    p = torch.softmax(h @ W2 + b2, dim=1)
    m = X.shape[0]
    loss = -torch.log(p[torch.arange(m), y]).mean() + reg * ((W1**2).sum() + (W2**2).sum())
    d = (p - F.one_hot(y, p.shape[1])) / m
    dh = d @ W2.T * (1 - h**2)
    return loss, {"W1": X.T @ dh + 2 * reg * W1, "b1": dh.sum(0),
                  "W2": h.T @ d + 2 * reg * W2, "b2": d.sum(0)}
entry = loss_and_grads
""",
    "by methods alone": """
def loss_and_grads(X, y, W1, b1, W2, b2):
    h = (X.mm(W1) + b1).clamp(min=0)
    d = h.mm(W2) + b2 - y
    dh = d.mm(W2.t()) * (h > 0).double()
    return 0.5 * d.pow(2).sum(), X.t().mm(dh), dh.sum(0), h.t().mm(d), d.sum(0)
entry = loss_and_grads
""",
    "in float32": """
def loss_and_grads(X, y, W1, b1, W2, b2):
    h = torch.tanh(X @ W1 + b1)
    d = (h @ W2 + b2 - y).to(torch.float32)
    dh = torch.mm(d, W2.T) * (1 - h**2)
    return 0.5 * d.pow(2).sum().item(), (X.T @ dh, dh.sum(0), h.T @ d, d.sum(0))
entry = loss_and_grads
""",
    "kept by autograd": """
def train_loss(X, y, W1, b1, W2, b2):
    h = torch.tanh(X @ W1 + b1)
    loss = F.cross_entropy(h @ W2 + b2, y)
    loss.backward()
    return loss.item()
entry = train_loss
""",
    "a step on what autograd kept": """
def step(X, y, W1, b1, W2, b2, lr):
    h = torch.relu(X @ W1 + b1)
    loss = 0.5 * ((h @ W2 + b2 - y) ** 2).sum()
    loss.backward()
    with torch.no_grad():
        for p in (W1, b1, W2, b2):
            p -= lr * p.grad
    return W1, b1, W2, b2
entry = step
""",
    "a function with its own backward": """
class Loss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, X, y, W1, b1, W2, b2):
        h = torch.tanh(X @ W1 + b1)
        d = h @ W2 + b2 - y
        ctx.save_for_backward(X, h, d, W2)
        return 0.5 * (d**2).sum()

    @staticmethod
    def backward(ctx, grad):
        X, h, d, W2 = ctx.saved_tensors
        d = grad * d
        dh = d @ W2.T * (1 - h**2)
        return None, None, X.T @ dh, dh.sum(0), h.T @ d, d.sum(0)
entry = Loss
""",
    "a class with tensors": """
class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.W1, self.b1 = torch.randn(n_in, n_hidden), torch.zeros(n_hidden)
        self.W2, self.b2 = torch.randn(n_hidden, n_out), torch.zeros(n_out)

    def loss_and_grads(self, X, y):
        h = torch.sigmoid(X @ self.W1 + self.b1)
        d = (h @ self.W2 + self.b2 - y) / len(X)
        dh = d @ self.W2.T * h * (1 - h)
        return len(X) / 2 * (d**2).sum(), [X.T @ dh, dh.sum(0), h.T @ d, d.sum(0)]
entry = Net
""",
    "a class whose tensors keep their gradients": """
class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.W1 = torch.randn(n_in, n_hidden, requires_grad=True)
        self.b1 = torch.zeros(n_hidden, requires_grad=True)
        self.W2 = torch.randn(n_hidden, n_out, requires_grad=True)
        self.b2 = torch.zeros(n_out, requires_grad=True)

    def loss_and_grads(self, X, y):
        h = torch.sigmoid(X @ self.W1 + self.b1)
        loss = 0.5 * ((h @ self.W2 + self.b2 - y) ** 2).sum()
        loss.backward()
        return loss.item()
entry = Net
""",
}
EDITS = {
    "by hand": ("* (1 - h**2)", "* (1 - h)", "square of 1 − a² is missing"),
    "by methods alone": ("(h > 0).double()", "1", "g′ missing"),
    "in float32": ("h.T @ d, d", "3 * h.T @ d, d", "3 times"),
    "a step on what autograd kept": ("p -= lr", "p += lr", "sign"),
    "a function with its own backward": ("* (1 - h**2)", "", "g′ missing"),
    "a class with tensors": ("* h * (1 - h)", "", "g′ missing"),
}


def entry(tmp_path, name, edit=()):
    source = "import torch\nimport torch.nn.functional as F\n" + PIECES[name]
    if edit:
        assert edit[0] in source
        source = source.replace(*edit)
    path = tmp_path / "learner.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location("learner", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.entry


@pytest.mark.parametrize("name", PIECES)
def test_tensors_go_in_and_come_out(tmp_path, name):
    diagnosis = check_backprop(entry(tmp_path, name))
    assert diagnosis.ok, str(diagnosis)
    assert "gradient" in diagnosis.returned
    assert "tensors of PyTorch" in str(diagnosis)
    again = check_backprop(entry(tmp_path, name), form=diagnosis.signature)
    assert (again.ok, again.returned) == (True, diagnosis.returned)


@pytest.mark.parametrize("name", EDITS)
def test_a_mistake_with_tensors_is_named(tmp_path, name):
    old, new, what = EDITS[name]
    diagnosis = check_backprop(entry(tmp_path, name, (old, new)))
    assert not diagnosis.ok
    assert any(what in mistake.what for mistake in diagnosis.mistakes), str(diagnosis)
    assert "DataFrame" not in str(diagnosis)


ALONE = {
    "a layer": (
        """
class Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input, weight, bias):
        ctx.save_for_backward(input, weight)
        return input @ weight.t() + bias

    @staticmethod
    def backward(ctx, grad_output):
        input, weight = ctx.saved_tensors
        return grad_output @ weight, grad_output.t() @ input, grad_output.sum(0)
entry = Linear
""",
        ("grad_output @ weight,", "2 * grad_output @ weight,", "this layer twice"),
    ),
    "a layer without a bias": (
        """
class Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx, W, x):
        ctx.save_for_backward(x, W)
        return x @ W

    @staticmethod
    def backward(ctx, d):
        x, W = ctx.saved_tensors
        return x.T @ d, d @ W.T
entry = Product
""",
        ("x.T @ d,", "-x.T @ d,", "this layer twice"),
    ),
    "an activation": (
        """
class ReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return z.clamp(min=0)

    @staticmethod
    def backward(ctx, grad):
        (z,) = ctx.saved_tensors
        return grad * (z > 0)
entry = ReLU
""",
        ("(z > 0)", "(z <= 0)", "this activation between two layers"),
    ),
    "a loss": (
        """
class CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx, scores, y):
        p = torch.softmax(scores, dim=1)
        ctx.save_for_backward(p, y)
        return -torch.log(p[torch.arange(len(y)), y]).mean()

    @staticmethod
    def backward(ctx, grad):
        p, y = ctx.saved_tensors
        d = p - F.one_hot(y, p.shape[1])
        return grad * d / len(y), None
entry = CrossEntropy
""",
        ("d / len(y)", "d", "this loss"),
    ),
}


@pytest.mark.parametrize("name", ALONE)
def test_a_part_alone_is_judged_in_a_network(tmp_path, monkeypatch, name):
    source, (old, new, what) = ALONE[name]
    monkeypatch.setitem(PIECES, name, source)
    right = check_backprop(entry(tmp_path, name))
    assert right.ok, str(right)
    assert right.derivative
    assert what in str(right)
    wrong = check_backprop(entry(tmp_path, name, (old, new)))
    assert not wrong.ok, str(wrong)
    assert not wrong.derivative
    assert wrong.mistakes, str(wrong)


def test_tensors_that_are_not_meant_are_not_given(tmp_path):
    import torch

    def numpy_only(X, y, W1, b1, W2, b2):
        assert not torch.is_tensor(X)
        h = np.tanh(X @ W1 + b1)
        d = h @ W2 + b2 - y
        dh = d @ W2.T * (1 - h**2)
        return 0.5 * (d**2).sum(), X.T @ dh, dh.sum(0), h.T @ d, d.sum(0)

    import numpy as np

    diagnosis = check_backprop(numpy_only)
    assert diagnosis.ok, str(diagnosis)


def test_the_precision_of_somebodys_tensors_stays(tmp_path):
    import torch

    check_backprop(entry(tmp_path, "by hand"))
    assert torch.get_default_dtype() == torch.float32


def test_torch_is_not_loaded_for_functions_of_arrays():
    code = (
        "import sys, numpy, backpass as bp\n"
        "def f(theta, sizes, X, Y, lam):\n"
        "    return bp.cost_and_gradient(bp.Network(sizes), theta, X, Y, lam)\n"
        "assert bp.check_backprop(f).ok\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
