"""How somebody wishes a table's rows to be parted and weighed, and the columns that say it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..data.cells import count
from ..data.knowing.kinds import Kind, Wishes
from ..data.knowing.know import know, recognise
from ..data.knowing.known_columns import judged, known_column
from ..data.raw import Moments, Numbers, RawColumn, RawTable, Texts
from ..data.splitting.split_rules import UNKNOWN, AtRandom, ByGroup, ByTime, Rule, read_rule
from ..errors import InvalidInput, SettingError


@dataclass(frozen=True)
class Parting:
    """What is said of a table's rows; what is not said is drawn at random.

    Parameters
    ----------
    rule : str or None
        "time:COLUMN" (the latest rows are held out) or "group:COLUMN" (whole groups).
    test, validation : str or None
        Files whose rows are held out to test, or to validate on.
    weights : str or None
        The column of what rows weigh in J and in all scores.

    Raises
    ------
    SettingError
        If the rule is neither.

    Examples
    --------
    >>> Parting(rule="group:patient").columns
    ('patient',)
    """

    rule: str | None = None
    test: str | None = None
    validation: str | None = None
    weights: str | None = None

    def __post_init__(self) -> None:
        if self.rule is not None:
            read_rule(self.rule)

    @property
    def files(self) -> dict[str, str]:
        """The parts that have files of their own."""
        given = {"validation": self.validation, "test": self.test}
        return {part: path for part, path in given.items() if path is not None}

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that are no inputs, as they say how rows are parted or weighed."""
        grouped = self.rule is not None and read_rule(self.rule)[0] == "group"
        named = (read_rule(self.rule)[1] if self.rule and grouped else None, self.weights)
        return tuple(name for name in named if name is not None)

    @property
    def named(self) -> tuple[str, ...]:
        """All columns that say how rows are parted or weighed."""
        ruled = () if self.rule is None else (read_rule(self.rule)[1],)
        return ruled if self.weights is None else (*ruled, self.weights)

    def check(self, columns: Iterable[str]) -> None:
        """Raise where a column is named that a table does not have; that which was meant is told.

        Raises
        ------
        InvalidInput
        """
        Wishes(kinds=dict.fromkeys(self.named, "category")).check(columns)

    def check_targets(self, targets: Iterable[str]) -> None:
        """Raise where rows were to be parted or weighed by what is to be predicted.

        Raises
        ------
        SettingError
        """
        targets = tuple(targets)
        if self.weights in targets:
            why = f"{self.weights!r} is the target, and rows are not weighed by that."
            raise SettingError("weights", self.weights, why)
        if self.rule is not None and read_rule(self.rule)[1] in targets:
            why = f"{read_rule(self.rule)[1]!r} is the target, and rows are not parted by that."
            raise SettingError("split", self.rule, why)

    @property
    def reasons(self) -> dict[str, str]:
        """Why those columns are left out."""
        return {
            name: "what rows weigh" if name == self.weights else "rows are parted by it, in groups"
            for name in self.columns
        }


def rule_of(text: str | None, tables: Sequence[RawTable], date_format: str = "") -> Rule:
    """Make the rule of its text and the column that it names.

    Parameters
    ----------
    text : str or None
        "time:COLUMN", "group:COLUMN"; None is at random.
    tables : sequence of RawTable
        Whose rows are parted, one below the other; one without the column has no times or groups.
    date_format : str
        Of times that leave two readings.

    Raises
    ------
    InvalidInput
        If the first table has no such column, or times cannot be read.

    Examples
    --------
    >>> table = RawTable({"year": Numbers(np.array([2024, 2023]))}, 2)
    >>> rule_of("time:year", [table]).times.tolist()
    [2024.0, 2023.0]
    """
    if text is None:
        return AtRandom()
    kind, column = read_rule(text)
    if kind == "group":
        return ByGroup(column, _groups(_cells(tables, column, Kind.CATEGORY)))
    return ByTime(column, _times(tables, column, date_format))


