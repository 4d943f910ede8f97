"""What the engine has to reach against the best peer, and what a report has reached.

python benchmarks/targets.py benchmarks/results/native.json ...
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from backpass.bench import Line, Report
from backpass.bench.results import ALONE, US

# Workload -> ratio of the best peer's time to ours: what must hold, and the goal. They were set for
# float32 on two cores, of AVX2 and of AVX-512; in float64 ours has to be ahead.
TARGETS = {
    "W1": (1.9, 2.6),
    "W1 20k": (1.8, 2.6),
    "W1 200k": (2.0, 2.6),
    "W2": (3.35, 4.5),
    "W3": (1.89, 1.89),
    "W4": (1.19, 1.24),
    "W5": (2.98, 2.98),
    "W6 1 row": (2.5, 3.6),
    "W6 10k rows": (1.05, 1.15),
    "W7": (2.0, 5.0),
    "W8": (2.0, 5.0),
    "W9": (1.5, 4.0),
    "W10": (4.0, 8.0),
    "W11": (1.6, 2.2),
    "F1": (30.0, 40.0),
}
AHEAD = (1.0, 1.0)
PEERS = {"W8": "scikit-learn", "W9": "scikit-learn"}  # where it is not the best of all
BARE = "backpass, bare epochs"


def target(line: Line) -> tuple[float, float]:
    """Must and goal of a workload in its dtype."""
    set_in = "float64" if line.workload.kind in ("fit", "lbfgs") else "float32"
    return TARGETS.get(line.workload.name, AHEAD) if line.dtype == set_in else AHEAD


def table(report: Report, title: str) -> Table:
    """Each line's ratio beside what it has to be."""
    made = Table(title=title)
    for heading in ("workload", "dtype", "× best peer", "must", "goal", ""):
        made.add_column(heading)
    for line in report.lines:
        must, goal = target(line)
        peer = PEERS.get(line.workload.name, line.best_peer)
        ratio = _ratio(line, peer)
        word = "goal" if ratio >= goal else "holds" if ratio >= must else "FALLS SHORT"
        numbers = f"{ratio:.2f} {peer}", f"{must:g}", f"{goal:g}"
        made.add_row(line.workload.name, line.dtype, *numbers, word)
    return made


def _ratio(line: Line, peer: str | None) -> float:
    """The peer's time by ours; 0 where one of them was not measured."""
    if peer not in line.timings or US not in line.timings:
        return 0.0
    return line.shown(peer) / line.shown(US)


def properties(report: Report) -> list[str]:
    """What else has to hold, a sentence each; those that fall short begin with FALLS SHORT."""
    found: list[str] = []
    for dtype in dict.fromkeys(line.dtype for line in report.lines):
        lines = {line.workload.name: line for line in report.lines if line.dtype == dtype}
        found += [*_growth(lines), *_shares(report, lines), *_memory(lines), *_calls(lines)]
    return found


def _said(dtype: str, what: str, value: float, limit: float, holds: bool, form: str) -> str:
    word = "holds" if holds else "FALLS SHORT"
    return f"{word}: {dtype}, {what}: {value:{form}} (limit {limit:{form}})"


def _growth(lines: dict[str, Line]) -> Iterator[str]:
    """Time per row of W1 at 200,000 rows, against 5,000."""
    if "W1" in lines and "W1 200k" in lines:
        few, many = (
            line.shown(US) / line.workload.rows for line in (lines["W1"], lines["W1 200k"])
        )
        what = "time per row, W1 200k against W1"
        yield _said(lines["W1"].dtype, what, many / few, 1.2, many / few <= 1.2, ".2f")


def _shares(report: Report, lines: dict[str, Line]) -> Iterator[str]:
    """Share of peak where the arithmetic decides: 80 % in a run on one thread, else 70 %.

    Where more threads are allowed, one alone has to reach 70 % too.
    """
    limits = {US: 0.8 if report.threads == 1 else 0.7, ALONE: 0.7}
    for name in ("W3", "W4", "W5", "W6 10k rows"):
        for who, limit in limits.items():
            share = report.share_of_peak(lines[name], who) if name in lines else None
            if share is not None:
                what = f"share of peak, {name}{', one thread' * (who == ALONE)}"
                yield _said(lines[name].dtype, what, share, limit, share >= limit, ".0%")


def _memory(lines: dict[str, Line]) -> Iterator[str]:
    """Beyond the data: 16 MB and a packed copy of X; of CSR instead three of θ, and Adam's two."""
    for line in lines.values():
        workload = line.workload
        if US in line.timings and workload.kind in ("gradient", "epoch"):
            dense = workload.rows * workload.sizes[0]
            numbers = 5 * workload.network.n_parameters if workload.form == "CSR" else dense
            allowed = 16 + numbers * np.dtype(line.dtype).itemsize / 1e6
            used = (line.timings[US].memory or 0) / 1e6
            what = f"MB beyond the data, {workload.name}"
            yield _said(line.dtype, what, used, allowed, used <= allowed, ".0f")


def _calls(lines: dict[str, Line]) -> Iterator[str]:
    """A row by ``bp.forward`` against scikit-learn's predict_proba; a fit against its epochs."""
    if "W6 1 row" in lines and "scikit-learn" in lines["W6 1 row"].timings:
        part = lines["W6 1 row"].shown("scikit-learn") / lines["W6 1 row"].shown(US)
        yield _said(
            lines["W6 1 row"].dtype,
            "scikit-learn's time for a row by ours",
            part,
            9,
            part >= 9,
            ".1f",
        )
    if "F1" in lines and BARE in lines["F1"].timings:
        loss = lines["F1"].shown(US) / lines["F1"].shown(BARE)
        yield _said(lines["F1"].dtype, "a fit by its bare epochs", loss, 1.15, loss <= 1.15, ".2f")


def show(report: Report, title: str) -> None:
    """Print both."""
    to = Console(width=100)
    to.print(table(report, title))
    for sentence in properties(report):
        to.print(sentence)


if __name__ == "__main__":
    for path in sys.argv[1:]:
        show(Report.from_json(Path(path).read_text()), path)
