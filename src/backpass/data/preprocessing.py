"""Between a table and X, y: what a fitted model knows of the table that it was trained on.

What is kept are numbers and names alone, so that a model file can hold them as plain arrays and
JSON, and no pickle is ever needed. A table is a pandas data frame or any mapping from a column's
name to an array of its cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import numpy as np

from ..arrays import ImageShape, State
from ..errors import InvalidInput, warn
from .cells import ByName, TableLike, as_table, count, names_of, numbers_of, quoted, texts_of
from .columns import Categorical, Columns, Numeric, Unknown, warn_of_unknown
from .raw import Numbers, Texts
from .target import Target


class StoredCategories(TypedDict):
    """A column of categories as JSON."""

    fill: str
    categories: list[str]


class Stored(TypedDict):
    """What JSON holds of a preprocessing; the first release did not write the last two."""

    columns: list[str]
    categorical: dict[str, StoredCategories]
    target: State | None  # the arguments of a Target
    ignored: list[str]
    as_written: NotRequired[bool]
    image: NotRequired[list[int | str] | None]


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
    image : ImageShape or None
        Of the pictures whose pixels the columns are.

    Examples
    --------
    >>> import numpy as np
    >>> from backpass.data.columns import fit_columns
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
    image: ImageShape | None = None

    def __setstate__(self, state: State) -> None:
        """Take a pickled state; those of the first release took '007' for 7, and did not say so."""
        vars(self).update({"as_written": False, **state})

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that the model reads."""
        return tuple(column.name for column in self.columns)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the columns of X."""
        return tuple(name for column in self.columns for name in column.outputs)

    @property
    def categorical(self) -> tuple[str, ...]:
        """Names of the columns of categories."""
        return tuple(column.name for column in self.columns if isinstance(column, Categorical))

    def transform(self, table: TableLike) -> np.ndarray:
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

    def encode(self, table: TableLike) -> tuple[np.ndarray, Unknown]:
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

    def cells(self, table: TableLike) -> dict[str, Numbers | Texts]:
        """Return the cells of the model's columns as it understands them: numbers, and texts."""
        cells = as_table(table, [column.name for column in self.columns])
        return {
            c.name: Texts.of(texts_of(cells[c.name]))
            if isinstance(c, Categorical)
            else Numbers(numbers_of(cells[c.name], c.name))
            for c in self.columns
        }

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

    def to_arrays(self) -> tuple[dict[str, np.ndarray], Stored]:
        """Return plain arrays, and what JSON can hold; ``from_arrays`` is the inverse."""
        numbers = [(c.fill, c.centre, c.factor) for c in self.columns if isinstance(c, Numeric)]
        categories: dict[str, StoredCategories] = {
            c.name: {"fill": c.fill, "categories": list(c.categories)}
            for c in self.columns
            if isinstance(c, Categorical)
        }
        metadata: Stored = {
            "columns": [column.name for column in self.columns],
            "categorical": categories,
            "target": vars(self.target) if self.target else None,
            "ignored": list(self.ignored),
            "as_written": self.as_written,
            "image": None if self.image is None else list(self.image),
        }
        return {"numeric": np.array(numbers, dtype=np.float64).reshape(-1, 3)}, metadata

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], metadata: Stored) -> Preprocessing:
        """Make it again from what ``to_arrays`` returned.

        Raises
        ------
        InvalidInput
            If arrays and metadata do not belong together.
        """
        try:
            numbers = np.asarray(arrays["numeric"], dtype=np.float64)
            columns = _columns_of(metadata["columns"], metadata["categorical"], numbers)
            target, image = metadata["target"], metadata.get("image")
            return cls(
                columns,
                Target(**target) if target else None,
                tuple(metadata["ignored"]),
                metadata.get("as_written", False),  # the first release did not say
                None if image is None else _image_of(*image),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InvalidInput(f"The stored preprocessing cannot be read: {error!r}.") from None


def _n_rows(table: ByName) -> int:
    """Return the number of rows, which is at least one."""
    rows = len(next(iter(table.values())))
    if rows == 0:
        raise InvalidInput("The table has no rows.")
    return rows


def _columns_of(
    names: Sequence[str], categorical: Mapping[str, StoredCategories], numbers: np.ndarray
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


def _image_of(rows: int | str, columns: int | str, order: int | str) -> ImageShape:
    """Make a picture's shape again from its stored form."""
    if order not in ("C", "F") or not (type(rows) is int and type(columns) is int):
        raise ValueError(f"no picture is {rows} x {columns} in the order {order!r}")
    return ImageShape(rows, columns, order)
