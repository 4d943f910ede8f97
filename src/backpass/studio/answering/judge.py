"""The judge of code that was pasted into the page: a program of its own, which can be ended.

It reads a question as JSON from standard input and writes what it found as JSON. The code itself
runs in the grader's child process, which ends with this one; this one ends with its time.
"""

from __future__ import annotations

import ast
import json
import re
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TypedDict

from ...diagnose.answers import Failure
from ...diagnose.check import check_subject
from ...diagnose.diagnosis import Diagnosis, Mistake
from ...diagnose.forms.grammar import check_form
from ...errors import InvalidInput
from ...grading.child_process import AnswerTooLarge, ChildLost, Limits, Means
from ...grading.judge import KINDS, Task, in_child, why_not
from ...grading.reading.submission import Source, Submission
from ...grading.reports.escaping import visible

FILE = "function.py"
DEFINITIONS = (ast.FunctionDef, ast.ClassDef)
LIMITS = Limits(seconds=10.0, memory=1 << 30)
SECONDS = 60  # for everything together


class Pasted(TypedDict):
    """A question: the code, what is to be called, and how.

    ``names`` is empty for what the rest does not name, or has names, or says how they are called,
    as ``form`` of ``check_backprop``.
    """

    text: str
    names: str
    means: dict[str, bool]
    limits: dict[str, float]


class Told(TypedDict, total=False):
    """What the page is told: which function is meant, or the diagnosis."""

    says: str  # why there is no diagnosis
    choices: list[str]
    function: str
    ok: bool
    headline: str
    explanations: list[list[dict[str, str | int]]]
    hints: dict[str, str]
    conventions: list[dict[str, str | int]]
    failures: list[str]
    unexplained: list[str]
    signature: str
    probes: list[str]
    sentence: str  # whether D is the derivative of J
    notes: list[str]


def outermost(text: str) -> list[str]:
    """Return the functions and classes of a text that none of its others name.

    Examples
    --------
    >>> outermost("def g(z): return z\\ndef backprop(X): return g(X)")
    ['backprop']
    """
    defined = [node for node in ast.parse(text).body if isinstance(node, DEFINITIONS)]
    named = {node.name: _named(node) for node in defined}
    asked = {other for name, others in named.items() for other in others if other != name}
    return [name for name in named if name not in asked]


def _named(definition: ast.stmt) -> set[str]:
    return {node.id for node in ast.walk(definition) if isinstance(node, ast.Name)}


def told_of(pasted: Pasted) -> Told:
    """Answer a question; whatever the code does, there is an answer."""
    source = Source(FILE, pasted["text"])
    if problem := why_not(source, ()):
        return {"says": problem}
    form = pasted["names"].strip() if "(" in pasted["names"] else None
    asked = _asked(pasted["names"]) if form is None else _called_in(form, source.text)
    if form is not None and not asked:
        return {"says": "What is said of the call names no function of this code."}
    names = asked or tuple(outermost(source.text))
    if not names:
        return {"says": "There is no function in it: it begins with “def”."}
    if not asked and len(names) > 1:
        return {"says": "Several functions could be meant: say which one.", "choices": [*names]}
    if len(names) not in KINDS:
        return {"says": "Name one function, or COST,GRADIENT, or FORWARD,COST,GRADIENT."}
    if problem := why_not(source, names):
        return {"says": problem, "choices": outermost(source.text)}
    limits, means = Limits(**pasted["limits"]), Means(**pasted["means"])  # type: ignore[arg-type]
    try:
        if form is not None:
            check_form(form, names)
        return _judged(source, Task(names, limits=limits, means=means), form)
    except InvalidInput as error:
        return {"says": visible(str(error))}


def _asked(names: str) -> tuple[str, ...]:
    return tuple(filter(None, (name.strip() for name in names.split(","))))


def _called_in(form: str, text: str) -> tuple[str, ...]:
    """The functions and classes of a text that a form calls, in the form's order."""
    defined = {node.name for node in ast.parse(text).body if isinstance(node, DEFINITIONS)}
    called = re.findall(r"(?<![\w.])(\w+)\s*\(", form)
    return tuple(dict.fromkeys(name for name in called if name in defined))


def _judged(source: Source, task: Task, form: str | None) -> Told:
    try:
        diagnosis, notes = in_child(
            Submission("", (source,)),
            source,
            task,
            lambda subject: check_subject(subject, KINDS[len(task.names)], form=form),
        )
    except (ChildLost, AnswerTooLarge) as lost:
        diagnosis, notes = Diagnosis(failures=(Failure(str(lost)),)), []
    return told(diagnosis, task.names) | {"notes": [*map(visible, notes)]}


def told(diagnosis: Diagnosis, names: Sequence[str]) -> Told:
    """Return a diagnosis in plain words; characters that steer become their numbers."""
    where, what, formula = map(visible, diagnosis.hints)
    return {
        "function": ", ".join(names),
        "ok": diagnosis.ok,
        "headline": visible(diagnosis.headline),
        "explanations": [[_plain(m) for m in each] for each in diagnosis.explanations],
        "hints": {"where": where, "what": what, "formula": formula},
        "conventions": [_plain(each) for each in diagnosis.conventions],
        "failures": [visible(str(each)) for each in diagnosis.failures],
        "unexplained": [*map(visible, diagnosis.unexplained)],
        "signature": visible(diagnosis.signature),
        "probes": [*diagnosis.probes],
        "sentence": visible(diagnosis.sentence),
    }


def _plain(said: Mistake) -> dict[str, str | int]:
    return {
        name: visible(value) if isinstance(value, str) else value
        for name, value in asdict(said).items()
    }


def _end(*_: object) -> None:
    """End as an exception does, so that the child process is closed and its folder removed."""
    raise SystemExit(1)


def main() -> None:
    """Answer the question on standard input."""
    for reason in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        signal.signal(reason, _end)
    signal.alarm(SECONDS + 5)  # also where the server is gone
    json.dump(told_of(json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
