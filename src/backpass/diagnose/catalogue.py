"""The catalogue of mistakes: for each its place, its name, what stands there and what belongs.

An entry may have several *flavours*: different code, one mistake. The commonest entries of a kind
come first; among entries that explain equally well the earlier one is listed first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..network import Network
from .family import Recipe
from .probes import is_classification


@dataclass(frozen=True, eq=False)
class Entry:
    """One mistake of the catalogue. ``right`` and ``wrong`` are formulas in the notes' symbols."""

    what: str
    place: str
    wrong: str
    right: str
    flavours: tuple[Recipe, ...]
    convention: str = ""  # "order": of θ, for J and the gradient alike; "harmless": of the cost

    @property
    def key(self) -> tuple[str, str]:
        """What makes two entries the same mistake."""
        return self.what, self.place


# What people do most often: how the names of those entries start.
COMMON = (
    "C order", "gradient unrolled in C order", "Θs swapped", "gradient's blocks",
    "slices of θ off: one",
    "bias column", "bias regularised", "bias not dropped", "λ ignored", "λ fixed", "λ not divided",
    "λ/2m where", "λ/m where", "λ term missing", "sign of", "1/m", "1/2m where", "second cost term",
    "first cost term", "J added", "g′ missing", "g′ of a", "z(1 − z)", "g′ of the wrong",
    "g instead",
    "an extra g′ at the output (", "brackets", "tanh instead", "softmax instead", "sigmoid instead",
    "activation missing", "accumulators", "last example left", "first example left",
    "labels shifted",
    "δ not passed", "last column", "1 − y instead", "δ doubled", "squared error instead",
    "z instead of a", "`*` instead",
)  # fmt: skip


@lru_cache(maxsize=32)
def catalogue(net: Network) -> tuple[Entry, ...]:
    """Every mistake that this network gives room for."""
    kinds = (
        _reading, _writing, _weight_decay, _means, _signs, _labels, _costs, _output_deltas,
        _slopes, _passing_back, _accumulators, _biases, _activations, _units,
    )  # fmt: skip
    return tuple(entry for kind in kinds for entry in kind(net))


def _scopes(layers: Iterable[int], name: str) -> list[tuple[str, tuple[int, ...]]]:
    """Every layer on its own, and all of them together: (place, layers)."""
    layers = tuple(layers)
    single = [(f"{name.format(l=l)}", (l,)) for l in layers]
    if len(layers) < 2:
        return single
    return [("all layers", layers), *single]


def _set(slot: str, layers: Iterable[int], variant: Any) -> Recipe:
    return {(slot, l): variant for l in layers}


def _merge(*recipes: Recipe) -> Recipe:
    return {slot: variant for recipe in recipes for slot, variant in recipe.items()}


def _thetas(net: Network) -> range:
    return range(1, net.L)


def _hidden(net: Network) -> range:
    return range(2, net.L)


# --- θ and its order -------------------------------------------------------------------------


def _reading(net: Network) -> Iterator[Entry]:
    right = "Θ^(l) = reshape(θ[…], (s_{l+1}, s_l + 1), order='F')"
    yield Entry(
        "C order instead of F order, read and written",
        "all layers",
        "Θ^(l) = reshape(θ[…], …, order='C') and D unrolled with order='C'",
        right,
        (_merge(_set("order", _thetas(net), "C"), _set("order_out", _thetas(net), "C")),),
        convention="order",
    )
    for place, layers in _scopes(_thetas(net), "Θ^({l})"):
        mixed = len(layers) < net.L - 1
        name = "C order reshape" + (" (mixed orders)" if mixed else " of θ instead of F order")
        wrong = "Θ^(l) = reshape(θ[…], …), which is order='C'"
        yield Entry(name, place, wrong, right, (_set("order", layers, "C"),))
        if mixed:
            both = _merge(_set("order", layers, "C"), _set("order_out", layers, "C"))
            wrong += ", and D^(l) unrolled likewise"
            yield Entry("C order, read and written (mixed orders)", place, wrong, right, (both,))
    yield from _layouts(net, "layout", "Θs swapped: their blocks are taken from θ in another order")
    yield from _slices(net)
    square = [l for l in _thetas(net) if net.shapes[l - 1][0] == net.shapes[l - 1][1] - 1]
    for place, layers in _scopes(square, "Θ^({l})"):
        yield Entry("Θ transposed", place, "z = Θᵀa", "z = Θa", (_set("transposed", layers, True),))


