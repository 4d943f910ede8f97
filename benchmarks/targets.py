"""What the engine has to reach against the best peer, and what a report has reached.

python benchmarks/targets.py benchmarks/results/native.json ...
"""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from backpass.bench import Line, Report

# Workload -> ratio of the best peer's time to ours: what must hold, and the goal. They were set for
# float32 on two cores of AVX2; in float64 ours has to be ahead.
TARGETS = {
    "W1": (2.1, 2.6),
    "W1 20k": (2.1, 2.6),
    "W1 200k": (2.1, 2.6),
    "W2": (3.3, 4.5),
    "W3": (1.3, 1.55),
    "W4": (1.1, 1.24),
    "W5": (2.3, 2.9),
    "W6 1 row": (1.4, 2.2),
    "W6 10k rows": (1.0, 1.15),
    "F1": (30.0, 30.0),
}
AHEAD = (1.0, 1.0)


def target(line: Line) -> tuple[float, float]:
    """Must and goal of a workload in its dtype."""
    set_in = "float64" if line.workload.kind == "fit" else "float32"
    return TARGETS.get(line.workload.name, AHEAD) if line.dtype == set_in else AHEAD


def table(report: Report, title: str) -> Table:
    """Each line's ratio beside what it has to be."""
    made = Table(title=title)
    for heading in ("workload", "dtype", "× best peer", "must", "goal", ""):
        made.add_column(heading)
    for line in report.lines:
        must, goal = target(line)
        ratio = line.ratio or 0.0
        word = "goal" if ratio >= goal else "holds" if ratio >= must else "FALLS SHORT"
        numbers = f"{ratio:.2f} {line.best_peer}", f"{must:g}", f"{goal:g}"
        made.add_row(line.workload.name, line.dtype, *numbers, word)
    return made


if __name__ == "__main__":
    for path in sys.argv[1:]:
        Console(width=120).print(table(Report.from_json(Path(path).read_text()), path))
