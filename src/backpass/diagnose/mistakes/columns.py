"""Columns that are left out, and what cannot be done with a probe's shapes.

m is the number of examples, a carries no bias column, Θ has its bias in column 0, as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Array = np.ndarray


class Infeasible(Exception):
    """This recipe cannot be carried out with the probe's shapes."""


def last_column_zero(values: Array) -> Array:
    return np.hstack([values[:, :-1], 0 * values[:, -1:]])


def first_column_zero(values: Array) -> Array:
    zeroed = values.copy()
    zeroed[:, :1] = 0
    return zeroed


UNITS: dict[str, Callable[[Array], Array]] = {
    "all": lambda a: a,
    "last out": last_column_zero,
    "first out": first_column_zero,
    "second out": lambda D: np.hstack([D[:, :1], 0 * D[:, 1:2], D[:, 2:]]),
}


def ones_column(values: Array) -> Array:
    """The bias units of all examples, (m, 1)."""
    return np.ones((values.shape[0], 1))


def transposed(Theta: Array) -> Array:
    """The weights of a square Θ transposed, its bias column where it is."""
    if Theta.shape[0] != Theta.shape[1] - 1:
        raise Infeasible
    return np.hstack([Theta[:, :1], Theta[:, 1:].T])
