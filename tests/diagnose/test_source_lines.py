"""Line numbers: said where one line alone computes what is wrong, else not at all."""

from pathlib import Path

import numpy as np
import pytest

from backpass.diagnose import check_backprop
from backpass.diagnose.forms.lines import line_of
from backpass.diagnose.subject.subject import Part


def loss_and_grads(X, y, W1, b1, W2, b2, reg):
    h = np.tanh(X @ W1 + b1)
    d = h @ W2 + b2 - y
    dh = d @ W2.T * (1 - h * h)
    grads = {}
    grads["W1"] = X.T @ dh + reg * W1
    grads["b1"] = 2 * dh.sum(0)  # a factor too many
    grads["W2"] = h.T @ d + reg * W2
    grads["b2"] = d.sum(0)
    return (d * d).sum() / 2 + reg / 2 * ((W1 * W1).sum() + (W2 * W2).sum()), grads


def a_tuple(X, y, W1, b1, W2, b2):
    h = np.tanh(X @ W1 + b1)
    d = h @ W2 + b2 - y
    dh = d @ W2.T * (1 - h * h)
    dW2 = -h.T @ d  # the wrong sign
    return (d * d).sum() / 2, X.T @ dh, dh.sum(0), dW2, d.sum(0)


class Model:
    def __init__(self, sizes):
        self.W1, self.W2 = np.ones(sizes[:2]), np.ones(sizes[1:])
        self.b1, self.b2 = np.zeros(sizes[1]), np.zeros(sizes[2])

    def gradients(self, X, y):
        h = np.tanh(X @ self.W1 + self.b1)
        d = h @ self.W2 + self.b2 - y
        dh = d @ self.W2.T * (1 - h * h)
        db2 = 3 * d.sum(0)  # three times
        return {"dW1": X.T @ dh, "db1": dh.sum(0), "dW2": h.T @ d, "db2": db2}


def twice(X, y, W1, b1, W2, b2):
    h = np.tanh(X @ W1 + b1)
    d = h @ W2 + b2 - y
    dh = d @ W2.T * (1 - h * h)
    dW2 = h.T @ d
    dW2 = 2 * dW2
    return (d * d).sum() / 2, X.T @ dh, dh.sum(0), dW2, d.sum(0)


def line_with(remark):
    lines = Path(__file__).read_text("utf-8").splitlines()
    (found,) = [i for i, line in enumerate(lines, start=1) if line.endswith("# " + remark)]
    return found


@pytest.mark.parametrize(
    ("function", "remark"),
    [(loss_and_grads, "a factor too many"), (a_tuple, "the wrong sign"), (Model, "three times")],
)
def test_the_line_that_alone_computes_a_wrong_gradient_is_said(function, remark):
    diagnosis = check_backprop(function)
    assert {mistake.line for mistake in diagnosis.mistakes} == {line_with(remark)}
    assert f", line {line_with(remark)}" in str(diagnosis)
    assert f", line {line_with(remark)}." in diagnosis.hints[0]


def test_two_lines_that_may_be_it_are_none():
    diagnosis = check_backprop(twice)
    assert diagnosis.mistakes
    assert not any(mistake.line for mistake in diagnosis.mistakes)


SOURCES = {
    "dW1 = X.T @ d": 10,
    "a = 1\n    dW1 = np.dot(X.T, d)": 11,
    'grads["dW1"] = X.T @ d': 10,
    "return {'dW1': X.T @ d}": 10,
    "g = X.T @ d\n    return {'dW1': g}": 10,
    "dW1, db1 = X.T @ d, d.sum(0)": 10,
    "dW1 = grads['dW1']": 0,
    "dW1 = backward(X, d)": 0,
    "dW1, db1 = backward(X, d)": 0,
    "dW1 = X.T @ d\n    dW1 += W1 * 2": 0,
    "dW1 = X.T @ d\n    grads['dW1'] = dW1": 10,
    "grads['dW1'] = X.T @ d\n    other['dW1'] = X.T @ e": 0,
    "grads['dW' + '1'] = X.T @ d": 0,
    "this is no Python": 0,
}


@pytest.mark.parametrize("body", SOURCES)
def test_only_a_line_that_computes_counts_and_only_where_it_is_the_only_one(body):
    part = Part("f", "function", (), source=f"def f():\n    {body}\n", line=9)
    assert line_of([part], "dW1") == SOURCES[body]


def test_lines_of_two_parts_are_two():
    one = Part("f", "function", (), source="def f():\n    dW1 = X.T @ d\n", line=3)
    other = Part("g", "function", (), source="def g():\n    dW1 = X.T @ d\n", line=30)
    assert line_of([one], "dW1") == 4
    assert line_of([one, other], "dW1") == 0
