"""Which groups to hold out, so that they have about a part of the rows, and of each class's."""

from __future__ import annotations

import numpy as np

STRATA = 16  # classes that are looked at; the rarer ones count as one
NEAR = 64  # groups of either side of the first cut that may change sides
STEPS = 200  # of them, at most
ORDERS = 32  # to begin with, at most
NOBODY = -1


def draw_groups(
    groups: np.ndarray, y: np.ndarray | None, part: float, seed: int, keep: int = 1
) -> np.ndarray:
    """Draw groups to be held out.

    Groups are put in random order and taken from its beginning while they fit. Then single groups
    change sides, or two of them change places, as long as that brings the rows held out, and those
    of each class, closer to the parts wanted; where they stay far, other orders are tried (a local
    search: to find the best subset takes time exponential in the groups). All is counted in whole
    numbers, so that it is the same on every machine.

    Parameters
    ----------
    groups : ndarray of shape (m,), int
        Each row's group, from 0 to G − 1, all of which occur.
    y : ndarray of shape (m,), int, or None
        Each row's class.
    part : float
        The part of the rows to be held out.
    seed : int
        Of the order.
    keep : int
        Groups that stay at least; at least one is held out.

    Returns
    -------
    ndarray of shape (G,), bool

    Examples
    --------
    >>> draw_groups(np.array([0, 0, 1, 1, 1, 2, 2]), None, 3 / 7, 0).tolist()
    [False, True, False]
    """
    counts = _counts(groups, y)
    wanted = np.rint(part * counts.sum(axis=0)).astype(np.int64)
    draw = np.random.RandomState(seed)
    best, least = np.zeros(len(counts), dtype=bool), np.inf
    for _ in range(ORDERS):
        held_out = _closer(counts, draw.permutation(len(counts)), wanted, keep)
        far = ((wanted - counts[held_out].sum(axis=0)) ** 2).sum()
        if far < least:
            best, least = held_out, far
        if least < len(wanted):  # hardly a row too many of any class
            break
    return best


def _counts(groups: np.ndarray, y: np.ndarray | None) -> np.ndarray:
    """Rows of each group, and those of each class, shape (G, 1 + classes)."""
    sizes = np.bincount(groups)
    if y is None:
        return sizes[:, None].astype(np.int64)
    kinds, codes, found = np.unique(y, return_inverse=True, return_counts=True)
    rank = np.empty(len(kinds), dtype=np.int64)
    rank[np.argsort(-found, kind="stable")] = np.arange(len(kinds))
    strata = np.minimum(rank, STRATA - 1)[codes]
    n = int(strata.max()) + 1
    by_class = np.bincount(groups * n + strata, minlength=len(sizes) * n).reshape(-1, n)
    return np.column_stack([sizes, by_class]).astype(np.int64)


def _closer(counts: np.ndarray, order: np.ndarray, wanted: np.ndarray, keep: int) -> np.ndarray:
    """Take groups in order while they fit; change the sides of those near the cut while it helps.

    Whether each is held out, shape (G,).
    """
    n = int(np.searchsorted(np.cumsum(counts[order, 0]), wanted[0], side="right"))
    n = min(max(n, 1), len(order) - keep)
    held_out = np.zeros(len(order), dtype=bool)
    held_out[order[:n]] = True
    near = order[max(n - NEAR, 0) : n + NEAR]
    missing = wanted - counts[held_out].sum(axis=0)
    rows_of = np.vstack([counts, np.zeros_like(counts[:1])])  # the last is nobody's
    for _ in range(STEPS):
        ins, outs = near[held_out[near]], near[~held_out[near]]
        gone, come = _moves(ins, outs, held_out.sum() > 1, len(order) - held_out.sum() > keep)
        change = rows_of[come] - rows_of[gone]
        far = ((missing - change) ** 2).sum(axis=1)
        if not len(far) or far.min() >= (missing**2).sum():
            break
        best = far.argmin()
        for group, side in ((gone[best], False), (come[best], True)):
            if group != NOBODY:
                held_out[group] = side
        missing = missing - change[best]
    return held_out


def _moves(
    ins: np.ndarray, outs: np.ndarray, may_go: np.bool, may_come: np.bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return which group goes and which comes in every possible move."""
    gone = np.r_[ins, NOBODY] if may_come else ins
    come = np.r_[outs, NOBODY] if may_go else outs
    return np.repeat(gone, len(come)), np.tile(come, len(gone))
