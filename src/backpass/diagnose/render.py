"""A headline and the rows below it as text, for rich, and as HTML: one diagnosis in three forms."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

Row = tuple[str, str]  # (kind, text)


def as_text(headline: str, rows: Iterable[Row]) -> str:
    """The diagnosis as plain text."""
    return "\n".join([headline, *(f"  {text}" for _, text in rows)])


_STYLES = {
    "derivative": "bold",
    "failure": "bold red",
    "mistake": "bold yellow",
    "formula": "cyan",
    "convention": "green",
    "unexplained": "magenta",
    "note": "dim",
}


def as_rich(headline: str, rows: Iterable[Row], ok: bool) -> Text:
    """The diagnosis for rich's console."""
    from rich.text import Text

    text = Text(headline, style="bold green" if ok else "bold red")
    for kind, line in rows:
        text.append(f"\n  {line}", style=_STYLES[kind])
    return text


# Text keeps the page's own ink, which reads on light and dark pages; colour is in the bar alone.
_FRAME = "border-left:4px solid {colour};padding:.2em 0 .2em .9em;margin:.6em 0"
_HTML_STYLES = {
    "derivative": "margin-top:.4em",
    "failure": "margin-top:.4em",
    "mistake": "margin-top:.4em;font-weight:600",
    "formula": "margin-left:1.6em;font-family:ui-monospace,monospace",
    "convention": "margin-top:.4em",
    "unexplained": "margin-top:.4em",
    "note": "margin-top:.4em;font-size:.875em;opacity:.8",
}


def as_html(headline: str, rows: Iterable[Row], ok: bool) -> str:
    """The diagnosis as HTML that needs nothing from the network and suits light and dark pages."""
    sign, colour = ("✓", "#1f9d4d") if ok else ("✗", "#e5484d")
    lines = "".join(
        f"<div style='{_HTML_STYLES[kind]}'>{html.escape(text.strip())}</div>"
        for kind, text in rows
    )
    return (
        f"<div class='backpass-diagnosis' style='{_FRAME.format(colour=colour)}'>"
        f"<strong>{sign} {html.escape(headline)}</strong>{lines}</div>"
    )
