"""Conventions in words: how the identified J differs from the notes', and by what it is called."""

from __future__ import annotations

from collections.abc import Iterator

from ...losses import Loss
from ..convention import NOTES
from ..mistakes.factors import scale
from .identify import Reading

_LOSSES = {
    "log_loss": "the cross-entropy of a softmax",
    "squared_error": "the squared error",
    "hinge": "the hinge loss of several classes",
}
_MEANS = {
    ("1", 1.0): "a sum over the examples, not their mean",
    ("1/mK", 1.0): "a mean over the examples and the outputs",
    ("1/K", 1.0): "a mean over the outputs, a sum over the examples",
}


def conventions_of(reading: Reading) -> Iterator[tuple[str, str]]:
    """Each difference from the notes' J: what it is, and the formula of it."""
    if reading.loss.name != "binary_log_loss":
        yield f"the loss is {loss_in_words(reading.loss)}", loss_in_words(reading.loss)
    names = [g.name for g in reading.hidden]
    if any(name != "logistic" for name in names):
        each = names[0] if len(set(names)) == 1 else ", ".join(names)
        yield f"the hidden layers' activation is {each}", f"g = {each}"
    yield from _of_the_mean(reading)
    yield from _of_lam(reading)
    if not reading.convention.bias:
        yield "no bias units", "z = Θ a"


def loss_in_words(loss: Loss) -> str:
    """A loss as people call it."""
    return _LOSSES.get(loss.name, loss.name.replace("_", " "))


def _of_the_mean(reading: Reading) -> Iterator[tuple[str, str]]:
    mean, times = reading.convention.mean, reading.convention.times
    if (mean, 1.0) in _MEANS:
        yield _MEANS[mean, 1.0], f"Σ cost(i) · {mean}"
    squared = "squared" in reading.loss.name
    if times != 1.0:
        what = {2.0: "without its ½" if squared else "doubled", 0.5: "halved"}[times]
        yield f"the cost is {what}", f"{times:g} cost(i)"


def _of_lam(reading: Reading) -> Iterator[tuple[str, str]]:
    convention = reading.convention
    if convention.lam_J in ("0", NOTES.lam_J):
        return
    over_m = scale(convention.lam_J, 10, (3, 3)) != scale(convention.lam_J, 20, (3, 3))
    half = "half of " if "2" in convention.lam_J else ""
    rest = "divided by m" if over_m else "not divided by m"
    yield f"λ term: {half}λ times the sum of squares, {rest}", f"J: λ·{convention.lam_J}·ΣΘ²"


def penalised(reading: Reading) -> Iterator[tuple[str, str]]:
    """Which weights are decayed, where it is not all of them without the biases."""
    if reading.convention.bias_decayed:
        yield "the biases are regularised as well, in J as in D", "ΣΘ² with the bias column"
    if reading.convention.decayed is not None:
        listed = ", ".join(f"Θ^({l})" for l in reading.convention.decayed)
        yield f"only {listed} is regularised", f"ΣΘ² of {listed}"
