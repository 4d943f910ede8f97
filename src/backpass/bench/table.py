"""The report as a table for the terminal."""

from __future__ import annotations

from rich.table import Table

from .environment import WITHOUT_A_SWITCH
from .results import ALONE, US, Line, Report

SETS = {"v2": "SSE4.2", "v3": "AVX2", "v4": "AVX-512", "neon": "NEON"}
OF_PEAK = "Counted are the products of matrices alone, of sparse rows with their entries."
UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def tables(report: Report) -> list[Table]:
    """One table for each dtype: by workload, everybody's time, share of peak and memory.

    Then one for each dtype of backpass's shares of peak, with one thread and with all.
    """
    dtypes = list(dict.fromkeys(line.dtype for line in report.lines))
    shares = [_shares(report, dtype) for dtype in dtypes if _has_both(report, dtype)]
    return [_table(report, dtype) for dtype in dtypes] + shares


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
    ours = line.timings.get(US)
    return [
        duration(line.shown(name)) + counted,
        "" if ours is None else f"{timing.median / ours.median:.2f}",
        percent(report.share_of_peak(line, name)),
        "" if timing.memory is None else f"{timing.memory / 1e6:.0f} MB",
        str(timing.threads),
    ]


def _title(report: Report, dtype: str) -> str:
    return f"{dtype}, {threads(report.threads)}, {described_set(report)}; {_processor(report)}"


def _processor(report: Report) -> str:
    return report.machine["processor"]


def described_set(report: Report) -> str:
    """Which instructions everybody uses, and which backpass."""
    held = "held to AVX2" if report.isa == "avx2" else "each with its best instructions"
    name = report.instruction_set
    return f"{held} (backpass: {name}, {SETS.get(name, name)})" if name else held


def percent(share: float | None) -> str:
    """Write a share."""
    return "" if share is None else f"{share:.0%}"


def _has_both(report: Report, dtype: str) -> bool:
    """Whether it was measured with one thread, and with more."""
    return report.threads > 1 and dtype in report.one_thread_peaks


def _shares(report: Report, dtype: str) -> Table:
    """Which share of the multiply-adds that are possible backpass's matrix products reach."""
    table = Table(
        title=f"backpass's share of peak, {dtype}, {described_set(report)}; {_processor(report)}",
        caption=f"Peak: {report.peak_how}. {OF_PEAK}",
    )
    table.add_column("workload")
    peaks = {1: report.one_thread_peaks[dtype], report.threads: report.peaks[dtype]}
    for count, peak in peaks.items():
        table.add_column(f"{threads(count)} of {peak / 1e9:.0f} GFLOP/s", justify="right")
    for line in report.lines:
        shares = [percent(report.share_of_peak(line, name)) for name in (ALONE, US)]
        if line.dtype == dtype and any(shares):
            table.add_row(f"[bold]{line.workload.name}[/]  {line.workload.title}", *shares)
    return table


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
