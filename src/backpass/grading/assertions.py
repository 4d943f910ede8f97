"""For other graders, which contain a submission themselves: otter, nbgrader, pytest.

The function is called here, in this process.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ..diagnose.subject.subject import LocalSubject
from ..errors import InvalidInput
from .examine import Examined, examine
from .marking.marks import HINTS, Part, parts_of
from .marking.rubric import Rubric

Function = Callable[..., Any]  # somebody's: nothing is known of it

OTTER = """\
OK_FORMAT = False

import backpass.grading
from otter.test_files import test_case

name = {name!r}
"""
CASE = """

@test_case(points={points}, hidden=False)
def test_{number}(env):
    backpass.grading.assert_part(env[{function!r}], {part!r}, hint={hint!r})
"""


@lru_cache(maxsize=4)
def _examined(function: Function, rubric: Rubric, seed: int) -> Examined:
    return examine(LocalSubject({"function": function}), (), None, rubric, seed)


def points_of(
    function: Function, rubric: Rubric | None = None, *, hint: str = "what", seed: int = 0
) -> float:
    """Return a function's points, and print a hint: the last line of a cell that nbgrader grades.

    Parameters
    ----------
    function : callable
        As for ``check_backprop``.
    rubric : Rubric, optional
        Points for each part; ten in all where not given.
    hint : {"where", "what", "formula"}
        How much is printed where something is wrong.
    seed : int
        Of the inputs.

    Returns
    -------
    float
        The points, which nbgrader takes for partial credit.

    Raises
    ------
    InvalidInput
        If there is no such grade of hint.

    Examples
    --------
    >>> import backpass as bp
    >>> def solution(theta, sizes, X, Y, lam):
    ...     return bp.cost_and_gradient(bp.Network(sizes), theta, X, Y, lam)
    >>> points_of(solution)
    10.0
    """
    rubric, grade = rubric or Rubric(), _grade(hint)
    found = _examined(function, rubric, seed)
    if not found.diagnosis.ok:
        print(found.diagnosis.hints[grade])
    return round(sum((part.points for part in _parts(found, rubric)), 0.0), 4)


def assert_part(
    function: Function,
    part: str,
    rubric: Rubric | None = None,
    *,
    hint: str = "what",
    seed: int = 0,
) -> None:
    """Fail a test unless a part is right.

    Parameters
    ----------
    function : callable
        As for ``check_backprop``.
    part : str
        A part's name, such as "J without λ" or "gradient: Θ^(1), weights".
    rubric : Rubric, optional
        Which parts there are, and which activation and loss are asked for.
    hint : {"where", "what", "formula"}
        How much the failing test gives away.
    seed : int
        Of the inputs.

    Raises
    ------
    AssertionError
        If the part is not right; the message is the hint.
    InvalidInput
        If there is no such part, or no such grade of hint.

    Examples
    --------
    >>> import backpass as bp
    >>> def solution(theta, sizes, X, Y, lam):
    ...     return bp.cost_and_gradient(bp.Network(sizes), theta, X, Y, lam)
    >>> assert_part(solution, "J without λ")
    """
    __tracebackhide__ = True
    rubric, grade = rubric or Rubric(), _grade(hint)
    found = _examined(function, rubric, seed)
    parts = {each.name: each for each in _parts(found, rubric)}
    if part not in parts:
        raise InvalidInput(f"There is no part {part!r}; there are {', '.join(parts)}.")
    if parts[part].points < parts[part].out_of:
        raise AssertionError(found.diagnosis.hints[grade])


def otter_test(function: str, rubric: Rubric | None = None, *, hint: str = "what") -> str:
    """Return the text of a test file for otter, with a case for each part.

    Parameters
    ----------
    function : str
        Name of the function in the student's notebook.
    rubric : Rubric, optional
        Points for each part.
    hint : {"where", "what", "formula"}
        How much a failing case gives away.

    Returns
    -------
    str
        To be written to ``tests/NAME.py``.

    Raises
    ------
    InvalidInput
        If there is no such grade of hint.

    Examples
    --------
    >>> print(otter_test("backprop")[:17])
    OK_FORMAT = False
    """
    _grade(hint)
    text = OTTER.format(name=function)
    for number, part in enumerate(parts_of(rubric or Rubric(), {}, None), start=1):
        case = {"function": function, "part": part.name, "hint": hint}
        text += CASE.format(points=part.out_of, number=number, **case)
    return text


def _parts(found: Examined, rubric: Rubric) -> tuple[Part, ...]:
    return parts_of(rubric, found.right, found.growth.share if found.growth else None)


def _grade(hint: str) -> int:
    if hint not in HINTS:
        raise InvalidInput(f"There is no hint {hint!r}; the grades are {', '.join(HINTS)}.")
    return HINTS.index(hint)
