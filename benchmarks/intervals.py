"""How often a regressor's intervals hold the truth, and how wide they are beside boosted trees'.

    python benchmarks/intervals.py FOLDER [TABLE ...] [--seeds 0 1 2 3 4] [--coverage 0.9] [--inner]

FOLDER has Parquet files with the target last; those with a number for a target are fitted by
``TabularRegressor``, and beside it by split-conformal HistGradientBoosting: four fifths of the rows
to learn from train it, the others' errors are its half-width. ``--inner`` looks at a fifth of the
rows to learn from instead of the test's, as one must to choose anything by it.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import train_test_split

from backpass import TabularRegressor
from backpass.bench.tabular import SplitRule, in_folder
from backpass.bench.tabular.sources import RawTable
from backpass.estimators.targets.intervals import half_width

RULE = {"kin40k": 10_000}  # rows that train


@dataclass(frozen=True)
class Intervals:
    """Of one split: the part of the rows that is within, and the width in deviations of y."""

    within: float
    width: float


def ours(table: RawTable, learn: np.ndarray, test: np.ndarray, coverage: float) -> Intervals:
    """Fit our estimator to the rows to learn from."""
    model = TabularRegressor(random_state=0).fit(table.X.iloc[learn], table.y[learn])
    low, high = model.predict_interval(table.X.iloc[test], coverage).T
    return _judged(low, high, table.y[test])


def of_trees(table: RawTable, learn: np.ndarray, test: np.ndarray, coverage: float) -> Intervals:
    """Split-conformal boosted trees."""
    train, aside = train_test_split(learn, test_size=0.2, random_state=0)
    trees = HistGradientBoostingRegressor(categorical_features="from_dtype", random_state=0)
    trees.fit(table.X.iloc[train], table.y[train])
    errors = np.abs(trees.predict(table.X.iloc[aside]) - table.y[aside])
    half, answers = half_width(errors, coverage), trees.predict(table.X.iloc[test])
    return _judged(answers - half, answers + half, table.y[test])


def _judged(low: np.ndarray, high: np.ndarray, y: np.ndarray) -> Intervals:
    within = float(np.mean((low <= y) & (y <= high)))
    return Intervals(within, float(np.mean(high - low) / y.std()))


def main() -> None:
    """Fit, and print a line for each table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("tables", nargs="*")
    parser.add_argument("--seeds", type=int, nargs="+", default=range(5))
    parser.add_argument("--coverage", type=float, default=0.9)
    parser.add_argument("--inner", action="store_true")
    asked = parser.parse_args()
    rule = SplitRule(exceptions=RULE, inner=asked.inner)
    made = Table(title=f"{asked.coverage:.0%} intervals, mean of seeds {list(asked.seeds)}")
    for heading in ("table", "within", "width", "width of trees", "ratio"):
        made.add_column(heading)
    found = []
    for source in in_folder(asked.folder):
        if asked.tables and source.name not in asked.tables:
            continue
        table = source.read()
        if table.classes:
            continue
        rows = [rule.part(source.name, table.y, 0, seed) for seed in asked.seeds]
        each = [
            [fit(table, learn, test, asked.coverage) for learn, test in rows]
            for fit in (ours, of_trees)
        ]
        within, width, trees = (
            float(np.mean([getattr(one, what) for one in each[k]]))
            for k, what in ((0, "within"), (0, "width"), (1, "width"))
        )
        found.append((within, width / trees))
        print(source.name, f"{within:.3f} {width:.3f} {trees:.3f}", flush=True)
        made.add_row(
            source.name, f"{within:.1%}", f"{width:.3f}", f"{trees:.3f}", f"{width / trees:.2f}"
        )
    within, ratio = np.mean(found, axis=0)
    made.add_row("mean", f"{within:.1%}", "", "", f"{ratio:.2f}")
    Console(width=120).print(made)


if __name__ == "__main__":
    main()
