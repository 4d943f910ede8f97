"""``backpass bench``: how fast is it here, beside its peers?"""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import click
from click import Context
from rich.console import Console
from rich.table import Table

from ...bench.candidates import CANDIDATES
from ...bench.workloads import WORKLOADS
from ..command import Answer, Command, given_parameters, messages
from ..option_types import OneOf, StartOf, Whole
from ..output import check_free

if TYPE_CHECKING:
    from ...bench import Report


class Bench(Command):
    """A command whose first word may name another one, with options of its own."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: Context | None = None, **extra: Any
    ) -> Context:
        """Hand the other words over, where that is the first."""
        if args[:1] != ["tables"]:
            return super().make_context(info_name, args, parent, **extra)
        from .bench_tables import bench_tables

        return bench_tables.make_context(f"{info_name} tables", args[1:], parent, **extra)


class Choices(TypedDict):
    """What is measured, and on what."""

    quick: bool
    workloads: tuple[str, ...]
    candidates: tuple[str, ...]
    dtypes: tuple[str, ...]
    threads: int | None
    isa: str


@click.command(cls=Bench)
@click.option("--quick", is_flag=True, help="Fewer rows and rounds, float32, no torch.compile.")
@click.option(
    "--workload",
    "workloads",
    type=StartOf([workload.name for workload in WORKLOADS]),
    multiple=True,
    metavar="NAME",
    help="W1 to W11; repeatable.",
)
@click.option(
    "--candidate",
    "candidates",
    type=OneOf([entry.name for entry in CANDIDATES]),
    multiple=True,
    metavar="NAME",
    help="Repeatable.",
)
@click.option("--dtype", "dtypes", multiple=True, type=OneOf(["float32", "float64"]))
@click.option("--threads", type=Whole(1), help="For everybody; all processors if left out.")
@click.option("--isa", type=OneOf(["native", "avx2"]), default="native", show_default=True)
@click.option("--solvers", "what", flag_value="solvers", help="Race solvers to the same J instead.")
@click.option("--fits", "what", flag_value="fits", help="Time whole fits of MLPClassifier instead.")
@click.option("--picture", metavar="FILE", help="Draw the times, as multiples of backpass's.")
@click.option("--force", is_flag=True, help="Replace a picture that exists.")
@click.option(
    "--compare",
    nargs=2,
    type=click.Path(path_type=Path),
    metavar="A.json B.json",
    help="Measure nothing: hold what --json printed on two machines, or of two versions, side by "
    "side.",
)
def bench(
    what: str | None,
    picture: str | None,
    force: bool,
    compare: tuple[Path, Path] | None,
    **choices: Unpack[Choices],
) -> Answer:
    """Measure backpass beside scikit-learn, PyTorch, JAX and onnxruntime on this machine.

    All compute the same, which is checked first, and take turns in one run. Who is not installed is
    left out. With --quick it takes some minutes, without it most of an hour; a quiet machine makes
    better numbers.

    `backpass bench tables` measures error, loss and seconds on tables beside boosted trees.
    """
    from ... import bench as benchmarks

    if compare is not None:
        _check_alone("--compare")
        return _compare(benchmarks, *compare)
    if picture is not None:
        check_free(Path(picture), force, "--picture")
    report = _run(benchmarks, what, {name: value for name, value in choices.items() if value})
    if picture is not None:
        dtype = report.lines[0].dtype
        benchmarks.save_picture(report, Path(picture), dtype)
    values, say = json.loads(report.to_json()), benchmarks
    return Answer(values, lambda to: _show(to, say.tables(report), say.remarks(report)))


def _check_alone(option: str) -> None:
    """Raise where another option is given that this one leaves without a meaning."""
    others = [name for param in given_parameters() for name in param.opts if name != option]
    if others:
        raise click.UsageError(f"{option} measures nothing: {others[0]} has no meaning beside it")


def _compare(benchmarks: ModuleType, first: Path, second: Path) -> Answer:
    """Two reports from their files."""
    reports = benchmarks.read_report(first), benchmarks.read_report(second)
    found, say = benchmarks.compare(_names(first, second), *reports), benchmarks.comparison
    values = json.loads(found.to_json())
    return Answer(values, lambda to: _show(to, say.tables(found), say.remarks(found)))


def _names(first: Path, second: Path) -> tuple[str, str]:
    """What to call two files: by their names, where these differ."""
    return (first.stem, second.stem) if first.stem != second.stem else (str(first), str(second))


def _run(benchmarks: ModuleType, what: str | None, choices: dict[str, object]) -> Report:
    """Run the workloads, the races or the fits."""
    runs = {"solvers": benchmarks.run_solvers, "fits": benchmarks.run_fits}
    if what and choices.pop("workloads", None):
        raise click.UsageError(f"--{what} and --workload exclude each other")
    return runs.get(what or "", benchmarks.run)(**choices, say=messages().print)


def _show(to: Console, tables: list[Table], remarks: list[str]) -> None:
    for each in [*tables, *remarks]:
        to.print(each)
