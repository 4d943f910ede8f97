"""Targets: class labels to the network's Y (one-hot) and back.

An output with two classes needs one unit, with K > 2 classes K units. Several outputs (multilabel
indicators, or a column of classes for each output) have their units side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np

from .errors import InvalidInput


@dataclass(frozen=True)
class Labels:
    """The classes of every output, and which columns of Y belong to it."""

    classes: tuple[np.ndarray, ...]
    multilabel: bool = False

    @classmethod
    def of(cls, y: np.ndarray) -> Labels:
        """Find the classes of y: (m,) labels, (m, q) labels, or (m, q) indicators of 0 and 1."""
        if y.ndim == 1:
            return cls((np.unique(y),))
        return cls(tuple(np.unique(column) for column in y.T))

    @classmethod
    def indicators(cls, q: int) -> Labels:
        """Q labels of which each is there or not."""
        return cls((np.array([0, 1]),) * q, multilabel=True)

    @property
    def single(self) -> bool:
        """Whether each row has one label."""
        return len(self.classes) == 1 and not self.multilabel

    @property
    def units(self) -> tuple[int, ...]:
        """Output units of each output."""
        return tuple(1 if len(classes) <= 2 else len(classes) for classes in self.classes)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Classes of each output."""
        return tuple(len(classes) for classes in self.classes)

    @property
    def softmax(self) -> bool:
        """Whether exactly one of several units is right: a softmax's case."""
        return self.single and self.units[0] > 1

    def check_columns(self, y: np.ndarray) -> None:
        """Refuse labels that an output does not have."""
        for k, (column, classes) in enumerate(zip(y.T, self.classes)):
            unknown = np.setdiff1d(column, classes)
            if len(unknown):
                raise InvalidInput(
                    f"Column {k} of y holds {unknown[0]!r}, which is not among its classes "
                    f"{classes}."
                )

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Turn labels into Y, booleans of shape (m, s_L)."""
        if self.multilabel:
            return np.asarray(y, dtype=bool)
        columns = y.reshape(len(y), -1).T
        return np.hstack([_indicate(c, classes) for c, classes in zip(columns, self.classes)])

    def codes(self, z: Any, xp: Any) -> Any:
        """Which class each logit row z^(L) stands for: numbers of shape (m, outputs)."""
        columns = [
            xp.astype(part[:, 0] > 0, xp.int64) if part.shape[1] == 1 else xp.argmax(part, axis=1)
            for part in self.parts(z)
        ]
        return columns[0][:, None] if len(columns) == 1 else xp.stack(columns, axis=1)

    def parts(self, a: Any) -> list[Any]:
        """Cut (m, s_L) into one piece for each output."""
        ends = accumulate(self.units)
        return [a[:, end - units : end] for end, units in zip(ends, self.units)]

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Turn class numbers into labels, shape (m,) or (m, outputs)."""
        if self.multilabel:
            return codes
        columns = [
            classes[np.minimum(k, len(classes) - 1)] for k, classes in zip(codes.T, self.classes)
        ]
        return columns[0] if self.single else np.stack(columns, axis=1)


def _indicate(y: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """One output's columns of Y: (m, 1) for up to two classes, (m, K) for more."""
    if len(classes) <= 2:
        return (y == classes[-1])[:, None] & (len(classes) == 2)
    return y[:, None] == classes[None, :]
