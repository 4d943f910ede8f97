"""A whole class: submissions side by side, each in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import joblib

from .. import __version__
from .containment import best_means, not_contained
from .judge import Task, mark
from .marking.marks import Mark
from .reading.submission import Submission

Told = Callable[[Mark], object]


@dataclass(frozen=True)
class Grades:
    """The marks of a class.

    Parameters
    ----------
    marks : tuple of Mark
        One for each submission, in the order of the names.
    task : Task
        What was asked for; its seed repeats every number.
    open : tuple of str
        What this system could not contain.

    Examples
    --------
    >>> Grades((), Task(("backprop",))).out_of
    10.0
    """

    marks: tuple[Mark, ...]
    task: Task
    open: tuple[str, ...] = field(default=())

    @property
    def out_of(self) -> float:
        """All points that there are."""
        return self.task.rubric.out_of

    def values(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON.

        Returns
        -------
        dict
            The marks, and what repeats them: function, seed, limits, rubric.

        Examples
        --------
        >>> Grades((), Task(("backprop",), seed=7)).values()["seed"]
        7
        """
        task = self.task
        return {
            "backpass": __version__,
            "function": list(task.names),
            "seed": task.seed,
            "sizes": task.sizes,
            "limits": vars(task.limits),
            "libraries": list(task.libraries),
            "rubric": task.rubric.values(),
            "not_contained": list(self.open),
            "marks": [each.values() for each in self.marks],
        }


def grade_class(
    submissions: Sequence[Submission],
    task: Task,
    jobs: int = 2,
    told: Told | None = None,
) -> Grades:
    """Grade every submission of a class.

    Parameters
    ----------
    submissions : sequence of Submission
        Of all students, as ``find_submissions`` reads them.
    task : Task
        What is asked for. Its ``means`` are the most that is used; what this system has not is
        left out, and said.
    jobs : int
        How many submissions are judged side by side.
    told : callable, optional
        Is given each mark as soon as those before it are there.

    Returns
    -------
    Grades
        The same for the same submissions, task and machine, whatever ``jobs`` is.
    """
    means, holds = best_means(task.means)
    ready = replace(task, means=means)
    marks: list[Mark] = []
    for each in _marks(submissions, ready, jobs):
        marks.append(each)
        if told is not None:
            told(each)
    return Grades(tuple(marks), task, tuple(not_contained(holds)))


def _marks(submissions: Sequence[Submission], task: Task, jobs: int) -> Any:
    """Marks in order, made by processes where there are several."""
    workers = min(jobs, len(submissions))
    if workers <= 1:
        return (mark(each, task) for each in submissions)
    work = (joblib.delayed(mark)(each, task) for each in submissions)
    return joblib.Parallel(workers, return_as="generator")(work)