def _layouts(net: Network, slot: str, what: str) -> Iterator[Entry]:
    right = tuple(_thetas(net))
    swaps = {right[::-1]}
    for l in range(1, net.L - 1):
        swapped = list(right)
        swapped[l - 1], swapped[l] = swapped[l], swapped[l - 1]
        swaps.add(tuple(swapped))
    for layout in sorted(swaps - {right}):
        place = ", ".join(f"Θ^({l})" for l in layout)
        yield Entry(what, "all layers", f"[{place}]", "[Θ^(1), Θ^(2), …]", ({(slot,): layout},))


def _slices(net: Network) -> Iterator[Entry]:
    offsets: dict[str, Any] = {
        "one too early": -1,
        "one too late": 1,
        "at the start of θ": "zero",
        "s_{l+1}·s_l counted without the bias": "no bias",
        "at the end of θ": "from the end",
    }
    right = "Θ^(l) starts after s_2·(s_1 + 1) + … numbers"
    for words, offset in offsets.items():
        later = [("all after Θ^(1)", tuple(_thetas(net))[1:])] if net.L > 3 else []
        for place, layers in [*_scopes(_thetas(net), "Θ^({l})"), *later]:
            wrong = f"Θ^(l) starts {words}"
            recipe = _set("offset", layers, offset)
            yield Entry("slices of θ off: " + words, place, wrong, right, (recipe,))


def _writing(net: Network) -> Iterator[Entry]:
    right = "D^(l).ravel(order='F')"
    for place, layers in _scopes(_thetas(net), "D^({l})"):
        wrong = "D^(l).ravel(), which is order='C'"
        recipe = _set("order_out", layers, "C")
        yield Entry("gradient unrolled in C order", place, wrong, right, (recipe,))
    yield from _layouts(net, "layout_out", "gradient's blocks swapped")


# --- λ -----------------------------------------------------------------------------------------


def _weight_decay(net: Network) -> Iterator[Entry]:
    place = "the λ term"
    right = "J: (λ/2m) ΣΘ², D: (λ/m) Θ, both without the bias column"

    def entry(what: str, wrong: str, *flavours: Recipe, at: str = place) -> Entry:
        return Entry(what, at, wrong, right, flavours)

    yield entry("λ ignored", "no λ term", {("lam",): "ignored"})
    yield entry("λ fixed at 1", "the λ term with λ = 1", {("lam",): "one"})
    yield entry("λ squared", "λ²", {("lam",): "squared"})
    yield entry("root of λ", "√λ", {("lam",): "root"})
    yield from _decay_scales(entry)
    yield entry("sign of the λ term", "− (λ/…) …", {("decay_sign",): -1})
    yield from _decay_columns(net, entry)
    yield from _decay_forms(entry)


def _decay_scales(entry: Any) -> Iterator[Entry]:
    in_J = {
        "λ/m where λ/2m is right": ["1/m"],
        "λ not divided by m": ["1/2"],
        "λ divided by neither 2 nor m": ["1"],
        "λ divided by m twice": ["1/2m²", "1/m²"],
        "λ/2·m where λ/(2m) is right: brackets missing": ["m/2"],
        "λ not halved: 2λ/m": ["2/m"],
        "λ divided by the number of inputs instead of m": ["1/2s"],
        "λ term added once for each class": ["K/2m"],
    }
    for what, scales in in_J.items():
        wrong = f"J: λ·{scales[0]}·ΣΘ²"
        yield entry(what, wrong, *[{("lam_J",): s} for s in scales], at="the λ term of J")
    in_D = {
        "λ/2m where λ/m is right": ["1/2m"],
        "λ not divided by m": ["1"],
        "λ/2 where λ/m is right": ["1/2"],
        "λ divided by m twice": ["1/m²"],
        "2λ/m where λ/m is right": ["2/m"],
        "λ divided by the number of inputs instead of m": ["1/s"],
        "λ times m": ["m"],
    }
    for what, scales in in_D.items():
        wrong = f"D: λ·{scales[0]}·Θ"
        yield entry(what, wrong, *[{("lam_D",): s} for s in scales], at="the λ term of D")


