"""What a member's last layer is of the targets, and what its answers are in their terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .metrics import honest


class Outputs(Protocol):
    """Targets as a network learns them, and its a^(L) as answers."""

    @property
    def loss(self) -> str:
        """The network's loss."""
        ...

    @property
    def units(self) -> int:
        """Of the last layer."""
        ...

    def targets(self, y: np.ndarray) -> np.ndarray:
        """What the network learns."""
        ...

    def answers(self, H: np.ndarray) -> np.ndarray:
        """What is averaged over members."""
        ...

    def bounded(self, answers: np.ndarray, m: int) -> np.ndarray:
        """An average, no surer than m held-out rows that chose it can vouch for."""
        ...


@dataclass(frozen=True)
class ClassOutputs:
    """One class of several; two of them have one logistic output.

    Parameters
    ----------
    classes : int
        How many, at least two.

    Examples
    --------
    >>> outputs = ClassOutputs(2)
    >>> outputs.targets(np.array([0, 1, 1])).ravel()
    array([0., 1., 1.])
    >>> outputs.answers(np.array([[0.25]]))
    array([[0.75, 0.25]])
    """

    classes: int

    @property
    def loss(self) -> str:
        """The network's loss."""
        return "binary_log_loss" if self.classes == 2 else "log_loss"

    @property
    def units(self) -> int:
        """Of the last layer."""
        return 1 if self.classes == 2 else self.classes

    def targets(self, y: np.ndarray) -> np.ndarray:
        """Zeros and ones, shape (m, units), of classes numbered from 0, shape (m,)."""
        return (y[:, None] == np.arange(self.classes))[:, -self.units :].astype(np.float64)

    def answers(self, H: np.ndarray) -> np.ndarray:
        """Probabilities, shape (m, classes), float64; they add up to 1 in double precision."""
        P = H.astype(np.float64)
        return np.hstack([1 - P, P]) if self.units == 1 else P / P.sum(axis=1, keepdims=True)

    def bounded(self, answers: np.ndarray, m: int) -> np.ndarray:
        """Probabilities, none of which is surer than ``honest`` has it."""
        return honest(answers, m)


@dataclass(frozen=True, eq=False)
class NumberOutputs:
    """Numbers, learnt by their distance from the mean in deviations.

    Parameters
    ----------
    mean, deviation : ndarray of shape (outputs,)
        Of the training rows; the deviation of what does not vary is 1.
    low, high : ndarray of shape (outputs,)
        The least and the greatest of the training rows, in deviations from the mean.
    """

    mean: np.ndarray
    deviation: np.ndarray
    low: np.ndarray
    high: np.ndarray
    loss = "squared_error"

    @classmethod
    def of(cls, y: np.ndarray) -> NumberOutputs:
        """Find them on the training rows' targets, shape (m, outputs).

        Examples
        --------
        >>> outputs = NumberOutputs.of(np.array([[1.0], [3.0]]))
        >>> outputs.targets(np.array([[1.0], [3.0]])).ravel()
        array([-1.,  1.])
        >>> outputs.numbers(outputs.answers(np.array([[0.5], [7.0]]))).ravel()
        array([2.5, 3. ])
        """
        mean, deviation = y.mean(axis=0), y.std(axis=0)
        deviation = np.where(deviation > 0, deviation, 1.0)
        z = (y - mean) / deviation
        return cls(mean, deviation, z.min(axis=0), z.max(axis=0))

    @property
    def units(self) -> int:
        """Of the last layer."""
        return len(self.mean)

    def targets(self, y: np.ndarray) -> np.ndarray:
        """Deviations from the mean, shape (m, outputs)."""
        return (y - self.mean) / self.deviation

    def answers(self, H: np.ndarray) -> np.ndarray:
        """Deviations from the mean, none beyond what the training rows have."""
        return np.clip(H, self.low, self.high)

    def bounded(self, answers: np.ndarray, m: int) -> np.ndarray:
        """The same: a number says nothing of how sure it is."""
        return answers

    def numbers(self, answers: np.ndarray) -> np.ndarray:
        """Numbers in the targets' own unit."""
        return self.mean + self.deviation * answers
