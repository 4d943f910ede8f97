"""What came of a training: the model, and how it does on rows that it has not seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..errors import warn
from ..estimators.targets.scores import Accuracy, RSquared
from ..estimators.targets.thresholds import Threshold
from ..inspection.insight import Insight, look
from ..models.table_model import Estimator, TableModel
from ..network import Network
from ..training.stop import StopReason, why_stopped
from .ready import PreparedTable
from .scoring.reference import Reference
from .scoring.scores import Constants, FoldScores, Scores
from .settings import Settings

Label = bool | int | float | str


@dataclass(frozen=True, eq=False)
class ShownNetwork:
    """The network that is shown, of several that with the largest share, and how it was trained.

    Parameters
    ----------
    net : Network
        Its sizes, activations and loss.
    epochs : int
        That were made.
    lam : float
        λ in J.
    J_curve, scores : list of float
        J and the validation score after every epoch; no scores where there are no such rows.
    reason : StopReason or None
        Why the training stopped.
    solver : str
        What it was trained by.
    """

    net: Network
    epochs: int
    lam: float
    J_curve: list[float]
    scores: list[float] | None
    reason: StopReason | None
    solver: str

    @classmethod
    def of(cls, model: TableModel) -> ShownNetwork:
        """Take it out of a model that was trained."""
        if model.ensemble is None:
            one = model.single
            curves = one.loss_curve_, getattr(one, "validation_scores_", None)
            return cls(one.net_, one.n_iter_, one.alpha, *curves, one.stop_reason_, one.solver)
        member = model.ensemble.members[int(model.ensemble.weights.argmax())]
        found = member.result
        curves = found.J_curve, found.validation_scores
        return cls(member.net, found.epochs, model.lam, *curves, found.reason, "muon")


@dataclass(frozen=True, eq=False)
class Outcome:
    """A trained model, and how it does on the rows that it has not seen."""

    data: PreparedTable
    settings: Settings
    model: TableModel
    seconds: float
    predicted: np.ndarray  # of the test rows, in the target's units
    probabilities_by_target: list[np.ndarray] | None  # (m_test, classes) each; None for numbers
    folds: tuple[FoldScores, ...] = ()  # of a cross-validation, one for each target
    of: int | None = None  # which of several targets this is told of

    @cached_property
    def targets(self) -> tuple[Outcome, ...]:
        """What came of each target by itself."""
        parts = self.data.target.parts
        return (self,) if len(parts) == 1 else tuple(map(self._of, range(len(parts))))

    def _of(self, k: int) -> Outcome:
        data, predicted = self.data.of_target(k), self.predicted[:, k]
        return replace(self, data=data, predicted=predicted, folds=self.folds[k : k + 1], of=k)

    @property
    def probabilities(self) -> np.ndarray | None:
        """Of the classes of the target that this is told of; None for numbers."""
        by_target = self.probabilities_by_target
        return None if by_target is None else by_target[self.of or 0]

    @property
    def classes(self) -> np.ndarray | None:
        """The labels of the target that this is told of; None for numbers."""
        by_target = self.model.classes_by_target
        return None if by_target is None else by_target[self.of or 0]

    @property
    def estimator(self) -> Estimator:
        """What answers, where that is one network."""
        return self.model.single

    @cached_property
    def shown(self) -> ShownNetwork:
        """The network that is shown."""
        return ShownNetwork.of(self.model)

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
        """Accuracy or R² on the test rows; of several targets the mean."""
        if len(self.targets) > 1:
            return float(np.mean([each.score for each in self.targets]))
        if self.data.target.classes:
            return Accuracy().plus(self.truth == self.predicted, self.w).value
        return RSquared().plus(self.truth[:, None], self.predicted[:, None], self.w).value

    @property
    def w(self) -> np.ndarray | None:
        """What the test rows weigh; None where all weigh the same."""
        return self.data.w.get("test")

    @property
    def mean_error(self) -> float:
        """Mean |prediction − truth| on the test rows, for numbers; of several the mean of them."""
        if len(self.targets) > 1:
            return float(np.mean([each.mean_error for each in self.targets]))
        return float(np.average(np.abs(self.predicted - self.truth), weights=self.w))

    @cached_property
    def reference(self) -> Reference | None:
        """What the training rows say of their target; None of several, or of rows on the disk."""
        train = self.data.y.get("train")
        if train is None or len(self.targets) > 1:
            return None
        w, classes = self.data.w.get("train"), self.classes
        if classes is None:
            loss = self.shown.net.loss
            q = loss.parameter if loss.name == "quantile" else None
            constants = Constants.of(self.data.target.decode(train), w, q)
            return Reference(replace(constants, counts=self.settings.loss == "poisson"))
        of_class = [train == label for label in classes.tolist()]
        shares = [np.count_nonzero(rows) if w is None else w[rows].sum() for rows in of_class]
        return Reference(np.array(shares))

    @cached_property
    def scores(self) -> Scores | None:
        """All metrics of the test rows beside a baseline's; None where there is no reference."""
        if self.reference is None:
            return None
        answers = (self.truth, self.predicted, self.classes, self.probabilities)
        scores, metric = self.reference.scores(*answers, self.w), self.settings.metric
        if metric is not None and metric not in scores.values:
            warn(f"The test rows do not define {metric!r}.")
        return scores if metric is None else scores.led_by(metric)

    @cached_property
    def insight(self) -> Insight | None:
        """What the answers to the test rows tell of the model.

        None of several targets, and where the columns are not known or none of them is read.
        """
        if not self.data.columns or len(self.targets) > 1:
            return None
        seed, target = self.settings.seed, self.of or 0
        return look(self.model, self.data.columns, self.truth, self.w, target=target, seed=seed)

    @cached_property
    def J(self) -> float:
        """The objective at the end, on the training rows."""
        return self.data.J(self.model)

    @property
    def stop_reason(self) -> str:
        """Why the training stopped, as a sentence."""
        reason = self.shown.reason
        return "" if reason is None else why_stopped(reason)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C stopped it."""
        ensemble = self.model.ensemble
        return (
            self.shown.reason is StopReason.INTERRUPTED
            if ensemble is None
            else (ensemble.interrupted)
        )

    @property
    def threshold(self) -> Threshold | None:
        """From which probability on a row is told to be of the rarer of two classes."""
        return vars(self.model.estimator).get("threshold_")

    @property
    def labels(self) -> list[Label]:
        """All classes, those of the test rows included."""
        known = [] if self.classes is None else self.classes.tolist()
        return sorted({*known, *self.truth.tolist()})

    @property
    def confusion(self) -> np.ndarray | None:
        """Test rows counted by true class (row) and predicted class (column).

        None for numbers, and of several targets, which have one each.
        """
        if not self.data.target.classes or len(self.targets) > 1:
            return None
        from sklearn.metrics import confusion_matrix

        return confusion_matrix(self.truth, self.predicted, labels=self.labels)

    @property
    def baseline(self) -> float:
        """The score without looking at X: always the most frequent class; 0 for R²."""
        if not self.data.target.classes:
            return 0.0
        if len(self.targets) > 1:
            return float(np.mean([each.baseline for each in self.targets]))
        return float(np.average(self.truth == self.data.most_frequent, weights=self.w))
