"""Functions by many conventions in plain NumPy, and ways to break their source.

Written apart from the library's recipes: a mutant is text with a few pieces replaced, and only the
problems that it is asked, and the losses' names, are the library's.
"""

import itertools
import random
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np

import backpass as bp
from backpass.diagnose.convention import Convention
from backpass.diagnose.observe import Observation
from backpass.diagnose.probes import degenerate, make_probe
from backpass.diagnose.response import Response
from backpass.losses import Loss, find_loss


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def squares_behind(h, slope, output):
    """½ Σ (h − y)² with an output activation; ``slope`` takes v by its derivative: (a, v) -> δ."""
    return Loss(
        f"squared_error behind {output}",
        h,
        lambda z, y: ((h(z) - y) ** 2).sum(axis=1) / 2,
        lambda z, y: slope(h(z), h(z) - y),
        output=output,
        classification=True,
    )


SQUARES_BEHIND_SIGMOID = squares_behind(sigmoid, lambda a, v: v * a * (1 - a), "logistic")
SQUARES_BEHIND_TANH = squares_behind(np.tanh, lambda a, v: v * (1 - a * a), "tanh")
SQUARES_BEHIND_SOFTMAX = squares_behind(
    softmax, lambda a, v: a * (v - (a * v).sum(axis=1, keepdims=True)), "softmax"
)


def margins(z, y):
    """max(0, z_k − z_y + 1) of every wrong class (Weston and Watkins, 1999)."""
    return np.where(y > 0, 0.0, np.maximum(0.0, z - (z * y).sum(axis=1, keepdims=True) + 1))


def hinge_delta(z, y):
    counted = (margins(z, y) > 0) * 1.0
    return counted - y * counted.sum(axis=1, keepdims=True)


HINGE = Loss(
    "hinge",
    lambda z: z,
    lambda z, y: margins(z, y).sum(axis=1),
    hinge_delta,
    "identity",
    smooth=False,
    classification=True,
)


# --- a right function by a convention, as text ---------------------------------------------------

SOURCE = """
def learn(W, b, X, Y, lam, rate):
    m, K, L = len(X), Y.shape[1], len(W)
    a, z = [X], []
    for l in range(L):
        z.append(a[l] @ W[l] + b[l])
        a.append(act(z[l]) if l < L - 1 else out(z[l]))
    h = a[L]
    J = COST * MEAN
    J = J + PENALTY
    delta = DELTA
    dW, db = [None] * L, [None] * L
    for l in range(L - 1, -1, -1):
        dW[l] = (a[l].T @ delta) * MEAN
        db[l] = delta.sum(axis=0) * MEAN
        dW[l] = dW[l] + DECAY
        if l > 0:
            delta = (delta @ W[l].T) * SLOPE
    return J, dW, db
"""

COSTS = {
    "binary_log_loss": "-np.sum(Y * np.log(h) + (1 - Y) * np.log(1 - h))",
    "log_loss": "-np.sum(Y * np.log(h))",
    "squares": "0.5 * np.sum((h - Y) ** 2)",
    "hinge": "np.sum(np.maximum(0, h - np.sum(h * Y, axis=1, keepdims=True) + 1) * (1 - Y))",
}
COUNTS = "((h - np.sum(h * Y, axis=1, keepdims=True) + 1 > 0) * (1 - Y))"
OUTPUT_SLOPES = {"logistic": "h * (1 - h)", "tanh": "(1 - h ** 2)"}
SLOPES = {
    "logistic": "(a[l] * (1 - a[l]))",
    "tanh": "(1 - a[l] ** 2)",
    "relu": "(z[l - 1] > 0)",
}
OUTPUTS = {"logistic": sigmoid, "tanh": np.tanh, "softmax": softmax, "identity": lambda z: z}
HIDDEN = {"logistic": sigmoid, "tanh": np.tanh, "relu": lambda z: np.maximum(z, 0)}


