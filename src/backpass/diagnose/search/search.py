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
from dataclasses import replace

import numpy as np

from ..family import parts_of
from ..mistakes.entry import Recipe, Slot, Variant
from ..probes import Probe
from ..response import Response
from .atoms import Atom, Atoms, is_forward, recipe_of, resists_factors, together
from .effects import effect_of, effects_of, evaluate, family_of, multipliers, right_value
from .evidence import Evidence, Multiple, Table, viable_triples

MOST = {"J": 12_000, "D": 12_000}  # sets that one search evaluates at most
MOST_TOGETHER = 120_000  # all searches of a diagnosis
MOST_BASES = 6


class Budget:
    """How many sets the searches of a diagnosis may still evaluate."""

    def __init__(self, left: int = MOST_TOGETHER) -> None:
        self.left = left
        self.was_short = False

    def allowance(self, which: str) -> int:
        """How many sets the next search may evaluate; some are left for those after it."""
        return min(MOST[which], self.left // 4)

    def spend(self, count: int, everything: bool) -> None:
        """Take note of what a search evaluated, and whether that was all it would have tried."""
        self.left -= count
        self.was_short |= not everything


def explanations(
    response: Response,
    depth: int,
    prior: Sequence[Atoms] = (),
    forward_is_right: bool = False,
    budget: Budget | None = None,
) -> list[Atoms]:
    """Return every smallest set of atoms that reproduces the response, up to depth beside λ's part.

    Parameters
    ----------
    response : Response
        What came back.
    depth : int
        1: single mistakes; 2: also pairs beside what λ's part needs; 3: also triples.
    prior : sequence of atoms
        Sets that explain the other half of the answer, and so are likely to be part of this one.
    forward_is_right : bool
        Whether J came back right, so that mistakes on the way to a^(L) are tried last.
    budget : Budget, optional
        What this search shares with others; it takes note of a search that was cut short.
    """
    budget = Budget() if budget is None else budget
    search = _Search(response, forward_is_right, budget.allowance(response.which))
    found = search.run(depth, prior)
    budget.spend(search.evaluated, bool(found) or not search.was_short)
    return found


def confirmed(response: Response, atoms: Sequence[Atom], with_lam_only: bool = False) -> bool:
    """Whether these atoms together reproduce the response on every probe."""
    recipe = together(atoms)
    if recipe is None:
        return False
    for i, probe in enumerate(response.probes):
        half = response.values[i].size // 2 if with_lam_only else 0
        value = evaluate(family_of(probe), response.which, recipe)
        if not response.agrees(value, i, slice(half, None)):
            return False
    return True


def _whole(close: np.ndarray, parts: Sequence[np.ndarray]) -> np.ndarray:
    """In which parts every number is close; (rows, parts)."""
    return np.stack([close[:, where].all(axis=1) for where in parts], axis=1)


def _distinct(factors: np.ndarray) -> list[float]:
    """The factors other than 1 that some atom multiplies with."""
    return [float(one) for one in np.unique(factors[np.isfinite(factors)]) if one != 1]


_MOVING = frozenset({"layout_out", "weights_of", "bias_of", "weights_stands", "bias_stands"})


def _moves(recipe: Recipe) -> bool:
    """Whether the last Θ's gradient may stand elsewhere."""
    return not _MOVING.isdisjoint(slot[0] for slot in recipe)


class _Search:
    """One search, on the first probe; the others confirm."""

    def __init__(self, response: Response, forward_is_right: bool, allowance: int) -> None:
        self.response, self.forward_is_right = response, forward_is_right
        self.allowance, self.evaluated, self.was_short = allowance, 0, False
        self.probe = response.probes[0]
        self.family = family_of(self.probe)
        self.right, self.atoms, _ = effects_of(self.probe, response.which)
        self.parts, self.with_lam = self._parts()
        self._tops: dict[frozenset[tuple[Slot, Variant]], bool] = {}  # at most one a set evaluated

    def _parts(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Positions of every part, and of those that grow with λ."""
        size = self.response.values[0].size
        if self.response.which == "J":
            return [np.array([0]), np.array([1])], [np.array([1])]
        if size != 2 * self.probe.net.n_parameters:
            return [np.arange(size)], []
        parts = parts_of(self.probe.net)
        return list(parts.values()), [where for key, where in parts.items() if key[2] == 1]

    @property
    def wrong_length(self) -> bool:
        """Whether what came back has not as many numbers as it should have."""
        return self.response.values[0].shape != self.right.shape

    def run(self, depth: int, prior: Sequence[Atoms]) -> list[Atoms]:
        if self._confirmed((), None):
            return [()]
        alone = self._grow((), self.parts, 1)
        if alone or depth < 2 or not np.nan_to_num(self.response.values[0]).any():
            return alone  # zeros tell of no formula
        shared = [base for whole in prior for base in self._own_flavours(whole)]
        for size in (1, 2) if self.response.which == "J" else (1,):
            found = self._smallest(self._beside(base, size) for base in shared[:MOST_BASES])
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
        fits = self._by_part(values, self.response.values[0], parts).all(axis=1)
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
        if self.evaluated >= self.allowance:
            self.was_short = True
            return []
        right, values = self._beside_base(self.probe, base, self.atoms)
        seen = self._evidence(base, self.parts, right, values)
        table, everyone = seen.tables[0], np.arange(len(seen.atoms))
        for witness in self.response.witnesses:
            table = self._widened(table, witness, base, seen, everyone)
        threes = viable_triples(table.neutral, table.match)
        sets = (tuple(seen.atoms[i] for i in three) for three in threes)
        return self._confirmed_of(base, self._matching(base, sets, None), None)

    def _evidence(
        self,
        base: Atoms,
        parts: list[np.ndarray],
        right: np.ndarray,
        values: Sequence[np.ndarray],
    ) -> Evidence:
        """Look at every atom beside base, on the first probe."""
        still = self._by_part(values, right, parts).all(axis=1)
        changes = [int(i) for i in np.flatnonzero(~still)]
        alone, atoms = [values[i] for i in changes], tuple(self.atoms[i] for i in changes)
        whole = parts is self.parts
        coarse = [self._blocks(), self._halves()] if whole else [[np.concatenate(parts)]] * 2
        factors = self._factors(atoms)
        if any(("lam",) in atom.recipe for atom in base):
            factors[...] = np.nan  # λ's part lies over the other: what multiplies one bends both
        response = self.response.values[0]
        tables = self._tables(atoms, alone, right, [parts, *coarse], factors, response)
        multiplied = self._multiplied(right, parts) if whole else np.array([], dtype=int)
        late = np.array([self.forward_is_right and is_forward(atom) for atom in atoms], dtype=bool)
        three = tables[0], tables[1], tables[2]
        return Evidence(atoms, factors, three, multiplied, late, self.wrong_length)

    def _multiplied(self, right: np.ndarray, parts: list[np.ndarray]) -> np.ndarray:
        """The numbers of those parts that came back as a multiple of right."""
        response, found = self.response.values[0], [np.array([], dtype=int)]
        if response.shape != right.shape:
            return found[0]
        for where in parts:
            known = where[np.isfinite(response[where])]
            square = float(right[known] @ right[known])
            if known.size < 2 or not square:
                continue
            ratio = float(response[known] @ right[known]) / square
            near = self.response.close(ratio * right[known], response[known], 0).all()
            if near and abs(ratio) > self.response.tolerance:  # zeros are a multiple of anything
                found.append(where)
        return np.concatenate(found)

    def _factors(self, atoms: Atoms) -> np.ndarray:
        """What each atom multiplies each number with; NaN where it does something else."""
        size = self.response.values[0].size
        known = {} if size != self.right.size else multipliers(self.probe, self.response.which)
        nothing = np.full(size, np.nan)
        return np.array([known.get(atom, nothing) for atom in atoms]).reshape(len(atoms), size)

    def _tables(
        self,
        atoms: Atoms,
        alone: Sequence[np.ndarray],
        right: np.ndarray,
        divisions: Sequence[list[np.ndarray]],
        factors: np.ndarray,
        response: np.ndarray,
    ) -> list[Table]:
        """What each atom does to each part, for several ways to divide the numbers into parts."""
        resisting = np.array([resists_factors(atom) for atom in atoms], dtype=bool)
        multiples: list[list[Multiple]] = [[] for _ in divisions]
        for factor in [1.0, *_distinct(factors)]:
            match = self._close(alone, response, factor)
            if factor == 1:
                still = self._close(alone, right) & ~self._fickle(atoms)
                still &= np.isnan(factors) | (factors == 1)  # not where only 0 is multiplied
            else:
                still, match = factors == factor, match | resisting[:, None]
            for parts, into in zip(divisions, multiples):
                into.append(Multiple(factor, _whole(still, parts), _whole(match, parts)))
        return [Table(tuple(each)) for each in multiples]

    def _fickle(self, atoms: Atoms) -> np.ndarray:
        """Numbers without λ that labels in other places leave alone, but only in the whole sum."""
        size = self.response.values[0].size
        moves_labels = np.array([("labels",) in atom.recipe for atom in atoms], dtype=bool)
        return moves_labels[:, None] & (np.arange(size) < size // 2)

    def _blocks(self) -> list[np.ndarray]:
        """Positions of each D^(l), without and with λ."""
        if self.response.which == "J" or len(self.parts) == 1:
            return self.parts
        return [np.concatenate(self.parts[i : i + 2]) for i in range(0, len(self.parts), 2)]

    def _halves(self) -> list[np.ndarray]:
        """Positions of the part without λ, and of the part with it."""
        size = self.response.values[0].size
        if len(self.parts) == 1:
            return self.parts
        return [np.arange(size // 2), np.arange(size // 2, size)]

    def _with_witnesses(self, base: Atoms, evidence: Evidence) -> Evidence:
        """Add what the degenerate probes show of atoms that may still be part of a pair."""
        fine, blocks, halves = evidence.tables
        for witness in reversed(self.response.witnesses):
            fine = self._widened(fine, witness, base, evidence, fine.partnered())
        return replace(evidence, tables=(fine, blocks, halves))

    def _widened(
        self,
        table: Table,
        witness: tuple[Probe, np.ndarray],
        base: Atoms,
        evidence: Evidence,
        asked: np.ndarray,
    ) -> Table:
        """A table with further columns: what a witness shows of those atoms that are asked for."""
        if not asked.size:
            return table
        probe, seen = witness
        atoms = tuple(evidence.atoms[i] for i in asked)
        right, values = self._beside_base(probe, base, atoms)
        factors = evidence.factors[asked]
        found = self._tables(atoms, values, right, [self.parts], factors, seen)[0]
        return table.widened(found, asked)

    def _beside_base(
        self, probe: Probe, base: Atoms, atoms: Sequence[Atom]
    ) -> tuple[np.ndarray, Sequence[np.ndarray]]:
        """What base makes of a probe, and what each atom makes of it beside base."""
        which = self.response.which
        if not base:
            return right_value(probe, which), [effect_of(probe, which, atom) for atom in atoms]
        family = family_of(probe)
        recipes = [together((*base, atom)) for atom in atoms]
        values = [np.array([]) if r is None else evaluate(family, which, r) for r in recipes]
        return evaluate(family, which, recipe_of(base)), values

    def _by_part(
        self, values: Sequence[np.ndarray], other: np.ndarray, parts: list[np.ndarray]
    ) -> np.ndarray:
        """Which values equal other in which parts, unknown numbers aside; (values, parts)."""
        return _whole(self._close(values, other), parts)

    def _close(
        self, values: Sequence[np.ndarray], other: np.ndarray, factor: float = 1.0
    ) -> np.ndarray:
        """Which numbers of values, times a factor, are those of other; (values, numbers)."""
        seen = self.response.values[0]
        if other.shape != seen.shape:
            return np.zeros((len(values), seen.size), dtype=bool)
        nothing = np.full(seen.shape, np.nan)
        rows = [value if value.shape == seen.shape else nothing for value in values]
        table = np.array(rows).reshape(len(rows), seen.size)
        size = self.response.tolerance * self.response.scale(0)
        return (abs(factor * table - other) <= size) | (np.isnan(seen) & np.isfinite(table))

    def _matching(
        self, base: Atoms, sets: Iterable[Atoms], where: np.ndarray | None
    ) -> Iterator[Atoms]:
        """Those sets that reproduce the first probe beside base."""
        places = slice(None) if where is None else where
        for atoms in sets:
            recipe = together((*base, *atoms))
            if recipe is None:
                continue
            if self.evaluated >= self.allowance:
                self.was_short = True
                return
            self.evaluated += 1
            if where is None and not self._top_agrees(recipe):
                continue
            value = evaluate(self.family, self.response.which, recipe)
            if self.response.agrees(value, 0, places):
                yield atoms

    def _top_agrees(self, recipe: Recipe) -> bool:
        """A cheap look at the last Θ: most wrong sets fail there. True where it cannot tell."""
        if self.response.which == "J" or self.wrong_length or _moves(recipe):
            return True
        seen = self.family.at_the_top(recipe)
        key = frozenset(seen.items())
        if key not in self._tops:
            top, end = self.family.top(seen), self.probe.net.n_parameters
            self._tops[key] = self.response.agrees_from(end - top.size, top)
        return self._tops[key]

    def _confirmed_of(
        self, base: Atoms, sets: Iterable[Atoms], where: np.ndarray | None
    ) -> list[Atoms]:
        whole = [(*base, *atoms) for atoms in sets]
        return [atoms for atoms in whole if self._confirmed(atoms, where)]

    def _confirmed(self, atoms: Atoms, where: np.ndarray | None) -> bool:
        """Whether the set reproduces every probe; the last was held out from the search."""
        return confirmed(self.response, atoms, with_lam_only=where is not None)
