"""Which walkers ended in the same valley."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..arrays import Array
from ..network import Network
from .symmetry import align

_POINTS_ON_THE_WAY = 16

Theta = NDArray[np.float64]  # all parameters, unrolled: shape (n,)


class HasCost(Protocol):
    """What is asked of a problem here: J and its gradient. ``engine.prepare`` makes such."""

    @property
    def net(self) -> Network:
        """The network."""
        ...

    def cost_and_gradient(self, theta: Theta) -> tuple[Array, Array]:
        """J, a number, and D of shape (n,)."""
        ...


@dataclass(frozen=True, eq=False)
class Valley:
    """A valley: its lowest known point, and the drops that ended in it.

    Attributes
    ----------
    J : float
        J at the lowest point.
    theta : ndarray of shape (n,)
        The lowest point.
    members : tuple of int
        Numbers of the drops, the lowest first.
    ridges : tuple of float
        How far the straight way from each member to the lowest point rises above the higher one.

    Examples
    --------
    >>> import numpy as np
    >>> Valley(0.25, np.zeros(3), members=(2, 0), ridges=(0.0, 0.0)).members
    (2, 0)
    """

    J: float
    theta: Theta
    members: tuple[int, ...]
    ridges: tuple[float, ...]


def group_valleys(problem: HasCost, ends: Sequence[Theta], tallest: float) -> list[Valley]:
    """Group points into valleys, the lowest first.

    Two points lie in one valley where the straight way between them, after units have been
    exchanged and turned (``align``), climbs no ridge higher than `tallest` above the higher one.

    Parameters
    ----------
    problem : problem of ``engine.prepare``
        Computes J.
    ends : sequence of ndarrays of shape (n,)
        Where walkers ended.
    tallest : float
        The highest ridge that does not separate, in units of J.

    Returns
    -------
    list of Valley

    Examples
    --------
    >>> import backpass as bp
    >>> from backpass import engine
    >>> from backpass.landscape import equivalent_copy
    >>> net = bp.Network((1, 2, 1), hidden="tanh")
    >>> theta = bp.init_theta(net, seed=0)
    >>> problem = engine.prepare(net, [[0.0], [1.0]], [[0.0], [1.0]])
    >>> ends = [theta, equivalent_copy(net, theta, seed=1)]
    >>> [valley.members for valley in group_valleys(problem, ends, tallest=0.0)]
    [(0, 1)]
    """
    heights = [height(problem, end) for end in ends]
    valleys: list[Valley] = []
    for k in np.argsort(heights, kind="stable"):
        ridges = [ridge(problem, ends[k], valley.theta) for valley in valleys]
        lowest = int(np.argmin(ridges)) if ridges else -1
        if ridges and ridges[lowest] <= tallest:
            valleys[lowest] = _joined(valleys[lowest], int(k), ridges[lowest])
        else:
            valleys.append(Valley(heights[k], ends[k], (int(k),), (0.0,)))
    return valleys


def ridge(problem: HasCost, one: Theta, other: Theta) -> float:
    """How far the straight way between two points, after ``align``, rises above the higher one.

    A ridge that is narrower than a seventeenth of the way may stand between two samples.
    """
    start = align(problem.net, one, to=other)
    if np.array_equal(start, other):
        return 0.0
    way = np.linspace(0, 1, _POINTS_ON_THE_WAY + 2)
    heights = [height(problem, start + t * (other - start)) for t in way]
    return max(0.0, max(heights) - max(heights[0], heights[-1]))


def height(problem: HasCost, theta: Theta) -> float:
    """J(θ)."""
    return float(problem.cost_and_gradient(theta)[0])


def _joined(valley: Valley, member: int, ridge: float) -> Valley:
    members, ridges = (*valley.members, member), (*valley.ridges, ridge)
    return Valley(valley.J, valley.theta, members, ridges)
