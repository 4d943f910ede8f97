"""Right functions drawn over forms, depths, activations and conventions, as text.

Written apart from the library: the middle of each is one algorithm for rows of examples, and what
stands at its doors turns weights, examples and answers into the form that was drawn.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

MIDDLE = """
import numpy as np

def run(Ws, bs, X, Y, lam):
    m, K, L = len(X), Y.shape[1], len(Ws)
    a, z = [X], [None]
    for l in range(L):
        z.append(a[l] @ Ws[l] + bs[l])
        a.append(HIDDEN if l < L - 1 else OUTPUT)
    h = a[L]
    J = MEAN * (COST)
    delta = MEAN * (DELTA)
    dWs, dbs = [None] * L, [None] * L
    for l in range(L - 1, -1, -1):
        dWs[l], dbs[l] = a[l].T @ delta, delta.sum(axis=0)
        if l:
            delta = delta @ Ws[l].T * SLOPE
    J = J + lam * OVER * PENALTY
    for l in DECAYED:
        dWs[l] = dWs[l] + 2 * lam * OVER * Ws[l]
        BIASES_DECAY
    return J, dWs, dbs
"""

HIDDEN = {
    "1 / (1 + np.exp(-z[-1]))": "(a[l] * (1 - a[l]))",
    "np.tanh(z[-1])": "(1 - a[l] ** 2)",
    "np.maximum(z[-1], 0)": "(z[l] > 0)",
    "np.where(z[-1] > 0, z[-1], 0.01 * z[-1])": "np.where(z[l] > 0, 1.0, 0.01)",
}
SOFTMAX = "(np.exp(z[-1]) / np.exp(z[-1]).sum(axis=1, keepdims=True))"
SIGMOID = "1 / (1 + np.exp(-z[-1]))"
SQUARES = "0.5 * ((h - Y) ** 2).sum()"
# Output, cost and δ of the output.
LOSSES = (
    (SIGMOID, "-(Y * np.log(h) + (1 - Y) * np.log(1 - h)).sum()", "h - Y"),
    (SOFTMAX, "-(Y * np.log(h)).sum()", "h - Y"),
    (SIGMOID, SQUARES, "(h - Y) * h * (1 - h)"),
    ("np.tanh(z[-1])", SQUARES, "(h - Y) * (1 - h ** 2)"),
    ("z[-1]", SQUARES, "h - Y"),
)
MEANS = ("1 / m", "1.0", "1 / (m * K)")
OVERS = ("1 / (2 * m)", "0.5", "1.0", "1 / m")


@dataclass(frozen=True)
class Drawn:
    """The source of a function ``f``, or of a class ``F``, and what was drawn, in words."""

    source: str
    entry: str
    words: str


def draw(seed: int) -> Drawn:
    """One right function."""
    rng = random.Random(seed)
    n = rng.choice((1, 2, 2, 3))  # matrices
    hidden = rng.choice(list(HIDDEN))
    output, cost, delta = rng.choice(LOSSES)
    times = rng.choice(("1.0 * ", "2.0 * ")) if cost == SQUARES else ""
    mean, over = times + rng.choice(MEANS), rng.choice(OVERS)
    bias, lam = n == 1 or rng.random() < 0.8, rng.random() < 0.6
    with_bias = bias and lam and rng.random() < 0.2
    some = f"[{rng.randrange(n)}]" if lam and n > 1 and rng.random() < 0.15 else "range(L)"
    penalty = "sum((Ws[l] ** 2).sum() for l in DECAYED)"
    penalty += " + sum((bs[l] ** 2).sum() for l in DECAYED)" if with_bias else ""
    decay = "dbs[l] = dbs[l] + 2 * lam * OVER * bs[l]" if with_bias else "pass"
    middle = MIDDLE
    for old, new in (
        ("HIDDEN", hidden), ("OUTPUT", output), ("COST", cost), ("DELTA", delta),
        ("SLOPE", HIDDEN[hidden]), ("PENALTY", f"({penalty})"), ("DECAYED", some),
        ("BIASES_DECAY", decay), ("MEAN", f"({mean})"), ("OVER", f"({over})"),
    ):  # fmt: skip
        middle = middle.replace(old, new)
    doors, entry, how = _doors(rng, n, bias, lam, output in (SIGMOID, SOFTMAX), some)
    words = f"{n} matrices, {hidden}, {output}, {cost}, {mean}"
    words += f", λ·{over} of {some}, biases too: {with_bias}" if lam else ""
    return Drawn(middle + doors, entry, f"{words}; {how}")


def _doors(rng: random.Random, n: int, bias: bool, lam: bool, classes: bool, some: str):
    """What stands around the middle, its entry, and the form in words."""
    rows, by_input = rng.random() < 0.6, rng.random() < 0.6
    single, labels = rng.random() < 0.1, classes and rng.random() < 0.35
    kinds = ["apart", "dict", "step"]
    if some == "range(L)":  # of any depth
        kinds += ["lists", "class"] + ["flat"] * rows
    kind = rng.choice(kinds if n > 1 else ["apart", "dict"])
    if kind == "flat" or not (rows or bias):
        by_input = rows
    turn, column = "" if by_input else ".T", not rows or rng.random() < 0.3
    names = [f"{w}{l}" for l in range(1, n + 1) for w in ("Wb" if bias else "W")]
    more = [rng.choice(("reg", "lambda_", "lam", "weight_decay"))] if lam else []
    lines = [f"    X, Y = {'X, Y' if rows else 'X.T, Y.T'}"]
    if labels:
        column_of = "Ws[-1].shape[1]"
        lines = [f"    X = {'X' if rows else 'X.T'}", f"    Y = np.eye({column_of})[Y]"]
    b = "np.ravel(b)" if column else "b"
    given = {
        "apart": ("X, Y, " + ", ".join(names), "{W}", "{b}"),
        "step": ("X, Y, " + ", ".join(names), "{W}", "{b}"),
        "dict": ("params, X, Y", 'params["{W}"]', 'params["{b}"]'),
        "lists": ("X, Y, weights" + ", biases" * bias, "weights[{l}]", "biases[{l}]"),
        "class": ("self, X, Y", "self.W[{l}]", "self.b[{l}]"),
        "flat": ("theta, sizes, X, Y", "", ""),
    }[kind]
    whole = {"lists": ("weights", "biases"), "class": ("self.W", "self.b")}.get(kind)
    Ws = [given[1].format(W=f"W{l + 1}", l=l) for l in range(n)]
    bs = [given[2].format(b=f"b{l + 1}", l=l) if bias else "0.0" for l in range(n)]
    all_Ws, all_bs = whole or (f"({', '.join(Ws)},)", f"({', '.join(bs)},)")
    all_bs = all_bs if bias else "[0.0] * len(Ws)"
    body = [f"    Ws = [w{turn} for w in {all_Ws}]"]
    body += [f"    bs = [{b if bias else 'b'} for b in {all_bs}]"]
    if kind == "flat":
        body = _unrolled(bias)
    shape = ".reshape(np.shape(b))" if bias else ""
    body += lines
    if single:
        body += ["    X, Ws = X.astype('f'), [w.astype('f') for w in Ws]"]
        body += ["    bs = [np.asarray(b, 'f') for b in bs]"]
    body += [f"    J, dWs, dbs = run(Ws, bs, X, Y, {more[0] if lam else '0.0'})"]
    body += [f"    dWs = [d{turn} for d in dWs]"]
    if bias and kind != "flat":
        body += [f"    dbs = [d{shape} for d, b in zip(dbs, {all_bs})]"]
    how = f"{kind}, rows {rows}, by input {by_input}, labels {labels}, single {single}, {more}"
    how += f", bias {bias}, as a column {column}"
    source, entry = _of_kind(kind, given[0], more, body, names, bias, column, by_input)
    return source, entry, how


def _unrolled(bias: bool) -> list[str]:
    return [
        "    Ws, bs, at = [], [], 0",
        "    for p, q in zip(sizes, sizes[1:]):",
        "        Ws.append(theta[at : at + p * q].reshape(p, q))",
        "        at += p * q",
        "        bs.append(theta[at : at + q] if BIAS else 0.0)".replace("BIAS", str(bias)),
        "        at += q * BIAS".replace("BIAS", str(int(bias))),
    ]


def _of_kind(kind, arguments, more, body, names, bias, column, by_input):
    """The whole function or class."""
    text = "\n".join(body)
    pairs = "[g for pair in zip(dWs, dbs) for g in pair]" if bias else "dWs"
    if kind == "class":
        shape = "(p, q)" if by_input else "(q, p)"
        shift = "(q, 1)" if column else "q"
        inner = text.replace("\n", "\n    ").replace("    Ws =", "        Ws =", 1)
        call = ", ".join([arguments, *more])
        held = f"        self.b = [np.zeros({shift}) for q in sizes[1:]]\n" if bias else ""
        given = "dWs, dbs" if bias else "dWs"
        return f"""
class F:
    def __init__(self, sizes):
        self.W = [np.zeros({shape}) for p, q in zip(sizes, sizes[1:])]
{held}
    def loss_and_gradients({call}):
{inner}
        return J, {given}
""", "F"  # fmt: skip
    if kind == "step":
        new = f"[p - eta * d for p, d in zip(({', '.join(names)},), {pairs})]"
        return f"\ndef f({', '.join([arguments, *more, 'eta'])}):\n{text}\n    return {new}\n", "f"
    if kind == "dict":
        answer = f"J, dict(zip({['d' + name for name in names]}, {pairs}))"
    elif kind == "flat":
        answer = f"J, np.concatenate([np.ravel(g) for g in {pairs}])"
    elif kind == "lists":
        answer = "J, dWs, dbs" if bias else "J, dWs"
    else:
        answer = f"J, *{pairs}"
    return f"\ndef f({', '.join([arguments, *more])}):\n{text}\n    return {answer}\n", "f"
