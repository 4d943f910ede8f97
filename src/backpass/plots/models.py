"""What the pictures need to know of a fitted model: its Θ, from ours or from scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import InvalidInput


def thetas_of(estimator: Any) -> list[np.ndarray]:
    """Return [Θ^(1), …], shape (s_{l+1}, s_l + 1), of any fitted multilayer perceptron."""
    if not hasattr(estimator, "coefs_"):
        raise InvalidInput(
            f"{type(estimator).__name__} has no coefs_: fit it before drawing it, "
            "and pass an MLPClassifier or MLPRegressor."
        )
    pairs = zip(estimator.intercepts_, estimator.coefs_)
    return [np.vstack([intercept, coef]).T for intercept, coef in pairs]
