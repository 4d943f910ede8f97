"""The columns that a model's answers have: what is predicted, how probable, between what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...arrays import Array
from ...errors import SettingError
from ..command import Values
from ..headings import columns_of, of_each

if TYPE_CHECKING:
    from ...models.table_model import TableModel

Columns = dict[str, np.ndarray]

# Whose errors say how wide intervals are.
ASIDE = "rows that neither trained a member nor chose any"
OF_TEST = "rows that were held out for the test"


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
            lower, upper = ends_of_intervals(model, X, predicted, self.coverage)
            for of, low, high in zip(of_each(model), lower.T, upper.T):
                answers |= {f"lower{of}": low, f"upper{of}": high}
        return answers

    def told(self, model: TableModel) -> Values:
        """What --json tells of the intervals: how much they hold, and by which rows' errors."""
        if self.coverage is None:
            return {}
        errors, rows = errors_of(model, self.coverage)
        return {"interval": {"coverage": self.coverage, "errors_of": rows, "rows": len(errors)}}


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


def ends_of_intervals(
    model: TableModel, X: Array, predicted: np.ndarray, coverage: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the greatest that numbers are, shape (m, targets) each."""
    from ...estimators.targets.intervals import half_width
    from ...tabular.regressor import TabularRegressor

    errors, rows = errors_of(model, coverage)
    half = np.array([half_width(np.abs(each), coverage) for each in errors.T])  # if enough are
    if rows == ASIDE:
        assert isinstance(model.estimator, TabularRegressor)
        ends = np.moveaxis(model.estimator.predict_interval(X, coverage), -1, 0)
        low, high = (model.target.decode(end).reshape(len(end), -1) for end in ends)
        return low, high
    columns = predicted.reshape(len(predicted), -1)
    return columns - half, columns + half


def errors_of(model: TableModel, coverage: float) -> tuple[np.ndarray, str]:
    """Return errors by which intervals are made, shape (rows, targets), and whose they are.

    Raises
    ------
    SettingError
        If the model predicts classes, or keeps none.
    """
    from ...experiment.kept import held_out_errors

    if model.target.classes:
        why = (
            f"the target {model.target.name!r} holds classes; --proba tells how probable they are."
        )
        raise SettingError("intervals", f"{coverage:g}", why)
    if model.ensemble is not None and model.ensemble.errors is not None:
        return model.ensemble.errors, ASIDE
    errors = held_out_errors(model)
    if errors is None:
        why = "this model keeps no errors of rows that were held out; train it anew."
        raise SettingError("intervals", f"{coverage:g}", why)
    return errors.reshape(len(errors), -1), OF_TEST
