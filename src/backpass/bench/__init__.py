"""Benchmarks: backpass beside its peers, each in its best form, all in one run.

``run`` measures, ``tables`` and ``remarks`` say it, ``Report.to_json`` and ``save_picture`` keep
it. Every candidate runs in a process of its own; none is imported here.
"""

from __future__ import annotations

from .measure import Settings
from .picture import draw
from .picture import save as save_picture
from .results import Line, Report, Timing
from .run import run, run_fits, run_solvers
from .table import remarks, tables
from .workloads import WORKLOADS, Workload

__all__ = [
    "WORKLOADS",
    "Line",
    "Report",
    "Settings",
    "Timing",
    "Workload",
    "draw",
    "remarks",
    "run",
    "run_fits",
    "run_solvers",
    "save_picture",
    "tables",
]
