"""Mistakes of the mean over the examples, of a factor of 2, and of a sign.

A variant is the ratio to the right factor, so that one switch serves means and sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...network import Network
from ..convention import Convention
from .entry import Entry, Recipe, Slot, in_layers, scopes, shared, thetas_of
from .factors import Factor, factor, scale

__all__ = ["FACTORS_OF_2", "MEANS", "TIMES", "mistakes", "one_less", "one_row", "scale"]

COMMON = ("sign of", "1/m", "1/2m where", "J added")

TIMES: dict[str, Callable[[int], float]] = {
    "once": lambda m: 1.0,
    "added to itself": lambda m: 2.0,
    "added to itself over −m": lambda m: 1 - 1 / m,
    "added to itself over m": lambda m: 1 + 1 / m,
    "only itself over −m": lambda m: -1 / m,
}

# What a mean over the examples is multiplied with, and how that is called.
MEANS = {
    "m": "1/m missing",
    "1/m": "1/m twice",
    "1/2": "",
    "2": "",
    "m/(m−1)": "m − 1 instead of m",
    "1/K": "divided by m and by K",
    "m/K": "divided by K instead of m",
    "m/s": "divided by the number of inputs instead of m",
}

# The same for a sum over the examples, and for a mean over the examples and the outputs.
SUMS = {
    "1/m": "divided by m although J is a sum over the examples",
    "m": "multiplied by m although J is a sum over the examples",
    "1/2": "",
    "2": "",
    "1/K": "divided by K",
}
OVER_OUTPUTS = {"K": "1/K missing", "1/K": "1/K twice", "mK": "1/mK missing"}

FACTORS_OF_2 = ("δ doubled", "δ halved", "J doubled", "J halved", "J added to itself")


def one_less(convention: Convention) -> Recipe:
    """All of m counted one too low, λ's as well."""
    return _wherever_m_divides(convention, "m/(m−1)")


def one_row(convention: Convention) -> Recipe:
    """All of m taken for 1."""
    return _wherever_m_divides(convention, "m")


def _wherever_m_divides(convention: Convention, ratio: str) -> Recipe:
    recipe: dict[Slot, str] = {}
    if factor(convention.mean).of_m < 0:
        recipe["mean",] = ratio
    if factor(convention.lam_J).of_m < 0:
        recipe["lam_J",] = recipe["lam_D",] = ratio
    return recipe


def mistakes(net: Network, convention: Convention) -> Iterator[Entry]:
    """Every mistake of means, factors and signs, for this network."""
    yield from _means(net, convention)
    yield from _signs(net, convention)
    yield from _of_parts(net, factor(convention.mean))
    if convention.bias:  # without them it is the gradient of all weights
        what = "the gradient is zero everywhere: nothing of J's derivative reaches the weights"
        right = "δ^(l) from δ^(l+1), l = L − 1 … 2: in the reverse order of the way there"
        nothing = in_layers("whole_mean", thetas_of(net), "0")
        yield Entry(what, "all layers", "D = 0", right, (nothing,))


def _means(net: Network, convention: Convention) -> Iterator[Entry]:
    mean = factor(convention.mean)
    right = f"J = {_written(mean, 'Σ cost(i)')} + …, D = {_written(mean, 'Δ')} + …"
    ratios = ratios_of(mean)
    for ratio, what in ratios.items():
        flavours: list[Recipe] = [shared("mean", ratio)]
        if ratio in ("m", "1/m", "1/2", "2"):
            flavours.append(shared("whole_mean", ratio))
        if ratio == "m/(m−1)":
            flavours.append(one_less(convention))
        wrong = f"Σ·{(mean * factor(ratio)).times()}"
        yield Entry(what, "1/m", wrong, right, tuple(flavours), scales=_scales(ratio))
    for ratio in ("m", "1/m") if net.L > 2 else ():
        for l in thetas_of(net):
            both: tuple[Recipe, ...] = ({("mean", l): ratio}, {("whole_mean", l): ratio})
            wrong = f"Δ^({l})·{(mean * factor(ratio)).times()}"
            scaled = _scales(ratio) | {f"bias {l}", f"weights {l}"}
            yield Entry(ratios[ratio], f"D^({l})", wrong, right, both, scales=scaled)


def _written(mean: Factor, what: str) -> str:
    return what if mean == Factor() else f"({mean.times()}) {what}"


def _scales(ratio: str) -> frozenset[str]:
    return frozenset(("mean", "2") if ratio in ("1/2", "2") else ("mean",))


