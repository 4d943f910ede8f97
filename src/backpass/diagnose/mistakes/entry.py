"""One mistake of the catalogue: its name, its place, and the recipes that make it.

A *recipe* says which switches of the algorithm are not in their right position: a dictionary from a
slot to a variant, where a slot is a tuple such as ("g_prime", 2), the 2 being the notes' layer. The
empty recipe is the right algorithm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...network import Network

Slot = tuple[str] | tuple[str, int]
Variant = Any  # a name, a number or an order of layers: every slot has its own kind
Recipe = Mapping[Slot, Variant]


@dataclass(frozen=True, eq=False)
class Entry:
    """One mistake of the catalogue. ``right`` and ``wrong`` are formulas in the notes' symbols."""

    what: str
    place: str
    wrong: str
    right: str
    flavours: tuple[Recipe, ...]
    convention: str = ""  # "order": of θ, for J and the gradient alike; "harmless": of the cost
    scales: frozenset[str] = frozenset()  # what it multiplies: two of one thing are a third one

    @property
    def key(self) -> tuple[str, str]:
        """What makes two entries the same mistake."""
        return self.what, self.place


def scopes(layers: Iterable[int], name: str) -> list[tuple[str, tuple[int, ...]]]:
    """Every layer on its own, and all of them together: (place, layers)."""
    layers = tuple(layers)
    single: list[tuple[str, tuple[int, ...]]] = [(f"{name.format(l=l)}", (l,)) for l in layers]
    if len(layers) < 2:
        return single
    return [("all layers", layers), *single]


def shared(slot: str, variant: Variant) -> Recipe:
    """A variant of a switch that all layers share."""
    return {(slot,): variant}


def in_layers(slot: str, layers: Iterable[int], variant: Variant) -> Recipe:
    """The same variant in each of these layers."""
    return {(slot, l): variant for l in layers}


def merged(*recipes: Recipe) -> Recipe:
    """One recipe of several that set different slots."""
    return {slot: variant for recipe in recipes for slot, variant in recipe.items()}


def thetas_of(net: Network) -> range:
    """The layers l of Θ^(l)."""
    return range(1, net.L)


def hidden_of(net: Network) -> range:
    """The hidden layers."""
    return range(2, net.L)
