"""Measure everything that the documentation shows, in one call on a quiet machine.

    python benchmarks/publish.py [native avx2 one-thread solvers fits] [--rounds 5] [--rows 60000]
    python benchmarks/publish.py tables --folder FOLDER

writes ``benchmarks/results/*.json`` with every round, the picture ``docs/_static/speed.svg``, and
the tables of ``docs/speed.rst``. Without names it takes all five, most of an hour; `--only-write`
measures nothing and writes the documents from the results that are there. ``tables`` does the same
for ``docs/tables.rst``, on a folder of Parquet files, and goes on where it was stopped.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pages
import tables
import targets

from backpass import bench
from backpass.bench import Report, Settings
from backpass.bench.results import ALONE, US
from backpass.bench.table import described_set, duration, percent, threads
from backpass.bench.workloads import WORKLOADS

PAGE = pages.DOCS / "speed.rst"
PICTURE = pages.DOCS / "_static" / "speed.svg"
RESULTS = pages.RESULTS


def measurements(settings: Settings, rows: int) -> dict[str, Callable[[], Report]]:
    """By name: what to measure, and how it is called in the documentation's order."""
    workloads = [w.shorter(rows) if w.kind == "epoch" else w for w in WORKLOADS]
    run = partial(bench.run, workloads, settings=settings, say=print)
    single = partial(run, threads=1, dtypes=("float32",))
    return {
        "native": run,
        "avx2": partial(run, isa="avx2"),
        "one-thread": single,
        "solvers": partial(bench.run_solvers, settings=settings, say=print),
        "fits": partial(bench.run_fits, settings=settings, say=print),
    }


HEADINGS = {
    "native": "All cores, each library with its best instructions",
    "avx2": "All cores, held to AVX2",
    "one-thread": "One thread",
    "solvers": "Solvers, time to the same J",
    "fits": "A whole fit",
}


def page(reports: dict[str, Report]) -> list[str]:
    """The measured part of the page."""
    parts: list[str] = []
    if "native" in reports:
        parts += [".. image:: _static/speed.svg", "   :alt: Times as multiples of backpass's", ""]
    for name, report in reports.items():
        parts += pages.section(HEADINGS[name], _lines(report))
    return parts


def _lines(report: Report) -> list[str]:
    machine = report.machine
    versions = ", ".join(f"{name} {v}" for name, v in machine["versions"].items())
    used = f"{threads(report.threads)}, {described_set(report)}"
    about = f"{machine['processor']}, {used}. {versions}."
    return [about, "", *pages.list_table(_rows(report)), *_remarks(report)]


def _rows(report: Report) -> list[list[str]]:
    """Each workload's own time, everybody's multiple of it, and our share of the peak."""
    names = list(dict.fromkeys(n for line in report.lines for n in line.timings))
    rows = [["workload", *names, "of peak", "of peak, 1 thread"]]
    for line in report.lines:
        shares = [report.share_of_peak(line, name) for name in (US, ALONE)]
        cells = [duration(line.shown(n)) if n in line.timings else "" for n in names]
        what = f"{line.workload.title}, {line.dtype}"
        rows.append([what, *cells, *map(percent, shares)])
    return rows


def _remarks(report: Report) -> list[str]:
    return [f"- {remark}" for remark in bench.remarks(report)] + [""]


def write(reports: dict[str, Report]) -> None:
    """Put the numbers into the page, and draw the picture."""
    pages.replace_measured(PAGE, page(reports))
    if "native" in reports:
        PICTURE.parent.mkdir(exist_ok=True)
        bench.save_picture(reports["native"], PICTURE)


def main() -> None:
    """Measure what is asked for, keep it, and write everything there is."""
    names = [*HEADINGS, "tables"]
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", default=[], metavar="|".join(names))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=60_000, help="of an epoch, at most")
    parser.add_argument("--folder", type=Path, help="of tables")
    parser.add_argument("--only-write", action="store_true")
    arguments = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    asked = arguments.names or list(HEADINGS)
    if "tables" in asked:
        tables.publish(None if arguments.only_write else arguments.folder)
    speeds = [name for name in asked if name in HEADINGS]
    make = measurements(Settings(rounds=arguments.rounds), arguments.rows)
    for name in [] if arguments.only_write else speeds:
        report = make[name]()
        (RESULTS / f"{name}.json").write_text(report.to_json())
        targets.show(report, name)
    if speeds:
        found = {name: RESULTS / f"{name}.json" for name in HEADINGS}
        write({n: Report.from_json(p.read_text()) for n, p in found.items() if p.exists()})


if __name__ == "__main__":
    main()
