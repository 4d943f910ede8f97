"""Has a ratio to a peer fallen since it was last committed?

    backpass bench --quick --json > bench.json
    python benchmarks/ratios.py bench.json           a table in Markdown, for the job's summary
    python benchmarks/ratios.py bench.json --write   make these the committed ratios

Held against the peer that was the best when the ratios were committed, so that nothing is called a
fall because another peer was installed. A ratio is far steadier than a time, and yet goes with the
processor: the table says where both were measured.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from backpass.bench import Line, Report

COMMITTED = Path(__file__).resolve().parent / "results" / "ratios.json"
FALL = 0.15  # of the committed ratio
US = "backpass"


@dataclass(frozen=True)
class Ratio:
    """A peer's time divided by ours, in one workload and dtype."""

    peer: str
    ratio: float


@dataclass(frozen=True)
class Ratios:
    """One run's, and the processor that they were measured on."""

    processor: str
    threads: int
    by_line: dict[str, Ratio]

    @classmethod
    def best_peers(cls, report: Report) -> Ratios:
        """The ratio of every line that has a peer."""
        found = {
            key(line): Ratio(line.best_peer, round(line.ratio, 3))
            for line in report.lines
            if line.best_peer is not None and line.ratio is not None
        }
        return cls(report.machine["processor"], report.threads, found)

    def to_json(self) -> str:
        """For ``from_json``; a line a number, for small diffs."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Ratios:
        """Read what ``to_json`` wrote."""
        whole = json.loads(text)
        by_line = {name: Ratio(**ratio) for name, ratio in whole.pop("by_line").items()}
        return cls(by_line=by_line, **whole)


def key(line: Line) -> str:
    """What a line is called in the committed file."""
    return f"{line.workload.name}, {line.dtype}"


def now(line: Line, peer: str) -> float | None:
    """The ratio to that peer, where both ran."""
    if not {peer, US} <= line.timings.keys():
        return None
    return line.timings[peer].median / line.timings[US].median


def fallen(then: float, today: float) -> bool:
    """By more than FALL."""
    return today < (1 - FALL) * then


def table(report: Report, committed: Ratios) -> list[str]:
    """Each line beside what is committed, in Markdown."""
    rows = ["| workload | peer | committed | now | |", "|---|---|---:|---:|---|"]
    lines = {key(line): line for line in report.lines}
    for name, ratio in committed.by_line.items():
        today = now(lines[name], ratio.peer) if name in lines else None
        said, word = ("–", "not measured") if today is None else (f"{today:.2f}", "")
        if today is not None and fallen(ratio.ratio, today):
            word = f"**fallen by {1 - today / ratio.ratio:.0%}**"
        rows.append(f"| {name} | {ratio.peer} | {ratio.ratio:.2f} | {said} | {word} |")
    return rows


def summary(report: Report, committed: Ratios) -> str:
    """How many have fallen, the table, and where it was measured."""
    rows = table(report, committed)
    falls = sum("fallen" in row for row in rows)
    said = f"⚠️ {falls} of the ratios have" if falls else "No ratio has"
    here = f"{report.machine['processor']}, {report.threads} threads"
    there = f"{committed.processor}, {committed.threads} threads"
    head = f"{said} fallen by more than {FALL:.0%}."
    place = f"Measured on {here}; committed from {there}."
    return "\n".join([head, "", *rows, "", place])


def main() -> None:
    """Compare, or commit."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("report", type=Path, help="what `backpass bench --json` printed")
    parser.add_argument("--write", action="store_true", help="make these the committed ratios")
    said = parser.parse_args()
    report = Report.from_json(said.report.read_text("utf-8"))
    if said.write:
        COMMITTED.write_text(Ratios.best_peers(report).to_json(), "utf-8")
    print(summary(report, Ratios.from_json(COMMITTED.read_text("utf-8"))))


if __name__ == "__main__":
    main()
