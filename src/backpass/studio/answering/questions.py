"""What the page asks of Python about a number, and the answer."""

from __future__ import annotations

from typing import NotRequired, TypedDict

import numpy as np

from ...inspection.explain import explain
from ...inspection.trace import trace
from ..page_state import PageState
from ..session_data import SessionData

SYMBOLS = {"theta": "Theta"}  # what the page calls otherwise
WITHOUT_LAYER = ("J", "cost")


class Question(TypedDict):
    """What the page asks about a number; it counts units from 1."""

    theta: list[float]
    rows: list[int]
    numbers: NotRequired[list[int]]  # of the rows in the table
    lam: float
    symbol: str
    layer: int  # 0 of J
    unit: int
    column: NotRequired[int]  # of a Theta or a Delta


def explanation(state: PageState, question: Question, data: SessionData | None = None) -> str:
    """Trace the asked rows with the page's θ, and explain the number; the page counts from 1."""
    rows = [int(row) for row in question["rows"]]
    theta = np.asarray(question["theta"], dtype=np.float64)
    X, Y = _rows(state, question, data)
    t = trace(state.net, theta, X, Y, float(question["lam"]))
    symbol = str(question["symbol"])
    where = {} if symbol in WITHOUT_LAYER else _place(question)
    return str(explain(t, SYMBOLS.get(symbol, symbol), example=len(rows) - 1, **where))


def _rows(
    state: PageState, question: Question, data: SessionData | None
) -> tuple[np.ndarray, np.ndarray]:
    """The page's rows, and those that it was given later."""
    own, numbers = len(state.X), question.get("numbers", [])
    pairs: list[tuple[np.ndarray, np.ndarray]] = []
    for k, row in enumerate(map(int, question["rows"])):
        if data is not None and row >= own:
            pairs.append(data.row(int(numbers[k])))
        else:
            pairs.append((state.X[row], state.Y[row]))
    X, Y = zip(*pairs)
    return np.array(X), np.array(Y)


def _place(question: Question) -> dict[str, int]:
    """Where the number stands in its array."""
    where = {"layer": int(question["layer"]), "unit": int(question["unit"]) - 1}
    if "column" in question:
        where["column"] = int(question["column"])
    return where
