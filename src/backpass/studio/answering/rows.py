"""Rows that the page asks for: by their number in the table, or as one of a confusion's cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

import numpy as np

from ... import engine
from ..page_state import PageState
from ..session_data import SessionData
from ..summary import predicted, sureness


class RowTold(TypedDict):
    """A row as the network takes it, and as it stands in the table."""

    row: int
    x: list[float]
    y: list[float]
    cells: dict[str, list[str]]


def told_row(
    state: PageState, theta: np.ndarray, data: SessionData, wish: Mapping[str, int]
) -> RowTold:
    """Return a row; KeyError where there is none.

    Parameters
    ----------
    state : PageState
        Whose network it is.
    theta : ndarray of shape (n,)
        With which classes are answered.
    data : SessionData
        The rows.
    wish : mapping from str to int
        Which one: a ``row`` by its number; or of the class ``truth``, answered as ``answer``, the
        one whose ``turn`` it is.
    """
    number = int(wish["row"]) if "row" in wish else _of_cell(state, theta, data, wish)
    x, y = data.row(number)
    cells = {} if data.cells is None else data.cells([number])
    return {"row": number, "x": x.tolist(), "y": y.tolist(), "cells": cells}


def _of_cell(
    state: PageState, theta: np.ndarray, data: SessionData, wish: Mapping[str, int]
) -> int:
    """The row of a cell whose turn it is, the surest first."""
    X, Y = data.scored
    outputs = engine.forward(state.net, theta, X)
    alike = (predicted(Y) == int(wish["truth"])) & (predicted(outputs) == int(wish["answer"]))
    places = np.flatnonzero(alike)
    if not len(places):
        raise KeyError("row")
    places = places[np.argsort(-sureness(outputs[places]), kind="stable")]
    return int(data.scored_rows[places[int(wish["turn"]) % len(places)]])
