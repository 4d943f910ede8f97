"""The columns that a model's answers have: what is predicted, how probable, between what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...arrays import Array
from ...errors import SettingError
from ..headings import columns_of, of_each

if TYPE_CHECKING:
    from ...models.table_model import TableModel

Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class Beside:
    """What is asked for beside the predictions: probabilities, and intervals that hold so much."""

    proba: bool = False
    coverage: float | None = None

    def columns(self, model: TableModel, X: Array) -> Columns:
        """Return the answers to rows of X, in θ's precision.

        Raises
        ------
        SettingError
            If classes are asked for an interval or numbers for probabilities, or too few rows were
            held out to say how far numbers are off.
        """
        predicted = model.predict(X)
        answers = columns_of(model, predicted)
        if self.proba:
            answers |= probabilities(model, X)
        if self.coverage is not None:
            widths = half_widths(model, self.coverage)
            columns = list(answers.values())[: len(widths)]
            for of, column, width in zip(of_each(model), columns, widths):
                answers |= {f"lower{of}": column - width, f"upper{of}": column + width}
        return answers


def probabilities(model: TableModel, X: Array) -> Columns:
    """Return the probability of each class."""
    p, classes = model.probabilities_by_target(X), model.classes_by_target
    if classes is None or p is None:
        raise SettingError(
            "proba", None, f"the target {model.target.name!r} is a number, which has no classes."
        )
    names = [""] if len(p) == 1 else [f"{name} = " for name in model.target.names]
    return {
        f"probability of {name}{label}": column
        for name, labels, of_target in zip(names, classes, p)
        for label, column in zip(labels, of_target.T)
    }


def half_widths(model: TableModel, coverage: float) -> list[float]:
    """Return the half-width of each target's intervals, of the errors on rows held out."""
    from ...estimators.targets.intervals import half_width
    from ...experiment.kept import held_out_errors

    name, errors = model.target.name, held_out_errors(model)
    if model.target.classes:
        why = f"the target {name!r} holds classes; --proba tells how probable they are."
        raise SettingError("intervals", f"{coverage:g}", why)
    if errors is None:
        why = "this model keeps no errors of rows that were held out; train it anew."
        raise SettingError("intervals", f"{coverage:g}", why)
    return [half_width(each, coverage) for each in errors.reshape(len(errors), -1).T]