def weights_of(column: str, tables: Sequence[RawTable], needed: np.ndarray) -> np.ndarray:
    """Return what rows weigh, shape (m,); 0 where no weight is needed and there is none.

    Raises
    ------
    InvalidInput
        If a row that needs a weight has none, or a negative one.
    """
    each = [part.values for part in _numbers(tables, column)]
    ends = np.cumsum([len(part) for part in each])[:-1]
    for table, part, there in zip(tables, each, np.split(needed, ends)):
        _check_weights(table.source, column, part, there)
    w = np.concatenate(each)
    if not w[needed].any():
        raise SettingError("weights", column, "all rows weigh nothing.")
    return np.where(needed, w, 0.0)


def _check_weights(source: str, column: str, w: np.ndarray, needed: np.ndarray) -> None:
    """Raise where a row of a file needs a weight and has none, or a negative one."""
    for wrong, what in ((np.isnan(w), "no weight"), (w < 0, "a negative weight")):
        bad = np.flatnonzero(wrong & needed)
        if len(bad):
            where = f"{source}: " if source else ""
            raise InvalidInput(
                f"{where}{count(len(bad), 'row')} {'has' if len(bad) == 1 else 'have'} {what} in "
                f"column {column!r}, the first of them row {bad[0]}."
            )


def _numbers(tables: Sequence[RawTable], column: str) -> list[Numbers]:
    """A column of weights, as numbers."""
    _there(tables, column)
    try:
        cells = _cells(tables, column, Kind.NUMBER)
    except InvalidInput:
        raise SettingError("weights", column, "the column holds no numbers.") from None
    return [part for part in cells if isinstance(part, Numbers)]


def _times(tables: Sequence[RawTable], column: str, date_format: str) -> np.ndarray:
    """Datetimes or numbers of all rows, in their order."""
    first = _there(tables, column).columns[column]
    kind = judged(column, first, Wishes(date_format=date_format)).kind
    if kind not in (Kind.NUMBER, Kind.DATE):
        kind = Kind.NUMBER if isinstance(first, Numbers) else Kind.DATE
        _check_time(column, first, kind, date_format)
    cells = _cells(tables, column, kind, date_format)
    return np.concatenate([part.values for part in cells if not isinstance(part, Texts)])


def _check_time(column: str, cells: RawColumn, kind: Kind, date_format: str) -> None:
    """Raise in the words of a split where no cell of a column is a time."""
    wishes = Wishes(kinds={column: kind}, date_format=date_format)
    try:
        known_column(column, cells, wishes, ".")
    except InvalidInput:
        why = f"column {column!r} holds neither dates nor numbers."
        raise SettingError("split", f"time:{column}", why) from None


def _groups(cells: list[Numbers | Texts | Moments]) -> np.ndarray:
    """A number for each group, −1 where a row has none."""
    if len(cells) == 1 and isinstance(cells[0], Texts):
        return cells[0].codes
    names = [name for part in cells if isinstance(part, Texts) for name in part.cells()]
    return Texts.of(names).codes


def _cells(
    tables: Sequence[RawTable], column: str, kind: Kind, date_format: str = ""
) -> list[Numbers | Texts | Moments]:
    """One column of each table, all read as the first one is."""
    wishes = Wishes(kinds={column: kind}, date_format=date_format)
    known = know(_only(_there(tables, column), column), wishes)
    first = known.columns[column]
    others = [
        recognise(_only(table, column), known.reading).columns[column]
        if column in table.columns
        else _gaps_like(first, table.rows)
        for table in tables[1:]
    ]
    return [first, *others]


def _there(tables: Sequence[RawTable], column: str) -> RawTable:
    """The first table, which has the column; the one that was meant is named."""
    Wishes(kinds={column: "category"}).check(tables[0].columns)
    return tables[0]


def _only(table: RawTable, column: str) -> RawTable:
    return replace(table, columns={column: table.columns[column]}, notes=())


def _gaps_like(cells: Numbers | Texts | Moments, rows: int) -> Numbers | Texts | Moments:
    """As many gaps of the same kind."""
    if isinstance(cells, Texts):
        return Texts(np.full(rows, UNKNOWN, dtype=np.int32), ())
    gap = np.nan if isinstance(cells, Numbers) else np.datetime64("NaT")
    return replace(cells, values=np.full(rows, gap, dtype=cells.values.dtype))
