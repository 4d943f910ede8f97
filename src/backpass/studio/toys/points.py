"""Points in a plane, by name: made of a seed, a noise and a number, as ``points.js`` makes them.

Each point takes four random numbers, whatever the set: two for its place, and two for its noise by
G. Box and M. Muller, "A note on the generation of random normal deviates", 1958.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .numbers import draw

HELD_OUT = 0.3  # of the points: the last ones

Place = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]  # (number, u, v) -> X, (m, 2)


@dataclass(frozen=True)
class Toy:
    """A set of points: where each lies before its noise, and how many classes take turns.

    ``height`` is the number at a point, where the set is of numbers; then the noise is its own.
    """

    place: Place
    classes: int = 2
    height: Callable[[np.ndarray], np.ndarray] | None = None


@dataclass(frozen=True, eq=False)
class Points:
    """X of shape (m, 2), and y of shape (m,): whole numbers for classes, else float64."""

    X: np.ndarray
    y: np.ndarray
    n_train: int  # the others are held out


def _xor(i: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A square in each quadrant, with a gap between them; neighbours are of different classes."""
    right, top = np.where(i % 4 < 2, 1, -1), np.where(np.isin(i % 4, (1, 2)), 1, -1)
    return np.stack([right * (0.08 + 0.92 * u), top * (0.08 + 0.92 * v)], axis=1)


def _moons(i: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Two half circles, one in the other's bay."""
    side, t = np.where(i % 2 == 0, 1, -1), np.pi * u
    return np.stack([side * (0.7 * np.cos(t) - 0.35), side * (0.7 * np.sin(t) - 0.2)], axis=1)


def _rings(i: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A ring around another."""
    radius, t = np.where(i % 2 == 0, 0.35, 0.9), 2 * np.pi * u
    return np.stack([radius * np.cos(t), radius * np.sin(t)], axis=1)


def _spirals(i: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Two arms of one and a half turns, about as dense without as within."""
    radius = 0.1 + 0.9 * np.sqrt(u)
    t = 3 * np.pi * radius + np.pi * (i % 2)
    return np.stack([radius * np.cos(t), radius * np.sin(t)], axis=1)


def _blobs(i: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Three discs around the corners of a triangle."""
    corner, t, radius = 2 * np.pi * (i % 3) / 3, 2 * np.pi * u, 0.35 * np.sqrt(v)
    x = 0.6 * np.cos(corner) + radius * np.cos(t)
    return np.stack([x, 0.6 * np.sin(corner) + radius * np.sin(t)], axis=1)


def _square(i: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.stack([2 * u - 1, 2 * v - 1], axis=1)


def _hills(X: np.ndarray) -> np.ndarray:
    """Hills and hollows by turns: sin(π x₁) cos(π x₂)."""
    return np.sin(np.pi * X[:, 0]) * np.cos(np.pi * X[:, 1])


TOYS = {
    "xor": Toy(_xor),
    "moons": Toy(_moons),
    "rings": Toy(_rings),
    "spirals": Toy(_spirals),
    "blobs": Toy(_blobs, classes=3),
    "surface": Toy(_square, classes=0, height=_hills),
}


def toy_points(toy: str, points: int, noise: float, seed: int) -> Points:
    """Make the points of a set.

    Parameters
    ----------
    toy : str
        The set's name, one of ``TOYS``.
    points : int
        How many, those held out included.
    noise : float
        The deviation of the noise: of places, or of a surface's heights.
    seed : int
        From 0 to 2³² − 1.

    Returns
    -------
    Points
        Float64; classes take turns.
    """
    made, i = TOYS[toy], np.arange(points)
    u, v, p, q = draw(seed, points, 4).T
    size, angle = np.sqrt(-2 * np.log(1 - p)), 2 * np.pi * q
    X, n_train = made.place(i, u, v), points - math.floor(HELD_OUT * points)
    if made.height is not None:
        return Points(X, made.height(X) + noise * size * np.cos(angle), n_train)
    X += noise * np.stack([size * np.cos(angle), size * np.sin(angle)], axis=1)
    return Points(X, i % made.classes, n_train)
