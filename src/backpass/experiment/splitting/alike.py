"""Rows that are alike on both sides of a split.

Such rows make a test easier than what the model will be asked: it has seen their like.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def row_hashes(columns: Iterable[np.ndarray]) -> np.ndarray:
    """Hash rows to 64 bits: equal rows have equal hashes, whatever the machine.

    Each cell's bits are mixed into its row's hash by the finaliser of SplitMix64 [1]_.

    Parameters
    ----------
    columns : iterable of ndarray of shape (m,)
        Numbers, codes, truth values or datetimes; a gap is equal to a gap, and 0.0 to −0.0.

    Returns
    -------
    ndarray of shape (m,), uint64

    References
    ----------
    .. [1] G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA,
       2014.

    Examples
    --------
    >>> a, b = np.array([1.0, np.nan, 1.0]), np.array([2, 3, 2])
    >>> h = row_hashes([a, b])
    >>> bool(h[0] == h[2]), bool(h[0] == h[1])
    (True, False)
    """
    hashes = np.zeros(1, dtype=np.uint64)
    for column in columns:
        hashes = _mixed(hashes + _bits(column))
    return hashes


def _bits(column: np.ndarray) -> np.ndarray:
    """The bits of each cell, shape (m,), uint64."""
    if column.dtype.kind in "biumM":
        return column.astype(np.int64).view(np.uint64)
    numbers = column.astype(np.float64) + 0.0  # −0.0 becomes 0.0
    numbers[np.isnan(numbers)] = np.nan  # of one sign and payload
    return numbers.view(np.uint64)


def _mixed(z: np.ndarray) -> np.ndarray:
    z = z + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def flattering(learnt: np.ndarray, tested: np.ndarray) -> tuple[str, ...]:
    """Say how many of a test's rows equal one that is learnt from; nothing of none.

    Parameters
    ----------
    learnt, tested : ndarray of uint64
        Hashes of rows; equal rows have equal ones.

    Examples
    --------
    >>> flattering(row_hashes([np.array([1, 2])]), row_hashes([np.array([2, 3])]))[0]
    '1 of 2 test rows has all inputs of a row that is learnt from: if it is a copy, scores flatter.'
    """
    n = int(np.isin(tested, learnt).sum())
    if not n:
        return ()
    has, copies = ("has", "it is a copy") if n == 1 else ("have", "they are copies")
    return (
        f"{n} of {len(tested)} test rows {has} all inputs of a row that is learnt from: if "
        f"{copies}, scores flatter.",
    )
