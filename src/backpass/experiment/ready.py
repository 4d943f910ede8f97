"""What a training is given: X and y in three parts, and what is known about them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from ..arrays import ArrayLike, ImageShape
from ..data.encoding.columns import Columns
from ..data.raw import RawColumn
from ..data.target import AnyTarget, Target
from ..engine import cost_and_gradient
from ..errors import SettingError
from ..estimators.raw_tables import AnyPreprocessing
from ..losses import FOR_CLASSES, FOR_NUMBERS
from ..models.table_model import TableModel
from .settings import Settings
from .splitting.seen import SeenRows


@dataclass(frozen=True, eq=False)
class PreparedTable:
    """A table made ready: X and y in three parts, and what is known about them."""

    preprocessing: AnyPreprocessing
    X: dict[str, ArrayLike]  # "train", "validation", "test"
    y: dict[str, np.ndarray]
    rows: dict[str, np.ndarray]  # their numbers in the table
    source: str
    seen: SeenRows | None = field(default=None, kw_only=True)  # those to learn from, to validate
    w: dict[str, np.ndarray] = field(default_factory=dict[str, np.ndarray], kw_only=True)

    notes: tuple[str, ...] = field(default=(), kw_only=True)  # what people should know of the parts
    columns: Columns = field(default_factory=dict[str, RawColumn], kw_only=True)  # the test's cells

    @property
    def image(self) -> ImageShape | None:
        """The pictures that the rows are, where they are some."""
        return self.preprocessing.image

    @property
    def image_shape(self) -> tuple[int, int] | None:
        """Rows and columns of such a picture."""
        return None if self.image is None else self.image.shape

    def n_epochs(self, settings: Settings) -> int:
        """Return how many epochs the settings stand for, on this data."""
        return settings.max_iter(self.image is not None, self.n_train)

    def of_target(self, k: int) -> PreparedTable:
        """Return the same with one of several targets alone."""
        preprocessing = replace(self.preprocessing, target=self.target.parts[k])
        y = {part: each[:, k] for part, each in self.y.items()}
        return replace(self, preprocessing=preprocessing, y=y)

    @property
    def n_train(self) -> int:
        """Rows to learn from."""
        return len(self.y["train"])

    @property
    def counts(self) -> dict[str, int]:
        """Rows of each part."""
        held_out = {part: len(self.rows[part]) for part in ("validation", "test")}
        return {"train": self.n_train, **held_out}

    @property
    def training(self) -> tuple[object, ...]:
        """What an estimator is fitted to."""
        return self.X["train"], self.y["train"]

    @property
    def beside(self) -> dict[str, ArrayLike]:
        """What ``fit`` takes beside it: rows to validate on, and what rows weigh."""
        given: dict[str, ArrayLike] = {}
        if "train" in self.w:
            given["sample_weight"] = self.w["train"]
        if len(self.y["validation"]):
            given |= {"X_val": self.X["validation"], "y_val": self.y["validation"]}
            if "validation" in self.w:
                given["sample_weight_val"] = self.w["validation"]
        return given

    @property
    def labels(self) -> np.ndarray:
        """The classes of the training rows, in order."""
        return np.unique(self.y["train"])

    @cached_property
    def most_frequent(self) -> object:
        """The class of most training rows."""
        labels, places = np.unique(self.y["train"], return_inverse=True)
        return labels[np.bincount(places, self.w.get("train")).argmax()]

    def J(self, model: TableModel) -> float:
        """The objective of a model on the training rows."""
        X, Y = self.X["train"], model.Y(self.y["train"])
        w = model.weights(self.y["train"], self.w.get("train"))
        if model.ensemble is None:
            theta = model.single.theta_
        else:
            network = model.network()
            X, Y, theta = network.encoded(X), network.Y(Y), network.theta
        return float(cost_and_gradient(model.net, theta, X, Y, model.lam, sample_weight=w)[0])

    @property
    def target(self) -> AnyTarget:
        """What is predicted."""
        assert self.preprocessing.target is not None
        return self.preprocessing.target


def check_loss(target: Target, settings: Settings) -> None:
    """Raise where the loss does not go with what the target holds."""
    loss = settings.loss
    fitting = FOR_CLASSES if target.classes else FOR_NUMBERS
    if loss is None or loss in fitting:
        return
    holds, other = ("classes", "numbers") if target.classes else ("numbers", "classes")
    raise SettingError(
        "loss",
        loss,
        f"the target {target.name!r} holds {holds}, and that is a loss for {other}; for {holds} "
        f"there are {', '.join(fitting)}.",
    )