def _decay_columns(net: Network, entry: Any) -> Iterator[Entry]:
    columns = {
        "bias regularised": "nothing",
        "last column left out of the λ term instead of the bias column": "last column",
        "first row left out of the λ term instead of the bias column": "first row",
        "first row left out of the λ term as well as the bias column": "first row and column",
        "first weight column left out of the λ term as well": "first two columns",
        "last column left out of the λ term as well as the bias column": "first and last column",
        "only the bias regularised": "only the bias",
    }
    for what, left_out in columns.items():
        for where, layers in _scopes(_thetas(net), "λ term of Θ^({l})"):
            wrong = f"left out of the λ term: {left_out}"
            yield entry(what, wrong, _set("decay_bias", layers, left_out), at=where)
    for where, layers in _scopes(_thetas(net), "λ term of Θ^({l})"):
        if len(layers) == 1:
            recipe = _set("decay", layers, "missing")
            yield entry("λ term missing for one layer", "no λ term for this Θ", recipe, at=where)


def _decay_forms(entry: Any) -> Iterator[Entry]:
    forms = {
        "absolute": "|Θ| instead of Θ² in the λ term",
        "not squared": "Θ not squared in the λ term",
        "square of the sum": "(ΣΘ)² instead of ΣΘ²",
        "cubes": "Θ³ instead of Θ² in the λ term",
        "mean": "mean of Θ² instead of its sum",
        "row sums squared": "rows of Θ summed before they are squared",
    }
    for form, what in forms.items():
        yield entry(what, what, {("penalty",): form})
    yield entry("root of ΣΘ² instead of ΣΘ²", "√ΣΘ²", {("norm",): True})


# --- 1/m and signs -------------------------------------------------------------------------------


# What stands where 1/m belongs.
MEANS = {
    "1/m missing": "1",
    "1/m twice": "1/m²",
    "1/2m where 1/m is right": "1/2m",
    "2/m where 1/m is right": "2/m",
    "m − 1 instead of m": "1/(m−1)",
    "divided by m and by K": "1/mK",
    "divided by K instead of m": "1/K",
    "divided by the number of inputs instead of m": "1/s",
}
FACTORS_OF_2 = (
    "1/2m where 1/m is right", "2/m where 1/m is right", "δ doubled", "δ halved", "J doubled",
    "J halved", "J added to itself",
)  # fmt: skip


def _means(net: Network) -> Iterator[Entry]:
    place, right = "1/m", "J = (1/m) Σ cost(i) + …, D = (1/m) Δ + …"
    whole = {"1": "1", "1/m²": "1/m²", "1/2m": "1/2m", "2/m": "2/m"}
    for what, scale in MEANS.items():
        flavours: list[Recipe] = [{("mean",): scale}]
        if scale in whole:
            flavours.append({("whole_mean",): scale})
        if scale == "1/(m−1)":
            flavours.append(_ONE_LESS)
        yield Entry(what, place, f"Σ·{scale}", right, tuple(flavours))
    for what, scale in (("1/m missing", "1"), ("1/m twice", "1/m²")):
        for l in _thetas(net) if net.L > 2 else ():
            both: tuple[Recipe, ...] = ({("mean", l): scale}, {("whole_mean", l): scale})
            yield Entry(what, f"D^({l})", f"Δ^({l})·{scale}", right, both)