def ratios_of(mean: Factor) -> dict[str, str]:
    """What the right factor may be multiplied with, and how that is called."""
    names = dict(MEANS if mean.of_m < 0 else SUMS)
    if mean.of_outputs < 0:
        names.pop("m/K", None)
        names |= OVER_OUTPUTS
    return {ratio: what or instead(mean, ratio) for ratio, what in names.items()}


# A constant factor on one layer's gradient, or on a part of it, in words.
_PART_RATIOS = {
    "2": "twice what it should be",
    "1/2": "half of what it should be",
    "3": "3 times what it should be",
    "4": "4 times what it should be",
    "1/4": "a quarter of what it should be",
    "K": "K times what it should be",
    "1/K": "divided by K",
    "−1": "sign of the gradient",
    "0": "the gradient is zero",
}


def _of_parts(net: Network, mean: Factor) -> Iterator[Entry]:
    """A factor on one Θ's gradient, on its weights or its bias alone, or on all of either."""
    right = f"D = {_written(mean, 'Δ')} + …"
    ratios = ratios_of(mean)
    of_m = {ratio: ratios[ratio] for ratio in ("m", "1/m")}
    for part, layers, place in _parts_of(net):
        whole = part == "whole"
        for ratio, what in (_PART_RATIOS if whole else of_m | _PART_RATIOS).items():
            if part == "bias" and ratio in ("1/m", "0"):
                continue  # a mean of δ, and a bias column of zeros, have names of their own
            slots = ("mean", "whole_mean") if whole else (f"{part}_mean", f"{part}_whole_mean")
            flavours = tuple(in_layers(slot, layers, ratio) for slot in slots)
            name = (
                what if ratio in of_m or ratio in ("−1", "0") else f"{what}: {instead(mean, ratio)}"
            )
            wrong = f"Δ·{(mean * factor(ratio)).times()}"
            scaled = frozenset(f"{each} {l}" for each in halves_of(part) for l in layers)
            yield Entry(name, place, wrong, right, flavours, scales=scaled)


def halves_of(part: str) -> tuple[str, ...]:
    """The halves of a Θ that a part of it has."""
    return ("bias", "weights") if part == "whole" else (part,)


def _parts_of(net: Network) -> Iterator[tuple[str, tuple[int, ...], str]]:
    layers = tuple(thetas_of(net))
    for l in layers if net.L > 2 else ():
        yield "whole", (l,), f"D^({l})"
    for part, name in (("weights", "weights of D^({l})"), ("bias", "bias column of D^({l})")):
        for place, which in scopes(layers, name):
            yield (
                part,
                which,
                place if len(which) == 1 else name.replace("^({l})", "") + ", all layers",
            )


def instead(right: Factor, ratio: str, what: str = "") -> str:
    """Which factor stands there, and which is right."""
    return f"{(right * factor(ratio)).times(what)} where {right.times(what)} is right"


def _signs(net: Network, convention: Convention) -> Iterator[Entry]:
    yield Entry("sign of J", "J", "−J", "J", (shared("J_times", -1),))
    cost = "Σ y log h + (1 − y) log(1 − h)" if net.loss.name == "binary_log_loss" else "Σ cost(i)"
    data = _written(factor(convention.mean), cost)
    wrong, right = (data, f"−{data}") if "log" in cost else (f"−{data}", data)
    recipe = shared("cost_sign", -1)
    yield Entry("sign of the cost", "the cost term of J", wrong, right, (recipe,))
    yield Entry("sign of the gradient", "D", "−D", "D", (shared("D_sign", -1),))
    for what, wrong, number in (("J doubled", "2J", 2), ("J halved", "J/2", 0.5)):
        yield Entry(what, "J", wrong, "J", (shared("J_times", number),), scales=scales_of(what))
    times = {
        "J added to itself over −m": ("J += J/−m + …", "added to itself over −m"),
        "J added to itself": ("J += J + …", "added to itself"),
        "J added to itself over m": ("J += J/m + …", "added to itself over m"),
        "J divided by −m a second time": ("J = J/−m + …", "only itself over −m"),
    }
    has_lam = factor(convention.lam_J).number != 0
    right = f"J += {of_lam(convention.lam_J)} ΣΘ²" if has_lam else f"J = {right}, once"
    for what, (wrong, variant) in times.items():
        recipe = shared("cost_times", variant)
        yield Entry(what, "J", wrong, right, (recipe,), scales=scales_of(what))


def scales_of(what: str) -> frozenset[str]:
    """Whether a mistake beside the means is a factor of 2."""
    return frozenset("2" if what in FACTORS_OF_2 else "")


def of_lam(name: str, times: str = "1") -> str:
    """λ with what it is multiplied with: (λ/2m), λ, 2λ."""
    written = (factor(name) * factor(times)).times("λ")
    return f"({written})" if "/" in written else written
