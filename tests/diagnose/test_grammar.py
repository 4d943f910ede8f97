"""A form that is said: what the diagnosis says after "Called as" is taken back, and more."""

from __future__ import annotations

import numpy as np
import pytest
from pieces import HEAD, PIECES

import backpass as bp
from backpass.diagnose import check_backprop
from backpass.errors import InvalidInput


def entries_of(tmp_path, name, edits=()):
    """A piece's entries, from a file, as people have them."""
    source = HEAD + PIECES[name].source
    for old, new in edits:
        source = source.replace(old, new)
    path = tmp_path / "piece.py"
    path.write_text(source)
    space = {"__name__": "piece"}
    exec(compile(source, str(path), "exec"), space)
    return [space[entry] for entry in PIECES[name].entries]


WAYS = [(name, ()) for name in PIECES]
WAYS += [(name, ((old, new),)) for name, piece in PIECES.items() for old, new, _ in piece.edits]


@pytest.mark.parametrize(("name", "edits"), WAYS)
def test_what_is_said_of_the_call_is_taken_back(tmp_path, name, edits):
    entries = entries_of(tmp_path, name, edits)
    told = check_backprop(entries)
    again = check_backprop(entries, form=told.signature)
    assert again.signature == told.signature
    assert (again.ok, again.derivative) == (told.ok, told.derivative)
    assert [m.what for m in again.mistakes] == [m.what for m in told.mistakes] or edits
    assert len(again.mistakes) == len(told.mistakes)
    assert again.conventions == told.conventions


def softmax_net(X, W1, b1, W2, b2):
    h = np.tanh(X @ W1 + b1)
    e = np.exp(h @ W2 + b2)
    return h, e / e.sum(axis=1, keepdims=True)


def unclear(q, r, s, v, k, z, g=0.0):
    """Nothing can be told from these names."""
    h, p = softmax_net(q, s, v, k, z)
    m = len(q)
    d = p.copy()
    d[np.arange(m), r] -= 1
    dh = d @ k.T / m * (1 - h**2)
    loss = -np.log(p[np.arange(m), r]).mean() + g / 2 * ((s**2).sum() + (k**2).sum())
    out = {"first": (q.T @ dh + g * s, dh.sum(0)), "last": (h.T @ d / m + g * k, d.sum(0) / m)}
    return p, {"loss": loss, "of": out}


GRADIENTS = "{'first': (dW1, db1), 'last': (dW2, db2)}"
FORM = f"_, {{'loss': J, 'of': {GRADIENTS}}} = f(X, y0, W1, b1, W2, b2, g=lam)"


def test_a_form_says_what_names_do_not():
    assert not check_backprop(unclear).ok
    diagnosis = check_backprop(unclear, form=FORM)
    assert diagnosis.ok, str(diagnosis)
    assert diagnosis.derivative
    assert any("half of g times" in str(convention) for convention in diagnosis.conventions)
    assert check_backprop(unclear, form=diagnosis.signature).signature == diagnosis.signature


def test_a_mistake_is_named_by_the_words_of_the_form():
    def wrong(*args, **kwargs):
        p, rest = unclear(*args, **kwargs)
        first = rest["of"]["first"]
        return p, {**rest, "of": {**rest["of"], "first": (3 * first[0], first[1])}}

    diagnosis = check_backprop(wrong, form=FORM)
    assert "dW1" in str(diagnosis.mistakes[0]), str(diagnosis)
    assert "Θ" not in str(diagnosis)


def test_the_place_of_each_gradient_is_believed():
    def exchanged(X, y, W1, b1, W2, b2):
        _, rest = unclear(X, y, W1, b1, W2, b2)
        (dW1, db1), (dW2, db2) = rest["of"].values()
        return rest["loss"], db2, dW2, db1, dW1

    form = "loss, {} = f(X, y, W1, b1, W2, b2)"
    assert check_backprop(exchanged, form=form.format("db2, dW2, db1, dW1")).ok
    assert not check_backprop(exchanged, form=form.format("dW1, db1, dW2, db2")).ok


def test_layers_may_be_given_in_any_order_and_counted_from_0():
    def last_first(a, b, c, d, X, Y):
        J, D = gradients(X, Y, c, d, a, b)
        return J, D

    def gradients(X, Y, W1, b1, W2, b2):
        h, p = softmax_net(X, W1, b1, W2, b2)
        d = (p - Y) / len(X)
        dh = d @ W2.T * (1 - h**2)
        J = -(Y * np.log(p)).sum() / len(X)
        return J, [X.T @ dh, dh.sum(0), h.T @ d, d.sum(0)]

    form = "J, [dW0, db0, dW1, db1] = f(W1, b1, W0, b0, X, Y)"
    diagnosis = check_backprop(last_first, form=form)
    assert diagnosis.ok, str(diagnosis)
    wrong = form.replace("dW0, db0", "dW0, _")
    assert check_backprop(last_first, form=wrong).ok  # the bias's gradient is not looked at