def _signs(net: Network) -> Iterator[Entry]:
    yield Entry("sign of J", "J", "−J", "J", ({("J_times",): -1},))
    yield Entry(
        "sign of the cost",
        "the cost term of J",
        "(1/m) Σ y log h + (1 − y) log(1 − h)",
        "−(1/m) Σ y log h + (1 − y) log(1 − h)",
        ({("cost_sign",): -1},),
    )
    yield Entry("sign of the gradient", "D", "−D", "D", ({("D_sign",): -1},))
    yield Entry("J doubled", "J", "2J", "J", ({("J_times",): 2},))
    yield Entry("J halved", "J", "J/2", "J", ({("J_times",): 0.5},))
    times = {
        "J added to itself over −m": ("J += J/−m + …", "added to itself over −m"),
        "J added to itself": ("J += J + …", "added to itself"),
        "J added to itself over m": ("J += J/m + …", "added to itself over m"),
        "J divided by −m a second time": ("J = J/−m + …", "only itself over −m"),
    }
    for what, (wrong, variant) in times.items():
        right = "J += (λ/2m) ΣΘ²"
        yield Entry(what, "J", wrong, right, ({("cost_times",): variant},))


# --- labels and cost -------------------------------------------------------------------------


def _labels(net: Network) -> Iterator[Entry]:
    if not is_classification(net.loss):
        yield from _columns_of_Y(net)
        return
    labels: dict[str, tuple[str, ...]] = {
        "labels shifted by one (10 ↔ 0)": (
            "shifted up", "shifted down", "shifted up, lost", "shifted down, lost",
        ),
        "labels in reversed order": ("mirrored",),
        "1 − y instead of y": ("complement",),
        "last class missing in the labels": ("last class out",),
        "first class missing in the labels": ("first class out",),
    }  # fmt: skip
    for what, which in labels.items():
        if net.sizes[-1] > 1 or which == ("complement",):
            flavours = tuple({("labels",): variant} for variant in which)
            yield Entry(what, "the labels y", what, "y_k = 1 for the example's class k", flavours)


def _columns_of_Y(net: Network) -> Iterator[Entry]:
    """What can happen to targets that are numbers."""
    columns = {"shifted up": "shifted by one", "shifted down": "shifted by one the other way",
               "mirrored": "in reversed order"}  # fmt: skip
    for variant, how in columns.items() if net.sizes[-1] > 1 else ():
        what = f"columns of Y {how}"
        yield Entry(
            what, "the targets Y", what, "a_k is compared with y_k", ({("labels",): variant},)
        )


_COSTS = {
    "second out": "second cost term missing: (1 − y) log(1 − h)",
    "first out": "first cost term missing: y log h",
    "second sign": "sign of the second cost term",
    "first sign": "sign of the first cost term",
    "crossed": "log h and log(1 − h) in each other's place",
    "second without 1 − y": "1 − y missing before log(1 − h)",
    "first without y": "y missing before log h",
    "y twice": "y log(1 − h) instead of (1 − y) log(1 − h)",
    "h twice": "(1 − y) log h instead of (1 − y) log(1 − h)",
    "no log": "log missing in the cost",
    "log2": "log2 instead of the natural logarithm",
    "log10": "log10 instead of the natural logarithm",
    "product of classes": "matrix product of y and log h instead of `*`: classes are mixed",
    "product of examples": "matrix product of y and log h instead of `*`: examples are mixed",
    "last class out": "last class left out of the cost",
    "first class out": "first class left out of the cost",
    "half squares": "squared error instead of the cross-entropy",
    "squares": "squared error without its ½",
    "mean squares": "mean of the squared errors instead of half their sum",
    "absolute": "absolute error instead of the loss",
    "both terms": "cross-entropy of each class instead of the softmax's",
}

