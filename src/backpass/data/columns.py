"""How each column of a table becomes a part of X: gaps filled, numbers scaled, categories one-hot.

scikit-learn's imputer, scaler and encoder find the numbers; what is kept are those numbers alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InvalidInput, warn
from .cells import (
    MOST_LETTERS,
    TableLike,
    as_table,
    count,
    is_numeric,
    numbers_of,
    refuse_empty,
    texts_of,
)
from .labels import MAX_CLASSES, places_of

Columns = tuple["Numeric | Categorical", ...]
Unknown = dict[str, Counter[str]]  # by column: texts that are no category, and how often

MAX_CATEGORIES = 100  # the rarer ones are treated as unknown


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

    def transform(self, cells: np.ndarray, X: np.ndarray) -> Counter[str]:
        """Turn m cells into X of shape (m, 1), which is zero; no number is unknown."""
        numbers = numbers_of(cells, self.name)
        filled = np.where(np.isnan(numbers), self.fill, numbers)
        X[:, 0] = (filled - self.centre) * self.factor
        return Counter()


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

    def transform(self, cells: np.ndarray, X: np.ndarray) -> Counter[str]:
        """Turn m cells into X of shape (m, categories), which is zero; return what is unknown."""
        texts = [self.fill if text is None else text for text in texts_of(cells)]
        places = places_of(texts, self.categories)
        known = places >= 0
        X[np.flatnonzero(known), places[known]] = 1.0
        return Counter(texts[row] for row in np.flatnonzero(~known))


def fit_columns(table: TableLike, categorical: Sequence[str] = ()) -> Columns:
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
        _warn_of_rare(name, len(kept), Counter({text: texts[text] for text in rare}))
        kept = sorted({*kept} - {*rare})
    return Categorical(name, fill, tuple(kept))


def _warn_of_rare(name: str, categories: int, rare: Counter[str]) -> None:
    """Say which categories get no column of X."""
    warn(
        f"Column {name!r} holds {categories} categories; the {len(rare)} rarest, in "
        f"{count(rare.total(), 'row')}, are learnt as unknown ones: {_counted(rare)}."
    )


def warn_of_unknown(unknown: Unknown) -> None:
    """Say, column by column, which cells are no category that a model knows, and how many."""
    for name, texts in unknown.items():
        warn(
            f"Column {name!r} holds {count(len(texts), 'category', 'categories')} unknown to the "
            f"model, in {count(texts.total(), 'row')}: {_counted(texts)}; there its part of X is "
            "zero."
        )


def _counted(texts: Counter[str], most: int = 8) -> str:
    """List texts, each with its count, the most frequent first; long ones are cut short."""
    shown = [f"{text[:MOST_LETTERS]!r} ({n})" for text, n in texts.most_common(most)]
    more = len(texts) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
