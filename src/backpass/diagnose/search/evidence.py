"""Which mistakes can be right together, told from what each does alone: no set is evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .atoms import Atoms, lengthens, rarity_of, reach_of


@dataclass(frozen=True, eq=False)
class Multiple:
    """Which atoms multiply which part by one factor, and which fit when so multiplied."""

    factor: float
    still: np.ndarray  # (atoms, parts): those that do nothing else to a part
    match: np.ndarray  # (atoms, parts): those whose numbers times the factor came back

    def widened(self, more: Multiple | None, asked: np.ndarray, columns: int) -> Multiple:
        """With further columns for the atoms asked for; the others have no partner anyway."""
        still, match = np.zeros((2, len(self.still), columns), dtype=bool)
        if more is None:
            match[asked] = True  # none of them multiplies by this
        else:
            still[asked], match[asked] = more.still, more.match
        return Multiple(self.factor, np.hstack([self.still, still]), np.hstack([self.match, match]))


@dataclass(frozen=True, eq=False)
class Table:
    """What each atom does to each part; the first multiple is that by 1."""

    multiples: tuple[Multiple, ...]

    @property
    def neutral(self) -> np.ndarray:
        """Which atoms leave which part as it is; (atoms, parts)."""
        return self.multiples[0].still

    @property
    def match(self) -> np.ndarray:
        """Which atoms make which part as it came back; (atoms, parts)."""
        return self.multiples[0].match

    def viable(self) -> np.ndarray:
        """Whether two atoms can be right together: what one multiplies must fit of the other."""
        size = len(self.neutral)
        clashes = np.zeros((size, size), dtype=np.uint64)
        for multiple in self.multiples:
            for still, misses in zip(_in_words(multiple.still), _in_words(~multiple.match)):
                clashes |= still[:, None] & misses
        return (clashes | clashes.T) == 0

    def partnered(self) -> np.ndarray:
        """Positions of the atoms that may be right together with another one."""
        viable = self.viable()
        np.fill_diagonal(viable, False)
        return np.flatnonzero(viable.any(axis=1))

    def widened(self, more: Table, asked: np.ndarray) -> Table:
        """This table with further columns: what another probe shows of the atoms asked for."""
        known = {multiple.factor: multiple for multiple in more.multiples}
        columns = more.neutral.shape[1]
        return Table(
            tuple(one.widened(known.get(one.factor), asked, columns) for one in self.multiples)
        )


def _in_words(mask: np.ndarray) -> np.ndarray:
    """A mask's columns as bits of 64-bit words; (words, rows)."""
    columns = -(-mask.shape[1] // 64) * 64
    padded = np.zeros((len(mask), columns), dtype=bool)
    padded[:, : mask.shape[1]] = mask
    return np.packbits(padded, axis=1).view(np.uint64).T


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known about every atom that changes anything.

    ``factors`` are what each atom multiplies each number with, NaN where it does something else;
    ``tables`` hold for atoms of reach 0, 1 and 2; ``multiplied`` are the numbers of those parts
    that came back as a multiple of what they should be; ``late`` are the atoms that are tried last.
    """

    atoms: Atoms
    factors: np.ndarray
    tables: tuple[Table, Table, Table]
    multiplied: np.ndarray
    late: np.ndarray
    wrong_length: bool

    def viable_pairs(self) -> list[tuple[int, int]]:
        """Pairs that agree with the evidence in every part, the commonest mistakes first."""
        reach = np.array([reach_of(atom) for atom in self.atoms], dtype=int)
        farthest = np.maximum(reach[:, None], reach[None, :])
        viable = np.choose(farthest, [table.viable() for table in self.tables])
        # What bends a part that came back straight would have to be bent back by the other one.
        bends = np.isnan(self.factors[:, self.multiplied]).any(axis=1) & (reach == 0)
        viable &= ~(bends[:, None] | bends[None, :])
        if self.wrong_length:
            longer = np.array([lengthens(atom) for atom in self.atoms], dtype=bool)
            viable &= longer[:, None] | longer[None, :]
        pairs = np.argwhere(np.triu(viable, 1))
        order = np.lexsort([key[pairs[:, 0], pairs[:, 1]] for key in self._keys(reach)])
        return [(int(i), int(j)) for i, j in pairs[order]]

    def _keys(self, reach: np.ndarray) -> list[np.ndarray]:
        """What pairs are ordered by, the least of these first: how rare they are, in how many parts
        neither does nothing but multiply, and whether they change a J that came back right."""
        rarity = np.array([rarity_of(atom) for atom in self.atoms], dtype=int)
        bends = ~np.any([multiple.still for multiple in self.tables[0].multiples], axis=0)
        bends = (bends | (reach > 0)[:, None]).astype(int)
        late = self.late.astype(int)
        return [rarity[:, None] + rarity, bends @ bends.T, late[:, None] + late]


def viable_triples(neutral: np.ndarray, match: np.ndarray) -> Iterator[tuple[int, int, int]]:
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
