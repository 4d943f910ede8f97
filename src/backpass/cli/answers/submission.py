"""What a competition wants: the columns and rows of its sample, filled with predictions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...data.cells import count, quoted
from ...data.reading import ReadingOptions, read_raw
from ...data.tables import find_column
from ...errors import InvalidInput, SettingError, listed
from .written import Cell, cells_as_written

if TYPE_CHECKING:
    from ...models.table_model import TableModel

Cells = Sequence[Cell] | np.ndarray
WHOLE = re.compile(r"(-?\d+)\.0+")  # as a gap makes of a whole number


@dataclass(frozen=True, eq=False)
class Sample:
    """A competition's sample: its cells as they are written, by column.

    Parameters
    ----------
    path : str
        Where it is, as a message names it.
    columns : mapping from str to list
        A cell a row.
    """

    path: str
    columns: Mapping[str, list[Cell]]

    @classmethod
    def read(cls, path: str) -> Sample:
        """Read it from a file of any format that a table may have."""
        names = tuple(read_raw(path).columns)
        raw = read_raw(path, ReadingOptions(texts=names))
        return cls(path, {n: cells_as_written(n, column) for n, column in raw.columns.items()})

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def identified_by(self, names: Iterable[str], predicted: Iterable[str | None]) -> list[str]:
        """Return the columns that a table of these names has too, the predicted ones left out."""
        there = {*names} - {*predicted}
        return [name for name in self.columns if name in there]

    def places(self, ids: Mapping[str, Sequence[Cell]], m: int) -> np.ndarray:
        """Return the row of a table, of m, for each row of the sample.

        Parameters
        ----------
        ids : mapping from str to sequence
            The cells of the table's columns that the sample has too; empty where there are none,
            and rows belong together by their order.
        m : int
            Rows of the table.

        Raises
        ------
        InvalidInput
            If a row of the sample has none in the table, or several.
        """
        if not ids:
            return self._in_order(m)
        rows: dict[tuple[str, ...], list[int]] = {}
        for row, key in enumerate(_keys(ids.values())):
            rows.setdefault(key, []).append(row)
        wanted = _keys(self.columns[name] for name in ids)
        missing = [key for key in wanted if key not in rows]
        if missing:
            raise InvalidInput(
                f"{self.path} has {count(len(missing), 'row')} whose {_said(ids)} the table lacks, "
                f"the first of them {_shown(missing[0])}."
            )
        twice = next((key for key in wanted if len(rows[key]) > 1), None)
        if twice is not None:
            raise InvalidInput(
                f"The {_said(ids)} {_shown(twice)} of {self.path} stands in "
                f"{len(rows[twice])} rows of the table; which of them is meant is not known."
            )
        return np.array([rows[key][0] for key in wanted], dtype=np.intp)

    def _in_order(self, m: int) -> np.ndarray:
        if m != len(self):
            raise InvalidInput(
                f"{self.path} has {count(len(self), 'row')} and the table {m}, and no column is in "
                "both by which their rows could be told."
            )
        return np.arange(m)


def _keys(columns: Iterable[Sequence[Cell]]) -> list[tuple[str, ...]]:
    """Each row's cells as they are compared."""
    return list(zip(*([_key(cell) for cell in cells] for cells in columns)))


def _key(cell: Cell) -> str:
    """A cell as text; 17.0 is 17, but 017 is not."""
    text = "" if cell is None else str(cell)
    whole = WHOLE.fullmatch(text)
    return whole[1] if whole else text


def _said(ids: Iterable[str]) -> str:
    return listed([repr(name) for name in ids])


def _shown(key: tuple[str, ...]) -> str:
    return ", ".join(map(repr, key))


@dataclass(frozen=True, eq=False)
class Submission:
    """A filled sample, and what is to be said of it."""

    columns: dict[str, Cells]
    told: tuple[str, ...]


def submission(
    sample: Sample,
    model: TableModel,
    answers: Mapping[str, np.ndarray],
    ids: Mapping[str, Sequence[Cell]],
    name: str | None = None,
    proba: bool = False,
) -> Submission:
    """Fill a sample with answers.

    Parameters
    ----------
    sample : Sample
        Of the competition.
    model : TableModel
        What answered.
    answers : mapping from str to ndarray of shape (m,)
        The table's "prediction" (of several targets "prediction of …"), and of classes
        "probability of …".
    ids : mapping from str to sequence
        The cells of the table's columns that the sample has too.
    name : str, optional
        The column that holds the predictions.
    proba : bool
        Whether it holds a probability, of the second of two classes.

    Returns
    -------
    Submission
        The sample's columns, in its order, rows and spelling.

    Raises
    ------
    InvalidInput
        If the table has no row for one of the sample's, or it is not known which column to fill.
    """
    m = len(next(iter(answers.values())))
    places = sample.places(ids, m)
    filled = _filled(sample, model, [c for c in sample.columns if c not in ids], name, proba)
    columns: dict[str, Cells] = {
        column: answers[filled[column]][places] if column in filled else cells
        for column, cells in sample.columns.items()
    }
    told = [s for column, answer in filled.items() for s in _told(sample, model, column, answer)]
    if not ids:
        told.append("No column of the sample is in the table: rows are taken in their order.")
    left = m - len(np.unique(places))
    if left:
        told.append(f"The sample does not ask for {count(left, 'row')} of the table.")
    return Submission(columns, tuple(told))


