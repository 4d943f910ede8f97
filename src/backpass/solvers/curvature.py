"""What a solver may ask of a problem beyond J and D, without knowing of a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, SupportsFloat

from ..arrays import Array

Function = Callable[[Array], tuple[SupportsFloat, Array]]  # θ -> (J, D)


class MomentRows(Protocol):
    """Rows Z, shape (r, n) with r < n, of a second moment A = ZᵀZ too large to be formed."""

    def times(self, V: Array) -> Array:
        """Z V, shape (r, k) for V of shape (n, k)."""
        ...

    def subtract_transposed(self, V: Array, U: Array) -> Array:
        """V − Zᵀ U, in V's place: V has shape (n, k), U (r, k)."""
        ...


class Curvature(Protocol):
    """The Gauss-Newton matrix B(θ), whole, as a product, and as Kronecker factors by layer."""

    @property
    def slices(self) -> Sequence[tuple[slice, tuple[int, int]]]:
        """Where each layer's block lies in θ, and its shape, (s_l + 1, s_{l+1})."""
        ...

    @property
    def decay(self) -> float:
        """What weight decay adds to B's diagonal, λ/W."""
        ...

    @property
    def every(self) -> int:
        """After how many iterations the second moments are worth estimating again."""
        ...

    def second_moments(self, theta: Array) -> tuple[Sequence[Array], Sequence[Array]]:
        """Estimate A and G by layer: second moments of [1, a] and of δ.

        A curvature that has ``input_rows``, a method () -> MomentRows or None, may keep the first A
        as such rows: the list then has their Gram matrix ZZᵀ in its place.
        """
        ...

    def product(self, theta: Array) -> Callable[[Array], Array]:
        """Return v -> B(θ) v."""
        ...

    def dense(self, theta: Array) -> Array:
        """Compute B(θ), shape (n, n)."""
        ...
