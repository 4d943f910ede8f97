"""The many addresses of one network: hidden units may change places, some may change sign.

Exchanging two units of a hidden layer, with all their weights, changes no answer. With an odd g
(tanh, identity) neither does turning the sign of all weights into and out of a unit. A logistic
unit is odd about its middle, g(−z) − ½ = −(g(z) − ½), so it may be turned too, where the next
layer's biases take up the ½: J does not change, as its penalty leaves biases out. Every minimum
thus has s! copies for s units, and 2^s times as many where they may be turned; copies are one
valley, not many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from .. import old_names
from ..activations import ACTIVATIONS
from ..network import Network

__getattr__ = old_names("landscape.symmetry")

_MOST_SWEEPS = 50


class Move(NamedTuple):
    """Units of one layer exchanged (unit k comes from place order[k]) and turned."""

    layer: int
    order: np.ndarray
    signs: np.ndarray


def align(net: Network, theta: np.ndarray, to: np.ndarray) -> np.ndarray:
    """Find the copy of a network that lies nearest to another one.

    Parameters
    ----------
    net : Network
        Sizes and activations.
    theta : ndarray of shape (n,)
        The network to move.
    to : ndarray of shape (n,)
        Where to move it.

    Returns
    -------
    ndarray of shape (n,)
        θ with units exchanged, and turned where g allows it: the same answers and the same J. The
        nearest copy for one hidden layer; for more, the nearest that going from layer to layer
        finds, which for a copy of `to` is `to` itself.

    References
    ----------
    S. Ainsworth, J. Hayase and S. Srinivasa, "Git re-basin: merging models modulo permutation
    symmetries", ICLR 2023: one assignment problem (Kuhn, 1955) for each layer, in turn.

    Examples
    --------
    >>> import backpass as bp
    >>> net = bp.Network((2, 5, 1), hidden="tanh")
    >>> theta = bp.init_theta(net, seed=0)
    >>> copy = equivalent_copy(net, theta, seed=1)
    >>> float(abs(align(net, copy, to=theta) - theta).max())
    0.0
    """
    return apply_moves(net, theta, find_moves(net, theta, to))


def equivalent_copy(
    net: Network, theta: np.ndarray, seed: int | np.random.Generator = 0
) -> np.ndarray:
    """Exchange hidden units at random, and turn some where g allows it.

    Parameters
    ----------
    net : Network
        Sizes and activations.
    theta : ndarray of shape (n,)
        All parameters.
    seed : int or numpy.random.Generator
        Which copy.

    Returns
    -------
    ndarray of shape (n,)
        Parameters of a network that gives the same answers and has the same J.

    Examples
    --------
    >>> import backpass as bp
    >>> net = bp.Network((2, 3, 1), hidden="logistic")
    >>> theta = bp.init_theta(net, seed=0)
    >>> copy = equivalent_copy(net, theta, seed=1)
    >>> X = [[0.0, 1.0], [2.0, -3.0]]
    >>> bool(abs(bp.forward(net, copy, X) - bp.forward(net, theta, X)).max() < 1e-15)
    True
    """
    rng = np.random.default_rng(seed)
    moves: list[Move] = []
    for layer in range(2, net.L):
        units = net.sizes[layer - 1]
        signs = rng.choice([-1.0, 1.0], units) if _may_turn(net, layer) else np.ones(units)
        moves.append(Move(layer, rng.permutation(units), signs))
    return apply_moves(net, theta, moves)


def find_moves(net: Network, theta: np.ndarray, to: np.ndarray) -> list[Move]:
    """Find the moves of ``align``: from two beginnings, and the better end."""
    goal = net.roll_unchecked(_centre(net, to, +0.5))
    candidates = [_matched(net, theta, goal, from_input) for from_input in (True, False)]
    return min(candidates, key=lambda moves: _distance(net, apply_moves(net, theta, moves), to))


def apply_moves(net: Network, theta: np.ndarray, moves: Sequence[Move]) -> np.ndarray:
    """Make the moves one after the other: the same network at another address."""
    if not moves:
        return np.array(theta, dtype=float)
    centred = _centre(net, theta, +0.5)
    Thetas = net.roll_unchecked(centred)
    for move in moves:
        _make(move, Thetas)
    return _centre(net, centred, -0.5)


def units_apart(net: Network, theta: np.ndarray) -> float:
    """Measure how far hidden units are from all being equal.

    Parameters
    ----------
    net : Network
        Sizes.
    theta : ndarray of shape (n,)
        All parameters.

    Returns
    -------
    float
        The largest difference between a weight into or out of a hidden unit and the same weight
        of the first unit of its layer; 0 where the units of every hidden layer are equal.

    Examples
    --------
    >>> import backpass as bp
    >>> import numpy as np
    >>> units_apart(bp.Network((2, 3, 1)), np.full(13, 0.5))
    0.0
    """
    Thetas = net.roll_unchecked(theta)
    apart = 0.0
    for layer in range(2, net.L):
        weights = _weights_of_units(Thetas, layer)
        apart = max(apart, float(np.abs(weights - weights[0]).max()))
    return apart


def with_equal_units(net: Network, theta: np.ndarray) -> np.ndarray:
    """Give every hidden unit the mean weights of its layer: the nearest θ with equal units."""
    theta = np.array(theta, dtype=float)
    Thetas = net.roll_unchecked(theta)
    for layer in range(2, net.L):
        incoming, outgoing = Thetas[layer - 2], Thetas[layer - 1]
        incoming[...] = incoming.mean(axis=0)
        outgoing[:, 1:] = outgoing[:, 1:].mean(axis=1, keepdims=True)
    return theta


def equal_units_dimension(net: Network) -> int:
    """Count the parameters that are left where all hidden units of a layer are equal."""
    return Network((net.sizes[0], *[1] * (net.L - 2), net.sizes[-1])).n_parameters


def _may_turn(net: Network, layer: int) -> bool:
    """Whether g of that layer is odd, about 0 or, as the logistic function, about its middle."""
    g = net.activation(layer)
    return g.odd or g == ACTIVATIONS["logistic"]


def _centre(net: Network, theta: np.ndarray, half: float) -> np.ndarray:
    """Write logistic units as a − ½ (half = +½), or go back (half = −½): biases take up the ½."""
    theta = np.array(theta, dtype=float)
    Thetas = net.roll_unchecked(theta)
    for layer in range(2, net.L):
        if net.activation(layer) == ACTIVATIONS["logistic"]:
            outgoing = Thetas[layer - 1]
            outgoing[:, 0] += half * outgoing[:, 1:].sum(axis=1)
    return theta


def _weights_of_units(Thetas: list[np.ndarray], layer: int) -> np.ndarray:
    """All weights of each unit, bias first: in and out, (s_l, s_{l−1} + 1 + s_{l+1})."""
    return np.hstack([Thetas[layer - 2], Thetas[layer - 1][:, 1:].T])


def _make(move: Move, Thetas: list[np.ndarray]) -> None:
    """Exchange and turn the units of a layer, in place."""
    incoming, outgoing = Thetas[move.layer - 2], Thetas[move.layer - 1]
    incoming[...] = move.signs[:, None] * incoming[move.order]
    outgoing[:, 1:] = move.signs * outgoing[:, 1:][:, move.order]


def _matched(
    net: Network, theta: np.ndarray, goal: list[np.ndarray], from_input: bool
) -> list[Move]:
    """Sweep over the layers until no move brings θ nearer; first by incoming weights alone."""
    Thetas = net.roll_unchecked(_centre(net, theta, +0.5))
    moves: list[Move] = []
    layers = range(2, net.L)
    if from_input:
        for layer in layers:
            moves.append(_assignment(net, layer, Thetas[layer - 2], goal[layer - 2]))
            _make(moves[-1], Thetas)
    for _ in range(_MOST_SWEEPS):
        better = [move for layer in layers for move in _improve(net, layer, Thetas, goal)]
        moves += better
        if not better:
            break
    return moves


def _improve(
    net: Network, layer: int, Thetas: list[np.ndarray], goal: list[np.ndarray]
) -> list[Move]:
    """Match one layer's units, its neighbours held: one move, made, or none that is better."""
    ours, theirs = _weights_of_units(Thetas, layer), _weights_of_units(goal, layer)
    move = _assignment(net, layer, ours, theirs)
    gain = np.sum(move.signs[:, None] * ours[move.order] * theirs) - np.sum(ours * theirs)
    if gain <= 1e-12 * np.linalg.norm(ours) * np.linalg.norm(theirs):
        return []
    _make(move, Thetas)
    return [move]


def _assignment(net: Network, layer: int, ours: np.ndarray, theirs: np.ndarray) -> Move:
    """Which of our units stands for each of theirs, and with which sign."""
    likeness = theirs @ ours.T  # (s_l, s_l): the larger, the nearer
    turned = _may_turn(net, layer)
    rows, order = linear_sum_assignment(np.abs(likeness) if turned else likeness, maximize=True)
    signs = np.where(turned & (likeness[rows, order] < 0), -1.0, 1.0)
    return Move(layer, order, signs)


def _distance(net: Network, one: np.ndarray, other: np.ndarray) -> float:
    return float(np.linalg.norm(_centre(net, one - other, +0.5)))
