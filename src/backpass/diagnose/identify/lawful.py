"""What the J of every network has, whatever its activations and its loss are.

A J that is none that is known may still be right. Then units can change places, and examples too;
J is made of its examples; and it depends on every weight. A sum over the wrong axis, a column left
out, labels shifted or a bias forgotten break one of these laws.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..answers import Failed
from ..family import parts_of
from ..observe import DOUBLE, Called, Observation, answers_of, respond
from ..probes import Probe

Array = np.ndarray
SURE = 2.0  # z of an output that is sure of itself
ROOM = 10.0  # times the tolerance of a comparison


def broken_laws(seen: Observation, bias: bool) -> Iterator[str]:
    """Say which laws J breaks; the gradient that came with it must be its derivative.

    Parameters
    ----------
    seen : Observation
        J and its gradient.
    bias : bool
        Whether there are bias units.
    """
    if seen.J is None or seen.D is None or seen.failures:
        yield "J cannot be looked at more closely."
        return
    room = ROOM * max(seen.J.tolerance, DOUBLE)
    if min(J[0] for J in seen.J.values) < 0:
        yield "J is negative, which no cost is."
    yield from _without_part(seen.D.values[0], seen.probes[0], bias)
    try:
        yield from _of_problems(seen.caller, seen.probes[0], room)
    except Failed:
        yield "J fails on problems like these, but for the order of units or examples."


def _without_part(D: Array, probe: Probe, bias: bool) -> Iterator[str]:
    """Weights and biases on which J does not depend, or whose gradient did not come back."""
    for (l, part, half), where in parts_of(probe.net).items():
        if half or (part == "bias" and not bias):
            continue
        name = f"the {'bias column' if part == 'bias' else 'weights'} of Θ^({l})"
        if not np.isfinite(D[where]).all():
            yield f"J is none that is known, and no gradient came back for {name}."
        elif not D[where].any():
            yield f"J does not depend on {name}."


def _of_problems(caller: Called, probe: Probe, room: float) -> Iterator[str]:
    for what, other in _exchanged(probe):
        if not _same(caller, probe, other, room):
            yield f"J changes when {what} change places, with all that belongs to them."
    if _same(caller, probe, replace(probe, Y=probe.Y[::-1]), room):
        yield "J is the same when the examples get each other's y."
    if not _is_of_examples(caller, probe, room):
        yield "J is neither a sum nor a mean over the examples: they are mixed."
    if not _prefers_the_target(caller, probe):
        yield "J is smaller where the outputs are on the wrong side than where they are right."


def _data(caller: Called, probe: Probe) -> float:
    """J without λ."""
    found = respond("J", [probe], [answers_of(caller, probe)], [])
    return float("nan") if found is None else float(found.values[0][0])


def _same(caller: Called, probe: Probe, other: Probe, room: float) -> bool:
    a, b = _data(caller, probe), _data(caller, other)
    return abs(a - b) <= room * max(abs(a), 1e-3)


def _exchanged(probe: Probe) -> Iterator[tuple[str, Probe]]:
    """What changes places, and the same problem with it in other places."""
    net, rng = probe.net, np.random.default_rng(1)
    for l, size in enumerate(net.sizes, start=1):
        order = _derangement(size, rng)
        theta = probe.theta.copy()
        Thetas = net.roll_unchecked(theta)
        if l > 1:
            Thetas[l - 2][...] = Thetas[l - 2][order]
        if l < net.L:
            Thetas[l - 1][:, 1:] = Thetas[l - 1][:, 1:][:, order]
        X = probe.X[:, order] if l == 1 else probe.X
        Y = probe.Y[:, order] if l == net.L else probe.Y
        what = "inputs" if l == 1 else "outputs" if l == net.L else f"the units of layer {l}"
        yield what, replace(probe, theta=theta, X=X, Y=Y)
    order = _derangement(probe.m, rng)
    yield "examples", replace(probe, X=probe.X[order], Y=probe.Y[order])


def _derangement(size: int, rng: np.random.Generator) -> Array:
    """An order in which, where there are several, nothing stays and which is no mere shift."""
    order = rng.permutation(size)
    while size > 3 and len(set((order - np.arange(size)) % size)) < 3:
        order = rng.permutation(size)
    return order[::-1] if (order == np.arange(size)).all() else order


def _is_of_examples(caller: Called, probe: Probe, room: float) -> bool:
    """Whether J, or its square, is the sum or the mean of what it is for fewer examples."""
    m, half = probe.m, probe.m // 2 + 1
    whole = _data(caller, probe)
    parts = [_data(caller, _rows(probe, where)) for where in (slice(0, half), slice(half, m))]
    first = half / m
    means = [part * share for part, share in zip(parts, (first, 1 - first))]
    squares = [part**2 * share for part, share in zip(parts, (first, 1 - first))]
    told = (sum(parts), sum(means), math.sqrt(sum(squares)), math.hypot(*parts))
    return any(abs(whole - each) <= room * max(abs(whole), 1e-3) for each in told)


def _prefers_the_target(caller: Called, probe: Probe) -> bool:
    """Whether outputs on the target's side of 0 cost less than those on the other side."""
    net, Y = probe.net, np.tile(probe.Y[:1], (probe.m, 1))
    costs = []
    for side in (SURE, -SURE):
        theta = probe.theta.copy()
        top = net.roll_unchecked(theta)[-1]
        top[:, 1:] = 0.0
        top[:, 0] = side * (2 * Y[0] - 1)
        costs.append(_data(caller, replace(probe, theta=theta, Y=Y)))
    return costs[0] < costs[1]


def _rows(probe: Probe, where: slice) -> Probe:
    return replace(probe, X=probe.X[where], Y=probe.Y[where])
