"""Σ cost(i) and its gradient for every known loss and set of activations, on one problem."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from ...activations import Activation
from ...losses import Loss
from ...network import Network
from ..convention import Convention
from ..probes import Probe
from ..search.effects import right_value
from .losses import known_activations, known_losses

Array = np.ndarray
Hidden = tuple[Activation, ...]
Unit = tuple[Loss, Hidden]

MIXED = ("logistic", "tanh", "relu")  # activations that differ from one hidden layer to the next


@dataclass(frozen=True, eq=False)
class Known:
    """What is right for each unit: sums (n,) of Σ cost(i), gradients (n, p) of it."""

    units: tuple[Unit, ...]
    sums: Array
    gradients: Array


@lru_cache(maxsize=256)
def known(probe: Probe, bias: bool, loss: Loss | None, hidden: Hidden | None) -> Known:
    """Every loss with every set of activations, or the one that is meant."""
    units = tuple(_units(probe.net, loss, hidden))
    convention = Convention(mean="1", lam_J="0", bias=bias)
    rights = [_right(converted(probe, hidden, loss, convention)) for loss, hidden in units]
    return Known(units, np.array([J for J, _ in rights]), np.array([D for _, D in rights]))


def _right(probe: Probe) -> tuple[float, Array]:
    D = right_value(probe, "D")
    return float(right_value(probe, "J")[0]), D[: D.size // 2]


def _units(net: Network, loss: Loss | None, hidden: Hidden | None) -> Iterator[Unit]:
    depth, K = net.L - 2, net.sizes[-1]
    alike = [(g,) * depth for g in known_activations()]
    mixed = [g for g in known_activations() if g.name in MIXED]
    unlike = itertools.product(mixed, repeat=depth) if depth > 1 else ()
    everything = list(dict.fromkeys([*alike, *unlike])) if depth else [()]
    losses = [each for each in known_losses() if K > 1 or each.output != "softmax"]
    return itertools.product(
        losses if loss is None else [loss], everything if hidden is None else [hidden]
    )


@lru_cache(maxsize=4096)
def converted(probe: Probe, hidden: Hidden, loss: Loss, convention: Convention) -> Probe:
    """A probe with another J; without bias units their weights are zero."""
    net = Network(probe.net.sizes, hidden, loss)
    theta = probe.theta
    if not convention.bias:
        theta = theta.copy()
        for Theta in net.roll_unchecked(theta):
            Theta[:, 0] = 0.0
    return replace(probe, net=net, theta=theta, convention=convention)
