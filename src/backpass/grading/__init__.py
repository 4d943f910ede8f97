"""Grades submissions: their code runs contained, in processes of its own; the judge is here."""

from .assertions import assert_part, otter_test, points_of
from .course import Grades
from .grade import grade
from .marking.marks import Mark
from .marking.rubric import Rubric, read_rubric

__all__ = [
    "Grades",
    "Mark",
    "Rubric",
    "assert_part",
    "grade",
    "otter_test",
    "points_of",
    "read_rubric",
]
