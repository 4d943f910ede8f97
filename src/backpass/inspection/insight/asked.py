"""A table's model as it is asked: raw columns go in, answers about one target come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...data.encoding.fitted import Encoding
from ...data.table_preprocessing import TablePreprocessing
from ...errors import InvalidInput
from ...models.table_model import TableModel
from .importances import Columns, Loss

LEAST = float(np.finfo(np.float64).eps)  # a probability of 0 costs as much as scikit-learn has it


@dataclass(frozen=True, eq=False)
class AskedModel:
    """A model, and about which of its targets it is asked.

    Parameters
    ----------
    model : TableModel
        Of known columns: an ensemble, or a single network.
    target : int
        Its place among several.

    Raises
    ------
    InvalidInput
        If the model reads cells of an array, or pictures, or no column at all.
    """

    model: TableModel
    target: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.model.preprocessing, TablePreprocessing):
            raise InvalidInput("This model does not read a table's known columns.")
        if not self.kinds:
            raise InvalidInput("This model reads no column: none varied in the training rows.")

    @cached_property
    def classes(self) -> np.ndarray | None:
        """The labels; None for numbers."""
        by_target = self.model.classes_by_target
        return None if by_target is None else by_target[self.target]

    @property
    def _encoding(self) -> Encoding:
        assert isinstance(self.model.preprocessing, TablePreprocessing)
        return self.model.preprocessing.encoding

    @property
    def kinds(self) -> Mapping[str, str]:
        """What the columns are that are read: those that varied in the training rows."""
        return self._encoding.columns.kinds

    def answers(self, columns: Columns) -> np.ndarray:
        """Return numbers, shape (m,), or the classes' probabilities, shape (m, classes)."""
        encoding, model = self._encoding, self.model
        if model.ensemble is None:
            X = model.in_precision(encoding.encode(columns)[0])
        else:
            X = encoding.rows(columns, len(next(iter(columns.values()))))[0]
        by_target = model.probabilities_by_target(X)
        if by_target is not None:
            return by_target[self.target]
        predicted = model.predict(X)
        return predicted if predicted.ndim == 1 else predicted[:, self.target]

    def losses(self, answers: np.ndarray, truth: np.ndarray) -> np.ndarray:
        """Return what each row costs: −ln of the true class's probability, or (h − y)².

        Labels that the model does not know have no cost: NaN.
        """
        if self.classes is None:
            return (answers - truth) ** 2
        places = {label: place for place, label in enumerate(self.classes.tolist())}
        known = np.array([places.get(label, -1) for label in truth.tolist()])
        p = np.clip(answers[np.arange(len(known)), known], LEAST, 1.0)
        return np.where(known < 0, np.nan, -np.log(p))

    def loss(self, truth: np.ndarray, w: np.ndarray | None = None) -> Loss:
        """Return what answers to columns cost: the log loss, or the RMSE in the target's unit."""

        def cost(columns: Columns) -> float:
            each = self.losses(self.answers(columns), truth)
            known = ~np.isnan(each)
            if not known.any():
                return float("nan")
            mean = float(np.average(each[known], weights=None if w is None else w[known]))
            return mean if self.classes is not None else mean**0.5

        return cost

    def shown_class(self, truth: np.ndarray) -> int | None:
        """The class whose probability is shown: the rarer of two, the most frequent of several."""
        if self.classes is None:
            return None
        counts = [np.count_nonzero(truth == label) for label in self.classes.tolist()]
        if len(counts) == 2:
            return 0 if counts[0] < counts[1] else 1
        return int(np.argmax(counts))
