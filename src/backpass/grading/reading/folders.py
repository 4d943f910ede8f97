"""Submissions of a class: every file of some folders and zips, put together by student."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ...errors import InvalidInput
from .archives import WANTED, Member, zip_members
from .notebooks import notebook_text
from .platforms import is_from_a_platform, owner_of
from .submission import Source, Submission
from .texts import Unreadable, python_text

MAX_FILE = 100 << 20  # bytes of a file on the disk; a zip of a whole class may be large
MAX_SOURCES = 200


def find_submissions(paths: Sequence[str | Path]) -> list[Submission]:
    """Read the submissions in some folders and files, in the order of the students' names.

    Parameters
    ----------
    paths : sequence of str or Path
        Each a folder with a submission a file or a folder, a single submission's file, or a zip:
        of one submission, or of a class as Moodle and Canvas make it.

    Returns
    -------
    list of Submission
        One for each student, with what could not be read and why.

    Raises
    ------
    InvalidInput
        If a path is not there, or nothing is in any of them.
    """
    found = [submission for path in paths for submission in _in(Path(path))]
    if not found:
        raise InvalidInput(f"There are no submissions (.py, .ipynb, .zip) in {paths[0]}.")
    return _told_apart(sorted(found, key=lambda each: (each.student.casefold(), each.identifier)))


def one_submission(path: str | Path) -> Submission:
    """Read one submission: a file, or a folder with all of its files.

    Raises
    ------
    InvalidInput
        If it is not there.
    """
    path = Path(path)
    if not path.exists():
        raise InvalidInput(f"There is no file or folder {str(path)!r}.")
    members = _files(path) if path.is_dir() else iter([(path.name, path.read_bytes())])
    whole = Submission(path.stem)
    for name, data in members:
        whole = whole.joined(_read(Submission(""), name, data))
    return _cut(whole)


def _in(path: Path) -> list[Submission]:
    if path.is_dir():
        return _by_student(_files(path))
    if not path.is_file():
        raise InvalidInput(f"There is no file or folder {str(path)!r}.")
    if not path.name.lower().endswith(WANTED):
        raise InvalidInput(f"{path} is no submission; .py, .ipynb and .zip are read.")
    data = path.read_bytes()
    if path.suffix.lower() == ".zip" and (members := _of_a_class(path.name, data)):
        return _by_student(members)
    return _by_student([(path.name, data)])


def _of_a_class(name: str, data: bytes) -> list[Member]:
    """A zip's members where a platform has named them all."""
    try:
        members = list(zip_members(name, data))
    except Unreadable:
        return []
    return members if all(is_from_a_platform(inner) for inner, _ in members) else []


def _files(folder: Path) -> Iterator[Member]:
    """Every file of a folder that may be Python; a link or a pipe is none."""
    for parent, names, files in os.walk(folder):
        names[:] = sorted(n for n in names if n[0] not in "._" and not Path(parent, n).is_symlink())
        for name in sorted(files):
            path = Path(parent, name)
            wanted = name.lower().endswith(WANTED) and name[0] != "."
            if wanted and stat.S_ISREG(path.lstat().st_mode):
                with path.open("rb") as file:
                    yield path.relative_to(folder).as_posix(), file.read(MAX_FILE)


Owned = tuple[Submission, str]


def _owned(name: str) -> Owned:
    """The empty submission that a file belongs to, and the file's name in it."""
    owner, inner, late = owner_of(name)
    return Submission(owner.student, (), owner.identifier, late), inner


def _by_student(members: Iterable[Member]) -> list[Submission]:
    found: dict[tuple[str, str], Submission] = {}
    for name, data in members:
        empty, inner = _owned(name)
        key = (empty.student, empty.identifier)
        found[key] = found.get(key, empty).joined(_read(empty, inner, data))
    return [_cut(submission) for submission in found.values()]


def _read(empty: Submission, name: str, data: bytes) -> Submission:
    """A submission of one file's texts, or of the reason why there are none."""
    try:
        if name.lower().endswith(".zip"):
            return _unpacked(empty, name, data)
        source, problems = _source(name, data)
        return replace(empty, sources=(source,), problems=tuple(problems))
    except Unreadable as reason:
        return replace(empty, problems=(str(reason),))


def _unpacked(empty: Submission, name: str, data: bytes) -> Submission:
    """What is in a student's zip; a zip in it stays one."""
    members = list(zip_members(name, data))
    top = _common_folder([inner for inner, _ in members])
    for inner, content in members:
        if not inner.lower().endswith(".zip"):
            empty = empty.joined(_read(Submission(""), inner[len(top) :], content))
    return empty


def _common_folder(names: list[str]) -> str:
    """The folder that a zip has everything in, with its slash; empty where there is none."""
    tops = {name.partition("/")[0] for name in names if "/" in name}
    return f"{tops.pop()}/" if len(tops) == 1 and all("/" in name for name in names) else ""


def _source(name: str, data: bytes) -> tuple[Source, list[str]]:
    if name.lower().endswith(".ipynb"):
        text, problems = notebook_text(name, data)
        return Source(name[: -len(".ipynb")] + ".py", text, from_notebook=True), problems
    return Source(name, python_text(name, data)), []


def _cut(submission: Submission) -> Submission:
    """A submission with as many texts as anybody writes."""
    if len(submission.sources) <= MAX_SOURCES:
        return submission
    problem = f"Only {MAX_SOURCES} of {len(submission.sources)} files are read."
    kept = submission.sources[:MAX_SOURCES]
    return replace(submission, sources=kept, problems=(*submission.problems, problem))


def _told_apart(found: list[Submission]) -> list[Submission]:
    """Submissions of which no two have the same student's name."""
    seen: dict[str, int] = {}
    for i, submission in enumerate(found):
        key = submission.student.casefold()
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > 1:
            told = submission.identifier or str(seen[key])
            found[i] = replace(submission, student=f"{submission.student} ({told})")
    return found
