"""Whether D is the derivative of the J that comes back, whatever J it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..differences import complex_step_fits
from .answers import Failed
from .observe import DOUBLE, Called, Observation
from .probes import Probe

STEP = 1e-5
DIRECTIONS = 4


def is_derivative(seen: Observation) -> bool | None:
    """Compare D with differences of J along a few directions; None where one of them is missing.

    Two steps tell a right D at once. Where they contradict it, or J is in single precision, steps
    that the numbers choose decide, which know rounding and kinks.
    """
    if seen.J is None or seen.D is None:
        return None
    probe = seen.probes[0]
    size = probe.net.n_parameters
    D = seen.D.values[0]
    if D.size != 2 * size:
        return False
    gradient = D[:size] + probe.lams[0] * D[size:]
    known = np.isfinite(gradient)
    smooth = seen.J.tolerance <= DOUBLE
    try:
        quick = (_along(seen.caller, probe, gradient, known, i) for i in range(DIRECTIONS))
        return (smooth and all(quick)) or _fits(seen.caller, probe, gradient, known)
    except Failed:
        return None


def _fits(caller: Called, probe: Probe, gradient: np.ndarray, known: np.ndarray) -> bool:
    def J(theta: np.ndarray) -> float:
        lam = probe.lams[0] if caller.takes_lam else 0.0
        return caller(replace(probe, theta=theta), lam).J or 0.0

    where = np.flatnonzero(known)
    return complex_step_fits(J, probe.theta, where, gradient[where])


def _along(
    caller: Called, probe: Probe, gradient: np.ndarray, known: np.ndarray, seed: int
) -> bool:
    """Whether J rises along one direction as D says; differences at two steps bound their error."""
    direction = np.where(known, np.random.default_rng([7, seed]).normal(size=known.size), 0.0)
    direction /= np.linalg.norm(direction) or 1.0
    rises = [_rise(caller, probe, direction, step) for step in (STEP, 3 * STEP)]
    told = float(gradient[known] @ direction[known])
    size = max(abs(told), float(np.linalg.norm(gradient[known])), 1e-6)
    return abs(rises[0] - told) <= 1e-7 * size + 3 * abs(rises[0] - rises[1])


def _rise(caller: Called, probe: Probe, direction: np.ndarray, step: float) -> float:
    """(J(θ + ε d) − J(θ − ε d)) / 2ε."""
    lam = probe.lams[0] if caller.takes_lam else 0.0
    ends = [
        caller(replace(probe, theta=probe.theta + sign * step * direction), lam).J or 0.0
        for sign in (1, -1)
    ]
    return (ends[0] - ends[1]) / (2 * step)
