"""Text that somebody else wrote, on its way into a terminal, a page or a table.

Control characters can move a terminal's cursor or turn the direction of a line; a cell that begins
with = is a formula to a spreadsheet; < and * mean something in HTML and Markdown.
"""

from __future__ import annotations

import html
import re
import unicodedata

MOST = 4000  # characters of one text
FORMULA = ("=", "+", "-", "@", "\t", "\r")
MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|>~])")


def visible(text: str, most: int = MOST) -> str:
    """Return a text in which every character can be seen, and none does anything.

    Line ends stay; everything that steers becomes its number.

    Examples
    --------
    >>> visible("a\\x1b[31mred\\u202e")
    'a\\\\x1b[31mred\\\\u202e'
    """
    cut = text if len(text) <= most else f"{text[: most - 1]}…"
    return "".join(letter if _is_seen(letter) else _number(letter) for letter in cut)


def _is_seen(letter: str) -> bool:
    return letter == "\n" or unicodedata.category(letter) not in (
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Zl",
        "Zp",
    )


def _number(letter: str) -> str:
    code = ord(letter)
    return (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 1 << 16 else f"\\U{code:08x}"
    )


def one_line(text: str, most: int = 300) -> str:
    """Return a text on one line."""
    return visible(" ".join(text.split()), most)


def csv_cell(value: object) -> object:
    """Return a value for a cell of CSV: a text that would be a formula gets an apostrophe.

    Examples
    --------
    >>> csv_cell("=HYPERLINK(1)"), csv_cell(-1.5)
    ("'=HYPERLINK(1)", -1.5)
    """
    if not isinstance(value, str):
        return value
    text = one_line(value, MOST)
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text


def as_html(text: str) -> str:
    """Return a text for a page."""
    return html.escape(visible(text))


def as_markdown(text: str) -> str:
    """Return a text for Markdown, in which HTML means something as well.

    Examples
    --------
    >>> as_markdown("W1*x <b>")
    'W1\\\\*x &lt;b&gt;'
    """
    return MARKDOWN.sub(r"\\\1", html.escape(visible(text), quote=False))
