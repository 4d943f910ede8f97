"""What the training rows do not reach: gaps where they have none, and numbers far outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from .columns import DATE, FittedColumns
from .dates import written as moment_written
from .numbers import Scaling
from .numbers import written as number_written
from .plain_inputs import Seen
from .unknown import FarNumbers, Unknown


class Outside:
    """Counts what lies outside of the training rows, block by block.

    Parameters
    ----------
    columns : FittedColumns
        What is read.
    scaling : Scaling
        Of their features; it knows between what the training rows lie.
    """

    def __init__(self, columns: FittedColumns, scaling: Scaling) -> None:
        self.columns, self.scaling = columns, scaling
        self._gaps = np.zeros(len(columns.features), dtype=np.int64)
        self._other_gaps: Counter[str] = Counter()
        self._far: dict[int, list[np.ndarray]] = {}

    def add(self, seen: Seen) -> None:
        """Add what a block has; the blocks come in the order of their rows."""
        self._gaps += seen.gaps
        for place, cells in seen.far.items():
            self._far.setdefault(place, []).append(cells)

    def count_gaps(self, column: str, missing: np.ndarray) -> None:
        """Count the gaps of a column that no feature shows."""
        self._other_gaps[column] += int(np.count_nonzero(missing))

    def unknown(self, texts: Mapping[str, Counter[str]]) -> Unknown:
        """Return it all, beside the texts that have no level."""
        of, main = self.columns, self.columns.main
        gaps = {name: int(self._gaps[place]) for name, place in main.items()} | self._other_gaps
        known = {*of.gaps, *(levels.column for levels in of.levels if levels.missing)}
        shared = frozenset(levels.column for levels in of.levels if levels.rare)
        return Unknown(
            texts,
            shared & texts.keys(),
            {name: n for name, n in sorted(gaps.items()) if n and name not in known},
            {name: self._far_of(name, p) for name, p in main.items() if p in self._far},
        )

    def _far_of(self, column: str, place: int) -> FarNumbers:
        """The far cells of a column, as a message writes them."""
        cells, seen = np.concatenate(self._far[place]), self.scaling.table[place, 2:]
        write = moment_written if self.columns.kinds[column] == DATE else number_written
        low, high, least, most = map(write, (cells.min(), cells.max(), *seen.tolist()))
        return FarNumbers(len(cells), low, high, (least, most))
