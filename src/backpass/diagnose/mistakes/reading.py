"""Mistakes of reading θ into Θ^(1), Θ^(2), … and of writing D back."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from ...network import Network
from ..convention import Convention
from .entry import Entry, Recipe, Variant, in_layers, merged, scopes, shared, thetas_of

COMMON = ("C order", "gradient unrolled in C order", "Θs swapped", "gradient's blocks",
          "slices of θ off: one")  # fmt: skip


def start_of(which: Variant, start: int, net: Network, l: int) -> int:
    """Where the slice of Θ^(l) starts, when it is cut at the wrong place."""
    if which is None:
        return start
    if which == "zero":
        return 0
    if which == "no bias":  # s_{l+1}·s_l where s_{l+1}·(s_l + 1) is right
        return sum(rows * (columns - 1) for rows, columns in net.shapes[: l - 1])
    if which == "from the end":
        rows, columns = net.shapes[l - 1]
        return net.n_parameters - rows * columns
    return start + which


def mistakes(net: Network, convention: Convention) -> Iterator[Entry]:
    """Every mistake of reading and of writing, for this network."""
    yield from _reading(net)
    yield from _writing(net)


def _reading(net: Network) -> Iterator[Entry]:
    right = "Θ^(l) = reshape(θ[…], (s_{l+1}, s_l + 1), order='F')"
    yield Entry(
        "C order instead of F order, read and written",
        "all layers",
        "Θ^(l) = reshape(θ[…], …, order='C') and D unrolled with order='C'",
        right,
        (_in_C_order(thetas_of(net)),),
        convention="order",
    )
    for place, layers in scopes(thetas_of(net), "Θ^({l})"):
        mixed = len(layers) < net.L - 1
        name = "C order reshape" + (" (mixed orders)" if mixed else " of θ instead of F order")
        wrong = "Θ^(l) = reshape(θ[…], …), which is order='C'"
        yield Entry(name, place, wrong, right, (in_layers("order", layers, "C"),))
        if mixed:
            both = _in_C_order(layers)
            wrong += ", and D^(l) unrolled likewise"
            yield Entry("C order, read and written (mixed orders)", place, wrong, right, (both,))
    yield from _layouts(net, "layout", "Θs swapped: their blocks are taken from θ in another order")
    yield from _slices(net)
    square = [l for l in thetas_of(net) if net.shapes[l - 1][0] == net.shapes[l - 1][1] - 1]
    for place, layers in scopes(square, "Θ^({l})"):
        yield Entry(
            "Θ transposed", place, "z = Θᵀa", "z = Θa", (in_layers("transposed", layers, True),)
        )


def _in_C_order(layers: Iterable[int]) -> Recipe:
    """Read in C order, and written likewise."""
    return merged(in_layers("order", layers, "C"), in_layers("order_out", layers, "C"))


def _layouts(net: Network, slot: str, what: str) -> Iterator[Entry]:
    right = tuple(thetas_of(net))
    swaps = {right[::-1]}
    for l in range(1, net.L - 1):
        swapped = list(right)
        swapped[l - 1], swapped[l] = swapped[l], swapped[l - 1]
        swaps.add(tuple(swapped))
    for layout in sorted(swaps - {right}):
        place = ", ".join(f"Θ^({l})" for l in layout)
        yield Entry(what, "all layers", f"[{place}]", "[Θ^(1), Θ^(2), …]", (shared(slot, layout),))


def _slices(net: Network) -> Iterator[Entry]:
    offsets: dict[str, Variant] = {
        "one too early": -1,
        "one too late": 1,
        "at the start of θ": "zero",
        "s_{l+1}·s_l counted without the bias": "no bias",
        "at the end of θ": "from the end",
    }
    right = "Θ^(l) starts after s_2·(s_1 + 1) + … numbers"
    for words, offset in offsets.items():
        later = [("all after Θ^(1)", tuple(thetas_of(net))[1:])] if net.L > 3 else []
        for place, layers in [*scopes(thetas_of(net), "Θ^({l})"), *later]:
            wrong = f"Θ^(l) starts {words}"
            recipe = in_layers("offset", layers, offset)
            yield Entry("slices of θ off: " + words, place, wrong, right, (recipe,))


def _writing(net: Network) -> Iterator[Entry]:
    right = "D^(l).ravel(order='F')"
    for place, layers in scopes(thetas_of(net), "D^({l})"):
        wrong = "D^(l).ravel(), which is order='C'"
        recipe = in_layers("order_out", layers, "C")
        yield Entry("gradient unrolled in C order", place, wrong, right, (recipe,))
    yield from _layouts(net, "layout_out", "gradient's blocks swapped")
    yield from _exchanged(net)


def _exchanged(net: Network) -> Iterator[Entry]:
    """A gradient in another's place, which fits where both have one shape."""
    for l, k in itertools.permutations(thetas_of(net), 2):
        if net.shapes[l - 1] != net.shapes[k - 1]:
            continue
        for part, name in (("weights", "the weights of "), ("bias", "the bias column of ")):
            copied: Recipe = {(f"{part}_of", l): k}
            what = f"{name}D^({k}) returned for D^({l})"
            yield Entry(what, f"D^({l})", what, f"D^({l}) for Θ^({l})", (copied,))
            if l < k:
                swap: Recipe = {(f"{part}_of", l): k, (f"{part}_of", k): l}
                what = f"{name}D^({l}) and D^({k}) exchanged"
                yield Entry(what, "all layers", what, "D^(l) for Θ^(l)", (swap,))
        whole: Recipe = {("weights_of", l): k, ("bias_of", l): k}
        what = f"D^({k}) returned for D^({l})"
        yield Entry(what, f"D^({l})", what, f"D^({l}) for Θ^({l})", (whole,))
