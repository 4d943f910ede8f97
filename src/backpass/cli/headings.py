"""What the columns of predictions are called, of one target and of several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..models.table_model import TableModel


def of_each(model: TableModel) -> list[str]:
    """Return what is added to a heading for each of several targets; nothing of one."""
    names = model.target.names
    return [""] if len(names) == 1 else [f" of {name}" for name in names]


def columns_of(model: TableModel, predicted: np.ndarray) -> dict[str, np.ndarray]:
    """Return predictions, (m,) or (m, targets), as columns."""
    columns = predicted.reshape(len(predicted), len(model.target.parts)).T
    return {f"prediction{of}": column for of, column in zip(of_each(model), columns)}


def predictions(model: TableModel, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return what ``columns_of`` was given, of all columns of answers."""
    found = [columns[f"prediction{of}"] for of in of_each(model)]
    return found[0] if len(found) == 1 else np.column_stack(found)
