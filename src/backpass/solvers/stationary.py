"""What a fit has found: a minimum, a saddle, or an unfinished descent.

The gradient tells whether the point is stationary; the curvatures of J tell of what kind. The
extreme ones come from Lanczos's method (1950) and a few products with the Hessian. A smallest
curvature below zero is proof of a way down; one above zero is what those products saw, no proof.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np

from ..arrays import Array, array_namespace, device
from ..blas import blas_threads
from .line_search import Function, largest_entry, machine_epsilon


class Finding(Enum):
    """What kind of point it is, as a full sentence."""

    MINIMUM = "This is a minimum, as far as the curvatures seen can tell."
    SADDLE = "This is a saddle: the gradient is small, but J curves downwards in some direction."
    UNFINISHED = "This is unfinished: the gradient is not small, and J can go lower."


@dataclass(frozen=True)
class Description:
    """What is known of a point.

    Parameters
    ----------
    finding : Finding
        The kind of point.
    gradient_norm : float
        Largest entry of the gradient, in size.
    smallest_curvature, largest_curvature : float
        The extreme curvatures that the products have seen.
    products : int
        How many products with the Hessian they came from.

    Examples
    --------
    >>> print(Description(Finding.MINIMUM, 1e-7, 0.5, 2.0, 12))
    This is a minimum, as far as the curvatures seen can tell. Largest entry of the gradient 1e-07;
    curvatures from 0.5 to 2, by 12 products with the Hessian.
    """

    finding: Finding
    gradient_norm: float
    smallest_curvature: float
    largest_curvature: float
    products: int

    def __str__(self) -> str:
        return (
            f"{self.finding.value} Largest entry of the gradient {self.gradient_norm:.3g}; "
            f"curvatures from {self.smallest_curvature:.3g} to {self.largest_curvature:.3g}, "
            f"by {self.products} products with the Hessian."
        )


def describe_point(
    fun: Function,
    theta: Array,
    D: Array | None = None,
    *,
    product: Callable[[Array], Array] | None = None,
    products: int = 12,
    tol: float = 1e-4,
) -> Description:
    """Tell a minimum from a saddle and from a descent that is not finished.

    Parameters
    ----------
    fun : callable
        θ -> (J, D).
    theta : array of shape (n,)
        The point.
    D : array of shape (n,), optional
        The gradient there, if it is known.
    product : callable, optional
        v -> Hessian times v; differences of gradients where not given, two evaluations each.
    products : int
        How many products to make at most.
    tol : float
        A gradient with no entry above this is small.

    Returns
    -------
    Description
        The finding and its numbers; ``str()`` is two sentences.

    References
    ----------
    C. Lanczos, "An iteration method for the solution of the eigenvalue problem", 1950.

    Examples
    --------
    >>> import numpy as np
    >>> def saddle(theta):
    ...     return theta[0] ** 2 - theta[1] ** 2, np.array([2.0, -2.0]) * theta
    >>> describe_point(saddle, np.zeros(2)).finding.name
    'SADDLE'
    """
    with blas_threads(1):  # the same bits whatever number of threads is set
        gradient = fun(theta)[1] if D is None else D
        norm = largest_entry(gradient)
        curvatures, made = lanczos(product or hessian_product(fun, theta), theta, products)
    smallest, largest = float(curvatures.min()), float(curvatures.max())
    return Description(_classify(norm, tol, curvatures, theta), norm, smallest, largest, made)


def _classify(norm: float, tol: float, curvatures: np.ndarray, theta: Array) -> Finding:
    if not norm <= tol:
        return Finding.UNFINISHED
    noise = machine_epsilon(theta) ** 0.4 * np.abs(curvatures).max()
    return Finding.SADDLE if curvatures.min() < -noise else Finding.MINIMUM


def hessian_product(fun: Function, theta: Array) -> Callable[[Array], Array]:
    """Return v -> (D(θ + h v) − D(θ − h v)) / 2h, the Hessian times v."""
    size = math.sqrt(float(theta @ theta) / theta.shape[0])
    reach = machine_epsilon(theta) ** (1 / 3) * (1 + size)

    def times(v: Array) -> Array:
        h = reach * math.sqrt(theta.shape[0]) / math.sqrt(float(v @ v))
        return (fun(theta + h * v)[1] - fun(theta - h * v)[1]) / (2 * h)

    return times


def lanczos(times: Callable[[Array], Array], theta: Array, products: int) -> tuple[np.ndarray, int]:
    """Ritz values of a symmetric matrix from a drawn start, made orthogonal in full each time."""
    xp, n = array_namespace(theta), theta.shape[0]
    drawn = np.random.default_rng(0).standard_normal(n)
    q = xp.asarray(drawn / math.sqrt(drawn @ drawn), dtype=theta.dtype, device=device(theta))
    basis: list[Array] = []
    alphas, betas = [], []
    for _ in range(min(products, n)):
        basis.append(q)
        r = times(q)
        if not math.isfinite(float(r @ r)):  # of numbers whose squares overflow
            break
        alphas.append(float(q @ r))
        for _ in range(2):  # twice: one Gram-Schmidt pass leaves what its own rounding adds
            for old in basis:
                r = r - float(old @ r) * old
        beta = math.sqrt(float(r @ r))
        if beta <= 1e-6 * max(map(abs, alphas)):
            break
        betas.append(beta)
        q = r / beta
    if not alphas:
        return np.array([math.nan]), 0
    k = len(alphas)
    off = np.diag(betas[: k - 1], 1)
    return np.linalg.eigvalsh(np.diag(alphas) + off + off.T), k
