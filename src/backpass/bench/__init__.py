"""Benchmarks: backpass beside its peers, each in its best form, all in one run.

``run`` measures, ``tables`` and ``remarks`` say it, ``Report.to_json`` and ``save_picture`` keep
it, ``compare`` holds two of them beside each other. Every candidate runs in a process of its own;
none is imported here.
"""

from __future__ import annotations

from .comparison import Comparison, compare
from .comparison import read as read_report
from .measure import Settings
from .picture import draw
from .picture import save as save_picture
from .results import Line, Report, Timing
from .run import run, run_fits, run_solvers
from .table import remarks, tables
from .workloads import WORKLOADS, Workload

__all__ = [
    "WORKLOADS",
    "Comparison",
    "Line",
    "Report",
    "Settings",
    "Timing",
    "Workload",
    "compare",
    "draw",
    "read_report",
    "remarks",
    "run",
    "run_fits",
    "run_solvers",
    "save_picture",
    "tables",
]
