"""The measured parts of the documentation's pages: what stands between two marks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
DOCS = ROOT / "docs"
BEGIN, END = ".. measured: begin", ".. measured: end"


def replace_measured(page: Path, lines: Sequence[str]) -> None:
    """Put lines between a page's marks."""
    before, rest = page.read_text("utf-8").split(BEGIN)
    text = "\n".join([BEGIN, "", *lines, END])
    page.write_text(before + text + rest.split(END)[1], "utf-8")


def section(heading: str, lines: Sequence[str]) -> list[str]:
    """Lines under a heading."""
    return [heading, "-" * len(heading), "", *lines, ""]


def list_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """A table; its first row is the heading."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in rows:
        lines += [f"   {'* -' if k == 0 else '  -'} {cell}" for k, cell in enumerate(row)]
    return [*lines, ""]
