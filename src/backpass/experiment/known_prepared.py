"""A table of known columns made ready for a training: its rows parted, its columns as inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..arrays import ArrayLike
from ..data.cells import quoted
from ..data.encoding.columns import Columns
from ..data.encoding.fitted import Encoding, fit_encoding
from ..data.encoding.unknown import Unknown
from ..data.knowing.kinds import Kind, Wishes
from ..data.knowing.know import Known
from ..data.knowing.table_reading import TableReading
from ..data.knowing.task import CLASSES
from ..data.parsing import error_context
from ..data.raw import RawTable, Texts
from ..data.readers import is_of_arrays
from ..data.reading import raw_of, read_raw
from ..data.splitting.split_rules import Targets
from ..data.table_preprocessing import TablePreprocessing, recognised
from ..data.tables import (
    Table,
    cells_of_target,
    columns_of,
    known_table,
    read_table,
    side_by_side,
)
from ..data.target import AnyTarget, TargetGroup, fit_target, joined
from ..errors import InvalidInput, warn
from .parting import Parting, rule_of, weights_of
from .ready import PreparedTable, check_loss
from .settings import Settings
from .splitting.alike import flattering
from .splitting.seen import SeenRows, fingerprints
from .splitting.splits import Split
from .unparted import Rows


@dataclass(frozen=True, eq=False)
class Source:
    """The rows of one file: clean cells, the targets as they are labelled, and the first's number.

    Parameters
    ----------
    known : Known
        Its columns.
    y : ndarray of shape (m,)
        Target cells, in the type of the training's.
    first : int
        Its first row among those of all files.
    """

    known: Known
    y: np.ndarray
    first: int

    def columns(self, rows: np.ndarray) -> Columns:
        """The columns of some rows, numbered among those of all files."""
        return {name: cells.take(rows - self.first) for name, cells in self.known.columns.items()}


@dataclass(frozen=True, eq=False)
class KnownRows:
    """A table of known columns whose rows are not parted yet.

    Parameters
    ----------
    table : Table
        That of the training.
    reading : TableReading
        How it was read.
    sources : mapping from str to Source
        Of each part: "train", "validation", "test".
    rows : Rows
        Targets, the rule of the split and weights of the rows of all files.
    """

    table: Table
    reading: TableReading
    sources: Mapping[str, Source]
    rows: Rows

    for_one_network = None

    def prepared(self, parts: Split, settings: Settings) -> PreparedTable:
        """Find on the training rows how the columns become inputs, and make X and y.

        Raises
        ------
        InvalidInput
            If the training rows cannot be learned from.
        """
        train = self.sources["train"]
        target = self._target(train.y[parts.train - train.first], settings)
        encoding = fit_encoding(train.columns(parts.train), self.reading.kinds)
        X, unknown = self._inputs(encoding, parts, settings)
        for sentence in unknown.sentences():
            warn(sentence)
        y = {part: self._labels(target, part, rows) for part, rows in parts.parts.items()}
        hashes = self._fingerprints(parts)
        notes = (*parts.notes, *flattering(hashes["learning"], hashes["test"]))
        reading = replace(self.reading, notes=(*self.reading.notes, *notes))
        preprocessing = TablePreprocessing(reading, encoding, target, self.table.options)
        numbers = {part: rows - self._of(part, rows).first for part, rows in parts.parts.items()}
        w, seen = self.rows.weights(parts), SeenRows.of(hashes["learning"])
        test = self._of("test", parts.test).columns(parts.test)
        return PreparedTable(
            preprocessing,
            X,
            y,
            numbers,
            self.table.source,
            seen=seen,
            w=w,
            notes=notes,
            columns={name: test[name] for name in encoding.columns.kinds},
        )

    def _of(self, part: str, rows: np.ndarray) -> Source:
        """The file that a part's rows are in: those of a fold are the training's."""
        source = self.sources[part]
        return source if (rows >= source.first).all() else self.sources["train"]

    def _fingerprints(self, parts: Split) -> dict[str, np.ndarray]:
        """Those of the rows to learn from, and of the test's."""
        of = {
            part: fingerprints(self._of(part, rows).columns(rows))
            for part, rows in parts.parts.items()
        }
        return {"learning": np.concatenate([of["train"], of["validation"]]), "test": of["test"]}

    def _inputs(
        self, encoding: Encoding, parts: Split, settings: Settings
    ) -> tuple[dict[str, ArrayLike], Unknown]:
        """X of each part, and what the test's rows have that the training rows did not."""
        X, unknown = {}, Unknown()
        for part, rows in parts.parts.items():
            columns = self._of(part, rows).columns(rows)
            if settings.tabular:
                X[part], found = encoding.rows(columns, len(rows))
            else:
                X[part], found = encoding.encode(columns, settings.dtype)
            unknown = found if part == "test" else unknown
        return X, unknown

    def _target(self, cells: np.ndarray, settings: Settings) -> AnyTarget:
        """Fit the targets; a loss that needs counts, or an ensemble, gets them unscaled."""
        names = self.table.targets
        fitted = [
            fit_target(name, column, self.reading[name].task == CLASSES)
            for name, column in zip(names, cells.reshape(len(cells), -1).T)
        ]
        for target in fitted:
            check_loss(target, settings)
        if settings.loss == "poisson" or settings.tabular:
            fitted = [replace(target, centre=0.0, scale=1.0) for target in fitted]
        return joined(fitted)

    def _labels(self, target: AnyTarget, part: str, rows: np.ndarray) -> np.ndarray:
        """Encoded targets of a part; those of another file are labelled as the training's."""
        source, train = self._of(part, rows), self.sources["train"]
        cells = source.y[rows - source.first]
        if source is train or not target.classes or not len(cells):
            return target.encode(cells)
        labels = target.encode(train.y[self._known(train)])
        if isinstance(target, TargetGroup):
            return target.encode(cells, [np.unique(column) for column in labels.T])
        return target.encode(cells, np.unique(labels))

    def _known(self, source: Source) -> np.ndarray:
        """Which rows of a file have a target."""
        return self.rows.targets.known[source.first : source.first + source.known.rows]


