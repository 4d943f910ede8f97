"""An ensemble's members on a page: what each is, its cost on rows that chose, its curve.

Curves are lines of plain SVG, which take their colours from the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...estimators.targets.metrics import METRICS
from ...tabular.costs import OF_PARAMETERS
from ...tabular.ensemble import Ensemble
from ..outcome import Outcome

WIDTH, HEIGHT = 150.0, 60.0  # of a curve, in the picture's own units
USUAL = 0.9  # of the costs are within the picture: those of first epochs would hide the others


@dataclass(frozen=True)
class ShownMember:
    """A line of the leaderboard, and a curve: points of the picture as SVG has them."""

    number: int
    profile: str
    layers: str
    bins: int
    epochs: int
    cost: str
    share: str
    curve: str
    best: tuple[float, float] | None


@dataclass(frozen=True)
class ShownMembers:
    """The leaderboard of an ensemble, on the rows that chose.

    Parameters
    ----------
    members : tuple of ShownMember
        The one with the largest share first.
    cost : str
        Of the ensemble.
    unit : str
        What a cost is.
    rows, packs : int
        How many chose in a pack, and packs.
    level : float
        Where the ensemble's cost is in the pictures.
    """

    members: tuple[ShownMember, ...]
    cost: str
    unit: str
    rows: int
    packs: int
    level: float
    width: float = WIDTH
    height: float = HEIGHT


def shown_members(outcome: Outcome) -> ShownMembers | None:
    """Put an ensemble's members in order; None of a single network."""
    ensemble = outcome.model.ensemble
    if ensemble is None:
        return None
    unit, sign = _unit(outcome.settings.metric, bool(outcome.data.target.classes))
    curves = [-np.asarray(each.result.validation_scores) for each in ensemble.members]
    low, high = _range(ensemble, curves)
    order = np.lexsort((ensemble.costs, -ensemble.weights))
    members = [_member(ensemble, int(k), curves[k], (low, high), sign) for k in order]
    return ShownMembers(
        tuple(members),
        _written(ensemble.cost, sign),
        unit,
        ensemble.held_out,
        len(ensemble.packs),
        _height(ensemble.cost, low, high),
    )


def score_name(outcome: Outcome) -> str:
    """What the curve of the shown network's scores is: of an ensemble's member less a cost."""
    if outcome.model.ensemble is None:
        return "validation score"
    unit, sign = _unit(outcome.settings.metric, bool(outcome.data.target.classes))
    if sign < 0:
        return unit
    return "−log loss" if unit == "log loss" else "−squared error" if sign == 0 else f"−{unit}"


def _unit(metric: str | None, classes: bool) -> tuple[str, float]:
    """What a cost is, and the sign with which it is read; 0 takes the root of a square."""
    if metric is None or metric in ("rmse", "r2", *OF_PARAMETERS):
        return ("log loss", 1.0) if classes else ("RMSE / deviation", 0.0)
    known = METRICS[metric]
    return known.label, -1.0 if known.higher_is_better else 1.0


def _written(cost: float, sign: float) -> str:
    return f"{cost**0.5 if sign == 0 else sign * cost:.4f}"


def _range(ensemble: Ensemble, curves: Sequence[np.ndarray]) -> tuple[float, float]:
    """The costs at the foot and at the head of every picture."""
    all_costs = np.concatenate([*curves, ensemble.costs, [ensemble.cost]])
    finite = all_costs[np.isfinite(all_costs)]
    low, high = float(finite.min()), float(np.quantile(finite, USUAL))
    return low, high if high > low else low + 1.0


def _height(cost: float, low: float, high: float) -> float:
    """How far a cost is below the head of a picture."""
    return round(HEIGHT * (1 - min(max((cost - low) / (high - low), 0.0), 1.0)), 1)


def _member(
    ensemble: Ensemble, k: int, costs: np.ndarray, ends: tuple[float, float], sign: float
) -> ShownMember:
    member = ensemble.members[k]
    settings, known = member.settings, np.flatnonzero(np.isfinite(costs))
    across = np.linspace(0, WIDTH, max(len(costs), 2)).round(1)
    points = [(float(across[at]), _height(float(costs[at]), *ends)) for at in known]
    best = int(np.argmin(costs[known])) if len(known) else None
    return ShownMember(
        settings.number,
        settings.profile,
        " · ".join(map(str, settings.hidden)) or "none",
        settings.bins,
        member.result.epochs,
        _written(float(ensemble.costs[k]), sign),
        f"{ensemble.weights[k]:.0%}" if ensemble.weights[k] else "–",
        " ".join(f"{x:g},{y:g}" for x, y in points),
        None if best is None else points[best],
    )
