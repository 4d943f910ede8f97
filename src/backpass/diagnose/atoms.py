"""Mistakes one by one, and several of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .catalogue import is_common
from .mistakes.entry import Entry, Recipe, Slot, Variant


@dataclass(frozen=True, eq=False)
class Atom:
    """One flavour of one mistake."""

    entry: Entry
    recipe: Recipe


Atoms = tuple[Atom, ...]


def together(atoms: Sequence[Atom]) -> Recipe | None:
    """One recipe of several atoms; None where they cannot go together.

    Two of them must not set one switch differently; and two wrong means, two wrong factors of 2,
    or two factors on one part of the gradient would be an odd way to say a third thing.
    """
    scaled = [what for atom in atoms for what in atom.entry.scales]
    if len(set(scaled)) < len(scaled):
        return None
    recipe: dict[Slot, Variant] = {}
    for atom in atoms:
        for slot, variant in atom.recipe.items():
            if slot in recipe:
                return None
            recipe[slot] = variant
    return recipe


def recipe_of(atoms: Atoms) -> Recipe:
    """One recipe of atoms that are known to go together."""
    return together(atoms) or {}


# Slots that move numbers to other places, so that an effect does not stay in its part.
_MOVING = {
    "order",
    "order_out",
    "layout",
    "layout_out",
    "offset",
    "transposed",
    "weights_of",
    "bias_of",
}


def reach_of(atom: Atom) -> int:
    """How far a mistake mixes the parts: 0 not at all, 1 within a Θ, 2 across them."""
    slots = atom.recipe.items()
    if any(slot[0] in _MOVING for slot, _ in slots):
        return 2
    last = any(
        slot[0] in ("bias", "delta_bias") and variant[:4] == "last" for slot, variant in slots
    )
    return int(last)


def lengthens(atom: Atom) -> bool:
    """Whether a mistake makes the gradient longer: a bias unit of δ that stays to the end."""
    return any(
        slot[0] == "back" and variant.startswith("kept") and "cut" not in variant
        for slot, variant in atom.recipe.items()
    )


def rarity_of(atom: Atom) -> int:
    """How late a mistake is tried: what people do most often comes first."""
    entry = atom.entry
    return (0 if is_common(entry) else 3) + min(entry.flavours.index(atom.recipe), 3)
