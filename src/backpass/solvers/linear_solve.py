"""(B + μ I) p = b by conjugate gradients, from products with B (Hestenes and Stiefel, 1952)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from .. import old_names
from ..arrays import Array

__getattr__ = old_names("solvers.linear_solve")

Map = Callable[[Array], Array]


class LinearSolveResult(NamedTuple):
    """p, B p, and how many products it took."""

    p: Array
    Bp: Array
    products: int


def solve_damped(
    times_B: Map, b: Array, mu: float, precondition: Map, tol: float, max_products: int
) -> LinearSolveResult:
    """Solve until the residual is below tol |b|, or a direction has no positive curvature."""
    p, Bp, r = b * 0, b * 0, b  # r = b − (B + μ I) p
    h = precondition(r)
    d, rh, products = h, float(r @ h), 0
    enough = tol * math.sqrt(float(b @ b))
    while products < max_products and math.sqrt(float(r @ r)) > enough:
        Bd = times_B(d)
        products += 1
        curvature = float(d @ Bd) + mu * float(d @ d)
        if not curvature > 0:  # B is not positive along d, or rounding is all that is left
            break
        alpha = rh / curvature
        p, Bp, r = p + alpha * d, Bp + alpha * Bd, r - alpha * (Bd + mu * d)
        h = precondition(r)
        rh, old = float(r @ h), rh
        d = h + (rh / old) * d
    return LinearSolveResult(p, Bp, products)
