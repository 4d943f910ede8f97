"""One student's submission: texts of Python, and what is to be said of how they were read."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace

NUMBERED = re.compile(r"^(.*?)(?:-(\d+))?(\.\w+)$")  # Canvas calls a second version file-1.py


@dataclass(frozen=True)
class Source:
    """The text of one file; of a notebook what is left of its cells."""

    name: str  # relative, with forward slashes
    text: str
    from_notebook: bool = False

    def defines(self, name: str) -> bool:
        """Whether a name is given to something at the outermost level."""
        return name in defined_names(self.text)


@dataclass(frozen=True)
class Submission:
    """One student's submission.

    Parameters
    ----------
    student : str
        Who handed it in, as the folder or the file says it.
    sources : tuple of Source
        Every readable text.
    identifier : str
        The platform's number of the student, if there is one.
    late : bool
        Whether the platform says that it came late.
    problems : tuple of str
        What could not be read, and why.

    Examples
    --------
    >>> Submission("Ada", (Source("a.py", "def f(): pass"),)).main(("f",)).name
    'a.py'
    """

    student: str
    sources: tuple[Source, ...] = ()
    identifier: str = ""
    late: bool = False
    problems: tuple[str, ...] = ()

    def main(self, names: tuple[str, ...]) -> Source | None:
        """Return the source that defines most of some names; the latest version of it."""
        if not self.sources:
            return None
        defined = {source: defined_names(source.text) for source in self.sources}
        return max(self.sources, key=lambda s: (_count(names, defined[s]), _version(s.name)))

    def joined(self, other: Submission) -> Submission:
        """Return both parts of a submission that came in two folders."""
        return replace(
            self,
            sources=self.sources + other.sources,
            late=self.late or other.late,
            problems=self.problems + other.problems,
        )


def _count(names: tuple[str, ...], defined: list[str]) -> int:
    return sum(name in defined for name in names)


def _version(name: str) -> tuple[int, int, str]:
    """Order of a file: outer folders first, then the number that a platform gives a version."""
    found = NUMBERED.match(name)
    return -name.count("/"), int(found[2] or 0) if found else 0, name


def defined_names(text: str) -> list[str]:
    """Return what a text defines or assigns at its outermost level; nothing where it is no Python.

    Examples
    --------
    >>> defined_names("import numpy as np\\ndef f(): pass\\nm = 3")
    ['f', 'm']
    """
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    names: list[str] = []
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(statement.name)
        elif isinstance(statement, ast.Assign):
            names += [t.id for t in statement.targets if isinstance(t, ast.Name)]
    return names


def syntax_problem(source: Source) -> str | None:
    """Say where a text is no Python; None where it is."""
    try:
        ast.parse(source.text)
    except SyntaxError as error:
        return f"{source.name}, line {error.lineno}: {error.msg}."
    except (ValueError, RecursionError, MemoryError) as error:
        return f"{source.name} cannot be read as Python: {type(error).__name__}."
    return None
