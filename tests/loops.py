"""Backpropagation in straight loops over plain numbers, and ways to break its source.

Written apart from the library and sharing no code with it. A mutant is the source with a few pieces
of text replaced; {l} in an edit stands for a layer, counted from 0 as the loops do.
"""

import math
import random
from functools import cache
from itertools import pairwise

SOURCE = """
def sigmoid(v):
    return 1.0 / (1.0 + exp(-v))


def slope(v):
    return sigmoid(v) * (1.0 - sigmoid(v))


def backprop(theta, sizes, X, Y, lam):
    L = len(sizes)
    m = len(X)
    K = sizes[-1]
    Theta = []
    starts = []
    start = 0
    for l in range(L - 1):
        starts.append(start)
        start += sizes[l + 1] * (sizes[l] + 1)
    for l in range(L - 1):
        rows, columns = sizes[l + 1], sizes[l] + 1
        start = starts[l]
        Theta.append([[theta[start + j * rows + i] for j in range(columns)] for i in range(rows)])
    J = 0.0
    Delta = [[[0.0] * (sizes[l] + 1) for i in range(sizes[l + 1])] for l in range(L - 1)]
    for n in range(m):
        x = [float(v) for v in X[n]]
        y = [float(v) for v in Y[n]]
        a = [None] * L
        z = [None] * L
        a[0] = [1.0] + x
        z[0] = x
        for l in range(L - 1):
            z[l + 1] = [
                sum(Theta[l][i][j] * a[l][j] for j in range(sizes[l] + 1))
                for i in range(sizes[l + 1])
            ]
            if l + 1 < L - 1:
                a[l + 1] = [1.0] + [sigmoid(v) for v in z[l + 1]]
            else:
                a[l + 1] = [sigmoid(v) for v in z[l + 1]]
        h = a[L - 1]
        c = 0.0
        for k in range(K):
            c += -y[k] * log(h[k]) - (1.0 - y[k]) * log(1.0 - h[k])
        J += c
        d = [None] * L
        d[L - 1] = [h[k] - y[k] for k in range(K)]
        for l in range(L - 2, 0, -1):
            back = [
                sum(Theta[l][i][j] * d[l + 1][i] for i in range(sizes[l + 1]))
                for j in range(sizes[l] + 1)
            ]
            d[l] = [back[j + 1] * slope(z[l][j]) for j in range(sizes[l])]
        for l in range(L - 1):
            for i in range(sizes[l + 1]):
                for j in range(sizes[l] + 1):
                    Delta[l][i][j] += d[l + 1][i] * a[l][j]
    J = J / m
    squares = 0.0
    for l in range(L - 1):
        for i in range(sizes[l + 1]):
            for j in range(1, sizes[l] + 1):
                squares += Theta[l][i][j] ** 2
    J += lam / (2.0 * m) * squares
    D = []
    for l in range(L - 1):
        block = []
        for i in range(sizes[l + 1]):
            row = []
            for j in range(sizes[l] + 1):
                value = Delta[l][i][j] / m
                if j > 0:
                    value += lam / m * Theta[l][i][j]
                row.append(value)
            block.append(row)
        D.append(block)
    grad = []
    for l in range(L - 1):
        for j in range(sizes[l] + 1):
            for i in range(sizes[l + 1]):
                grad.append(D[l][i][j])
    return J, grad
"""

READ = "[[theta[start + j * rows + i] for j in range(columns)] for i in range(rows)]"
READ_C = "[[theta[start + i * columns + j] for j in range(columns)] for i in range(rows)]"
WRITE = """        for j in range(sizes[l] + 1):
            for i in range(sizes[l + 1]):
                grad.append"""
WRITE_C = """        for i in range(sizes[l + 1]):
            for j in range(sizes[l] + 1):
                grad.append"""
BIAS = "a[l + 1] = [1.0] + [sigmoid(v) for v in z[l + 1]]"
COST = "-y[k] * log(h[k]) - (1.0 - y[k]) * log(1.0 - h[k])"
DELTA_OUT = "[h[k] - y[k] for k in range(K)]"
BACK = "[back[j + 1] * slope(z[l][j]) for j in range(sizes[l])]"
ADD = "Delta[l][i][j] += d[l + 1][i] * a[l][j]"
DECAY = "value += lam / m * Theta[l][i][j]"
PENALTY = "squares += Theta[l][i][j] ** 2"
J_DECAY = "J += lam / (2.0 * m) * squares"
MEAN = "value = Delta[l][i][j] / m"
LABELS = "y = [float(v) for v in Y[n]]"
SUM = "sum(Theta[l][i][j] * a[l][j] for j in range(sizes[l] + 1))"