def test_examples_one_at_a_time_and_as_columns():
    def of_one(a, t, U, u, V, v):
        h = np.tanh(U @ a + u)
        out = V @ h + v
        d = out - t
        dh = V.T @ d * (1 - h**2)
        return 0.5 * (d**2).sum(), np.outer(dh, a), dh, np.outer(d, h), d

    left = "J, dW1, db1, dW2, db2"
    single = check_backprop(of_one, form=f"{left} = f(X[i], Y[i], W1.T, b1, W2.T, b2)")
    assert single.ok, str(single)
    assert "one example at a time" in str(single)

    def of_columns(a, t, U, u, V, v):
        h = np.tanh(U @ a + u)
        d = V @ h + v - t
        dh = V.T @ d * (1 - h**2)
        db = [e.sum(axis=1, keepdims=True) for e in (dh, d)]
        return 0.5 * (d**2).sum(), dh @ a.T, db[0], d @ h.T, db[1]

    form = f"{left} = f(X.T, Y.T, W1.T, b1[:, None], W2.T, b2[:, None])"
    columns = check_backprop(of_columns, form=form)
    assert columns.ok, str(columns)
    assert columns.signature == form.replace("f(", "of_columns(")
    rows = check_backprop(of_columns, form=form.replace("X.T, Y.T", "X[i], Y[i]"))
    assert not rows.ok  # a form is believed, even where another would do


def test_labels_from_0_are_not_labels_from_1():
    def counts_from_0(X, y, W1, b1, W2, b2):
        _, rest = unclear(X, y, W1, b1, W2, b2)
        return rest["loss"], rest["of"]["first"], rest["of"]["last"]

    form = "J, (dW1, db1), (dW2, db2) = f(X, {}, W1, b1, W2, b2)"
    assert check_backprop(counts_from_0, form=form.format("y0")).ok
    assert check_backprop(counts_from_0, form=form.format("y")).ok
    assert not check_backprop(counts_from_0, form=form.format("y1")).ok


def test_weights_in_a_vector_under_keys_and_in_place():
    def of_vector(a, b, c):
        W1, b1, W2, b2 = (
            c[: 12].reshape(4, 3),
            c[12: 15],
            c[15: 21].reshape(3, 2),
            c[21:],
        )  # fmt: skip
        _, rest = unclear(a, b, W1, b1, W2, b2)
        (dW1, db1), (dW2, db2) = rest["of"].values()
        return rest["loss"], np.concatenate([dW1.ravel(), db1, dW2.ravel(), db2])

    form = "J, D = f(X, y0, ravel(W1, b1, W2, b2))"
    assert check_backprop(of_vector, (4, 3, 2), form=form).ok

    def under_keys(a, b, c):
        _, rest = unclear(a, b, c["in"]["w"], c["in"]["o"], c["out"]["w"], c["out"]["o"])
        return rest["of"]

    keys = "{'in': {'w': W1, 'o': b1}, 'out': {'w': W2, 'o': b2}}"
    assert check_backprop(under_keys, form=f"{GRADIENTS} = f(X, y0, {keys})").ok

    def in_place(a, b, c, d, e, f):
        _, rest = unclear(a, b, c, d, e, f)
        for old, new in zip((c, d, e, f), (g for pair in rest["of"].values() for g in pair)):
            old -= 0.37 * new

    form = "None = f(X, y0, W1, b1, W2, b2)"
    assert check_backprop(in_place, form=form).ok


def test_a_training_step_and_its_rate_by_keyword():
    def step(a, b, c, d, e, f, *, speed, mode):
        assert mode == "fast"
        _, rest = unclear(a, b, c, d, e, f)
        (dW1, db1), (dW2, db2) = rest["of"].values()
        return c - speed * dW1, d - speed * db1, e - speed * dW2, f - speed * db2

    form = "W1, b1, W2, b2 = f(X, y0, W1, b1, W2, b2, speed=rate, mode='fast')"
    diagnosis = check_backprop(step, form=form)
    assert diagnosis.ok, str(diagnosis)
    assert diagnosis.signature == form.replace("f(", "step(", 1)


