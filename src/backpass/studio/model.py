"""An estimator with its data, as the studio's page and its session want them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from ..arrays import Array, ImageShape, as_csr
from ..data.tables import Table
from ..data.target import AnyTarget
from ..io.saving import save_table_model
from ..models.table_model import Estimator, TableModel
from ..models.table_network import TableNetwork
from ..storage.fingerprints import content_hash, fingerprint
from ..tabular.ensemble import Ensemble
from ..tabular.outputs import LogOutputs, NumberOutputs
from ..training.checkpoints import Checkpoint, run_identity
from .answering.beside import Beside, Cells
from .captions import Captions, cells_of
from .page_state import MOST_ROWS, PageState, page_state_of, page_state_of_network, targets_of
from .session_data import SessionData
from .tables.controls import Control, answered, controls_of
from .tables.members import EnsembleShown, ensemble_shown

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
    rows: dict[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])  # their numbers
    table: Table | None = None  # that X and y are made of
    command: str = ""  # what starts the studio again

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
        X, y = self._first(self.X), self._first(self.y)
        state = page_state_of(self.estimator, X, y, image=self.image, title=self.title)
        return replace(state, captions=self.captions, controls=self.controls)

    def _page_state_of_member(self, ensemble: Ensemble) -> PageState:
        """The same of a member, whose share the title tells."""
        k = int(ensemble.weights.argmax()) if self.member is None else self.member
        share = f"{ensemble.weights[k]:.0%} of the answer"
        title = f"{self.title}: member {k} of {len(ensemble.members)}, {share}"
        X, Y = map(self._first, self._rows())
        state = page_state_of_network(self.network, X, Y, self._classes, title)
        return replace(
            state, captions=self.captions, ensemble=self.ensemble_shown, controls=self.controls
        )

    @cached_property
    def ensemble_shown(self) -> EnsembleShown | None:
        """The members, and what each answers to the rows that the page shows."""
        if self.model.ensemble is None or self.table is None:
            return None
        numbers = self._first(self._numbers).tolist()
        rows = self.model.encode(self.table)[0].take(np.array(numbers))
        return ensemble_shown(self.model, rows, self.table, numbers)

    def beside(self, debugs: bool = False) -> Beside:
        """What a server has beside the network that is shown."""
        member = None if self.model.ensemble is None else self._page_of_member
        return Beside(debugs, member, None if self.table is None else self._answered)

    def _answered(self, row: int, cells: Cells) -> dict[str, float]:
        assert self.table is not None
        return answered(self.model, self.table, row, cells)

    @property
    def controls(self) -> list[Control]:
        """Columns of the table whose cells can be changed."""
        if self.table is None or self.image is not None:
            return []
        return controls_of(self.model, self.table, self._first(self._numbers).tolist())

    def _page_of_member(self, member: int) -> tuple[PageState, SessionData]:
        other = self.of_member(member)
        return other.page_state(), other.session_data(None)

    def of_member(self, member: int) -> StudioModel:
        """The same with another member to look at.

        Raises
        ------
        InvalidInput
            If there is no such member, or its weights are not kept.
        """
        other = replace(self, member=member)
        assert other.network.net
        vars(other)["ensemble_shown"] = self.ensemble_shown
        return other

    def _first(self, parts: Mapping[str, np.ndarray]) -> np.ndarray:
        """The rows that the page shows: of those for validation first."""
        first = [_dense(parts[part][:MOST_ROWS]) for part in ("validation", "train")]
        return np.concatenate(first)[:MOST_ROWS]

    @property
    def captions(self) -> Captions:
        """Names and units of what the page shows."""
        target, rows = self.model.target, self._first(self._numbers).tolist()
        outputs = list(target.names) if self._classes is None else []
        return Captions(
            rows=rows,
            inputs=[] if self.image else list(self.network.input_names),
            columns=self._cells(rows),
            outputs=outputs,
            scales=self._scales(target) if outputs else [],
            units=self._units(outputs),
            command=self.command,
        )

    @property
    def _numbers(self) -> dict[str, np.ndarray]:
        """The rows' numbers in the table; in their order where nothing tells them."""
        if self.rows:
            return self.rows
        held_out = len(self.y["validation"])
        count = held_out + len(self.y["train"])
        return {"validation": np.arange(held_out), "train": np.arange(held_out, count)}

    def _cells(self, rows: list[int]) -> dict[str, list[str]]:
        if self.table is None or self.image is not None:
            return {}
        return cells_of(self.model.cells(self.table), rows)

    def _scales(self, target: AnyTarget) -> list[tuple[float, float]]:
        """How numbers at the outputs become the target's own; none where that is no line."""
        own = [(part.centre, part.scale) for part in target.parts]
        if self.model.ensemble is None:
            return own
        learnt = self.model.ensemble.outputs
        if not isinstance(learnt, NumberOutputs) or isinstance(learnt, LogOutputs):
            return []
        pairs = zip(own, learnt.mean.tolist(), learnt.deviation.tolist())
        return [(centre + scale * mean, scale * by) for (centre, scale), mean, by in pairs]

    def _units(self, outputs: list[str]) -> str:
        """A sentence on what the network's numbers are, beside the table's."""
        if self.image is not None:
            return ""
        ensemble = self.model.ensemble
        inputs = (
            "Numbers come in standardised: the column's mean is 0, its deviation 1."
            if ensemble is None
            else "A member reads each column in codes of its own, and standardised numbers."
        )
        if not outputs:
            return inputs
        of = "the logarithm of " if ensemble and isinstance(ensemble.outputs, LogOutputs) else ""
        return f"{inputs} Outputs and y are {of}{', '.join(outputs)}, standardised too."

    def _rows(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """X and Y of each part, as the network takes them."""
        network, model = self.network, self.model
        X = {part: _in_double(network.X(rows)) for part, rows in self.X.items()}
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
        (X, Y), rows = self._rows(), self._numbers
        run = None
        if checkpoint is not None:
            run = Checkpoint(checkpoint, every, self._identity(X["train"], Y["train"]), ASKED_AS)
        given = (X["train"], Y["train"], X["validation"], Y["validation"], keep, run)
        return SessionData(*given, rows["train"], rows["validation"], self._cells)

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


def _dense(rows: Array) -> np.ndarray:
    """Rows, sparse ones with their zeros."""
    return as_csr(rows).toarray() if hasattr(rows, "tocsr") else np.asarray(rows)


def _in_double(X: Array) -> Array:
    """X in double precision; a sparse one stays sparse."""
    return X.astype(np.float64) if hasattr(X, "tocsr") else np.asarray(X, np.float64)
