"""H₀: what L-BFGS takes for the inverse Hessian before its pairs correct it, up to a factor.

The Gauss-Newton matrix of one layer is close to the Kronecker product A ⊗ G of the second moments
of what goes in, [1, a], and of what comes back, δ (Heskes, 2000; Martens and Grosse, 2015). In the
notes' order the inverse maps a layer's block V, shape (s_l + 1, s_{l+1}), to A⁻¹ V G⁻¹: two small
matrix products. Both factors are damped, so that the product of their dampings is λ/W and a little
of the curvature's own size:

    H₀ V = (A + π r I)⁻¹ V (G + r/π I)⁻¹,   r² = λ/W + ρ ā ḡ,   π² = ā / ḡ,

with ā and ḡ the mean eigenvalues, and π r rounded to ā times a power of two: so the inverse of an A
that does not change, as the inputs' A^(1), is mostly computed already. The secant pair's
γ = sᵀy / yᵀH₀y sets the scale in every iteration: δ's second moments stand for the curvature only
up to one.

Where the inputs are many, A^(1) = ZᵀZ is left as the few rows Z, shape (r, s_1 + 1), that it is
estimated from, and its damped inverse is Woodbury's (1950), with an (r, r) matrix C:

    (Zᵀ Z + d I)⁻¹ V = (V − Zᵀ C Z V) / d,   C = (Z Zᵀ + d I)⁻¹.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from scipy.linalg import get_lapack_funcs

from .. import old_names
from ..arrays import Array, array_namespace, device, is_numpy_array
from .curvature import Curvature, MomentRows

LAPACK = {
    np.dtype(kind): get_lapack_funcs(("potrf", "potri"), dtype=kind)
    for kind in (np.float32, np.float64)
}

# What a preconditioner knows between refreshes, by layer: a part of the solver's state.
PreconditionerState = list[Array]

__getattr__ = old_names("solvers.preconditioner")


class Preconditioner(Protocol):
    """H₀ as the solver sees it."""

    def refresh(self, theta: Array) -> PreconditionerState:
        """Estimate the curvature around θ."""
        ...

    def apply(self, inverses: PreconditionerState, v: Array) -> Array:
        """H₀ v, by the last refresh's inverses; v itself where there are none."""
        ...


@dataclass(frozen=True)
class PlainScaling:
    """H₀ = I."""

    def refresh(self, theta: Array) -> PreconditionerState:
        """Return no inverses."""
        return []

    def apply(self, inverses: PreconditionerState, v: Array) -> Array:
        """v."""
        return v


def _formed() -> None:
    """No rows: A^(1) is formed."""


