"""An estimator with its data, as the studio's page and its session want them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..arrays import ImageShape
from ..io.saving import save_table_model
from ..models.table_model import Estimator, TableModel
from ..models.table_network import TableNetwork
from ..storage.fingerprints import content_hash, fingerprint
from ..tabular.ensemble import Ensemble
from ..training.checkpoints import Checkpoint, run_identity
from .page_state import PageState, page_state_of, page_state_of_network, targets_of
from .session_data import SessionData

# A part of a run's identity -> how it is asked for.
ASKED_AS = {
    "network": "the network (--hidden, or the model)",
    "data": "rows to learn from",
    "preprocessing": "columns, or how they are read,",
    "labels": "classes",
    "first weights": "weights to begin with (--seed, or the model)",
}


@dataclass(frozen=True, eq=False)
class StudioModel:
    """The model of a table, and rows for training and validation."""

    model: TableModel
    X: dict[str, np.ndarray]  # "train", "validation"
    y: dict[str, np.ndarray]
    title: str
    image: ImageShape | None = None
    member: int | None = None  # of an ensemble, the network that is shown

    @cached_property
    def network(self) -> TableNetwork:
        """The network that is shown; X and y are as the model takes them."""
        return self.model.network(self.member)

    @property
    def estimator(self) -> Estimator:
        """What the page shows, and a session trains."""
        return self.model.single

    def page_state(self) -> PageState:
        """What the page shows: the network, and rows that it has not been trained on first."""
        if self.model.ensemble is not None:
            return self._page_state_of_member(self.model.ensemble)
        X, y = (np.concatenate([part["validation"], part["train"]]) for part in (self.X, self.y))
        return page_state_of(self.estimator, X, y, image=self.image, title=self.title)

    def _page_state_of_member(self, ensemble: Ensemble) -> PageState:
        """The same of a member, whose share the title tells."""
        k = int(ensemble.weights.argmax()) if self.member is None else self.member
        share = f"{ensemble.weights[k]:.0%} of the answer"
        title = f"{self.title}: member {k} of {len(ensemble.members)}, {share}"
        X, Y = (np.concatenate([part["validation"], part["train"]]) for part in self._rows())
        return page_state_of_network(self.network, X, Y, self._classes, title)

    def _rows(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """X and Y of each part, as the network takes them."""
        network, model = self.network, self.model
        X = {part: np.asarray(network.X(rows), np.float64) for part, rows in self.X.items()}
        if model.ensemble is not None:
            return X, {part: network.Y(model.Y(y)) for part, y in self.y.items()}
        return X, {part: targets_of(network.net, y, self._classes) for part, y in self.y.items()}

    @property
    def _classes(self) -> list[object] | None:
        return None if self.model.classes is None else self.model.classes.tolist()

    def session_data(
        self,
        keep: Callable[[np.ndarray], str] | None,
        checkpoint: str | None = None,
        every: int = 10,
    ) -> SessionData:
        """What a session trains on, and where it keeps the model and the run."""
        X, Y = self._rows()
        run = None
        if checkpoint is not None:
            run = Checkpoint(checkpoint, every, self._identity(X["train"], Y["train"]), ASKED_AS)
        return SessionData(X["train"], Y["train"], X["validation"], Y["validation"], keep, run)

    def _identity(self, X: np.ndarray, Y: np.ndarray) -> dict[str, str]:
        """What a run must have in common with a checkpoint's."""
        net, classes = self.model.net, self.model.classes
        network = {"network": str(net), "loss parameter": net.loss.parameter}
        about = {"first weights": fingerprint(self.estimator.theta_)}
        if classes is not None:
            about["labels"] = str(content_hash(classes))
        about["preprocessing"] = str(content_hash(self.model.preprocessing.to_arrays()))
        return run_identity(network, data=fingerprint(X, Y), **about)

    def saver(self, path: str) -> Callable[[np.ndarray], str]:
        """Make the function that saves the network with another θ."""

        def keep(theta: np.ndarray) -> str:
            self.estimator.theta_[:] = theta
            save_table_model(replace(self.model, kept={}), path, force=True)  # errors of another θ
            return f"Saved: {path}"

        return keep
