"""What y means: classes that become one-hot rows, or numbers. One strategy for each.

A strategy is a value. ``learn`` returns the same with what y has shown; everything else asks it:
how y becomes Y, which loss suits, what a row weighs, how answers are scored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from ...arrays import Array, ArrayLike, array_namespace, as_numpy, like
from ...losses import LOSSES, Loss, find_loss
from ...network import Network
from ...streaming.blocks import Blocks
from ...streaming.problem import Encode, all_targets, as_columns
from ...training.fit import Fitted
from .decisions import Decision
from .labels import Labels, as_labels, as_numbers
from .sample_weights import ClassWeights, row_weights, weights_of_classes
from .scores import Accuracy, RSquared

ScoreOfLogits = Callable[[Array], float]


class Targets(Protocol):
    """What a fit asks of the meaning of y."""

    @property
    def numeric(self) -> bool:
        """Whether y must be numbers."""
        ...

    def read(self, y: ArrayLike) -> ArrayLike:
        """Read y of any container, without loss."""
        ...

    def learn(self, y: ArrayLike) -> Targets:
        """Take from y what it means."""
        ...

    def expect(self, y: ArrayLike) -> Targets:
        """Refuse y that does not fit what was learnt."""
        ...

    def expect_same(self, y: ArrayLike) -> Targets:
        """Refuse y of which not the same would be learnt, as where a fit goes on."""
        ...

    def in_blocks(self, blocks: Blocks, known: bool) -> Targets:
        """Look through the targets of rows that come in blocks."""
        ...

    @property
    def encode(self) -> Encode:
        """What turns y into Y of shape (m, s_L); it travels to other machines."""
        ...

    def network_loss(self) -> str | Loss:
        """Return the loss, and with it the output activation, that fits y."""
        ...

    def weights(self, sample_weight: ArrayLike, X: ArrayLike, y: ArrayLike) -> Array | None:
        """Return w, or None where every row counts the same."""
        ...

    def stratify(self, Y: Array) -> np.ndarray | None:
        """Return classes that the validation set should have in the same parts."""
        ...

    def scorer(self, net: Network, Y: Array, w: Array | None) -> ScoreOfLogits:
        """Return the accuracy or R² against Y, as a function of the logits; all count 1 without w.

        What does not change from epoch to epoch is computed once.
        """
        ...

    def sklearn_loss(self, fitted: Fitted) -> float:
        """Return the last J in scikit-learn's measure."""
        ...


