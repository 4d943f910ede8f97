"""Second moments of what enters a layer and of its δ, summed over rows: the Kronecker factors."""

from __future__ import annotations

from ..arrays import Array, ArrayLike, array_namespace


def moment(rows: Array, w: Array) -> Array:
    """Σ w r rᵀ over the rows r, shape (s, s)."""
    return (rows * w[:, None]).T @ rows


def moment_with_bias(a: ArrayLike, w: Array) -> Array:
    """Σ w [1, a][1, a]ᵀ, shape (s + 1, s + 1), of an array's rows or of CSR's."""
    if hasattr(a, "tocsr"):
        return _of_sparse_rows(a, w)
    xp = array_namespace(a)
    return moment(xp.concat([xp.ones_like(a[:, :1]), a], axis=1), w)


def _of_sparse_rows(a: ArrayLike, w: Array) -> Array:
    """The same in its four parts, as a has no room for a column of ones."""
    xp, s = array_namespace(w), a.shape[1]
    A = xp.empty((s + 1, s + 1), dtype=a.dtype)
    A[0, 0], A[0, 1:] = xp.sum(w), a.T @ w
    A[1:, 0] = A[0, 1:]
    A[1:, 1:] = (a.T @ a.multiply(w[:, None])).toarray()
    return A
