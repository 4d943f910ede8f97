"""``backpass bench tables``: how right is it on tables, and how long does it take?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from ...bench.tabular.candidates import CANDIDATES
from ...bench.tabular.splits import MOST_ROWS
from ...errors import InvalidInput
from ..command import Answer, Command, messages
from ..option_types import OneOf, Real, Whole, suggestion
from ..output import check_free

if TYPE_CHECKING:
    from ...bench.tabular import SplitRule, TableSource, TablesReport

QUICK_ROWS = 2000


class Seeds(click.ParamType):
    """So many from 0, or a range with both its ends."""

    name = "seeds"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> range:
        """Return the seeds."""
        if isinstance(value, range):
            return value
        first, dash, last = str(value).partition("-")
        try:
            seeds = range(int(first), int(last) + 1) if dash else range(int(first))
        except ValueError:
            seeds = range(0)
        if not seeds:
            self.fail(f"{value!r} is neither a number of seeds nor a range as 5-9.", param, ctx)
        return seeds


class MostRows(click.ParamType):
    """A number of rows, for all tables or for one."""

    name = "rows"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        """Return the table, "" for all, and its number."""
        if isinstance(value, tuple):
            return value
        table, _, rows = str(value).rpartition("=")
        if not rows.isdecimal() or int(rows) < 2:
            self.fail(f"{value!r} is neither a number of rows nor as TABLE=ROWS.", param, ctx)
        return table, int(rows)


@click.command(cls=Command)
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--table", "tables", multiple=True, metavar="NAME", help="Repeatable.")
@click.option("--openml", type=Whole(1), multiple=True, metavar="ID", help="Of OpenML; repeatable.")
@click.option("--seeds", type=Seeds(), default="5", metavar="N", help="So many, or a range as 5-9.")
@click.option(
    "--candidate",
    "candidates",
    type=OneOf([entry.name for entry in CANDIDATES]),
    multiple=True,
    metavar="NAME",
    help="Repeatable.",
)
@click.option(
    "--most-rows",
    type=MostRows(),
    multiple=True,
    metavar="[TABLE=]ROWS",
    help=f"That train; {MOST_ROWS} if left out. Repeatable.",
)
@click.option("--inner", is_flag=True, help="Score on a fifth of the training rows, to choose by.")
@click.option("--time", "time_limit", type=Real(0, min_open=True), help="Seconds a fit of ours.")
@click.option("--threads", type=Whole(1), help="For everybody; all processors if left out.")
@click.option("--rest", type=Real(0), default=0.3, help="Seconds before each fit.")
@click.option("--quick", is_flag=True, help=f"One seed, and {QUICK_ROWS} rows that train.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Keep each fit there at once; a file that exists is gone on with.",
)
@click.option("--picture", type=click.Path(path_type=Path), metavar="FILE", help="Draw the losses.")
@click.option("--force", is_flag=True, help="Replace a picture that exists.")
def bench_tables(
    folder: Path | None,
    tables: tuple[str, ...],
    openml: tuple[int, ...],
    picture: Path | None,
    force: bool,
    out: Path | None,
    **choices: Any,
) -> Answer:
    """Fit ours and boosted trees to tables: error, loss, rank and seconds on the same rows.

    FOLDER holds Parquet files, the target in the last column; without one it takes the sets that
    come with scikit-learn. CatBoost, LightGBM, XGBoost, HistGradientBoosting, and RealMLP and TabM
    of pytabkit take part with their default settings where they are installed.
    """
    from ...bench import tabular

    for path, replaced, option in ((out, True, "--out"), (picture, force, "--picture")):
        if path is not None:
            check_free(path, replaced, option)
    report = tabular.run_tables(
        _sources(folder, openml, tables), out=out, say=messages().print, **_settings(**choices)
    )
    if picture is not None:
        tabular.save_picture(report, picture)
    return Answer(_values(report), lambda to: _show(to, report))


def _settings(
    quick: bool, seeds: range, most_rows: tuple[tuple[str, int], ...], inner: bool, **others: object
) -> dict[str, Any]:
    """What ``run_tables`` is asked for."""
    from ...bench.tabular import SplitRule

    mosts = dict(most_rows)
    most = mosts.pop("", QUICK_ROWS if quick else MOST_ROWS)
    rule: SplitRule = SplitRule(most, mosts, inner)
    return {"seeds": range(1) if quick else seeds, "rule": rule, **others}


def _sources(folder: Path | None, openml: Sequence[int], names: Sequence[str]) -> list[TableSource]:
    """The tables of the folder, of OpenML or of scikit-learn; those that are named, if any are."""
    from ...bench import tabular

    sources = tabular.in_folder(folder) if folder else []
    sources += tabular.of_openml(openml)
    sources = sources or tabular.of_scikit_learn()
    known = {source.name: source for source in sources}
    for name in names:
        if name not in known:
            raise InvalidInput(f"There is no table {name!r}{suggestion(name, known)}.")
    return [known[name] for name in names] if names else sources


def _values(report: TablesReport) -> dict[str, Any]:
    """The whole report, and where everybody stands."""
    from ...bench.tabular import standings

    return json.loads(report.to_json()) | {"standings": [asdict(s) for s in standings(report)]}


def _show(to: Console, report: TablesReport) -> None:
    from ...bench import tabular

    for each in [*tabular.shown(report), *tabular.remarks(report)]:
        to.print(each)
