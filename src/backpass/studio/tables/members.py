"""An ensemble as the page shows it: its members, what counts, and rows' answers taken apart.

An answer is Σₖ shareₖ · answerₖ over the members; of classes it is then held to what the rows that
chose can vouch for, p := keep · p + even.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from ...data.encoding.table_rows import TableRows
from ...data.tables import Table
from ...inspection.insight.asked import AskedModel
from ...inspection.insight.importances import permutation_importances
from ...models.table_model import TableModel
from ...tabular.base import FittedMember

MOST_POINTS = 150  # of a curve
MOST_NUMBERS = 100_000  # of all members' answers to all rows
MOST_ROWS = 400  # that importances are measured on


class MemberShown(TypedDict):
    """A member: the validation curve is of what chose, lower is better."""

    number: int
    network: str
    profile: str
    share: float
    epochs: int
    cost: float
    curve: list[list[float]]  # [epoch, cost]


class ImportanceShown(TypedDict):
    """By how much the loss rises where a column says nothing."""

    column: str
    mean: float
    spread: float


class EnsembleShown(TypedDict):
    """What the page holds of an ensemble; answers are by row, member that counts, and output."""

    members: list[MemberShown]
    chosen_by: str
    held_out: int
    counted: list[int]
    answers: list[list[list[float]]]
    keep: float
    even: float
    outputs: list[str]
    importances: list[ImportanceShown]
    importance_of: str
    importance_rows: int


def ensemble_shown(
    model: TableModel, rows: TableRows, table: Table, numbers: Sequence[int]
) -> EnsembleShown:
    """Return what the page shows of an ensemble.

    Parameters
    ----------
    model : TableModel
        Of an ensemble, of one target.
    rows : TableRows
        Those that the page has.
    table : Table
        Where they are from, on which importances are measured.
    numbers : sequence of int
        The rows' numbers in it.
    """
    ensemble = model.ensemble
    assert ensemble is not None
    counted = np.flatnonzero(ensemble.weights).tolist()
    outputs = _outputs(model)
    some = max(1, MOST_NUMBERS // (len(counted) * len(outputs)))
    answers = [_answers(model, k, rows.take(np.arange(min(len(rows), some)))) for k in counted]
    importances, loss, asked = _importances(model, table)
    even = 0.0 if model.classes is None else 1 / (ensemble.held_out + len(outputs))
    return {
        "members": [_member(k, each) for k, each in enumerate(model.tabular.members_)],
        "chosen_by": model.tabular.metric or ("log_loss" if even else "squared_error"),
        "held_out": ensemble.held_out,
        "counted": counted,
        "answers": np.stack(answers, axis=1).tolist(),
        "keep": 1 - len(outputs) * even,
        "even": even,
        "outputs": outputs,
        "importances": importances,
        "importance_of": loss,
        "importance_rows": asked,
    }


def _outputs(model: TableModel) -> list[str]:
    """Names of what is answered: the classes, or the columns of numbers."""
    classes = model.classes
    return list(model.target.names) if classes is None else [str(c) for c in classes.tolist()]


def _answers(model: TableModel, k: int, rows: TableRows) -> np.ndarray:
    """A member's answers: probabilities, or numbers in the target's own unit, (m, outputs)."""
    assert model.ensemble is not None
    answers = model.ensemble.answers_of(k, rows)
    if model.classes is not None:
        return answers
    learnt = model.ensemble.outputs.numbers(answers)  # type: ignore[attr-defined]
    return np.asarray(model.target.decode(learnt), dtype=np.float64).reshape(len(learnt), -1)


def _member(number: int, member: FittedMember) -> MemberShown:
    return {
        "number": number,
        "network": str(member.net_),
        "profile": member.settings.profile,
        "share": member.share,
        "epochs": len(member.loss_curve_),
        "cost": -member.validation_score_,
        "curve": _thinned([-score for score in member.validation_scores_]),
    }


def _thinned(values: list[float]) -> list[list[float]]:
    """A curve by epoch, from 1: some of it, its last point, and the least."""
    stride = len(values) // MOST_POINTS + 1
    kept = {*range(0, len(values), stride), len(values) - 1}
    if values:
        kept.add(int(np.nanargmin(values)) if not np.all(np.isnan(values)) else 0)
    return [[k + 1, values[k]] for k in sorted(kept) if k >= 0 and np.isfinite(values[k])]


def _importances(model: TableModel, table: Table) -> tuple[list[ImportanceShown], str, int]:
    """How much each column counts, of which loss, and on how many rows."""
    known = model.truth(table)
    asked = AskedModel(model)
    loss = "log loss" if model.classes is not None else "root of the mean squared error"
    if known is None:
        return [], loss, 0
    there, truth = known
    places = np.flatnonzero(there)
    some = np.random.default_rng(0).permutation(len(places))[:MOST_ROWS]
    cells = model.cells(table)
    columns = {name: cells[name].take(places[some]) for name in asked.kinds}
    each = permutation_importances(asked.loss(truth.reshape(len(truth), -1)[some, 0]), columns)
    return [{"column": i.column, "mean": i.mean, "spread": i.spread} for i in each], loss, len(some)
