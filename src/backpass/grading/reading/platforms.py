"""How learning platforms name what they let a teacher download: who it is, and which file.

Moodle makes a folder or a prefix for each student, ``Surname Name_1234567_assignsubmission_file_``;
Canvas a prefix, ``surnamename_12345_678901_``, with ``LATE_`` before the numbers where it was late.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?P<kind>[a-z]+)_?(?P<rest>.*)")
CANVAS = re.compile(r"(?P<name>[^_/]+)_(?P<late>LATE_)?(?P<id>\d+)_\d+_(?P<rest>.+)")


@dataclass(frozen=True)
class Owner:
    """Whose a file is."""

    student: str
    identifier: str = ""


def owner_of(name: str) -> tuple[Owner, str, bool]:
    """Return whose a file of a folder is, its name within the submission, and whether it is late.

    Examples
    --------
    >>> owner_of("Doe Jane_1234567_assignsubmission_file_/ex4/backprop.py")
    (Owner(student='Doe Jane', identifier='1234567'), 'ex4/backprop.py', False)
    >>> owner_of("doejane_LATE_4711_90210_backprop-1.py")
    (Owner(student='doejane', identifier='4711'), 'backprop-1.py', True)
    >>> owner_of("jane.py")
    (Owner(student='jane', identifier=''), 'jane.py', False)
    """
    top, slash, inner = name.partition("/")
    if found := MOODLE.fullmatch(top):
        return Owner(found["name"], found["id"]), inner or found["rest"] or top, False
    if found := CANVAS.fullmatch(top):
        rest = found["rest"] + slash + inner
        return Owner(found["name"], found["id"]), rest, found["late"] is not None
    if slash:
        return Owner(top), inner, False
    return Owner(top.rpartition(".")[0] or top), top, False


def is_from_a_platform(name: str) -> bool:
    """Whether a name is one that a platform has made."""
    top = name.partition("/")[0]
    return bool(MOODLE.fullmatch(top) or CANVAS.fullmatch(top))
