"""The report as a table for the terminal."""

from __future__ import annotations

from rich.table import Table

from .environment import WITHOUT_A_SWITCH
from .results import US, Line, Report

UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def tables(report: Report) -> list[Table]:
    """One table for each dtype: by workload, everybody's time, share of peak and memory."""
    dtypes = list(dict.fromkeys(line.dtype for line in report.lines))
    return [_table(report, dtype) for dtype in dtypes]


def remarks(report: Report) -> list[str]:
    """What has to be said beside the numbers, in sentences."""
    said = [
        f"{name} is left out: {module} is not installed."
        for name, module in report.not_installed.items()
    ]
    said += [
        f"{line.workload.name}, {line.dtype}: {name} is left out: {reason}."
        for line in report.lines
        for name, reason in line.left_out.items()
    ]
    said += [
        f"{line.workload.name}, {line.dtype}: {name} is no peer, its update is another: {how}."
        for line in report.lines
        for name, how in line.uncounted.items()
    ]
    if report.isa == "avx2":
        names = ", ".join(WITHOUT_A_SWITCH)
        said.append(f"Everything is held to AVX2, but for {names}, which has no switch.")
    return said


def duration(seconds: float) -> str:
    """Write a time with three digits and the unit that suits it."""
    size, unit = next((u for u in UNITS if seconds >= u[0]), UNITS[-1])
    return f"{seconds / size:.3g} {unit}"


def _table(report: Report, dtype: str) -> Table:
    table = Table(title=_title(report, dtype), caption=_caption(report, dtype))
    table.add_column("workload, candidate")
    for heading in ("time", "× ours", "of peak", "memory", "threads"):
        table.add_column(heading, justify="right")
    for line in report.lines:
        if line.dtype == dtype:
            _add_section(table, report, line)
    return table


def _add_section(table: Table, report: Report, line: Line) -> None:
    """A workload, and everybody who did it, fastest first."""
    table.add_row(f"[bold]{line.workload.name}[/]  {line.workload.title}", "", _ratio(line))
    for name in sorted(line.timings, key=lambda name: line.timings[name].median):
        style = "bold" if name == US else None
        table.add_row(f"  {name}", *_figures(report, line, name), style=style)
    table.add_section()


def _ratio(line: Line) -> str:
    return "" if line.ratio is None else f"[bold]{line.ratio:.2f}[/]"


def _figures(report: Report, line: Line, name: str) -> list[str]:
    """A candidate's time, its multiple of ours, share of peak, memory and threads."""
    timing = line.timings[name]
    counted = "" if timing.evaluations is None else f" ({timing.evaluations})"
    share = line.share_of_peak(name, report.peaks[line.dtype])
    ours = line.timings.get(US)
    return [
        duration(line.shown(name)) + counted,
        "" if ours is None else f"{timing.median / ours.median:.2f}",
        "" if share is None else f"{share:.0%}",
        "" if timing.memory is None else f"{timing.memory / 1e6:.0f} MB",
        str(timing.threads),
    ]


def _title(report: Report, dtype: str) -> str:
    held = "held to AVX2" if report.isa == "avx2" else "each with its best instructions"
    return f"{dtype}, {threads(report.threads)}, {held}; {report.machine['processor']}"


def threads(count: int) -> str:
    """Write a number of threads."""
    return f"{count} thread{'s' if count > 1 else ''}"


def _caption(report: Report, dtype: str) -> str:
    peak = f"{report.peaks[dtype] / 1e9:.0f} GFLOP/s, {report.peak_how}"
    races = any(line.workload.kind in ("race", "lbfgs") for line in report.lines)
    return (
        f"Medians. Beside a workload: the best peer's time divided by ours. Peak: {peak}. "
        "Memory: beyond the data." + (" (Evaluations of J and D.)" if races else "")
    )
