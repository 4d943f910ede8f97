"""The debugger behind the page: whose code is run, how it ends, and what is told of it."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from served_pages import serve

import backpass as bp
from backpass.diagnose import check_backprop
from backpass.grading.child_process import Limits
from backpass.grading.containment import best_means
from backpass.studio.answering import judge
from backpass.studio.answering.beside import Beside
from backpass.studio.app import new_address
from backpass.studio.page_state import PageState
from backpass.studio.session_data import SessionData

pytestmark = pytest.mark.skipif(os.name != "posix", reason="no process can be contained here")

RIGHT = """
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def backprop(X, y, W1, b1, W2, b2):
    m = len(X)
    a = sigmoid(X @ W1 + b1)
    h = sigmoid(a @ W2 + b2)
    J = -np.sum(y * np.log(h) + (1 - y) * np.log(1 - h)) / m
    d2 = h - y
    d1 = d2 @ W2.T * a * (1 - a)
    return J, X.T @ d1 / m, d1.sum(0) / m, a.T @ d2 / m, d2.sum(0) / m
"""
WRONG = RIGHT.replace(" * a * (1 - a)", " * a")
HOSTILE = {
    "a loop without end": ("while True: pass", "longer than it may"),
    "exit": ("import os; os._exit(3)", "It ended the program"),
    "memory": ("x = bytearray(1 << 34)", ""),
    "a gigabyte of output": ("print('x' * (1 << 20) * 1000)", ""),
    "forks": ("import os\nwhile True: os.fork()", ""),
}


ENDLESS = RIGHT.replace("    m = len(X)", "    while True: pass")


def question_of(text: str, names: str = "") -> judge.Pasted:
    limits, means = asdict(judge.LIMITS), asdict(best_means()[0])
    return {"text": text, "names": names, "means": means, "limits": limits}


def told_of(text: str, names: str = "") -> judge.Told:
    return judge.told_of(question_of(text, names))


def test_a_wrong_formula_is_told_as_check_backprop_tells_it():
    namespace: dict = {}
    exec(WRONG, namespace)
    expected = check_backprop(namespace["backprop"])
    told = told_of(WRONG)
    assert (told["function"], told["ok"]) == ("backprop", False)
    assert told["headline"] == expected.headline
    assert told["explanations"] == [[vars(m) for m in each] for each in expected.explanations]
    assert told["hints"]["formula"] == expected.hints[2]
    assert told["conventions"] == [vars(each) for each in expected.conventions]
    assert told["signature"] == expected.signature
    assert told["sentence"] == "D is not the derivative of this J."
    assert not told["failures"]  # none of the process in which it runs


def test_a_right_function_is_right_and_a_convention_no_mistake():
    told = told_of(RIGHT)
    assert told["ok"]
    assert told["sentence"] == "D is the derivative of this J."
    assert told["explanations"] == []


def test_the_function_that_is_meant_is_the_one_that_no_other_calls():
    two = RIGHT + "\ndef forward(X): return X\n"
    told = told_of(two)
    assert told["choices"] == ["backprop", "forward"]
    assert "which one" in told["says"]
    assert told_of(two, "backprop")["ok"]
    assert told_of(two, "nothing")["says"] == (
        "function.py has no nothing; it defines sigmoid, backprop, forward."
    )
    assert "no Python" in told_of("def f(:")["says"]
    assert "no function" in told_of("x = 3")["says"]
    assert "COST,GRADIENT" in told_of(RIGHT, "a,b,c,d")["says"]


def test_what_fails_outside_of_the_function_is_left_out_and_said():
    told = told_of(RIGHT + "\nopen('marks.csv')\n")
    assert told["ok"]
    assert any("fails and was left out" in note for note in told["notes"])


@pytest.fixture
def served(monkeypatch, place):
    monkeypatch.setattr(judge, "LIMITS", Limits(seconds=2.0))
    rng = np.random.default_rng(0)
    net = bp.Network((3, 2, 1), "tanh", "squared_error")
    X, Y = rng.normal(size=(9, 3)), rng.normal(size=(9, 1))
    state = PageState(net, bp.init_theta(net, 0, "glorot"), 0.0, X, Y)
    address = new_address()
    with serve(state, SessionData(X, Y, X[:0], Y[:0]), address, Beside(debugs=True)):
        yield address


def ask(address, question, origin: str | None = None, timeout: float = 60):
    """Put a question as the page does; the status and what is told."""
    own = f"http://{address.host}:{address.port}"
    headers = {"Content-Type": "application/json", "Origin": origin or own}
    if origin == "none":
        del headers["Origin"]
    body = question if isinstance(question, bytes) else json.dumps(question).encode()
    request = urllib.request.Request(f"{address.url}debug", body, headers)
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=timeout) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@pytest.fixture
def place(monkeypatch):
    """Where judges of this test keep what they run: their environment tells which they are."""
    folder = Path(tempfile.mkdtemp(prefix="judges-"))
    folder.chmod(0o755)  # an account of its own has to come through
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield folder
    monkeypatch.undo()
    tempfile.tempdir = None
    folder.rmdir()


def left_of(place: Path) -> list[str]:
    """Processes that are running, and folders that are there, of the judges of a test."""
    found = [path.name for path in place.iterdir()]
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str(place).encode() in (path / "environ").read_bytes():
                found.append((path / "cmdline").read_bytes()[:80].decode(errors="replace"))
    return found


def wait_until_nothing_is_left(place: Path, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while left_of(place) and time.monotonic() < end:
        time.sleep(0.05)
    assert left_of(place) == []


def test_the_server_judges_what_is_pasted(served, place):
    status, told = ask(served, {"text": WRONG, "names": ""})
    assert status == 200
    assert told["explanations"][0][0]["where"].startswith("gradient")
    assert left_of(place) == []


def test_a_request_needs_an_origin_and_a_question(served):
    assert ask(served, {"text": RIGHT}, origin="http://evil.example")[0] == 403
    assert ask(served, {"text": RIGHT}, origin="none")[0] == 403
    for nonsense in (b"", b"[]", b"{", b'{"text": 3}', b'{"text": "\\ud800"}', b"[" * 5000):
        assert ask(served, nonsense)[0] == 400, nonsense
    assert ask(served, {"text": "#" * 100_001})[0] == 413
    assert ask(served, b" " * 300_000)[0] == 413


@pytest.mark.parametrize(
    "kind", ["exit", *(pytest.param(k, marks=pytest.mark.long) for k in HOSTILE if k != "exit")]
)
def test_hostile_code_leaves_the_server_well(served, place, kind):
    line, words = HOSTILE[kind]
    status, told = ask(served, {"text": f"def backprop(x): return x\n{line}\n"})
    assert status == 200
    assert words in json.dumps(told)
    assert ask(served, {"text": "def f(:"})[1]["says"].startswith("It is no Python")
    wait_until_nothing_is_left(place)


def test_a_page_that_goes_away_ends_the_run_and_its_child(served, place, monkeypatch):
    monkeypatch.setattr(judge, "LIMITS", Limits(seconds=50.0))
    with pytest.raises(OSError, match="timed out"):
        ask(served, {"text": ENDLESS}, timeout=4)
    assert left_of(place)
    wait_until_nothing_is_left(place)
    while (answer := ask(served, {"text": "x = 3"}))[0] == 409:  # it is being put away
        time.sleep(0.05)
    assert "no function" in answer[1]["says"]


def test_one_run_at_a_time(served, place):
    first = threading.Thread(target=lambda: ask(served, {"text": ENDLESS}))
    first.start()
    while not left_of(place):
        time.sleep(0.01)
    status, told = ask(served, {"text": RIGHT})
    assert status == 409
    assert b"Another function" in told
    first.join(60)


def test_the_time_for_everything_is_said_and_kept(served, place, monkeypatch):
    monkeypatch.setattr(judge, "SECONDS", 1)
    told = ask(served, {"text": ENDLESS})[1]
    assert "longer than" in told["says"]
    wait_until_nothing_is_left(place)


def test_a_judge_ends_by_itself_where_nobody_ends_it(place):
    program = "from backpass.studio.answering import judge; judge.SECONDS = -3; judge.main()"  # 2 s
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(question_of(ENDLESS)).encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == b""
    wait_until_nothing_is_left(place)


UNTOLD = """
import numpy as np

def work(q, r, s, t):
    m = len(q)
    a2 = 1 / (1 + np.exp(-np.c_[np.ones(m), q] @ s.T))
    h = 1 / (1 + np.exp(-np.c_[np.ones(m), a2] @ t.T))
    d3 = h - r
    d2 = d3 @ t[:, 1:]
    return d2.T @ np.c_[np.ones(m), q] / m, d3.T @ np.c_[np.ones(m), a2] / m
"""


def test_how_a_function_is_called_can_be_said():
    told = told_of(UNTOLD, "D1, D2 = work(X, Y, Theta1, Theta2)")
    assert "g′ missing" in told["hints"]["what"]
    assert told["signature"].startswith("D1, D2 = work(X, Y, Theta1, Theta2)")


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ("D1, D2 = other(X, Y, Theta1, Theta2)", "names no function of this code"),
        ("D1, D2 = work(X, Y, Theta1, zebra)", "zebra"),
        ("D1, D2 = work(X,", "form"),
    ],
)
def test_a_call_that_cannot_be_is_one_sentence(form, why):
    told = told_of(UNTOLD, form)
    assert set(told) == {"says"}
    assert why in told["says"]
