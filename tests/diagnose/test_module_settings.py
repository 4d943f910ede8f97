"""λ, a rate and sizes that a function reads from its module are set for the problems put to it."""

from __future__ import annotations

import numpy as np
import pytest

from backpass.diagnose import check_backprop
from backpass.errors import InvalidInput

LOSS = """
import numpy as np

{names}

def loss_and_grads(X, y, W1, b1, W2, b2):
    h = np.tanh(X @ W1 + b1)
    d = h @ W2 + b2 - y
    dh = d @ W2.T * (1 - h**2)
    loss = 0.5 * (d**2).sum() + 0.5 * STRENGTH * ((W1**2).sum() + (W2**2).sum())
    return loss, X.T @ dh + STRENGTH * W1, dh.sum(0), h.T @ d + STRENGTH * W2, d.sum(0)

def step(X, y, W1, b1, W2, b2):
    _, dW1, db1, dW2, db2 = loss_and_grads(X, y, W1, b1, W2, b2)
    return W1 - RATE * dW1, b1 - RATE * db1, W2 - RATE * dW2, b2 - RATE * db2

def unrolled(theta, X, y):
    c = np.cumsum([0, IN * HIDDEN, HIDDEN, HIDDEN * OUT, OUT])
    parts = [theta[i:j] for i, j in zip(c, c[1:])]
    shapes = (IN, HIDDEN), HIDDEN, (HIDDEN, OUT), OUT
    found = loss_and_grads(X, y, *(p.reshape(s) for p, s in zip(parts, shapes)))
    return found[0], np.concatenate([part.ravel() for part in found[1:]])

def any_depth(theta, X, y):
    shapes = [(k, n) for k, n in zip(LAYERS, LAYERS[1:])]
    Ws, start = [], 0
    for k, n in shapes:
        Ws.append(theta[start : start + k * n].reshape(k, n))
        start += k * n
    a = [X]
    for W in Ws:
        a.append(np.tanh(a[-1] @ W))
    d, D = (a[-1] - y) / len(X), []
    for l in range(len(Ws) - 1, -1, -1):
        d = d * (1 - a[l + 1] ** 2)
        D.insert(0, (a[l].T @ d).ravel())
        d = d @ Ws[l].T
    return 0.5 * ((a[-1] - y) ** 2).sum() / len(X), np.concatenate(D)

class Net:
    def __init__(self):
        rng = np.random.default_rng(0)
        self.W1, self.b1 = rng.normal(size=(IN, HIDDEN)), np.zeros(HIDDEN)
        self.W2, self.b2 = rng.normal(size=(HIDDEN, OUT)), np.zeros(OUT)

    def loss_and_grads(self, X, y):
        return loss_and_grads(X, y, self.W1, self.b1, self.W2, self.b2)
"""
NAMES = "LAMBDA, learning_rate, n_in, n_hidden, n_out, layer_sizes = 0.01, 0.5, 5, 4, 3, [5, 4, 3]"
OWN = {"STRENGTH": "LAMBDA", "RATE": "learning_rate", "LAYERS": "layer_sizes", "IN": "n_in"}


def module(edits=(), names=NAMES):
    source = LOSS
    for old, new in (*edits, *OWN.items(), ("HIDDEN", "n_hidden"), ("OUT", "n_out")):
        assert old in source
        source = source.replace(old, new)
    space = {"__name__": "learner"}
    exec(source.format(names=names), space)
    return space


def numbers(space):
    return {k: v for k, v in space.items() if k in NAMES and isinstance(v, int | float | list)}


ENTRIES = ("loss_and_grads", "step", "unrolled", "any_depth", "Net")


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_right_function_is_right_with_every_value_and_leaves_its_module_as_it_was(entry):
    space = module()
    before = numbers(space)
    assert len(before) == 6
    diagnosis = check_backprop(space[entry])
    assert diagnosis.ok, str(diagnosis)
    assert numbers(space) == before
    said = str(diagnosis)
    assert ("LAMBDA" in said) == (entry != "any_depth")
    again = check_backprop(space[entry], form=diagnosis.signature)
    assert (again.ok, again.signature) == (True, diagnosis.signature)
    assert again.conventions == diagnosis.conventions


@pytest.mark.parametrize("entry", ["loss_and_grads", "unrolled", "Net"])
def test_the_convention_of_a_modules_lam_is_told(entry):
    diagnosis = check_backprop(module()[entry])
    assert any("half of LAMBDA times" in str(each) for each in diagnosis.conventions)
    assert diagnosis.derivative


@pytest.mark.parametrize("entry", ["loss_and_grads", "unrolled", "Net", "step"])
def test_a_mistake_with_a_modules_lam_is_named(entry):
    edit = ("dh.sum(0), h.T @ d + STRENGTH * W2", "dh.sum(0), h.T @ d + 2 * STRENGTH * W2")
    diagnosis = check_backprop(module([edit])[entry])
    assert not diagnosis.ok
    assert any("twice" in str(m) or "2" in m.wrong for m in diagnosis.mistakes), str(diagnosis)
    assert "LAMBDA" in str(diagnosis)


def test_a_lam_that_does_nothing_is_none():
    edit = (
        "    h = np.tanh(X @ W1 + b1)\n    d =",
        "    print(STRENGTH)\n    h = np.tanh(X @ W1 + b1)\n    d =",
    )
    gone = [(f" + STRENGTH * W{l}", "") for l in (1, 2)]
    rest = (" + 0.5 * STRENGTH * ((W1**2).sum() + (W2**2).sum())", "")
    diagnosis = check_backprop(module([edit, *gone, rest])["loss_and_grads"])
    assert diagnosis.ok, str(diagnosis)
    assert "LAMBDA" not in str(diagnosis)


def test_a_module_is_as_it_was_when_the_function_raises():
    edit = ("    d = h @ W2 + b2 - y\n", "    seen.append(STRENGTH)\n    raise KeyError('no')\n")
    space = module([edit])
    space["seen"] = []
    assert not check_backprop(space["loss_and_grads"]).ok
    assert len(set(space["seen"])) > 1  # it was another one meanwhile
    assert space["LAMBDA"] == 0.01


def test_a_form_may_name_what_is_set():
    source = LOSS.replace("STRENGTH", "qqq").replace("{names}", "qqq = 0.01")
    space = {"__name__": "learner"}
    exec(source, space)
    plain = "loss_and_grads(X, y, W1, b1, W2, b2)"
    assert not check_backprop(space["loss_and_grads"]).ok
    assert check_backprop(space["loss_and_grads"], form=f"qqq = lam; {plain}").ok
    assert space["qqq"] == 0.01
    for wrong, word in ((f"rrr = lam; {plain}", "'rrr'"), (f"qqq = X; {plain}", "'X'")):
        with pytest.raises(InvalidInput, match=word):
            check_backprop(space["loss_and_grads"], form=wrong)


def test_an_array_of_the_same_name_is_left_alone():
    space = module()
    space["n_hidden"] = np.ones(3)
    assert check_backprop(space["loss_and_grads"]).ok
    np.testing.assert_array_equal(space["n_hidden"], 1.0)
