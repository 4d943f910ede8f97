"""What a column of a table is, why it was read so, and what somebody wishes about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum

from ...errors import InvalidInput
from ..cells import quoted


class Kind(StrEnum):
    """What a column is; the values are the words of ``--kind`` and of ``--json``."""

    NUMBER = "number"
    CATEGORY = "category"
    DATE = "date"
    TEXT = "text"
    ID = "id"
    CONSTANT = "constant"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"

    @property
    def learned_from(self) -> bool:
        """Whether columns of this kind are inputs."""
        return self in (Kind.NUMBER, Kind.CATEGORY, Kind.DATE, Kind.TEXT)


WISHED = (Kind.NUMBER, Kind.CATEGORY, Kind.DATE, Kind.TEXT, Kind.ID, Kind.IGNORED)
DATE_ORDERS = ("", "ymd", "dmy", "mdy", "hms")


@dataclass(frozen=True)
class Judgement:
    """A kind with its reason, and how the cells are written where the kind leaves that open."""

    kind: Kind
    reason: str
    spelling: str = ""
    levels: int | None = None
    na: tuple[str, ...] = ()


@dataclass(frozen=True)
class ColumnReading:
    """How a column was read.

    Parameters
    ----------
    column : str
        Its name.
    kind : Kind
        What it is.
    reason : str
        Why, as a short sentence for people, without its final stop.
    gaps : int
        Cells that are missing, words for a gap included.
    levels : int or None
        Different values, where they were counted.
    used : bool
        Whether the model sees it.
    spelling : str
        How its numbers or dates are written, where there are several ways.
    task : str
        Of a target "classes" or "number", of an input "".
    na : tuple of str
        Words that are gaps in this column, beside those that are one everywhere.

    Examples
    --------
    >>> ColumnReading("a", Kind.NUMBER, "numbers from 0 to 1", 3, None, True).kind.value
    'number'
    """

    column: str
    kind: Kind
    reason: str
    gaps: int
    levels: int | None
    used: bool
    spelling: str = ""
    task: str = ""
    na: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return it as JSON's types; spelling, task and words for a gap where there are any."""
        values: dict[str, object] = {**vars(self), "kind": self.kind.value, "na": [*self.na]}
        return {k: v for k, v in values.items() if v or k not in ("spelling", "task", "na")}

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> ColumnReading:
        """Make it of what ``to_json`` gave."""
        words: Iterable[str] = values.get("na", ())  # type: ignore[assignment]
        known = {**values, "kind": Kind(str(values["kind"])), "na": (*words,)}
        return cls(**known)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Wishes:
    """What somebody wishes about how a table is read; a wish always wins.

    Parameters
    ----------
    targets : tuple of str
        The columns that are predicted.
    kinds : mapping from str to Kind or str
        What columns are, whatever their cells look like.
    ignore : collection of str
        Columns that are left out, whatever is in them.
    date_format : str
        "dmy", "mdy" or "ymd", or a pattern such as "%d/%m/%Y".
    na : collection of str
        Further words for a gap.

    Examples
    --------
    >>> Wishes(("y",), kinds={"zip": "category"}).kind_of("zip")
    <Kind.CATEGORY: 'category'>
    """

    targets: tuple[str, ...] = ()
    kinds: Mapping[str, Kind | str] = field(default_factory=dict[str, "Kind | str"])
    ignore: Iterable[str] = ()
    date_format: str = ""
    na: Iterable[str] = ()

    def kind_of(self, column: str) -> Kind | None:
        """Return the kind that is wished for a column, None where there is no wish."""
        if column in tuple(self.ignore):
            return Kind.IGNORED
        wish = self.kinds.get(column)
        if wish is None:
            return None
        if wish not in [kind.value for kind in WISHED]:
            raise InvalidInput(
                f"Column {column!r} is wished to be {str(wish)!r}; a column can be "
                f"{', '.join(kind.value for kind in WISHED)}."
            )
        return Kind(wish)

    def check(self, columns: Iterable[str]) -> None:
        """Raise where a wish names a column that the table does not have, or no order of dates."""
        if self.date_format not in DATE_ORDERS and "%" not in self.date_format:
            raise InvalidInput(
                f"{self.date_format!r} is no format of dates; dmy (the day first), mdy (the month "
                "first) and ymd are, and patterns such as %d/%m/%Y."
            )
        names = list(columns)
        for wished in (*self.targets, *self.kinds, *self.ignore):
            if wished not in names:
                raise InvalidInput(f"There is no column {wished!r}; {_instead(wished, names)}")


def _instead(wished: str, names: list[str]) -> str:
    """Name the column that may have been meant, else the columns that there are."""
    several = wished.split(",")
    if len(several) > 1 and set(several) <= set(names):
        return f"{quoted(several)} are named one by one, each by an option of its own."
    by_lower = {name.lower(): name for name in names}
    near = get_close_matches(wished.lower(), by_lower, 1)
    return f"did you mean {by_lower[near[0]]!r}?" if near else f"the columns are {quoted(names)}."
