"""A submission's process: what it may do, what it may not, and that nothing of it is left."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backpass.grading.child_process import AnswerTooLarge, ChildLost, ChildProcess, Limits, Means
from backpass.grading.containment import best_means, not_contained

if os.name != "posix":
    pytest.skip("needs the limits of a POSIX system", allow_module_level=True)

BARE = Means(namespaces=False, account=False, landlock=False, seccomp=False)
ASKED = {
    "everything": Means(),
    "no namespaces": Means(namespaces=False),
    "seccomp alone": replace(BARE, seccomp=True),
    "landlock alone": replace(BARE, landlock=True),
    "limits alone": BARE,
}


@pytest.fixture(params=ASKED)
def means(request) -> Means:
    found, _ = best_means(ASKED[request.param])
    if found != ASKED[request.param] and request.param not in ("everything", "no namespaces"):
        pytest.skip(f"this system has no {request.param}")
    return found


@contextmanager
def loaded(text: str, means: Means, **limits: float) -> Iterator[ChildProcess]:
    with ChildProcess(means, Limits(**{"seconds": 5.0, **limits})) as child:
        child.ask("load", files={"work.py": text}, main="work.py", whole=True)
        yield child


def called(child: ChildProcess, *args: object, name: str = "f"):
    """What f gives back, or what it raises, as a text."""
    program = [{"do": "call", "what": name, "args": list(args)}]
    answer = child.ask("run", program=program, count=False)
    (step,) = answer["value"]
    return step["value"] if "value" in step else step["error"]["kind"]


def test_numbers_go_in_and_come_back(means, rng):
    A, B = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
    with loaded("def f(A, B):\n    return {'product': A @ B, 'n': 3}", means) as child:
        back = called(child, A, B)
        np.testing.assert_allclose(back["product"], A @ B, rtol=1e-15)
        assert back["n"] == 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("while True: pass", "longer than it may"),
        ("import time; time.sleep(60)", "longer than it may"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)\nwhile True: pass", "longer"),
        ("import os; os._exit(0)", r"exit code 0"),
        ("import os; os._exit(7)", r"exit code 7"),
        ("import os, signal; signal.raise_signal(11)", "SIGSEGV"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
    ],
)
def test_a_process_that_ends_or_does_not_is_lost_with_a_reason(text, reason, means):
    if "raise_signal" in text and means.namespaces:
        text = "import ctypes; ctypes.string_at(0)"  # number 1 of a namespace hears no signals
    with pytest.raises(ChildLost, match=reason), loaded(text, means, seconds=1.0):
        pass


def test_memory_is_limited(means):
    with loaded("def f():\n    return len(bytearray(3 << 30))", means) as child:
        assert called(child) in ("MemoryError", "OSError")


def test_depth_is_limited(means):
    with loaded("def f(n=0):\n    return f(n + 1)", means) as child:
        assert called(child) == "RecursionError"


def test_output_is_the_void(means):
    text = """
import os
os.write(1, b'score: 10'); os.write(2, b'!')
for _ in range(1000): print('x' * 1_000_000)
def f():
    for _ in range(1000): print('x' * 1_000_000)
    return 1
"""
    with loaded(text, means) as child:
        assert called(child) in (1, "MemoryError")


def test_files_are_limited_and_go_with_the_process(means):
    text = "def f():\n    with open('big', 'wb') as file:\n        file.write(bytes(64 << 20))"
    with loaded(text, means) as child:
        assert called(child) in ("OSError", "MemoryError")
        base = child._base
        assert base.exists()
    assert not base.exists()


def test_what_is_written_in_odd_ways_goes_as_well(means):
    text = """
import os
os.makedirs('a/b'); open('a/b/c', 'w').write('x'); os.chmod('a/b', 0); os.chmod('a', 0)
os.symlink('/', 'link')
"""
    with loaded(text, means) as child:
        base = child._base
    assert not base.exists()
    assert Path("/etc/passwd").exists()


def test_backpass_and_other_packages_cannot_be_imported(means):
    text = "import backpass, scipy, sklearn, pytest, numpy, json"
    with ChildProcess(means, Limits()) as child:
        answer = child.ask("load", files={"work.py": text}, main="work.py", whole=True)
    assert answer["value"]["missing"] == ["backpass", "scipy", "sklearn", "pytest"]


def test_the_environment_is_empty(means, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_TEACHER", "42")
    text = "import os\ndef f():\n    return sorted(os.environ)"
    with loaded(text, means) as child:
        assert not {"SECRET_OF_THE_TEACHER", "PATH", "USER"} & set(called(child))


def test_no_descriptor_is_inherited(means, tmp_path):
    with open(tmp_path / "rubric.toml", "w") as file:
        os.set_inheritable(file.fileno(), True)
        text = "import os\ndef f(n):\n    return os.fstat(n).st_size"
        with loaded(text, means) as child:
            assert called(child, 200) == "OSError"
            assert {called(child, n) for n in range(3, 6)} <= {0, "OSError"}


def test_files_of_the_grading_cannot_be_read(means, tmp_path):
    holds = best_means(means)[1]
    secret = tmp_path / "rubric.toml"
    secret.write_text("points = 10")
    text = "def f(path):\n    return open(path).read()"
    with loaded(text, means) as child:
        back = called(child, str(secret))
    assert back == "points = 10" if not holds["files"] else back.endswith("Error")


def test_the_network_cannot_be_reached(means):
    holds = best_means(means)[1]
    text = """