@dataclass(frozen=True)
class Setting:
    """One convention: what the fragments of the source are, and how the library calls it."""

    loss: str | Loss
    hidden: str
    convention: Convention
    rate: float | None = None

    @property
    def cost(self):
        name = find_loss(self.loss).name
        return "squares" if name.startswith("squared_error") else name

    @property
    def output(self):
        return find_loss(self.loss).output

    @property
    def has_lam(self):
        return self.convention.lam_J != "0"

    @property
    def fragments(self):
        """What stands in the source's capitals."""
        c, e = self.convention, "(h - Y)"
        mean = {"1/m": "(1 / m)", "1": "1.0", "1/mK": "(1 / (m * K))"}[c.mean]
        over = {
            "1/2m": "(lam / (2 * m))",
            "1/2": "(lam / 2)",
            "1": "lam",
            "1/m": "(lam / m)",
            "0": "0.0",
        }
        twice = {
            "1/2m": "(lam / m)",
            "1/2": "lam",
            "1": "(2 * lam)",
            "1/m": "(2 * lam / m)",
            "0": "0.0",
        }
        slope = OUTPUT_SLOPES.get(self.output) if self.cost == "squares" else None
        if self.cost == "squares" and self.output == "softmax":
            delta = f"h * ({e} - (h * {e}).sum(axis=1, keepdims=True))"
        elif self.cost == "hinge":
            delta = f"{COUNTS} - Y * np.sum({COUNTS}, axis=1, keepdims=True)"
        else:
            delta = f"{e} * {slope}" if slope else e
        times = "" if c.times == 1 else f"{c.times} * "
        return {
            "COST": times + COSTS[self.cost],
            "MEAN": mean,
            "PENALTY": f"{over[c.lam_J]} * sum(np.sum(W[l] ** 2) for l in range(L))",
            "DECAY": f"{twice[c.lam_J]} * W[l]",
            "DELTA": times + delta,
            "SLOPE": SLOPES[self.hidden],
        }

    @property
    def source(self):
        source = SOURCE
        for name, text in self.fragments.items():
            source = source.replace(name, text)
        return source

    def mutant(self, *edits):
        """Compile the source with these edits; None where they find nothing to change."""
        source = self.source
        for old, new in edits:
            if old not in source:
                return None
            source = source.replace(old, new)
        scope = {"np": np, "act": HIDDEN[self.hidden], "out": OUTPUTS[self.output]}
        exec(source, scope)
        return scope["learn"]

    def probes(self, sizes):
        """Probes of these sizes by this convention."""
        return tuple(self._probe(sizes, seed) for seed in range(4))

    def _probe(self, sizes, seed):
        probe = make_probe(bp.Network(sizes, self.hidden, self.loss), seed)
        theta = probe.theta
        if not self.convention.bias:
            theta = theta.copy()
            for Theta in probe.net.roll_unchecked(theta):
                Theta[:, 0] = 0
        return replace(probe, theta=theta, convention=self.convention, rate=self.rate)


def answer(function, probe, lam):
    """J and the gradient in θ's order; without bias units their gradient is unknown."""
    Thetas = probe.net.roll(probe.theta)
    W, b = [Theta[:, 1:].T for Theta in Thetas], [Theta[:, 0] for Theta in Thetas]
    with np.errstate(all="ignore"):
        J, dW, db = function(W, b, probe.X.copy(), probe.Y.copy(), lam, probe.rate)
    if not probe.convention.bias:
        db = [np.full(len(each), np.nan) for each in b]
    blocks = [np.column_stack([np.broadcast_to(d, len(c)), D.T]) for D, d, c in zip(dW, db, b)]
    return J, probe.net.unroll(blocks)


def halves(function, probe, takes_lam):
    """J's and D's parts, without λ and what grows with it."""
    low, high = (answer(function, probe, lam if takes_lam else 0.0) for lam in probe.lams)
    found = []
    for one, two in zip(low, high):
        one, two = np.atleast_1d(one), np.atleast_1d(two)
        slope = (two - one) / (probe.lams[1] - probe.lams[0])
        found.append(np.concatenate([one - probe.lams[0] * slope, slope]))
    return found


def observation(function, probes, takes_lam):
    """What ``check_backprop`` would have seen, J and the gradient."""
    values = [halves(function, probe, takes_lam) for probe in probes]
    more = [(probe, halves(function, probe, takes_lam)) for probe in degenerate(probes[0])]
    responses = [
        Response(
            which,
            probes,
            tuple(value[i] for value in values),
            1e-9,
            tuple((probe, value[i]) for probe, value in more),
        )
        for i, which in enumerate("JD")
    ]
    caller = SimpleNamespace(form=SimpleNamespace(takes_lam=takes_lam))
    return Observation(caller, probes, *responses)


# --- mistakes ------------------------------------------------------------------------------------

D_W, D_B = "dW[l] = (a[l].T @ delta)", "db[l] = delta.sum(axis=0)"
BACK = "delta = (delta @ W[l].T)"


