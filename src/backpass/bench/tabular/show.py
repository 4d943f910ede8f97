"""A report on tables as tables for the terminal, and what has to be said beside them."""

from __future__ import annotations

import numpy as np
from rich.table import Table

from .candidates import US
from .results import TablesReport
from .sources import TableFacts
from .standings import Means, Standing, is_finished, means, standings

COSTS = (
    "Error rate / log loss of classes; of numbers RMSE divided by the standard deviation of the "
    "test rows' target, which counts as both. Means over the seeds; the least loss is bold."
)
RANKS = (
    "Rank: mean over tables of the rank of a table's mean over the seeds, ties shared; and where "
    "it lies with 95 % over tables drawn with repeats. Loss: 100 ln(loss / CatBoost's). Seconds of "
    "all fits. Slowest: on which table they are most by CatBoost's, and how many times as long."
)


def shown(report: TablesReport) -> list[Table]:
    """Everybody's costs by table, and where everybody stands; nothing where none is finished."""
    found = means(report)
    return [_costs(report, found), _standings(report)] if found.tables else []


def remarks(report: TablesReport) -> list[str]:
    """What has to be said beside the numbers, in sentences."""
    said = [
        f"{name} is left out: {module} is not installed." for name, module in report.not_installed
    ]
    said += [
        f"{fit.table}, seed {fit.seed}: {fit.candidate} failed: {fit.failure.rstrip('.')}."
        for fit in report.fits
        if fit.score is None
    ]
    unfinished = [facts.name for facts in report.tables if not is_finished(report, facts.name)]
    if unfinished:
        said.append(f"Not finished, and not counted: {', '.join(unfinished)}.")
    if "," in (commits := report.machine.get("commit", "")):
        said.append(f"The fits were made at several commits of backpass: {commits}.")
    if report.rule.inner:
        said.append("Scored on a fifth of the training rows: the test rows are untouched.")
    return said


def cost_cells(report: TablesReport, found: Means, bold: str) -> list[list[str]]:
    """By table: name, size, and everybody's costs; the least loss as bold as "**{}**" says."""
    known = {facts.name: facts for facts in report.tables}
    made: list[list[str]] = []
    for row, name in enumerate(found.tables):
        costs = list(map(_cost, found.error[row], found.loss[row]))
        least = int(np.argmin(found.loss[row]))
        costs[least] = bold.format(costs[least])
        made.append([name, described(known[name]), *costs])
    return made


def described(facts: TableFacts) -> str:
    """Rows, columns, and classes where there are some."""
    size = f"{facts.rows} × {facts.columns}"
    return f"{size}, {facts.classes} classes" if facts.classes else size


def standing_cells(standing: Standing) -> list[tuple[str, str]]:
    """A candidate's line: each number, and what stands beside or below it."""
    table, times = standing.worst_seconds or ("", None)
    return [
        (standing.candidate, ""),
        (f"{standing.rank_by_error:.2f}", _between(standing.error_interval)),
        (f"{standing.rank_by_loss:.2f}", _between(standing.loss_interval)),
        (_signed(standing.median_ratio), _signed(standing.mean_ratio)),
        (f"{standing.seconds:.1f}", ""),
        ("" if times is None else f"{times:.2f}", table),
    ]


STANDING_HEADINGS = (
    ("", ""),
    ("error rank", "95 %"),
    ("loss rank", "95 %"),
    ("loss, median", "mean"),
    ("seconds", ""),
    ("slowest", "table"),
)


def _costs(report: TablesReport, found: Means) -> Table:
    rows = "inner rows" if report.rule.inner else "test rows"
    seeds = sorted({fit.seed for fit in report.fits})
    table = Table(title=f"Costs on {rows}, seeds {', '.join(map(str, seeds))}", caption=COSTS)
    table.add_column("table")
    table.add_column("rows × columns")
    for name in found.candidates:
        table.add_column(name, justify="right")
    for cells in cost_cells(report, found, "[bold]{}[/]"):
        table.add_row(*cells)
    return table


def _standings(report: TablesReport) -> Table:
    processor, threads = report.machine["processor"], report.threads
    table = Table(title=f"Over all tables, {threads} threads, {processor}", caption=RANKS)
    for place, heading in enumerate(map("\n".join, STANDING_HEADINGS)):
        table.add_column(heading, justify="right" if place else "left", no_wrap=place < 3)
    for standing in standings(report):
        style = "bold" if standing.candidate == US else None
        table.add_row(*map("\n".join, standing_cells(standing)), style=style)
        table.add_section()
    return table


def _cost(error: float, loss: float) -> str:
    if not np.isfinite(loss):
        return "failed"
    return f"{error:.4f}" if error == loss else f"{error:.4f} / {loss:.4f}"


def _between(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.2f}–{interval[1]:.2f}"


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.1f}".replace("-", "−")
