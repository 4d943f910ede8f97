"""Which mistakes can be right together, told from what each does alone: no set is evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .atoms import Atoms, lengthens, rarity_of, reach_of


@dataclass(frozen=True, eq=False)
class Table:
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
class Evidence:
    """What is known about every atom that changes anything.

    ``tables`` hold for atoms of reach 0, 1 and 2; ``scaled`` says of each pair with an atom that
    only multiplies whether the product fits.
    """

    atoms: Atoms
    tables: tuple[Table, Table, Table]
    scales: dict[int, np.ndarray]
    wrong_length: bool

    def viable_pairs(self) -> list[tuple[int, int]]:
        """Pairs that agree with the evidence in every part, the commonest mistakes first."""
        reach = np.array([reach_of(atom) for atom in self.atoms], dtype=int)
        farthest = np.maximum(reach[:, None], reach[None, :])
        viable = np.choose(farthest, [table.viable() for table in self.tables])
        for i, fits in self.scales.items():
            viable[i, :] = viable[:, i] = fits
        if self.wrong_length:
            longer = np.array([lengthens(atom) for atom in self.atoms], dtype=bool)
            viable &= longer[:, None] | longer[None, :]
        pairs = np.argwhere(np.triu(viable, 1))
        rarity = np.array([rarity_of(atom) for atom in self.atoms], dtype=int)[pairs].sum(axis=1)
        return [(int(i), int(j)) for i, j in pairs[np.argsort(rarity, kind="stable")]]


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