@dataclass(frozen=True)
class Planted:
    """A mistake: pieces of which one must be in its name, its edits, and what it needs."""

    names: tuple[str, ...]
    edits: tuple[tuple[str, str], ...]
    layers: int = 2  # the fewest layers
    equal: bool = False  # layers of one size


def planted(s, L):
    """Every mistake that a setting and so many layers give room for."""
    f = s.fragments
    mean, delta, slope = f["MEAN"], f["DELTA"], f["SLOPE"]
    yield from _of_slopes(s, slope)
    yield from _of_the_way_back(s, slope)
    yield from _of_the_output(s, delta)
    yield from _of_sums(s, mean, L)
    if s.has_lam:
        yield from _of_lam(f["PENALTY"], f["DECAY"], s.convention)


def _of_slopes(s, slope):
    back = f"{BACK} * {slope}"

    def by(other):
        return ((back, f"{BACK} * {other}"),)

    yield Planted(("g′ missing",), ((back, BACK),), layers=3)
    first = slope.replace("[l - 1]", "[l]") if "z[" in slope else slope.replace("[l]", "[l + 1]")
    wrong = f"({slope} if l != 1 else {first})"
    yield Planted(("g′ of the wrong layer",), by(wrong), layers=4, equal=True)
    if s.hidden == "relu":
        yield Planted(("inverted",), by("(z[l - 1] <= 0)"), layers=3)
        yield Planted(
            ("g′ of δ",), ((back, f"{BACK}\n            delta = delta * (delta > 0)"),), 3
        )
    if s.hidden == "logistic":
        yield Planted(("g instead of g′",), by("a[l]"), layers=3)
        yield Planted(("1 − a instead",), by("(1 - a[l])"), layers=3)
        yield Planted(("z(1 − z)",), by("(z[l - 1] * (1 - z[l - 1]))"), layers=3)
        yield Planted(("g′ of a instead",), by("(act(a[l]) * (1 - act(a[l])))"), layers=3)
    if s.hidden == "tanh":
        yield Planted(("1 − a instead",), by("(1 - a[l])"), layers=3)
        yield Planted(("1 − z² instead",), by("(1 - z[l - 1] ** 2)"), layers=3)
        yield Planted(("g′ of a instead",), by("(1 - np.tanh(a[l]) ** 2)"), layers=3)


def _of_the_way_back(s, slope):
    back = f"{BACK} * {slope}"
    bare = f"bare = delta @ W[l].T\n            delta = bare * {slope}"
    without = ((back, bare), (D_B, "db[l] = (bare if l < L - 1 else delta).sum(axis=0)"))
    yield Planted(("without its g′",), without, layers=3)
    yield Planted(("not transposed",), ((BACK, "delta = (delta @ W[l])"),), 3, equal=True)
    yield Planted(("on the way back",), ((BACK, "delta = (delta @ W[l - 1].T)"),), 3, equal=True)
    yield Planted(("not passed on",), ((back, "delta = delta"),), 3, equal=True)
    yield Planted(("Θ missing",), ((BACK, "delta = delta"),), 3, equal=True)
    for k in ("-1:", ":1"):
        one = f"delta = (delta[:, {k}] @ W[l][:, {k}].T)"
        yield Planted(("δ overwritten",), ((BACK, one),), layers=3)
    own = "dW[l] = (a[l + 1].T @ delta)"
    yield Planted(("a of the wrong layer",), ((D_W, own),), equal=True)
    yield Planted(("z instead of a",), ((D_W, "dW[l] = ((z[l - 1] if l else a[0]).T @ delta)"),), 3)
    if s.rate is not None:
        updated = "delta = (delta @ (W[l] - rate * dW[l]).T)"
        yield Planted(("updated",), ((BACK, updated),), layers=3)
        end = "return J, dW, db"
        for k in (0, -1):
            forgotten = f"dW[{k}] = dW[{k}] / rate\n    " + end
            yield Planted(("the rate is missing",), ((end, forgotten),))
            returned = f"dW[{k}] = (W[{k}] - dW[{k}]) / rate\n    " + end
            yield Planted(("returned for the new",), ((end, returned),))


