"""Where members for tables stand beside boosted trees with their defaults.

python benchmarks/tabular_members.py FOLDER [TABLE ...] [--members 8 16] [--seeds 0 1] [--inner]

FOLDER has Parquet files with the target last, and a README.md whose table gives, of each, what the
trees reach: error rate / log loss for classes, RMSE / deviation for numbers. A fifth of the rows is
the test; of the others at most ``MOST_ROWS`` are learnt from, parts of which choose. ``--inner``
scores on a fifth of the rows to learn from instead, as one must to choose anything by it.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table
from sklearn.model_selection import train_test_split

from backpass.data.encoding.columns import fit_columns
from backpass.data.encoding.table_rows import TableRows, table_rows
from backpass.data.raw import Numbers, RawColumn, Texts
from backpass.tabular.ensemble import Parts as Parting
from backpass.tabular.ensemble import fit_ensemble
from backpass.tabular.members.member import Examples
from backpass.tabular.members.profiles import PACK, MemberSettings, draw_settings, later_profiles
from backpass.tabular.metrics import log_loss, squared_error
from backpass.tabular.outputs import ClassOutputs, NumberOutputs
from backpass.tabular.partings.rows import partings

MOST_ROWS, FEWER = 15_000, {"kin40k": 10_000}
MOST_CLASSES = 20  # of a target of whole numbers

Columns = dict[str, RawColumn]


@dataclass(frozen=True, eq=False)
class Parts:
    """A table and which of its rows are for what; y are classes from 0, or numbers."""

    columns: Columns
    y: np.ndarray
    classes: int
    learnt: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class Score:
    """Error rate and log loss, or RMSE / deviation as both; and seconds of the fit."""

    error: float
    loss: float
    seconds: float


def read(path: Path) -> tuple[Columns, np.ndarray, int]:
    """A table's columns by their types, its target, and how many classes that has, 0 for none."""
    table = pq.read_table(path)
    columns = {name: _column(table[name]) for name in table.column_names}
    target = columns.pop(table.column_names[-1])
    if isinstance(target, Numbers):
        y, whole = target.values, pa.types.is_integer(table.schema[-1].type)
        if not whole or len(np.unique(y)) > MOST_CLASSES:
            return columns, y, 0
    cells = target.values if isinstance(target, Numbers) else np.array(target.cells())
    names, y = np.unique(cells, return_inverse=True)
    return columns, y, len(names)


def _column(column: pa.ChunkedArray) -> RawColumn:
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return Numbers(column.cast(pa.float64()).to_numpy())
    return Texts.of(column.to_pylist(), categories=True)


def split(name: str, path: Path, seed: int, inner: bool) -> Parts:
    """Part a table's rows by a seed."""
    columns, y, classes = read(path)
    rows, test = _parted(np.arange(len(y)), y, classes, 0.2, seed)
    rows = np.random.default_rng(seed).permutation(rows)[: FEWER.get(name, MOST_ROWS)]
    if inner:
        rows, test = _parted(rows, y, classes, 0.2, seed)
    return Parts(columns, y, classes, rows, test)


def _parted(
    rows: np.ndarray, y: np.ndarray, classes: int, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    alike = y[rows] if classes else None
    first, second = train_test_split(rows, test_size=share, random_state=seed, stratify=alike)
    return first, second


def fitted(parts: Parts, members: int, seed: int) -> Score:
    """Fit so many members, and score their choice on the test rows."""
    started = time.perf_counter()
    y = parts.y[:, None]
    outputs = ClassOutputs((parts.classes,)) if parts.classes else NumberOutputs.of(y[parts.learnt])
    rows, Y = _rows(parts), outputs.targets(y)
    given = Examples(rows.take(parts.learnt), Y[parts.learnt])
    strata = parts.y[parts.learnt].astype(int) if parts.classes else None
    _, made = partings(None, len(given.Y), strata, None, seed)
    packs = [
        Parting(
            given.some(learn),
            given.some(choose),
            partial(_settings, range(k, min(k + PACK, members)), len(learn), seed),
        )
        for k, (learn, choose) in zip(range(0, members, PACK), made)
    ]
    ensemble = fit_ensemble(packs, outputs, log_loss if parts.classes else squared_error)
    seconds = time.perf_counter() - started
    answers = ensemble.answers(rows.take(parts.test))
    return Score(*_scored(parts, outputs.answers(Y[parts.test]), answers), seconds)


def _settings(
    numbers: range, m: int, seed: int, costs: Mapping[str, float]
) -> list[MemberSettings]:
    profiles = later_profiles(costs)
    return [draw_settings(j, m, seed, profiles) for j in numbers]


def _rows(parts: Parts) -> TableRows:
    """All rows, as those that are learnt from show the columns to be."""
    learnt = {name: column.take(parts.learnt) for name, column in parts.columns.items()}
    kinds = {n: "number" if isinstance(c, Numbers) else "category" for n, c in learnt.items()}
    columns, _ = fit_columns(learnt, kinds)
    return table_rows(columns, parts.columns, len(parts.y))[0]


def _scored(parts: Parts, Y: np.ndarray, answers: np.ndarray) -> tuple[float, float]:
    """Error and loss on the test rows."""
    if not parts.classes:
        root = float(np.sqrt(np.mean((answers - Y) ** 2)) / Y.std())
        return root, root
    error = float(np.mean(answers.argmax(axis=1) != Y.argmax(axis=1)))
    P = np.clip(answers[Y > 0], 1e-15, None)
    return error, float(-np.log(P).mean())


def of_trees(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The README's figures of each table: HistGradientBoosting, LightGBM, XGBoost, CatBoost, s."""
    for line in (folder / "README.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if len(cells) == 8 and re.match(r"0\.\d", cells[3]):
            yield cells[0], cells[3:]


def main() -> None:
    """Fit, and print a line for each table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("tables", nargs="*")
    parser.add_argument("--members", type=int, nargs="+", default=[8, 16])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--inner", action="store_true")
    asked = parser.parse_args()
    trees = dict(of_trees(asked.folder))
    made = Table(title=f"mean of seeds {asked.seeds}, {'inner' if asked.inner else 'test'} rows")
    ours = [f"{n} members (s)" for n in asked.members]
    for heading in ("table", *ours, "HGB", "LightGBM", "XGBoost", "CatBoost", "its s"):
        made.add_column(heading)
    for name in asked.tables or sorted(trees):
        parts = {
            s: split(name, asked.folder / f"{name}.parquet", s, asked.inner) for s in asked.seeds
        }
        cells = [_shown([fitted(parts[s], n, s) for s in asked.seeds]) for n in asked.members]
        made.add_row(name, *cells, *trees.get(name, []))
        print(name, *cells, flush=True)
    Console(width=150).print(made)


def _shown(scores: list[Score]) -> str:
    error, loss, seconds = np.mean([(s.error, s.loss, s.seconds) for s in scores], axis=0)
    costs = f"{error:.4f}" if error == loss else f"{error:.4f} / {loss:.4f}"
    return f"{costs} ({seconds:.1f})"


if __name__ == "__main__":
    main()
