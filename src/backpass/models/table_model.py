"""A model of a table as one value: how the table is read, what makes X of it, what answers.

It has one file (``io.saving``), and whoever trains, predicts, explains or shows a table's model
holds one of these. What answers is one network, or an ensemble of several, of which each reads the
table in its own way; X is then the table's rows as all of them take them.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

from ..arrays import Array
from ..data.cells import cells_of, is_gap
from ..data.columns import Categorical, Numeric
from ..data.encoding.fitted import Encoding
from ..data.encoding.network_inputs import NetworkInput
from ..data.encoding.unknown import Unknown
from ..data.parsing import error_context
from ..data.raw import RawColumn, RawTable
from ..data.readers import is_of_arrays
from ..data.reading import raw_of, read_raw
from ..data.table_preprocessing import TablePreprocessing
from ..data.tables import (
    Reading,
    Table,
    cells_of_target,
    columns_of,
    read_known,
    read_table,
    side_by_side,
)
from ..data.target import AnyTarget, TargetGroup
from ..errors import InvalidInput, warn
from ..estimators.classifier import MLPClassifier
from ..estimators.raw_tables import AnyPreprocessing, preprocessing_of
from ..estimators.regressor import MLPRegressor
from ..estimators.targets.labels import Labels
from ..estimators.targets.sample_weights import weights_of_classes
from ..estimators.targets.thresholds import Threshold
from ..network import Network
from ..tabular.classifier import TabularClassifier
from ..tabular.ensemble import Ensemble
from ..tabular.regressor import TabularRegressor
from .table_network import TableNetwork, check_columns, network_of_member

Estimator: TypeAlias = MLPClassifier | MLPRegressor
Tabular: TypeAlias = TabularClassifier | TabularRegressor
TableEstimator: TypeAlias = Estimator | Tabular


@dataclass(frozen=True, eq=False)
class TableModel:
    """An estimator behind the preprocessing with which it was trained.

    Parameters
    ----------
    estimator : MLPClassifier, MLPRegressor, TabularClassifier or TabularRegressor
        Fitted, or with weights to begin with.
    preprocessing : TablePreprocessing or Preprocessing
        What turns a table into the estimator's X, and what it predicts.
    about : mapping
        What else is known of the training (rows, scores, the table's name), as JSON holds it.
    kept : mapping from str to ndarray
        What is kept of the training's rows for later answers, by name.

    Raises
    ------
    InvalidInput
        If the preprocessing makes other columns than the network has inputs, or the ensemble reads.
    """

    estimator: TableEstimator
    preprocessing: AnyPreprocessing
    about: Mapping[str, object] = field(default_factory=dict)
    kept: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])

    def __post_init__(self) -> None:
        if self.ensemble is not None:
            check_columns(self.ensemble, self._encoding)
            return
        made, inputs = len(self.preprocessing.outputs), self.net.sizes[0]
        if made != inputs:
            raise InvalidInput(
                f"The preprocessing makes {made} columns, but the network has {inputs} input units."
            )

    @classmethod
    def of(cls, estimator: TableEstimator) -> TableModel | None:
        """Return the model of a table whose estimator this is; None where it knows of no table."""
        preprocessing = preprocessing_of(estimator)
        if preprocessing is None or preprocessing.target is None:
            return None
        about, kept = (vars(estimator).get(name, {}) for name in ("about_", "kept_"))
        return cls(estimator, preprocessing, about, kept)

    # What it is.

    @property
    def ensemble(self) -> Ensemble | None:
        """The members that answer together; None where a single network does."""
        return self.estimator.ensemble_ if isinstance(self.estimator, Tabular) else None

    def network(self, member: int | None = None) -> TableNetwork:
        """Return one network by itself, with its own X and Y of a table.

        Parameters
        ----------
        member : int, optional
            Which one of an ensemble, from 0; that with the largest share where not given.

        Raises
        ------
        InvalidInput
            If there is no such member, or its weights are not kept.
        """
        estimator = self.estimator
        if isinstance(estimator, Tabular):
            return network_of_member(estimator.ensemble_, self._encoding, member)
        if member is not None:
            raise InvalidInput("This model is a single network, which has no members.")
        theta = np.asarray(estimator.theta_, dtype=np.float64)
        return TableNetwork(estimator.net_, theta, self._network_inputs)

    @property
    def single(self) -> Estimator:
        """The estimator of a single network.

        Raises
        ------
        InvalidInput
            If an ensemble answers.
        """
        if isinstance(self.estimator, Tabular):
            raise InvalidInput("This model is an ensemble of several networks; this is for one.")
        return self.estimator

    @property
    def tabular(self) -> Tabular:
        """The estimator of an ensemble.

        Raises
        ------
        InvalidInput
            If a single network answers.
        """
        if not isinstance(self.estimator, Tabular):
            raise InvalidInput("This model is a single network; this is for an ensemble.")
        return self.estimator

    @property
    def lam(self) -> float:
        """λ in J: 0 of an ensemble's members, whose decay is the optimiser's."""
        return 0.0 if isinstance(self.estimator, Tabular) else float(self.estimator.alpha)

    @property
    def net(self) -> Network:
        """The network; of several that with the largest share."""
        return self.network().net

    @property
    def theta(self) -> np.ndarray:
        """Its θ in double precision, as looking closely asks for."""
        return self.network().theta

    @property
    def target(self) -> AnyTarget:
        """What it predicts."""
        assert self.preprocessing.target is not None
        return self.preprocessing.target

    @property
    def classes(self) -> np.ndarray | None:
        """The labels of the target; None for numbers.

        Raises
        ------
        InvalidInput
            If there are several targets of classes: ``classes_by_target`` has each one's.
        """
        by_target = self.classes_by_target
        if by_target is not None and len(by_target) > 1:
            raise InvalidInput(
                f"This model predicts the classes of {len(by_target)} targets; this is for one."
            )
        return None if by_target is None else by_target[0]

    @property
    def classes_by_target(self) -> list[np.ndarray] | None:
        """Each target's labels; None for numbers."""
        estimator = self.estimator
        if not isinstance(estimator, MLPClassifier | TabularClassifier):
            return None
        several = len(self.target.parts) > 1
        return [
            np.asarray(each) for each in (estimator.classes_ if several else [estimator.classes_])
        ]

    @property
    def input_names(self) -> tuple[str, ...]:
        """What the columns of the network's X are called: a number's column, or a category."""
        return self.network().input_names

    @property
    def _network_inputs(self) -> tuple[NetworkInput, ...]:
        """Each column of X, where that is a single network's, and what it is made of."""
        known = self.preprocessing
        if isinstance(known, TablePreprocessing):
            return known.encoding.inputs
        return tuple(
            NetworkInput(_named(column, output), (column.name,))
            for column in known.columns
            for output in column.outputs
        )

    @property
    def _encoding(self) -> Encoding:
        """How an ensemble's tables are read."""
        if not isinstance(self.preprocessing, TablePreprocessing):
            raise InvalidInput("An ensemble reads tables, and this preprocessing makes no rows.")
        return self.preprocessing.encoding

    # From a table to X and Y.

    def read(self, path: str | os.PathLike[str], texts: Collection[str] = ()) -> Table:
        """Read those columns of a file that the model knows; the target need not be there.

        ``texts`` are columns that it does not know, whose cells stay as they are written.
        """
        known = self.preprocessing
        if isinstance(known, TablePreprocessing):
            if is_of_arrays(path):
                return read_table(path)
            options = replace(known.options, texts=(*known.options.texts, *texts))
            return self._recognised(read_raw(path, options), known)
        classes = (self.target.name,) if self.target.classes else ()
        reading = Reading(
            target=self.target.name,
            categorical=(*known.categorical, *classes),
            as_written=known.as_written,
        )
        return read_known(path, reading, known.names, known.check_columns)

    def _recognised(self, raw: RawTable, known: TablePreprocessing) -> Table:
        """Take a table as that of the training was read."""
        with error_context(raw.source):
            found = known.recognise(raw)
        return Table(None, None, tuple(found.columns), source=raw.source, known=found, raw=raw)

    def inputs(self, table: Table) -> Array:
        """Return X of a table's rows, for an ensemble ``TableRows``.

        What the training rows did not have is warned of.
        """
        X, unknown = self.encode(table)
        for sentence in unknown.sentences():
            warn(sentence)
        return X

    def encode(self, table: Table) -> tuple[Array, Unknown]:
        """Return X of a table's rows, and what the training rows did not have."""
        known = self.preprocessing
        if isinstance(known, TablePreprocessing):
            cells = columns_of(table) if table.known is None else table.known
            return known.encode(cells) if self.ensemble is None else known.rows(cells)
        X, texts = known.encode(columns_of(table))
        return X, Unknown(texts=texts)

    def cells(self, table: Table) -> Mapping[str, RawColumn]:
        """Return the cells of the inputs' columns as the model understands them, by name."""
        known = self.preprocessing
        if isinstance(known, TablePreprocessing):
            found = table.known or known.recognise(raw_of(columns_of(table)))
            return {each.column: found.columns[each.column] for each in known.reading.inputs}
        return known.cells(columns_of(table))

    def targets(self, table: Table) -> np.ndarray | None:
        """Return the rows' own targets, encoded; None where the table does not have them."""
        cells = self._target_cells(table)
        return None if cells is None else self._encoded(cells)

    def _encoded(self, cells: np.ndarray) -> np.ndarray:
        """Target cells as y, labels as those of the classes that they are."""
        target, classes = self.target, self.classes_by_target
        if isinstance(target, TargetGroup):
            return target.encode(cells, classes)
        return target.encode(cells, None if classes is None else classes[0])

    def truth(self, table: Table) -> tuple[np.ndarray, np.ndarray] | None:
        """Return which rows have a target, and what it is, in its own units."""
        cells = self._target_cells(table)
        if cells is None:
            return None
        gaps = is_gap(cells.ravel()).reshape(len(cells), -1)
        there = np.logical_not(np.any(gaps, axis=1))
        return there, self.target.decode(self._encoded(cells[there]))

    def _target_cells(self, table: Table) -> np.ndarray | None:
        """The target's column, which is one of X's where a table was read without target."""
        name = self.target.name
        if table.known is not None:
            columns = [table.known.targets.get(each) for each in self.target.names]
            found = [cells_of_target(column) for column in columns if column is not None]
            if len(found) < len(columns):
                return None
            return side_by_side(found)
        if not isinstance(table.X, np.ndarray) and name in table.names:
            return cells_of(table.X[name], name)
        return table.y

    def Y(self, y: np.ndarray, first: int = 0) -> np.ndarray:
        """Turn encoded targets into the network's Y; ``first`` is the first one's row."""
        by_target = self.classes_by_target
        if by_target is None:
            return y.reshape(len(y), -1)
        for name, classes, column in zip(self.target.names, by_target, y.reshape(len(y), -1).T):
            self._check_known(name, classes, column, first)
        return Labels(tuple(by_target)).encode(y).astype(np.float64)

    def _check_known(self, name: str, classes: np.ndarray, y: np.ndarray, first: int) -> None:
        """Raise for a label that is none of the classes."""
        known, labels = set(classes.tolist()), y.tolist()
        row = next((row for row, label in enumerate(labels) if label not in known), None)
        if row is not None:
            raise InvalidInput(
                f"The target column {name!r} holds {labels[row]!r}, a class that the "
                f"model does not know, first in row {first + row}."
            )

    def weights(self, y: np.ndarray, w: np.ndarray | None = None) -> np.ndarray | None:
        """Return what rows weigh in J: their own weights times those of their classes."""
        estimator, classes = self.estimator, self.classes_by_target
        wished = getattr(estimator, "class_weight", None)
        if wished is None:
            return w
        by_class = weights_of_classes(wished, Labels(tuple(classes or ())), y)
        return by_class if w is None else w * by_class

    # From X to answers.

    def in_precision(self, X: Array) -> Array:
        """Return X in θ's precision; an ensemble's members round rows by themselves."""
        return X if isinstance(self.estimator, Tabular) else X.astype(self.estimator.theta_.dtype)

    def predict(self, X: Array) -> np.ndarray:
        """Predict labels, or numbers in the target's own units, from X in θ's precision."""
        return self.target.decode(self.estimator.predict(X))

    def deciding(self, threshold: Threshold) -> TableModel:
        """Return the same, of which a row is told to be of one class of two from a threshold on."""
        estimator = copy(self.estimator)
        estimator.__dict__["threshold_"] = threshold
        return replace(self, estimator=estimator)

    def probabilities(self, X: Array) -> np.ndarray | None:
        """Return the probability of each class, shape (m, classes); None for numbers.

        Raises
        ------
        InvalidInput
            If there are several targets of classes.
        """
        by_target = None if self.classes is None else self.probabilities_by_target(X)
        return None if by_target is None else by_target[0]

    def probabilities_by_target(self, X: Array) -> list[np.ndarray] | None:
        """Return the probability of each class of each target; None for numbers."""
        if not isinstance(self.estimator, MLPClassifier | TabularClassifier):
            return None
        p = self.estimator.predict_proba(X)
        return p if isinstance(p, list) else [p]


def _named(column: Numeric | Categorical, output: str) -> str:
    """An input of a first-release table as it is called today."""
    if not isinstance(column, Categorical):
        return output
    return f"{column.name} = {output.removeprefix(column.name + '=')}"