def _of_the_output(s, delta):
    def by(other):
        return ((f"delta = {delta}", f"delta = {other}"),)

    yield Planted(("sign of δ", "sign of the gradient"), by(f"-({delta})"))
    uphill = ("return J, dW, db", "return J, [-D for D in dW], [-D for D in db]")
    yield Planted(("sign of the gradient", "sign of δ"), (uphill,))
    if s.cost in ("log_loss", "squares") and s.output != "softmax":
        yield Planted(("a + y instead",), by(delta.replace("h - Y", "h + Y")))
    if s.cost == "log_loss":
        yield Planted(("1/m missing before y",), by("h - m * Y"))
        yield Planted(("exp is missing",), by("np.log(h) - Y"))
    for by_rows in (0, 1):
        for step in (1, -1):
            rolled = delta.replace("Y", f"np.roll(Y, {step}, axis={by_rows})")
            yield Planted(("shifted by one",), by(rolled))
    if s.cost == "hinge":
        yield Planted(("number of margins is not subtracted",), by(COUNTS))
    elif s.cost != "squares":
        yield Planted(("extra g′",), by("(h - Y) * h * (1 - h)"))
    elif s.output != "identity":
        times = delta.split("(h - Y)")[0] if s.output != "softmax" else ""
        yield Planted(("g′ missing at the output",), by(f"{times}(h - Y)"))
    if s.cost == "binary_log_loss":
        cost = COSTS["binary_log_loss"]
        yield Planted(("only the first term",), by("-Y / h * h * (1 - h)"))
        second = "-np.sum(Y * np.log(h))"
        yield Planted(("second cost term",), ((cost, second),))
        yield Planted(("first cost term",), ((cost, "-np.sum((1 - Y) * np.log(1 - h))"),))
    yield Planted(("g applied twice",), (("act(z[l])", "act(act(z[l]))"),), layers=3)
    yield Planted(
        ("applied to the output", "g applied twice"), (("out(z[l])", "out(act(z[l]))"),), 3
    )
    if s.output == "softmax":
        yield Planted(("softmax over the examples",), (("out(z[l])", "out(z[l].T).T"),))


FACTORS = {
    "2.0": ("twice", "doubled", "2 where", "2/m"),
    "0.5": ("half of", "halved", "1/2"),
    "4.0": ("4 times",),
    "0.25": ("a quarter",),
    "3.0": ("3 times",),
    "m": ("1/m missing", "by m"),
    "(1 / m)": ("1/m twice", "by m", "mean of δ"),
    "K": ("K times", "1/K missing"),
    "(1 / K)": ("by K", "by m and by K", "1/K"),
}


def _of_sums(s, mean, L):
    for factor, names in FACTORS.items():
        for part in (D_W, D_B):
            whole = f"{part} * {mean}"
            yield Planted(names, ((whole, f"{whole} * {factor}"),))
            for k in range(L - 1) if L > 2 else ():
                one = f"({factor} if l == {k} else 1.0)"
                yield Planted(names, ((whole, f"{whole} * {one}"),))
    for factor in ("m", "(1 / m)"):
        both = tuple((f"{part} * {mean}", f"{part} * {mean} * {factor}") for part in (D_W, D_B))
        yield Planted(FACTORS[factor], both)
        J = f"J = {s.fragments['COST']} * {mean}"
        yield Planted(FACTORS[factor], ((J, f"{J} * {factor}"),))
    end = "return J, dW, db"
    for k in range(L - 1):
        yield Planted(("zero",), ((end, f"db[{k}] = 0 * db[{k}]\n    " + end),))
        yield Planted(("zero",), ((end, f"dW[{k}] = 0 * dW[{k}]\n    " + end),))
        if s.rate is None:
            yield Planted(("returned for",), ((end, f"dW[{k}] = 1 * W[{k}]\n    " + end),))
        of_a = f"(a[l + 1] if l == {k} else delta)"
        yield Planted(("instead of δ",), ((D_W, f"dW[l] = (a[l].T @ {of_a})"),))
        yield Planted(("instead of δ",), ((D_B, f"db[l] = {of_a}.sum(axis=0)"),))
        everything = f"db[l] = (delta.sum() + 0 * b[l] if l == {k} else delta.sum(axis=0))"
        yield Planted(("no axis",), ((D_B, everything),))
        w = f"dW[l] = (a[l][-1:].T @ delta[-1:] if l == {k} else a[l].T @ delta)"
        c = f"db[l] = (delta[-1] if l == {k} else delta.sum(axis=0))"
        yield Planted(("only the last example",), ((D_W, w), (D_B, c)))
        yield Planted(("only the last example",), ((D_B, c),))
    out = "a, z = [X], []"
    yield Planted(("first example left out",), ((out, "X, Y = X[1:], Y[1:]\n    " + out),))
    swap = "dW[0], dW[1] = dW[1], dW[0]\n    " + end
    yield Planted(("exchanged", "swapped"), ((end, swap),), 3, equal=True)
    yield Planted(("returned for",), ((end, "dW[0] = dW[1]\n    " + end),), 3, equal=True)


