"""How much worse answers become where a column's cells change places among the rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ...data.raw import RawColumn

Columns: TypeAlias = Mapping[str, RawColumn]
Loss = Callable[[Columns], float]  # of the answers to rows of these columns

REPEATS = 5


@dataclass(frozen=True)
class Importance:
    """By how much the loss rises where a column says nothing of its row.

    Parameters
    ----------
    column : str
        Of the table, before any encoding: all that follows from it moves together.
    mean, spread : float
        Mean and standard deviation over the repeats, in the loss's unit.
    """

    column: str
    mean: float
    spread: float


def permutation_importances(
    loss: Loss, columns: Columns, repeats: int = REPEATS, seed: int = 0
) -> tuple[Importance, ...]:
    """Measure how much each column counts [1]_.

    Parameters
    ----------
    loss : callable
        Takes columns and returns the loss of what is answered to their rows.
    columns : mapping from str to Numbers, Texts or Moments of m cells
        The rows.
    repeats : int
        How often the cells of each column change places.
    seed : int
        Of the permutations: scikit-learn's ``permutation_importance`` draws the same.

    Returns
    -------
    tuple of Importance
        The most important column first.

    References
    ----------
    .. [1] L. Breiman, "Random forests", Machine Learning 45, 2001.

    Examples
    --------
    >>> from backpass.data.raw import Numbers
    >>> columns = {"x": Numbers(np.arange(8.0)), "noise": Numbers(np.ones(8))}
    >>> def loss(columns):
    ...     return float(np.mean((columns["x"].values - np.arange(8.0)) ** 2))
    >>> [(each.column, each.mean > 0) for each in permutation_importances(loss, columns)]
    [('x', True), ('noise', False)]
    """
    m = len(next(iter(columns.values()))) if columns else 0
    orders, at_rest = _orders(m, repeats, seed), loss(columns)
    measured: list[Importance] = []
    for name, cells in columns.items():
        rises = [loss({**columns, name: cells.take(order)}) - at_rest for order in orders]
        measured.append(Importance(name, float(np.mean(rises)), float(np.std(rises))))
    return tuple(sorted(measured, key=lambda each: -each.mean))


def _orders(m: int, repeats: int, seed: int) -> list[np.ndarray]:
    """The places of the rows in each repeat, drawn as scikit-learn does: one shuffle on another."""
    drawn = np.random.RandomState(seed).randint(np.iinfo(np.int32).max + 1)
    rng, shuffled, order = np.random.RandomState(drawn), np.arange(m), np.arange(m)
    orders: list[np.ndarray] = []
    for _ in range(repeats):
        rng.shuffle(shuffled)
        order = order[shuffled]
        orders.append(order)
    return orders