def known_rows(
    table: Table,
    parting: Parting,
    ignore: tuple[str, ...] = (),
    categorical: tuple[str, ...] = (),
    classes: bool | None = None,
) -> KnownRows:
    """Find out all of a table's rows that does not hang on how they are parted.

    Parameters
    ----------
    table : Table
        Of known columns, with a target.
    parting : Parting
        What is said of its rows.
    ignore, categorical, classes
        As in ``prepare``.

    Returns
    -------
    KnownRows

    Raises
    ------
    InvalidInput
        If the table cannot be learned from, or a file beside it does not fit.
    """
    ignored = (*ignore, *parting.columns)
    if table.raw is not None:
        parting.check(table.raw.columns)
        parting.check_targets(table.targets)
    table = _as_wished(table, ignored, categorical, classes)
    known, raw = table.known, table.raw
    assert known is not None
    if table.target is None or table.y is None:
        raise InvalidInput(
            f"{table.source} has no target; name one of its columns: {quoted(table.names)}."
        )
    reading = _said(known.reading, parting)
    raws, sources = [] if raw is None else [raw], {"train": Source(known, table.y, 0)}
    for part, path in parting.files.items():
        beside, found = _beside(path, part, table, reading)
        first = sum(each.rows for each in raws)
        raws.append(beside)
        cells = [cells_of_target(found.targets[name]) for name in table.targets]
        y = side_by_side(cells)
        assert y is not None
        sources[part] = Source(found, y, first)
    rows = _rows(table, parting, raws, sources)
    main = sources["train"]
    sources = {part: sources.get(part, main) for part in ("train", "validation", "test")}
    return KnownRows(table, reading, sources, rows)


