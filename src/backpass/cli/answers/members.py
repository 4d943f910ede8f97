"""The members of an ensemble: for people, and for --json."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...estimators.targets.metrics import find_metric
from ..command import Values
from ..model_info import told

if TYPE_CHECKING:
    from ...models.table_model import TableModel


def told_members(model: TableModel) -> Values:
    """Return the members of an ensemble, and what chose among them; nothing of one network."""
    if model.ensemble is None:
        return {}
    return {"members": told(model.tabular.members_), "chosen_by": _chosen_by(model)}


def _chosen_by(model: TableModel) -> Values:
    """The metric, the rows and the score of the ensemble on these, which flatters."""
    assert model.ensemble is not None
    return {
        "metric": _metric(model),
        "rows": model.ensemble.held_out,
        "score": model.tabular.validation_score_,
    }


def _metric(model: TableModel) -> str:
    default = "squared_error" if model.classes_by_target is None else "log_loss"
    return model.tabular.metric or default


def lines_of_members(model: TableModel) -> list[tuple[str, str]]:
    """Say how many members there are, how many count, and what chose them."""
    ensemble = model.ensemble
    if ensemble is None:
        return []
    counted, largest = np.count_nonzero(ensemble.weights), int(ensemble.weights.argmax())
    share = ensemble.weights[largest]
    return [
        ("members", f"{len(ensemble.members)}, of which {counted} count"),
        ("chosen by", _said(model)),
        ("largest", f"member {largest}, with {share:.0%} of the answer: network, J and epochs"),
    ]


def _said(model: TableModel) -> str:
    """What chose, in words."""
    chosen, classes = _chosen_by(model), model.classes_by_target is not None
    cost = -chosen["score"]
    if classes:
        metric = find_metric(chosen["metric"], classes=True)
        label, cost = metric.label, -cost if metric.higher_is_better else cost
    else:
        squared = chosen["metric"] in ("squared_error", "rmse", "r2")
        name = "squared error" if squared else find_metric(chosen["metric"], classes=False).label
        label = f"{name} in deviations"
    return f"{label} {cost:.4g} on the {chosen['rows']} rows that chose: other rows have worse"
