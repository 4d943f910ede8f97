"""Which known J a cost is but for one mistake: what loss and activations were meant."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from ...activations import find_activation
from ..convention import Convention
from ..probes import Probe
from ..response import Response
from ..search.effects import effects_of
from .identify import MEANS, Factor, value_of
from .known import Hidden, Unit, converted
from .losses import known_losses

LIKELY = ("binary_log_loss", "log_loss", "squared_error", "squared error behind logistic")
HIDDEN = ("logistic", "tanh", "relu")


def meant_by(J: Response, bias: bool) -> Iterator[tuple[Unit, Factor]]:
    """Each likely J that the cost without λ is but for one mistake, and what it is multiplied with.

    Parameters
    ----------
    J : Response
        What came back; two probes at least.
    bias : bool
        Whether there are bias units.
    """
    depth = J.probes[0].net.L - 2
    losses = [loss for loss in known_losses() if loss.name in LIKELY]
    names = HIDDEN if depth else HIDDEN[:1]
    for loss, g in itertools.product(losses, map(find_activation, names)):
        hidden: Hidden = (g,) * depth
        convention = Convention(mean="1", lam_J="0", bias=bias)
        if loss.output == "softmax" and J.probes[0].net.sizes[-1] == 1:
            continue
        problems = [converted(probe, hidden, loss, convention) for probe in J.probes[:2]]
        both = [_factors(problem, J, i) for i, problem in enumerate(problems)]
        for _, factor in sorted(both[0] & both[1], key=lambda found: MEANS.index(found[1]))[:1]:
            yield (loss, hidden), factor


def _factors(problem: Probe, J: Response, i: int) -> set[tuple[tuple[str, str], Factor]]:
    """Mistakes that make what came back on a probe, with the factors by which they do."""
    _, atoms, values = effects_of(problem, "J")
    sums = np.array([value[0] for value in values])
    found = set()
    for factor in MEANS:
        close = abs(value_of(factor, problem) * sums - J.values[i][0])
        for at in np.flatnonzero(close <= J.tolerance * J.scale(i)):
            found.add((atoms[at].entry.key, factor))
    return found
