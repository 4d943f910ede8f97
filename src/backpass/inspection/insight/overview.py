"""All that is shown of a model's answers to rows whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from ...data.encoding.columns import TEXT
from ...models.table_model import TableModel
from .asked import AskedModel
from .calibration import Calibration, calibration
from .dependence import Dependence, partial_dependence
from .importances import REPEATS, Columns, Importance, permutation_importances

MOST_ROWS = 2000  # that importances are measured on
MOST_DEPENDENCE_ROWS = 500
MOST_CELLS = 20_000_000  # read in all for the importances, which then take some seconds
LEAST_ROWS = 100
CURVES = 3


@dataclass(frozen=True, eq=False)
class Insight:
    """What a model's answers to some rows tell of it.

    Parameters
    ----------
    importances : tuple of Importance
        By column, the most important first: by how much the loss rises.
    rows : int
        On how many rows they were measured.
    dependences : tuple of Dependence
        Of the most important columns.
    calibration : Calibration or None
        Of classes: of two the probability of the rarer one, of several that of the answer.
    shown_class : bool, int, float, str or None
        The class whose probability the dependences are of; None of numbers.
    losses : ndarray of shape (m,)
        What each row costs: −ln of the true class's probability, or (h − y)²; NaN of a label that
        the model does not know.
    """

    importances: tuple[Importance, ...]
    rows: int
    dependences: tuple[Dependence, ...]
    calibration: Calibration | None
    shown_class: bool | int | float | str | None
    losses: np.ndarray


def look(
    model: TableModel,
    columns: Columns,
    truth: np.ndarray,
    w: np.ndarray | None = None,
    *,
    target: int = 0,
    seed: int = 0,
) -> Insight:
    """Ask a model about rows that it was not trained on.

    Parameters
    ----------
    model : TableModel
        An ensemble, or a single network, of a table of known columns.
    columns : mapping from str to Numbers, Texts or Moments of m cells
        The rows, as ``TableModel.cells`` returns them.
    truth : ndarray of shape (m,)
        Labels, or numbers in the target's unit.
    w : ndarray of shape (m,), optional
        What rows weigh.
    target : int
        Which of several targets it is.
    seed : int
        Of the rows that are asked, where not all are, and of the permutations.

    Returns
    -------
    Insight

    Raises
    ------
    InvalidInput
        If the model does not read known columns, or none at all.
    """
    asked = AskedModel(model, target)
    columns = {name: columns[name] for name in asked.kinds}
    answers = asked.answers(columns)
    some = _some_rows(len(truth), len(columns), seed)
    loss = asked.loss(truth[some], None if w is None else w[some])
    importances = permutation_importances(loss, _taken(columns, some), seed=seed)
    shown = asked.shown_class(truth)
    few = _taken(columns, some[:MOST_DEPENDENCE_ROWS])
    curves = [each.column for each in importances if asked.kinds[each.column] != TEXT][:CURVES]
    return Insight(
        importances,
        len(some),
        tuple(partial_dependence(partial(_shown, asked, shown), few, name) for name in curves),
        None if shown is None else _calibration(asked, answers, truth, shown, w),
        None if asked.classes is None or shown is None else asked.classes[shown],
        asked.losses(answers, truth),
    )


def _some_rows(m: int, columns: int, seed: int) -> np.ndarray:
    """Rows to ask about, in no order: fewer where the columns are many, each of which is moved."""
    bearable = MOST_CELLS // (REPEATS * max(columns, 1) ** 2)
    most = max(min(MOST_ROWS, bearable), LEAST_ROWS)
    return np.random.default_rng(seed).permutation(m)[:most]


def _taken(columns: Columns, rows: np.ndarray) -> Columns:
    return {name: cells.take(rows) for name, cells in columns.items()}


def _shown(asked: AskedModel, shown: int | None, columns: Columns) -> np.ndarray:
    answers = asked.answers(columns)
    return answers if shown is None else answers[:, shown]


def _calibration(
    asked: AskedModel, answers: np.ndarray, truth: np.ndarray, shown: int, w: np.ndarray | None
) -> Calibration:
    """Of two classes the shown one's probability, of several that of the surest one."""
    assert asked.classes is not None
    if len(asked.classes) == 2:
        return calibration(answers[:, shown], truth == asked.classes[shown], w)
    surest = answers.argmax(axis=1)
    return calibration(answers[np.arange(len(truth)), surest], truth == asked.classes[surest], w)
