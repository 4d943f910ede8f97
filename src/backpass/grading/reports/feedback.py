"""A student's page: what the points are for, and a hint as plain as the teacher wants it."""

from __future__ import annotations

from ..marking.marks import Mark, Part
from .escaping import as_html, as_markdown

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44em;margin:2em auto;padding:0 1em;"
    "color-scheme:light dark}table{border-collapse:collapse}td,th{padding:.2em 1em .2em 0;"
    "text-align:left}td.n{text-align:right;font-variant-numeric:tabular-nums}"
    ".hint{border-left:4px solid #1a80bb;padding:.2em 0 .2em .9em;white-space:pre-wrap}"
)


def markdown(mark: Mark, hint: str) -> str:
    """Return a student's feedback as Markdown."""
    lines = [f"# {as_markdown(mark.student)}: {points(mark.points)} of {points(mark.out_of)}", ""]
    lines += [as_markdown(mark.headline), "", "| part | points | of |", "|---|---:|---:|"]
    lines += [f"| {as_markdown(p.name)} | {points(p.points)} | {_out_of(p)} |" for p in mark.parts]
    if text := mark.hints.get(hint):
        lines += ["", "## Where to look", "", *_quoted(text)]
    for title, texts in (("Conventions", mark.conventions), ("How it was read", mark.notes)):
        if texts:
            lines += ["", f"## {title}", "", *(f"- {_bullet(text)}" for text in texts)]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> list[str]:
    return [f"> {line}" for line in as_markdown(text).split("\n")]


def _bullet(text: str) -> str:
    return as_markdown(" ".join(text.split()))


def page(mark: Mark, hint: str) -> str:
    """Return a student's feedback as a page that needs nothing from the network."""
    rows = "".join(
        f"<tr><td>{as_html(p.name)}<td class=n>{points(p.points)}<td class=n>{_out_of(p)}"
        for p in mark.parts
    )
    parts = [
        f"<h1>{as_html(mark.student)}: {points(mark.points)} of {points(mark.out_of)}</h1>",
        f"<p>{as_html(mark.headline)}</p>",
        f"<table><tr><th>part<th>points<th>of{rows}</table>",
    ]
    if text := mark.hints.get(hint):
        parts.append(f"<h2>Where to look</h2><div class=hint>{as_html(text)}</div>")
    for title, texts in (("Conventions", mark.conventions), ("How it was read", mark.notes)):
        if texts:
            items = "".join(f"<li>{as_html(text)}" for text in texts)
            parts.append(f"<h2>{title}</h2><ul>{items}</ul>")
    title = as_html(mark.student)
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>"
        f"<style>{STYLE}</style>{''.join(parts)}</html>\n"
    )


def points(value: float) -> str:
    """Write points without needless zeros.

    Examples
    --------
    >>> points(3.0), points(0.5), points(1 / 3)
    ('3', '0.5', '0.33')
    """
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _out_of(part: Part) -> str:
    return points(part.out_of) if part.out_of else ""
