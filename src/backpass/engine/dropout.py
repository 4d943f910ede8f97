"""Dropout by counter-based random numbers: a mask depends on the seed, step, layer, row and unit.

A hidden unit is dropped with probability p, and what is left is divided by 1 − p (Srivastava et
al., 2014, in the inverted form), so prediction needs no change. The numbers are Philox4x32-10
(Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): no state, so any thread can
make any mask, and a resumed run makes the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..activations import Activation
from ..arrays import Array, like
from ..errors import InvalidInput
from ..network import Network

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)

Rates = float | list[float] | tuple[float, ...]


@dataclass(frozen=True)
class Dropout:
    """The probability to drop a unit, by hidden layer, and the seed of the masks."""

    rates: tuple[float, ...]
    seed: int

    @classmethod
    def of(cls, asked: Rates, n_hidden: int, seed: int) -> Dropout | None:
        """Make it of one rate for all hidden layers or one for each; None where nothing drops."""
        rates = asked if isinstance(asked, list | tuple) else [asked] * n_hidden
        if len(rates) != n_hidden:
            raise InvalidInput(
                f"dropout has {len(rates)} rates, but the network has {n_hidden} hidden layers."
            )
        if not all(0 <= rate < 1 for rate in rates):
            raise InvalidInput(f"dropout rates are at least 0 and below 1, not {list(rates)}.")
        if not n_hidden and asked:
            raise InvalidInput(
                "dropout is given, but the network has no hidden layers to drop from."
            )
        return cls(tuple(rates), seed) if any(rates) else None

    def masks(self, net: Network, step: int, rows: np.ndarray) -> list[np.ndarray]:
        """One array of 0 and 1/(1 − p) per hidden layer, shape (rows, s_l)."""
        return [
            _mask(self.seed, step, layer, rows, units, rate)
            for layer, (units, rate) in enumerate(zip(net.sizes[1:-1], self.rates), start=2)
        ]


def thinned(net: Network, masks: list[np.ndarray]) -> Network:
    """Return the network with each hidden g and g′ multiplied by its mask: that is dropout."""
    pairs = zip(net.hidden, masks)
    return Network(net.sizes, [_thinned_activation(g, mask) for g, mask in pairs], net.loss)


def _thinned_activation(activation: Activation, mask: np.ndarray) -> Activation:
    def g(z: Array) -> Array:
        return activation.g(z) * like(z, mask)

    def g_prime(z: Array) -> Array:
        return activation.g_prime(z) * like(z, mask)

    return replace(activation, g=g, g_prime=g_prime)


def _mask(
    seed: int, step: int, layer: int, rows: np.ndarray, units: int, rate: float
) -> np.ndarray:
    """Draw one layer's mask: the counter is (unit/4, row, step, layer), four units a draw."""
    quads = np.arange((units + 3) // 4, dtype=np.uint64)
    unit, row = np.broadcast_arrays(quads[None, :], rows.astype(np.uint64)[:, None])
    # Counter-based: a mask hangs on its place alone, so any order of rows, any cut into blocks and
    # any number of threads draws the same one, and nothing has to be kept for the way back.
    words = philox(seed, [unit, row, np.full_like(unit, step), np.full_like(unit, layer)])
    bits = np.stack(words, axis=-1).reshape(len(rows), -1)[:, :units]
    # Whole numbers are compared, as the core does: no float is made of the bits.
    keep = bits >= np.uint64(round(rate * 2**32))
    return np.where(keep, 1 / (1 - rate), 0.0)


def philox(seed: int, counter: list[np.ndarray]) -> list[np.ndarray]:
    """Philox4x32-10: four 32-bit words, as uint64 arrays, from a key and a counter of four."""
    c0, c1, c2, c3 = (word & _LOW for word in counter)
    k0, k1 = seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF
    for _ in range(10):  # in uint64: the high half of each 32-bit product is a shift away
        p0, p1 = _MULTIPLIERS[0] * c0, _MULTIPLIERS[1] * c2
        c0, c1 = (p1 >> np.uint64(32)) ^ c1 ^ np.uint64(k0), p1 & _LOW
        c2, c3 = (p0 >> np.uint64(32)) ^ c3 ^ np.uint64(k1), p0 & _LOW
        k0, k1 = (k0 + _WEYL[0]) & 0xFFFFFFFF, (k1 + _WEYL[1]) & 0xFFFFFFFF
    return [c0, c1, c2, c3]
