"""A trained model and the rows that a command gives to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..data.cells import cells_of, is_gap
from ..data.columns import Categorical, Unknown
from ..data.preprocessing import Preprocessing
from ..data.tables import Table
from ..data.target import Target
from ..errors import InvalidInput, warn
from ..inspection.decay import lam_of_rows, what_is_missing
from ..inspection.trace import Trace, trace
from ..network import Network
from .source import load_known


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

    def load(self, source: str) -> Table:
        """Load the rows of a table, its columns read as they were for the training."""
        return load_known(source, self.preprocessing)

    def inputs(self, table: Table) -> np.ndarray:
        """Return X of a table's rows."""
        return self.preprocessing.transform(self._columns(table))

    def encode(self, table: Table) -> tuple[np.ndarray, Unknown]:
        """Return X of a table's rows, and which categories in it are unknown."""
        return self.preprocessing.encode(self._columns(table))

    def _columns(self, table: Table) -> Any:
        is_matrix = isinstance(table.X, np.ndarray)
        return dict(zip(table.names, table.X.T)) if is_matrix else table.X

    def targets(self, table: Table) -> np.ndarray | None:
        """Return the rows' own targets, encoded; None where the table does not have them."""
        cells = self._target_cells(table)
        return None if cells is None else self.target.encode(cells, self.classes)

    def _target_cells(self, table: Table) -> np.ndarray | None:
        """The target's column, which is one of X's where a table was read without target."""
        name = self.target.name
        if not isinstance(table.X, np.ndarray) and name in table.names:
            return cells_of(table.X[name], name)
        return table.y

    def truth(self, table: Table) -> tuple[np.ndarray, np.ndarray] | None:
        """Return which rows have a target, and what it is, in its own units."""
        cells = self._target_cells(table)
        if cells is None:
            return None
        there = ~is_gap(cells)
        return there, self.target.decode(self.target.encode(cells[there], self.classes))

    @property
    def classes(self) -> np.ndarray | None:
        """The labels; None for numbers."""
        return np.asarray(self.estimator.classes_) if self.target.classes else None

    @property
    def input_names(self) -> tuple[str, ...]:
        """What the columns of X are called: a number's column, or a category of one."""
        return tuple(
            f"{column.name} = {output.removeprefix(column.name + '=')}"
            if isinstance(column, Categorical)
            else output
            for column in self.preprocessing.columns
            for output in column.outputs
        )

    def lam(self, rows: int) -> float:
        """Return the λ of some rows, whose λ/m is the training's; warn where that is not known."""
        missing = what_is_missing(self.estimator)
        if missing is not None:
            warn(missing)
        return lam_of_rows(self.estimator, rows)

    def rows(self, source: str) -> tuple[np.ndarray, np.ndarray, Table]:
        """Load rows with their targets: X, encoded targets, and the table itself."""
        table = self.load(source)
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

    def Y(self, y: np.ndarray, first: int = 0) -> np.ndarray:
        """Turn encoded targets into the network's Y; ``first`` is the first one's row."""
        classes = self.classes
        if classes is None:
            return y[:, None]
        from ..estimators.targets.labels import Labels

        known = set(classes.tolist())
        unknown = np.array([label not in known for label in y.tolist()], dtype=bool)
        if unknown.any():
            raise InvalidInput(
                f"The target column {self.target.name!r} holds {y[unknown][0]!r}, a class that "
                f"the model does not know, first in row {first + int(unknown.argmax())}."
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
    """Trace one row of a table, counted from 0; without targets where the table has none."""
    table = model.load(source)
    X, y = model.inputs(table), model.targets(table)
    if not 0 <= row < len(X):
        raise InvalidInput(f"--row {row}: {source} has {len(X)} rows, 0 to {len(X) - 1}.")
    here = slice(row, row + 1)
    Y = None if y is None else model.Y(y[here], row)
    t = trace(model.net, model.theta, X[here], Y, model.lam(1))
    return replace(t, first=row, names=model.input_names)
