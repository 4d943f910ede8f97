"""One submission: its process, the questions put to it, and the mark that comes of the answers.

The judge and everything it compares with stay in this process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from ..diagnose.forms.grammar import check_form
from ..errors import InvalidInput
from .child_process import AnswerTooLarge, ChildLost, ChildProcess, Limits, Means
from .examine import Examined, count_calls, examine
from .marking import suspicions
from .marking.marks import HINTS, Mark, deductions, parts_of
from .marking.rubric import Rubric
from .reading.submission import Source, Submission, defined_names, syntax_problem
from .remote_subject import RemoteSubject
from .reports.escaping import one_line, visible

Found = TypeVar("Found")

LOADING = 0.5  # of a limit's seconds, what stands outside of functions may take

KINDS: dict[int, tuple[str, ...]] = {
    1: (),
    2: ("cost", "gradient"),
    3: ("forward", "cost", "gradient"),
}


@dataclass(frozen=True)
class Task:
    """What is asked of every submission of a class."""

    names: tuple[str, ...]
    rubric: Rubric = field(default_factory=Rubric)
    limits: Limits = field(default_factory=Limits)
    means: Means = field(default_factory=Means)
    libraries: tuple[str, ...] = ("numpy",)
    sizes: tuple[int, ...] | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if len(self.names) not in KINDS:
            raise InvalidInput(
                "Ask for one function, for cost and gradient, or for forward and both."
            )
        if self.rubric.form is not None:
            check_form(self.rubric.form, self.names)


def mark(submission: Submission, task: Task) -> Mark:
    """Mark one submission; whatever it does, there is a mark.

    Parameters
    ----------
    submission : Submission
        What a student handed in.
    task : Task
        What is asked for, and under which limits.

    Returns
    -------
    Mark
        With no points and the reason where nothing could be judged.
    """
    begun = Mark(
        submission.student,
        submission.identifier,
        submission.late,
        parts=parts_of(task.rubric, {}, None),
        out_of=task.rubric.out_of,
        notes=submission.problems,
    )
    source = submission.main(task.names)
    if source is None:
        return _without(begun, "There is nothing in it that could be read.")
    begun = replace(begun, file=source.name, remarks=tuple(_remarks(submission)))
    if problem := why_not(source, task.names):
        return _without(begun, problem)
    try:
        return _judged(begun, submission, source, task)
    except (ChildLost, AnswerTooLarge) as lost:
        return _without(begun, str(lost))
    except Exception as error:  # one that the judge is not ready for spoils no other mark
        remark = (
            f"The judge stopped at {type(error).__name__}: {one_line(str(error))} Look yourself."
        )
        told = replace(begun, remarks=(*begun.remarks, remark))
        return _without(told, "It could not be judged; your teacher looks at it.")


def _remarks(submission: Submission) -> list[str]:
    found = (suspicions.of_text(source.text) for source in submission.sources)
    return list(dict.fromkeys(remark for remarks in found for remark in remarks))


def _without(begun: Mark, reason: str) -> Mark:
    """A mark without points."""
    said = visible(reason)
    return replace(begun, headline=said, hints=dict.fromkeys(HINTS, said))


def why_not(source: Source, names: Sequence[str]) -> str | None:
    """Say why a text's functions cannot be judged; None where they can."""
    if problem := syntax_problem(source):
        return f"It is no Python: {problem}"
    missing = [name for name in names if not source.defines(name)]
    if not missing:
        return None
    defined = ", ".join(defined_names(source.text)[:10]) or "nothing"
    return f"{source.name} has no {' and no '.join(missing)}; it defines {defined}."


def _judged(begun: Mark, submission: Submission, source: Source, task: Task) -> Mark:
    def judge(subject: RemoteSubject) -> tuple[Examined, list[str]]:
        found = examine(subject, KINDS[len(task.names)], task.sizes, task.rubric, task.seed)
        return found, suspicions.of_calls(count_calls(subject, found.seen))

    (found, remarks), told = in_child(submission, source, task, judge)
    return _marked(replace(begun, remarks=(*begun.remarks, *remarks)), found, told, task.rubric)


def in_child(
    submission: Submission, source: Source, task: Task, judge: Callable[[RemoteSubject], Found]
) -> tuple[Found, list[str]]:
    """Run a submission in a process of its own, which is dead when this returns.

    Parameters
    ----------
    submission, source : Submission, Source
        All texts, and the one that defines what is asked for. Where the whole text takes too long,
        its definitions alone are run.
    task : Task
        What is asked for, and under which limits.
    judge : callable
        What is made of the running code.

    Returns
    -------
    found
        What the judge has made.
    told : list of str
        What is to be said of how the text was run.

    Raises
    ------
    ChildLost, AnswerTooLarge
        If the process ends, or gives no answer that can be believed.
    """
    if source.from_notebook:
        return _run(submission, source, task, judge, whole=False)
    try:
        return _run(submission, source, task, judge, whole=True)
    except _NotLoaded as reason:
        note = f"What stands outside of its functions is left out. {reason}"
        found, told = _run(submission, source, task, judge, whole=False)
        return found, [note, *told]


class _NotLoaded(Exception):
    """A text that does not come to its end, or ends its process."""


def _run(
    submission: Submission,
    source: Source,
    task: Task,
    judge: Callable[[RemoteSubject], Found],
    whole: bool,
) -> tuple[Found, list[str]]:
    with ChildProcess(task.means, task.limits, task.libraries) as child:
        try:
            told = _load(child, submission, source, whole)
        except ChildLost as lost:
            raise _NotLoaded(str(lost)) if whole else lost from None
        return judge(RemoteSubject(child, task.names)), told


def _load(child: ChildProcess, submission: Submission, source: Source, whole: bool) -> list[str]:
    """Run a submission's text; return what is to be said of it."""
    files = {each.name: each.text for each in submission.sources}
    answer = child.ask("load", LOADING, files=files, main=source.name, whole=whole)
    if "raised" in answer:
        raise ChildLost(f"It cannot be run: {one_line(str(answer['raised']))}.")
    told: Any = answer["value"]
    try:
        missing = [f"{name} is not installed here; it was left out." for name in told["missing"]]
        failed = [f"Line {line} fails and was left out: {text}" for line, text in told["failed"]]
    except (TypeError, KeyError, ValueError):
        raise ChildLost("What it sent is no answer to what it was asked.") from None
    return [one_line(text) for text in (*missing, *failed)]


def _marked(begun: Mark, found: Examined, told: Sequence[str], rubric: Rubric) -> Mark:
    diagnosis = found.diagnosis
    conventions = tuple(one_line(str(each)) for each in diagnosis.conventions)
    parts = parts_of(rubric, found.right, found.growth.share if found.growth else None)
    off = deductions(rubric, bool(conventions) and diagnosis.ok, begun.late)
    return replace(
        begun,
        parts=(*parts, *off),
        headline=visible(diagnosis.headline),
        ok=diagnosis.ok,
        hints=_hints(diagnosis.hints),
        mistakes=tuple(dict.fromkeys(one_line(m.what) for m in diagnosis.mistakes)),
        conventions=conventions,
        notes=(*begun.notes, *told),
        growth=str(found.growth) if found.growth else "",
    )


def _hints(texts: Sequence[str]) -> Mapping[str, str]:
    return {grade: visible(text) for grade, text in zip(HINTS, texts)}
