"""What a session trains on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..arrays import as_csr
from ..training.checkpoints import Checkpoint


@dataclass(frozen=True, eq=False)
class SessionData:
    """What a session trains on, and where it keeps what it learns."""

    X: np.ndarray  # (m, s_1)
    Y: np.ndarray  # (m, s_L)
    X_validation: np.ndarray
    Y_validation: np.ndarray
    save: Callable[[np.ndarray], str] | None = None  # θ -> a sentence; None: nowhere to save
    checkpoint: Checkpoint | None = None  # from which a killed server's run goes on
    rows: np.ndarray | None = None  # numbers in the table of X's rows; in their order where None
    rows_validation: np.ndarray | None = None
    cells: Callable[[list[int]], dict[str, list[str]]] | None = None  # of rows, by their numbers

    @property
    def has_validation(self) -> bool:
        """Whether there are rows for validation; a small table has none."""
        return self.X_validation.shape[0] > 0

    @property
    def scored(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows whose score is shown: those for validation, or all where there are none."""
        return (self.X_validation, self.Y_validation) if self.has_validation else (self.X, self.Y)

    def row(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Return x and y of a row, by its number in the table; KeyError where there is none."""
        train = self.X, self.Y, self.rows
        for X, Y, numbers in ((self.X_validation, self.Y_validation, self.rows_validation), train):
            known = np.arange(len(Y)) if numbers is None else numbers
            for place in np.flatnonzero(known == number)[:1].tolist():
                x = as_csr(X)[[place]].toarray()[0] if hasattr(X, "tocsr") else X[place]
                return np.asarray(x, np.float64), np.asarray(Y[place], np.float64)
        raise KeyError(number)

    @property
    def scored_rows(self) -> np.ndarray:
        """Their numbers in the table."""
        numbers = self.rows_validation if self.has_validation else self.rows
        return np.arange(len(self.scored[1])) if numbers is None else numbers
