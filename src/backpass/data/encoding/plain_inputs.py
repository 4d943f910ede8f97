"""The inputs of X that are a number or a gap in every row, written a block of rows at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import DTypeLike

from .columns import Columns, Feature, FittedColumns, infinite_number
from .dates import BY_MINUTE, ELAPSED, DatePart
from .numbers import NumberCells, Scaling


@dataclass(frozen=True, eq=False)
class Seen:
    """What a block has that may lie outside of the training rows.

    Parameters
    ----------
    gaps : ndarray of shape (features,), int64
        How many of each feature's numbers are missing.
    far : mapping from int to ndarray
        Numbers that are far outside, by feature.
    """

    gaps: np.ndarray
    far: Mapping[int, np.ndarray]


@dataclass(frozen=True, eq=False)
class _LookedUp:
    """Neighbouring features that a row looks up together: parts of its day, or of its minute."""

    inputs: slice
    scaled: np.ndarray  # a row of them for each day, the last for a gap
    places: np.ndarray  # of each row


class PlainInputs:
    """Writes a table's scaled numbers and gaps.

    Parameters
    ----------
    of : FittedColumns
        What is read of the table.
    scaling : Scaling
        Of its features.
    table : mapping from str to Numbers, Texts or Moments
        The columns.
    dtype : dtype
        Of X. Numbers are scaled in double precision, and rounded at last.
    """

    def __init__(
        self, of: FittedColumns, scaling: Scaling, table: Columns, dtype: DTypeLike
    ) -> None:
        self._of, self._table, self._calendars = of, table, of.calendars(table)
        runs = [[*run] for _, run in groupby(enumerate(of.features), lambda f: _looked_up_by(f[1]))]
        direct = [run for run in runs if _looked_up_by(run[0][1]) is None]
        self._looked_up = [self._lookup(run, scaling, dtype) for run in runs if run not in direct]
        self._features = [place for run in direct for place, _ in run]
        self._scaling = scaling.taken(self._features)
        self._runs = [slice(run[0][0], run[-1][0] + 1) for run in direct]

    def _lookup(
        self, run: list[tuple[int, Feature]], scaling: Scaling, dtype: DTypeLike
    ) -> _LookedUp:
        """Scale what is looked up, before it is."""
        parts = [part for _, part in run if isinstance(part, DatePart)]
        features = [place for place, _ in run]
        calendar = self._calendars[parts[0].column]
        F = calendar.table([part.part for part in parts]).T.copy()
        scaling.taken(features).apply(F, np.isnan(F))
        places = calendar.places(parts[0].part).of_rows
        return _LookedUp(slice(features[0], features[-1] + 1), F.T.astype(dtype, order="C"), places)

    def write(self, rows: slice, X: np.ndarray) -> Seen:
        """Write some rows into the first columns of X, all zero so far.

        Raises
        ------
        InvalidInput
            If a number is infinite.
        """
        F = self._numbers(rows, len(X))
        missing = np.isnan(F)
        seen = self._seen(F, missing, rows.start)
        self._scaling.apply(F, missing)
        first = 0
        for run in self._runs:
            last = first + run.stop - run.start
            X[:, run] = F[first:last].T
            first = last
        for part in self._looked_up:
            X[:, part.inputs] = part.scaled[part.places[rows]]
        self._write_gaps(rows, missing, X)
        return seen

    def _numbers(self, rows: slice, m: int) -> np.ndarray:
        """The features that no table holds, shape (features, m), NaN for a gap."""
        F = np.empty((len(self._features), m))
        for line, place in zip(F, self._features):
            feature = self._of.features[place]
            if isinstance(feature, NumberCells):
                line[:] = feature.values(self._table, rows)
            else:
                line[:] = feature.values(self._calendars, rows)
        return F

    def _seen(self, F: np.ndarray, missing: np.ndarray, start: int) -> Seen:
        """Note gaps and what is far outside; refuse infinite numbers."""
        infinite = np.isinf(F)
        if infinite.any():
            place, row = np.argwhere(infinite)[0].tolist()
            raise infinite_number(self._of.features[self._features[place]].name, start + row)
        gaps = np.zeros(len(self._of.features), dtype=np.int64)
        if missing.any():
            gaps[self._features] = np.count_nonzero(missing, axis=1)
        far = self._scaling.far(F)
        return Seen(gaps, {self._features[p]: F[p, cells] for p, cells in far.items()})

    def _write_gaps(self, rows: slice, missing: np.ndarray, X: np.ndarray) -> None:
        of = self._of
        lines = dict(zip(self._features, missing))
        for place, name in enumerate(of.gaps, start=len(of.features)):
            main = of.main.get(name)
            X[:, place] = self._table[name].take(rows).gaps if main is None else lines[main]


def _looked_up_by(feature: Feature) -> tuple[str, bool] | None:
    """The column, and whether its minutes tell; None for numbers of which each row has its own."""
    if isinstance(feature, DatePart) and feature.part != ELAPSED:
        return feature.column, feature.part in BY_MINUTE
    return None
