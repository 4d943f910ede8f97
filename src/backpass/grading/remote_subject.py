"""A submission as the judge's subject: described and run in a process of its own."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..diagnose.subject.subject import Part
from .child.wire import Opaque
from .child_process import ChildLost, ChildProcess

Step = Mapping[str, Any]


class RemoteSubject:
    """Has the interface of ``LocalSubject``, and nothing of the submission's own objects."""

    def __init__(self, child: ChildProcess, names: Sequence[str]) -> None:
        self._child = child
        answer = child.ask("describe", names=list(names))
        self.parts = tuple(map(_part, _listed(answer, len(names))))
        self._counts: dict[str, int] | None = None

    def run(self, program: Sequence[Step]) -> list[dict[str, Any]]:
        """Carry out a program there; see ``runner``."""
        counts = self._counts is not None
        answer = self._child.ask("run", program=list(program), count=counts)
        if self._counts is not None:
            self._add(answer.pop("calls", {}))
        return [_step(step) for step in _listed(answer, None)]

    @contextmanager
    def counting(self) -> Generator[dict[str, int]]:
        """Count how often its functions are called meanwhile: name -> times, as it says itself."""
        self._counts = {}
        try:
            yield self._counts
        finally:
            self._counts = None

    def _add(self, calls: Any) -> None:
        assert self._counts is not None
        for name, times in calls.items() if isinstance(calls, dict) else ():
            if isinstance(name, str) and type(times) is int:
                self._counts[name] = self._counts.get(name, 0) + times


def _listed(answer: Mapping[str, Any], count: int | None) -> list[dict[str, Any]]:
    """The dicts of an answer, or the end of a process that does not give any."""
    value: Any = answer.get("value")
    if "raised" in answer:
        raise ChildLost(f"It raises {_raised(answer['raised'])} where nothing should.")
    right = isinstance(value, list) and all(isinstance(each, dict) for each in value)
    if not right or (count is not None and len(value) != count):
        raise ChildLost("What it sent is no answer to what it was asked.")
    return value


def _raised(raised: object) -> str:
    return str(raised["type"]) if isinstance(raised, dict) and "type" in raised else "something"


def _part(described: dict[str, Any]) -> Part:
    """A description, of whose kinds nothing is believed."""
    try:
        return Part.of(described)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ChildLost("What it sent describes no function.") from error


def _step(step: dict[str, Any]) -> dict[str, Any]:
    """A step's answer with what is opaque as the runner has it."""
    if "error" in step:
        told = step["error"] if isinstance(step["error"], dict) else {}
        return {
            "error": {
                "kind": str(told.get("kind", "Exception"))[:80],
                "message": str(told.get("message", ""))[:500],
                "line": told["line"] if type(told.get("line")) is int else 0,
            }
        }
    return {key: _value(step[key]) for key in ("value", "after") if key in step}


def _value(value: Any) -> Any:
    if isinstance(value, Opaque):
        return {"object": value.type_name}
    if isinstance(value, dict):
        return {str(key): _value(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_value(each) for each in value)
    return value