_COSTS_OF = {
    "binary_log_loss": (
        "second out", "first out", "second sign", "first sign", "crossed", "second without 1 − y",
        "first without y", "y twice", "h twice", "no log", "log2", "log10", "product of classes",
        "product of examples", "last class out", "first class out", "half squares", "squares",
        "mean squares", "absolute",
    ),
    "log_loss": (
        "both terms", "no log", "log2", "log10", "product of classes", "product of examples",
        "last class out", "first class out", "half squares", "squares", "absolute",
    ),
    "squared_error": ("squares", "mean squares", "absolute"),
    "poisson": ("half squares", "squares", "absolute"),
    "huber": ("half squares", "squares", "absolute"),
    "absolute_error": ("half squares", "squares", "mean squares"),
    "quantile": ("half squares", "absolute"),
}  # fmt: skip


def _costs(net: Network) -> Iterator[Entry]:
    known = net.loss.formula
    right = f"cost(i) = {known.text}" if known else f"cost(i) of {net.loss.name}"
    for variant in _COSTS_OF.get(net.loss.name, ()):
        what = _COSTS[variant]
        yield Entry(what, "the cost term of J", what, right, ({("cost",): variant},))
    if net.loss.name == "poisson":
        yield Entry(
            "terms of y alone left out of the cost",
            "the cost term of J",
            "e^z − y z",
            "e^z − y z + y log y − y",
            ({("cost",): "no constant"},),
            convention="harmless",
        )
    if is_classification(net.loss):
        for eps in (1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10):
            what = f"{eps:.0e} added inside the logarithms"
            recipe = {("log_eps",): eps}
            yield Entry(what, "the cost term of J", what, "log h", (recipe,), convention="harmless")


# --- δ -----------------------------------------------------------------------------------------


def _output_deltas(net: Network) -> Iterator[Entry]:
    right = "δ^(L) = a^(L) − y" if net.loss.canonical else f"δ^(L) of {net.loss.name}"
    extra = "an extra g′ at the output (the squared error's δ)"
    deltas: dict[str, tuple[str, ...]] = {
        "sign of δ": ("sign",),
        extra: ("a(1−a)", "slope of z", "hidden slope"),
        extra + ", with the wrong sign": ("−a(1−a)",),
        "an extra g′ at the output, of a instead of z": ("slope of a",),
        "an extra g′ at the output, as z(1 − z)": ("z(1−z)",),
        "an extra g′ at the output, as 1 − a²": ("1−a²",),
        "an extra g′ and a 2 at the output": ("twice a(1−a)",),
        "δ doubled": ("twice",),
        "δ halved": ("half",),
        "δ divided by K": ("over K",),
        "g′ missing at the output: ∂cost/∂a instead of ∂cost/∂z": ("over a(1−a)",),
        "only the first term of the cost differentiated": ("−y/a", "y(a − 1)"),
        "δ from z instead of a": ("z − y",),
        "y missing in δ": ("a",),
        "a missing in δ": ("−y",),
        "a + y instead of a − y": ("a + y",),
        "a · y instead of a − y": ("a y",),
        "a − y squared": ("a − y squared", "half squared"),
        "|a − y| instead of a − y": ("absolute",),
        "sign(a − y) instead of a − y": ("sign of",),
        "last output missing in δ": ("last out",),
        "first output missing in δ": ("first out",),
        "δ summed over the outputs": ("summed",),
    }
    if not net.loss.canonical:
        deltas["a − y instead of the loss's own δ"] = ("a − y",)
    for what, variants in deltas.items():
        flavours = tuple({("delta",): variant} for variant in variants)
        yield Entry(what, f"δ^({net.L}), the output layer", what, right, flavours)


