"""What a model predicts: whether columns hold classes or numbers, and how numbers are scaled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import ArrayLike
from ..errors import InvalidInput
from .cells import cells_of, numbers_of, quoted, refuse_gaps, refuse_unsupported
from .labels import known_labels, labels_of, looks_like_classes


@dataclass(frozen=True)
class Target:
    """What is predicted: classes, or numbers that are trained as (y − centre) / scale."""

    name: str
    classes: bool
    centre: float = 0.0
    scale: float = 1.0

    @property
    def parts(self) -> tuple[Target, ...]:
        """Each target: this one."""
        return (self,)

    @property
    def names(self) -> tuple[str, ...]:
        """Each target's name."""
        return (self.name,)

    def encode(self, column: ArrayLike, classes: np.ndarray | None = None) -> np.ndarray:
        """Turn the target column into y: labels, as those of the classes, or scaled numbers."""
        cells = cells_of(column, self.name)
        refuse_gaps(cells, self.name)
        if not self.classes:
            return (numbers_of(cells, self.name) - self.centre) / self.scale
        return labels_of(cells) if classes is None else known_labels(cells, classes)

    def decode(self, predicted: np.ndarray) -> np.ndarray:
        """Turn predictions back into the units of the column; labels stay as they are."""
        return predicted if self.classes else predicted * self.scale + self.centre


@dataclass(frozen=True)
class TargetGroup:
    """Several targets that one model predicts, side by side: all of classes, or all of numbers.

    Parameters
    ----------
    parts : tuple of Target
        At least two.

    Raises
    ------
    InvalidInput
        If some hold classes and others numbers.

    Examples
    --------
    >>> group = TargetGroup((Target("a", False, 1.0, 2.0), Target("b", False)))
    >>> group.name, group.encode(np.array([[3.0, 5.0]])).tolist()
    ('a, b', [[1.0, 5.0]])
    """

    parts: tuple[Target, ...]

    def __post_init__(self) -> None:
        kinds = {part.classes: part.name for part in self.parts}
        if len(kinds) == 2:
            raise InvalidInput(
                f"The target {kinds[True]!r} holds classes and {kinds[False]!r} numbers; one model "
                "predicts targets of one sort: train a model for each, or say with --kind "
                "COLUMN=number or --kind COLUMN=category what they are."
            )

    @property
    def name(self) -> str:
        """Their names."""
        return ", ".join(part.name for part in self.parts)

    @property
    def names(self) -> tuple[str, ...]:
        """Each one's name."""
        return tuple(part.name for part in self.parts)

    @property
    def classes(self) -> bool:
        """Whether they hold classes."""
        return self.parts[0].classes

    def encode(self, columns: ArrayLike, classes: Sequence[np.ndarray] | None = None) -> np.ndarray:
        """Turn targets, shape (m, targets), into y: labels as they are written, or numbers."""
        cells = _side_by_side(columns, self.names)
        known = [None] * len(self.parts) if classes is None else classes
        encoded = [part.encode(column, of) for part, column, of in zip(self.parts, cells.T, known)]
        return np.column_stack([y.astype(str) for y in encoded] if self.classes else encoded)

    def decode(self, predicted: np.ndarray) -> np.ndarray:
        """Turn predictions, shape (m, targets), back into the units of the columns."""
        columns = [part.decode(column) for part, column in zip(self.parts, predicted.T)]
        return np.column_stack(columns)


AnyTarget = Target | TargetGroup


def _side_by_side(columns: ArrayLike, names: Sequence[str]) -> np.ndarray:
    """A matrix of target cells, of a table or of an array."""
    if not isinstance(columns, np.ndarray) and hasattr(columns, "__getitem__"):
        named = hasattr(columns, "columns") or isinstance(columns, Mapping)
        if named:
            return np.column_stack([cells_of(columns[name], name) for name in names])
    cells = np.asarray(columns)
    if cells.ndim != 2 or cells.shape[1] != len(names):
        raise InvalidInput(f"There are {len(names)} targets, a column each: {quoted(names)}.")
    return cells


def fit_target(name: str, column: ArrayLike, classes: bool | None = None) -> Target:
    """Decide what a target column holds, and how it is scaled.

    Parameters
    ----------
    name : str
        The target's column.
    column : array or series of shape (m,)
        Its training cells.
    classes : bool or None
        True or False to decide; None lets the column decide: text, truth values and up to 20
        different whole numbers are classes, everything else is a quantity.

    Returns
    -------
    Target

    Raises
    ------
    InvalidInput
        If cells are missing or infinite (with the count and the first place), or there is only
        one class.

    Examples
    --------
    >>> import numpy as np
    >>> fit_target("kind", np.array(["a", "b"]))
    Target(name='kind', classes=True, centre=0.0, scale=1.0)
    """
    cells = cells_of(column, name)
    refuse_unsupported(cells, name)
    refuse_gaps(cells, name)
    if classes or (classes is None and looks_like_classes(cells, name)):
        labels = np.unique(labels_of(cells))
        if len(labels) < 2:
            raise InvalidInput(
                f"The target column {name!r} holds one class only ({labels.item()!r}); "
                "there is nothing to tell apart."
            )
        return Target(name, classes=True)
    numbers = numbers_of(cells, name)
    return Target(name, False, float(numbers.mean()), float(numbers.std()) or 1.0)


def joined(parts: Sequence[Target]) -> AnyTarget:
    """Take targets together; one stays itself.

    Raises
    ------
    InvalidInput
        If some hold classes and others numbers.
    """
    return parts[0] if len(parts) == 1 else TargetGroup(tuple(parts))
