"""Weights of rows: a number for all, one for each, and what the classes of a row weigh."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from numbers import Real

import numpy as np
from sklearn.utils.validation import (
    _check_sample_weight,  # pyright: ignore[reportPrivateUsage]
)

from ...arrays import ArrayLike, as_numpy
from ...errors import InvalidInput
from .labels import Labels

ClassWeight = Mapping[Hashable, float] | str | None
ClassWeights = ClassWeight | Sequence[ClassWeight]  # of one output, or of each


def row_weights(value: ArrayLike, m: int) -> np.ndarray | None:
    """Return w of shape (m,): a number counts for every row, None means that all count the same."""
    if value is None:
        return None
    w = as_numpy(value)
    w = _check_sample_weight(np.full(m, w[()]) if w.ndim == 0 else w, np.empty(m))
    if not w.any():  # scikit-learn 1.6 does not ask for it
        raise InvalidInput("Sample weights must contain at least one non-zero number.")
    return w


def weights_of_classes(class_weight: ClassWeights, labels: Labels, y: ArrayLike) -> np.ndarray:
    """Return for each row of y the product, over the outputs, of its classes' weights.

    Parameters
    ----------
    class_weight : dict, "balanced", or a list with one of these for each output
        A class that a dict leaves out weighs 1; "balanced" is m / (K m_k) for the m_k rows of a
        class among K that occur.
    labels : Labels
        The classes.
    y : ndarray of shape (m,) or (m, outputs), or CSR
        Labels.

    Returns
    -------
    ndarray of shape (m,)

    Raises
    ------
    InvalidInput
        If a weight is negative or no finite number, classes of a dict are unknown while others
        are left out, or there is not one dict for each output.
    """
    numbers = labels.numbers(y)
    asked = _for_each_output(class_weight, len(labels.classes))
    factors = [
        _of_one_output(one, classes, codes)[codes]
        for one, classes, codes in zip(asked, labels.classes, numbers.T)
    ]
    return np.prod(factors, axis=0)


def _for_each_output(class_weight: ClassWeights, n_outputs: int) -> Sequence[ClassWeight]:
    if isinstance(class_weight, Mapping) and n_outputs > 1:
        raise InvalidInput(
            f"class_weight is one dict, but y has {n_outputs} outputs: pass a list with a dict for "
            "each, or 'balanced'."
        )
    if class_weight is None or isinstance(class_weight, Mapping | str):
        return [class_weight] * n_outputs
    if len(class_weight) != n_outputs:
        raise InvalidInput(
            f"class_weight has {len(class_weight)} elements, but y has {n_outputs} outputs."
        )
    return class_weight


def _of_one_output(asked: ClassWeight, classes: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """What each class of an output weighs, shape (K,)."""
    if asked is None:
        return np.ones(len(classes))
    if isinstance(asked, str):
        counts = np.bincount(codes, minlength=len(classes))
        return len(codes) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    left_out = [label for label in classes.tolist() if label not in asked]
    unknown = [label for label in asked if label not in classes.tolist()]
    if unknown and left_out:
        raise InvalidInput(
            f"class_weight names the class {unknown[0]!r}, which y does not have; its classes are "
            f"{classes}."
        )
    return np.array([_checked(label, asked.get(label, 1.0)) for label in classes.tolist()])


def _checked(label: object, weight: object) -> float:
    if not isinstance(weight, Real | np.number) or not 0 <= float(weight) < np.inf:
        raise InvalidInput(
            f"class_weight gives {weight!r} to the class {label!r}, but a weight is a finite "
            "number that is at least 0."
        )
    return float(weight)
