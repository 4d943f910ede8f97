"""Small problems that a function is asked to solve: sizes, θ, X, Y and two λ.

A probe must not let two mistakes look alike: weights are generic, λ is neither 0 nor 1, m differs
from every layer's size and from that size plus one, and layers have different sizes wherever the
function allows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from ..activations import Activation
from ..losses import Loss
from ..network import Network
from .convention import NOTES, Convention

LAMS = (1.7, 3.1)
N_PROBES = 4  # the last one is held out: it confirms, and never takes part in a search

Hidden = str | Activation | Sequence[str | Activation]


@dataclass(frozen=True, eq=False)
class Probe:
    """One small problem.

    ``lams`` are the two λ with which it is put; ``rate`` is that of a training step, where D is
    read off from what the step changes: D = (θ − θ′)/rate.
    """

    net: Network
    theta: np.ndarray
    X: np.ndarray
    Y: np.ndarray
    lams: tuple[float, float] = LAMS
    convention: Convention = NOTES
    rate: float | None = None

    @property
    def m(self) -> int:
        """Number of examples."""
        return self.X.shape[0]

    @property
    def labels(self) -> np.ndarray:
        """The classes as the course counts them, 1 to K; (m,)."""
        if self.Y.shape[1] == 1:
            return self.Y[:, 0].astype(int)
        return self.Y.argmax(axis=1) + 1


def is_classification(loss: Loss) -> bool:
    """Whether the targets are classes, 0 or 1."""
    return loss.classification


def families(
    n_layers: int, sizes: Sequence[int] | None, hidden: Hidden, loss: Loss
) -> Iterator[tuple[Probe, ...]]:
    """Yield sets of probes, the most telling first; later ones suit functions that need less."""
    single_output = sizes is not None and sizes[-1] == 1
    for shape in (_unequal, _descending, _ascending, _equal_hidden, _all_equal):
        drawn = [shape(n_layers, i) for i in range(N_PROBES)]
        if single_output:
            drawn = [(*s[:-1], 1) for s in drawn]
        yield _probes(tuple(drawn), hidden if isinstance(hidden, str) else _fixed(hidden), loss)
    if sizes is not None:
        yield of_sizes(sizes, hidden, loss)


def of_sizes(sizes: Sequence[int], hidden: Hidden, loss: Loss) -> tuple[Probe, ...]:
    """Problems of these sizes alone."""
    return _probes((tuple(sizes),) * N_PROBES, _fixed(hidden), loss)


def _fixed(hidden: Hidden) -> str | Activation | tuple[str | Activation, ...]:
    return hidden if isinstance(hidden, str | Activation) else tuple(hidden)


@lru_cache(maxsize=64)
def _probes(drawn: tuple[tuple[int, ...], ...], hidden: Hidden, loss: Loss) -> tuple[Probe, ...]:
    return tuple(make_probe(Network(s, hidden, loss), seed) for seed, s in enumerate(drawn))


def _unequal(n_layers: int, i: int) -> tuple[int, ...]:
    rng = np.random.default_rng([n_layers, i])
    step = 2 if n_layers < 5 else 1  # s and s + 1 all different, where that stays small
    return tuple(int(s) for s in rng.permutation(3 + step * np.arange(n_layers)))


def _descending(n_layers: int, i: int) -> tuple[int, ...]:
    return tuple(3 + i % 2 + n_layers - k for k in range(n_layers))


def _ascending(n_layers: int, i: int) -> tuple[int, ...]:
    return tuple(3 + i % 2 + k for k in range(n_layers))


def _equal_hidden(n_layers: int, i: int) -> tuple[int, ...]:
    return (4 + i % 2, *[5 - i % 2] * (n_layers - 2), 3)


def _all_equal(n_layers: int, i: int) -> tuple[int, ...]:
    return (3 + i % 2,) * n_layers


def make_probe(net: Network, seed: int) -> Probe:
    """Draw one probe for this network; the same seed draws the same one."""
    rng = np.random.default_rng([seed, *net.sizes])
    m = max(net.sizes) + 3 + seed if max(net.sizes) < 20 else 5 + seed
    theta = rng.uniform(-1, 1, net.n_parameters) * min(1.0, 4 / max(net.sizes))
    X = rng.normal(size=(m, net.sizes[0]))
    return Probe(net, theta, X, _targets(net, m, rng))


def redrawn(probe: Probe, seed: int) -> Probe:
    """The same problem with other numbers; as it is for seed 0."""
    if seed == 0:
        return probe
    rng = np.random.default_rng([seed, probe.m, *probe.net.sizes])
    order = rng.permutation(probe.m)
    theta, X = rng.permutation(probe.theta), rng.normal(size=probe.X.shape)
    return replace(probe, theta=theta, X=X, Y=probe.Y[order])


@lru_cache(maxsize=64)
def degenerate(probe: Probe) -> tuple[Probe, ...]:
    """The same probe with the weights of Θ^(l) zero, for every l > 1.

    Then no later number can tell what happened in the layers up to l: mistakes there fall silent,
    and those that remain audible lie behind.
    """
    found = []
    for l in range(2, probe.net.L):
        theta = probe.theta.copy()
        probe.net.roll_unchecked(theta)[l - 1][:, 1:] = 0
        found.append(replace(probe, theta=theta))
    return tuple(found)


@lru_cache(maxsize=64)
def halved(probe: Probe) -> Probe:
    """The same probe with θ halved: what is a multiple of the right answer must stay one."""
    return replace(probe, theta=probe.theta / 2)


def _targets(net: Network, m: int, rng: np.random.Generator) -> np.ndarray:
    """Targets that suit the loss; every class occurs."""
    K = net.sizes[-1]
    if is_classification(net.loss):
        if K == 1:
            return rng.permutation(np.arange(m) % 2).astype(float)[:, None]
        return np.eye(K)[rng.permutation(np.arange(m) % K)]
    if net.loss.name == "poisson":
        return rng.integers(0, 4, (m, K)).astype(float)
    return rng.normal(size=(m, K))
