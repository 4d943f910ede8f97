"""How right a model is on the test rows: its metrics beside a baseline's, and class by class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..outcome import Label, Outcome
from ..scoring.scores import Line


@dataclass(frozen=True)
class ShownClass:
    """A class as the page tells of it: shares in per cent, and a dash where no row defines one."""

    label: Label
    rows: int
    recall: str
    precision: str
    f1: str


def shown_metrics(outcome: Outcome) -> tuple[Line, ...]:
    """All metrics of a target, the first one first; none where there is nothing beside them."""
    scores = outcome.scores
    return () if scores is None else scores.lines(len(scores.values))


def shown_classes(outcome: Outcome) -> list[ShownClass] | None:
    """Each class with its test rows, its recall, its precision and its F1; None for numbers."""
    if not outcome.data.target.classes:
        return None
    from sklearn.metrics import confusion_matrix

    labels = outcome.labels
    answers = (outcome.truth, outcome.predicted)
    weights = confusion_matrix(*answers, labels=labels, sample_weight=outcome.w)
    rows = confusion_matrix(*answers, labels=labels).sum(axis=1)
    right, true, named = weights.diagonal(), weights.sum(axis=1), weights.sum(axis=0)
    return [
        ShownClass(label, int(n), _share(hits, t), _share(hits, p), _share(2 * hits, t + p))
        for label, n, hits, t, p in zip(labels, rows, right, true, named)
    ]


def _share(part: float | np.floating, whole: float | np.floating) -> str:
    return f"{part / whole:.1%}" if whole else "–"
