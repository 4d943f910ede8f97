"""From a classifier's logits to its classes and their probabilities, which always agree.

A logistic output or a softmax is a probability. Any other loss's a^(L) = h(z^(L)) is an estimate
of one: a single unit decides at ½, of several the largest counts, and the probabilities are the
point of the simplex that is nearest to a^(L), which keeps their order [1]_.

Probabilities round: σ(40) and σ(50) are both 1, and e^(−800) is 0. Where that makes two of a row
equal, the one with the larger logit is put first by a bit in the last place.

.. [1] J. Duchi et al., "Efficient projections onto the l1-ball", ICML, 2008.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from ...activations import relu, softplus
from ...arrays import Array, array_namespace
from ...errors import InvalidInput
from ...losses import Loss, output_of
from .labels import Labels

BIG = 1e30  # beyond which answers count as equal; float32 holds it


@dataclass(frozen=True)
class Decision:
    """How a classifier's answers are read: its labels, and the loss whose h they come from."""

    labels: Labels
    loss: Loss

    @cached_property
    def output(self) -> str:
        """What h is: "softmax", "logistic", or something that is no probability."""
        return output_of(self.loss, sum(self.labels.units))

    def check(self) -> None:
        """Refuse a softmax over what is not one output of several units."""
        if self.output == "softmax" and not self.labels.softmax and self.labels.sizes != (1,):
            raise InvalidInput(
                f"The loss {self.loss.name!r} has a softmax, which is for one output of three or "
                "more classes: two classes, multilabel targets and several outputs have units "
                "that stand for themselves, and need a loss such as 'binary_log_loss'."
            )

    def scores(self, z: Array) -> Array:
        """What decides, shape (m, s_L): positive for a single unit, or largest of several."""
        if self.output in ("softmax", "logistic"):
            return z
        a, xp = self.loss.h(z), array_namespace(z)
        parts = [part - 0.5 if part.shape[1] == 1 else part for part in self.labels.parts(a)]
        return xp.concat(parts, axis=1)

    def codes(self, z: Array) -> Array:
        """Return which class of each output a row has, shape (m, outputs)."""
        return self.labels.codes(self.scores(z), array_namespace(z))

    def probabilities(self, a: Array) -> list[Array]:
        """Return for each output the probabilities that a^(L) says, shape (m, K).

        Multilabel targets are one output here, of labels that stand for themselves.
        """
        if self.labels.multilabel:
            return [a if self.output == "logistic" else _clipped(a)]
        return [self._of_one_output(*each) for each in zip(self.labels.parts(a), self.labels.sizes)]

    def _of_one_output(self, a: Array, n_classes: int) -> Array:
        if n_classes > 2 and self.output == "softmax":
            return a
        xp = array_namespace(a)
        if n_classes == 1:
            return xp.ones_like(a)
        if n_classes == 2:
            a = a if self.output == "logistic" else _clipped(a)
            return xp.concat([1 - a, a], axis=1)
        return _shares(a) if self.output == "logistic" else _nearest_of_simplex(a)

    def unclear(self, probabilities: list[Array]) -> bool:
        """Whether rounding has made the largest of a row equal, or left nothing."""
        if self.labels.multilabel:
            return bool(array_namespace(probabilities[0]).any(probabilities[0] == 0.5))
        return any(_has_ties(P) for P in probabilities)

    def exact_probabilities(self, z: Array) -> list[Array]:
        """Return the same from the logits, in the logits' order where rounding would lose it."""
        xp = array_namespace(z)
        if self.output == "logistic" and not self.labels.multilabel:
            parts = [xp.exp(part) for part in self._log_parts(z)]
        else:
            parts = self.probabilities(self.loss.h(z))
        return self._in_order(parts, z, 0.5)

    def log_probabilities(self, z: Array) -> list[Array]:
        """Return the logarithms for each output of classes, exact where probabilities underflow."""
        if self.output not in ("softmax", "logistic"):
            return [_logarithm(P) for P in self.exact_probabilities(z)]
        return self._in_order(self._log_parts(z), z, math.log(0.5))

    def log_of_labels(self, a: Array, z: Array) -> Array:
        """Return the logarithms for multilabel targets: of a^(L), and from z^(L) below ½.

        Above ½ log a is what scikit-learn compares with, and wrong by no more than a bit of 1.
        """
        P = self.probabilities(a)[0]
        log_P = _logarithm(P)
        if self.output == "logistic":
            log_P = array_namespace(P).where(P > 0.5, log_P, -softplus(-z))
        return self._in_order([log_P], z, math.log(0.5))[0]

    def _log_parts(self, z: Array) -> list[Array]:
        return [self._log_of_one(*each) for each in zip(self.labels.parts(z), self.labels.sizes)]

    def _log_of_one(self, z: Array, n_classes: int) -> Array:
        xp = array_namespace(z)
        if n_classes == 1:
            return xp.zeros_like(z)
        if n_classes == 2:
            return xp.concat([-softplus(z), -softplus(-z)], axis=1)
        return _log_softmax(z if self.output == "softmax" else -softplus(-z))

    def _in_order(self, parts: list[Array], z: Array, half: float) -> list[Array]:
        """Values of which that of the class that z says is the first of the largest."""
        codes = self.codes(z)
        if self.labels.multilabel:
            return [_on_their_side(parts[0], codes, half)]
        return [_largest_first(P, codes[:, k]) for k, P in enumerate(parts)]


