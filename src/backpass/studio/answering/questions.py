"""What the page asks of Python about a number, and the answer."""

from __future__ import annotations

from typing import NotRequired, TypedDict

import numpy as np

from ...inspection.explain import explain
from ...inspection.trace import trace
from ..page_state import PageState

SYMBOLS = {"theta": "Theta"}  # what the page calls otherwise
WITHOUT_LAYER = ("J", "cost")


class Question(TypedDict):
    """What the page asks about a number; it counts units from 1."""

    theta: list[float]
    rows: list[int]
    lam: float
    symbol: str
    layer: int  # 0 of J
    unit: int
    column: NotRequired[int]  # of a Theta or a Delta


def explanation(state: PageState, question: Question) -> str:
    """Trace the asked rows with the page's θ, and explain the number; the page counts from 1."""
    rows = [int(row) for row in question["rows"]]
    theta = np.asarray(question["theta"], dtype=np.float64)
    t = trace(state.net, theta, state.X[rows], state.Y[rows], float(question["lam"]))
    symbol = str(question["symbol"])
    where = {} if symbol in WITHOUT_LAYER else _place(question)
    return str(explain(t, SYMBOLS.get(symbol, symbol), example=len(rows) - 1, **where))


def _place(question: Question) -> dict[str, int]:
    """Where the number stands in its array."""
    where = {"layer": int(question["layer"]), "unit": int(question["unit"]) - 1}
    if "column" in question:
        where["column"] = int(question["column"])
    return where
