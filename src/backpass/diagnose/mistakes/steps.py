"""Mistakes of a training step, from whose weights D is read off: D = (Θ − Θ′)/α."""

from __future__ import annotations

from collections.abc import Iterator

from ...network import Network
from .entry import Entry, Recipe, hidden_of, in_layers, merged, scopes, thetas_of
from .means import halves_of

COMMON = ("Θ^(l) updated", "the rate is missing")

RIGHT = "Θ^(l) := Θ^(l) − α D^(l), after every δ is known"


def mistakes(net: Network) -> Iterator[Entry]:
    """Every mistake of a step, for this network."""
    for place, layers in scopes(hidden_of(net), "δ^({l}), layer {l}"):
        wrong = "δ^(l) = (Θ^(l) − α D^(l))ᵀδ^(l+1) ⊙ g′(z^(l))"
        what = "Θ^(l) updated before δ^(l) is taken through it"
        yield Entry(what, place, wrong, RIGHT, (in_layers("back_theta", layers, "updated"),))
    for part, place, layers in _parts(net):
        for what, wrong, ratio in (
            ("the rate is missing", "Θ^(l) − D^(l)", "1/α"),
            ("the rate is there twice", "Θ^(l) − α² D^(l)", "α"),
        ):
            slots = [f"{half}_whole_mean" for half in halves_of(part)]
            recipe = merged(*(in_layers(slot, layers, ratio) for slot in slots))
            scaled = frozenset(f"{half} {l}" for half in halves_of(part) for l in layers)
            yield Entry(what, place, wrong, RIGHT, (recipe,), scales=scaled)
        if len(layers) == 1:
            stands = [in_layers(f"{half}_stands", layers, "D for Θ") for half in halves_of(part)]
            what = f"D^({layers[0]}) returned for the new Θ^({layers[0]})"
            yield Entry(what, place, "Θ^(l) := D^(l)", RIGHT, (merged(*stands),))


def _parts(net: Network) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Whole gradients, weights alone and biases alone: (part, place, layers)."""
    names = {"whole": "D^({l})", "weights": "weights of D^({l})", "bias": "bias column of D^({l})"}
    for part, name in names.items():
        for place, layers in scopes(thetas_of(net), name):
            yield part, place if len(layers) == 1 else name.replace("^({l})", ""), layers


def returned_weights(net: Network) -> Iterator[Entry]:
    """Θ^(l) where its gradient belongs."""
    for part, place, layers in _parts(net):
        for l in layers if len(layers) == 1 else ():
            recipe: Recipe = merged(
                *(in_layers(f"{half}_stands", [l], "Θ") for half in halves_of(part))
            )
            half = {"whole": "", "weights": "the weights of ", "bias": "the bias column of "}[part]
            what = f"{half}Θ^({l}) returned for {half}D^({l})"
            yield Entry(what, place, what, f"D^({l}) for Θ^({l})", (recipe,))