def test_what_one_call_returns_is_given_to_the_next():
    def one(a, c, d, e, f):
        h, p = softmax_net(a, c, d, e, f)
        return {"kept": (a, h, e), "p": p}

    def two(k, p, b):
        X, h, W2 = k
        d = (p - b) / len(X)
        dh = d @ W2.T * (1 - h**2)
        return -(b * np.log(p)).sum() / len(X), (X.T @ dh, dh.sum(0), h.T @ d, d.sum(0))

    form = "{kept, p} = one(X, W1, b1, W2, b2); J, (dW1, db1, dW2, db2) = two(kept, p, Y)"
    diagnosis = check_backprop([one, two], form=form)
    assert diagnosis.ok, str(diagnosis)
    assert diagnosis.signature == form


def test_a_class_of_any_names(tmp_path):
    class Thing:
        def __init__(self, q, r, s):
            rng = np.random.default_rng(0)
            self.q, self.r = rng.normal(size=(q, r)), np.zeros(r)
            self.s, self.t = rng.normal(size=(r, s)), np.zeros(s)

        def put(self, a, b):
            _, rest = unclear(a, b, self.q, self.r, self.s, self.t)
            return rest["loss"], *rest["of"].values()

    form = "J, (dW1, db1), (dW2, db2) = Thing(n_in, n_hidden, n_out).put(X, y0)"
    assert not check_backprop(Thing).ok
    diagnosis = check_backprop(Thing, form=form)
    assert diagnosis.ok, str(diagnosis)


def test_the_form_of_the_notes_is_the_one_that_is_offered():
    def solution(a, b, c, d, e):
        return bp.cost_and_gradient(bp.Network(b), a, c, d, e)

    assert check_backprop(solution, form="J, D = f(theta, sizes, X, Y, lam)").ok
    assert check_backprop(solution, form="J, D = f(θ, sizes, X, Y, lambda)").ok


@pytest.mark.parametrize(
    ("form", "word"),
    [
        ("J, D = f(X, Y, theta, tralala)", "'tralala'"),
        ("J, gradeints = f(X, Y, theta)", "'gradeints'"),
        ("J, D = f(X, Y, theta", "no call"),
        ("J, D", "no call"),
        ("", "no call"),
        ("J, D = f(X, Y, [W1, X])", "'X'"),
        ("J, D = f(X.sum(), Y, theta)", "'X.sum()'"),
        ("J, D + 1 = f(X, Y, theta)", "'D + 1'"),
        ("J, D = f(X[i], Y[[i]], theta)", "two things"),
        ("J, D = f.g(X, Y, theta)", "'g'"),
        ("J, D = f(X, Y, **theta)", "'**'"),
        ("J, D = f(X, Y, *theta)", "'*theta'"),
        ("J, D = f(X, Y, ravel())", "'ravel()'"),
        ("J, D = f(X, Y, W1, W2000)", "'W2000'"),
        ("J, dW300 = f(X, Y, theta)", "'dW300'"),
        ("J = f(X, Y, theta)\nD = g(", "no call"),
        ("lam = 3; J, D = f(X, Y, theta)", "no call"),
        (3, "a text, not int"),
    ],
)
def test_a_wrong_form_is_one_sentence_with_the_word_at_fault(form, word):
    with pytest.raises(InvalidInput, match=r"^The form ") as raised:
        check_backprop(unclear, form=form)
    assert word in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_call_that_there_is_not_is_said():
    with pytest.raises(InvalidInput, match="calls 'g', but there is one, two"):
        check_backprop(two_of(), form="J = one(X, Y, theta); D = g(X, Y, theta)")


def two_of():
    def one(X, Y, theta):
        return 0.0

    def two(X, Y, theta):
        return theta

    return [one, two]


@pytest.mark.parametrize(
    ("left", "words"),
    [
        ("J, dW1, db1, dW2", "4 values come back, but it is 2 values"),
        ("_, {'lost': J}", "the key 'lost', but the keys that come back are 'loss', 'of'"),
        ("{J}", "a dictionary with 'J'"),
    ],
)
def test_what_does_not_come_back_as_it_was_said_is_told(left, words):
    diagnosis = check_backprop(unclear, form=f"{left} = f(X, y0, W1, b1, W2, b2)")
    assert not diagnosis.ok
    assert words in str(diagnosis)


def test_what_a_data_frame_makes_of_it_is_not_what_comes_back():
    def sums(X, y, W1, b1, W2, b2):
        h = np.tanh(X @ W1 + b1)
        d = h @ W2 + b2 - y
        dh = d @ W2.T * (1 - h)
        return 0.5 * (d**2).sum(), X.T @ dh, dh.sum(0), h.T @ d, d.sum(0)

    signature = check_backprop(sums).signature
    assert signature == "J, dW1, db1, dW2, db2 = sums(X, Y, W1, b1, W2, b2)"
