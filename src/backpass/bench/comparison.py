"""Two reports side by side: two machines, two commits, or two numbers of threads."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from rich.table import Table

from ..errors import InvalidInput
from .results import ALONE, US, Line, Report
from .table import described_set, duration, percent, threads

CAPTION = (
    "Medians. Speed: the first's time divided by the second's. × best peer: the best peer's time "
    "divided by ours. Of peak: of that report's own, with all its threads and with one."
)


Pair = tuple[Line, Line]  # of one workload in one dtype


@dataclass(frozen=True)
class Comparison:
    """What two reports say of the same workloads."""

    names: tuple[str, str]
    reports: tuple[Report, Report]
    pairs: tuple[Pair, ...]
    left_out: dict[str, str]  # a workload in one dtype -> why there is nothing to compare

    def to_json(self) -> str:
        """The same numbers, for programs."""
        reports = [
            {"name": name, **dict(zip(_HEADINGS, _described(report)))}
            for name, report in zip(self.names, self.reports)
        ]
        lines = [
            {
                "workload": pair[0].workload.name,
                "title": pair[0].workload.title,
                "dtype": pair[0].dtype,
                "seconds": [line.timings[US].median for line in pair],
                "times_as_fast": times_as_fast(pair),
                "ratios_to_best_peer": [line.ratio for line in pair],
                "shares_of_peak": _shares(self, pair, US),
                "shares_of_peak_on_one_thread": _shares(self, pair, ALONE),
            }
            for pair in self.pairs
        ]
        whole = {"reports": reports, "lines": lines, "left_out": self.left_out}
        return json.dumps(whole, indent=1, ensure_ascii=False)


def read(path: Path) -> Report:
    """Read a report from its file.

    Raises InvalidInput where there is no such file, or something else in it.
    """
    try:
        return Report.from_json(path.read_text("utf-8"))
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InvalidInput(
            f"{path} holds no report: `backpass bench --json > {path.name}` makes one."
        ) from None


def compare(names: tuple[str, str], first: Report, second: Report) -> Comparison:
    """Put together the lines in which both have measured the same work."""
    lines, others = _by_name(first), _by_name(second)
    pairs: list[Pair] = []
    left_out: dict[str, str] = {}
    for key in dict.fromkeys([*lines, *others]):
        if key not in others or key not in lines:
            left_out[key] = f"only {names[0] if key in lines else names[1]} has it"
        elif _work(lines[key]) != _work(others[key]):
            left_out[key] = f"{lines[key].workload.title} is not {others[key].workload.title}"
        elif US not in lines[key].timings or US not in others[key].timings:
            left_out[key] = "backpass took no part in one of them"
        else:
            pairs.append((lines[key], others[key]))
    return Comparison(names, (first, second), tuple(pairs), left_out)


def tables(comparison: Comparison) -> list[Table]:
    """What was measured where; and backpass's times, ratios and shares of peak, side by side."""
    dtypes = dict.fromkeys(pair[0].dtype for pair in comparison.pairs)
    return [_circumstances(comparison), *(_times(comparison, dtype) for dtype in dtypes)]


def remarks(comparison: Comparison) -> list[str]:
    """What has to be said beside the numbers, in sentences."""
    first, second = comparison.reports
    said = [f"{key} is not compared: {why}." for key, why in comparison.left_out.items()]
    if first.data_version != second.data_version:
        said.append("The two have drawn unlike data, so that their times compare only roughly.")
    return said


def times_as_fast(pair: Pair) -> float:
    """How many times as fast the second is: the first's time divided by its own."""
    first, second = (line.timings[US].median for line in pair)
    return first / second


def _by_name(report: Report) -> dict[str, Line]:
    return {f"{line.workload.name}, {line.dtype}": line for line in report.lines}


def _work(line: Line) -> object:
    """What is computed, whatever J a race's machine ended it at and what else is measured."""
    return replace(line.workload, target=0.0, dtypes=())


_HEADINGS = ("processor", "cores", "system", "instruction set", "threads", "peak", "versions")


def _described(report: Report) -> list[str]:
    """The circumstances of a report, in the order of the headings."""
    machine = report.machine
    versions = {"Python": machine.get("python"), **machine.get("versions", {})}
    if "commit" in machine:
        versions["backpass"] = f"{versions.get('backpass')} ({machine['commit']})"
    peaks = (f"{dtype} {peak / 1e9:.0f} GFLOP/s" for dtype, peak in report.peaks.items())
    return [
        machine["processor"],
        str(machine.get("cores", "")),
        machine.get("system", ""),
        described_set(report),
        threads(report.threads),
        ", ".join(peaks),
        ", ".join(f"{name} {version}" for name, version in versions.items() if version),
    ]


def _circumstances(comparison: Comparison) -> Table:
    table = Table(title="What is compared")
    for heading in ("", *comparison.names):
        table.add_column(heading)
    for cells in zip(_HEADINGS, *map(_described, comparison.reports)):
        table.add_row(*cells)
    return table


def _times(comparison: Comparison, dtype: str) -> Table:
    pairs = [pair for pair in comparison.pairs if pair[0].dtype == dtype]
    table = Table(title=f"backpass, {dtype}: {' → '.join(comparison.names)}", caption=CAPTION)
    table.add_column("workload", no_wrap=True)
    columns = _columns(comparison, pairs)
    for heading in columns:
        table.add_column(heading, justify="right")
    for pair in pairs:
        table.add_row(pair[0].workload.name, *(cell(pair) for cell in columns.values()))
    return table


def _columns(comparison: Comparison, pairs: list[Pair]) -> dict[str, Callable[[Pair], str]]:
    """What stands in the table's columns, by their headings."""
    columns: dict[str, Callable[[Pair], str]] = {
        "time": lambda pair: " → ".join(duration(line.shown(US)) for line in pair),
        "speed": lambda pair: f"[bold]{times_as_fast(pair):.2f}[/]",
        "× best peer": lambda pair: " → ".join(_ratio(line) for line in pair),
        "of peak": lambda pair: _percents(_shares(comparison, pair, US)),
        "1 thread": lambda pair: _percents(_shares(comparison, pair, ALONE)),
    }
    return {heading: cell for heading, cell in columns.items() if any(map(cell, pairs))}


def _ratio(line: Line) -> str:
    return "–" if line.ratio is None else f"{line.ratio:.2f}"


def _percents(shares: list[float | None]) -> str:
    """Both, or nothing where neither is known."""
    return " → ".join(percent(share) or "–" for share in shares) if any(shares) else ""


def _shares(comparison: Comparison, pair: Pair, name: str) -> list[float | None]:
    return [r.share_of_peak(line, name) for r, line in zip(comparison.reports, pair)]
