"""Benchmarks on tables: error, loss, rank and seconds of ours beside boosted trees and networks.

``run_tables`` measures, ``standings`` ranks, ``shown`` and ``remarks`` say it. Every candidate runs
in a process of its own; none is imported here.
"""

from __future__ import annotations

from .picture import save as save_picture
from .results import TableFit, TablesReport, read_tables_report
from .run import run_tables
from .scoring import Score
from .show import remarks, shown
from .sources import TableFacts, TableSource, in_folder, of_openml, of_scikit_learn
from .splits import SplitRule
from .standings import Standing, standings

__all__ = [
    "Score",
    "SplitRule",
    "Standing",
    "TableFacts",
    "TableFit",
    "TableSource",
    "TablesReport",
    "in_folder",
    "of_openml",
    "of_scikit_learn",
    "read_tables_report",
    "remarks",
    "run_tables",
    "save_picture",
    "shown",
    "standings",
]