# what must be named (a piece of `.what`) -> [(old, new), …]
WHOLE = [
    ("C order reshape", [(READ, READ_C)]),
    ("unrolled in C order", [(WRITE, WRITE_C)]),
    ("Θs swapped", [("    for l in range(L - 1):\n        starts.append(start)",
                     "    starts = [0] * (L - 1)\n    for l in range(L - 2, -1, -1):\n"
                     "        starts[l] = start")]),
    ("slices of θ off", [("start = starts[l]", "start = starts[l] - 1")]),
    ("slices of θ off", [("start = starts[l]", "start = starts[l] if l == 0 else starts[l] - 1")]),
    ("bias column zero", [("a[0] = [1.0] + x", "a[0] = [0.0] + x"),
                          (BIAS, BIAS.replace("[1.0]", "[0.0]"))]),
    ("bias column last", [("a[0] = [1.0] + x", "a[0] = x + [1.0]"),
                          (BIAS, "a[l + 1] = [sigmoid(v) for v in z[l + 1]] + [1.0]")]),
    ("bias regularised", [("for j in range(1, sizes[l] + 1)", "for j in range(sizes[l] + 1)"),
                          ("if j > 0:", "if True:")]),
    ("bias regularised", [("if j > 0:", "if True:")]),
    ("bias regularised", [("for j in range(1, sizes[l] + 1)", "for j in range(sizes[l] + 1)")]),
    ("bias not dropped", [("back[j + 1]", "back[j]")]),
    ("λ ignored", [(J_DECAY, "pass"), (DECAY, "pass")]),
    ("λ ignored", [(J_DECAY, "pass")]),
    ("λ ignored", [(DECAY, "pass")]),
    ("λ fixed at 1", [("    L = len(sizes)", "    lam = 1.0\n    L = len(sizes)")]),
    ("λ fixed at 1", [("value += lam / m", "value += 1.0 / m")]),
    ("λ not divided by m", [("value += lam / m", "value += lam")]),
    ("λ not divided by m", [("lam / (2.0 * m)", "lam / 2.0")]),
    ("λ/2m where λ/m is right", [("value += lam / m", "value += lam / (2 * m)")]),
    ("λ/m where λ/2m is right", [("lam / (2.0 * m)", "lam / m")]),
    ("sign of δ", [(DELTA_OUT, "[y[k] - h[k] for k in range(K)]")]),
    ("sign of J", [("return J, grad", "return -J, grad")]),
    ("sign of the cost", [("J += c", "J -= c")]),
    ("sign of the gradient", [("grad.append(D[l][i][j])", "grad.append(-D[l][i][j])")]),
    ("sign of the λ term", [("value += lam / m", "value -= lam / m")]),
    ("1/m missing", [("J = J / m", "J = J")]),
    ("1/m missing", [(MEAN, MEAN.replace(" / m", ""))]),
    ("1/m twice", [("J = J / m", "J = J / m / m")]),
    ("1/m twice", [(MEAN, MEAN + " / m")]),
    ("1/2m where 1/m is right", [("J = J / m", "J = J / (2 * m)")]),
    ("second cost term missing", [(COST, "-y[k] * log(h[k])")]),
    ("first cost term missing", [(COST, "-(1.0 - y[k]) * log(1.0 - h[k])")]),
    ("sign of the second cost term", [(COST, COST.replace(" - (1.0", " + (1.0"))]),
    ("added to itself", [(J_DECAY, "J += J + lam / (2.0 * m) * squares")]),
    ("added to itself over −m", [(J_DECAY, "J += J / -m + lam / (2.0 * m) * squares")]),
    ("g′ missing", [("back[j + 1] * slope(z[l][j])", "back[j + 1]")]),
    ("g′ of a instead of z", [("slope(z[l][j])", "slope(a[l][j + 1])")]),
    ("z(1 − z)", [("slope(z[l][j])", "z[l][j] * (1.0 - z[l][j])")]),
    ("g instead of g′", [("slope(z[l][j])", "sigmoid(z[l][j])")]),
    ("extra g′ at the output",
     [(DELTA_OUT, "[(h[k] - y[k]) * slope(z[L - 1][k]) for k in range(K)]")]),
    ("brackets", [("d[L - 1] = [h",
                   "h = [1.0 + exp(-v) for v in z[L - 1]]\n        d[L - 1] = [h")]),
    ("tanh instead of sigmoid", [(BIAS, BIAS.replace("sigmoid", "tanh"))]),
    ("tanh instead of sigmoid", [(BIAS, BIAS.replace("sigmoid", "tanh")),
                                 ("slope(z[l][j])", "(1.0 - tanh(z[l][j]) ** 2)")]),
    ("tanh instead of sigmoid", [(BIAS, BIAS.replace("sigmoid", "tanh")),
                                 ("slope(z[l][j])", "(a[l][j + 1] * (1.0 - a[l][j + 1]))")]),
    ("softmax instead of sigmoid",
     [("h = a[L - 1]", "h = [exp(v) / sum(exp(u) for u in z[L - 1]) for v in z[L - 1]]")]),
    ("activation missing", [(BIAS, "a[l + 1] = [1.0] + list(z[l + 1])")]),
    ("sign of z in the sigmoid", [("exp(-v)", "exp(v)")]),
    ("overwritten", [("Delta[l][i][j] +=", "Delta[l][i][j] =")]),
    ("not reset", [("J += c", "J += c * (m - n)"), (ADD, ADD.replace("+= ", "+= (m - n) * "))]),
    ("not reset", [("[[[0.0] * (sizes[l] + 1)", "[[[1.0] * (sizes[l] + 1)")]),
    ("`*` instead of a matrix product",
     [(ADD, "Delta[l][i][j] += d[l + 1][i] * a[l][i] if i == j else 0.0")]),
    ("labels shifted", [(LABELS, LABELS + "\n        y = y[1:] + y[:1]")]),
    ("labels shifted", [(LABELS, LABELS + "\n        y = y[-1:] + y[:-1]")]),
    ("last column dropped", [(SUM, SUM.replace("sizes[l] + 1", "sizes[l]"))]),
    ("last column dropped", [("x = [float(v) for v in X[n]]",
                              "x = [float(v) for v in X[n]]\n        x[-1] = 0.0")]),
    ("last example left out", [("for n in range(m):", "for n in range(m - 1):")]),
    ("first example left out", [("for n in range(m):", "for n in range(1, m):")]),
    ("blocks swapped", [("    grad = []\n    for l in range(L - 1):",
                         "    grad = []\n    for l in range(L - 2, -1, -1):")]),
    ("bias column of Δ zero", [("grad.append(D[l][i][j])", "grad.append(D[l][i][j] * (j > 0))")]),
    ("rows of y shifted", [(LABELS, LABELS.replace("Y[n]", "Y[(n + 1) % m]"))]),
    ("1 − y instead of y", [(LABELS, LABELS.replace("float(v)", "1.0 - float(v)"))]),
    ("z instead of a", [("* a[l][j]\n    J =",
                         "* (a[l][j] if j == 0 or l == 0 else z[l][j - 1])\n    J =")]),
]  # fmt: skip

