"""Mistakes of λ and of what it is multiplied with, the weight decay."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from functools import lru_cache, partial

import numpy as np

from ...network import Network
from ..convention import Convention
from .columns import Array
from .entry import Entry, Recipe, in_layers, scopes, shared, thetas_of
from .factors import Factor, factor
from .means import instead, of_lam

COMMON = ("bias regularised", "λ ignored", "λ fixed", "λ not divided", "λ/2m where", "λ/m where",
          "λ term missing")  # fmt: skip


PHI: dict[str, Callable[[float], float]] = {
    "ignored": lambda lam: 0.0,
    "one": lambda lam: 1.0,
    "squared": lambda lam: lam * lam,
    "root": math.sqrt,
}


def without_bias(Theta: Array, which: str) -> Array:
    """The part of Θ that is penalised, when this is what is left out of it."""
    return {
        "first column": Theta[:, 1:],
        "nothing": Theta,
        "last column": Theta[:, :-1],
        "first row": Theta[1:, :],
        "first row and column": Theta[1:, 1:],
        "first two columns": Theta[:, 2:],
        "first and last column": Theta[:, 1:-1],
        "only the bias": Theta[:, :1],
    }[which]


def with_bias_zero(Theta: Array, which: str) -> Array:
    """Θ with zeros where ``without_bias`` leaves out."""
    return np.where(_penalised(Theta.shape, which), Theta, 0.0)


@lru_cache(maxsize=256)
def _penalised(shape: tuple[int, int], which: str) -> Array:
    where = np.zeros(shape, dtype=bool)
    without_bias(where, which)[...] = True  # a view
    return where


PENALTY: dict[str, Callable[[Array], float]] = {
    "squares": lambda P: float((P * P).sum()),
    "absolute": lambda P: float(abs(P).sum()),
    "not squared": lambda P: float(P.sum()),
    "square of the sum": lambda P: float(P.sum() ** 2),
    "cubes": lambda P: float((P**3).sum()),
    "mean": lambda P: float((P * P).sum()) / max(P.size, 1),
    "row sums squared": lambda P: float((P.sum(axis=1) ** 2).sum()),
}

PENALTY_SLOPE: dict[str, Callable[[Array], Array]] = {
    "squares": lambda P: P,
    "absolute": np.sign,
    "not squared": lambda P: (P != 0) * 1.0,
    "square of the sum": lambda P: (P != 0) * P.sum(),
    "cubes": lambda P: P * P,
    "mean": lambda P: P / P[:, 1:].size,
    "row sums squared": lambda P: (P != 0) * P.sum(axis=1, keepdims=True),
}


def mistakes(net: Network, convention: Convention) -> Iterator[Entry]:
    """Every mistake of the λ term, for this network; none where there is no λ."""
    if factor(convention.lam_J).number == 0:
        return
    J, D = of_lam(convention.lam_J), of_lam(convention.lam_J, "2")
    which = "with" if convention.bias_decayed else "without"
    entry = partial(_entry, f"J: {J} ΣΘ², D: {D} Θ, both {which} the bias column")
    yield entry("λ ignored", "no λ term", shared("lam", "ignored"))
    yield entry("λ fixed at 1", "the λ term with λ = 1", shared("lam", "one"))
    yield entry("λ squared", "λ²", shared("lam", "squared"))
    yield entry("root of λ", "√λ", shared("lam", "root"))
    yield from _scales(entry, factor(convention.lam_J))
    yield from _scales_of_one_layer(entry, net, factor(convention.lam_J))
    yield entry("sign of the λ term", "− (λ/…) …", shared("decay_sign", -1))
    yield from _columns(entry, net, convention)
    yield from _forms(entry)


def _entry(right: str, what: str, wrong: str, *flavours: Recipe, at: str = "the λ term") -> Entry:
    return Entry(what, at, wrong, right, flavours)


# Where λ is divided by m: what its factor in J, λ/2m in the notes, is multiplied with.
_IN_J = {
    "2": "",
    "m": "λ not divided by m",
    "2m": "",
    "1/m": "λ divided by m twice",
    "2/m": "λ divided by m twice",
    "m²": "",
    "4": "",
    "1/2": "",
    "m/s": "λ divided by the number of inputs instead of m",
    "K": "λ term added once for each class",
}
_IN_J_OF_THE_NOTES = {
    "2m": "λ divided by neither 2 nor m",
    "m²": "λ/2·m where λ/(2m) is right: brackets missing",
    "4": "λ not halved: 2λ/m",
}
# And its factor in D, λ/m in the notes.
_IN_D = {
    "1/2": "",
    "m": "λ not divided by m",
    "m/2": "",
    "1/m": "λ divided by m twice",
    "2": "",
    "m/s": "λ divided by the number of inputs instead of m",
    "m²": "λ times m",
}
# Where it is not: the same in both.
_UNDIVIDED = {
    "2": "",
    "1/2": "",
    "4": "",
    "1/4": "",
    "1/m": "",
    "1/2m": "",
    "2/m": "",
    "m": "λ times m",
    "K": "λ term added once for each class",
}


def _scales(entry: Callable[..., Entry], lam_J: Factor) -> Iterator[Entry]:
    in_J = _IN_J | _IN_J_OF_THE_NOTES if lam_J == factor("1/2m") else _IN_J
    for slot, right, known in (("lam_J", lam_J, in_J), ("lam_D", lam_J * factor("2"), _IN_D)):
        which, of = ("J", "ΣΘ²") if slot == "lam_J" else ("D", "Θ")
        named: dict[str, list[str]] = {}
        for ratio, what in (known if lam_J.of_m < 0 else _UNDIVIDED).items():
            named.setdefault(what or instead(right, ratio, "λ"), []).append(ratio)
        for what, ratios in named.items():
            wrong = f"{which}: λ·{(right * factor(ratios[0])).times()}·{of}"
            recipes = [shared(slot, ratio) for ratio in ratios]
            yield entry(what, wrong, *recipes, at=f"the λ term of {which}")


def _scales_of_one_layer(
    entry: Callable[..., Entry], net: Network, lam_J: Factor
) -> Iterator[Entry]:
    right = lam_J * factor("2")
    named = {ratio: instead(right, ratio, "λ") for ratio in ("2", "1/2", "1/m")}
    named["m"] = "λ not divided by m" if lam_J.of_m < 0 else "λ times m"
    for l in thetas_of(net) if net.L > 2 else ():
        at = f"λ term of Θ^({l})"
        for ratio, what in named.items():
            wrong = f"D^({l}): λ·{(right * factor(ratio)).times()}·Θ^({l})"
            yield entry(what, wrong, {("lam_D", l): ratio}, at=at)
        yield entry("sign of the λ term", "− (λ/…) …", {("decay_sign", l): -1}, at=at)


def _columns(entry: Callable[..., Entry], net: Network, convention: Convention) -> Iterator[Entry]:
    columns = {
        "bias regularised": "nothing",
        "last column left out of the λ term instead of the bias column": "last column",
        "first row left out of the λ term instead of the bias column": "first row",
        "first row left out of the λ term as well as the bias column": "first row and column",
        "first weight column left out of the λ term as well": "first two columns",
        "last column left out of the λ term as well as the bias column": "first and last column",
        "only the bias regularised": "only the bias",
    }
    if convention.bias_decayed:
        columns = {"bias not regularised": "first column", **columns}
        del columns["bias regularised"]
    for what, left_out in columns.items():
        for where, layers in scopes(thetas_of(net), "λ term of Θ^({l})"):
            wrong = f"left out of the λ term: {left_out}"
            yield entry(what, wrong, in_layers("decay_bias", layers, left_out), at=where)
    for l, k in itertools.permutations(thetas_of(net), 2):
        if net.shapes[l - 1] == net.shapes[k - 1]:
            what = f"Θ^({k}) in the λ term of D^({l})"
            recipe = {("decay_of", l): k}
            yield entry(what, f"D^({l}): λ Θ^({k})", recipe, at=f"λ term of Θ^({l})")
    for l in thetas_of(net):
        where = f"λ term of Θ^({l})"
        if convention.decayed is None or l in convention.decayed:
            what, wrong, variant = "λ term missing for one layer", "no λ term for this Θ", "missing"
        else:
            what, wrong, variant = "λ term where J has none", "a λ term for this Θ", "added"
        yield entry(what, wrong, {("decay", l): variant}, at=where)


def _forms(entry: Callable[..., Entry]) -> Iterator[Entry]:
    forms = {
        "absolute": "|Θ| instead of Θ² in the λ term",
        "not squared": "Θ not squared in the λ term",
        "square of the sum": "(ΣΘ)² instead of ΣΘ²",
        "cubes": "Θ³ instead of Θ² in the λ term",
        "mean": "mean of Θ² instead of its sum",
        "row sums squared": "rows of Θ summed before they are squared",
    }
    for form, what in forms.items():
        yield entry(what, what, shared("penalty", form))
    yield entry("root of ΣΘ² instead of ΣΘ²", "√ΣΘ²", shared("norm", True))
