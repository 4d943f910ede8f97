"""The first layer's two products, with dense rows or with sparse ones, whose zeros cost nothing.

A block of CSR rows reads those rows of Θ^(1)ᵀ that its entries name, and adds to the same rows of
Δ^(1)ᵀ. What is made dense is z^(2) of the block and the rows that it names, whatever s_1 is.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

import numpy as np

from ...arrays import ArrayLike

PART_BYTES = 1 << 20  # of Δ^(1), to which sparse rows add at once


class Inputs(Protocol):
    """The rows of X, and the products of a block of them with Θ^(1)ᵀ and δ^(2)."""

    adds: ClassVar[bool]  # whether a block's Δ^(1) is added to what is there, or written over it

    def gather(self, part: np.ndarray) -> ArrayLike:
        """Some rows of X, shape (rows, s_1)."""
        ...

    def forward(self, x: ArrayLike, Theta: np.ndarray, z: np.ndarray) -> None:
        """z := ([1, x] Θ)ᵀ, shape (s_2, rows), of Θ with shape (s_1 + 1, s_2)."""
        ...

    def backward(self, x: ArrayLike, delta: np.ndarray, Delta: np.ndarray) -> None:
        """Δ := [1, x]ᵀ δᵀ, shape (s_1 + 1, s_2), or it is added; δ has the shape (s_2, rows)."""
        ...


def inputs_of(X: ArrayLike, rows: int) -> Inputs:
    """The rows of X, with room for a block of so many."""
    return SparseInputs(X) if hasattr(X, "tocsr") else DenseInputs(X, rows)


def numbers_in_a_row(X: ArrayLike) -> int:
    """How many numbers there are in a row of X: of CSR values and indices, in the mean."""
    return 2 * X.nnz // X.shape[0] if hasattr(X, "tocsr") else X.shape[1]


class DenseInputs:
    """Rows of an array, gathered into a buffer that is made once."""

    adds: ClassVar[bool] = False

    def __init__(self, X: np.ndarray, rows: int) -> None:
        self._X = X
        self._x = np.empty((rows, X.shape[1]), X.dtype)

    def gather(self, part: np.ndarray) -> np.ndarray:
        """Some rows of X, shape (rows, s_1)."""
        if not self._X.flags.c_contiguous:  # take would copy the whole array
            return self._X[part]
        # "clip" lets take write into out directly, where the default checks by way of a buffer; the
        # order was checked.
        return np.take(self._X, part, axis=0, out=self._x[: len(part)], mode="clip")

    def forward(self, x: np.ndarray, Theta: np.ndarray, z: np.ndarray) -> None:
        """z := ([1, x] Θ)ᵀ."""
        # x has no column of ones (it is the caller's, not copied), so the bias is added.
        np.matmul(Theta[1:].T, x.T, out=z)
        z += Theta[0][:, None]

    def backward(self, x: np.ndarray, delta: np.ndarray, Delta: np.ndarray) -> None:
        """Δ := [1, x]ᵀ δᵀ."""
        np.matmul(x.T, delta.T, out=Delta[1:])
        delta.sum(axis=1, out=Delta[0])


class SparseInputs:
    """Rows of a CSR matrix; its indices may be unsorted, and name a place more than once."""

    # Written, a block's Δ would be zeros in all the rows that it does not name.
    adds: ClassVar[bool] = True

    def __init__(self, X: ArrayLike) -> None:
        self._X = X

    def gather(self, part: np.ndarray) -> ArrayLike:
        """Some rows of X, CSR of shape (rows, s_1)."""
        return self._X[part]

    def forward(self, x: ArrayLike, Theta: np.ndarray, z: np.ndarray) -> None:
        """z := ([1, x] Θ)ᵀ."""
        z[...] = (x @ Theta[1:]).T
        z += Theta[0][:, None]

    def backward(self, x: ArrayLike, delta: np.ndarray, Delta: np.ndarray) -> None:
        """Δ := Δ + [1, x]ᵀ δᵀ, in the rows that x names."""
        columns, places = np.unique(x.indices, return_inverse=True)
        named = type(x)((x.data, places, x.indptr), shape=(x.shape[0], len(columns)))
        Delta[0] += delta.sum(axis=1)
        by_column, delta = named.T.tocsr(), np.ascontiguousarray(delta.T)
        # In parts, else a block of many entries would make more than a copy of Δ.
        size = max(1, PART_BYTES // (delta.shape[1] * delta.itemsize))
        for start in range(0, len(columns), size):
            part = slice(start, start + size)
            Delta[1 + columns[part]] += by_column[part] @ delta
