"""Σ cost(i) and its gradient for every known loss and set of activations, on one problem."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from ... import backprop
from ...activations import Activation
from ...losses import Loss
from ...network import Network
from ..convention import Convention
from ..probes import Probe
from ..search.effects import right_value
from .losses import known_activations, known_losses
from .rarer import rarer_activations, rarer_losses

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


@lru_cache(maxsize=256)
def rarer(probe: Probe, bias: bool, loss: Loss | None, hidden: Hidden | None) -> Known:
    """Losses and activations of which at least one is rare, as far as they are not said."""
    pairs = _rare_pairs(probe.net.L - 2, loss, hidden)
    units = tuple(dict.fromkeys(pair for pair in pairs if _is_for(pair[0], probe.net)))
    convention = Convention(mean="1", lam_J="0", bias=bias)
    with np.errstate(all="ignore"):
        rights = [_sums(converted(probe, hidden, loss, convention)) for loss, hidden in units]
    return Known(units, np.array([J for J, _ in rights]), np.array([D for _, D in rights]))


def _rare_pairs(depth: int, loss: Loss | None, hidden: Hidden | None) -> Iterator[Unit]:
    """A rare activation under a common loss, and a rare loss, over any activation."""
    common, rare = known_activations(), rarer_activations() if depth else ()
    if hidden is None:
        losses = known_losses() if loss is None else (loss,)
        yield from ((each, (g,) * depth) for each in losses for g in rare)
    for each in rarer_losses() if loss is None else ():
        own = [g for g in rare if g.name == each.output]
        over = (*common, *(rare if each.output == "identity" else own))
        yield from ((each, (g,) * depth) for g in (over if hidden is None else ()))
        if hidden is not None:
            yield each, hidden


def _sums(probe: Probe) -> tuple[float, Array]:
    """Σ cost(i) and its gradient, without the switches that mistakes need."""
    Thetas = probe.net.roll_unchecked(probe.theta)
    J, Delta = backprop.sums(probe.net, Thetas, probe.X, probe.Y, np.ones(probe.m))
    if not probe.convention.bias:
        for D in Delta.values():
            D[:, 0] = 0.0
    return float(J), np.asarray(probe.net.unroll([Delta[l] for l in sorted(Delta)]))


def _is_for(loss: Loss, net: Network) -> bool:
    return net.sizes[-1] > 1 or loss.output != "softmax"


def _right(probe: Probe) -> tuple[float, Array]:
    D = right_value(probe, "D")
    return float(right_value(probe, "J")[0]), D[: D.size // 2]


def _units(net: Network, loss: Loss | None, hidden: Hidden | None) -> Iterator[Unit]:
    depth = net.L - 2
    alike = [(g,) * depth for g in known_activations()]
    mixed = [g for g in known_activations() if g.name in MIXED]
    unlike = itertools.product(mixed, repeat=depth) if depth > 1 else ()
    everything = list(dict.fromkeys([*alike, *unlike])) if depth else [()]
    losses = [each for each in known_losses() if _is_for(each, net)]
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
