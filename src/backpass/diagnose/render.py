"""A diagnosis as text, for rich, and as HTML: the same rows in three coats."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

from .diagnosis import Diagnosis, Mistake

Row = tuple[str, str]  # (kind, text)


def headline(diagnosis: Diagnosis) -> str:
    """The result in one line."""
    what = " and ".join(diagnosis.returned) or "the function"
    if diagnosis.ok:
        if diagnosis.conventions:
            return f"Right: {what}, by a consistent convention of its own."
        return f"Right: {what}."
    if diagnosis.explanations:
        count = len(diagnosis.explanations[0])
        words = "1 mistake explains" if count == 1 else f"{count} mistakes explain"
        rest = ", but not all of it" if diagnosis.unexplained else ""
        return f"{words} what came back{rest}."
    if diagnosis.unexplained:
        return "Wrong, and unexplained: no mistake of the catalogue gives these numbers."
    if diagnosis.returned:
        return f"{what[0].upper()}{what[1:]}: right where there are numbers, but it also fails."
    return "The function could not be checked."


def rows(diagnosis: Diagnosis) -> Iterator[Row]:
    """Every line below the headline, with its kind."""
    for failure in diagnosis.failures:
        yield "failure", str(failure)
    yield from _mistakes(diagnosis)
    for convention in diagnosis.conventions:
        yield "convention", f"convention, not a mistake: {convention}"
    for sentence in diagnosis.unexplained:
        yield "unexplained", f"unexplained: {sentence}"
    if diagnosis.probes:
        yield "note", f"Called as {diagnosis.signature} on {', '.join(diagnosis.probes)}."


def _mistakes(diagnosis: Diagnosis) -> Iterator[Row]:
    """Mistakes that every explanation has, then the ties."""
    explanations = diagnosis.explanations
    if not explanations:
        return
    shared = [m for m in explanations[0] if all(m in other for other in explanations)]
    for number, mistake in enumerate(shared, start=1):
        yield from _mistake(f"{number}. ", mistake)
    if len(explanations) == 1:
        return
    most = max(5 // max(len(explanations[0]) - len(shared), 1), 2)
    word = f"{len(shared) + 1}. one of these, which no call can tell apart: "
    for explanation in explanations[:most]:
        rest = [m for m in explanation if m not in shared]
        yield "mistake", word + "; and ".join(map(str, rest))
        word = "   or: "


def _mistake(number: str, mistake: Mistake) -> Iterator[Row]:
    yield "mistake", f"{number}{mistake}"
    if mistake.wrong and mistake.wrong != mistake.what:
        yield "formula", f"   there: {mistake.wrong}"
    yield "formula", f"   right: {mistake.formula}"


def as_text(diagnosis: Diagnosis) -> str:
    """The diagnosis as plain text."""
    return "\n".join([headline(diagnosis), *(f"  {text}" for _, text in rows(diagnosis))])


_STYLES = {
    "failure": "bold red",
    "mistake": "bold yellow",
    "formula": "cyan",
    "convention": "green",
    "unexplained": "magenta",
    "note": "dim",
}


def as_rich(diagnosis: Diagnosis) -> Any:
    """The diagnosis for rich's console."""
    from rich.text import Text

    text = Text(headline(diagnosis), style="bold green" if diagnosis.ok else "bold red")
    for kind, line in rows(diagnosis):
        text.append(f"\n  {line}", style=_STYLES[kind])
    return text


# Text keeps the page's own ink, which reads on light and dark pages; colour is in the bar alone.
_FRAME = "border-left:4px solid {colour};padding:.2em 0 .2em .9em;margin:.6em 0"
_HTML_STYLES = {
    "failure": "margin-top:.4em",
    "mistake": "margin-top:.4em;font-weight:600",
    "formula": "margin-left:1.6em;font-family:ui-monospace,monospace",
    "convention": "margin-top:.4em",
    "unexplained": "margin-top:.4em",
    "note": "margin-top:.4em;font-size:.875em;opacity:.8",
}


def as_html(diagnosis: Diagnosis) -> str:
    """The diagnosis as HTML that needs nothing from the network and suits light and dark pages."""
    sign, colour = ("✓", "#1f9d4d") if diagnosis.ok else ("✗", "#e5484d")
    lines = "".join(
        f"<div style='{_HTML_STYLES[kind]}'>{html.escape(text.strip())}</div>"
        for kind, text in rows(diagnosis)
    )
    head = html.escape(headline(diagnosis))
    return (
        f"<div class='backpass-diagnosis' style='{_FRAME.format(colour=colour)}'>"
        f"<strong>{sign} {head}</strong>{lines}</div>"
    )
