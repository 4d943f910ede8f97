"""Where the estimators for tables stand beside boosted trees: measured, judged, and written down.

    python benchmarks/tables.py RESULTS.json [--folder FOLDER] [--seeds 0 1] [--inner]
                                             [--longer MORE.json]

judges what is in RESULTS.json, as `backpass bench tables --out RESULTS.json` keeps it. With FOLDER,
of Parquet files with the target last, it is measured first, or gone on with. ``--inner`` scores on
a fifth of the rows to learn from, as one must to choose anything by it; ``--longer`` names results
of ours with ten times the time. ``publish.py tables`` writes ``docs/tables.rst`` of the results
beside this file.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pages
from rich.console import Console

from backpass.bench import tabular
from backpass.bench.tabular import SplitRule, TablesReport
from backpass.bench.tabular.candidates import US
from backpass.bench.tabular.run import SEEDS
from backpass.bench.tabular.show import (
    COSTS,
    RANKS,
    STANDING_HEADINGS,
    cost_cells,
    standing_cells,
)
from backpass.bench.tabular.standings import (
    REFERENCE,
    Means,
    interval,
    log_ratios,
    means,
    ranks,
    standings,
)

RESULT = pages.RESULTS / "tables.json"
PAGE = pages.DOCS / "tables.rst"
PICTURE = pages.DOCS / "_static" / "tables.svg"

TREES = ("CatBoost", "LightGBM", "XGBoost", "HistGradientBoosting")
RULE = {"kin40k": 10_000}  # rows that train, of a table whose trees were measured so


def measure(
    folder: Path, out: Path, seeds: Sequence[int] = SEEDS, inner: bool = False
) -> TablesReport:
    """Fit everybody to a folder's tables, from where the file stands."""
    rule = SplitRule(exceptions=RULE, inner=inner)
    sources = tabular.in_folder(folder)
    return tabular.run_tables(sources, seeds=seeds, rule=rule, out=out, say=print)


def judged(report: TablesReport) -> Iterator[str]:
    """What has to hold, a sentence each; those that fall short begin with FALLS SHORT."""
    found = means(report)
    if {US, REFERENCE} - set(found.candidates) or not found.tables:
        yield f"Not judged: a finished table of {US} and {REFERENCE} is needed."
        return
    yield from _ranks(found)
    yield from _losses(found)
    yield from _seconds(found)


def _said(what: str, value: float, must: float, goal: float) -> str:
    """A number that has to be small."""
    word = "goal" if value <= goal else "holds" if value <= must else "FALLS SHORT"
    limit = f"at most {must:g}, " if np.isfinite(must) else ""
    return f"{word}: {what}: {value:.2f} ({limit}goal {goal:g})"


def _ranks(found: Means) -> Iterator[str]:
    """First by error; by loss first and ahead of the next."""
    ours = found.candidates.index(US)
    for costs, must, goal in ((found.error, 0.0, 0.0), (found.loss, -0.15, -0.3)):
        what = "loss" if costs is found.loss else "error"
        each = ranks(costs)
        order = np.argsort(each.mean(axis=0), kind="stable")
        following = int(next(k for k in order if k != ours))
        behind = each[:, ours] - each[:, following]
        low, high = interval(behind)
        name = found.candidates[following]
        yield _said(f"mean rank by {what} less {name}'s", behind.mean(), must, goal)
        yield f"  with 95 % over tables between {low:.2f} and {high:.2f}"
    yield _said("mean rank by loss", ranks(found.loss)[:, ours].mean(), np.inf, 1.4)


def _losses(found: Means) -> Iterator[str]:
    """The median by CatBoost's; nowhere worse than the worst of the trees."""
    ratios = log_ratios(found, US)
    what = f"median of 100 ln(loss / {REFERENCE}'s)"
    yield _said(what, float(np.median(ratios)), -1, -3)
    trees = [found.of("loss", name) for name in TREES if name in found.candidates]
    worse = found.of("loss", US) > np.max(trees, axis=0)
    names = ", ".join(np.array(found.tables)[worse]) or "none"
    yield _said(f"tables with more loss than the worst tree ({names})", worse.sum(), 0, 0)


def _seconds(found: Means) -> Iterator[str]:
    """All fits by CatBoost's, and the slowest table."""
    ours, theirs = found.of("seconds", US), found.of("seconds", REFERENCE)
    yield _said(f"seconds of all fits by {REFERENCE}'s", ours.sum() / theirs.sum(), 1, 0.5)
    beyond = ours - 4 * theirs
    worst = int(beyond.argmax())
    what = f"most seconds of a fit beyond four times {REFERENCE}'s ({found.tables[worst]})"
    yield _said(what, beyond[worst] / found.seeds, 1, 1)


def longer(report: TablesReport, more: TablesReport) -> str:
    """What ten times the time brings, on the tables that both have finished."""
    before, after = means(report), means(more)
    shared = [name for name in before.tables if name in after.tables]
    losses = [
        found.of("loss", US)[[found.tables.index(name) for name in shared]]
        for found in (before, after)
    ]
    change = 100 * np.log(losses[1] / losses[0])
    return _said(
        f"mean change of 100 ln(loss) on {len(shared)} tables", float(change.mean()), -1, -1
    )


def page(report: TablesReport) -> list[str]:
    """The measured part of the page."""
    found = means(report)
    machine = report.machine
    versions = ", ".join(f"{name} {v}" for name, v in machine["versions"].items())
    about = f"{machine['processor']}, {report.threads} threads. {versions}."
    costs = [["table", "rows × columns", *found.candidates], *cost_cells(report, found, "**{}**")]
    lines = [STANDING_HEADINGS, *map(standing_cells, standings(report))]
    stand = [[_beside(*cell) for cell in line] for line in lines]
    remarks = [f"- {remark}" for remark in tabular.remarks(report)]
    picture = [".. image:: _static/tables.svg", "   :alt: Losses as multiples of CatBoost's", ""]
    return [
        *pages.section("Where everybody stands", [about, "", RANKS, "", *pages.list_table(stand)]),
        *picture,
        *pages.section("Every table", [COSTS, "", *pages.list_table(costs), *remarks]),
    ]


def _beside(number: str, more: str) -> str:
    """Both in one line."""
    return f"{number} ({more})" if more else number


def publish(folder: Path | None) -> None:
    """Measure on a folder, if one is given; write the page and the picture of what there is."""
    if folder is not None:
        measure(folder, RESULT)
    report = tabular.read_tables_report(RESULT)
    pages.replace_measured(PAGE, page(report))
    PICTURE.parent.mkdir(exist_ok=True)
    tabular.save_picture(report, PICTURE)


def main() -> None:
    """Measure where it is asked for, show, and judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--inner", action="store_true")
    parser.add_argument("--longer", type=Path)
    asked = parser.parse_args()
    if asked.folder is not None:
        measure(asked.folder, asked.results, asked.seeds, asked.inner)
    report = tabular.read_tables_report(asked.results)
    to = Console(width=150)
    for each in [*tabular.shown(report), *tabular.remarks(report), *judged(report)]:
        to.print(each)
    if asked.longer is not None:
        to.print(longer(report, tabular.read_tables_report(asked.longer)))


if __name__ == "__main__":
    main()
