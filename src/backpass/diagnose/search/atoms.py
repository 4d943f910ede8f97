"""Mistakes one by one, and several of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..catalogue import is_common
from ..mistakes.entry import Entry, Recipe, Slot, Variant


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


# Slots that move numbers to other places, so that an effect does not stay in its part. How θ is
# read moves none: whatever Θ^(l) is taken for, D^(l) comes back in its own place.
_WITHIN_A_THETA = {"order_out"}
_ACROSS = {"layout_out", "weights_of", "bias_of"}


def reach_of(atom: Atom) -> int:
    """How far a mistake mixes the parts: 0 not at all, 1 within a Θ, 2 across them."""
    slots = atom.recipe.items()
    if any(slot[0] in _ACROSS for slot, _ in slots):
        return 2
    last = any(
        slot[0] in _WITHIN_A_THETA or (slot[0] in ("bias", "delta_bias") and variant[:4] == "last")
        for slot, variant in slots
    )
    return int(last)


_FACTORS = {"mean", "whole_mean", "J_times", "D_sign", "cost_sign", "lam_J", "lam_D", "decay_sign",
            "bias_mean", "bias_whole_mean", "weights_mean", "weights_whole_mean"}  # fmt: skip


def multiplies_alone(atom: Atom) -> bool:
    """Whether all that a mistake does is to multiply with a number."""
    return all(slot[0] in _FACTORS for slot in atom.recipe)


# Switches beside which a factor does not multiply the sum: something is added, or δ is bent.
_ADDING = {"lam", "start", "bias_delta", "weights_delta", "norm", "weights_stands", "bias_stands"}
_BENDING = {"gated", "added", "no brackets", "only g′", "no δ", "nothing", "squared δ",
            "absolute δ", "sigmoid′ of δ", "v(1−v) of δ", "1−v² of δ", "tanh′ of δ"}  # fmt: skip


def resists_factors(atom: Atom) -> bool:
    """Whether a factor that another mistake brings need not multiply what this one makes."""
    return any(
        slot[0] in _ADDING or (isinstance(variant, str) and variant in _BENDING)
        for slot, variant in atom.recipe.items()
    )


def lengthens(atom: Atom) -> bool:
    """Whether a mistake makes the gradient longer: a bias unit of δ that stays to the end."""
    return any(
        slot[0] == "back" and variant.startswith("kept") and "cut" not in variant
        for slot, variant in atom.recipe.items()
    )


_FORWARD = {"order", "layout", "offset", "transposed", "bias", "g", "units", "inputs"}


def is_forward(atom: Atom) -> bool:
    """Whether a mistake changes a^(L), and J with it."""
    return any(slot[0] in _FORWARD for slot in atom.recipe)


def rarity_of(atom: Atom) -> int:
    """How late a mistake is tried: what people do most often comes first."""
    entry = atom.entry
    return (0 if is_common(entry) else 3) + min(entry.flavours.index(atom.recipe), 3)
