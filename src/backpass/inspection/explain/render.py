"""An explanation in LaTeX, in rich's console and as HTML, from lines and names alone."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.panel import Panel

# A grid, because superscripts have no fixed width that spaces could line up with.
_GRID = (
    "display:grid;grid-template-columns:max-content 1fr;column-gap:.6em;margin:.4em 0;"
    "font-family:ui-monospace,monospace;overflow-wrap:anywhere"
)
_SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


def as_aligned(rows: Iterable[str]) -> str:
    """LaTeX's ``aligned``, a row each."""
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def numbers_in_latex(numbers: str) -> str:
    """A line of numbers in LaTeX: products, and what is said in words or named upright."""
    if "∂" in numbers:
        return rf"\text{{{text_in_latex(numbers)}}}".replace("∂", r"$\partial$")
    named = re.sub(
        r"([a-z_]+)(′?)(?=\()",
        lambda m: rf"\mathrm{{{text_in_latex(m[1])}}}{m[2] and chr(39)}",
        numbers,
    )
    worded = re.sub(r"\(\d+ more terms\)", lambda m: rf"\text{{{m[0]}}}", named)
    return worded.replace("·", r" \cdot ").replace("…", r"\dots ")


def text_in_latex(name: str) -> str:
    """A column's name within LaTeX's text."""
    return "".join(_SPECIAL.get(c, f"\\{c}" if c in "#$%&_{}" else c) for c in name)


def as_panel(title: str, body: str, footer: str) -> Panel:
    """A panel for rich's console."""
    from rich.panel import Panel
    from rich.text import Text

    text = Text(body)
    if footer:
        text.append("\n\nmade of: " + footer, style="dim")
    return Panel(text, title=title, expand=False)


def as_grid(name: str, lines: Iterable[str]) -> str:
    """The name on the left, its formula, numbers and value below each other on the right."""
    right = "<br>".join(map(html.escape, lines))
    return f"<div style='{_GRID}'><span>{html.escape(name)}</span><span>{right}</span></div>"


def with_folded(grid: str, parts: Sequence[tuple[str, str]]) -> str:
    """A grid, and below it each part's own HTML, folded under its summary."""
    folded = "".join(
        f"<details><summary>{html.escape(summary)}</summary>{inside}</details>"
        for summary, inside in parts
    )
    return f"<div>{grid}<div style='margin-left:1.5em'>{folded}</div></div>"
