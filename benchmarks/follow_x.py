"""Follow X through one epoch of ``fit``: which files its rows pass through, and how often each.

A call is on X's way if the rows are among its arguments: X itself, an array made of it, or an
object that holds one. Consecutive calls in one file count once. With ``--all`` every call counts,
whatever it is about: the whole fit, its small questions about dtypes and counts included.

``python benchmarks/follow_x.py [--all] [--calls]``
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from itertools import groupby
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

import backpass as bp

ROOT = str(Path(bp.__file__).parent)
ROWS, DEEP = 600, 2  # an object that holds one that holds the rows

Call = tuple[str, str]  # file and function


def holds(value: object, columns: int, deep: int = DEEP) -> bool:
    """Whether something is the rows, or has them inside."""
    if isinstance(value, np.ndarray):
        return value.shape == (ROWS, columns)
    if deep == 0:
        return False
    if isinstance(value, tuple | list):
        return any(holds(item, columns, deep - 1) for item in value[:8])
    inside = getattr(value, "__dict__", {}) if type(value).__module__.startswith("backpass") else {}
    return any(holds(item, columns, deep - 1) for item in list(inside.values()))


def calls_of_a_fit(every: bool = False) -> list[Call]:
    """Fit for one epoch, and list the calls on X's way in their order."""
    X, y = load_digits(return_X_y=True)
    X, y, calls = X[:ROWS] / 16, y[:ROWS], list[Call]()

    def note(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(ROOT):
            return
        n_arguments = code.co_argcount + code.co_kwonlyargcount + 2  # and *args, **kwargs
        given = [frame.f_locals.get(name) for name in code.co_varnames[:n_arguments]]
        if every or any(holds(value, X.shape[1]) for value in given):
            calls.append((code.co_filename[len(ROOT) + 1 :], code.co_name))

    def model() -> bp.MLPClassifier:
        return bp.MLPClassifier((16,), solver="adam", max_iter=1, random_state=0)

    model().fit(X, y)  # everything is imported, and every cache is filled
    sys.setprofile(note)
    try:
        model().fit(X, y)
    finally:
        sys.setprofile(None)
    return calls


def entries(calls: list[Call]) -> Counter[str]:
    """Count how often each file is entered."""
    return Counter(file for file, _ in groupby(file for file, _ in calls))


def main() -> None:
    """Print the way, or how often it enters each file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="count calls without the rows, too")
    parser.add_argument("--calls", action="store_true", help="print every call")
    asked = parser.parse_args()
    calls = calls_of_a_fit(asked.all)
    for file, functions in groupby(calls, key=lambda call: call[0]):
        if asked.calls:
            print(file, *(name for _, name in functions))
    times = entries(calls)
    print(f"{sum(times.values())} moves between {len(times)} files")
    for file, n in times.most_common():
        print(f"{n:3d} {file}")


if __name__ == "__main__":
    main()
