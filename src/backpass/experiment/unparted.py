"""A table whose rows are not parted yet: split once, or in folds, and made ready by each part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ..data.splitting.split_rules import AtRandom, Rule, Targets
from ..errors import InvalidInput, collected_warnings
from ..tabular.partings.rows import HELD_OUT
from .ready import PreparedTable
from .settings import Settings
from .splitting.splits import VALIDATION, Split, fold_splits, split


@dataclass(frozen=True, eq=False)
class Rows:
    """What is known of a table's rows before they are parted.

    Parameters
    ----------
    targets : Targets
        Of all rows, those of files of their own included.
    rule : Rule
        By which they are parted.
    given : mapping from str to ndarray of int
        Rows of parts ("validation", "test") that have a file of their own.
    w : ndarray of shape (m,) or None
        What they weigh.
    """

    targets: Targets
    rule: Rule
    given: dict[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])
    w: np.ndarray | None = None

    def split(self, settings: Settings) -> Split:
        """Part them in those that train, validate and test."""
        return split(
            self.targets,
            self.rule,
            settings.test_size,
            settings.seed,
            self.given.get("test"),
            self.given.get("validation"),
            self._to_validate(settings),
        )

    def folds(self, n: int, settings: Settings) -> tuple[Split, ...]:
        """Part those that have no file of their own in folds."""
        left_out = np.concatenate([np.empty(0, dtype=int), *self.given.values()])
        part = self._to_validate(settings)
        return fold_splits(self.targets, n, self.rule, settings.seed, left_out, part)

    def _to_validate(self, settings: Settings) -> float:
        """The part of the rows to learn from that validates: none where an ensemble draws it.

        It knows no rule but chance, and a threshold is found on rows that it did not learn from.
        """
        if not settings.tabular:
            return VALIDATION
        itself = isinstance(self.rule, AtRandom) and settings.threshold != "best"
        return 0.0 if itself else HELD_OUT

    def first(self, part: str, rows: np.ndarray) -> int:
        """The number, among the rows of all files, of the first row of the file that these are in.

        Those of a fold are rows of the table, whatever files its parts have elsewhere.
        """
        given = self.given.get(part, rows[:0])
        return int(given[0]) if len(given) and (rows >= given[0]).all() else 0

    def weights(self, parts: Split) -> dict[str, np.ndarray]:
        """What each part's rows weigh; nothing where all weigh the same.

        Raises
        ------
        InvalidInput
            If all rows of a part weigh nothing.
        """
        if self.w is None:
            return {}
        w = {part: self.w[rows] for part, rows in parts.parts.items()}
        for part, weights in w.items():
            if len(weights) and not weights.any():
                raise InvalidInput(f"All {len(weights)} {part} rows weigh nothing.")
        return w


class Unparted(Protocol):
    """A table of some form whose rows are not parted yet."""

    @property
    def rows(self) -> Rows:
        """What is known of its rows."""
        ...

    @property
    def for_one_network(self) -> str | None:
        """What it holds that an ensemble does not read; None where it holds no such thing."""
        ...

    def prepared(self, parts: Split, settings: Settings) -> PreparedTable:
        """Make the table ready: inputs fitted on the rows that train."""
        ...


def folds(table: Unparted, n: int, settings: Settings) -> Iterator[PreparedTable]:
    """Make a table ready n times, each time with other rows to test."""
    for parts in table.rows.folds(n, settings):
        with collected_warnings():  # what a fold's rows have is no news of the model
            data = table.prepared(parts, settings)
        yield data
