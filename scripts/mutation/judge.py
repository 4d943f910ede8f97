"""A process that runs tests again and again, each time in a fork that has the libraries loaded.

It is started in a copy of the tree, reads one line of JSON a job from its standard input (tests,
seconds) and answers with one (code, last words). What it forks is ended with its group.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import signal
import sys
import tempfile
import time

LIBRARIES = (
    "numpy",
    "scipy.optimize",
    "scipy.special",
    "scipy.sparse.linalg",
    "sklearn.datasets",
    "sklearn.model_selection",
    "sklearn.neural_network",
    "sklearn.preprocessing",
    "pandas",
    "pyarrow.parquet",
    "mpmath",
    "hypothesis.extra.numpy",
    "matplotlib",
    "torch",
    "_pytest.doctest",
)


MOST_BYTES = 4 << 30  # of memory: a mutant may well ask for all there is


def limit_memory() -> None:
    """Give this process, and what it starts, no more memory than tests need."""
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))


def load_libraries() -> None:
    """Import what the tests import, but nothing of backpass."""
    for name in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    assert not [name for name in sys.modules if name.split(".")[0] == "backpass"]


def run_tests(arguments: list[str], output: int) -> None:
    """Run pytest in this fork, and end it with pytest's exit status."""
    import pytest

    os.setsid()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    loaded = "ignore::pytest.PytestAssertRewriteWarning"  # hypothesis is there before pytest is
    options = ["-x", "-q", "-p", "no:cacheprovider", "--tb=line", "-W", loaded]
    try:
        code = int(pytest.main([*options, *arguments]))
    except BaseException as error:  # a mutant may do anything
        print(repr(error))
        code = 70
    sys.stdout.flush()
    os._exit(code)


def wait_for(pid: int, seconds: float) -> int | None:
    """The exit status of a fork, or None where it had to be killed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            with contextlib.suppress(ProcessLookupError):  # what it left behind
                os.killpg(pid, signal.SIGKILL)
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def judged(job: dict) -> dict:
    """Fork, run the tests, and say how it ended."""
    with tempfile.TemporaryFile() as output:
        begin = time.monotonic()
        pid = os.fork()
        if pid == 0:
            run_tests(job["tests"], output.fileno())
        code = wait_for(pid, job["seconds"])
        output.seek(0)
        words = output.read().decode(errors="replace").strip().splitlines()
    return {"code": code, "seconds": time.monotonic() - begin, "words": words[-3:]}


def main() -> None:
    """Answer until the input ends."""
    load_libraries()
    limit_memory()
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        print(json.dumps(judged(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
