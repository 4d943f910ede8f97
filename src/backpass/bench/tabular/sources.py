"""Where tables come from: a folder of Parquet files, scikit-learn's own sets, or OpenML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InvalidInput
from ...extras import optional

if TYPE_CHECKING:
    import pandas as pd

OWN_SETS = ("iris", "wine", "breast_cancer", "digits", "diabetes")  # they come with scikit-learn
MOST_CLASSES = 20  # of a target of whole numbers
PURPOSE = "A benchmark on tables"


@dataclass(frozen=True)
class TableSource:
    """A table that is read when it is needed. Plain values, so that it travels as JSON."""

    name: str
    kind: str  # one of READERS
    place: str  # a path, a set's name, or OpenML's number of it

    def read(self) -> RawTable:
        """Read it; rows without a target are left out.

        Raises InvalidInput where it has no second column, or a target without two values.
        """
        return _known(self.name, READERS[self.kind](self.place))


@dataclass(frozen=True, eq=False)
class RawTable:
    """Columns with their gaps, categories by dtype; and y, classes counted from 0 or numbers."""

    X: pd.DataFrame  # (m, columns)
    y: np.ndarray  # (m,)
    classes: int  # 0 where y is a number

    @property
    def categories(self) -> list[int]:
        """The places of the categories among the columns."""
        return [k for k, dtype in enumerate(self.X.dtypes) if str(dtype) == "category"]


@dataclass(frozen=True)
class TableFacts:
    """What is said of a table beside the scores on it."""

    name: str
    rows: int
    columns: int
    categories: int  # of the columns
    classes: int

    @classmethod
    def of(cls, source: TableSource) -> TableFacts:
        """Read the table, and count."""
        table = source.read()
        return cls(source.name, *table.X.shape, len(table.categories), table.classes)  # type: ignore[call-arg]


def in_folder(folder: Path) -> list[TableSource]:
    """Name the tables of a folder: its Parquet files, the target last.

    Raises InvalidInput where there are none.
    """
    paths = sorted(folder.glob("*.parquet"))
    if not paths:
        raise InvalidInput(f"There is no Parquet file (*.parquet) in {folder}.")
    return [TableSource(path.stem, "parquet", str(path.resolve())) for path in paths]


def of_scikit_learn() -> list[TableSource]:
    """Name the sets that come with scikit-learn."""
    return [TableSource(name, "scikit-learn", name) for name in OWN_SETS]


def of_openml(numbers: Sequence[int]) -> list[TableSource]:
    """Name sets by OpenML's numbers; their files are fetched when they are first read."""
    return [TableSource(f"openml-{number}", "openml", str(number)) for number in numbers]


def _of_parquet(place: str) -> pd.DataFrame:
    optional("pyarrow", PURPOSE)
    return optional("pandas", PURPOSE).read_parquet(place)


def _of_scikit_learn(place: str) -> pd.DataFrame:
    from sklearn import datasets

    optional("pandas", PURPOSE)
    return getattr(datasets, f"load_{place}")(as_frame=True).frame


def _of_openml(place: str) -> pd.DataFrame:
    """The target last; a target that OpenML calls numeric is a number, however few it has."""
    from sklearn.datasets import fetch_openml

    optional("pandas", PURPOSE)
    fetched: Any = fetch_openml(data_id=int(place), as_frame=True, parser="liac-arff")
    if fetched.target is None:
        raise InvalidInput(f"OpenML names no target of its set {place}.")
    target = fetched.target
    numeric = np.issubdtype(np.asarray(target).dtype, np.number)
    return fetched.data.assign(**{"the target": target.astype(float) if numeric else target})


READERS = {"parquet": _of_parquet, "scikit-learn": _of_scikit_learn, "openml": _of_openml}


def _known(name: str, frame: pd.DataFrame) -> RawTable:
    """Categories, numbers and gaps as everybody takes them; the last column as the target."""
    if frame.shape[1] < 2:
        raise InvalidInput(f"The table {name} has no column beside its target.")
    frame = frame.dropna(subset=[frame.columns[-1]]).reset_index(drop=True)
    y, classes = _target(frame.iloc[:, -1])
    if len(np.unique(y)) < 2:
        raise InvalidInput(f"The target of the table {name} has fewer than two values.")
    X = frame.iloc[:, :-1]
    return RawTable(X.apply(_column), y, classes)


def _target(column: pd.Series) -> tuple[np.ndarray, int]:
    """Numbers, or classes counted from 0: words, truth values, and few different whole numbers."""
    values = column.to_numpy()
    if np.issubdtype(values.dtype, np.floating):
        return values.astype(float), 0
    classes, y = np.unique(values.astype(str), return_inverse=True)
    if np.issubdtype(values.dtype, np.integer) and len(classes) > MOST_CLASSES:
        return values.astype(float), 0
    return y, len(classes)


def _column(column: pd.Series) -> pd.Series:
    """Text as categories; truth values as 0 and 1, times as days, and a gap of these as NaN."""
    pandas = optional("pandas", PURPOSE)
    kinds = pandas.api.types
    if kinds.is_datetime64_any_dtype(column):
        days = (column - column.min()) / pandas.Timedelta(days=1)
        return days.astype(float)
    if kinds.is_bool_dtype(column) or kinds.is_numeric_dtype(column):
        return column.astype(float)
    return column.astype("category")