def _of_lam(penalty, decay, convention):
    J, D = f"J = J + {penalty}", f"dW[l] = dW[l] + {decay}"
    yield Planted(("λ ignored",), ((J, "J = J"), (D, "dW[l] = dW[l]")))
    for text in (J, D):
        yield Planted(("λ ignored",), ((text, text.split(" + ")[0]),))
        yield Planted(
            ("sign of the λ term",), ((text, text.replace("] + ", "] - ").replace("J + ", "J - ")),)
        )
        for factor in ("2.0", "0.5"):
            yield Planted(("where λ", "where 2λ", "where 4λ"), ((text, f"{text} * {factor}"),))
        if convention.lam_J in ("1/2m", "1/m"):
            yield Planted(("not divided by m",), ((text, f"{text} * m"),))
        else:
            yield Planted(("where λ", "where 2λ"), ((text, f"{text} / m"),))
    for factor in ("2.0", "0.5", "-1.0"):
        one = f"{D} * ({factor} if l == 0 else 1.0)"
        yield Planted(("where λ", "where 2λ", "sign of the λ"), ((D, one),))
    yield Planted(("λ term missing for one layer", "λ ignored"), ((D, f"{D} * (l != 0)"),))
    yield Planted(
        ("bias regularised",),
        ((D, f"{D}\n        db[l] = db[l] + {decay.replace('W[l]', 'b[l]')}"),),
    )


# --- settings ------------------------------------------------------------------------------------

SETTINGS = (
    Setting("binary_log_loss", "logistic", Convention()),
    Setting("log_loss", "relu", Convention(lam_J="1/2")),
    Setting("log_loss", "relu", Convention(lam_J="1")),
    Setting("binary_log_loss", "relu", Convention(lam_J="0")),
    Setting(SQUARES_BEHIND_SIGMOID, "logistic", Convention("1", lam_J="0", bias=False), rate=0.37),
    Setting(SQUARES_BEHIND_SIGMOID, "logistic", Convention("1", lam_J="0")),
    Setting(SQUARES_BEHIND_SOFTMAX, "tanh", Convention("1/mK", lam_J="0")),
    Setting(SQUARES_BEHIND_TANH, "tanh", Convention(lam_J="1/m")),
    Setting("squared_error", "tanh", Convention("1/mK", times=2.0, lam_J="0")),
    Setting(HINGE, "relu", Convention(lam_J="1")),
)
UNEQUAL = {2: (5, 4), 3: (4, 6, 3), 4: (6, 5, 4, 3)}


def mutants_of(setting, L, every=1):
    """Single mutants that differ from the right function: (what is planted, observation)."""
    for mistake in itertools.islice(planted(setting, L), L % every, None, every):
        if mistake.layers <= L:
            seen = _observed(setting, L, (mistake,))
            if seen is not None:
                yield mistake, seen


def pairs_of(settings, count, seed):
    """Draw pairs of mistakes that both show: (setting, both, observation)."""
    rng = random.Random(seed)
    while count:
        setting, L = rng.choice(settings), rng.choice((2, 3, 4))
        both = tuple(rng.sample([p for p in planted(setting, L) if p.layers <= L], 2))
        seen = None if _collide(*both) else _observed(setting, L, both)
        if seen is not None:
            count -= 1
            yield setting, both, seen


def _collide(one, other):
    return bool({old for old, _ in one.edits} & {old for old, _ in other.edits})


def _observed(setting, L, mistakes):
    """What the mutant does; None where one of its mistakes does not show, or makes no numbers."""
    sizes = (4,) * L if any(mistake.equal for mistake in mistakes) else UNEQUAL[L]
    probes = setting.probes(sizes)
    edits = [mistake.edits for mistake in mistakes]
    function = setting.mutant(*itertools.chain(*edits))
    if function is None:
        return None
    seen = observation(function, probes, setting.has_lam)
    less = [()] if len(mistakes) == 1 else [(), *edits]
    others = [observation(setting.mutant(*each), probes, setting.has_lam) for each in less]
    if not _finite(seen) or any(_same(seen, other) for other in others):
        return None
    return seen


def _values(seen):
    return [value for response in seen.responses for value in response.values]


def _finite(seen):
    return not any(np.isinf(value).any() for value in _values(seen))


def _same(one, other):
    pairs = zip(_values(one), _values(other))
    return all(np.allclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True) for a, b in pairs)