def _told(sample: Sample, model: TableModel, column: str, answer: str) -> list[str]:
    """What a column holds, where that is not as the sample has it."""
    if answer == f"prediction of {column}":
        return []
    if answer != "prediction":
        return [f"{column!r} holds the {answer}."]
    if model.classes is None:
        return []
    labels = [str(label) for label in model.classes]
    shown = [_key(cell) for cell in sample.columns[column] if cell is not None]
    if not shown or {*shown} & {_key(label) for label in labels}:
        return []
    return [f"{column!r} holds {quoted(labels)}, where the sample has {shown[0]!r}."]


def _filled(
    sample: Sample, model: TableModel, free: list[str], name: str | None, proba: bool
) -> dict[str, str]:
    """Which answer each column that is filled holds."""
    if len(model.target.names) > 1:
        return _of_targets(sample, model)
    if name is not None:
        find_column(sample.path, name, sample.columns)
        return {name: _answer(sample, model, name, proba)}
    by_class = _of_classes(sample, model, free)
    if by_class:
        return by_class
    if model.target.name in free or len(free) == 1:
        column = model.target.name if model.target.name in free else free[0]
        return {column: _answer(sample, model, column, proba)}
    what = f"it could be {quoted(free)}" if free else "all of its columns are in the table, too"
    if model.classes is not None:
        what += f", and the model's classes are {quoted(map(str, model.classes))}"
    raise InvalidInput(f"{sample.path}: which column is to be filled? {what}; --as NAME says it.")


def _of_targets(sample: Sample, model: TableModel) -> dict[str, str]:
    """The columns of several targets, which have their names."""
    missing = [name for name in model.target.names if name not in sample.columns]
    if missing:
        raise InvalidInput(f"{sample.path} has no column {quoted(missing)} to be filled.")
    return {name: f"prediction of {name}" for name in model.target.names}


def _of_classes(sample: Sample, model: TableModel, free: list[str]) -> dict[str, str]:
    """Columns that are named after the classes, all with the same words around them."""
    if model.classes is None:
        return {}
    labels = [str(label) for label in model.classes]
    for column in free:
        for names in _names_like(column, labels):
            if {*names} <= {*free}:
                _refuse_others(sample, labels, [c for c in free if c not in names])
                return {n: f"probability of {label}" for n, label in zip(names, labels)}
    return {c: f"probability of {c}" for c in free if len(free) == 1 and c in labels}


def _names_like(column: str, labels: list[str]) -> list[list[str]]:
    """What columns of the classes are called, where this is the first class's."""
    starts = [found.start() for found in re.finditer(f"(?={re.escape(labels[0])})", column)]
    around = [(column[:i], column[i + len(labels[0]) :]) for i in starts]
    return [[f"{before}{label}{after}" for label in labels] for before, after in around]


def _refuse_others(sample: Sample, labels: list[str], others: list[str]) -> None:
    """Raise where a column beside those of the classes would stay as it is in the sample."""
    if others:
        raise InvalidInput(
            f"{sample.path}: the column {others[0]!r} is of none of the model's classes, which are "
            f"{quoted(labels)}."
        )


def _answer(sample: Sample, model: TableModel, column: str, proba: bool) -> str:
    """Whether a column holds predictions, or as the sample has fractions, a probability."""
    classes = model.classes
    if classes is None:
        return "prediction"
    fraction = _fraction(sample.columns[column], [str(label) for label in classes])
    if not (proba or fraction):
        return "prediction"
    if len(classes) != 2:
        raise SettingError(
            "sample",
            sample.path,
            f"one probability in {column!r} tells two classes apart, and the target "
            f"{model.target.name!r} has {len(classes)}.",
        )
    return f"probability of {classes[1]}"


def _fraction(cells: Iterable[Cell], labels: list[str]) -> bool:
    """Whether there is a number between 0 and 1 among cells, which is no class."""
    for cell in cells:
        try:
            number = float(str(cell))
        except ValueError:
            continue
        if 0 < number < 1 and str(cell) not in labels:
            return True
    return False