_SLOPES: dict[str, tuple[str, ...]] = {
    "g′ missing": ("missing",),
    "g′ of a instead of z": ("of a",),
    "z(1 − z) instead of g′(z)": ("z(1−z)",),
    "g′ of the wrong layer": ("above", "below"),
    "g instead of g′": ("a", "g(z)"),
    "z instead of g′(z)": ("z",),
    "1 − a instead of g′(z)": ("1−a",),
    "a² instead of g′(z)": ("a²",),
    "(1 − a)² instead of g′(z)": ("(1−a)²",),
    "1 + a instead of g′(z)": ("1+a",),
    "a(1 + a) instead of a(1 − a)": ("a(1+a)",),
    "a − a(1 − a) instead of g′(z)": ("a−a(1−a)",),
    "sign of g′": ("a(a−1)",),
    "g′ twice": ("twice",),
    "g′ of g′": ("formula of g′",),
    "a(1 − a), the sigmoid's formula, instead of g′(z)": ("a(1−a)",),
    "1 − a², the tanh's formula, instead of g′(z)": ("1−a²",),
    "1 − z² instead of g′(z)": ("1−z²",),
    "g′ of the sigmoid instead of the layer's": ("logistic",),
    "g′ of tanh instead of the layer's": ("tanh",),
    "g′ of ReLU instead of the layer's": ("relu",),
    "g′ from a sigmoid without its brackets": ("brackets",),
}


def _slopes(net: Network) -> Iterator[Entry]:
    for what, variants in _SLOPES.items():
        for place, layers in _scopes(_hidden(net), "δ^({l}), layer {l}"):
            flavours = tuple(_set("g_prime", layers, variant) for variant in variants)
            right = "δ^(l) = Θ^(l)ᵀδ^(l+1) ⊙ g′(z^(l))"
            yield Entry(what, place, what, right, flavours)


_BACK: dict[str, tuple[str, ...]] = {
    "bias not dropped from δ": (
        "shifted", "kept, cut", "kept, cut, 0", "kept, cut, 1", "kept, cut, g′(0)", "kept",
        "kept, 0", "kept, 1", "kept, g′(0)",
    ),
    "δ not passed on": ("nothing", "only g′", "no δ", "top", "copied"),
    "brackets of g′: … ⊙ a − a instead of … ⊙ a(1 − a)": ("no brackets",),
    "δ passed on without its g′": ("without its g′",),
    "Θ missing on the way back": ("no Θ", "unmixed"),
    "Θ not transposed on the way back": ("transposed",),
    "`*` instead of a matrix product on the way back": ("diagonal", "column sums"),
    "g′ summed over the units": ("slope first",),
    "g′ added instead of multiplied": ("added",),
    "the bias column added to every weight on the way back": ("bias added",),
    "sign of δ on the way back": ("negative",),
    "last column dropped: last unit of δ is zero": ("last out",),
    "last unit of the next δ left out": ("last δ out",),
    "Θ squared on the way back": ("squared Θ",),
}  # fmt: skip


def _passing_back(net: Network) -> Iterator[Entry]:
    right = "δ^(l) = Θ^(l)ᵀδ^(l+1) ⊙ g′(z^(l)), bias column dropped"
    for what, variants in _BACK.items():
        for place, layers in _scopes(_hidden(net), "δ^({l}), layer {l}"):
            flavours = tuple(_set("back", layers, variant) for variant in variants)
            yield Entry(what, place, what, right, flavours)
    for l in _hidden(net):
        for other in _thetas(net):
            if other != l:
                what = f"Θ^({other}) instead of Θ^({l}) on the way back"
                place = f"δ^({l}), layer {l}"
                yield Entry(what, place, what, right, ({("back_theta", l): other},))


# --- Δ -----------------------------------------------------------------------------------------


# All of m counted one too low, λ's as well.
_ONE_LESS: Recipe = {("mean",): "1/(m−1)", ("lam_J",): "1/2(m−1)", ("lam_D",): "1/(m−1)"}

# m taken for 1.
_ONE_ROW: Recipe = {("mean",): "1", ("lam_J",): "1/2", ("lam_D",): "1"}


