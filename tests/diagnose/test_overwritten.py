"""`=` where `+=` belongs, in numbers that remember where they come from."""

import math
from dataclasses import replace

import numpy as np
import pytest

from backpass import check_backprop
from backpass.diagnose.probes import make_probe
from backpass.diagnose.response import Response
from backpass.diagnose.search.effects import right_value
from backpass.diagnose.search.overwritten import overwritten
from backpass.network import Network

SOURCE = """
class Number:
    def __init__(self, value, parents=()):
        self.value, self.grad, self.parents = value, 0.0, PARENTS(parents)
        self.push = lambda: None

    def __add__(self, other):
        out = Number(self.value + other.value, (self, other))
        def push():
            self.grad += out.grad
            other.grad += out.grad
        out.push = push
        return out

    def __mul__(self, other):
        out = Number(self.value * other.value, (self, other))
        def push():
            self.grad += other.value * out.grad
            other.grad += self.value * out.grad
        out.push = push
        return out

    def tanh(self):
        t = math.tanh(self.value)
        out = Number(t, (self,))
        def push():
            self.grad += (1 - t * t) * out.grad
        out.push = push
        return out

    def backward(self):
        order, seen = [], set()
        def visit(number):
            if number not in seen:
                seen.add(number)
                for parent in number.parents:
                    visit(parent)
                order.append(number)
        visit(self)
        self.grad = 1.0
        for number in reversed(order):
            number.push()


def numbers(values):
    return [numbers(v) for v in values] if hasattr(values, "__len__") else Number(float(values))


def grads(values):
    return [grads(v) for v in values] if isinstance(values, list) else values.grad


def layer(units, W, b):
    return [sum((u * w[j] for u, w in zip(units, W)), b[j]) for j in range(len(b))]


def loss_and_gradients(X, y, W1, b1, W2, b2):
    W1, b1, W2, b2 = numbers(W1), numbers(b1), numbers(W2), numbers(b2)
    loss = Number(0.0)
    for row, target in zip(numbers(X), numbers(y)):
        for o, t in zip(layer([u.tanh() for u in layer(row, W1, b1)], W2, b2), target):
            d = o + t * Number(-1.0)
            loss = loss + d * d
    loss.backward()
    return loss.value, [grads(each) for each in (W1, b1, W2, b2)]
"""
FIRST, SECOND = (
    ("grad += other.value", "grad = other.value"),
    ("grad += self.value", "grad = self.value"),
)
EDITS = {
    "the product, in any order": ("set", [FIRST, SECOND]),
    "the product's second number": ("set", [SECOND]),
    "the product's first number": ("tuple", [FIRST]),
    "everywhere": ("tuple", [("grad += ", "grad = ")]),
}
SMALL = (4, 3, 2)


def compiled(edits, parents):
    source = SOURCE.replace("PARENTS", parents)
    for old, new in edits:
        assert old in source
        source = source.replace(old, new)
    scope = {"math": math}
    exec(source, scope)
    return scope["loss_and_gradients"]


@pytest.mark.parametrize(("parents", "edits"), EDITS.values(), ids=EDITS)
def test_what_is_overwritten_is_named(parents, edits):
    diagnosis = check_backprop(compiled(edits, parents), SMALL)
    assert not diagnosis.ok
    assert diagnosis.mistakes
    assert all("overwritten" in mistake.what for mistake in diagnosis.mistakes)


def test_a_gradient_that_stays_zero_is_said_to():
    walked_from_the_front = [("reversed(order)", "order")]
    (mistake,) = check_backprop(compiled(walked_from_the_front, "tuple"), SMALL).mistakes
    assert "zero everywhere" in mistake.what
    assert "reverse order" in mistake.formula


def test_a_gradient_of_zeros_without_biases_is_said_to():
    def loss(X, y, W1, W2):
        return ((np.tanh(X @ W1) @ W2 - y) ** 2).sum(), 0 * W1, 0 * W2

    (mistake,) = check_backprop(loss, SMALL).mistakes
    assert "the gradient is zero" in mistake.what


def test_where_all_is_added_nothing_is_overwritten():
    assert check_backprop(compiled([], "set"), SMALL).ok


SIZES = (4, 3, 5)


def response(values_of):
    """A gradient of squared errors, with the part without λ that a probe gives."""
    probes = tuple(make_probe(Network(SIZES, "tanh", "squared_error"), seed) for seed in range(2))
    values = []
    for probe in probes:
        value = right_value(probe, "D").copy()
        value[: value.size // 2] = values_of(probe)
        values.append(value)
    return Response("D", probes, tuple(values), 1e-9)


def shares(probe):
    """What every example adds to D without λ: the right D of each alone."""
    half = probe.net.n_parameters
    each = [
        right_value(replace(probe, X=probe.X[i : i + 1], Y=probe.Y[i : i + 1]), "D")[:half]
        for i in range(probe.m)
    ]
    return np.array(each) / probe.m


def test_numbers_of_any_examples_share_are_known(rng):
    def any_share(probe):
        table = shares(probe)
        return table[rng.integers(probe.m, size=table.shape[1]), np.arange(table.shape[1])]

    entry = overwritten(response(any_share))
    assert entry is not None
    assert "one example" in entry.what
    assert "one unit" not in entry.what


def test_numbers_of_two_examples_are_something_else(rng):
    assert overwritten(response(lambda probe: shares(probe)[:2].sum(axis=0))) is None


def test_a_right_gradient_is_not_overwritten():
    assert overwritten(response(lambda probe: shares(probe).sum(axis=0))) is None


def test_one_number_that_is_no_share_is_enough(rng):
    def almost(probe):
        values = shares(probe)[-1].copy()
        values[3] *= 1 + 1e-6
        return values

    assert overwritten(response(almost)) is None