@dataclass(frozen=True)
class ClassTargets:
    """Classes.

    Parameters
    ----------
    loss : str or Loss
        What the estimator was asked for.
    class_weight : dict, "balanced", a list of these, or None
        What classes weigh.
    labels : Labels, optional
        The classes; None before they are learnt.
    """

    loss: str | Loss
    class_weight: ClassWeights = None
    labels: Labels | None = None

    numeric = False

    @property
    def known(self) -> Labels:
        """The classes, which must have been learnt."""
        assert self.labels is not None
        return self.labels

    def read(self, y: ArrayLike) -> ArrayLike:
        """Read labels of any container, without loss."""
        return as_labels(y)

    def learn(self, y: ArrayLike) -> ClassTargets:
        """Find the classes of y."""
        return replace(self, labels=Labels.found_in(y))

    def expect(self, y: ArrayLike) -> ClassTargets:
        """Refuse labels of other classes, or another number of outputs."""
        self.known.check(y)
        return self

    def expect_same(self, y: ArrayLike) -> ClassTargets:
        """Refuse labels that do not have the same classes."""
        found = Labels.found_in(y)
        if self.known.single and found.single and not found.same_classes(self.known):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous "
                f"call to fit. Previously got {self.known.public}, `y` has {found.public}"
            )
        return self.expect(y)

    def in_blocks(self, blocks: Blocks, known: bool) -> ClassTargets:
        """Find, or check, the classes of all blocks."""
        y = as_labels(all_targets(blocks))
        y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
        return (self.expect_same if known else self.learn)(y)

    @property
    def encode(self) -> Encode:
        """One-hot rows of labels."""
        return self.known.encode

    def network_loss(self) -> str | Loss:
        """Return the softmax's loss, or a sigmoid for each output that is no softmax."""
        loss = find_loss(self.loss)
        if loss == LOSSES["log_loss"] and not self.known.softmax:
            return "binary_log_loss"
        Decision(self.known, loss).check()
        return loss

    def weights(self, sample_weight: ArrayLike, X: ArrayLike, y: ArrayLike) -> Array | None:
        """Return the product of the rows' weights and their classes'."""
        w = row_weights(sample_weight, X.shape[0])
        if self.class_weight is not None:
            by_class = weights_of_classes(self.class_weight, self.known, y)
            w = by_class if w is None else as_numpy(like(X, w)) * by_class
        return None if w is None else like(X, w)

    def stratify(self, Y: Array) -> np.ndarray | None:
        """Return the two classes of a single unit."""
        return as_numpy(Y).astype(bool) if Y.shape[1] == 1 else None

    def scorer(self, net: Network, Y: Array, w: Array | None) -> ScoreOfLogits:
        """Return the accuracy: the part of the rows whose every label is right."""
        xp, decision = array_namespace(Y), Decision(self.known, net.loss)
        truth = self.known.codes(Y - 0.5, xp)

        def accuracy(z: Array) -> float:
            right = decision.codes(z) == truth
            whole = right[:, 0] if right.shape[1] == 1 else xp.all(right, axis=1)
            return Accuracy().plus(whole, w).value

        return accuracy

    def sklearn_loss(self, fitted: Fitted) -> float:
        """Return J: scikit-learn's classifier has the same."""
        return fitted.J


@dataclass(frozen=True)
class NumberTargets:
    """Numbers; there is nothing to learn of them.

    Parameters
    ----------
    loss : str or Loss
        What the estimator was asked for.
    """

    loss: str | Loss

    numeric = True

    def read(self, y: ArrayLike) -> ArrayLike:
        """Read numbers of any container, without loss."""
        return as_numbers(y)

    def learn(self, y: ArrayLike) -> NumberTargets:
        """Take any numbers."""
        return self

    expect = expect_same = learn

    def in_blocks(self, blocks: Blocks, known: bool) -> NumberTargets:
        """Take any numbers."""
        return NumberTargets(self.loss)

    @property
    def encode(self) -> Encode:
        """Columns of numbers; Poisson's are not negative."""
        return not_negative_columns if self.loss == "poisson" else as_columns

    def network_loss(self) -> str | Loss:
        """Return what was asked for."""
        return self.loss

    def weights(self, sample_weight: ArrayLike, X: ArrayLike, y: ArrayLike) -> Array | None:
        """Return the rows' weights."""
        w = row_weights(sample_weight, X.shape[0])
        return None if w is None else like(X, w)

    def stratify(self, Y: Array) -> np.ndarray | None:
        """Numbers have no classes."""
        return None

    def scorer(self, net: Network, Y: Array, w: Array | None) -> ScoreOfLogits:
        """Return R²."""
        truth = as_numpy(Y)
        weights = np.ones(len(truth), truth.dtype) if w is None else as_numpy(w)
        right = RSquared().plus(truth, truth, weights)
        return lambda z: right.plus_errors(truth, as_numpy(net.loss.h(z)), weights).value

    def sklearn_loss(self, fitted: Fitted) -> float:
        """scikit-learn takes the mean over the outputs, and the gradient of the sum."""
        n_outputs = fitted.problem.net.sizes[-1]
        if n_outputs == 1:  # both are J: no need to look at every weight
            return fitted.J
        decay = fitted.decay
        return (fitted.J - decay) / n_outputs + decay


def not_negative_columns(y: np.ndarray) -> np.ndarray:
    """Return counts or rates as columns, or say that one is negative."""
    if (y < 0).any():
        raise ValueError("y holds negative numbers, but loss='poisson' needs y >= 0.")
    return as_columns(y)
