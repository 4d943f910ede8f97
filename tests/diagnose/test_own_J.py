"""Functions whose J is rare, or none that is known; PyTorch differentiates."""

import re

import numpy as np
import pytest

from backpass.diagnose import check_backprop

torch = pytest.importorskip("torch")
F = torch.nn.functional

ACTIVATIONS = {
    "softsign": F.softsign,
    "sine": torch.sin,
    "selu": F.selu,
    "elu": F.elu,
    "gelu, by erf": F.gelu,
    "gelu": lambda z: F.gelu(z, approximate="tanh"),
    "silu": F.silu,
    "mish": F.mish,
    "softplus": F.softplus,
    "leaky relu (0.3)": lambda z: F.leaky_relu(z, 0.3),
    "hard tanh": F.hardtanh,
    "square": torch.square,
    "cube": lambda z: z**3,
    "arctangent": torch.atan,
    "squared relu": lambda z: F.relu(z) ** 2,
    "log-sigmoid": F.logsigmoid,
    "gelu, z · sigmoid(1.702 z)": lambda z: z * torch.sigmoid(1.702 * z),
}


def cross_entropy(z, y):
    return -(y * torch.log_softmax(z, 1)).sum() / len(y)


LOSSES = {
    "the squared error": lambda z, y: ((z - y) ** 2).mean(),
    "log-cosh error": lambda z, y: torch.log(torch.cosh(z - y)).sum(),
    "huber": F.huber_loss,
    "absolute error": F.l1_loss,
    "hinge of each output": lambda z, y: F.relu(1 - (2 * y - 1) * z).mean(),
    "squared hinge of each output": lambda z, y: (F.relu(1 - (2 * y - 1) * z) ** 2).sum(),
    "exponential loss": lambda z, y: torch.exp(-(2 * y - 1) * z).sum() / len(y),
    "squared error behind softsign": lambda z, y: 0.5 * ((F.softsign(z) - y) ** 2).sum(),
}


def network(g, cost, forward=None, spoil=lambda D: D):
    """A function of one hidden layer; D is the derivative of what J is, mistakes included."""

    def loss_and_gradients(X, y, W1, b1, W2, b2):
        P = [torch.tensor(p, requires_grad=True) for p in (W1, b1, W2, b2)]
        X, y = torch.from_numpy(X), torch.tensor(np.asarray(y, dtype=float))
        J = cost((forward or plain)(X, *P, g), y)
        D = torch.autograd.grad(J, P, allow_unused=True, materialize_grads=True)
        return J.item(), *spoil([each.numpy() for each in D])

    return loss_and_gradients


def plain(X, W1, b1, W2, b2, g):
    return g(X @ W1 + b1) @ W2 + b2


def own(z):
    """An activation that nobody has."""
    return z + torch.sin(3 * z) / 2


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_rare_activation_is_a_convention(name):
    diagnosis = check_backprop(network(ACTIVATIONS[name], cross_entropy))
    assert diagnosis.ok, str(diagnosis)
    told = [convention.what for convention in diagnosis.conventions]
    assert f"the hidden layers' activation is {name}" in told
    assert diagnosis.sentence == "D is the derivative of this J."


@pytest.mark.parametrize("name", LOSSES)
def test_a_rare_loss_is_a_convention(name):
    diagnosis = check_backprop(network(torch.tanh, LOSSES[name]))
    assert diagnosis.ok, str(diagnosis)
    assert f"the loss is {name}" in [convention.what for convention in diagnosis.conventions]


@pytest.mark.parametrize("g", ["softsign", "mish"])
def test_a_mistake_is_named_beside_a_rare_activation(g):
    def twice(D):
        return [D[0], 2 * D[1], D[2], D[3]]

    diagnosis = check_backprop(network(ACTIVATIONS[g], cross_entropy, spoil=twice))
    assert "twice what it should be" in str(diagnosis.mistakes)
    assert diagnosis.sentence == "D is not the derivative of this J."
    assert diagnosis.sentence in str(diagnosis)


def rms(z, y):
    return ((z - y) ** 2).mean().sqrt()


