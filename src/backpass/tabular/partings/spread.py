"""How much nearer to the truth the mean of several packs is than each of them by itself.

A row that a pack has not learned from was learned from by others, so that only that pack's error is
honest: σ² + v in the mean square, with v for how packs scatter. That of the mean of packs with
shares w is σ² + v Σ w², and v is seen where two packs answer a row that neither has learned from:
their answers differ by 2 v in the mean square.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

LEAST_ROWS = 20  # in common, below which nothing is known of v
MOST_PACKS = 8  # whose answers are compared
LEAST = 0.5  # of the errors, whatever the packs say


@dataclass(frozen=True, eq=False)
class LeftOut:
    """A pack's answers to rows that it has not learned from.

    Parameters
    ----------
    numbers : ndarray of shape (rows,), int
        Which rows.
    answers : ndarray of shape (rows, outputs)
        The pack's.
    """

    numbers: np.ndarray
    answers: np.ndarray


def smaller_errors(errors: np.ndarray, packs: Sequence[LeftOut], shares: np.ndarray) -> np.ndarray:
    """Return by how much less the mean of packs errs than each by itself.

    Parameters
    ----------
    errors : ndarray of shape (rows, outputs)
        Of packs by themselves.
    packs : sequence of LeftOut
        What each answers.
    shares : ndarray of shape (packs,)
        w, which add up to 1.

    Returns
    -------
    ndarray of shape (outputs,)
        A factor between 0.5 and 1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> noise, scatter = rng.normal(size=(4000, 1)), rng.normal(size=(4, 4000, 1))
    >>> packs = [LeftOut(np.arange(4000), each) for each in scatter]
    >>> errors = noise - scatter[0]  # mean squares: 2 of each, 1.25 of the mean of four
    >>> smaller_errors(errors, packs, np.full(4, 0.25)).round(2), round(np.sqrt(1.25 / 2), 2)
    (array([0.8]), np.float64(0.79))
    """
    squares = [_squares(*pair) for pair in combinations(packs[:MOST_PACKS], 2)]
    seen = np.concatenate([np.empty((0, errors.shape[1])), *squares])
    if len(seen) < LEAST_ROWS or not len(errors):
        return np.ones(errors.shape[1])
    v, mean_square = seen.mean(axis=0) / 2, np.mean(errors**2, axis=0)
    gone = np.divide(v * (1 - np.sum(shares**2)), mean_square, where=mean_square > 0, out=0 * v)
    return np.sqrt(np.clip(1 - gone, LEAST**2, 1))


def _squares(one: LeftOut, other: LeftOut) -> np.ndarray:
    """Squared differences on the rows that both have, shape (rows, outputs)."""
    _, first, second = np.intersect1d(one.numbers, other.numbers, return_indices=True)
    return (one.answers[first] - other.answers[second]) ** 2
