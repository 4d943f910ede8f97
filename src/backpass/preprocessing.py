"""Between a table and X, y: gaps filled, numbers scaled, categories one-hot, the target decoded.

scikit-learn's imputer, scaler and encoder find the numbers; what is kept are those numbers alone,
so that a model file can hold them as plain arrays and JSON, and no pickle is ever needed. A table
is a pandas data frame or any mapping from a column's name to an array of its cells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .cells import (
    ByName,
    as_table,
    cells_of,
    is_numeric,
    labels_of,
    numbers_of,
    quoted,
    refuse_empty,
    refuse_gaps,
    texts_of,
)
from .errors import InvalidInput

Columns = tuple["Numeric | Categorical", ...]

MAX_CATEGORIES = 100  # the rarer ones are treated as unknown
MAX_CLASSES = 20  # a target with more different whole numbers is a quantity, not a label

__all__ = [
    "Categorical",
    "Numeric",
    "Preprocessing",
    "Target",
    "categorical_of_counts",
    "fit_columns",
    "fit_target",
    "known_range",
    "refuse_huge",
]


@dataclass(frozen=True)
class Numeric:
    """A column of numbers: (cell or fill − centre) · factor; a constant column has factor 0."""

    name: str
    fill: float
    centre: float
    factor: float

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the columns of X that it makes."""
        return (self.name,)

    def transform(self, cells: np.ndarray) -> np.ndarray:
        """Turn m cells into an (m, 1) block of X."""
        numbers = numbers_of(cells, self.name)
        filled = np.where(np.isnan(numbers), self.fill, numbers)
        return ((filled - self.centre) * self.factor)[:, None]


