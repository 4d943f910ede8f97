"""``results.json`` of Gradescope's autograder, which must be there and valid whatever happens.

The format is that of https://gradescope-autograders.readthedocs.io/en/latest/specs/.
"""

from __future__ import annotations

import json
from typing import Any

from ..marking.marks import Mark, Part
from .escaping import visible
from .feedback import markdown


def results(mark: Mark, hint: str) -> dict[str, Any]:
    """Return a mark as Gradescope reads it.

    Examples
    --------
    >>> results(Mark("Ada", parts=(Part("J", 3.0, 3.0),), out_of=3.0), "where")["score"]
    3.0
    """
    return {
        "score": mark.points,
        "output": markdown(mark, hint),
        "output_format": "md",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(part) for part in mark.parts if part.out_of],
    }


def _test(part: Part) -> dict[str, Any]:
    return {
        "name": visible(part.name),
        "score": round(part.points, 4),
        "max_score": round(part.out_of, 4),
        "status": "passed" if part.points == part.out_of else "failed",
        "visibility": "visible",
    }


def failed(reason: str) -> dict[str, Any]:
    """Return what stands there where nothing could be graded: no points, and why.

    Examples
    --------
    >>> failed("There is no file.")["score"]
    0.0
    """
    return {
        "score": 0.0,
        "output": f"This could not be graded. {visible(reason)}",
        "output_format": "text",
        "visibility": "visible",
        "tests": [],
    }


def as_json(values: dict[str, Any]) -> bytes:
    """Return strict JSON, whatever texts are in it."""
    return (json.dumps(values, ensure_ascii=True, allow_nan=False, indent=1) + "\n").encode()
