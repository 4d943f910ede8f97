"""Where a network's weight matrices lie in θ, for the update rules that treat them apart."""

from __future__ import annotations

from dataclasses import replace

from .. import engine
from ..network import Network
from ..solvers.adamw import AdamW, Matrix
from ..solvers.muon import Muon

WIDE = 4096  # inputs beyond which a first layer is not orthogonalised: it costs with their number


def matrices_of(net: Network) -> tuple[Matrix, ...]:
    """Each layer's weights, biases left out.

    Examples
    --------
    >>> matrices_of(Network((2, 3, 1)))
    (Matrix(offset=3, inputs=2, units=3), Matrix(offset=10, inputs=3, units=1))
    """
    return tuple(
        Matrix(where.start + units, rows - 1, units) for where, (rows, units) in net.slices
    )


def with_matrices(optimizer: engine.Optimizer, net: Network) -> engine.Optimizer:
    """Tell a rule that asks for them, and has not been told, which matrices a network has.

    Examples
    --------
    >>> rule = with_matrices(Muon(), Network((2, 3, 1)))
    >>> rule.matrices, rule.others
    ((Matrix(offset=3, inputs=2, units=3),), (Matrix(offset=10, inputs=3, units=1),))
    """
    if not isinstance(optimizer, AdamW) or optimizer.matrices is not None:
        return optimizer
    matrices = matrices_of(net)
    if not isinstance(optimizer, Muon):
        return replace(optimizer, matrices=matrices)
    hidden = matrices[:-1]
    if hidden and hidden[0].inputs > WIDE:
        hidden = hidden[1:]
    others = tuple(each for each in matrices if each not in hidden)
    return replace(optimizer, matrices=hidden, others=others)
