"""An estimator with its data, as the studio's page and its session want them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..data.preprocessing import Preprocessing
from ..estimators.classifier import MLPClassifier
from ..estimators.regressor import MLPRegressor
from ..io.saving import save
from ..storage.fingerprints import content_hash, fingerprint
from ..training.checkpoints import Checkpoint, run_identity
from .page_state import PageState, page_state_of, targets_of
from .session_data import SessionData

# A part of a run's identity -> how it is asked for.
WORDS = {
    "network": "the network (--hidden, or the model)",
    "data": "rows to learn from",
    "preprocessing": "columns, or how they are read,",
    "labels": "classes",
    "first weights": "weights to begin with (--seed, or the model)",
}


@dataclass(frozen=True, eq=False)
class StudioModel:
    """A fitted estimator, its preprocessing, and rows for training and validation."""

    estimator: MLPClassifier | MLPRegressor
    preprocessing: Preprocessing | None
    X: dict[str, np.ndarray]  # "train", "validation"
    y: dict[str, np.ndarray]
    title: str
    image_shape: tuple[int, int] | None = None
    image_order: str = "C"

    def page_state(self) -> PageState:
        """What the page shows: the network, and rows that it has not been trained on first."""
        X, y = (np.concatenate([part["validation"], part["train"]]) for part in (self.X, self.y))
        return page_state_of(
            self.estimator,
            X,
            y,
            image=self.image_shape,
            image_order=self.image_order,
            title=self.title,
        )

    def session_data(
        self,
        keep: Callable[[np.ndarray], str] | None,
        checkpoint: str | None = None,
        every: int = 10,
    ) -> SessionData:
        """What a session trains on, and where it keeps the model and the run."""
        X = {part: np.asarray(rows, dtype=np.float64) for part, rows in self.X.items()}
        classes = getattr(self.estimator, "classes_", None)
        names = None if classes is None else np.asarray(classes).tolist()
        Y = {part: targets_of(self.estimator.net_, y, names) for part, y in self.y.items()}
        run = None
        if checkpoint is not None:
            run = Checkpoint(checkpoint, every, self._identity(X["train"], Y["train"]), WORDS)
        return SessionData(X["train"], Y["train"], X["validation"], Y["validation"], keep, run)

    def _identity(self, X: np.ndarray, Y: np.ndarray) -> dict[str, str]:
        """What a run must have in common with a checkpoint's."""
        net, classes = self.estimator.net_, getattr(self.estimator, "classes_", None)
        network = {"network": str(net), "loss parameter": net.loss.parameter}
        about = {"first weights": fingerprint(self.estimator.theta_)}
        if classes is not None:
            about["labels"] = str(content_hash(classes))
        if self.preprocessing is not None:
            about["preprocessing"] = str(content_hash(self.preprocessing.to_arrays()))
        return run_identity(network, data=fingerprint(X, Y), **about)

    def saver(self, path: str) -> Callable[[np.ndarray], str]:
        """Make the function that saves the network with another θ."""

        def keep(theta: np.ndarray) -> str:
            self.estimator.theta_[:] = theta
            save(self.estimator, path, preprocessing=self.preprocessing, force=True)
            return f"Saved: {path}"

        return keep
