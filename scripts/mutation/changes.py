"""A mutant: one small change of a source, with the words by which a list can name it."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One replacement in one file.

    ``start`` and ``end`` count bytes of the UTF-8 text, as ``ast`` does; ``where`` is the function
    or the file in which the change lies.
    """

    path: str
    where: str
    kind: str
    start: int
    end: int
    replacement: str

    def applied(self, source: str) -> str:
        """The file's text with the change made."""
        text = source.encode()
        return (text[: self.start] + self.replacement.encode() + text[self.end :]).decode()

    def lines(self, source: str) -> tuple[str, str]:
        """What stood there and what stands there now: whole lines without their indentation."""
        old, new = source.splitlines(), self.applied(source).splitlines()
        blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        changed = [block for block in blocks if block[0] != "equal"]
        before = [line.strip() for _, i, j, _, _ in changed for line in old[i:j]]
        after = [line.strip() for _, _, _, i, j in changed for line in new[i:j]]
        return "\n".join(before), "\n".join(after)

    def diff(self, source: str) -> str:
        """The change as a unified diff with one line around it."""
        parts = difflib.unified_diff(
            source.splitlines(),
            self.applied(source).splitlines(),
            self.path,
            self.path,
            "",
            "",
            1,
            "",
        )
        return "\n".join(parts)


@dataclass(frozen=True)
class Key:
    """The name of a mutant that stays the same while lines come and go elsewhere in the file."""

    path: str
    where: str
    before: str
    after: str

    def rank(self, seed: int) -> str:
        """A number by which the mutants of a module are drawn: random, and fixed by the seed."""
        words = "\0".join((str(seed), self.path, self.where, self.before, self.after))
        return hashlib.sha256(words.encode()).hexdigest()


def key(mutant: Mutant, source: str) -> Key:
    """The name of the mutant of this source."""
    return Key(mutant.path, mutant.where, *mutant.lines(source))
