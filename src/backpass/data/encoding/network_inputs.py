"""X for a single network: scaled numbers, then gaps, levels and terms; dense where all is dense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

DENSE_LEVELS = 256  # levels of all columns together up to which X is dense


@dataclass(frozen=True)
class NetworkInput:
    """A column of X.

    Parameters
    ----------
    name : str
        What people call it: 'area', 'area is missing', 'city = Paris', 'day: month'.
    columns : tuple of str
        The columns of the table that it follows from: one, or the two of a difference.
    """

    name: str
    columns: tuple[str, ...]


def write_levels(X: np.ndarray, codes: np.ndarray, starts: np.ndarray) -> None:
    """Write the levels' ones into a dense X.

    Parameters
    ----------
    X : ndarray of shape (m, inputs), float64
        Zero at the levels' inputs.
    codes : ndarray of shape (m, categories), int32
        Levels; −1 for none.
    starts : ndarray of shape (categories + 1,)
        The input of each category's first level, and their end.
    """
    for place, start in enumerate(starts[:-1].tolist()):
        rows = np.flatnonzero(codes[:, place] >= 0)
        X[rows, start + codes[rows, place]] = 1.0


def joined(numbers: np.ndarray, codes: np.ndarray, starts: np.ndarray) -> sparse.csr_matrix:
    """Join numbers and levels in one sparse matrix.

    Parameters
    ----------
    numbers : ndarray of shape (m, n), float64
        The first n inputs.
    codes : ndarray of shape (m, categories), int32
        Levels; −1 for none.
    starts : ndarray of shape (categories + 1,)
        The input of each category's first level, from n on; at last their end.

    Returns
    -------
    csr_matrix of shape (m, inputs), float64
        Indices ascend in each row, and no stored number is zero.
    """
    m, n = numbers.shape
    places = np.concatenate(
        [np.broadcast_to(np.arange(n), (m, n)), codes + starts[:-1]], axis=1, dtype=np.int32
    )
    values = np.concatenate([numbers, np.ones(codes.shape)], axis=1)
    kept = np.concatenate([numbers != 0, codes >= 0], axis=1)
    rows = np.concatenate([[0], np.cumsum(np.count_nonzero(kept, axis=1))])
    shape = (m, int(starts[-1]))
    return sparse.csr_matrix((values[kept], places[kept], rows), shape=shape)


def stacked(blocks: list[sparse.csr_matrix], terms: list[sparse.csr_matrix]) -> sparse.csr_matrix:
    """Put blocks of rows below each other, and the terms of all rows beside them."""
    made: Any = sparse.vstack(blocks, format="csr") if len(blocks) > 1 else blocks[0]
    if terms:
        made = sparse.hstack([made, *terms], format="csr")
    return made
