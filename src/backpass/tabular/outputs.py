"""What a member's last layer is of the targets, and what its answers are in their terms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
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

    def learnt(self, Y: np.ndarray) -> np.ndarray:
        """The same targets as members learn them, where that is another form."""
        ...

    def answers(self, H: np.ndarray) -> np.ndarray:
        """What is averaged over members."""
        ...

    def bounded(self, answers: np.ndarray, m: int) -> np.ndarray:
        """An average, no surer than m held-out rows that chose it can vouch for."""
        ...


@dataclass(frozen=True)
class ClassOutputs:
    """One class of several, of one target or of each of some.

    Two classes have one logistic output. More of a single target have a softmax; of several
    targets each class has a logistic output, and their shares are the probabilities.

    Parameters
    ----------
    sizes : tuple of int
        How many classes each target has.

    Examples
    --------
    >>> outputs = ClassOutputs((2,))
    >>> outputs.targets(np.array([[0], [1], [1]])).ravel()
    array([0., 1., 1.])
    >>> outputs.answers(np.array([[0.25]]))
    array([[0.75, 0.25]])
    """

    sizes: tuple[int, ...]

    @property
    def loss(self) -> str:
        """The network's loss."""
        return "log_loss" if self._softmax else "binary_log_loss"

    @property
    def _softmax(self) -> bool:
        return len(self.sizes) == 1 and self.sizes[0] > 2

    @cached_property
    def _units(self) -> tuple[int, ...]:
        """Of each target."""
        return tuple(1 if size <= 2 else size for size in self.sizes)

    @property
    def units(self) -> int:
        """Of the last layer."""
        return sum(self._units)

    def targets(self, y: np.ndarray) -> np.ndarray:
        """Zeros and ones, shape (m, units), of classes numbered from 0, shape (m, targets)."""
        hot = [
            (column[:, None] == np.arange(2 if units == 1 else size))[:, -units:]
            for column, size, units in zip(y.T, self.sizes, self._units)
        ]
        return np.hstack(hot).astype(np.float64)

    def learnt(self, Y: np.ndarray) -> np.ndarray:
        """The same."""
        return Y

    def answers(self, H: np.ndarray) -> np.ndarray:
        """Probabilities, shape (m, Σ sizes), float64; each target's add up to 1."""
        H = H.astype(np.float64)
        return np.hstack([_shares(part, size) for part, size in zip(self._cut(H), self.sizes)])

    def _cut(self, H: np.ndarray) -> list[np.ndarray]:
        return np.split(H, np.cumsum(self._units)[:-1], axis=1)

    def by_target(self, answers: np.ndarray) -> list[np.ndarray]:
        """Cut answers into each target's probabilities, shape (m, size)."""
        return np.split(answers, np.cumsum(self.sizes)[:-1], axis=1)

    def bounded(self, answers: np.ndarray, m: int) -> np.ndarray:
        """Probabilities, none of which is surer than ``honest`` has it."""
        return honest(answers, m, self.sizes)


def _shares(H: np.ndarray, size: int) -> np.ndarray:
    """A target's probabilities of its units' answers."""
    if size == 1:
        return np.ones_like(H)
    if size == 2:
        return np.hstack([1 - H, H])
    total = H.sum(axis=1, keepdims=True)
    return np.divide(H, total, out=np.full_like(H, 1 / size), where=total > 0)


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

    @classmethod
    def of_blocks(cls, blocks: Iterable[np.ndarray]) -> NumberOutputs:
        """Find them on targets that come in blocks, each of shape (m, outputs) [1]_.

        References
        ----------
        .. [1] T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample
           variance", The American Statistician, 1983: the moments of two sets joined.

        Examples
        --------
        >>> outputs = NumberOutputs.of_blocks([np.array([[1.0], [2.0]]), np.array([[6.0]])])
        >>> outputs.numbers(np.array([[0.0], [1.0]])).ravel().round(3)
        array([3.   , 5.16])
        """
        m, mean, squares, low, high = 0, np.zeros(1), np.zeros(1), np.inf, -np.inf
        for y in blocks:
            n, own = len(y), y.mean(axis=0)
            apart = own - mean
            squares = squares + ((y - own) ** 2).sum(axis=0) + apart**2 * (m * n / (m + n))
            m, mean = m + n, mean + apart * (n / (m + n))
            low, high = np.minimum(low, y.min(axis=0)), np.maximum(high, y.max(axis=0))
        deviation = np.sqrt(squares / m)
        deviation = np.where(deviation > 0, deviation, 1.0)
        return cls(mean, deviation, (low - mean) / deviation, (high - mean) / deviation)

    @property
    def units(self) -> int:
        """Of the last layer."""
        return len(self.mean)

    def targets(self, y: np.ndarray) -> np.ndarray:
        """Deviations from the mean, shape (m, outputs)."""
        return (y - self.mean) / self.deviation

    def learnt(self, Y: np.ndarray) -> np.ndarray:
        """The same."""
        return Y

    def answers(self, H: np.ndarray) -> np.ndarray:
        """Deviations from the mean, none beyond what the training rows have."""
        return np.clip(H, self.low, self.high)

    def bounded(self, answers: np.ndarray, m: int) -> np.ndarray:
        """The same: a number says nothing of how sure it is."""
        return answers

    def numbers(self, answers: np.ndarray) -> np.ndarray:
        """Numbers in the targets' own unit."""
        return self.mean + self.deviation * answers

    def in_logarithms(self, y: np.ndarray) -> LogOutputs:
        """The same numbers, learnt by their logarithms as those of y are spread."""
        logs = NumberOutputs.of(np.log(y))
        return LogOutputs(self.mean, self.deviation, self.low, self.high, logs.mean, logs.deviation)


@dataclass(frozen=True, eq=False)
class LogOutputs(NumberOutputs):
    """Numbers above 0 whose logarithm is learnt; answers are of the numbers all the same.

    Parameters
    ----------
    mean, deviation, low, high : ndarray of shape (outputs,)
        Of the numbers.
    log_mean, log_deviation : ndarray of shape (outputs,)
        Of their logarithms.
    """

    log_mean: np.ndarray
    log_deviation: np.ndarray

    @classmethod
    def of(cls, y: np.ndarray) -> LogOutputs:
        """Find them on the training rows' targets, shape (m, outputs), all above 0.

        Examples
        --------
        >>> outputs = LogOutputs.of(np.array([[1.0], [np.e**2]]))
        >>> Y = outputs.targets(np.array([[1.0], [np.e], [np.e**2]]))
        >>> outputs.learnt(Y).ravel().round(6)
        array([-1.,  0.,  1.])
        >>> outputs.numbers(outputs.answers(np.array([[0.0], [9.0]]))).ravel().round(6)
        array([2.718282, 7.389056])
        """
        return NumberOutputs.of(y).in_logarithms(y)

    def learnt(self, Y: np.ndarray) -> np.ndarray:
        """Deviations of the logarithm; what is below the least seen counts as that."""
        return (np.log(self.numbers(np.maximum(Y, self.low))) - self.log_mean) / self.log_deviation

    def answers(self, H: np.ndarray) -> np.ndarray:
        """Deviations of the numbers, none beyond what the training rows have."""
        logs = self.log_mean + self.log_deviation * H.astype(np.float64)
        numbers = np.exp(np.minimum(logs, np.log(self.numbers(self.high)) + 1))  # none overflows
        return np.clip(self.targets(numbers), self.low, self.high)
