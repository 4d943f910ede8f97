"""How a model does on rows whose target is known, beside what its training says without it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from ...arrays import ArrayLike
from ...data.tables import Table
from ...errors import InvalidInput, SettingError, warn
from ...estimators.targets.thresholds import Threshold
from ...experiment.parting import weights_of
from ...experiment.scoring.reference import Reference, Stored
from ...experiment.scoring.scores import Constants, Scores
from .asked import Asked, ask, rows_of

if TYPE_CHECKING:
    from ...models.table_model import TableModel

KEPT_AS = "target_of_training"  # in what a model file says of its training


@dataclass(frozen=True, eq=False)
class Scored:
    """Answers to rows that have a target, and their scores.

    Parameters
    ----------
    name : str
        The target.
    classes : ndarray of shape (classes,) or None
        The labels that the model knows; None of numbers.
    training : Reference or None
        What the model's file says of the target of its training rows.
    truth, predicted : ndarray of shape (m,)
        Labels, or numbers in the target's units.
    probabilities : ndarray of shape (m, classes) or None
        Of classes.
    w : ndarray of shape (m,) or None
        What rows weigh; None where all weigh the same.
    """

    name: str
    classes: np.ndarray | None
    training: Reference | None
    truth: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray | None
    w: np.ndarray | None = None

    @cached_property
    def reference(self) -> Reference:
        """What is known without a look at any input: of the training rows, if the model says it."""
        if self.training is not None:
            return self.training
        if self.classes is None:
            return Reference(Constants.of(self.truth))
        labels = self.classes.tolist()
        return Reference(np.array([np.count_nonzero(self.truth == label) for label in labels]))

    @cached_property
    def scores(self) -> Scores:
        """All metrics beside those of the baseline."""
        answers = (self.truth, self.predicted, self.classes, self.probabilities)
        return self.reference.scores(*answers, self.w)

    @cached_property
    def labels(self) -> list[object]:
        """All classes, those that only the rows have included."""
        known = [] if self.classes is None else self.classes.tolist()
        return sorted({*known, *self.truth.tolist()})

    @cached_property
    def confusion(self) -> np.ndarray | None:
        """Rows counted by true class (row) and predicted class (column); None of numbers."""
        if self.classes is None:
            return None
        from sklearn.metrics import confusion_matrix

        return confusion_matrix(self.truth, self.predicted, labels=self.labels)


@dataclass(frozen=True, eq=False)
class Rows:
    """What there is to say of rows that were scored: the table, and what the training had not."""

    source: str
    asked: int
    without: int
    seen: int | None
    unknown: Mapping[str, Counter[str]]


def references_of(model: TableModel) -> list[Reference | None]:
    """Return what a model's file says of each target of its training rows."""
    stored = model.about.get(KEPT_AS)
    if not stored:
        return [None] * len(model.target.parts)
    each = stored if isinstance(stored, list) else [stored]
    return [Reference.from_json(cast(Stored, one)) for one in each]


def deciding(model: TableModel, threshold: float | None) -> TableModel:
    """Return a model that tells a row to be of the rarer class from a probability on.

    Raises
    ------
    SettingError
        If it does not tell two classes apart, or does not say which of them is rarer.
    """
    if threshold is None:
        return model
    if len(model.target.parts) > 1:
        why = f"it is for one target, and this model predicts {', '.join(model.target.names)}."
        raise SettingError("threshold", f"{threshold:g}", why)
    classes, reference = model.classes, references_of(model)[0]
    if classes is None or len(classes) != 2:
        holds = "is a number" if classes is None else f"has {len(classes)} classes"
        why = f"it tells two classes apart, and the target {model.target.name!r} {holds}."
        raise SettingError("threshold", f"{threshold:g}", why)
    if reference is None or isinstance(reference.of, Constants):
        why = "the model does not say which class is the rarer one; train it anew."
        raise SettingError("threshold", f"{threshold:g}", why)
    return model.deciding(Threshold(classes[1 - reference.of.argmax()].item(), threshold))


def weights(model: TableModel, table: Table) -> np.ndarray | None:
    """Return what rows weigh, by the column that said it in the training; None without one.

    Raises
    ------
    InvalidInput
        If a row that has a target has no weight.
    """
    column = weighing_column(model)
    if column is None or table.raw is None:
        return None
    if column not in table.raw.columns:
        warn(sentence_of_weights(table.source, column))
        return None
    truth = model.truth(table)
    needed = np.zeros(table.raw.rows, dtype=bool) if truth is None else truth[0]
    return weights_of(column, [table.raw], needed)[needed]


def weights_if_any(model: TableModel, table: Table) -> np.ndarray | None:
    """Return what rows weigh, where each that has a target has a weight, by ``weights``."""
    column = weighing_column(model)
    if column is None or table.raw is None or column not in table.raw.columns:
        return None
    try:
        return weights(model, table)
    except InvalidInput:  # predicted all the same; score says what is wrong
        return None


def sentence_of_weights(source: str, column: str) -> str:
    """Say that a table does not tell what its rows weigh."""
    return f"{source} has no column {column!r}, which says what rows weigh; all count one."


def weighing_column(model: TableModel) -> str | None:
    """Return the column that said in the training what rows weigh."""
    return dict(cast(Stored, model.about.get("parting") or {})).get("weights")  # type: ignore[return-value]


def with_target(model: TableModel, table: Table) -> tuple[Asked, np.ndarray, int]:
    """Ask of the rows that have a target; return their truth, and how many have none.

    Raises
    ------
    InvalidInput
        If no row has one.
    """
    found = model.truth(table)
    if found is None or not found[0].any():
        raise InvalidInput(f"{table.source} has {lacks(model, found is not None)}.")
    there, truth = found
    without = int(np.count_nonzero(~there))
    rows = rows_of(table, np.flatnonzero(there)) if without else table
    return ask(model, rows), truth, without


def lacks(model: TableModel, has_column: bool) -> str:
    """What a table has not, by which its rows would be scored."""
    name = model.target.name
    what = f"no row with a {name!r}" if has_column else f"no column {name!r}"
    return f"{what}, which its rows are scored by"


class Answered(NamedTuple):
    """The truth of rows and what a model answers, (m,) or (m, targets); probabilities by target."""

    truth: np.ndarray
    predicted: np.ndarray
    probabilities: list[np.ndarray] | None

    @classmethod
    def joined(cls, parts: Sequence[Answered]) -> Answered:
        """Put the rows of several blocks together."""
        by_target = zip(*(part.probabilities for part in parts if part.probabilities is not None))
        return cls(
            np.concatenate([part.truth for part in parts]),
            np.concatenate([part.predicted for part in parts]),
            [np.concatenate(blocks) for blocks in by_target] or None,
        )


def answered_by(model: TableModel, X: ArrayLike, truth: np.ndarray) -> Answered:
    """Answer rows whose truth is known."""
    return Answered(truth, model.predict(X), model.probabilities_by_target(X))


def scored(model: TableModel, answered: Answered, w: np.ndarray | None) -> list[Scored]:
    """Part answers by target."""
    truth, predicted, probabilities = answered
    none = [None] * len(model.target.parts)
    of_each = zip(
        model.target.names,
        model.classes_by_target or none,
        references_of(model),
        truth.reshape(len(truth), -1).T,
        predicted.reshape(len(truth), -1).T,
        probabilities or none,
        [w] * len(none),
    )
    return [Scored(*of_target) for of_target in of_each]
