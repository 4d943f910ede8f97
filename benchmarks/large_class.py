"""How long ``backpass grade`` takes for a large class in which some submissions never end.

    python benchmarks/large_class.py [--submissions 300] [--hanging 10] [--limit 10] [--jobs 2]

Every submission is a function of the same exercise: right ones, ones with a mistake, and ones that
hang at their first call. Beside the whole it says what the child process costs a right one: its
marking in a child less its check in this process.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

from rich.console import Console

import backpass as bp

RIGHT = """
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def backprop(theta, sizes, X, Y, lam):
    s1, s2, s3 = sizes
    m, cut = len(X), s2 * (s1 + 1)
    Theta1 = theta[:cut].reshape(s2, s1 + 1, order="F")
    Theta2 = theta[cut:].reshape(s3, s2 + 1, order="F")
    a1 = np.c_[np.ones(m), X]
    a2 = np.c_[np.ones(m), sigmoid(a1 @ Theta1.T)]
    h = sigmoid(a2 @ Theta2.T)
    J = -np.sum(Y * np.log(h) + (1 - Y) * np.log(1 - h)) / m
    J += lam / (2 * m) * (np.sum(Theta1[:, 1:] ** 2) + np.sum(Theta2[:, 1:] ** 2))
    d3 = h - Y
    d2 = (d3 @ Theta2[:, 1:]) * a2[:, 1:] * (1 - a2[:, 1:])
    D1, D2 = d2.T @ a1 / m, d3.T @ a2 / m
    D1[:, 1:] += lam / m * Theta1[:, 1:]
    D2[:, 1:] += lam / m * Theta2[:, 1:]
    return J, np.r_[D1.ravel("F"), D2.ravel("F")]
"""
MISTAKES = {
    " * a2[:, 1:] * (1 - a2[:, 1:])": "",
    "d3 = h - Y": "d3 = Y - h",
    "D1, D2 = d2.T @ a1 / m": "D1, D2 = d2.T @ a1",
    "D2[:, 1:] += lam": "D2 += lam",
    "J += lam / (2 * m)": "J += lam / m",
}
HANGS = RIGHT.replace("    s1, s2, s3 = sizes\n", "    while True: pass\n")


def sources() -> list[str]:
    return [RIGHT, *(RIGHT.replace(right, wrong) for right, wrong in MISTAKES.items())]


def write_class(folder: Path, submissions: int, hanging: int) -> None:
    every, kinds = max(submissions // max(hanging, 1), 1), sources()
    for k in range(submissions):
        hangs = hanging and k % every == every - 1 and k // every < hanging
        text = HANGS if hangs else kinds[k % len(kinds)]
        (folder / f"student{k:03d}.py").write_text(text, "utf-8")


def child_costs(folder: Path) -> tuple[float, float]:
    """Seconds for one right submission in a child, and for its check in this process."""
    (folder / "only").mkdir()
    (folder / "only" / "right.py").write_text(RIGHT, "utf-8")
    began = time.perf_counter()
    bp.grade(folder / "only", "backprop", jobs=1)
    graded = time.perf_counter()
    names: dict = {}
    exec(RIGHT, names)
    assert bp.check_backprop(names["backprop"]).ok
    return graded - began, time.perf_counter() - graded


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, default in (("submissions", 300), ("hanging", 10), ("limit", 10), ("jobs", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        child, check = child_costs(Path(folder))
        console.print(f"one right submission: {child:.2f} s graded, {check:.2f} s checked in here")
        there = Path(folder, "class")
        there.mkdir()
        write_class(there, asked.submissions, asked.hanging)
        began = time.perf_counter()
        grades = bp.grade(there, "backprop", limit=asked.limit, jobs=asked.jobs)
        seconds = time.perf_counter() - began
    points = Counter(mark.points for mark in grades.marks)
    console.print(f"{asked.submissions} submissions, {asked.hanging} hang: {seconds:.0f} s")
    console.print("points: " + ", ".join(f"{n} x {p:g}" for p, n in sorted(points.items())))


if __name__ == "__main__":
    main()