def _accumulators(net: Network) -> Iterator[Entry]:
    place, right = "Δ, the sum over the examples", "Δ^(l) := Δ^(l) + δ^(l+1) (a^(l))ᵀ, i = 1 … m"
    examples = {
        "accumulators overwritten: only the last example counts": "last only",
        "only the first example counts": "first only",
        "last example left out": "last out",
        "first example left out": "first out",
        "accumulators not reset: earlier examples are added again": "running",
        "last example counted twice": "last twice",
    }
    for what, which in examples.items():
        flavours: list[Recipe] = [{("examples",): which}]
        if which in ("last out", "first out"):
            flavours.append({("examples",): which, **_ONE_LESS})
        if which in ("first only", "last only"):
            flavours.append({("examples",): which, **_ONE_ROW})
        yield Entry(what, place, what, right, tuple(flavours))
    starts = {"ones": "one", "Theta": "Θ", "eye": "the identity"}
    for start, word in starts.items():
        what = f"accumulators not reset to zero: they start at {word}"
        yield Entry(what, place, what, right, ({("start",): start},))
    yield from _outer_products(net, right)


def _outer_products(net: Network, right: str) -> Iterator[Entry]:
    inputs: dict[str, tuple[str, ...]] = {
        "z instead of a in Δ": ("z",),
        "a of the wrong layer in Δ": ("above", "below"),
        "a missing in Δ": ("ones",),
        "a squared in Δ": ("a²",),
        "g applied twice to a in Δ": ("g(a)",),
    }
    products: dict[str, tuple[str, ...]] = {
        "`*` instead of a matrix product in Δ": ("rows", "columns", "diagonal"),
        "Δ transposed": ("transposed",),
        "sums multiplied instead of products summed in Δ": ("sums", "means"),
        "δ squared in Δ": ("squared δ",),
        "|δ| instead of δ in Δ": ("absolute δ",),
        "sign of Δ": ("minus",),
    }
    bias_columns: dict[str, tuple[str, ...]] = {
        "mean of δ instead of its sum in the bias column of Δ": ("m",),
        "the first input's gradient in the bias column of Δ": ("copied",),
    }
    tables = {"delta_a": inputs, "delta_product": products, "delta_bias": bias_columns}
    for slot, table in tables.items():
        for what, variants in table.items():
            later = what.startswith("z instead of a")  # layer 1 has no z
            for place, layers in _scopes(list(_thetas(net))[later:], "Δ^({l})"):
                if what == "sign of Δ" and len(layers) > 1:
                    continue  # that is the sign of δ
                flavours = tuple(_set(slot, layers, variant) for variant in variants)
                yield Entry(what, place, what, right, flavours)


# --- bias, g and units -------------------------------------------------------------------------


def _biases(net: Network) -> Iterator[Entry]:
    right = "a_0 = 1 in front: z = Θ [1, a]"
    for place, layers in _scopes(_thetas(net), "bias unit of layer {l}"):
        forward, Delta = _each("bias", layers), _each("delta_bias", layers)
        zero = (_merge(forward("zero"), Delta("zero")), forward("zero"))
        yield Entry("bias column zero", place, "a_0 = 0", right, zero)
        yield Entry("bias column of Δ zero", place, "D_0 = 0", right, (Delta("zero"),))
        shifted = _set("back", [l for l in layers if l > 1], "shifted")
        last = (
            _merge(forward("last"), Delta("last")),
            _merge(forward("last"), Delta("last"), shifted),
            forward("last"),
        )
        yield Entry("bias column last", place, "a = [a, 1]", right, last)
        yield Entry("bias column of Δ last", place, "Δ = δ [a, 1]ᵀ", right, (Delta("last"),))
        both = (_merge(forward("last, zero"), Delta("last, zero")),)
        yield Entry("bias column last and zero", place, "a = [a, 0]", right, both)
        twice = (forward("twice"), _merge(forward("twice"), Delta("twice")))
        yield Entry("bias added twice", place, "z = Θ [1, a] + Θ_0", right, twice)
        minus = (forward("subtracted"), _merge(forward("subtracted"), Delta("subtracted")))
        yield Entry("sign of the bias", place, "z = Θ [−1, a]", right, minus)


def _each(slot: str, layers: Iterable[int]) -> Any:
    layers = tuple(layers)
    return lambda variant: _set(slot, layers, variant)


