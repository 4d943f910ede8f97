"""A class in which half of the submissions attack the grading: every other mark is unaffected."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from backpass.grading.child_process import Limits, Means
from backpass.grading.course import grade_class
from backpass.grading.judge import Task
from backpass.grading.reading.folders import find_submissions

if os.name != "posix":
    pytest.skip("needs the limits of a POSIX system", allow_module_level=True)

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
SLIP = RIGHT.replace(" * a2[:, 1:] * (1 - a2[:, 1:])", "")
HONEST = {
    "h1_right": RIGHT,
    "h2_slip": SLIP,
    "h3_missing": RIGHT + "\nimport torch\nX = torch.load('x')\n",
    "h4_other": "def forward(x): return x",
    "h5_syntax": "def backprop(:\n",
    "h6_trains": RIGHT + "\nfor _ in iter(int, 1): pass\n",
}


def inside(attack: str) -> str:
    """The right function, which attacks at each call."""
    return RIGHT.replace("    s1, s2, s3 = sizes\n", f"    {attack}\n    s1, s2, s3 = sizes\n")


FORGED = """
import os, pickle
for n in range(3, 40):
    try: os.write(n, FORGERY)
    except OSError: pass
"""
HOSTILE = {
    "x01_loop": inside("while True: pass"),
    "x02_memory": inside("hoard = [bytearray(1 << 28) for _ in range(1000)]"),
    "x03_exit": "import sys\n" + inside("sys.exit(0)"),
    "x04_fork_bomb": "import os\n" + inside("[os.fork() for _ in range(30)]"),
    "x05_output": inside("for _ in range(1000): print('x' * 1_000_000)"),
    "x06_recursion": "import sys\nsys.setrecursionlimit(10**9)\n" + inside("deep(0)")
    + "\ndef deep(n): return deep(n + 1)\n",
    "x07_numpy": RIGHT + "\nnp.allclose = np.array_equal = lambda *a, **k: True\n"
    "np.asarray = np.zeros = np.dot = None\n",
    "x08_rubric": inside("open(RUBRIC, 'a').write('x'); open(OTHER, 'w').write('x')"),
    "x09_line": FORGED.replace("FORGERY", "b'{\"points\": 100, \"ok\": true}\\n' * 30") + SLIP,
    "x10_pickle": FORGED.replace("FORGERY", "pickle.dumps({'points': 100}) * 30") + SLIP,
    "x11_daemon": "import os, time\n"
    + inside("if not os.path.exists('d'):\n        open('d', 'w')\n        "
             "if os.fork() == 0:\n            os.setsid()\n            if os.fork() == 0:\n"
             "                time.sleep(600)\n            os._exit(0)"),
    "x12_socket": "import socket\n" + inside("socket.create_connection(('127.0.0.1', 80))"),
    "x13_os_exit": "import os\n" + inside("os._exit(0)"),
    "x14_stop": "import os\n" + inside("os.kill(os.getpid(), 19); os.kill(os.getppid(), 9)\n"
                                      "    while True: pass"),
    "x15_repr": "class Bad(Exception):\n    def __str__(self): raise Bad\n    __repr__ = __str__\n"
    + inside("raise Bad"),
    "x16_huge": "def backprop(theta, sizes, X, Y, lam):\n    import numpy as np\n"
    "    return np.nan, np.full((4000, 4000), np.nan)\n",
    "x17_generator": "def backprop(theta, sizes, X, Y, lam):\n    return iter(int, 1)\n",
    "x18_markup": RIGHT.replace("s1, s2, s3 = sizes", "raise ValueError('[red]<b>=1+1\\x1b[2J')"),
    "x19_threads": "import threading\n" + inside(
        "threading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()"),
    "x20_import": "import backpass\n" + inside("return backpass.cost_and_gradient()"),
}  # fmt: skip

EVERYTHING = Means()
LIMITS_ALONE = Means(namespaces=False, account=False, landlock=False, seccomp=False)


def write(folder: Path, texts: dict[str, str]) -> None:
    folder.mkdir()
    rubric, other = folder / "rubric.toml", folder / "h1_right.py"
    rubric.write_text("[points]\nJ = 1\n")
    for name, text in texts.items():
        known = text.replace("RUBRIC", repr(str(rubric))).replace("OTHER", repr(str(other)))
        (folder / f"{name}.py").write_text(known)


def task(means: Means, seconds: float = 10.0) -> Task:
    limits = replace(Limits(), seconds=seconds, memory=1 << 29)
    return Task(("backprop",), limits=limits, means=means)


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """Marks of the honest submissions by themselves."""
    folder = tmp_path_factory.mktemp("honest") / "class"
    write(folder, HONEST)
    return grade_class(find_submissions([folder]), task(EVERYTHING), jobs=1).marks


def plain(marks):
    """Marks without the time that was measured."""
    return [replace(mark, growth="") for mark in marks]


def test_honest_submissions_get_what_they_deserve(honest):
    points = {mark.student: mark.points for mark in honest}
    assert points == {
        "h1_right": 10.0,
        "h2_slip": 7.5,
        "h3_missing": 10.0,
        "h4_other": 0.0,
        "h5_syntax": 0.0,
        "h6_trains": 10.0,
    }
    said = {mark.student: " ".join((mark.headline, *mark.notes)) for mark in honest}
    assert "torch is not installed here" in said["h3_missing"]
    assert "has no backprop; it defines forward" in said["h4_other"]
    assert "line 1" in said["h5_syntax"]
    assert "left out" in said["h6_trains"]


@pytest.mark.parametrize("means", [EVERYTHING, LIMITS_ALONE], ids=["everything", "limits"])
def test_a_hostile_class_changes_no_other_mark(tmp_path, honest, means):
    attacks = dict(HOSTILE)
    if means == LIMITS_ALONE:  # what limits alone cannot hold is said, and not tried here
        attacks.pop("x08_rubric")
        attacks.pop("x14_stop")
        if os.geteuid() == 0:
            attacks.pop("x04_fork_bomb")  # the administrator's processes are not counted
    folder = tmp_path / "class"
    write(folder, {**HONEST, **attacks})
    rubric = (folder / "rubric.toml").read_text()
    grades = grade_class(find_submissions([folder]), task(means, 4.0), jobs=2)
    marks = {mark.student: mark for mark in grades.marks}
    assert plain([marks[mark.student] for mark in honest]) == plain(honest)
    assert (folder / "rubric.toml").read_text() == rubric
    assert (folder / "h1_right.py").read_text() == RIGHT
    for name in attacks:
        assert marks[name].headline
        if name not in ("x05_output", "x07_numpy", "x11_daemon", "x19_threads"):
            assert marks[name].points < 10, (name, marks[name].headline)
    assert marks["x09_line"].points <= 7.5
    assert marks["x10_pickle"].points <= 7.5
    assert (grades.open == ()) == (means == EVERYTHING) or means == EVERYTHING


def test_marks_are_the_same_every_time_however_many_at_once(tmp_path, honest):
    folder = tmp_path / "class"
    write(folder, {name: HONEST[name] for name in ("h1_right", "h2_slip", "h3_missing")})
    again = grade_class(find_submissions([folder]), task(EVERYTHING), jobs=2).marks
    assert plain(again) == plain(honest[:3])


def test_other_seeds_draw_other_numbers_and_judge_the_same(tmp_path, honest):
    folder = tmp_path / "class"
    write(folder, {name: HONEST[name] for name in ("h1_right", "h2_slip")})
    other = replace(task(EVERYTHING), seed=20_261_129)
    again = grade_class(find_submissions([folder]), other, jobs=1).marks
    assert [(m.points, m.mistakes) for m in again] == [(m.points, m.mistakes) for m in honest[:2]]