import socket
def f(port):
    return socket.create_connection(('127.0.0.1', port), timeout=1).recv(5)
"""
    with socket.create_server(("127.0.0.1", 0)) as server, loaded(text, means) as child:
        back = called(child, server.getsockname()[1])
        server.settimeout(0.2)
        if holds["network"]:
            assert back in ("PermissionError", "OSError")
            with pytest.raises(TimeoutError):
                server.accept()


FORKS = """
import os, time
def f(path):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True:
                with open(path, 'a') as file: file.write('x')
                time.sleep(0.01)
        os._exit(0)
    while not os.path.exists(path): time.sleep(0.01)
    return 'forked'
"""


def test_nothing_survives_not_even_in_another_session(means, tmp_path):
    mark = tmp_path / "alive"
    with loaded(FORKS, means) as child:
        back = called(child, str(mark))
        assert back in ("forked", "PermissionError")
    size = mark.stat().st_size if mark.exists() else 0
    time.sleep(0.2)
    assert (mark.stat().st_size if mark.exists() else 0) == size


def test_the_process_that_leaves_a_session_really_begins(tmp_path):
    """Without it, the test above could not fail."""
    if sys.platform != "linux":
        pytest.skip("orphans are found through /proc")
    with loaded(FORKS, best_means(BARE)[0]) as child:
        assert called(child, str(tmp_path / "alive")) == "forked"


def test_a_fork_bomb_ends_with_its_process(means):
    text = """
import os, time
def f():
    for n in range(200):
        try:
            if os.fork() == 0:
                while True:
                    try: os.fork()
                    except OSError: time.sleep(0.01)
        except OSError:
            return n
    return 'all'
"""
    account = os.geteuid() == 0 and not (means.account or means.seccomp)
    if account:
        pytest.skip("the administrator's processes are not counted")
    with loaded(text, means) as child:
        n = called(child)
    assert isinstance(n, int)
    assert n < 20


def test_nobody_else_is_hit_by_a_signal(means):
    if not best_means(means)[1]["signals"]:
        pytest.skip("not contained here, and said")
    text = """
import os, signal
def f(pid):
    caught = []
    for number in (pid, os.getppid(), 0, -1):
        try:
            os.kill(number, signal.SIGTERM if number else 0)
        except (OSError, ProcessLookupError) as error: caught.append(type(error).__name__)
    return caught
"""
    with loaded(text, means) as child:
        called(child, os.getpid())
        assert child.ask("describe", names=["f"])["value"]


FORGE = """
import os, pickle, struct
def message(header, size=0):
    return struct.pack('>4sII', b'bpw1', len(header), size) + header
for n in range(3, 30):
    try: os.write(n, FORGED)
    except OSError: pass
"""


@pytest.mark.parametrize(
    "forged",
    [
        "b'score: 100\\n' * 50",
        "pickle.dumps({'grade': 10}) * 9",
        "message(b'', 1 << 31)",
        "message(b'[' * 90000)",
        """message(b'{"id": 1, "value": {"a": ["f8", [99999, 99999], 0]}}')""",
        """message(b'{"id": 1, "value": {"a": ["O", [1], 0]}}', 8) + b'x' * 8""",
        """message(b'{"id": 9, "value": 3}')""",
    ],
)
def test_a_forged_answer_is_none(forged, means):
    text = FORGE.replace("FORGED", forged)
    with pytest.raises(ChildLost, match=r"no answer|longer"), loaded(text, means, seconds=2.0):
        pass


def test_answers_without_end_are_cut(means):
    text = "import numpy as np\ndef f():\n    return np.zeros((3000, 3000))"
    with loaded(text, means) as child, pytest.raises(AnswerTooLarge):
        called(child)


@pytest.mark.parametrize(
    ("text", "type_name"),
    [
        ("def f():\n    return (n for n in iter(int, 1))", "generator"),
        ("class A:\n    def __repr__(self): 1 / 0\ndef f():\n    return A()", "A"),
        ("def f():\n    return f", "function"),
    ],
)
def test_what_is_not_plain_comes_back_as_the_name_of_its_type(text, type_name, means):
    with loaded(text, means) as child:
        assert called(child)["object"] == type_name


def test_a_broken_numpy_breaks_its_own_submission_alone(means):
    text = """
import numpy as np
np.dot = np.sum = np.array_equal = None
def f():
    return np.sum([1.0])
"""
    with loaded(text, means) as child:
        assert called(child) == "TypeError"
    with loaded("import numpy as np\ndef f():\n    return np.sum([1.0])", means) as child:
        assert called(child) == 1.0


def test_a_thread_ends_with_its_process(means):
    text = """
import threading
def spin():
    while True: pass
threading.Thread(target=spin).start()
def f():
    return 3
"""
    with loaded(text, means) as child:
        assert called(child) == 3


def test_nan_and_infinity_come_back_as_they_are(means):
    text = "import numpy as np\ndef f():\n    return float('nan'), np.array([np.inf, -np.inf])"
    with loaded(text, means) as child:
        a, b = called(child)
        assert np.isnan(a)
        np.testing.assert_array_equal(b, [np.inf, -np.inf])


def test_what_is_not_contained_is_said():
    names = ("files", "network", "processes", "signals", "account")
    assert not_contained(dict.fromkeys(names, True)) == []
    assert any("network" in sentence for sentence in not_contained({"files": True}))


def test_with_namespaces_everything_is_contained():
    means, holds = best_means()
    if not means.namespaces:
        pytest.skip("this system makes no namespaces")
    assert not_contained(holds) == []
