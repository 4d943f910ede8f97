"""Categories as whole-number codes: a level for each text that repeats, for the rare, for gaps.

A text that only one training row has is rare, and all rare ones share a level, so that each has
been trained on what is left of its kind. Texts that no training row has are read as rare ones; if
there are none, as no level at all: no weight that the training never moved answers.

Each level is an input, however many there are; a matrix that is mostly zeros is kept sparse. Target
means fitted across folds (scikit-learn's ``TargetEncoder``, 5 folds) were measured beside it: an
effect of the level, one of a number, and their product, with the default network; root of the mean
square by the target's deviation / log loss, of a fifth of the rows.

======  ======  =========  =============  =============
levels  rows    frequency  levels         target means
======  ======  =========  =============  =============
300     3,000   even       .339 / .445    .497 / .466
300     3,000   Zipf       .459 / .509    .582 / .532
3,000   15,000  even       .458 / .619    .589 / .553
3,000   15,000  Zipf       .433 / .471    .557 / .523
30,000  30,000  even       .793 / .638    .736 / .593
30,000  30,000  Zipf       .503 / .484    .573 / .514
======  ======  =========  =============  =============

Target means win where a level has about one to five rows and all are equally frequent, which is
seldom so; they lose elsewhere, since they know nothing of what a level does to other columns'
effects. Levels from 5 rows on instead of 2 lose in 10 of the 12 cases (.450 / .466 in the first
row), from 10 on in all but one. On tables with few levels (log loss, or root of the mean square by
the deviation; three splits, at most 4,000 rows) levels and target means give .514 / .500 (german),
.322 / .312 (adult), .231 / .232 (bank), .480 / .482 (california), .116 / .139 (diamonds), and both
together nothing more.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..raw import GAP, Texts

NO_LEVEL = -1
MIN_ROWS = 2  # of a text that has a level of its own
MAX_LEVELS = 10_000  # the first layer has a row of weights for each

_WHOLE = re.compile(r"(-?[0-9]+)(?:\.0*)?")


@dataclass(frozen=True)
class Levels:
    """The levels of a column of categories, numbered from 0.

    Parameters
    ----------
    column : str
        The column.
    texts : tuple of str
        Those that have a level of their own, in alphabetical order.
    rare : tuple of str
        Those that share the next level; if there are none, there is no such level.
    missing : bool
        Whether the last level is that of the gaps.

    Examples
    --------
    >>> levels = fit_levels("city", Texts.of(["Rome", "Oslo", "Rome", "Bern", None, None]))
    >>> levels.names
    ('city = Rome', 'city = (rare)', 'city is missing')
    >>> codes, unknown = levels.codes(Texts.of(["Rome", "Oslo", "Paris", None]))
    >>> codes.tolist(), unknown
    ([0, 1, 1, 2], Counter({'Paris': 1}))
    """

    column: str
    texts: tuple[str, ...]
    rare: tuple[str, ...]
    missing: bool

    @property
    def inputs(self) -> int:
        """How many levels there are."""
        return len(self.texts) + bool(self.rare) + self.missing

    @property
    def names(self) -> tuple[str, ...]:
        """What the levels are called."""
        own = [f"{self.column} = {text}" for text in self.texts]
        rare = [f"{self.column} = (rare)"] if self.rare else []
        return (*own, *rare, *([f"{self.column} is missing"] if self.missing else []))

    @property
    def of_unknown(self) -> int:
        """The level of a text that no training row has, −1 for none."""
        return len(self.texts) if self.rare else NO_LEVEL

    def codes(self, cells: Texts) -> tuple[np.ndarray, Counter[str]]:
        """Return each cell's level.

        Parameters
        ----------
        cells : Texts of m rows
            Of any vocabulary.

        Returns
        -------
        codes : ndarray of shape (m,), int32
            Levels; −1 for a cell that has none.
        unknown : Counter
            Texts that no training row has, and how often each occurs.
        """
        used = _used(cells)
        levels = np.full(len(cells.vocabulary) + 1, NO_LEVEL, dtype=np.int32)
        unseen: list[int] = []
        for place in used:
            level = self._level_of(cells.vocabulary[place])
            if level is None:
                unseen.append(place)
                level = self.of_unknown
            levels[place] = level
        levels[GAP] = self.inputs - 1 if self.missing else NO_LEVEL
        return levels[cells.codes], _counted(cells, unseen)

    def _level_of(self, text: str) -> int | None:
        """A text's level; a gap makes other programs write the whole numbers 3, 4 as 3.0, 4.0."""
        level = self.places.get(text)
        if level is None and (whole := _WHOLE.fullmatch(text)):
            level = self.wholes.get(whole[1])
        return level

    @cached_property
    def places(self) -> dict[str, int]:
        """The level of each text that training rows have."""
        places = dict.fromkeys(self.rare, len(self.texts))
        return places | {text: place for place, text in enumerate(self.texts)}

    @cached_property
    def wholes(self) -> dict[str, int]:
        """The levels of the whole numbers that one text only stands for."""
        found = [(whole[1], text) for text in self.places if (whole := _WHOLE.fullmatch(text))]
        number = Counter(whole for whole, _ in found)
        return {whole: self.places[text] for whole, text in found if number[whole] == 1}


def fit_levels(column: str, cells: Texts) -> Levels | None:
    """Find the levels of a column.

    Parameters
    ----------
    column : str
        Its name.
    cells : Texts
        The training rows.

    Returns
    -------
    Levels or None
        None where all cells would have the same level.
    """
    counts = {cells.vocabulary[place]: n for place, n in enumerate(cells.counts.tolist()) if n}
    repeated = [text for text, n in counts.items() if n >= MIN_ROWS]
    kept = sorted(repeated, key=lambda text: (-counts[text], text))[:MAX_LEVELS]
    rare = counts.keys() - set(kept)
    missing = bool(cells.gaps.any())
    levels = Levels(column, tuple(sorted(kept)), tuple(sorted(rare)), missing)
    return levels if levels.inputs > 1 else None


def _used(cells: Texts) -> list[int]:
    """Places of the vocabulary that are looked up: all, or those that few rows have."""
    if len(cells) >= len(cells.vocabulary):
        return list(range(len(cells.vocabulary)))
    return [place for place in set(cells.codes.tolist()) if place != GAP]


def _counted(cells: Texts, places: list[int]) -> Counter[str]:
    """How often texts of some places occur; those that do not are left out."""
    if not places:
        return Counter()
    counts = cells.counts
    return Counter({cells.vocabulary[p]: n for p in sorted(places) if (n := int(counts[p]))})
