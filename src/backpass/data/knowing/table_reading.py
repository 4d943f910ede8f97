"""How a table was read, column by column: for people, for JSON and for a model file."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..cells import count
from .kinds import ColumnReading, Kind

if TYPE_CHECKING:
    from rich.table import Table

TITLE = "How I read your table"
SCREEN = 40  # lines at most, the heading left out
WIDEST = 30  # letters of a name


@dataclass(frozen=True)
class TableReading:
    """What each column of a table is, with the reason.

    Parameters
    ----------
    columns : tuple of ColumnReading
        In the table's order; a target has a task.
    notes : tuple of str
        A sentence each for what was guessed while the file was read, and for what flatters a score.
    na : tuple of str
        Words for a gap that somebody named.

    Examples
    --------
    >>> reading = TableReading((ColumnReading("a", Kind.NUMBER, "numbers", 2, None, True),))
    >>> print(reading)
    How I read your table
    a  number  numbers; 2 gaps
    >>> TableReading.from_json(reading.to_json()) == reading
    True
    """

    columns: tuple[ColumnReading, ...]
    notes: tuple[str, ...] = ()
    na: tuple[str, ...] = ()

    def __getitem__(self, column: str) -> ColumnReading:
        for reading in self.columns:
            if reading.column == column:
                return reading
        raise KeyError(column)

    @property
    def inputs(self) -> tuple[ColumnReading, ...]:
        """The columns that are learned from."""
        return tuple(each for each in self.columns if each.used and not each.task)

    @property
    def kinds(self) -> dict[str, str]:
        """The kinds of the columns that are learned from, by name."""
        return {each.column: each.kind.value for each in self.inputs}

    @property
    def targets(self) -> tuple[ColumnReading, ...]:
        """The columns that are predicted."""
        return tuple(each for each in self.columns if each.task)

    def to_json(self) -> list[dict[str, object]]:
        """Return the columns as JSON's types, one entry each."""
        return [each.to_json() for each in self.columns]

    @classmethod
    def from_json(
        cls,
        entries: Iterable[Mapping[str, object]],
        notes: Iterable[str] = (),
        na: Iterable[str] = (),
    ) -> TableReading:
        """Make it of what ``to_json`` gave, and of the notes and words that are kept beside it."""
        return cls(tuple(map(ColumnReading.from_json, entries)), tuple(notes), tuple(na))

    def __repr__(self) -> str:
        shown, more = self._shown()
        rows = [(_short(each.column), _kind_of(each), _why(each)) for each in shown]
        name, kind = (max((len(row[i]) for row in rows), default=0) for i in (0, 1))
        lines = [f"{row[0]:<{name}}  {row[1]:<{kind}}  {row[2]}" for row in rows]
        return "\n".join([TITLE, *lines, *more, *self.notes])

    def _repr_html_(self) -> str:
        shown, more = self._shown()
        rows = "".join(
            "<tr>" + "".join(f"<td style='text-align:left'>{cell}</td>" for cell in cells) + "</tr>"
            for cells in (
                map(html.escape, (each.column, _kind_of(each), _why(each))) for each in shown
            )
        )
        below = "".join(f"<p>{html.escape(line)}</p>" for line in (*more, *self.notes))
        return f"<table><caption>{TITLE}</caption>{rows}</table>{below}"

    def __rich__(self) -> Table:
        from rich.markup import escape
        from rich.table import Table

        shown, more = self._shown()
        below = "\n".join((*more, *self.notes))
        table = Table(title=TITLE, box=None, caption=escape(below) or None, caption_justify="left")
        for heading in ("column", "kind", "why"):
            table.add_column(heading, overflow="fold")
        for each in shown:
            style = "" if each.used else "dim"
            cells = (_short(each.column), _kind_of(each), _why(each))
            table.add_row(*map(escape, cells), style=style)
        return table

    def _shown(self) -> tuple[tuple[ColumnReading, ...], tuple[str, ...]]:
        """Columns that fit on a screen, and a line on the others.

        Where there are more, those go first of which there is more to say than that they are
        numbers.
        """
        if len(self.columns) <= SCREEN:
            return self.columns, ()
        plain = {id(each) for each in self.columns if _is_plain(each)}
        told = [each for each in self.columns if id(each) not in plain][:SCREEN]
        rest = [each for each in self.columns if id(each) in plain][: SCREEN - len(told)]
        chosen = {id(each) for each in (*told, *rest)}
        shown = tuple(each for each in self.columns if id(each) in chosen)
        left = [each for each in self.columns if id(each) not in chosen]
        kinds = {each.kind.value for each in left}
        what = f", each a {kinds.pop()}" if len(kinds) == 1 and len(left) > 1 else ""
        return shown, (f"and {count(len(left), 'more column')}{what}",)


def _is_plain(reading: ColumnReading) -> bool:
    """Whether a column is a number as any, without gaps or another spelling."""
    return (
        reading.kind == Kind.NUMBER
        and not (reading.task or reading.gaps or reading.spelling)
        and reading.used
    )


def _kind_of(reading: ColumnReading) -> str:
    """The kind, for a target with its task."""
    return f"target ({reading.task})" if reading.task else reading.kind.value


def _why(reading: ColumnReading) -> str:
    """The reason, the gaps, and whether the column is left out."""
    gaps = f"; {count(reading.gaps, 'gap')}" if reading.gaps and not reading.task else ""
    return f"{reading.reason}{gaps if reading.kind != Kind.IGNORED else ''}"


def _short(name: str) -> str:
    """A name that leaves room on the line."""
    bare = " ".join(name.split())
    return bare if len(bare) <= WIDEST else bare[: WIDEST - 1] + "…"
