"""Text on terminals and pipes that cannot hold every letter: the notes' symbols get names.

A Greek letter becomes its name, a raised number ``^2`` or ``^(2)``; whatever has no such form
becomes a question mark. So nothing that is shown to people ends in an encoding's error.
"""

from __future__ import annotations

import codecs
import re
import sys
import unicodedata

import click

from .command import CommandError

HANDLER = "backpass.terminal"
NAMES = {
    "λ": "lambda", "δ": "delta", "Δ": "Delta", "Θ": "Theta", "θ": "theta", "ε": "eps", "α": "alpha",
    "β": "beta", "∂": "d", "Σ": "sum ", "∑": "sum ", "√": "sqrt", "·": ".", "×": "x", "⊙": ".*",
    "−": "-", "–": "-", "—": "-", "…": "...", "′": "'", "≈": "~", "≤": "<=", "≥": ">=", "≠": "!=",
    "→": "->", "←": "<-", "↔": "<->", "‖": "||", "∞": "inf", "σ": "sigma", "ᵀ": "'", "‘": "'",
    "’": "'", "“": '"', "”": '"', "½": "1/2", "ₑ": "_e", "•": "*", "✓": "ok", "✗": "x",
}  # fmt: skip
RAISED = re.compile("(⁽?)([⁰¹²³⁴⁵⁶⁷⁸⁹]+)(⁾?)")


def use_plain_letters() -> None:
    """Let standard output and standard error replace what they cannot encode."""
    codecs.register_error(HANDLER, _replaced)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=HANDLER)


def echo_data(text: str) -> None:
    """Write data to standard output, to the last letter, or say which letter it cannot hold."""
    encoding = codecs.lookup(getattr(sys.stdout, "encoding", None) or "utf-8").name
    if encoding == "ascii":  # is what a stream says whose encoding nobody has set
        click.echo(text.encode(), nl=False)
        return
    try:
        text.encode(encoding)
    except UnicodeEncodeError as error:
        raise CommandError(
            f"Standard output is {encoding}, which has no {text[error.start]!a}; --out FILE writes "
            "UTF-8."
        ) from None
    click.echo(text, nl=False, file=sys.stdout)


def plain_letters(text: str) -> str:
    """Write a text in ASCII."""
    text = RAISED.sub(r"^\1\2\3", text)
    return "".join(letter if letter.isascii() else _plain(letter) for letter in text)


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """Codecs' error handler: the text instead, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return plain_letters(error.object[error.start : error.end]), error.end


def _plain(letter: str) -> str:
    if letter in NAMES:
        return NAMES[letter]
    known = unicodedata.normalize("NFKD", letter)
    return "".join(part for part in known if part.isascii()) or "?"
