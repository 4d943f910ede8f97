"""A plane through the space of θ: the two directions of a picture, and what it leaves out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..errors import InvalidInput
from ..network import Network


@dataclass(frozen=True, eq=False)
class Plane:
    """The points center + α d₁ + β d₂.

    Attributes
    ----------
    center : ndarray of shape (n,)
        The point with α = β = 0.
    directions : ndarray of shape (2, n)
        d₁ and d₂.

    Examples
    --------
    >>> import numpy as np
    >>> plane = Plane(np.zeros(3), np.eye(3)[:2])
    >>> plane.coordinates(np.array([[1.0, 2.0, 5.0]])).tolist()
    [[1.0, 2.0]]
    """

    center: np.ndarray
    directions: np.ndarray

    def point(self, alpha: float, beta: float) -> np.ndarray:
        """Go to a point of the plane.

        Parameters
        ----------
        alpha, beta : float
            Its coordinates.

        Returns
        -------
        ndarray of shape (n,)
            θ there.

        Examples
        --------
        >>> import numpy as np
        >>> Plane(np.ones(3), np.eye(3)[:2]).point(2.0, -1.0).tolist()
        [3.0, 0.0, 1.0]
        """
        return self.center + alpha * self.directions[0] + beta * self.directions[1]

    def coordinates(self, thetas: np.ndarray) -> np.ndarray:
        """Project points onto the plane: least squares, for any directions.

        Parameters
        ----------
        thetas : ndarray of shape (k, n)
            The points.

        Returns
        -------
        ndarray of shape (k, 2)
            (α, β) of the foot of each.

        Examples
        --------
        >>> import numpy as np
        >>> oblique = Plane(np.zeros(2), np.array([[1.0, 0.0], [1.0, 1.0]]))
        >>> oblique.coordinates(np.array([[3.0, 2.0]])).round(12).tolist()
        [[1.0, 2.0]]
        """
        gram = self.directions @ self.directions.T
        return np.linalg.solve(gram, self.directions @ (thetas - self.center).T).T

    def distances(self, thetas: np.ndarray) -> np.ndarray:
        """Measure how far points lie from the plane.

        Parameters
        ----------
        thetas : ndarray of shape (k, n)
            The points.

        Returns
        -------
        ndarray of shape (k,)
            Their distances, in units of θ.

        Examples
        --------
        >>> import numpy as np
        >>> Plane(np.zeros(3), np.eye(3)[:2]).distances(np.array([[1.0, 2.0, 5.0]])).tolist()
        [5.0]
        """
        feet = self.center + self.coordinates(thetas) @ self.directions
        return np.linalg.norm(thetas - feet, axis=1)


def principal_plane(center: np.ndarray, points: np.ndarray) -> Plane:
    """Lay the plane through the center along which the points vary most, d₁ and d₂ of length 1."""
    if points.shape[0] < 3:
        raise InvalidInput(
            f"The principal components of a path need three points or more, not {points.shape[0]}."
        )
    _, sizes, directions = np.linalg.svd(points - center, full_matrices=False)
    if sizes[1] <= 1e-10 * sizes[0]:
        raise InvalidInput("The path lies on one line, so it has no second principal direction.")
    return Plane(center, directions[:2])


def random_plane(net: Network, center: np.ndarray, seed: int) -> Plane:
    """Draw two filter-normalised directions (Li et al., 2018): each unit's row is as long as Θ's.

    References
    ----------
    H. Li, Z. Xu, G. Taylor, C. Studer and T. Goldstein, "Visualizing the loss landscape of neural
    nets", NeurIPS 2018.
    """
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(2, center.size))
    for direction in directions:
        for d, Theta in zip(net.roll_unchecked(direction), net.roll_unchecked(center)):
            lengths = np.linalg.norm(Theta, axis=1) / np.linalg.norm(d, axis=1)
            d *= lengths[:, None]
    return given_plane(net, center, directions)


def given_plane(net: Network, center: np.ndarray, directions: ArrayLike) -> Plane:
    """Take two directions as they are, or say why they make no plane."""
    array = np.asarray(directions, dtype=float)
    if array.shape != (2, net.n_parameters):
        raise InvalidInput(
            f"directions has shape {array.shape}, but a plane needs two directions of "
            f"{net.n_parameters} numbers each."
        )
    if np.linalg.matrix_rank(array) < 2:
        raise InvalidInput("The two directions lie on one line, so they make no plane.")
    return Plane(center, array)
