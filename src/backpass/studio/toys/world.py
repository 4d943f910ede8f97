"""A toy set and its network, as the page and a session want them."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np

from ...arrays import one_hot
from ...network import Network
from ..captions import Captions
from ..page_state import PageState
from ..session_data import SessionData
from .numbers import random_numbers
from .points import TOYS, Points, toy_points
from .settings import ToySettings

NOT_KEPT = (
    "A playground's network is not kept in a file; the page's address holds what it is made with."
)
START = 1_000_003  # beyond the points' own seed, so that the first weights are other numbers


def start_of(net: Network, seed: int) -> np.ndarray:
    """Draw θ, (n,), by Glorot's rule from the page's own random numbers: biases are 0."""
    random = random_numbers(seed)
    Thetas = [np.zeros((rows, columns)) for rows, columns in net.shapes]
    for Theta in Thetas:
        rows, columns = Theta.shape
        bound = math.sqrt(6 / (columns - 1 + rows))
        for i in range(rows):
            Theta[i, 1:] = [(2 * next(random) - 1) * bound for _ in range(1, columns)]
    return net.unroll(Thetas)


def page_state_of_toy(settings: ToySettings, command: str = "") -> PageState:
    """What the page shows of a toy set: the network as it starts, and the training's points."""
    points, net = _points(settings), settings.net
    X, Y = _rows(points, net, settings)[:2]
    classes: list[object] | None = [*range(TOYS[settings.toy].classes)] or None
    captions = Captions(inputs=["x₁", "x₂"], outputs=[] if classes else ["y"], command=command)
    return PageState(
        net,
        start_of(net, settings.seed + START),
        settings.lam,
        X,
        Y,
        classes,
        title=settings.toy,
        captions=captions,
        toy=asdict(settings),
    )


def session_data_of_toy(settings: ToySettings) -> SessionData:
    """What a session trains on: the training's points, and those held out."""
    points, rows = _points(settings), np.arange(settings.points)
    return SessionData(
        *_rows(points, settings.net, settings),
        lambda _: NOT_KEPT,
        rows=rows[: points.n_train],
        rows_validation=rows[points.n_train :],
    )


def _points(settings: ToySettings) -> Points:
    return toy_points(settings.toy, settings.points, settings.noise, settings.seed)


def _rows(
    points: Points, net: Network, settings: ToySettings
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """X and Y of the training, and of the points held out."""
    Y, n = _targets(points, net, TOYS[settings.toy].classes), points.n_train
    return points.X[:n], Y[:n], points.X[n:], Y[n:]


def _targets(points: Points, net: Network, classes: int) -> np.ndarray:
    """Y, (m, s_L): numbers, or a class by its own output; of two classes one may do."""
    if not classes or net.sizes[-1] == 1:
        return points.y[:, None].astype(np.float64)
    return one_hot(points.y, range(classes))
