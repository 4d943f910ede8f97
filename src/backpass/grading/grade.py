"""``grade``: a class's submissions, from folders and files to marks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import InvalidInput
from .child_process import Limits
from .course import Grades, Told, grade_class
from .judge import Task
from .layout import Layout
from .marking.marks import HINTS
from .marking.rubric import Rubric, read_rubric
from .reading.folders import find_submissions
from .reports import files


def make_task(
    function: str,
    points: str | Path | Rubric | None = None,
    *,
    sizes: Sequence[int] | None = None,
    seed: int = 0,
    limit: float = 10.0,
    memory: int = 1024,
    libraries: Sequence[str] = (),
) -> Task:
    """Make a task of what ``grade`` is given, checked before anything runs."""
    everything = tuple(dict.fromkeys(("numpy", *libraries)))
    rubric = points if isinstance(points, Rubric) else read_rubric(points) if points else None
    Layout.of(everything)
    return Task(
        names=tuple(name.strip() for name in function.split(",")),
        rubric=rubric or Rubric(),
        limits=Limits(seconds=limit, memory=memory << 20),
        libraries=everything,
        sizes=None if sizes is None else tuple(sizes),
        seed=seed,
    )


def grade(
    submissions: str | Path | Sequence[str | Path],
    function: str,
    *,
    points: str | Path | Rubric | None = None,
    out: str | Path | None = None,
    hint: str = "what",
    sizes: Sequence[int] | None = None,
    seed: int = 0,
    limit: float = 10.0,
    memory: int = 1024,
    libraries: Sequence[str] = (),
    jobs: int = 2,
    force: bool = False,
    told: Told | None = None,
) -> Grades:
    """Grade a class's backpropagation functions, each in a contained process of its own.

    Parameters
    ----------
    submissions : path or sequence of paths
        Folders as Moodle and Canvas name them, or any other; .py, .ipynb and .zip.
    function : str
        What to call: one name, "COST,GRADIENT" or "FORWARD,COST,GRADIENT".
    points : path or Rubric, optional
        Points for each part; ten in all where not given.
    out : path, optional
        Folder for the marks (CSV, JSON), a picture of the most common mistakes and a page for
        each student. Nothing is written where not given.
    hint : {"where", "what", "formula"}
        How much students are told.
    sizes : sequence of int, optional
        Units by layer, where the function is for these alone.
    seed : int
        Of the inputs; those of ``check_backprop`` where 0. It is recorded.
    limit : float
        Seconds that a submission may calculate.
    memory : int
        Megabytes that it may use.
    libraries : sequence of str
        What it may import beside NumPy.
    jobs : int
        Submissions side by side.
    force : bool
        Whether files that exist are replaced.
    told : callable, optional
        Is given each ``Mark`` as soon as those before it are there.

    Returns
    -------
    Grades
        The same every time; ``marks`` in the order of the students' names.

    Raises
    ------
    InvalidInput
        If nothing can be graded, or the system cannot run a contained process at all.
    OutputExists
        If marks exist and may not be replaced.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "ada.py").write_text("def backprop(x): return x + 1")
    ...     grades = grade(folder, "backprop")
    >>> grades.marks[0].points, grades.out_of
    (0.0, 10.0)
    """
    if hint not in HINTS:
        raise InvalidInput(f"There is no hint {hint!r}; the grades are {', '.join(HINTS)}.")
    task = make_task(
        function,
        points,
        sizes=sizes,
        seed=seed,
        limit=limit,
        memory=memory,
        libraries=libraries,
    )
    if out is not None:
        files.check_folder(Path(out), force)
    paths = [submissions] if isinstance(submissions, str | Path) else submissions
    grades = grade_class(find_submissions(paths), task, jobs, told)
    if out is not None:
        files.write(Path(out), grades.marks, {**grades.values(), "hint": hint}, hint, force)
    return grades
