"""The text of a Python file from its bytes, in whatever encoding it says."""

from __future__ import annotations

import io
import tokenize

MAX_BYTES = 2 << 20


class Unreadable(Exception):
    """A file that is not read; the message is a sentence."""


def python_text(name: str, data: bytes) -> str:
    """Decode a Python file; one without a word on its encoding is UTF-8, or else Latin-1.

    Raises
    ------
    Unreadable
        If it is too long, or has bytes that no text has.
    """
    if len(data) > MAX_BYTES:
        raise Unreadable(f"{name} has more than {MAX_BYTES >> 20} MB and is not read.")
    if b"\0" in data:
        raise Unreadable(f"{name} has zero bytes and is no text.")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")
