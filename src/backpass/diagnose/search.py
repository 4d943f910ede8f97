"""Finds the smallest sets of mistakes that reproduce what came back, on every probe.

The answer of a function is split into parts (which Θ, bias column or weights, with λ or without).
Each mistake on its own leaves some parts as they are and changes others. A set of two can only be
right if every part that just one of them changes looks as that one alone would make it; this test
needs no evaluation and leaves few sets to try. The part that grows with λ is explained first: it
shows how θ is read and written, whatever happened in between.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from .catalogue import catalogue, is_common
from .family import ONLY_D, ONLY_J, Family, parts_of
from .mistakes.entry import Entry, Recipe, Slot, Variant
from .mistakes.means import FACTORS_OF_2, MEANS
from .probes import Probe, halved

MOST = {"J": 6000, "D": 4000}  # sets that one search evaluates at most
MOST_BASES = 6


@dataclass(frozen=True, eq=False)
class Atom:
    """One flavour of one mistake."""

    entry: Entry
    recipe: Recipe


Atoms = tuple[Atom, ...]


@dataclass(frozen=True, eq=False)
class Target:
    """What came back for J or for D on every probe, as two parts: without and with λ."""

    which: str
    probes: tuple[Probe, ...]
    values: tuple[np.ndarray, ...]
    tolerance: float
    witnesses: tuple[tuple[Probe, np.ndarray], ...] = ()  # degenerate probes, for evidence alone

    def agrees(self, values: np.ndarray, i: int, where: np.ndarray | slice = slice(None)) -> bool:
        """Whether values are what came back on probe i."""
        target = self.values[i]
        if values.shape != target.shape:
            return False
        close = abs(values[where] - target[where]) <= self.tolerance * self.scale(i)
        return bool(close.all())  # NaN agrees with nothing

    def agrees_from(self, start: int, values: np.ndarray) -> bool:
        """Whether the numbers that begin at a position of the first probe are these."""
        seen = self.values[0][start : start + values.size]
        return bool((abs(values - seen) <= self.tolerance * self.scale(0)).all())

    def scale(self, i: int) -> float:
        """The size of the numbers that are compared on probe i."""
        return self._scales[i]

    @cached_property
    def _scales(self) -> list[float]:
        return [max(float(abs(values).max()), 1e-3) for values in self.values]


@lru_cache(maxsize=64)
def _family(probe: Probe) -> Family:
    return Family(probe)


@lru_cache(maxsize=64)
def _atoms(probe: Probe) -> Atoms:
    return tuple(Atom(e, flavour) for e in catalogue(probe.net) for flavour in e.flavours)


@lru_cache(maxsize=256)
def _single(probe: Probe, which: str) -> tuple[np.ndarray, Atoms, tuple[np.ndarray, ...]]:
    """The right value, the atoms that change it, and what each makes of it alone."""
    right = right_value(probe, which)
    atoms, values = [], []
    seen: dict[Entry, list[np.ndarray]] = {}
    silent = ONLY_D if which == "J" else ONLY_J
    for atom in _atoms(probe):
        if all(slot[0] in silent for slot in atom.recipe):
            continue
        value = _alone(probe, which, atom)
        # J cannot tell some flavours apart; the gradient could, beside another mistake.
        known = [right, *(seen.get(atom.entry, []) if which == "J" else [])]
        if not any(_same(value, other) for other in known):
            atoms.append(atom)
            values.append(value)
            seen.setdefault(atom.entry, []).append(value)
    return right, tuple(atoms), tuple(values)


@lru_cache(maxsize=20_000)
def _alone(probe: Probe, which: str, atom: Atom) -> np.ndarray:
    """What one atom alone makes of a probe."""
    return evaluate(_family(probe), which, atom.recipe)


@lru_cache(maxsize=256)
def _multiplies(probe: Probe, which: str) -> dict[int, np.ndarray]:
    """The atoms that only multiply the parts without and with λ: position -> two factors."""
    right, atoms, values = _single(probe, which)
    other = halved(probe)
    same_right = right_value(other, which)
    found = {}
    for i, factors in _factors(values, right).items():
        again = _factors([_alone(other, which, atoms[i])], same_right).get(0)
        if again is not None and np.allclose(factors, again, rtol=1e-10, atol=0):
            found[i] = factors
    return found


def _factors(values: Sequence[np.ndarray], right: np.ndarray) -> dict[int, np.ndarray]:
    """Those values that are a multiple of right, half by half, with their two factors."""
    like_right = [i for i, value in enumerate(values) if value.shape == right.shape]
    table = np.array([values[i] for i in like_right]).reshape(len(like_right), 2, -1)
    halves = right.reshape(2, -1)
    factors = (table * halves).sum(axis=2) / (halves * halves).sum(axis=1)
    multiples = factors[:, :, None] * halves
    same = (abs(table - multiples) <= 1e-13 + 1e-12 * abs(multiples)).all(axis=(1, 2))
    return {like_right[k]: factors[k] for k in np.flatnonzero(same & factors.all(axis=1))}


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two values are equal, or both can't be carried out."""
    if a.shape != b.shape:
        return False
    if np.isnan(a).any() or np.isnan(b).any():
        return bool(np.isnan(a).all() and np.isnan(b).all())
    return bool((abs(a - b) <= 1e-13 + 1e-12 * abs(b)).all())


