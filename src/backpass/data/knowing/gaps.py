"""Words that people and programs write into a cell that is empty."""

from __future__ import annotations

from collections.abc import Iterable

from ..raw import Texts


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# No word of a language and no mark on a list of goods: a gap whatever the column holds.
SURE = _words(
    "? ?? ??? null (null) n/a #n/a #n/a! #na <na> nan -nan nat #value! #ref! #div/0! #num! #null! "
    "#name?"
)
# Beside numbers and dates these are gaps, too; among words they may be one of them: "none" of
# three garages, "NA" for Namibia, "-" for a blood group's sign.
BESIDE_NUMBERS = SURE | frozenset(
    {"na", "n.a.", "n.a", "n/d", "nd", "n.d.", "none", "nil", "null.", "void", "missing", "unknown"}
    | {"not available", "not applicable", "not reported", "no data", "k.a.", "k. a.", "tbd", "tba"}
    | {"keine angabe", "unbekannt", "fehlt", "undefined", "empty", "blank", "s/d", "-", "--"}
    | {"---", "–", "—", "−", ".", "..", "...", "…", "*", "/", "x.x", "_", "(missing)", "(blank)"}
    | {"0000-00-00", "0000-00-00 00:00:00", "00.00.0000", "00/00/0000"}
)


def gap_words(words: frozenset[str], na: Iterable[str]) -> frozenset[str]:
    """Return words for a gap, and those that somebody named beside them."""
    return words | {word.strip().casefold() for word in na}


def is_gap_word(text: str, words: frozenset[str]) -> bool:
    """Whether a cell's text stands for an empty cell; blanks do."""
    bare = text.strip()
    return not bare or bare.casefold() in words


def without_gaps(column: Texts, words: frozenset[str]) -> tuple[Texts, list[str]]:
    """Return a column in which words for a gap are gaps, and those words."""
    there = column.counts > 0
    present = column.vocabulary
    if not there.all():
        present = tuple(text for text, n in zip(present, there.tolist()) if n)
    longest = max(map(len, words), default=0)  # most texts are longer, and need no second look
    found = [
        text
        for text in present
        if (len(text) <= longest or text[0].isspace() or text[-1].isspace())
        and is_gap_word(text, words)
    ]
    if not found and len(present) == len(column.vocabulary):
        return column, []
    kept = set(present).difference(found)
    shorter = column.mapped(lambda text: text if text in kept else None)
    return shorter, [text.strip() for text in found if text.strip()]


def said(words: Iterable[str]) -> str:
    """Write which words are gaps, at the end of a reason."""
    quoted = [repr(word) for word in dict.fromkeys(words)]
    if not quoted:
        return ""
    if len(quoted) == 1:
        return f"; {quoted[0]} is a gap"
    shown = ", ".join(quoted[:3]) if len(quoted) > 3 else ", ".join(quoted[:-1])
    return f"; {shown} and {'others' if len(quoted) > 3 else quoted[-1]} are gaps"
