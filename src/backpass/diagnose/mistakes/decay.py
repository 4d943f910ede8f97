"""Mistakes of λ and of what it is multiplied with, the weight decay."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np

from ...network import Network
from .columns import Array
from .entry import Entry, Recipe, in_layers, scopes, shared, thetas_of

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
    "mean": lambda P: float((P * P).mean()),
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


def mistakes(net: Network) -> Iterator[Entry]:
    """Every mistake of the λ term, for this network."""
    yield _entry("λ ignored", "no λ term", shared("lam", "ignored"))
    yield _entry("λ fixed at 1", "the λ term with λ = 1", shared("lam", "one"))
    yield _entry("λ squared", "λ²", shared("lam", "squared"))
    yield _entry("root of λ", "√λ", shared("lam", "root"))
    yield from _scales()
    yield _entry("sign of the λ term", "− (λ/…) …", shared("decay_sign", -1))
    yield from _columns(net)
    yield from _forms()


def _entry(what: str, wrong: str, *flavours: Recipe, at: str = "the λ term") -> Entry:
    right = "J: (λ/2m) ΣΘ², D: (λ/m) Θ, both without the bias column"
    return Entry(what, at, wrong, right, flavours)


def _scales() -> Iterator[Entry]:
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
        yield _entry(what, wrong, *[shared("lam_J", s) for s in scales], at="the λ term of J")
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
        yield _entry(what, wrong, *[shared("lam_D", s) for s in scales], at="the λ term of D")


def _columns(net: Network) -> Iterator[Entry]:
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
        for where, layers in scopes(thetas_of(net), "λ term of Θ^({l})"):
            wrong = f"left out of the λ term: {left_out}"
            yield _entry(what, wrong, in_layers("decay_bias", layers, left_out), at=where)
    for where, layers in scopes(thetas_of(net), "λ term of Θ^({l})"):
        if len(layers) == 1:
            recipe = in_layers("decay", layers, "missing")
            yield _entry("λ term missing for one layer", "no λ term for this Θ", recipe, at=where)


def _forms() -> Iterator[Entry]:
    forms = {
        "absolute": "|Θ| instead of Θ² in the λ term",
        "not squared": "Θ not squared in the λ term",
        "square of the sum": "(ΣΘ)² instead of ΣΘ²",
        "cubes": "Θ³ instead of Θ² in the λ term",
        "mean": "mean of Θ² instead of its sum",
        "row sums squared": "rows of Θ summed before they are squared",
    }
    for form, what in forms.items():
        yield _entry(what, what, shared("penalty", form))
    yield _entry("root of ΣΘ² instead of ΣΘ²", "√ΣΘ²", shared("norm", True))
