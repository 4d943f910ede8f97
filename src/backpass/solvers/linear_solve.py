"""(B + μ I) p = b by conjugate gradients, from products with B (Hestenes and Stiefel, 1952)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from ..arrays import Array

Map = Callable[[Array], Array]


class Solved(NamedTuple):
    """p, B p, and how many products it took."""

    p: Array
    Bp: Array
    products: int


def solve_damped(
    times_B: Map, b: Array, mu: float, precondition: Map, tol: float, max_products: int
) -> Solved:
    """Solve until the residual is below tol |b|, or a direction has no positive curvature."""
    p, Bp, r = b * 0, b * 0, b
    h = precondition(r)
    d, rh, products = h, float(r @ h), 0
    enough = tol * math.sqrt(float(b @ b))
    while products < max_products and math.sqrt(float(r @ r)) > enough:
        Bd = times_B(d)
        products += 1
        curvature = float(d @ Bd) + mu * float(d @ d)
        if not curvature > 0:
            break
        alpha = rh / curvature
        p, Bp, r = p + alpha * d, Bp + alpha * Bd, r - alpha * (Bd + mu * d)
        h = precondition(r)
        rh, old = float(r @ h), rh
        d = h + (rh / old) * d
    return Solved(p, Bp, products)