@pytest.mark.parametrize(
    ("g", "cost"), [(own, cross_entropy), (own, LOSSES["the squared error"]), (torch.tanh, rms)]
)
def test_a_J_that_nobody_knows_is_right_if_it_is_lawful_and_D_its_derivative(g, cost):
    diagnosis = check_backprop(network(g, cost))
    assert diagnosis.ok, str(diagnosis)
    assert diagnosis.sentence == "D is the derivative of J, but J is none that is known."
    assert [convention.what for convention in diagnosis.conventions] == ["J is none that is known"]
    assert not check_backprop(network(g, cost), strict=True).ok
    assert not check_backprop(network(g, cost), hidden="tanh", loss="huber").ok


def test_a_wrong_gradient_of_a_J_that_nobody_knows_is_wrong():
    diagnosis = check_backprop(network(own, cross_entropy, spoil=lambda D: [*D[:3], 2 * D[3]]))
    assert not diagnosis.ok
    assert diagnosis.sentence == "D is not the derivative of this J."


# --- mistakes of J, of which D is the derivative --------------------------------------------------


def no_bias(X, W1, b1, W2, b2, g):
    return plain(X, W1, 0 * b1, W2, b2, g)


def one_unit_less(X, W1, b1, W2, b2, g):
    a = g(X @ W1 + b1)
    return a[:, 1:] @ W2[1:] + b2


def unlike_units(X, W1, b1, W2, b2, g):
    return (g(X @ W1 + b1) * torch.arange(1.0, len(b1) + 1)) @ W2 + b2


def at_the_output_too(X, *weights):
    return weights[-1](plain(X, *weights))


def over_examples(z, y):
    return -(y * torch.log_softmax(z, 0)).sum() / len(y)


def shifted(z, y):
    return cross_entropy(z, torch.roll(y, 1, 1))


def of_neighbours(z, y):
    return cross_entropy(z, torch.roll(y, 1, 0))


def negative(z, y):
    return -cross_entropy(z, y)


def mixed(z, y):
    return -(y.T @ torch.log_softmax(z, 1)).sum() / len(y)


def complement(z, y):
    return -((1 - y) * torch.log_softmax(z, 1)).sum() / len(y)


NAMED = [
    (no_bias, cross_entropy, "bias column zero"),
    (at_the_output_too, cross_entropy, "applied to the output's z as well"),
    (plain, over_examples, "softmax over the examples"),
    (plain, shifted, "labels shifted by one"),
    (plain, of_neighbours, "rows of y shifted by one"),
    (plain, negative, "sign of"),
    (plain, mixed, "classes are mixed"),
    (plain, complement, "1 − y instead of y"),
]


@pytest.mark.parametrize(("forward", "cost", "pattern"), NAMED)
def test_a_mistake_that_J_and_its_derivative_share_is_named(forward, cost, pattern):
    diagnosis = check_backprop(network(torch.tanh, cost, forward))
    assert not diagnosis.ok
    assert pattern in str(diagnosis.mistakes)
    assert not diagnosis.unexplained
    assert diagnosis.sentence == "D is the derivative of this J."


@pytest.mark.parametrize(
    ("g", "pattern"),
    [
        (lambda z: 1 / (1 + torch.exp(z)), "sign of z in the sigmoid"),
        (lambda z: 1 + torch.exp(-z), "brackets of the sigmoid"),
        (lambda z: torch.sigmoid(torch.sigmoid(z)), "g applied twice"),
    ],
)
def test_a_wrong_sigmoid_is_no_activation_of_its_own(g, pattern):
    diagnosis = check_backprop(network(g, cross_entropy))
    assert not diagnosis.ok
    assert pattern in str(diagnosis.mistakes)


BROKEN = [
    (no_bias, cross_entropy, r"does not depend on b1"),
    (one_unit_less, cross_entropy, r"units of layer 2 change places"),
    (unlike_units, cross_entropy, r"units of layer 2 change places"),
    (plain, over_examples, r"they are mixed"),
    (plain, shifted, r"outputs change places"),
    (plain, of_neighbours, r"examples change places"),
    (plain, negative, r"J is negative"),
    (plain, complement, r"smaller where the outputs are on the wrong side"),
    (plain, lambda z, y: cross_entropy(z, 0 * y + 1), r"the same when the examples get each"),
]


@pytest.mark.parametrize(("forward", "cost", "pattern"), BROKEN)
def test_a_J_that_nobody_knows_and_that_breaks_a_law_is_wrong(forward, cost, pattern):
    diagnosis = check_backprop(network(own, cost, forward))
    assert not diagnosis.ok
    assert re.search(pattern, " ".join(diagnosis.unexplained)), str(diagnosis)
