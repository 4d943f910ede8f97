"""A trained model and the rows that a command gives to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cells import as_table
from ..errors import InvalidInput
from ..network import Network
from ..preprocessing import Preprocessing, Target
from ..tables import Table
from ..trace import Trace, trace
from .source import load


@dataclass(frozen=True, eq=False)
class Model:
    """An estimator with the preprocessing that it was trained behind."""

    estimator: Any
    preprocessing: Preprocessing
    path: str

    @property
    def net(self) -> Network:
        """The network."""
        return self.estimator.net_

    @property
    def theta(self) -> np.ndarray:
        """θ in double precision, as looking closely asks for."""
        return np.asarray(self.estimator.theta_, dtype=np.float64)

    @property
    def target(self) -> Target:
        """What it predicts."""
        assert self.preprocessing.target is not None
        return self.preprocessing.target

    def inputs(self, table: Table) -> np.ndarray:
        """Return X of a table's rows."""
        is_matrix = isinstance(table.X, np.ndarray)
        return self.preprocessing.transform(
            as_table(dict(zip(table.names, table.X.T)) if is_matrix else table.X)
        )

    def targets(self, table: Table) -> np.ndarray | None:
        """Return the rows' own targets, encoded; None where the table does not have them."""
        name = self.target.name
        if not isinstance(table.X, np.ndarray) and name in table.names:
            return self.target.encode(as_table(table.X)[name])
        return None if table.y is None else self.target.encode(table.y)

    def rows(self, source: str) -> tuple[np.ndarray, np.ndarray, Table]:
        """Load rows with their targets: X, encoded targets, and the table itself."""
        table = load(source)
        X, y = self.inputs(table), self.targets(table)
        if y is None:
            raise InvalidInput(
                f"{source} has no target column {self.target.name!r}, without which there is no J "
                "and no δ."
            )
        return X, y, table

    def examples(self, source: str) -> tuple[np.ndarray, np.ndarray]:
        """Load rows as X and Y, as the network takes them."""
        X, y, _ = self.rows(source)
        return X, self.Y(y)

    def Y(self, y: np.ndarray) -> np.ndarray:
        """Turn encoded targets into the network's Y."""
        if not self.target.classes:
            return y[:, None]
        from ..targets import Labels

        classes = np.asarray(self.estimator.classes_)
        unknown = ~np.isin(y, classes)
        if unknown.any():
            raise InvalidInput(
                f"The target column {self.target.name!r} holds {y[unknown][0]!r}, a class that "
                f"the model does not know, first in row {int(unknown.argmax())}."
            )
        return Labels((classes,)).encode(y).astype(np.float64)


def load_model(path: str) -> Model:
    """Load a model file that ``backpass train`` wrote."""
    from .. import persistence

    estimator = persistence.load(path)
    preprocessing = getattr(estimator, "preprocessing_", None)
    if preprocessing is None or preprocessing.target is None:
        raise InvalidInput(
            f"{path} holds a model without the preprocessing of a table; load it in Python, with "
            "backpass.load."
        )
    return Model(estimator, preprocessing, path)


def traced_row(model: Model, source: str, row: int) -> Trace:
    """Trace one row of a table, counted from 0."""
    X, y, _ = model.rows(source)
    if not 0 <= row < len(X):
        raise InvalidInput(f"--row {row}: {source} has {len(X)} rows, 0 to {len(X) - 1}.")
    here = slice(row, row + 1)
    return trace(model.net, model.theta, X[here], model.Y(y[here]), model.estimator.alpha)