NEEDS_A_HIDDEN_LAYER = {
    "Θs swapped", "slices of θ off", "bias not dropped", "g′ missing", "g′ of a instead of z",
    "z(1 − z)", "g instead of g′", "tanh instead of sigmoid", "activation missing",
    "blocks swapped", "z instead of a", "mixed orders",
}  # fmt: skip

# the same, for one hidden layer {l} or one Θ {l}
HIDDEN = [
    ("g′ missing", [("slope(z[l][j])", "(1.0 if l == {l} else slope(z[l][j]))")]),
    ("g′ of a instead of z", [("slope(z[l][j])",
                               "slope(a[l][j + 1] if l == {l} else z[l][j])")]),
    ("bias not dropped", [("back[j + 1]", "back[j + 1 - (l == {l})]")]),
    ("δ not passed on", [("back[j + 1] *", "(l != {l}) * back[j + 1] *")]),
    ("tanh instead of sigmoid", [("[sigmoid(v) for v in z[l + 1]]\n            else",
                                  "[(tanh if l + 1 == {l} else sigmoid)(v) for v in z[l + 1]]\n"
                                  "            else")]),
]  # fmt: skip
THETA = [
    ("mixed orders", [(READ, READ_C + " if l == {l} else " + READ)]),
    ("λ term missing for one layer", [(PENALTY, PENALTY + " * (l != {l})"),
                                      (DECAY, DECAY + " * (l != {l})")]),
    ("λ term missing for one layer", [(DECAY, DECAY + " * (l != {l})")]),
    ("1/m missing", [(MEAN, "value = Delta[l][i][j] / (1 if l == {l} else m)")]),
    ("bias regularised", [("if j > 0:", "if j > 0 or l == {l}:")]),
    ("bias column of Δ zero", [("grad.append(D[l][i][j])",
                                "grad.append(D[l][i][j] * (j > 0 or l != {l}))")]),
]  # fmt: skip


