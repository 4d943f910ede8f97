"""What a server has beside one network and its training, where it has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypedDict

from ..page_state import PageState
from ..session_data import SessionData

Cells = Mapping[str, float | str | None]  # a row as the page's controls have it, by column
Answered = dict[str, float]  # by class or column of numbers


class OtherCells(TypedDict):
    """A row of the table, by its number, and cells that are changed in it."""

    row: int
    cells: Cells


@dataclass(frozen=True)
class Beside:
    """What a server has beside one network.

    Parameters
    ----------
    debugs : bool
        Whether pasted code is judged.
    member : callable, optional
        Number -> that member of the ensemble, as a page of its own; InvalidInput where there is no
        such page.
    answer : callable, optional
        Row of the page, cells that are changed in it -> what the model answers.
    """

    debugs: bool = False
    member: Callable[[int], tuple[PageState, SessionData]] | None = None
    answer: Callable[[int, Cells], Answered] | None = None