def _rows(
    table: Table, parting: Parting, raws: Sequence[RawTable], sources: Mapping[str, Source]
) -> Rows:
    """Targets, rule and weights of the rows of all files."""
    files = [source.known for source in sources.values()]
    each = [_targets(name, files) for name in table.targets]
    targets = each[0] if len(each) == 1 else Targets.joined(each)
    given = {
        part: np.arange(source.first, source.first + source.known.rows)
        for part, source in sources.items()
        if part != "train"
    }
    date_format = "" if table.wishes is None else table.wishes.date_format
    rule = rule_of(parting.rule, raws, date_format)
    if parting.weights is None:
        return Rows(targets, rule, given)
    return Rows(targets, rule, given, weights_of(parting.weights, raws, targets.known))


def in_columns(table: Table) -> Table:
    """Take the columns of an array of numbers for those of a table.

    Parameters
    ----------
    table : Table
        Of an array, with a target.

    Returns
    -------
    Table
        Of known columns: all of them numbers, whatever these look like.
    """
    wishes = Wishes(table.targets, dict.fromkeys(table.names, Kind.NUMBER))
    if table.classes:
        wishes = replace(wishes, kinds={**wishes.kinds, str(table.target): Kind.CATEGORY})
    made = known_table(_raw(table), wishes)
    assert made.known is not None
    reading = made.known.reading
    columns = (
        each if each.task else replace(each, reason="of an array of numbers")
        for each in reading.columns
    )
    return replace(
        made, known=replace(made.known, reading=replace(reading, columns=tuple(columns)))
    )


def _raw(table: Table) -> RawTable:
    """The columns of an array, beside its target."""
    columns = columns_of(table)
    if table.y is not None:
        columns = {**columns, str(table.target): table.y}
    return replace(raw_of(columns), source=table.source)


def _beside(path: str, part: str, table: Table, reading: TableReading) -> tuple[RawTable, Known]:
    """Read the file of a part as the table was read."""
    raw = _raw(read_table(path)) if is_of_arrays(path) else read_raw(path, table.options)
    with error_context(raw.source):
        found = recognised(raw, reading)
    missing = [name for name in table.targets if name not in found.targets]
    if missing:
        raise InvalidInput(f"{raw.source} has no target column {missing[0]!r} to {VERBS[part]}.")
    return raw, found


VERBS = {"test": "test with", "validation": "validate with"}


def _said(reading: TableReading, parting: Parting) -> TableReading:
    """The reading with reasons for columns that say something of the rows.

    The advice to part the rows by a rule has been followed where it is that rule.
    """
    columns = (
        replace(each, reason=parting.reasons.get(each.column, each.reason))
        for each in reading.columns
    )
    advice = f"--split {parting.rule}"
    notes = (note for note in reading.notes if parting.rule is None or advice not in note)
    return replace(reading, columns=tuple(columns), notes=tuple(notes))


def _as_wished(
    table: Table, ignore: tuple[str, ...], categorical: tuple[str, ...], classes: bool | None
) -> Table:
    """The table, its columns known anew where something is wished that it was not read with."""
    before = table.wishes or Wishes()
    kinds = {**before.kinds, **dict.fromkeys(categorical, Kind.CATEGORY)}
    if classes is not None:
        kinds |= dict.fromkeys(table.targets, Kind.CATEGORY if classes else Kind.NUMBER)
    ignored = tuple(dict.fromkeys((*before.ignore, *ignore)))
    if (kinds, ignored) == (dict(before.kinds), tuple(before.ignore)) or table.raw is None:
        return table
    return known_table(table.raw, replace(before, kinds=kinds, ignore=ignored), table.options)


def _targets(name: str, files: Sequence[Known]) -> Targets:
    """What the rows of all files are to be told, to part them by."""
    columns = [known.targets[name] for known in files]
    labels = [column.cells() for column in columns if isinstance(column, Texts)]
    if labels:
        return Targets.of_labels(name, [label for part in labels for label in part])
    return Targets(name, np.concatenate([column.values for column in columns]))  # type: ignore[union-attr]
