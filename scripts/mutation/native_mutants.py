"""Small changes of the C++ core, token by token; the compiler says which of them are programs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from changes import Mutant

# What is no code, or is code whose change no test can see or survive.
SKIPPED = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])+'"
    r"|^[ \t]*#(?:[^\n\\]|\\\n|\\.)*|\btemplate\s*<[^{;()]*?>\s*(?=\n)|\bstatic_assert\s*\([^;]*;"
    r"|\b(?:using|namespace|typedef)\b[^;{]*[;{]|__attribute__\s*\(\(.*?\)\)|->|<<=?|>>=?|&&\w+\)|\.\.\.",
    re.DOTALL | re.MULTILINE,
)
# What decides how fast an answer comes, and never which: sizes of tiles and blocks, how many
# threads are worth their while, what is asked for from memory ahead of time, compilers' hints.
SIZES = (
    "OUTPUT_PANELS_AT_ONCE|PREFETCH_ROWS|UNROLL|LARGE_PAGE|MAX_PARALLEL_BYTES|WORKSPACE_BYTES|PREDICT_BLOCK"
    "|BLOCK_ROWS|BLOCK|MAX_CHUNKS|MIN_BLOCKS|FACTORS_PER_LOG|CHUNK|DRAWS"
)
NESTED = r"\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\)"  # parentheses, four deep
ONLY_SPEED = re.compile(  # after SKIPPED, which leaves \x01\x01 of an arrow
    rf"\b(?:{SIZES}) = [^,;]*|\bstruct (?:TileShape|DeltaShape) \{{.*?^\}};"
    rf"|\b(?:threads_for|alignas){NESTED}"
    r"|\b(?:madvise|keep_in_register|make_opaque|issue|__builtin_prefetch)\([^;]*;"
    r"|\b(?:\w\.)?prefetch(?:es|_offset|\x01\x01\w+)? = [^;]*;"
    r"|\b(?:multiply_adds_of_step|prefetch_rows|share_of_prefetch)\([^;{}]*\{.*?^\}",
    re.DOTALL | re.MULTILINE,
)
SPACED = {  # the style writes spaces around operators of two sides, and none in templates
    " < ": " <= ",
    " <= ": " < ",
    " > ": " >= ",
    " >= ": " > ",
    " == ": " != ",
    " != ": " == ",
    " + ": " - ",
    " - ": " + ",
    " * ": " / ",
    " / ": " * ",
    " % ": " / ",
    " += ": " -= ",
    " -= ": " += ",
    " *= ": " /= ",
    " && ": " || ",
    " || ": " && ",
}
WORDS = {"true": "false", "false": "true", "min": "max", "max": "min"}
TOKEN = re.compile(
    r"(?P<spaced>"
    + "|".join(re.escape(word) for word in sorted(SPACED, key=len, reverse=True))
    + r")"
    r"|\b(?P<word>" + "|".join(WORDS) + r")\b"
    r"|(?<![\w.])(?P<number>\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)(?![\w.])"
    r"|(?<=\n)(?P<statement>[ \t]++(?!return|const|auto|using|case|default|static|void|bool|double"
    r"|size_t|int|[A-Z]\w*\*? \w)"
    r"[\w:\->.\[\]* ]+(?:\(| [-+*/]?= )[^;{}\n]*;)(?=\n)"
    r"|(?<=if \()(?P<condition>[^()\n]+)(?=\))"
)


def blanked(source: str) -> str:
    """The source with every skipped part turned into as many characters that match nothing."""

    def blank(part: re.Match) -> str:
        return re.sub(r"[^\n]", "\x01", part[0])

    return ONLY_SPEED.sub(blank, SKIPPED.sub(blank, source))


def replacements(kind: str, word: str) -> Iterator[str]:
    """What may stand in a token's place."""
    if kind == "spaced":
        yield SPACED[word]
    elif kind == "word":
        yield WORDS[word]
    elif kind == "statement":
        yield re.match(r"[ \t]*", word)[0] + ";"
    elif kind == "condition":
        yield f"!({word})"
    elif re.fullmatch(r"\d+", word):
        yield str(
            int(word) + 1 if int(word) < 100 else 2 * int(word)
        )  # one in a million is nothing
    else:
        yield repr(float(word) * 2 if float(word) else 1.0)


def native_mutants(source: str, path: str) -> Iterator[Mutant]:
    """Every change of a C++ source; many do not compile, and those are not counted."""
    text, at = blanked(source), 0
    where = path.rsplit("/", 1)[-1]
    while found := TOKEN.search(text, at):
        kind = found.lastgroup
        start, end = found.span(kind)
        for new in replacements(kind, source[start:end]):
            first = len(source[:start].encode())
            last = first + len(source[start:end].encode())
            yield Mutant(path, where, kind, first, last, new)
        at = start + 1
