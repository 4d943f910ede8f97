"""Mistakes of the mean over the examples, of a factor of 2, and of a sign."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from ...network import Network
from .entry import Entry, Recipe, shared, thetas_of

COMMON = ("sign of", "1/m", "1/2m where", "J added")


@lru_cache(maxsize=1024)
def scale(which: str, m: int, sizes: tuple[int, ...]) -> float:
    """A factor by its name; K is the number of outputs."""
    K = sizes[-1]
    return {
        "1/m": 1 / m,
        "1/2m": 1 / (2 * m),
        "1": 1.0,
        "m": float(m),
        "m/2": m / 2,
        "2": 2.0,
        "1/2": 0.5,
        "2/m": 2 / m,
        "1/m²": 1 / m**2,
        "1/2m²": 1 / (2 * m * m),
        "1/(m−1)": 1 / (m - 1),
        "1/2(m−1)": 1 / (2 * (m - 1)),
        "1/mK": 1 / (m * K),
        "1/K": 1 / K,
        "K/2m": K / (2 * m),
        "K/m": K / m,
        "−1/m": -1 / m,
        "1/s": 1 / sizes[0],
        "1/2s": 1 / (2 * sizes[0]),
    }[which]


TIMES: dict[str, Callable[[int], float]] = {
    "once": lambda m: 1.0,
    "added to itself": lambda m: 2.0,
    "added to itself over −m": lambda m: 1 - 1 / m,
    "added to itself over m": lambda m: 1 + 1 / m,
    "only itself over −m": lambda m: -1 / m,
}

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

# All of m counted one too low, λ's as well.
ONE_LESS: Recipe = {("mean",): "1/(m−1)", ("lam_J",): "1/2(m−1)", ("lam_D",): "1/(m−1)"}


def mistakes(net: Network) -> Iterator[Entry]:
    """Every mistake of means, factors and signs, for this network."""
    yield from _means(net)
    yield from _signs()


def _means(net: Network) -> Iterator[Entry]:
    place, right = "1/m", "J = (1/m) Σ cost(i) + …, D = (1/m) Δ + …"
    whole = {"1": "1", "1/m²": "1/m²", "1/2m": "1/2m", "2/m": "2/m"}
    for what, scale in MEANS.items():
        flavours: list[Recipe] = [shared("mean", scale)]
        if scale in whole:
            flavours.append(shared("whole_mean", scale))
        if scale == "1/(m−1)":
            flavours.append(ONE_LESS)
        yield Entry(what, place, f"Σ·{scale}", right, tuple(flavours))
    for what, scale in (("1/m missing", "1"), ("1/m twice", "1/m²")):
        for l in thetas_of(net) if net.L > 2 else ():
            both: tuple[Recipe, ...] = ({("mean", l): scale}, {("whole_mean", l): scale})
            yield Entry(what, f"D^({l})", f"Δ^({l})·{scale}", right, both)


def _signs() -> Iterator[Entry]:
    yield Entry("sign of J", "J", "−J", "J", (shared("J_times", -1),))
    yield Entry(
        "sign of the cost",
        "the cost term of J",
        "(1/m) Σ y log h + (1 − y) log(1 − h)",
        "−(1/m) Σ y log h + (1 − y) log(1 − h)",
        (shared("cost_sign", -1),),
    )
    yield Entry("sign of the gradient", "D", "−D", "D", (shared("D_sign", -1),))
    yield Entry("J doubled", "J", "2J", "J", (shared("J_times", 2),))
    yield Entry("J halved", "J", "J/2", "J", (shared("J_times", 0.5),))
    times = {
        "J added to itself over −m": ("J += J/−m + …", "added to itself over −m"),
        "J added to itself": ("J += J + …", "added to itself"),
        "J added to itself over m": ("J += J/m + …", "added to itself over m"),
        "J divided by −m a second time": ("J = J/−m + …", "only itself over −m"),
    }
    for what, (wrong, variant) in times.items():
        right = "J += (λ/2m) ΣΘ²"
        yield Entry(what, "J", wrong, right, (shared("cost_times", variant),))
