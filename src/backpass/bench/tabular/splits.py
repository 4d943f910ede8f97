"""Which rows of a table train and which test: a fifth tests, and a most trains."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

TEST_SHARE = 0.2
MOST_ROWS = 15_000


@dataclass(frozen=True)
class SplitRule:
    """How rows are parted by a seed.

    Parameters
    ----------
    most_rows : int
        So many train at most; a permutation by the seed is cut there.
    exceptions : dict
        Other mosts, by table.
    inner : bool
        Whether to test on a fifth of the training rows, as one must to choose anything by it; the
        test rows are then untouched.
    """

    most_rows: int = MOST_ROWS
    exceptions: dict[str, int] = field(default_factory=dict)
    inner: bool = False

    def part(self, name: str, y: np.ndarray, classes: int, seed: int) -> tuple[np.ndarray, ...]:
        """Return the rows that train and those that test, as sorted by the draw.

        Examples
        --------
        >>> train, test = SplitRule(most_rows=6).part("drawn", np.arange(10.0), 0, seed=1)
        >>> len(train), len(test), len({*train, *test})
        (6, 2, 8)
        """
        rows, test = _parted(np.arange(len(y)), y, classes, seed)
        most = self.exceptions.get(name, self.most_rows)
        rows = np.random.default_rng(seed).permutation(rows)[:most]
        return _parted(rows, y, classes, seed) if self.inner else (rows, test)


def _parted(
    rows: np.ndarray, y: np.ndarray, classes: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Hold a fifth out; classes keep their shares where each has two rows."""
    from sklearn.model_selection import train_test_split

    alike = y[rows] if classes and np.bincount(y[rows])[np.unique(y[rows])].min() > 1 else None
    parts = train_test_split(rows, test_size=TEST_SHARE, random_state=seed, stratify=alike)
    train, test = map(np.asarray, parts)
    return train, test
