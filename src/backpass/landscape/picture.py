"""What a picture of the mountains shows: heights over a grid, the ways over it, and the fog.

It knows neither networks nor θ: contours and the 3-D surface draw the same one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

_CLEAR = 0.5  # ground is seen where it is clearer than this


@dataclass(frozen=True, eq=False)
class TrajectoryProjection:
    """A way down, as its projection onto the plane of the picture.

    Attributes
    ----------
    alpha, beta : ndarrays of shape (k,)
        Coordinates of the foot of each point in the plane.
    J : ndarray of shape (k,)
        J at the points themselves, not at their feet.
    distance : ndarray of shape (k,)
        How far each point lies from the plane, in units of θ.
    hidden : ndarray of shape (k,)
        The same as a share of its distance from the center: 0 lies in the plane, 1 is all that
        the picture cannot show.
    name : str
        How it is called in the picture.

    Examples
    --------
    >>> import backpass as bp
    >>> net = bp.Network((1, 1), hidden=(), loss="squared_error")
    >>> found = bp.drops(net, [[1.0], [2.0]], [[1.0], [3.0]], n=2)
    >>> first = found.landscape(steps=3).walkers[0]
    >>> first.name, bool(first.distance.max() < 1e-9)  # θ has two numbers only
    ('equal weights', True)
    """

    alpha: NDArray[np.float64]
    beta: NDArray[np.float64]
    J: NDArray[np.float64]
    distance: NDArray[np.float64]
    hidden: NDArray[np.float64]
    name: str = ""

    def position(self, step: int | None) -> tuple[float, float]:
        """Say where the walker stands after so many steps.

        Parameters
        ----------
        step : int or None
            How many; the end where None, and where it has made fewer.

        Returns
        -------
        tuple of two floats
            (α, β).

        Examples
        --------
        >>> import numpy as np
        >>> line, none = np.array([0.0, 1.0, 3.0]), np.zeros(3)
        >>> way = TrajectoryProjection(line, -line, none, none, none)
        >>> way.position(1), way.position(None)
        ((1.0, -1.0), (3.0, -3.0))
        """
        k = len(self.J) - 1 if step is None else min(step, len(self.J) - 1)
        return float(self.alpha[k]), float(self.beta[k])


@dataclass(frozen=True, eq=False)
class Picture:
    """Heights over a grid, and the trajectories over it.

    Attributes
    ----------
    values : ndarray of shape (k, k)
        J; ``values[i, j]`` belongs to ``axes[1][i]`` and ``axes[0][j]``.
    axes : tuple of two ndarrays of shape (k,)
        α and β of the grid's lines.
    trajectories : tuple of TrajectoryProjection
        The ways down.
    shown : float
        The share of the ways' spread about the center that lies in the plane.
    mark : TrajectoryProjection, optional
        One point to mark: the network that is looked at.
    """

    values: NDArray[np.float64]
    axes: tuple[NDArray[np.float64], NDArray[np.float64]]
    trajectories: tuple[TrajectoryProjection, ...]
    shown: float
    mark: TrajectoryProjection | None = None

    def clear_share(self, fog: float, step: int | None) -> NDArray[np.float64]:
        """How clear each point of the grid is, 0 to 1: bright around the walkers, or the center.

        A walker sees as far as `fog`, a share of the picture's width, from where it is after so
        many steps. The fourth power gives the clearing a flat floor and a soft edge.
        """
        alpha, beta = self.axes
        A, B = np.meshgrid(alpha, beta)
        places = [trajectory.position(step) for trajectory in self.trajectories] or [(0.0, 0.0)]
        nearest = np.min([np.hypot(A - a, B - b) for a, b in places], axis=0)
        return np.exp(-((nearest / (fog * np.ptp(alpha))) ** 4))

    def in_fog(self, fog: float, step: int | None) -> NDArray[np.float64]:
        """Heights, with NaN where no walker can see."""
        return np.where(self.clear_share(fog, step) > _CLEAR, self.values, np.nan)


class HasPicture(Protocol):
    """What can be drawn: a ``Landscape``."""

    @property
    def picture(self) -> Picture:
        """What its picture shows."""
        ...
