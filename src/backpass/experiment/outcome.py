"""What came of a training: the model, and how it does on rows that it has not seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..errors import warn
from ..estimators.table_model import Estimator, TableModel
from ..estimators.targets.scores import Accuracy, RSquared
from ..estimators.targets.thresholds import Threshold
from ..training.stop import why_stopped
from .ready import PreparedTable
from .scoring.reference import Reference
from .scoring.scores import Constants, FoldScores, Scores
from .settings import Settings

Label = bool | int | float | str


@dataclass(frozen=True, eq=False)
class Outcome:
    """A trained model, and how it does on the rows that it has not seen."""

    data: PreparedTable
    settings: Settings
    model: TableModel
    seconds: float
    predicted: np.ndarray  # of the test rows, in the target's units
    probabilities: np.ndarray | None  # (m_test, classes)
    folds: FoldScores | None = None  # of a cross-validation

    @property
    def estimator(self) -> Estimator:
        """What answers."""
        return self.model.estimator

    @property
    def truth(self) -> np.ndarray:
        """The test rows' true values, in the target's units."""
        return self.data.target.decode(self.data.y["test"])

    @property
    def score_name(self) -> str:
        """Name of the score: accuracy for classes, R² for numbers."""
        return "test_accuracy" if self.data.target.classes else "test_r2"

    @property
    def score(self) -> float:
        """Accuracy or R² on the test rows."""
        if self.data.target.classes:
            return Accuracy().plus(self.truth == self.predicted, self.w).value
        return RSquared().plus(self.truth[:, None], self.predicted[:, None], self.w).value

    @property
    def w(self) -> np.ndarray | None:
        """What the test rows weigh; None where all weigh the same."""
        return self.data.w.get("test")

    @property
    def mean_error(self) -> float:
        """Mean |prediction − truth| on the test rows, for numbers."""
        return float(np.average(np.abs(self.predicted - self.truth), weights=self.w))

    @cached_property
    def reference(self) -> Reference | None:
        """What the training rows say of their target; None of rows that stay on the disk."""
        train = self.data.y.get("train")
        if train is None:
            return None
        w, classes = self.data.w.get("train"), self.model.classes
        if classes is None:
            constants = Constants.of(self.data.target.decode(train), w)
            return Reference(replace(constants, counts=self.settings.loss == "poisson"))
        of_class = [train == label for label in classes.tolist()]
        shares = [np.count_nonzero(rows) if w is None else w[rows].sum() for rows in of_class]
        return Reference(np.array(shares))

    @cached_property
    def scores(self) -> Scores | None:
        """All metrics of the test rows beside a baseline's; None of rows that stay on the disk."""
        if self.reference is None:
            return None
        answers = (self.truth, self.predicted, self.model.classes, self.probabilities)
        scores, metric = self.reference.scores(*answers, self.w), self.settings.metric
        if metric is not None and metric not in scores.values:
            warn(f"The test rows do not define {metric!r}.")
        return scores if metric is None else scores.led_by(metric)

    @cached_property
    def J(self) -> float:
        """The objective at the end, on the training rows."""
        return self.data.J(self.model)

    @property
    def stop_reason(self) -> str:
        """Why the training stopped, as a sentence."""
        return why_stopped(self.estimator.stop_reason_)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C stopped it."""
        return self.estimator.stop_reason_.name == "INTERRUPTED"

    @property
    def threshold(self) -> Threshold | None:
        """From which probability on a row is told to be of the rarer of two classes."""
        return vars(self.estimator).get("threshold_")

    @property
    def labels(self) -> list[Label]:
        """All classes, those of the test rows included."""
        known = [] if self.model.classes is None else self.model.classes.tolist()
        return sorted({*known, *self.truth.tolist()})

    @property
    def confusion(self) -> np.ndarray | None:
        """Test rows counted by true class (row) and predicted class (column); None for numbers."""
        if not self.data.target.classes:
            return None
        from sklearn.metrics import confusion_matrix

        return confusion_matrix(self.truth, self.predicted, labels=self.labels)

    @property
    def baseline(self) -> float:
        """The score without looking at X: always the most frequent class; 0 for R²."""
        if not self.data.target.classes:
            return 0.0
        return float(np.average(self.truth == self.data.most_frequent, weights=self.w))