# Mistakes that are not in the catalogue; {r} is a number drawn at random.
FOREIGN = [
    [("slope(z[l][j])", "slope(z[l][j] * {r})")],
    [("slope(z[l][j])", "(slope(z[l][j]) + {r})")],
    [("slope(z[l][j])", "slope(z[l][j] + {r})")],
    [("back[j + 1] *", "back[j + 1] ** 3 *")],
    [("back[j + 1] *", "{r} * back[j + 1] *")],
    [(DELTA_OUT, "[h[k] - {r} * y[k] for k in range(K)]")],
    [(DELTA_OUT, "[(h[k] - y[k]) ** 3 for k in range(K)]")],
    [(DELTA_OUT, "[h[k] ** 2 - y[k] for k in range(K)]")],
    [(DELTA_OUT, "[{r} * (h[k] - y[k]) for k in range(K)]")],
    [(COST, COST.replace("log(h[k])", "log({r} + h[k])"))],
    [(COST, "{r} * (" + COST + ")")],
    [(COST, COST + " + {r} * h[k]")],
    [("J = J / m", "J = J / (m + {r})")],
    [(MEAN, "value = Delta[l][i][j] / (m + {r})")],
    [("value += lam / m", "value += {r} * lam / m")],
    [("value += lam / m", "value += (lam + {r}) / m")],
    [(J_DECAY, "J += {r} * lam / (2.0 * m) * squares")],
    [(J_DECAY, "J += lam ** {r} / (2.0 * m) * squares")],
    [("return 1.0 / (1.0 + exp(-v))", "return 1.0 / (1.0 + exp(-v * {r}))")],
    [("return 1.0 / (1.0 + exp(-v))", "return 1.0 / ({r} + exp(-v))")],
    [("return 1.0 / (1.0 + exp(-v))", "return {r} / (1.0 + exp(-v))")],
    [("return 1.0 / (1.0 + exp(-v))", "return 1.0 / (1.0 + exp({r} - v))")],
    [("a[0] = [1.0] + x", "a[0] = [{r}] + x")],
    [("a[0] = [1.0] + x", "a[0] = [1.0] + [{r} * v for v in x]")],
    [("a[0] = [1.0] + x", "a[0] = [1.0] + [sin(v + {r}) for v in x]")],
    [(BIAS, "a[l + 1] = [{r}] + [sigmoid(v) for v in z[l + 1]]")],
    [(BIAS, "a[l + 1] = [1.0] + [{r} * sigmoid(v) for v in z[l + 1]]")],
    [(BIAS, "a[l + 1] = [1.0] + [sigmoid(v) ** 2 for v in z[l + 1]]")],
    [(BIAS, "a[l + 1] = [1.0] + [sin({r} * v) for v in z[l + 1]]")],
    [(SUM, SUM + " + {r}")],
    [(SUM, SUM.replace("a[l][j]", "a[l][j] ** 3"))],
    [(ADD, ADD.replace("a[l][j]", "a[l][j] ** 3"))],
    [(ADD, ADD + " + {r}")],
    [(ADD, ADD.replace("+=", "+= {r} *"))],
    [(ADD, "Delta[l][i][j] = {r} * Delta[l][i][j] + d[l + 1][i] * a[l][j]")],
    [(ADD, ADD + " * (n % 2)")],
    [("J += c", "J += c * (n % 2)")],
    [("J += c", "J += c ** 2")],
    [(PENALTY, PENALTY.replace("** 2", "** 4"))],
    [(PENALTY, PENALTY + " * (i + {r})")],
    [("grad.append(D[l][i][j])", "grad.append(D[l][i][j] + {r} * (l == 0 and i == j))")],
    [("grad.append(D[l][i][j])", "grad.append(D[l][i][j] * (1 + {r} * (j == 1)))")],
    [("grad.append(D[l][i][j])", "grad.append(D[l][i][j] * (1 if i else {r}))")],
    [("grad.append(D[l][i][j])", "grad.append(abs(D[l][i][j]))")],
    [(LABELS, LABELS.replace("float(v)", "float(v) * {r}"))],
    [("start = starts[l]", "start = starts[l] - (3 + int({r} * 10) % 7)")],
    [("d[l + 1][i] for i in", "(d[l + 1][i] + {r} * z[l + 1][i]) for i in")],
    [("sum(Theta[l][i][j] * d", "sum((Theta[l][i][j] + {r}) * d")],
]  # fmt: skip


