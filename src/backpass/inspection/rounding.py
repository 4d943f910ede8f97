"""What rounding does to a gradient: seen by nudging θ, and bounded by a second backward pass."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .. import backprop
from ..arrays import Array
from ..engine import Rows
from ..network import Network

NUDGES = 8  # of θ by its last digit, which show the rounding of a gradient
MARGIN = 10.0  # times the rounding that a nudge has shown
BLOCK_ROWS = 1024
Gradient = Callable[[np.ndarray], tuple[Array, Array]]  # θ -> (J, D)


def rounding_of_gradient(function: Gradient, theta: np.ndarray, D: np.ndarray) -> np.ndarray:
    """What rounding does to a gradient: seen where θ is nudged by its last digit."""
    eps, generator = float(np.finfo(D.dtype).eps), np.random.default_rng(0)
    seen = np.zeros(D.size)
    for _ in range(NUDGES):
        nudged = theta * (1 + eps * generator.choice([-1.0, 1.0], theta.size))
        again = np.asarray(function(nudged)[1]).reshape(-1)
        seen = np.maximum(seen, np.abs(again.astype(np.float64) - D))
    return MARGIN * np.nan_to_num(seen, nan=0.0, posinf=0.0) + eps * np.abs(D)


def rounding_of_backprop(net: Network, theta: np.ndarray, rows: Rows, lam: float) -> np.ndarray:
    """A bound on D's rounding: the backward pass once more, with the size of every term.

    a − y loses a's last digits where the network is sure of itself, and no nudge of θ shows it.
    """
    Thetas = net.roll_unchecked(theta)
    total = np.zeros(theta.size)
    for X, Y, w in rows.blocks(BLOCK_ROWS):
        a, z = backprop.forward_pass(net, Thetas, X)
        size = {net.L: abs(a[net.L]) + abs(Y) + 4 * abs(net.loss.delta(z[net.L], Y))}
        for l in range(net.L - 1, 1, -1):
            back = size[l + 1] @ abs(Thetas[l - 1][:, 1:])
            slope = abs(net.activation(l).g_prime(z[l]))
            size[l] = back * (slope + (slope > 0))  # g′ of a that is nearly 1 is 1 − a, rounded
        Delta = backprop.accumulate({l: abs(a[l]) for l in a}, size, w)
        total += net.unroll([Delta[l] for l in sorted(Delta)])
    decay = lam * np.abs(theta)
    return np.nan_to_num(np.finfo(np.float64).eps * (total + decay) / rows.W, nan=0.0, posinf=0.0)
