"""How a model does on rows whose target is known, beside what its training says without it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np

from ...data.tables import Table
from ...errors import InvalidInput
from ...experiment.scoring.reference import Reference, Stored
from ...experiment.scoring.scores import Constants, Scores
from .asked import Asked, ask, rows_of

if TYPE_CHECKING:
    from ...estimators.table_model import TableModel

KEPT_AS = "target_of_training"  # in what a model file says of its training


@dataclass(frozen=True, eq=False)
class Scored:
    """Answers to rows that have a target, and their scores.

    Parameters
    ----------
    model : TableModel
        What answered.
    truth, predicted : ndarray of shape (m,)
        Labels, or numbers in the target's units.
    probabilities : ndarray of shape (m, classes) or None
        Of classes.
    """

    model: TableModel
    truth: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray | None

    @property
    def knows_training(self) -> bool:
        """Whether the model's file says what the training rows had in their target."""
        return self.model.about.get(KEPT_AS) is not None

    @cached_property
    def reference(self) -> Reference:
        """What is known without a look at any input: of the training rows, if the model says it."""
        if self.knows_training:
            return Reference.from_json(cast(Stored, self.model.about[KEPT_AS]))
        classes = self.model.classes
        if classes is None:
            return Reference(Constants.of(self.truth))
        labels = classes.tolist()
        return Reference(np.array([np.count_nonzero(self.truth == label) for label in labels]))

    @cached_property
    def scores(self) -> Scores:
        """All metrics beside those of the baseline."""
        classes = self.model.classes
        return self.reference.scores(self.truth, self.predicted, classes, self.probabilities)

    @cached_property
    def labels(self) -> list[object]:
        """All classes, those that only the rows have included."""
        known = [] if self.model.classes is None else self.model.classes.tolist()
        return sorted({*known, *self.truth.tolist()})

    @cached_property
    def confusion(self) -> np.ndarray | None:
        """Rows counted by true class (row) and predicted class (column); None of numbers."""
        if self.model.classes is None:
            return None
        from sklearn.metrics import confusion_matrix

        return confusion_matrix(self.truth, self.predicted, labels=self.labels)


def with_target(model: TableModel, table: Table) -> tuple[Asked, np.ndarray, int]:
    """Ask of the rows that have a target; return their truth, and how many have none.

    Raises
    ------
    InvalidInput
        If no row has one.
    """
    name, found = model.target.name, model.truth(table)
    if found is None or not found[0].any():
        lacks = f"no column {name!r}" if found is None else f"no row with a {name!r}"
        raise InvalidInput(f"{table.source} has {lacks}, which its rows are scored by.")
    there, truth = found
    without = int(np.count_nonzero(~there))
    rows = rows_of(table, np.flatnonzero(there)) if without else table
    return ask(model, rows), truth, without


def scored(question: Asked, truth: np.ndarray) -> Scored:
    """Answer rows whose truth is known."""
    model, X = question.model, question.X
    return Scored(model, truth, model.predict(X), model.probabilities(X))