def evaluate(family: Family, which: str, recipe: Recipe) -> np.ndarray:
    """J's or D's two parts under a recipe; all NaN where not every number is finite."""
    value = family.J(recipe) if which == "J" else family.D(recipe)
    return value if np.isfinite(value).all() else np.full_like(value, np.nan)


def together(atoms: Sequence[Atom]) -> Recipe | None:
    """One recipe of several atoms; None where they cannot go together.

    Two of them must not set one switch differently; and two wrong means, or two wrong factors of
    2, would be an odd way to say a third thing.
    """
    for names in (MEANS, FACTORS_OF_2):
        if sum(atom.entry.what in names for atom in atoms) > 1:
            return None
    recipe: dict[Slot, Variant] = {}
    for atom in atoms:
        for slot, variant in atom.recipe.items():
            if slot in recipe:
                return None
            recipe[slot] = variant
    return recipe


def explanations(target: Target, depth: int, prior: Sequence[Atoms] = ()) -> list[Atoms]:
    """Return every smallest set of atoms that reproduces the target, up to depth beside λ's part.

    Parameters
    ----------
    target : Target
        What came back.
    depth : int
        1: single mistakes; 2: also pairs beside what λ's part needs; 3: also triples.
    prior : sequence of atoms
        Sets that explain the other half of the answer, and so are likely to be part of this one.
    """
    return _Search(target).run(depth, prior)


# Slots that move numbers to other places, so that an effect does not stay in its part.
_MOVING = {"order", "order_out", "layout", "layout_out", "offset", "transposed"}


def _reach(atom: Atom) -> int:
    """How far a mistake mixes the parts: 0 not at all, 1 within a Θ, 2 across them."""
    slots = atom.recipe.items()
    if any(slot[0] in _MOVING for slot, _ in slots):
        return 2
    last = any(
        slot[0] in ("bias", "delta_bias") and variant[:4] == "last" for slot, variant in slots
    )
    return int(last)


def _lengthens(atom: Atom) -> bool:
    """Whether a mistake makes the gradient longer: a bias unit of δ that stays to the end."""
    return any(
        slot[0] == "back" and variant.startswith("kept") and "cut" not in variant
        for slot, variant in atom.recipe.items()
    )


def _rarity(atom: Atom) -> int:
    """How late a mistake is tried: what people do most often comes first."""
    entry = atom.entry
    return (0 if is_common(entry) else 3) + min(entry.flavours.index(atom.recipe), 3)


@dataclass(frozen=True, eq=False)
class _Table:
    """Which atoms leave which part as it is, and which make it as it came back: (atoms, parts)."""

    neutral: np.ndarray
    match: np.ndarray

    def viable(self) -> np.ndarray:
        """Whether two atoms together can be right: where only one moves a part, it must fit."""
        misses = ~self.match
        clashes = np.zeros((len(misses), len(misses)), dtype=np.uint64)
        for still, spoils, lacks in zip(
            _in_words(self.neutral),
            _in_words(~self.neutral & misses),
            _in_words(self.neutral & misses),
        ):
            clashes |= still[:, None] & spoils  # the second one alone moves a part, and wrongly
            clashes |= spoils[:, None] & still
            clashes |= lacks[:, None] & lacks
        return clashes == 0

    def partnered(self) -> np.ndarray:
        """Positions of the atoms that may be right together with another one."""
        viable = self.viable()
        np.fill_diagonal(viable, False)
        return np.flatnonzero(viable.any(axis=1))


