"""What flatters a score: a column that gives the target away, rows that are in its order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from ..cells import as_argument
from ..raw import Moments, Numbers, RawColumn, Texts
from .clean import CleanColumn

ROWS = 10_000  # that are looked at, drawn from all; a share of 0.98 is known to ±0.003 then
FEWEST = 20  # rows, below which a good guess may be luck
BINS, ROWS_A_BIN = 256, 5
CLASSES = 0.98  # of what always guessing the most frequent class leaves wrong
NUMBERS = 0.99  # of the variance of the target or of its ranks
ID_BINS, ORDERED = 20, 0.8  # wide bins: people with their own y are no order, sorted rows are
MOST_CLASSES = 100


def leaks(
    columns: Mapping[str, CleanColumn], ids: Mapping[str, RawColumn], name: str, target: CleanColumn
) -> tuple[str, ...]:
    """Return a sentence for each column that alone predicts the target almost perfectly.

    Rows are put in groups, by category or by bins of equally many rows, and each is predicted by
    the others of its group: the most frequent class, the mean number and the mean rank.

    Parameters
    ----------
    columns : mapping from str to Numbers, Texts or Moments
        The inputs.
    ids : mapping from str to Numbers, Texts, Moments or Others
        Columns that are no inputs because they number the rows; whether they are in the target's
        order is looked at.
    name : str
        The target's column.
    target : Numbers or Texts
        Its cells; gaps are left out.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> x = np.arange(100.0)
    >>> leaks({"x": Numbers(x)}, {}, "y", Numbers(x ** 2))[0]
    "Column 'x' alone predicts 'y' almost perfectly (99.6 %): is it known before 'y' is?"
    """
    rows = np.flatnonzero(~target.gaps)
    if len(rows) > ROWS:
        rows = np.sort(np.random.default_rng(0).choice(rows, ROWS, replace=False))
    if len(rows) < FEWEST or _n_classes(target) > MOST_CLASSES:
        return ()
    return tuple(_sentences(columns, ids, name, target.take(rows), rows))


def _sentences(
    columns: Mapping[str, CleanColumn],
    ids: Mapping[str, RawColumn],
    name: str,
    y: CleanColumn,
    rows: np.ndarray,
) -> Iterator[str]:
    """A sentence each, inputs first."""
    enough = CLASSES if isinstance(y, Texts) else NUMBERS
    truth = _truth(y)
    for column, cells in columns.items():
        share = _share(_groups(cells.take(rows), BINS), truth)
        if share >= enough:
            yield (
                f"Column {column!r} alone predicts {name!r} almost perfectly "
                f"({100 * share:.3g} %): is it known before {name!r} is?"
            )
    for column, numbering in ids.items():
        if _share(_groups(_ordered(numbering.take(rows)), ID_BINS), truth) >= ORDERED:
            yield (
                f"The rows are in order of {name!r} by {column!r}, which is left out for that "
                "reason, too."
            )


def in_order(columns: Mapping[str, CleanColumn]) -> tuple[str, ...]:
    """Return a sentence for each column of dates in whose order the rows are.

    Examples
    --------
    >>> days = np.arange("2024-01-01", "2024-03-01", dtype="M8[D]").astype("M8[us]")
    >>> in_order({"day": Moments(days)})
    ("The rows are in order of 'day', where neighbours are alike and a random split flatters;
    --split time:day tests on the last ones.",)
    """
    return tuple(
        f"The rows are in order of {name!r}, where neighbours are alike and a random split "
        f"flatters; --split time:{as_argument(name)} tests on the last ones."
        for name, column in columns.items()
        if isinstance(column, Moments) and _is_sorted(column.values)
    )


def _is_sorted(moments: np.ndarray) -> bool:
    """Whether moments only rise, and mostly do; a gap is no order."""
    if len(moments) < FEWEST or np.isnat(moments).any():
        return False
    steps = np.diff(moments.view(np.int64))
    return bool((steps >= 0).all()) and 2 * int(np.count_nonzero(steps)) > len(steps)


def _n_classes(target: CleanColumn) -> int:
    return len(target.vocabulary) if isinstance(target, Texts) else 0


def _truth(y: CleanColumn) -> np.ndarray:
    """Codes of classes, shape (n,); or numbers and their ranks, float64 of shape (n, 2).

    Ranks do not see by how much one column bends the other, numbers not how they are scattered
    around a few values.
    """
    if isinstance(y, Texts):
        return y.codes
    assert isinstance(y, Numbers)
    _, places, counts = np.unique(y.values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]  # equal numbers share their mean rank
    return np.column_stack([y.values, ranks])


def _ordered(column: RawColumn) -> RawColumn:
    """Texts by their place in the alphabet, as numbers."""
    if not isinstance(column, Texts):
        return column
    used = np.unique(column.codes[~column.gaps]).tolist()
    places = np.full(len(column.vocabulary) + 1, np.nan)  # the last is a gap's
    places[sorted(used, key=column.vocabulary.__getitem__)] = np.arange(len(used))
    return Numbers(places[column.codes])


def _groups(column: RawColumn, bins: int) -> np.ndarray:
    """Groups of rows: a category each, or bins of equally many rows; gaps are the last one."""
    if isinstance(column, Texts):
        return np.where(column.codes < 0, len(column.vocabulary), column.codes)
    gaps = column.gaps
    groups = np.full(len(column), bins, dtype=np.intp)
    if isinstance(column, Numbers | Moments) and not gaps.all():
        _, places, counts = np.unique(column.values[~gaps], return_inverse=True, return_counts=True)
        n = int(counts.sum())
        n_bins = max(1, min(bins, n // ROWS_A_BIN))
        groups[~gaps] = ((np.cumsum(counts) - counts) * n_bins // n)[places]
    return groups


def _share(groups: np.ndarray, truth: np.ndarray) -> float:
    """What a group's other rows know of each row's target, from 0 (nothing) to 1."""
    if truth.ndim == 1:
        return _share_of_classes(groups, truth)
    return max(_r2(groups, column) for column in truth.T)


def _share_of_classes(groups: np.ndarray, truth: np.ndarray) -> float:
    """How much better than the most frequent class of all the most frequent of the others is."""
    n, n_classes = len(truth), int(truth.max()) + 1
    _, groups = np.unique(groups, return_inverse=True)
    counts = np.bincount(groups * n_classes + truth, minlength=n_classes * (groups.max() + 1))
    counts = np.sort(counts.reshape(-1, n_classes), axis=1)
    most = counts[:, -1]
    second = counts[:, -2] if n_classes > 1 else 0 * most
    right = int(most[most - 1 > second].sum())
    frequent = int(np.bincount(truth).max())
    return (right - frequent) / (n - frequent) if n > frequent else 0.0


def _r2(groups: np.ndarray, truth: np.ndarray) -> float:
    """R² of each row's prediction by the mean of the others in its group; alone, by that of all."""
    _, groups = np.unique(groups, return_inverse=True)
    centred = truth - truth.mean()
    total = float(centred @ centred)
    sums, counts = np.bincount(groups, centred), np.bincount(groups)
    others = np.maximum(counts[groups] - 1, 1)
    predicted = np.where(counts[groups] > 1, (sums[groups] - centred) / others, 0.0)
    missed = centred - predicted
    return 1 - float(missed @ missed) / total if total > 0 else 0.0
