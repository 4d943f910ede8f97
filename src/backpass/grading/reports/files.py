"""The files of a grading: each written whole or not at all, when every submission is dead."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import InvalidInput, MissingExtra
from ...storage.atomic import atomic_write, check_output
from ..marking.marks import Mark
from .class_summary import picture
from .feedback import markdown, page
from .gradescope import as_json
from .tables import as_csv

CSV, JSON, PICTURE, FEEDBACK = "grades.csv", "grades.json", "mistakes.png", "feedback"
NOT_IN_NAMES = re.compile(r"[^\w .()-]+")
LONGEST = 100  # characters of a file's name, of 255 bytes


def check_folder(folder: Path, force: bool) -> None:
    """Raise, before any work is done, if the files of a grading cannot be written there.

    Raises
    ------
    InvalidInput
        If it is a file, or lies in a folder that is not there.
    OutputExists
        If there are marks already, and they may not be replaced.
    """
    if folder.exists() and not folder.is_dir():
        raise InvalidInput(f"{folder} is a file; the marks need a folder.")
    if not folder.exists() and not folder.resolve().parent.is_dir():
        raise InvalidInput(
            f"There is no folder {folder.resolve().parent} to make {folder.name} in."
        )
    for name in (CSV, JSON, PICTURE) if folder.exists() else ():
        check_output(folder / name, force)


def write(
    folder: Path, marks: Sequence[Mark], values: Mapping[str, Any], hint: str, force: bool
) -> dict[str, str]:
    """Write a page for each student, then the marks of all.

    Parameters
    ----------
    folder : Path
        Is made if it is not there.
    marks : sequence of Mark
        Of all students.
    values : mapping
        For the JSON file.
    hint : {"where", "what", "formula"}
        How much students are told.
    force : bool
        Whether files that exist are replaced.

    Returns
    -------
    dict of str to str
        What each file is -> its path; without a picture where matplotlib is not installed.
    """
    (folder / FEEDBACK).mkdir(parents=True, exist_ok=True)
    for mark, name in zip(marks, file_names([mark.student for mark in marks])):
        place = folder / FEEDBACK / name
        atomic_write(f"{place}.md", markdown(mark, hint).encode(), force)
        atomic_write(f"{place}.html", page(mark, hint).encode(), force)
    files = {"csv": folder / CSV, "json": folder / JSON, "feedback": folder / FEEDBACK}
    try:
        atomic_write(folder / PICTURE, picture(marks), force)
        files["picture"] = folder / PICTURE
    except MissingExtra:  # the table of mistakes says the same
        pass
    atomic_write(folder / CSV, as_csv(marks), force)
    atomic_write(folder / JSON, as_json(dict(values)), force)
    return {what: str(path) for what, path in files.items()}


def file_names(students: Sequence[str]) -> list[str]:
    """Return a name for each student's files, no two alike, which leads nowhere.

    Examples
    --------
    >>> file_names(["Ada", "../Ada", "ada", "CON"])
    ['Ada', '_Ada', 'ada-2', 'CON_']
    """
    names: list[str] = []
    taken: set[str] = set()
    for student in students:
        name = stem = _safe(student)
        number = 2
        while name.casefold() in taken:
            name, number = f"{stem}-{number}", number + 1
        taken.add(name.casefold())
        names.append(name)
    return names


def _safe(student: str) -> str:
    name = NOT_IN_NAMES.sub("_", student).strip(" .")[:LONGEST] or "submission"
    reserved = re.fullmatch(r"(?i)con|prn|aux|nul|com\d|lpt\d", name)
    return f"{name}_" if reserved else name
