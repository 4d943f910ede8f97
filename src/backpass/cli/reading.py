"""Options that say how a table is read, and how it was read, told in the terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .command import Values, messages
from .option_types import OneOf, Whole

if TYPE_CHECKING:
    from ..experiment.ready import PreparedTable
    from .source import HowToRead

KINDS = ("number", "category", "date", "text", "id", "ignored")
OF_READING = (
    "sep", "decimal", "thousands", "encoding", "header", "comment", "skip_rows", "sheet", "table",
)  # fmt: skip

Function = TypeVar("Function", bound=Callable[..., Any])


class KindOf(click.ParamType):
    """A column and its kind: zip=category."""

    name = "COLUMN=KIND"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Part it at the last equals sign."""
        column, _, kind = value.rpartition("=")
        if not column or kind not in KINDS:
            self.fail(f"{value!r} is not COLUMN=KIND, where KIND is {', '.join(KINDS)}", param, ctx)
        return column, kind


def reading_options(function: Function) -> Function:
    """Add an option for each thing that is found out about a table."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


_OPTIONS = (
    click.option(
        "--kind",
        "kinds",
        type=KindOf(),
        multiple=True,
        help=f"What a column is: {', '.join(KINDS)}; it always wins.",
    ),
    click.option("--sep", metavar="TEXT", help="What separates the cells of a text file."),
    click.option("--decimal", type=OneOf([".", ","]), help="The decimal mark."),
    click.option("--thousands", metavar="TEXT", help="The mark between groups of three digits."),
    click.option("--encoding", metavar="NAME", help="Of a text file's letters: utf-8, latin-1."),
    click.option("--na", metavar="WORD", multiple=True, help="One more word for a missing cell."),
    click.option("--header/--no-header", default=None, help="Whether the first row names columns."),
    click.option("--names", metavar="A,B,…", help="Names for the columns."),
    click.option("--comment", metavar="TEXT", help="Lines that begin with it are passed over."),
    click.option("--skip-rows", type=Whole(0), help="Lines at the top that are passed over."),
    click.option("--sheet", metavar="NAME", help="Of a workbook."),
    click.option("--table", metavar="NAME", help="Of a data base, or a file of an archive."),
    click.option(
        "--date-format", default="", metavar="FORMAT", help="dmy, mdy, ymd, or as %d/%m/%Y."
    ),
)


def how_to_read(options: dict[str, Any]) -> HowToRead:
    """Take what is said of the reading out of a command's options."""
    from ..data.reading import ReadingOptions
    from .source import HowToRead

    said = {name: options.pop(name) for name in OF_READING}
    names, na = options.pop("names"), options.pop("na")
    reading = ReadingOptions(**said, names=tuple(names.split(",")) if names else (), na=tuple(na))
    return HowToRead(reading, dict(options.pop("kinds")), options.pop("date_format"))


def show_reading(data: PreparedTable) -> None:
    """Tell on standard error how the table was read, or of arrays what is to know of its rows."""
    from ..data.table_preprocessing import TablePreprocessing

    if isinstance(data.preprocessing, TablePreprocessing):
        messages().print(data.preprocessing.reading)
        return
    for note in data.notes:
        messages().print(note, soft_wrap=True)


def told_reading(data: PreparedTable) -> Values:
    """How the table was read, for --json."""
    from ..data.table_preprocessing import TablePreprocessing

    if not isinstance(data.preprocessing, TablePreprocessing):
        return {"notes": list(data.notes)}
    reading = data.preprocessing.reading
    return {"reading": reading.to_json(), "notes": list(reading.notes)}