@dataclass(frozen=True)
class Categorical:
    """A column of categories: one column of X each, all zero where the category is unknown."""

    name: str
    fill: str
    categories: tuple[str, ...]

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the columns of X that it makes."""
        return tuple(f"{self.name}={category}" for category in self.categories)

    def transform(self, cells: np.ndarray) -> np.ndarray:
        """Turn m cells into an (m, number of categories) block of X."""
        texts = np.array([self.fill if text is None else text for text in texts_of(cells)])
        return (texts[:, None] == np.array(self.categories)[None, :]).astype(np.float64)


@dataclass(frozen=True)
class Target:
    """What is predicted: classes, or numbers that are trained as (y − centre) / scale."""

    name: str
    classes: bool
    centre: float = 0.0
    scale: float = 1.0

    def encode(self, column: Any) -> np.ndarray:
        """Turn the target column into y: labels (integers or text), or scaled numbers."""
        cells = cells_of(column, self.name)
        refuse_gaps(cells, self.name)
        if self.classes:
            return labels_of(cells)
        return (numbers_of(cells, self.name) - self.centre) / self.scale

    def decode(self, predicted: np.ndarray) -> np.ndarray:
        """Turn predictions back into the units of the column; labels stay as they are."""
        return predicted if self.classes else predicted * self.scale + self.centre


@dataclass(frozen=True)
class Preprocessing:
    """What a fitted model knows of the table that it was trained on.

    Parameters
    ----------
    columns : tuple of Numeric and Categorical
        The columns that the model reads, in the order of X.
    target : Target or None
        The column that it predicts.
    ignored : tuple of str
        Columns that a table may have and the model does not read.

    Examples
    --------
    >>> import numpy as np
    >>> table = {"size": np.array([1.0, 3.0, np.nan]), "kind": np.array(["a", "b", "a"])}
    >>> made = Preprocessing(fit_columns(table))
    >>> made.outputs
    ('size', 'kind=a', 'kind=b')
    >>> made.transform({"size": np.array([4.0]), "kind": np.array(["new"])}).round(2)
    array([[2.45, 0.  , 0.  ]])
    """

    columns: Columns
    target: Target | None = None
    ignored: tuple[str, ...] = ()

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the columns of X."""
        return tuple(name for column in self.columns for name in column.outputs)

    def transform(self, table: Any) -> np.ndarray:
        """Turn a table into X.

        Parameters
        ----------
        table : data frame or mapping from names to arrays
            It has the model's columns, in any order; the target and ignored columns may be there.

        Returns
        -------
        array of shape (m, len(self.outputs)), float64

        Raises
        ------
        InvalidInput
            If columns are missing or new, there is no row, or a cell cannot be used; the message
            names the columns, or the column and the row.
        """
        table = as_table(table)
        self.check_columns(list(table))
        X = np.empty((_n_rows(table), len(self.outputs)))
        start = 0
        for column in self.columns:
            stop = start + len(column.outputs)
            X[:, start:stop] = column.transform(table[column.name])
            start = stop
        return X

    def check_columns(self, names: Sequence[str]) -> None:
        """Raise, with their names, if columns are missing or are new to the model."""
        needed = [column.name for column in self.columns]
        allowed = {*needed, *self.ignored, *([self.target.name] if self.target else [])}
        missing = [name for name in needed if name not in set(names)]
        new = [name for name in names if name not in allowed]
        if missing or new:
            parts = [("missing", missing), ("new to the model", new)]
            text = "; ".join(f"{what}: {quoted(which)}" for what, which in parts if which)
            raise InvalidInput(f"The table's columns do not match the model's. {text}.")

    def to_arrays(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return plain arrays, and what JSON can hold; ``from_arrays`` is the inverse."""
        numbers = [(c.fill, c.centre, c.factor) for c in self.columns if isinstance(c, Numeric)]
        categories = {
            c.name: {"fill": c.fill, "categories": list(c.categories)}
            for c in self.columns
            if isinstance(c, Categorical)
        }
        metadata = {
            "columns": [column.name for column in self.columns],
            "categorical": categories,
            "target": vars(self.target) if self.target else None,
            "ignored": list(self.ignored),
        }
        return {"numeric": np.array(numbers, dtype=np.float64).reshape(-1, 3)}, metadata

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]
    ) -> Preprocessing:
        """Make it again from what ``to_arrays`` returned.

        Raises
        ------
        InvalidInput
            If arrays and metadata do not belong together.
        """
        try:
            rows = iter(np.asarray(arrays["numeric"], dtype=np.float64).tolist())
            columns = tuple(
                _column_again(name, metadata["categorical"].get(name), rows)
                for name in metadata["columns"]
            )
            target = metadata["target"]
            return cls(columns, Target(**target) if target else None, tuple(metadata["ignored"]))
        except (AttributeError, KeyError, StopIteration, TypeError, ValueError) as error:
            raise InvalidInput(f"The stored preprocessing cannot be read: {error!r}.") from None


def fit_columns(table: Any, categorical: Sequence[str] = ()) -> Columns:
    """Find for each column how it becomes a part of X.

    Numbers: gaps get the median, then mean 0 and variance 1. Text: gaps get the most frequent
    category, then one column of X per category.

    Parameters
    ----------
    table : data frame or mapping from names to arrays
        The training rows, without the target.
    categorical : sequence of str
        Columns of numbers that are categories all the same.

    Returns
    -------
    tuple of Numeric and Categorical

    Raises
    ------
    InvalidInput
        If a column is empty, mixes numbers and text, or cannot be learned from.

    Examples
    --------
    >>> import numpy as np
    >>> fit_columns({"size": np.array([1.0, 3.0])})
    (Numeric(name='size', fill=2.0, centre=2.0, factor=1.0),)
    """
    cells = as_table(table)
    if not cells:
        raise InvalidInput("The table has no column to learn from.")
    for name, column in cells.items():
        refuse_empty(column, name)
    numeric = {
        name: numbers_of(column, name)
        for name, column in cells.items()
        if name not in categorical and is_numeric(column)
    }
    fitted = _fit_numeric(numeric)
    return tuple(
        fitted[name] if name in fitted else _fit_categorical(column, name)
        for name, column in cells.items()
    )


def known_range(names: Iterable[str], low: float, high: float) -> Columns:
    """Scale every column from the known range [low, high] to [0, 1], as pixels want it.

    Parameters
    ----------
    names : iterable of str
        The columns.
    low, high : float
        The range that all of them share, whatever values occur in the training rows.

    Returns
    -------
    tuple of Numeric

    Examples
    --------
    >>> known_range(["pixel"], 0, 16)
    (Numeric(name='pixel', fill=0.0, centre=0.0, factor=0.0625),)
    """
    factor = 1.0 / (high - low) if high > low else 0.0
    return tuple(Numeric(name, float(low), float(low), factor) for name in names)


def fit_target(name: str, column: Any, classes: bool | None = None) -> Target:
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
    refuse_gaps(cells, name)
    if classes or (classes is None and _looks_like_classes(cells, name)):
        labels = np.unique(labels_of(cells))
        if len(labels) < 2:
            raise InvalidInput(
                f"The target column {name!r} holds one class only ({labels.item()!r}); "
                "there is nothing to tell apart."
            )
        return Target(name, classes=True)
    numbers = numbers_of(cells, name)
    return Target(name, False, float(numbers.mean()), float(numbers.std()) or 1.0)


def _n_rows(table: ByName) -> int:
    """Return the number of rows, which is at least one."""
    rows = len(next(iter(table.values())))
    if rows == 0:
        raise InvalidInput("The table has no rows.")
    return rows


def _fit_numeric(columns: Mapping[str, np.ndarray]) -> dict[str, Numeric]:
    """Fit medians, means and deviations, with scikit-learn."""
    if not columns:
        return {}
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import StandardScaler

    matrix = np.stack(list(columns.values()), axis=1)  # (m, columns)
    refuse_huge(matrix, list(columns))
    imputer: Any = SimpleImputer(strategy="median")
    scaler: Any = StandardScaler().fit(imputer.fit_transform(matrix))
    constant = np.nanmax(matrix, axis=0) == np.nanmin(matrix, axis=0)
    # In a constant column another value, later on, would be divided by nothing: it says nothing.
    factors = np.where(constant, 0.0, 1.0 / scaler.scale_)
    numbers = zip(columns, imputer.statistics_, scaler.mean_, factors)
    return {name: Numeric(name, float(f), float(c), float(s)) for name, f, c, s in numbers}


def refuse_huge(matrix: np.ndarray, names: list[str]) -> None:
    """Raise where squares would overflow."""
    huge = np.nanmax(np.abs(matrix), axis=0) > 1e150
    if huge.any():
        raise InvalidInput(
            f"Column {names[int(huge.argmax())]!r} holds numbers above 1e150, whose squares are "
            "not finite; rescale it first."
        )


def _fit_categorical(cells: np.ndarray, name: str) -> Categorical:
    """Count the categories of a column."""
    return categorical_of_counts(Counter(texts_of(cells)), name)


def categorical_of_counts(counts: Mapping[str | None, int], name: str) -> Categorical:
    """Find what fills a gap, and which categories get a column of X, by how often each occurs.

    Of texts that are equally frequent, the first in alphabetical order fills, and the last are
    kept: so do scikit-learn's imputer and encoder.
    """
    texts = Counter({text: n for text, n in counts.items() if text is not None})
    rows = sum(counts.values())
    if not texts:
        raise InvalidInput(f"Column {name!r} is empty in every row; leave it out.")
    if len(texts) == rows > MAX_CLASSES:
        raise InvalidInput(
            f"Column {name!r} holds a different text in each of its {rows} rows, from which "
            "nothing can be learned; leave it out."
        )
    fill = min(texts, key=lambda text: (-texts[text], text))
    texts[fill] += counts.get(None, 0)
    kept = sorted(texts)
    if len(kept) > MAX_CATEGORIES:
        rare = sorted(kept, key=texts.__getitem__)[: 1 - MAX_CATEGORIES]
        kept = sorted({*kept} - {*rare})
    return Categorical(name, fill, tuple(kept))


def _column_again(
    name: str, categorical: Mapping[str, Any] | None, rows: Iterable[Any]
) -> Numeric | Categorical:
    """Make one column again from its stored form."""
    if categorical is None:
        fill, centre, factor = next(iter(rows))
        return Numeric(name, fill, centre, factor)
    return Categorical(name, categorical["fill"], tuple(categorical["categories"]))


def _looks_like_classes(cells: np.ndarray, name: str) -> bool:
    """Whether a target column is labels: text, truth values, or few different whole numbers."""
    if cells.dtype.kind == "b" or not is_numeric(cells):
        return True
    numbers = np.unique(numbers_of(cells, name))
    return len(numbers) <= MAX_CLASSES and bool((numbers == np.round(numbers)).all())
