"""The catalogue of mistakes: kind by kind, the commonest of each first.

Among entries that explain equally well the earlier one is listed first.
"""

from __future__ import annotations

from functools import lru_cache

from .. import old_names
from ..network import Network
from .convention import NOTES, Convention
from .mistakes import (
    accumulate,
    back,
    cost,
    decay,
    delta,
    forward,
    labels,
    means,
    reading,
    slopes,
    steps,
)
from .mistakes.entry import Entry

KINDS = (reading, decay, means, labels, cost, delta, slopes, back, accumulate, forward)
COMMON = tuple(start for kind in (*KINDS, steps) for start in kind.COMMON)

__getattr__ = old_names("diagnose.catalogue")


@lru_cache(maxsize=64)
def catalogue(
    net: Network, convention: Convention = NOTES, is_step: bool = False
) -> tuple[Entry, ...]:
    """Every mistake that this network, this convention, and maybe a training step give room for."""
    kinds = [entry for kind in KINDS for entry in kind.mistakes(net, convention)]
    of_steps = steps.mistakes(net) if is_step else steps.returned_weights(net)
    return (*kinds, *of_steps)


def is_common(entry: Entry) -> bool:
    """Whether a mistake is one of those that people make most often."""
    return entry.what.startswith(COMMON)
