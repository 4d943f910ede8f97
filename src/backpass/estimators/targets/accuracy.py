"""The accuracy of labels, whatever y is: one target of classes, several, or indicators."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import accuracy_score

from ...arrays import ArrayLike
from .labels import Labels


def accuracy(
    labels: Labels, y: ArrayLike, predicted: ArrayLike, sample_weight: np.ndarray | None
) -> float:
    """Return the part of the rows whose every label is right.

    Parameters
    ----------
    labels : Labels
        The classes.
    y, predicted : ndarray of shape (m,) or (m, targets), or CSR
        True and predicted labels.
    sample_weight : ndarray of shape (m,), optional
        w ≥ 0.

    Raises
    ------
    InvalidInput
        If y has more or fewer targets.

    Examples
    --------
    >>> labels = Labels((np.array(["a", "b"]), np.array([1, 2, 3])))
    >>> y = np.array([["a", 1], ["b", 2]], dtype=object)
    >>> accuracy(labels, y, np.array([["a", 1], ["b", 3]], dtype=object), None)
    0.5
    """
    several = not (labels.single or labels.multilabel)
    if several or predicted.dtype.kind == "O":
        labels.check_shape(y)
        right = (predicted == y).reshape(len(predicted), -1).all(axis=1)
        return float(np.average(right, weights=sample_weight))
    return float(accuracy_score(y, predicted, sample_weight=sample_weight))