def _clipped(a: Array) -> Array:
    return array_namespace(a).clip(a, 0.0, 1.0)  # array-api-compat 1.9 asks for iinfo of integers


def _shares(a: Array) -> Array:
    """a / Σ a by rows; NaN where so little is left that its digits are gone."""
    xp = array_namespace(a)
    total, info = xp.sum(a, axis=1, keepdims=True), xp.finfo(a.dtype)
    return a / xp.where(total < info.smallest_normal / info.eps, xp.nan, total)


def _nearest_of_simplex(a: Array) -> Array:
    """Rows max(a − τ, 0) whose sum is 1."""
    xp, K = array_namespace(a), a.shape[1]
    a = xp.clip(a, -BIG, BIG)
    a = a - xp.max(a, axis=1, keepdims=True)
    falling = -xp.sort(-a, axis=1)
    counts = xp.arange(1, K + 1, dtype=a.dtype)
    taus = (xp.cumulative_sum(falling, axis=1) - 1) / counts
    n_kept = xp.sum(xp.astype(falling > taus, xp.int64), axis=1, keepdims=True)
    is_last = xp.arange(1, K + 1) == n_kept
    tau = xp.sum(xp.where(is_last, taus, xp.zeros_like(taus)), axis=1, keepdims=True)
    return relu(a - tau)


def _log_softmax(z: Array) -> Array:
    xp = array_namespace(z)
    z = z - xp.max(z, axis=1, keepdims=True)
    return z - xp.log(xp.sum(xp.exp(z), axis=1, keepdims=True))


def _logarithm(P: Array) -> Array:
    """log P, −∞ where P is 0."""
    xp = array_namespace(P)
    return xp.where(P > 0, xp.log(xp.where(P > 0, P, xp.ones_like(P))), -xp.inf)


def _has_ties(P: Array) -> bool:
    """Whether any row's largest is not alone, or is NaN."""
    xp = array_namespace(P)
    largest = P == xp.max(P, axis=1, keepdims=True)
    return int(xp.count_nonzero(largest)) != P.shape[0]


def _largest_first(P: Array, codes: Array) -> Array:
    """Rows whose first largest value is that of their code: by a bit in the last place."""
    xp = array_namespace(P)
    late = xp.argmax(P, axis=1) != codes
    top = xp.max(P, axis=1, keepdims=True)
    above = top + xp.abs(top) * xp.finfo(P.dtype).eps
    chosen = xp.arange(P.shape[1])[None, :] == codes[:, None]
    return xp.where(chosen & late[:, None], above, P)


def _on_their_side(values: Array, codes: Array, half: float) -> Array:
    """Values above the half where the code says so, and at most the half elsewhere."""
    xp = array_namespace(values)
    half = xp.asarray(half, dtype=values.dtype)
    above = half + xp.abs(half) * xp.finfo(values.dtype).eps
    values = xp.where((codes == 1) & (values <= half), above, values)
    return xp.where((codes == 0) & (values > half), half, values)
