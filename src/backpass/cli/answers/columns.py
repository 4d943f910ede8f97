"""The columns that a model's answers have: what is predicted, how probable, between what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...arrays import Array
from ...errors import SettingError

if TYPE_CHECKING:
    from ...estimators.table_model import TableModel

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
        answers = {"prediction": predicted}
        if self.proba:
            answers |= probabilities(model, X)
        if self.coverage is not None:
            width = half_width(model, self.coverage)
            answers |= {"lower": predicted - width, "upper": predicted + width}
        return answers


def probabilities(model: TableModel, X: Array) -> Columns:
    """Return the probability of each class."""
    p = model.probabilities(X)
    if model.classes is None or p is None:
        raise SettingError(
            "proba", None, f"the target {model.target.name!r} is a number, which has no classes."
        )
    return dict(zip([f"probability of {label}" for label in model.classes], p.T))


def half_width(model: TableModel, coverage: float) -> float:
    """Return the half-width of intervals, of the errors on the rows that were held out."""
    from ...experiment.kept import held_out_errors
    from ...experiment.scoring.intervals import half_width_of

    name, errors = model.target.name, held_out_errors(model)
    if model.classes is not None:
        why = f"the target {name!r} holds classes; --proba tells how probable they are."
        raise SettingError("intervals", f"{coverage:g}", why)
    if errors is None:
        why = "this model keeps no errors of rows that were held out; train it anew."
        raise SettingError("intervals", f"{coverage:g}", why)
    return half_width_of(errors, coverage)
