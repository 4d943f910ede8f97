"""An ensemble's answer to a row, taken apart: its members, and the columns that moved it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from ...arrays import Array
from ...data.knowing.know import Known
from ...data.raw import Moments, Numbers, RawColumn, Texts
from ...data.reading import raw_of
from ...data.table_preprocessing import TablePreprocessing
from ...data.tables import Table, columns_of
from ...errors import InvalidInput
from ...models.table_model import TableModel
from ...tabular.outputs import ClassOutputs, NumberOutputs
from ..command import Answer, Values
from ..source import load_known
from ..trained import check_row

CELLS = 40  # letters of one, in the terminal
OTHERS = 200  # rows whose cells take the place of a column's
MOST_COLUMNS = 20  # in the terminal; --json has them all


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of an ensemble: one number for each row.

    Parameters
    ----------
    model : TableModel
        Of an ensemble.
    target, place : int
        The target, and of classes which one it is whose probability is asked for.
    """

    model: TableModel
    target: int
    place: int | None

    def of_ensemble(self, X: Array) -> np.ndarray:
        """The ensemble's answers, shape (m,)."""
        if self.place is None:
            return self.model.predict(X).reshape(len(X), -1)[:, self.target]
        by_target = self.model.probabilities_by_target(X)
        assert by_target is not None
        return by_target[self.target][:, self.place]

    def of_members(self, X: Array) -> list[tuple[int, float, float]]:
        """Number, share and answer of each member that counts, to a single row."""
        ensemble = self.model.ensemble
        assert ensemble is not None
        return [
            (k, float(ensemble.weights[k]), self._of_one(ensemble.answers_of(k, X)))
            for k in np.argsort(-ensemble.weights, kind="stable").tolist()
            if ensemble.weights[k] > 0
        ]

    def _of_one(self, answers: np.ndarray) -> float:
        ensemble = self.model.ensemble
        assert ensemble is not None
        outputs = ensemble.outputs
        if isinstance(outputs, NumberOutputs):
            return float(outputs.numbers(answers)[0, self.target])
        assert isinstance(outputs, ClassOutputs)
        return float(outputs.by_target(answers)[self.target][0, self.place])


def taken_apart(model: TableModel, source: str, row: int) -> Answer:
    """Take an ensemble's answer to a row of a table apart.

    A column moved it by what the answer loses, on average, where the column's cell is replaced by
    those of other rows of the table.

    Raises
    ------
    InvalidInput
        If there is no such row, or no other one.
    """
    table = load_known(source, model)
    known = _known(model, table)
    X, _ = _preprocessing(model).rows(known)
    check_row(source, row, X)
    others = np.setdiff1d(np.unique(np.linspace(0, known.rows - 1, OTHERS).astype(int)), [row])
    if not len(others):
        raise InvalidInput(
            f"{source} has a single row; which columns moved an answer is told by the cells of "
            "others."
        )
    values = _values(model, known, row, others)
    return Answer(values, lambda to: _show(to, values))


def _preprocessing(model: TableModel) -> TablePreprocessing:
    assert isinstance(model.preprocessing, TablePreprocessing)
    return model.preprocessing


def _known(model: TableModel, table: Table) -> Known:
    """The columns of a table, as the model reads them."""
    if table.known is not None:
        return table.known
    return _preprocessing(model).recognise(raw_of(columns_of(table)))


def _values(model: TableModel, known: Known, row: int, others: np.ndarray) -> Values:
    """The answer to each target, and what it is made of."""
    here = _rows(model, known, np.array([row]))
    predicted = model.predict(here).reshape(1, -1)[0]
    targets = [
        {
            "target": name,
            "prediction": told,
            **_of_target(model, known, row, others, _question(model, k, told)),
        }
        for k, (name, told) in enumerate(zip(model.target.names, predicted.tolist()))
    ]
    beside = {"row": row, "other_rows": len(others)}
    return {**beside, **targets[0]} if len(targets) == 1 else {**beside, "targets": targets}


def _question(model: TableModel, k: int, told: object) -> Question:
    by_target = model.classes_by_target
    place = None if by_target is None else by_target[k].tolist().index(told)
    return Question(model, k, place)


def _of_target(
    model: TableModel, known: Known, row: int, others: np.ndarray, question: Question
) -> Values:
    here = _rows(model, known, np.array([row]))
    answer = float(question.of_ensemble(here)[0])
    effects = [
        (
            name,
            answer
            - float(np.mean(question.of_ensemble(_replaced(model, known, name, row, others)))),
        )
        for name in _preprocessing(model).names
    ]
    effects.sort(key=lambda each: -abs(each[1]))
    return {
        "probability" if question.place is not None else "answer": answer,
        "members": [
            {"number": k, "share": share, "answer": alone}
            for k, share, alone in question.of_members(here)
        ],
        "columns": [
            {"name": name, "cell": _cell(known.columns[name], row), "effect": effect}
            for name, effect in effects
        ],
    }


def _rows(model: TableModel, known: Known, rows: np.ndarray) -> Array:
    columns = {name: column.take(rows) for name, column in known.columns.items()}
    return _preprocessing(model).rows(replace(known, columns=columns, rows=len(rows)))[0]


def _replaced(model: TableModel, known: Known, name: str, row: int, others: np.ndarray) -> Array:
    """The row again and again, each time with another row's cell in one column."""
    same = np.full(len(others), row)
    columns = {
        each: column.take(others if each == name else same)
        for each, column in known.columns.items()
    }
    return _preprocessing(model).rows(replace(known, columns=columns, rows=len(others)))[0]


def _cell(column: RawColumn, row: int) -> object:
    """A cell as people read it; None where it is a gap."""
    one = column.take(np.array([row]))
    if one.gaps[0]:
        return None
    if isinstance(one, Texts):
        return one.cells()[0]
    if isinstance(one, Numbers):
        return one.values[0].item()
    assert isinstance(one, Moments)
    return str(one.values[0])


def _show(to: Console, values: Values) -> None:
    for each in values.get("targets", [values]):
        sure = each.get("probability")
        beside = "" if sure is None else f", with a probability of {sure:.4g}"
        prediction = each["prediction"]
        said = f"{prediction:.6g}" if isinstance(prediction, float) else str(prediction)
        what = f"Row {values['row']}: {each['target']} is {said}{beside}."
        to.print(what, markup=False, soft_wrap=True)
        to.print(_table(("member", "share", "its answer"), _members(each)))
        to.print(
            "The columns that moved it: what the answer loses, on average, where the cell is "
            f"replaced by those of {values['other_rows']} other rows.",
            soft_wrap=True,
        )
        to.print(_table(("column", "cell", "moved it by"), _columns(each)))


def _members(values: Values) -> list[tuple[str, str, str]]:
    return [
        (str(each["number"]), f"{each['share']:.1%}", f"{each['answer']:.6g}")
        for each in values["members"]
    ]


def _columns(values: Values) -> list[tuple[str, str, str]]:
    return [
        (
            escape(each["name"]),
            escape("(gap)" if each["cell"] is None else str(each["cell"])[:CELLS]),
            f"{each['effect']:+.4g}",
        )
        for each in values["columns"][:MOST_COLUMNS]
    ]


def _table(headings: tuple[str, ...], lines: list[tuple[str, str, str]]) -> RichTable:
    table = RichTable(box=None, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading)
    for line in lines:
        table.add_row(*line)
    return table