_G = {
    "brackets": "brackets of the sigmoid: 1 + e^(−z) instead of 1/(1 + e^(−z))",
    "tanh": "tanh instead of {g}",
    "softmax": "softmax instead of {g}",
    "logistic": "sigmoid instead of {g}",
    "relu": "ReLU instead of {g}",
    "identity": "activation missing: z instead of {g}(z)",
    "flipped": "sign of z in the sigmoid: 1/(1 + e^z)",
    "minus": "sign in the sigmoid: 1/(1 − e^(−z))",
    "negative exp": "e^(−z) instead of {g}",
    "exp": "e^z instead of {g}",
    "half tanh": "tanh(z/2) instead of {g}",
    "step": "a step instead of {g}",
    "leaky_relu": "leaky ReLU instead of {g}",
    "softplus": "softplus instead of {g}",
    "silu": "SiLU instead of {g}",
    "gelu": "GELU instead of {g}",
    "softmax by columns": "softmax over the examples instead of over the classes",
    "softmax over everything": "softmax over classes and examples together",
}
_OF_SIGMOID = ("brackets", "flipped", "minus", "negative exp", "half tanh", "step")
_OF_OUTPUT = ("exp", "softmax by columns", "softmax over everything")


def _activations(net: Network) -> Iterator[Entry]:
    for variant, what in _G.items():
        for place, layers in _activation_scopes(net):
            names = {_name_of(net, l) for l in layers}
            sigmoid_only = variant in _OF_SIGMOID and names != {"logistic"}
            output_only = variant in _OF_OUTPUT and layers != (net.L,)
            if variant in names or sigmoid_only or output_only:
                continue
            right = "/".join(sorted(names)).replace("logistic", "sigmoid")
            name = what.format(g=right)
            flavours = tuple(_g_flavours(net, layers, variant))
            yield Entry(name, place, name, f"a = {right}(z)", flavours)


def _name_of(net: Network, l: int) -> str:
    return net.loss.output if l == net.L else net.activation(l).name


def _activation_scopes(net: Network) -> Iterator[tuple[str, tuple[int, ...]]]:
    hidden = tuple(_hidden(net))
    if hidden:
        yield "all layers", (*hidden, net.L)
        yield from ((p.replace("all", "all hidden"), s) for p, s in _scopes(hidden, "layer {l}"))
    yield f"layer {net.L}, the output", (net.L,)


def _g_flavours(net: Network, layers: tuple[int, ...], variant: str) -> Iterator[Recipe]:
    """A wrong g may come with the right g′, its own g′, or the right formula in a wrong a."""
    recipe = _set("g", layers, variant)
    yield recipe
    hidden = [l for l in layers if l < net.L]
    if hidden:
        yield _merge(recipe, _set("g_prime", hidden, "own"))
        yield _merge(recipe, _set("g_prime", hidden, "formula of a"))


def _units(net: Network) -> Iterator[Entry]:
    right = "z_i = Σ_j Θ_ij a_j over all j = 0 … s_l"
    for word, variant in (("last", "last out"), ("first", "first out")):
        for place, layers in _scopes(_thetas(net), "layer {l}"):
            forward, Delta = _set("units", layers, variant), _set("delta_units", layers, variant)
            what = f"{word} column dropped: the {word} unit is left out"
            wrong = f"the {word} of the a_j is left out"
            yield Entry(what, place, wrong, right, (_merge(forward, Delta), forward))
            what = f"{word} column of Δ dropped"
            wrong = f"the {word} column of Δ is zero"
            yield Entry(what, place, wrong, right, (Delta,))
            what = f"{word} column dropped from the gradient"
            last = variant if variant == "last out" else "second out"
            yield Entry(what, place, wrong, right, (_set("D_columns", layers, last),))
    yield Entry(
        "sigmoid applied to the inputs", "layer 1", "a^(1) = g(x)", "a^(1) = x",
        ({("inputs",): "sigmoid"},),
    )  # fmt: skip
