"""A trained model, the network of it that is looked at, and the rows that a command gives to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Array
from ..data.encoding.table_rows import TableRows
from ..errors import InvalidInput, SettingError, warn
from ..inspection.decay import lam_of_rows, what_is_missing
from ..inspection.trace import Trace, trace
from .source import load_known

if TYPE_CHECKING:
    from ..models.table_model import TableModel
    from ..models.table_network import TableNetwork


@dataclass(frozen=True, eq=False)
class LookedAt:
    """A model, and which network of it is looked at.

    Parameters
    ----------
    model : TableModel
        As it was loaded.
    member : int or None
        Of an ensemble; None of a single network.
    """

    model: TableModel
    member: int | None

    @classmethod
    def at(cls, path: str, member: int | None) -> LookedAt:
        """Load a model, and choose its network."""
        from ..io.saving import load_table_model

        return cls.of(load_table_model(path), member)

    @classmethod
    def of(cls, model: TableModel, member: int | None = None) -> LookedAt:
        """Choose the network of a model: of several that with the largest share.

        Raises
        ------
        SettingError
            If it has no such member.
        """
        if member is None and model.ensemble is not None:
            member = int(model.ensemble.weights.argmax())
        found = cls(model, member)
        try:
            assert found.network
        except InvalidInput as error:
            raise SettingError("member", member, str(error)) from None
        return found

    @cached_property
    def network(self) -> TableNetwork:
        """The network that is looked at."""
        return self.model.network(self.member)

    @property
    def told(self) -> dict[str, int]:
        """Which member it is, for --json."""
        return {} if self.member is None else {"member": self.member}

    def lam(self, rows: int) -> float:
        """Return the λ of some rows, whose λ/m is the training's; warn where it is not known."""
        if self.model.ensemble is not None:
            return 0.0  # in J of each member: its decay is the optimiser's
        missing = what_is_missing(self.model.single)
        if missing is not None:
            warn(missing)
        return lam_of_rows(self.model.single, rows)

    def examples(self, source: str, rows: slice | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Load rows as X and Y, as the network takes them; some of them, or all."""
        table = load_known(source, self.model)
        X, y = self.model.inputs(table), self.model.targets(table)
        if y is None:
            raise InvalidInput(
                f"{source} has no target column {self.model.target.name!r}, without which there is "
                "no J and no δ."
            )
        some = slice(None) if rows is None else rows
        Y = self.model.Y(y)
        return self.network.X(X[some]), self.network.Y(Y[some])

    def traced_row(self, source: str, row: int) -> Trace:
        """Trace one row of a table, counted from 0; without targets where the table has none."""
        table = load_known(source, self.model)
        X, y = self.model.inputs(table), self.model.targets(table)
        check_row(source, row, X)
        here, network = slice(row, row + 1), self.network
        Y = None if y is None else network.Y(self.model.Y(y[here], row))
        t = trace(network.net, network.theta, network.X(X[here]), Y, self.lam(1))
        return replace(t, first=row, names=network.input_names)


def traced_row(model: TableModel, source: str, row: int) -> Trace:
    """Trace one row of a table through a model's network, of several that with the largest share.

    Rows are counted from 0; where the table has no targets, nor has the trace.
    """
    return LookedAt.of(model).traced_row(source, row)


def check_row(source: str, row: int, X: Array | TableRows) -> None:
    """Raise where a table has no such row."""
    m = X.shape[0]
    if not 0 <= row < m:
        raise InvalidInput(f"--row {row}: {source} has {m} rows, 0 to {m - 1}.")
