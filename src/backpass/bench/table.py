"""The report as a table for the terminal."""

from __future__ import annotations

from rich.table import Table

from .environment import WITHOUT_A_SWITCH
from .results import US, Line, Report

UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def tables(report: Report) -> list[Table]:
    """One table for each dtype: times, ratio to the best peer, share of peak, memory."""
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
    if report.isa == "avx2":
        names = ", ".join(WITHOUT_A_SWITCH)
        said.append(f"Everything is held to AVX2, but for {names}, which has no switch.")
    return said


def duration(seconds: float) -> str:
    """Write a time with three digits and the unit that suits it."""
    size, unit = next((u for u in UNITS if seconds >= u[0]), UNITS[-1])
    return f"{seconds / size:.3g} {unit}"


def _table(report: Report, dtype: str) -> Table:
    lines = [line for line in report.lines if line.dtype == dtype]
    names = list(dict.fromkeys(name for line in lines for name in line.timings))
    table = Table(title=_title(report, dtype), caption=_caption(report, dtype))
    table.add_column("workload")
    for name in names:
        table.add_column(name, justify="right", style="bold" if name == US else None)
    for heading in ("× best peer", "of peak", "memory"):
        table.add_column(heading, justify="right")
    for line in lines:
        cells = [_cell(line, name) for name in names]
        table.add_row(
            f"{line.workload.name}  {line.workload.title}", *cells, *_figures(report, line)
        )
    return table


def _cell(line: Line, name: str) -> str:
    """A candidate's time, with its evaluations in a race."""
    if name not in line.timings:
        return ""
    evaluations = line.timings[name].evaluations
    counted = "" if evaluations is None else f" ({evaluations})"
    return duration(line.shown(name)) + counted


def _figures(report: Report, line: Line) -> tuple[str, str, str]:
    """Our ratio, share of peak and memory."""
    ratio = "" if line.ratio is None else f"{line.ratio:.2f} {line.best_peer}"
    if US not in line.timings:
        return ratio, "", ""
    memory = line.timings[US].memory
    share = line.share_of_peak(US, report.peaks[line.dtype])
    return (
        ratio,
        "" if share is None else f"{share:.0%}",
        "" if memory is None else f"{memory / 1e6:.0f} MB",
    )


def _title(report: Report, dtype: str) -> str:
    held = "held to AVX2" if report.isa == "avx2" else "each with its best instructions"
    return f"{dtype}, {threads(report.threads)}, {held}; {report.machine['processor']}"


def threads(count: int) -> str:
    """Write a number of threads."""
    return f"{count} thread{'s' if count > 1 else ''}"


def _caption(report: Report, dtype: str) -> str:
    peak = f"{report.peaks[dtype] / 1e9:.0f} GFLOP/s, {report.peak_how}"
    return f"Medians. × best peer: its time by ours. Peak: {peak}. Memory: ours, beyond the data."
