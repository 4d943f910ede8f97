"""Scores and confusions in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich.markup import escape
from rich.table import Table as RichTable

if TYPE_CHECKING:
    from ...experiment.scoring.scores import Line

CONFUSION_CLASSES = 20  # more classes do not fit into a terminal


def score_table(lines: Iterable[Line], rows: str) -> RichTable:
    """One line a metric, the first one in bold, beside what is known without a model."""
    table = RichTable(box=None, padding=(0, 2, 0, 0))
    for heading in ("", rows, "without a model"):
        table.add_column(heading)
    for place, line in enumerate(lines):
        value = line.value if place else f"[bold]{line.value}[/bold]"
        table.add_row(escape(line.label), value, line.baseline)
    return table


def confusion_table(labels: Sequence[object], counts: np.ndarray) -> RichTable:
    """True classes down, predicted ones across; what is wrong stands out."""
    table = RichTable(box=None)
    table.add_column("")
    for label in labels:
        table.add_column(escape(str(label)), justify="right")
    for i, (label, row) in enumerate(zip(labels, counts.tolist())):
        table.add_row(escape(str(label)), *(_cell(n, i == j) for j, n in enumerate(row)))
    return table


def _cell(count: int, right: bool) -> str:
    if count == 0:
        return "[dim]·[/dim]"
    return str(count) if right else f"[bold red]{count}[/bold red]"