def _in_words(mask: np.ndarray) -> np.ndarray:
    """A mask's columns as bits of 64-bit words; (words, rows)."""
    columns = -(-mask.shape[1] // 64) * 64
    padded = np.zeros((len(mask), columns), dtype=bool)
    padded[:, : mask.shape[1]] = mask
    return np.packbits(padded, axis=1).view(np.uint64).T


@dataclass(frozen=True, eq=False)
class _Evidence:
    """What is known about every atom that changes anything.

    ``tables`` hold for atoms of reach 0, 1 and 2; ``scaled`` says of each pair with an atom that
    only multiplies whether the product fits.
    """

    atoms: Atoms
    tables: tuple[_Table, _Table, _Table]
    scales: dict[int, np.ndarray]
    wrong_length: bool

    def viable_pairs(self) -> list[tuple[int, int]]:
        """Pairs that agree with the evidence in every part, the commonest mistakes first."""
        reach = np.array([_reach(atom) for atom in self.atoms], dtype=int)
        farthest = np.maximum(reach[:, None], reach[None, :])
        viable = np.choose(farthest, [table.viable() for table in self.tables])
        for i, fits in self.scales.items():
            viable[i, :] = viable[:, i] = fits
        if self.wrong_length:
            longer = np.array([_lengthens(atom) for atom in self.atoms], dtype=bool)
            viable &= longer[:, None] | longer[None, :]
        pairs = np.argwhere(np.triu(viable, 1))
        rarity = np.array([_rarity(atom) for atom in self.atoms], dtype=int)[pairs].sum(axis=1)
        return [(int(i), int(j)) for i, j in pairs[np.argsort(rarity, kind="stable")]]


class _Search:
    """One search, on the first probe; the others confirm."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.probe = target.probes[0]
        self.family = _family(self.probe)
        self.right, self.atoms, _ = _single(self.probe, target.which)
        self.parts, self.with_lam = self._parts()
        self.budget = MOST[target.which]

    def _parts(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Positions of every part, and of those that grow with λ."""
        size = self.target.values[0].size
        if self.target.which == "J":
            return [np.array([0]), np.array([1])], [np.array([1])]
        if size != 2 * self.probe.net.n_parameters:
            return [np.arange(size)], []
        parts = parts_of(self.probe.net)
        return list(parts.values()), [where for key, where in parts.items() if key[2] == 1]

    @property
    def wrong_length(self) -> bool:
        """Whether what came back has not as many numbers as it should have."""
        return self.target.values[0].shape != self.right.shape

    def run(self, depth: int, prior: Sequence[Atoms]) -> list[Atoms]:
        if self._confirmed((), None):
            return [()]
        alone = self._grow((), self.parts, 1)
        if alone or depth < 2:
            return alone
        shared = [base for whole in prior for base in self._own_flavours(whole)]
        found = self._smallest(self._beside(base, 1) for base in shared[:MOST_BASES])
        if found:
            return found
        return self._beside_lam(depth)

    def _own_flavours(self, atoms: Atoms) -> list[Atoms]:
        """Those of the atoms that matter here, in every flavour in which they do."""
        names = {atom.entry.key for atom in atoms}
        flavours = [[a for a in self.atoms if a.entry.key == name] for name in names]
        return [tuple(one) for one in itertools.product(*filter(None, flavours)) if one]

    def _beside_lam(self, depth: int) -> list[Atoms]:
        """Explain the part that grows with λ, then the rest beside that."""
        bases = self._grow((), self.with_lam, 2) if self.with_lam else [()]
        found = self._smallest(self._beside(base, 2) for base in bases[:MOST_BASES])
        if not found and () not in bases:
            found = self._beside((), 2)
        if not found and depth > 2:
            found = self._smallest(self._triples(base) for base in bases[:MOST_BASES])
        return found

    def _beside(self, base: Atoms, size: int) -> list[Atoms]:
        if base and self._confirmed(base, None):
            return [base]
        return self._grow(base, self.parts, size)

    @staticmethod
    def _smallest(found: Iterable[list[Atoms]]) -> list[Atoms]:
        everything = list(itertools.chain.from_iterable(found))
        if not everything:
            return []
        size = min(map(len, everything))
        return [atoms for atoms in everything if len(atoms) == size]

    def _grow(self, base: Atoms, parts: list[np.ndarray], size: int) -> list[Atoms]:
        """The smallest sets of at most `size` more atoms that reproduce these parts."""
        where = None if parts is self.parts else np.concatenate(parts)
        if self._confirmed(base, where):
            return [base]
        right, values = self._beside_base(self.probe, base, self.atoms)
        fits = self._by_part(values, self.target.values[0], parts).all(axis=1)
        ones = [(self.atoms[i],) for i in np.flatnonzero(fits)]
        found = self._confirmed_of(base, ones, where)
        if found or size < 2:
            return found
        evidence = self._evidence(base, parts, right, values)
        if parts is self.parts:
            evidence = self._with_witnesses(base, evidence)
        atoms = evidence.atoms
        pairs = ((atoms[i], atoms[j]) for i, j in evidence.viable_pairs())
        return self._confirmed_of(base, self._matching(base, pairs, where), where)

    def _triples(self, base: Atoms) -> list[Atoms]:
        if self.budget <= 0:
            return []
        right, values = self._beside_base(self.probe, base, self.atoms)
        seen = self._evidence(base, self.parts, right, values)
        table, everyone = seen.tables[0], np.arange(len(seen.atoms))
        for witness in self.target.witnesses:
            table = self._widened(table, witness, base, seen.atoms, everyone)
        threes = _viable_triples(table.neutral, table.match)
        sets = (tuple(seen.atoms[i] for i in three) for three in threes)
        return self._confirmed_of(base, self._matching(base, sets, None), None)

    def _evidence(
        self,
        base: Atoms,
        parts: list[np.ndarray],
        right: np.ndarray,
        values: Sequence[np.ndarray],
    ) -> _Evidence:
        """Look at every atom beside base, on the first probe."""
        still = self._by_part(values, right, parts).all(axis=1)
        changes = [int(i) for i in np.flatnonzero(~still)]
        alone = [values[i] for i in changes]
        whole = parts is self.parts
        coarse = [self._blocks(), self._halves()] if whole else [[np.concatenate(parts)]] * 2
        fine, blocks, halves = (self._table(alone, right, p) for p in (parts, *coarse))
        scales = self._scales(alone, changes) if whole and not base else {}
        atoms = tuple(self.atoms[i] for i in changes)
        return _Evidence(atoms, (fine, blocks, halves), scales, self.wrong_length)

    def _table(
        self,
        alone: Sequence[np.ndarray],
        right: np.ndarray,
        parts: list[np.ndarray],
        target: np.ndarray | None = None,
    ) -> _Table:
        target = self.target.values[0] if target is None else target
        return _Table(self._by_part(alone, right, parts), self._by_part(alone, target, parts))

    def _scales(self, alone: list[np.ndarray], changes: list[int]) -> dict[int, np.ndarray]:
        """For atoms that only multiply a half: which others fit when multiplied likewise."""
        target = self.target.values[0]
        if target.shape != self.right.shape:
            return {}
        table = np.array([v if v.shape == target.shape else target * np.nan for v in alone])
        size = self.target.tolerance * self.target.scale(0)
        found, multiplies = {}, _multiplies(self.probe, self.target.which)
        for i, change in enumerate(changes):
            if change in multiplies:
                factors = multiplies[change]
                predicted = table * np.repeat(factors, target.size // 2)
                found[i] = (abs(predicted - target) <= size).all(axis=1)
        return found

    def _blocks(self) -> list[np.ndarray]:
        """Positions of each D^(l), without and with λ."""
        if self.target.which == "J" or len(self.parts) == 1:
            return self.parts
        return [np.concatenate(self.parts[i : i + 2]) for i in range(0, len(self.parts), 2)]

    def _halves(self) -> list[np.ndarray]:
        """Positions of the part without λ, and of the part with it."""
        size = self.target.values[0].size
        if len(self.parts) == 1:
            return self.parts
        return [np.arange(size // 2), np.arange(size // 2, size)]

    def _with_witnesses(self, base: Atoms, evidence: _Evidence) -> _Evidence:
        """Add what the degenerate probes show of atoms that may still be part of a pair."""
        fine, blocks, halves = evidence.tables
        for witness in reversed(self.target.witnesses):
            fine = self._widened(fine, witness, base, evidence.atoms, fine.partnered())
        return replace(evidence, tables=(fine, blocks, halves))

    def _widened(
        self,
        table: _Table,
        witness: tuple[Probe, np.ndarray],
        base: Atoms,
        atoms: Atoms,
        asked: np.ndarray,
    ) -> _Table:
        """A table with further columns: what a witness shows of those atoms that are asked for."""
        probe, seen = witness
        more = _Table(*np.zeros((2, len(atoms), len(self.parts)), dtype=bool))
        if asked.size:
            right, values = self._beside_base(probe, base, [atoms[i] for i in asked])
            found = self._table(values, right, self.parts, seen)
            more.neutral[asked], more.match[asked] = found.neutral, found.match
        return _Table(
            np.hstack([table.neutral, more.neutral]), np.hstack([table.match, more.match])
        )

    def _beside_base(
        self, probe: Probe, base: Atoms, atoms: Sequence[Atom]
    ) -> tuple[np.ndarray, Sequence[np.ndarray]]:
        """What base makes of a probe, and what each atom makes of it beside base."""
        which = self.target.which
        if not base:
            return right_value(probe, which), [_alone(probe, which, atom) for atom in atoms]
        family = _family(probe)
        recipes = [together((*base, atom)) for atom in atoms]
        values = [np.array([]) if r is None else evaluate(family, which, r) for r in recipes]
        return evaluate(family, which, _sure(base)), values

    def _by_part(
        self, values: Sequence[np.ndarray], other: np.ndarray, parts: list[np.ndarray]
    ) -> np.ndarray:
        """Which values equal other in which parts; (values, parts)."""
        shape = self.target.values[0].shape
        nothing = np.full(shape, np.nan)
        rows = [value if value.shape == shape else nothing for value in values]
        table = np.array(rows).reshape(len(rows), *shape)
        other = other if other.shape == shape else nothing
        close = abs(table - other) <= self.target.tolerance * self.target.scale(0)
        return np.stack([close[:, where].all(axis=1) for where in parts], axis=1)

    def _matching(
        self, base: Atoms, sets: Iterable[Atoms], where: np.ndarray | None
    ) -> Iterator[Atoms]:
        """Those sets that reproduce the first probe beside base."""
        places = slice(None) if where is None else where
        for atoms in sets:
            recipe = together((*base, *atoms))
            if recipe is None:
                continue
            if self.budget <= 0:
                return
            self.budget -= 1
            if where is None and not self._top_agrees(recipe):
                continue
            value = evaluate(self.family, self.target.which, recipe)
            if self.target.agrees(value, 0, places):
                yield atoms

    def _top_agrees(self, recipe: Recipe) -> bool:
        """A cheap look at the last Θ: most wrong sets fail there. True where it cannot tell."""
        if self.target.which == "J" or self.wrong_length or ("layout_out",) in recipe:
            return True
        top, end = self.family.top(recipe), self.probe.net.n_parameters
        return self.target.agrees_from(end - top.size, top)

    def _confirmed_of(
        self, base: Atoms, sets: Iterable[Atoms], where: np.ndarray | None
    ) -> list[Atoms]:
        whole = [(*base, *atoms) for atoms in sets]
        return [atoms for atoms in whole if self._confirmed(atoms, where)]

    def _confirmed(self, atoms: Atoms, where: np.ndarray | None) -> bool:
        """Whether the set reproduces every probe; the last was held out from the search."""
        return confirmed(self.target, atoms, with_lam_only=where is not None)


def confirmed(target: Target, atoms: Sequence[Atom], with_lam_only: bool = False) -> bool:
    """Whether these atoms together reproduce the target on every probe."""
    recipe = together(atoms)
    if recipe is None:
        return False
    for i, probe in enumerate(target.probes):
        half = target.values[i].size // 2 if with_lam_only else 0
        value = evaluate(_family(probe), target.which, recipe)
        if not target.agrees(value, i, slice(half, None)):
            return False
    return True


def _sure(atoms: Atoms) -> Recipe:
    return together(atoms) or {}


def _viable_triples(neutral: np.ndarray, match: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """Triples that agree with the evidence in every part."""
    n = len(neutral)
    for i in range(n):
        viable = np.ones((n, n), dtype=bool)
        for still, fits in zip(neutral.T, match.T):
            a, b = still[:, None], still[None, :]
            if still[i]:
                one = (a & fits[None, :]) | (b & fits[:, None])
                viable &= one | ~(a | b)
            else:
                viable &= ~(a & b) | fits[i]
        for j, k in np.argwhere(np.triu(viable, 1)):
            if j > i:
                yield i, int(j), int(k)


def right_value(probe: Probe, which: str) -> np.ndarray:
    """The right J's or gradient's two parts on a probe."""
    return evaluate(_family(probe), which, {})


def spoils_J(probe: Probe, atom: Atom) -> bool:
    """Whether a mistake makes J infinite or NaN."""
    return bool(np.isnan(_alone(probe, "J", atom)).any())
