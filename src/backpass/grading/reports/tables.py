"""Marks as CSV and as JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from ..marking.marks import Mark
from .escaping import csv_cell


def as_csv(marks: Sequence[Mark]) -> bytes:
    """Return a table of marks: a line a student, a column a part.

    Examples
    --------
    >>> print(as_csv([Mark("=1+1", out_of=10.0)]).decode("utf-8-sig"))
    student,identifier,late,points,out of,result,mistakes,notes,remarks
    '=1+1,,,0.0,10.0,,,,
    <BLANKLINE>
    """
    names = list(dict.fromkeys(part.name for mark in marks for part in mark.parts))
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    last = ("result", "mistakes", "notes", "remarks")
    writer.writerow(["student", "identifier", "late", "points", "out of", *names, *last])
    for mark in marks:
        writer.writerow(map(csv_cell, _row(mark, names)))
    return buffer.getvalue().encode("utf-8-sig")  # the mark by which spreadsheets know UTF-8


def _row(mark: Mark, names: Sequence[str]) -> list[object]:
    of_part = {part.name: part.points for part in mark.parts}
    texts = ("; ".join(texts) for texts in (mark.mistakes, mark.notes, mark.remarks))
    who = [mark.student, mark.identifier, "late" if mark.late else ""]
    by_part = [of_part.get(name, "") for name in names]
    return [*who, mark.points, mark.out_of, *by_part, mark.headline, *texts]