@dataclass(frozen=True)
class KroneckerFactors:
    """The Kronecker-factored Gauss-Newton H₀; plain scaling where the factors are of no use.

    Parameters
    ----------
    second_moments : callable
        θ -> (As, Gs), by layer.
    slices : sequence of (slice, (int, int))
        Where each layer's block V lies in v, and its shape, (s_l + 1, s_{l+1}).
    decay : float
        λ/W.
    damping : float
        ρ.
    input_rows : callable
        () -> Z, where A^(1) is not formed and As has ZZᵀ in its place; else None.

    References
    ----------
    T. Heskes, "On natural learning and pruning in multilayered perceptrons", 2000. J. Martens and
    R. Grosse, "Optimizing neural networks with Kronecker-factored approximate curvature", 2015. M.
    A. Woodbury, "Inverting modified matrices", 1950.
    """

    second_moments: Callable[[Array], tuple[Sequence[Array], Sequence[Array]]]
    slices: Sequence[tuple[slice, tuple[int, int]]]
    decay: float
    damping: float = 0.01
    input_rows: Callable[[], MomentRows | None] = _formed
    _input_inverses: dict[int, tuple[Array, float, Array | None]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @classmethod
    def of(cls, curvature: Curvature) -> KroneckerFactors:
        """Take what a problem knows of its curvature; where it has no ``input_rows``, every A."""
        rows = getattr(curvature, "input_rows", _formed)
        return cls(curvature.second_moments, curvature.slices, curvature.decay, input_rows=rows)

    def refresh(self, theta: Array) -> PreconditionerState:
        """Invert every layer's damped factors; the state holds A⁻¹ and G⁻¹, layer by layer.

        Of a first layer that is left as rows it holds C and G⁻¹/d, the rows being the problem's.
        """
        inverses: PreconditionerState = []
        for l, (A, G) in enumerate(zip(*self.second_moments(theta))):
            pair = self._inverses(l, A, G)
            if pair is None:
                return []
            inverses.extend(pair)
        return inverses

    def apply(self, inverses: PreconditionerState, v: Array) -> Array:
        """A⁻¹ V G⁻¹, layer by layer."""
        if not inverses:
            return v
        xp = array_namespace(v)
        # V lies in θ's order, so a layer's (s_l + 1, s_{l+1}) is a view. Two products take
        # s_l s_{l+1} (s_l + s_{l+1}) multiply-adds; A ⊗ G itself would take (s_l s_{l+1})².
        blocks = [xp.reshape(v[where], shape) for where, shape in self.slices]
        layers = zip(inverses[::2], blocks, inverses[1::2])
        mapped = [self._mapped(l, A, V, G) for l, (A, V, G) in enumerate(layers)]
        return xp.concat([xp.reshape(block, (-1,)) for block in mapped])

    def _mapped(self, l: int, A: Array, V: Array, G: Array) -> Array:
        """A⁻¹ V G⁻¹ of one layer; by Woodbury where A is C, and G has 1/d in it."""
        Z = None if l else self.input_rows()
        # An A of V's height is A⁻¹ itself, whatever rows there are: a state of release 0.1.0.
        if Z is None or A.shape[0] == V.shape[0]:
            return A @ V @ G
        VG = V @ G
        return Z.subtract_transposed(VG, A @ Z.times(VG))

    def _inverses(self, l: int, A: Array, G: Array) -> tuple[Array, Array] | None:
        # A's own size: where ZZᵀ stands for ZᵀZ, the eigenvalues that it lacks are zeros.
        a, g = _trace(A) / self.slices[l][1][0], _trace(G) / G.shape[0]
        if not (a > 0 and g > 0 and 0 < a * g < math.inf):
            return None
        r_squared = self.decay + self.damping * a * g
        # π r = √(r² ā / ḡ) = ā √(r² / (ā ḡ)): the root is what is rounded to a power of two.
        damping = a * 2.0 ** round(math.log2(r_squared / (a * g)) / 2)  # π r
        left, right = self._input_inverse(l, A, damping), _damped_inverse(G, r_squared / damping)
        if left is None or right is None:
            return None
        return left, (right if l or self.input_rows() is None else right / damping)

    def _input_inverse(self, l: int, A: Array, damping: float) -> Array | None:
        """(A + damping I)⁻¹, the last one if it was of the same array and damping."""
        last = self._input_inverses.get(l)
        if last is None or last[0] is not A or last[1] != damping:
            last = A, damping, _damped_inverse(A, damping)
            self._input_inverses[l] = last
        return last[2]


def _trace(A: Array) -> float:
    return float(array_namespace(A).linalg.trace(A))


def _damped_inverse(A: Array, damping: float) -> Array | None:
    """(A + damping I)⁻¹, or None where that is no number."""
    xp = array_namespace(A)
    damped = A + damping * xp.eye(A.shape[0], dtype=A.dtype, device=device(A))
    inverse = _cholesky_inverse(damped) if is_numpy_array(A) else xp.linalg.inv(damped)
    return inverse if math.isfinite(float(xp.sum(inverse))) else None


def _cholesky_inverse(A: np.ndarray) -> np.ndarray:
    """The inverse of a positive definite matrix at a fifth of a general one's cost; else NaN."""
    factor, invert = LAPACK[A.dtype]
    L, failed = factor(A, lower=True, clean=True)
    if failed:
        return np.full_like(A, np.nan)
    lower, _ = invert(L, lower=True)  # zeros above the diagonal
    inverse = np.ascontiguousarray(lower + lower.T)  # potri fills one triangle: mirrored
    inverse.flat[:: len(A) + 1] /= 2  # the diagonal, which was added to itself
    return inverse
