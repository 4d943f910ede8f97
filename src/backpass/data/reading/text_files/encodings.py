"""How a text file's letters are stored, and the same text as UTF-8.

First a byte order mark, then strict UTF-8 over the whole file, then UTF-16 by its zero bytes, then
Windows-1252, which is Latin-1 with signs where that has none. A detector is asked where that fails
or would give rows of accented letters: it takes short Latin-1 for Central European. Whatever is not
UTF-8 is said, with a word that shows it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ....errors import InvalidInput
from ....extras import optional

CHUNK = 1 << 20
FIRST_BEYOND_ASCII = 128
HEAD = 1 << 12  # bytes in which zeros are counted
FAR = 4  # letters beyond ASCII in a row, which no language of Windows-1252 has
# The longer marks first: that of UTF-32 begins as that of UTF-16 does.
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
FAR_FROM_LATIN = (  # of which the detector chooses; it takes Cyrillic for an old Macintosh's else
    *("cp1251", "koi8_r", "iso8859_5", "cp1253", "cp1255", "cp1256"),
    *("gb18030", "big5", "cp932", "euc_jp", "cp949"),
)
NAMES = {"cp1252": "Windows-1252 (Latin-1)", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}


@dataclass(frozen=True, eq=False)
class Text:
    """A text in UTF-8 without a mark, and a note where it was stored in another way."""

    data: memoryview
    note: str | None = None


def as_utf8(data: bytes | memoryview, encoding: str | None = None) -> Text:
    """Find out how a text is stored, and return it as UTF-8.

    Parameters
    ----------
    data : bytes-like
        The whole file.
    encoding : str, optional
        How it is stored, where that is known.

    Raises
    ------
    InvalidInput
        If the bytes are no text, or none in the encoding.

    Examples
    --------
    >>> text = as_utf8("Höhe,97".encode("latin-1"))
    >>> bytes(text.data).decode(), text.note
    ('Höhe,97', "It is no UTF-8; it was read as Windows-1252 (Latin-1), as in 'Höhe'.")
    """
    view = memoryview(data).cast("B")
    start, marked = _mark(bytes(view[:4]))
    view = view[start:]
    known = encoding or marked
    if known is not None and _is_utf8(known):
        return _checked(view, known)
    if known is None and not _zeros(view) and _first_invalid(_without_zeros(view)) is None:
        return Text(view)
    name = known or _guess(view)
    text = _transcoded(view, name)
    return Text(_without_zeros(memoryview(text)), None if encoding else _note(name, text))


def in_utf8(data: memoryview) -> memoryview | None:
    """Return a text without its mark where it is UTF-8 as it is stored, None where it is not."""
    start, marked = _mark(bytes(data[:4]))
    if marked not in (None, "utf-8") or _zeros(data[start:]):
        return None
    view = _without_zeros(data[start:])
    return view if _first_invalid(view) is None else None


def _mark(head: bytes) -> tuple[int, str | None]:
    for mark, name in MARKS.items():
        if head.startswith(mark):
            return len(mark), name
    return 0, None


def _is_utf8(name: str) -> bool:
    try:
        return codecs.lookup(name).name in ("utf-8", "utf-8-sig")
    except LookupError:
        raise InvalidInput(f"There is no encoding {name!r}; try 'utf-8' or 'cp1252'.") from None


def _checked(view: memoryview, name: str) -> Text:
    """Return UTF-8 that says that it is; an invalid byte is an error."""
    place = _first_invalid(view)
    if place is not None:
        raise InvalidInput(f"It is no {name.upper()}: its byte {place} belongs to no letter.")
    return Text(_without_zeros(view))


def _chunks(view: memoryview) -> Iterator[memoryview]:
    return (view[start : start + CHUNK] for start in range(0, len(view), CHUNK))


def _first_invalid(view: memoryview) -> int | None:
    """Where strict UTF-8 ends, None if nowhere."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    done = waiting = 0
    try:
        for chunk in _chunks(view):
            if waiting or np.frombuffer(chunk, np.uint8).max() >= FIRST_BEYOND_ASCII:
                decoder.decode(chunk)
            done, waiting = done + len(chunk), len(decoder.getstate()[0])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return done - waiting + error.start
    return None


def _without_zeros(view: memoryview) -> memoryview:
    """Refuse what is no text: numbers and programs have zero bytes."""
    if any(np.frombuffer(chunk, np.uint8).min() == 0 for chunk in _chunks(view)):
        raise InvalidInput("It has zero bytes, so it is no text file; is its ending right?")
    return view


def _zeros(view: memoryview) -> str | None:
    """The UTF-16 whose zero bytes these are: every second byte of Western text is one."""
    head = bytes(view[:HEAD])
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) < 0.2 * len(head) or len(view) % 2:
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


def _guess(view: memoryview) -> str:
    zeros = _zeros(view)
    if zeros is not None:
        return zeros
    try:
        for chunk in _chunks(view):
            bytes(chunk).decode("cp1252")
    except UnicodeDecodeError:
        return _detected(view)
    return (_is_far_from_latin(view) and _best(view, FAR_FROM_LATIN)) or "cp1252"


def _is_far_from_latin(view: memoryview) -> bool:
    """Whether most letters beyond ASCII stand side by side, as of Cyrillic, Greek or Chinese."""
    runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", bytes(view[:CHUNK]))]
    return 2 * sum(run for run in runs if run >= FAR) > sum(runs)


def _detected(view: memoryview) -> str:
    best = _best(view)
    if best is None:
        raise InvalidInput("Its bytes are no text in any known encoding; name it with encoding.")
    return best


def _best(view: memoryview, among: Sequence[str] = ()) -> str | None:
    """Ask charset-normalizer, which compares the letters with those of languages."""
    detector = optional("charset_normalizer", "A text that is neither UTF-8 nor Windows-1252")
    best = detector.from_bytes(bytes(view[:CHUNK]), cp_isolation=[*among]).best()
    return best and str(best.encoding)


def _transcoded(view: memoryview, name: str) -> bytes:
    decoder = codecs.getincrementaldecoder(name)()
    try:
        parts = [decoder.decode(bytes(chunk)).encode() for chunk in _chunks(view)]
        parts.append(decoder.decode(b"", final=True).encode())
    except UnicodeError:
        raise InvalidInput(f"Its text cannot be read as {_name(name)}.") from None
    return b"".join(parts)


def _name(encoding: str) -> str:
    return NAMES.get(encoding, encoding)


def _note(name: str, text: bytes) -> str:
    """Say what was guessed, with the first word that is not ASCII."""
    words = re.search(rb"[^\x00-\x2c\x3b-\x3f|]{0,30}[\x80-\xff][^\x00-\x2c\x3b-\x3f|]{0,30}", text)
    shown = "" if words is None else f", as in {words[0].decode(errors='ignore')!r}"
    return f"It is no UTF-8; it was read as {_name(name)}{shown}."
