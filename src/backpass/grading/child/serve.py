"""Answers the judge's questions about a submission, inside of what contains it.

A question is a dict with an ``id``, which its answer repeats, and what is to be done.
"""

from __future__ import annotations

import io
import linecache
import os
import random
import sys
import traceback
import types
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from . import statements, wire

Plain = Any  # what wire can write
NAME = "submission"
MAX_COUNTED = 100


class Runner(Protocol):
    """Describes entries of a namespace, and carries out programs of plain steps on them."""

    def describe(self, namespace: Mapping[str, Any], names: Sequence[str]) -> Plain:
        """Describe what the names stand for."""
        ...

    def run(self, namespace: Mapping[str, Any], program: Plain) -> Plain:
        """Carry out a program."""
        ...


class Server:
    """One submission: the module that it makes, and what can be asked of it."""

    def __init__(self, home: str, runner: Runner) -> None:
        self.home = home
        self.calls: Counter[str] = Counter()
        self.runner = runner
        self.module = types.ModuleType(NAME)
        self.acts: dict[str, Callable[[Plain], Plain]] = {
            "load": self.load,
            "describe": self.describe,
            "run": self.run,
        }

    def load(self, question: Plain) -> Plain:
        """Write the files into the home, and run the main one, statement by statement."""
        for name, text in question["files"].items():
            path = os.path.join(self.home, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8", errors="surrogatepass") as file:
                file.write(text)
        sys.path[:0] = [os.path.dirname(os.path.join(self.home, question["main"])), self.home]
        sys.modules[NAME] = self.module
        random.seed(0)
        np.random.seed(0)
        path = os.path.join(self.home, question["main"])
        self.module.__file__ = path
        linecache.checkcache(path)
        return statements.run(
            question["files"][question["main"]], path, vars(self.module), question["whole"]
        )

    def describe(self, question: Plain) -> Plain:
        """Describe the entries that a question names."""
        return self.runner.describe(vars(self.module), question["names"])

    def run(self, question: Plain) -> Plain:
        """Carry out a program of plain steps; where that is asked, count what it calls."""
        if question["count"]:
            sys.setprofile(self._profile)
        try:
            return self.runner.run(vars(self.module), question["program"])
        finally:
            sys.setprofile(None)

    def _profile(self, frame: types.FrameType, event: str, _: object) -> None:
        """Count a call of one of the submission's own functions."""
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(self.home):
            self.calls[code.co_name] += 1

    def answer(self, question: Plain) -> Plain:
        """Answer one question; whatever is raised is an answer, too."""
        said, self.calls = {"id": question["id"]}, Counter()
        try:
            value = self.acts[question["do"]](question)
            return {**said, "value": value, "calls": dict(self.calls.most_common(MAX_COUNTED))}
        except MemoryError:
            return {**said, "raised": {"type": "MemoryError", "message": "", "line": 0}}
        except BaseException as error:
            return {**said, "raised": _raised(error, self.module.__file__)}


def serve(channel: tuple[int, int], contained: dict[str, bool], home: str, runner: Runner) -> int:
    """Answer until no question comes; return the exit code."""
    server, (questions, answers) = Server(home, runner), channel
    with open(questions, "rb") as asked, open(answers, "wb", buffering=0) as told:
        _tell(told, {"id": 0, "value": contained})
        while prefix := asked.read(wire.PREFIX.size):
            header, body = wire.lengths(prefix)
            question = wire.unpack(asked.read(header), asked.read(body))
            _tell(told, server.answer(question))
    return 0


def _tell(told: io.RawIOBase | io.FileIO, answer: Plain) -> None:
    """Write an answer; one that is too large says so instead."""
    try:
        message = wire.pack(answer)
    except wire.BadMessage as bad:
        message = wire.pack({"id": answer["id"], "too_large": str(bad)})
    left = memoryview(message)
    while len(left):
        left = left[told.write(left) or 0 :]


def _raised(error: BaseException, path: str | None) -> Plain:
    """An exception as plain text, with the submission's line in which it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno or 0 for frame in frames if frame.filename == path]
    return {
        "type": type(error).__name__,
        "message": statements.text_of(error),
        "line": lines[-1] if lines else 0,
    }
