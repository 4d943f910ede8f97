"""What the pictures need to know of a fitted model, and of one pass: ours, or another library's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arrays import Array
from ..errors import InvalidInput


class FittedNetwork(Protocol):
    """A fitted multilayer perceptron, of ours or scikit-learn's."""

    @property
    def coefs_(self) -> Sequence[NDArray[np.floating]]:
        """W of each layer, (s_l, s_{l+1})."""
        ...

    @property
    def intercepts_(self) -> Sequence[NDArray[np.floating]]:
        """b of each layer, (s_{l+1},)."""
        ...


class HasLossCurve(Protocol):
    """An estimator that was trained epoch by epoch."""

    loss_curve_: Sequence[float]


class Pass(Protocol):
    """One pass of backpropagation by layer: what ``bp.trace`` returns."""

    @property
    def Thetas(self) -> Mapping[int, Array]:
        """Θ[1..L−1], each (s_{l+1}, s_l + 1)."""
        ...

    @property
    def a(self) -> Mapping[int, Array]:
        """a[1..L], each (m, s_l)."""
        ...

    @property
    def delta(self) -> Mapping[int, Array]:
        """δ[2..L], each (m, s_l)."""
        ...


def thetas_of(estimator: FittedNetwork) -> list[NDArray[np.floating]]:
    """Return [Θ^(1), …], shape (s_{l+1}, s_l + 1), of any fitted multilayer perceptron."""
    if not hasattr(estimator, "coefs_"):
        raise InvalidInput(
            f"{type(estimator).__name__} has no coefs_: fit it before drawing it, "
            "and pass an MLPClassifier or MLPRegressor."
        )
    pairs = zip(estimator.intercepts_, estimator.coefs_)
    return [np.vstack([intercept, coef]).T for intercept, coef in pairs]


def as_drawable(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return a float array, or say that there is nothing finite to draw."""
    array = np.asarray(values, dtype=float)
    if array.size == 0 or not np.isfinite(array).any():
        raise InvalidInput(f"{name} holds no finite number, so there is nothing to draw.")
    return array
