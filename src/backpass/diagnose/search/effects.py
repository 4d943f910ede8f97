"""What mistakes make of a probe; each is computed once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from ..catalogue import catalogue
from ..family import ONLY_D, ONLY_J, Family, parts_of
from ..mistakes.entry import Entry, Recipe
from ..probes import Probe, halved
from .atoms import Atom, Atoms, multiplies_alone


def evaluate(family: Family, which: str, recipe: Recipe) -> np.ndarray:
    """J's or D's two parts under a recipe; all NaN where not every number is finite."""
    value = family.J(recipe) if which == "J" else family.D(recipe)
    return value if np.isfinite(value).all() else np.full_like(value, np.nan)


def right_value(probe: Probe, which: str) -> np.ndarray:
    """The right J's or gradient's two parts on a probe."""
    return evaluate(family_of(probe), which, {})


def spoils_J(probe: Probe, atom: Atom) -> bool:
    """Whether a mistake makes J infinite or NaN."""
    return bool(np.isnan(effect_of(probe, "J", atom)).any())


@lru_cache(maxsize=64)
def family_of(probe: Probe) -> Family:
    return Family(probe)


@lru_cache(maxsize=64)
def _atoms(probe: Probe) -> Atoms:
    entries = catalogue(probe.net, probe.convention, probe.rate is not None)
    return tuple(Atom(entry, flavour) for entry in entries for flavour in entry.flavours)


@lru_cache(maxsize=256)
def effects_of(probe: Probe, which: str) -> tuple[np.ndarray, Atoms, tuple[np.ndarray, ...]]:
    """The right value, the atoms that change it, and what each makes of it alone."""
    right = right_value(probe, which)
    atoms, values = [], []
    seen: dict[Entry, list[np.ndarray]] = {}
    silent = ONLY_D if which == "J" else ONLY_J
    for atom in _atoms(probe):
        if all(slot[0] in silent for slot in atom.recipe):
            continue
        value = effect_of(probe, which, atom)
        # J cannot tell some flavours apart; the gradient could, beside another mistake.
        known = [right, *(seen.get(atom.entry, []) if which == "J" else [])]
        if not any(_same(value, other) for other in known):
            atoms.append(atom)
            values.append(value)
            seen.setdefault(atom.entry, []).append(value)
    return right, tuple(atoms), tuple(values)


@lru_cache(maxsize=20_000)
def effect_of(probe: Probe, which: str, atom: Atom) -> np.ndarray:
    """What one atom alone makes of a probe."""
    return evaluate(family_of(probe), which, atom.recipe)


@lru_cache(maxsize=256)
def multipliers(probe: Probe, which: str) -> dict[Atom, np.ndarray]:
    """What atoms multiply each number with, part by part; NaN where they do something else."""
    right, atoms, values = effects_of(probe, which)
    other = halved(probe)
    found = {}
    for atom, factors in zip(atoms, _factors(values, right, _parts(probe, which))):
        if np.isnan(factors).all():
            continue
        if not multiplies_alone(atom):  # what multiplies by chance does so with one θ alone
            again = _factors([effect_of(other, which, atom)], right_value(other, which),
                             _parts(other, which))[0]  # fmt: skip
            factors = np.where(np.isclose(factors, again, rtol=1e-9, atol=0), factors, np.nan)
        found[atom] = factors
    return found


def _parts(probe: Probe, which: str) -> list[np.ndarray]:
    if which == "J":
        return [np.array([0]), np.array([1])]
    return list(parts_of(probe.net).values())


def _factors(
    values: Sequence[np.ndarray], right: np.ndarray, parts: Sequence[np.ndarray]
) -> np.ndarray:
    """By which factor values differ from right, part by part; (values, numbers)."""
    rows = [value if value.shape == right.shape else right * np.nan for value in values]
    table = np.array(rows).reshape(len(rows), right.size)
    factors = np.full(table.shape, np.nan)
    for where in parts:
        square = float(right[where] @ right[where])
        ratio = table[:, where] @ right[where] / (square or 1.0)
        # Nothing is there without λ; and what is equal up to rounding is one factor.
        ratio = np.round(ratio, 12) if square else np.ones(len(rows))
        multiples = ratio[:, None] * right[where]
        same = (abs(table[:, where] - multiples) <= 1e-13 + 1e-12 * abs(multiples)).all(axis=1)
        factors[:, where] = np.where(same & (ratio != 0), ratio, np.nan)[:, None]
    return factors


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two values are equal, or both can't be carried out."""
    if a.shape != b.shape:
        return False
    if np.isnan(a).any() or np.isnan(b).any():
        return bool(np.isnan(a).all() and np.isnan(b).all())
    return bool((abs(a - b) <= 1e-13 + 1e-12 * abs(b)).all())
