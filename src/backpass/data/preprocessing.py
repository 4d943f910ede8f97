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

from ..errors import InvalidInput, warn
from .cells import (
    MOST_LETTERS,
    ByName,
    as_table,
    cells_of,
    count,
    is_numeric,
    names_of,
    numbers_of,
    quoted,
    refuse_empty,
    refuse_gaps,
    refuse_strange,
    texts_of,
)
from .labels import MAX_CLASSES, known_labels, labels_of, looks_like_classes, places_of

Columns = tuple["Numeric | Categorical", ...]
Unknown = dict[str, Counter[str]]  # by column: texts that are no category, and how often

MAX_CATEGORIES = 100  # the rarer ones are treated as unknown

__all__ = [
    "Categorical",
    "Numeric",
    "Preprocessing",
    "Target",
    "Unknown",
    "categorical_of_counts",
    "fit_columns",
    "fit_target",
    "known_range",
    "refuse_huge",
    "warn_of_unknown",
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


@dataclass(frozen=True)
class Target:
    """What is predicted: classes, or numbers that are trained as (y − centre) / scale."""

    name: str
    classes: bool
    centre: float = 0.0
    scale: float = 1.0

    def encode(self, column: Any, classes: np.ndarray | None = None) -> np.ndarray:
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
    as_written : bool
        Whether labels and categories are text as a file has it ('007'), not the number in it, as
        they were in files of the first release.
    image : (int, int, {"C", "F"}) or None
        Rows and columns of a picture, and how it is unrolled, where the columns are its pixels.

    Examples
    --------
    >>> import numpy as np
    >>> table = {"size": np.array([1.0, 3.0, np.nan]), "kind": np.array(["a", "b", "a"])}
    >>> made = Preprocessing(fit_columns(table))
    >>> made.outputs
    ('size', 'kind=a', 'kind=b')
    >>> made.transform({"size": np.array([4.0]), "kind": np.array(["b"])}).round(2)
    array([[2.45, 0.  , 1.  ]])
    """

    columns: Columns
    target: Target | None = None
    ignored: tuple[str, ...] = ()
    as_written: bool = True
    image: tuple[int, int, str] | None = None

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take a pickled state; those of the first release took '007' for 7, and did not say so."""
        vars(self).update({"as_written": False, **state})

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the columns of X."""
        return tuple(name for column in self.columns for name in column.outputs)

    @property
    def categorical(self) -> tuple[str, ...]:
        """Names of the columns of categories."""
        return tuple(column.name for column in self.columns if isinstance(column, Categorical))

    def transform(self, table: Any) -> np.ndarray:
        """Turn a table into X.

        Parameters
        ----------
        table : data frame or mapping from names to arrays
            It has the model's columns, in any order; the target, ignored columns and others may be
            there.

        Returns
        -------
        array of shape (m, len(self.outputs)), float64

        Raises
        ------
        InvalidInput
            If columns are missing, there is no row, or a cell cannot be used; the message names
            the columns, or the column and the row.

        Warns
        -----
        UserWarning
            If cells hold categories that the model does not know, all of whose columns of X are
            zero, or the table has columns that it does not know: by name and count.
        """
        X, unknown = self.encode(table)
        warn_of_unknown(unknown)
        return X

    def encode(self, table: Any) -> tuple[np.ndarray, Unknown]:
        """Turn a table into X, and tell which categories in it are unknown."""
        self.check_columns([str(name) for name in names_of(table)])
        cells = as_table(table, [column.name for column in self.columns])
        X = np.zeros((_n_rows(cells), len(self.outputs)))
        unknown: Unknown = {}
        start = 0
        for column in self.columns:
            stop = start + len(column.outputs)
            found = column.transform(cells[column.name], X[:, start:stop])
            if found:
                unknown[column.name] = found
            start = stop
        return X, unknown

    def check_columns(self, names: Sequence[str]) -> None:
        """Raise, with their names, if columns are missing; warn if there are others."""
        needed = {column.name for column in self.columns}
        allowed = {*needed, *self.ignored, *([self.target.name] if self.target else [])}
        there = set(names)
        missing = [column.name for column in self.columns if column.name not in there]
        new = [name for name in names if name not in allowed]
        if missing:
            parts = [("missing", missing), ("new to the model", new)]
            text = "; ".join(f"{what}: {quoted(which)}" for what, which in parts if which)
            raise InvalidInput(f"The table's columns do not match the model's: {text}.")
        if new:
            warn(
                f"The table has {count(len(new), 'column')} new to the model: {quoted(new)}; not "
                "read."
            )

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
            "as_written": self.as_written,
            "image": None if self.image is None else list(self.image),
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
            numbers = np.asarray(arrays["numeric"], dtype=np.float64)
            columns = _columns_again(metadata["columns"], metadata["categorical"], numbers)
            target, image = metadata["target"], metadata.get("image")
            return cls(
                columns,
                Target(**target) if target else None,
                tuple(metadata["ignored"]),
                metadata.get("as_written", False),  # the first release did not say
                None if image is None else _image_again(*image),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
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
    refuse_strange(cells, name)
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


def _columns_again(
    names: Sequence[str], categorical: Mapping[str, Any], numbers: np.ndarray
) -> Columns:
    """Make the columns again from their stored form; each of numbers has its row of three."""
    found: dict[str, Numeric | Categorical] = {
        name: Categorical(name, known["fill"], tuple(known["categories"]))
        for name, known in categorical.items()
    }
    numeric = [name for name in names if name not in found]
    for name, (fill, centre, factor) in zip(numeric, numbers.tolist(), strict=True):
        found[name] = Numeric(name, fill, centre, factor)
    return tuple(found[name] for name in names)


def _image_again(rows: int, columns: int, order: str) -> tuple[int, int, str]:
    """Make a picture's shape again from its stored form."""
    if order not in ("C", "F") or not (type(rows) is type(columns) is int):
        raise ValueError(f"no picture is {rows} x {columns} in the order {order!r}")
    return rows, columns, order
