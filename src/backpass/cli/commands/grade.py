"""``backpass grade``: points and hints for a class, whose code runs contained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import click
from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from ..command import Answer, Command, messages
from ..option_types import OneOf, Real, Whole
from ..output import check_free
from ..sizes import Sizes

if TYPE_CHECKING:
    from ...grading.course import Grades
    from ...grading.judge import Task


class Asked(TypedDict):
    """What every submission is asked, and under which limits."""

    function: str | None
    points: str | None
    sizes: tuple[int, ...] | None
    seed: int
    limit: float
    memory: int
    library: tuple[str, ...]


@click.command(cls=Command)
@click.argument("submissions", nargs=-1, metavar="FOLDER|FILE…")
@click.option("--function", metavar="NAME", help="What to call; or COST,GRADIENT.")
@click.option("--points", metavar="RUBRIC.toml", help="Points for each part.")
@click.option("--rubric-template", metavar="FILE", help="Write a rubric to begin with, and stop.")
@click.option("--out", metavar="FOLDER", default="grades", help="Marks, and a page a student.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
@click.option(
    "--hint",
    type=OneOf(["where", "what", "formula"]),
    default="what",
    help="How much students are told.",
)
@click.option("--sizes", type=Sizes(), help="Units by layer, inputs and outputs too, as 3,5,3.")
@click.option("--seed", type=Whole(0), default=0, help="Of the inputs; keep one of your own.")
@click.option(
    "--limit",
    type=Real(0, min_open=True),
    default=10.0,
    help="Seconds that a submission may calculate.",
)
@click.option("--memory", type=Whole(256), default=1024, help="Megabytes that it may use.")
@click.option(
    "--library", multiple=True, metavar="NAME", help="Beside NumPy, what it may import: scipy."
)
@click.option("--jobs", type=Whole(1), default=2, help="Submissions side by side.")
@click.option(
    "--gradescope",
    metavar="RESULTS.json",
    help="Grade one submission, for Gradescope.",
)
def grade(
    submissions: tuple[str, ...],
    rubric_template: str | None,
    out: str,
    force: bool,
    hint: str,
    jobs: int,
    gradescope: str | None,
    **asked: Unpack[Asked],
) -> Answer:
    """Grade submissions: .py, .ipynb, .zip, or folders of them as Moodle and Canvas name them.

    Each runs in a process of its own, without network, files or rights, for a limited time. The
    marks go to --out as CSV and JSON, with a page for each student.
    """
    if rubric_template is not None:
        return _template(rubric_template, force)
    if gradescope is not None:
        return _one(submissions, gradescope, hint, asked)
    from ...grading.course import grade_class
    from ...grading.reading.folders import find_submissions
    from ...grading.reports import files

    folder = Path(out)
    files.check_folder(folder, force)
    paths, task = _given(submissions), _task(asked)
    found = find_submissions(paths)
    with Progress(console=messages(), transient=True) as bar:
        line = bar.add_task("grading", total=len(found))
        grades = grade_class(found, task, jobs, lambda mark: bar.advance(line))
    written = files.write(folder, grades.marks, {**grades.values(), "hint": hint}, hint, force)
    return Answer({**grades.values(), "files": written}, lambda to: _show(to, grades, written))


def _given(submissions: Sequence[str]) -> Sequence[str]:
    if not submissions:
        raise click.UsageError("What is to be graded? Name a folder or files")
    return submissions


def _task(asked: Asked) -> Task:
    """What is asked, checked before anything runs."""
    from ...grading.grade import make_task

    if not asked["function"]:
        raise click.UsageError("Which function is to be graded? Say --function NAME")
    return make_task(
        asked["function"],
        asked["points"],
        sizes=asked["sizes"],
        seed=asked["seed"],
        limit=asked["limit"],
        memory=asked["memory"],
        libraries=asked["library"],
    )


def _template(path: str, force: bool) -> Answer:
    from ...grading.marking.rubric import TEMPLATE
    from ...storage.atomic import atomic_write

    check_free(Path(path), force, "--rubric-template")
    atomic_write(path, TEMPLATE.encode(), force)
    return Answer({"rubric": path}, lambda to: to.print(Text(f"Rubric: {path}")))


def _one(submissions: Sequence[str], results: str, hint: str, asked: Asked) -> Answer:
    """Grade one submission for Gradescope: its file is there and valid whatever happens."""
    from ...grading.reports import gradescope
    from ...storage.atomic import atomic_write

    def write(values: dict[str, Any]) -> None:
        atomic_write(results, gradescope.as_json(values), force=True)

    write(gradescope.failed("The grading was stopped before its end."))
    try:
        values = _results(submissions, hint, asked)
    except Exception as error:
        write(gradescope.failed(str(error)))
        raise
    write(values)
    return Answer(
        {"results": results, **values},
        lambda to: to.print(Text(f"Results: {results} ({values['score']} points)")),
    )


def _results(submissions: Sequence[str], hint: str, asked: Asked) -> dict[str, Any]:
    from ...grading.course import grade_class
    from ...grading.reading.folders import one_submission
    from ...grading.reports import gradescope

    if len(submissions) != 1:
        raise click.UsageError("--gradescope grades one submission: a file, or its folder")
    task = _task(asked)
    grades = grade_class([one_submission(submissions[0])], task, jobs=1)
    return gradescope.results(grades.marks[0], hint)


def _show(to: Console, grades: Grades, written: dict[str, str]) -> None:
    from ...grading.reports.class_summary import common_mistakes, marks_table, mistakes_table

    to.print(marks_table(grades.marks))
    if common_mistakes(grades.marks):
        to.print()
        to.print(mistakes_table(grades.marks))
    for mark in grades.marks:
        for remark in mark.remarks:
            to.print(Text(f"{mark.student}: {remark}"), soft_wrap=True)
    for sentence in grades.open:
        to.print(Text(sentence), soft_wrap=True)
    names = {"csv": "Marks", "json": "All of it", "feedback": "Feedback", "picture": "Picture"}
    for what, path in written.items():
        to.print(Text(f"{names[what]}: {path}"), soft_wrap=True)
