"""Measure everything that the documentation shows, in one call on a quiet machine.

    python benchmarks/publish.py [native avx2 one-thread solvers fits] [--rounds 5] [--rows 60000]

writes ``benchmarks/results/*.json`` with every round, the picture ``docs/_static/speed.svg``, and
the tables of ``docs/speed.rst``. Without names it takes all five, most of an hour; `--only-write`
measures nothing and writes the documents from the results that are there.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import targets

from backpass import bench
from backpass.bench import Report, Settings
from backpass.bench.results import ALONE, US
from backpass.bench.table import described_set, duration, percent, threads
from backpass.bench.workloads import WORKLOADS

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "speed.rst"
PICTURE = ROOT / "docs" / "_static" / "speed.svg"
BEGIN, END = ".. measured: begin", ".. measured: end"


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


def page(reports: dict[str, Report]) -> str:
    """The measured part of the page."""
    parts = [BEGIN, ""]
    if "native" in reports:
        parts += [".. image:: _static/speed.svg", "   :alt: Times as multiples of backpass's", ""]
    for name, report in reports.items():
        parts += _section(HEADINGS[name], report)
    return "\n".join([*parts, END])


def _section(heading: str, report: Report) -> list[str]:
    machine = report.machine
    versions = ", ".join(f"{name} {v}" for name, v in machine["versions"].items())
    used = f"{threads(report.threads)}, {described_set(report)}"
    about = f"{machine['processor']}, {used}. {versions}."
    return [heading, "-" * len(heading), "", about, "", *_rst_table(report), *_remarks(report), ""]


def _rst_table(report: Report) -> list[str]:
    """Each workload's own time, everybody's multiple of it, and our share of the peak."""
    names = list(dict.fromkeys(n for line in report.lines for n in line.timings))
    rows = [["workload", *names, "of peak", "of peak, 1 thread"]]
    for line in report.lines:
        shares = [report.share_of_peak(line, name) for name in (US, ALONE)]
        cells = [duration(line.shown(n)) if n in line.timings else "" for n in names]
        what = f"{line.workload.title}, {line.dtype}"
        rows.append([what, *cells, *map(percent, shares)])
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in rows:
        lines += [f"   {'* -' if k == 0 else '  -'} {cell}" for k, cell in enumerate(row)]
    return [*lines, ""]


def _remarks(report: Report) -> list[str]:
    return [f"- {remark}" for remark in bench.remarks(report)] + [""]


def write(reports: dict[str, Report]) -> None:
    """Put the numbers into the page, and draw the picture."""
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    PAGE.write_text(before + page(reports) + rest.split(END)[1])
    if "native" in reports:
        PICTURE.parent.mkdir(exist_ok=True)
        bench.save_picture(reports["native"], PICTURE)


def main() -> None:
    """Measure what is asked for, keep it, and write everything there is."""
    names = list(HEADINGS)
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", default=[], metavar="|".join(names))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=60_000, help="of an epoch, at most")
    parser.add_argument("--only-write", action="store_true")
    arguments = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    make = measurements(Settings(rounds=arguments.rounds), arguments.rows)
    for name in [] if arguments.only_write else arguments.names or names:
        report = make[name]()
        (RESULTS / f"{name}.json").write_text(report.to_json())
        targets.show(report, name)
    found = {name: RESULTS / f"{name}.json" for name in names}
    write({n: Report.from_json(p.read_text()) for n, p in found.items() if p.exists()})


if __name__ == "__main__":
    main()
