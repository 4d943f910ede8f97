"""What a model predicts: whether a column holds classes or numbers, and how numbers are scaled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import ArrayLike
from ..errors import InvalidInput
from .cells import cells_of, numbers_of, refuse_gaps, refuse_unsupported
from .labels import known_labels, labels_of, looks_like_classes


@dataclass(frozen=True)
class Target:
    """What is predicted: classes, or numbers that are trained as (y − centre) / scale."""

    name: str
    classes: bool
    centre: float = 0.0
    scale: float = 1.0

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