def mutant(*edits):
    """Compile the source with these edits made; None where they collide."""
    source = SOURCE
    for old, new in edits:
        if old not in source:
            return None
        source = source.replace(old, new)
    scope = {name: getattr(math, name) for name in ("exp", "log", "tanh", "sin")}
    exec(source, scope)
    return scope["backprop"]


def at_layer(edits, l):
    """Fill {l} into the edits."""
    return [(old, new.replace("{l}", str(l))) for old, new in edits]


def singles(n_layers):
    """Every single mistake that n_layers layers give room for: (name, layer or None, edits)."""
    found = [(name, None, edits) for name, edits in WHOLE]
    for l in range(1, n_layers - 1):
        found += [(name, l + 1, at_layer(edits, l)) for name, edits in HIDDEN]
    for l in range(n_layers - 1):
        found += [(name, l + 1, at_layer(edits, l)) for name, edits in THETA]
    if n_layers == 2:
        found = [one for one in found if one[0] not in NEEDS_A_HIDDEN_LAYER]
    return found


def behaviour(edits, n_layers):
    """What a mutant returns for one fixed problem, rounded; None where it fails."""
    rng = random.Random(n_layers)
    sizes = [3 + l for l in range(n_layers)]
    theta = [rng.uniform(-1, 1) for _ in range(sum(t * (s + 1) for s, t in pairwise(sizes)))]
    X = [[rng.uniform(-2, 2) for _ in range(sizes[0])] for _ in range(7)]
    Y = [[float(k == n % sizes[-1]) for k in range(sizes[-1])] for n in range(7)]
    try:
        J, grad = mutant(*edits)(theta, sizes, X, Y, 2.5)
    except (ValueError, IndexError, OverflowError, ZeroDivisionError):
        return None
    return tuple(round(v, 9) for v in (J, *grad))


@cache
def _known(n_layers):
    """What the right function and every single mistake do: a pair that does the same is none."""
    return {
        behaviour([], n_layers),
        *(behaviour(edits, n_layers) for *_, edits in singles(n_layers)),
    }


def pairs(n_layers, count, seed):
    """Draw pairs of different mistakes that do not collide, and that both show."""
    rng, found = random.Random(seed), []
    everything = singles(n_layers)
    while len(found) < count:
        (a, _, first), (b, _, second) = rng.sample(everything, 2)
        touched = {old for old, _ in first} & {old for old, _ in second}
        both = [*first, *second]
        if a == b or touched or mutant(*both) is None:
            continue
        if behaviour(both, n_layers) not in {None, *_known(n_layers)}:
            found.append(((a, b), both))
    return found


def foreign(count, seed):
    """Draw mistakes that are not in the catalogue: (edits, function)."""
    rng = random.Random(seed)
    for number in range(count):
        edits = FOREIGN[number % len(FOREIGN)]
        r = f"{rng.choice((-1, 1)) * rng.uniform(0.21, 0.89):.6f}"
        yield [(old, new.replace("{r}", r)) for old, new in edits]
