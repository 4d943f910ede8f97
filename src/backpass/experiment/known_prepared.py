"""A table of known columns made ready for a training: its rows parted, its columns as inputs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..data.cells import quoted
from ..data.encoding.columns import Columns
from ..data.encoding.fitted import fit_encoding
from ..data.encoding.unknown import Unknown
from ..data.knowing.kinds import Kind, Wishes
from ..data.raw import Texts
from ..data.table_preprocessing import TablePreprocessing
from ..data.tables import Table, known_table
from ..data.target import Target, fit_target
from ..errors import InvalidInput, warn
from .ready import PreparedTable, check_loss
from .settings import Settings
from .splitting.seen import SeenRows, fingerprints
from .splitting.splits import Targets, split


def prepare_known(
    table: Table,
    settings: Settings,
    ignore: tuple[str, ...] = (),
    categorical: tuple[str, ...] = (),
    classes: bool | None = None,
) -> PreparedTable:
    """Part a table's rows and find on the training rows how its columns become inputs.

    Parameters are those of ``prepare``.

    Raises
    ------
    InvalidInput
        If the table cannot be learned from.
    """
    table = _as_wished(table, ignore, categorical, classes)
    name = table.target
    known = table.known
    assert known is not None
    if name is None or table.y is None:
        raise InvalidInput(
            f"{table.source} has no target; name one of its columns: {quoted(table.names)}."
        )
    there = ~known.targets[name].gaps
    target = _target(name, table.y[there], bool(table.classes), settings)
    parts = split(_targets(table), test_size=settings.test_size, seed=settings.seed)
    columns = known.columns
    encoding = fit_encoding(_rows(columns, parts.train), known.reading.kinds)
    X, unknown = {}, Unknown()
    for part, rows in parts.parts.items():
        X[part], found = encoding.encode(_rows(columns, rows), settings.dtype)
        unknown = found if part == "test" else unknown
    for sentence in unknown.sentences():
        warn(sentence)
    y = {part: target.encode(table.y[rows]) for part, rows in parts.parts.items()}
    reading = replace(known.reading, notes=(*known.reading.notes, *parts.notes))
    preprocessing = TablePreprocessing(reading, encoding, target, table.options)
    learnt = np.concatenate([parts.train, parts.validation])
    seen = SeenRows.of(fingerprints(_rows(columns, learnt)))
    return PreparedTable(preprocessing, X, y, parts.parts, table.source, seen=seen)


def _as_wished(
    table: Table, ignore: tuple[str, ...], categorical: tuple[str, ...], classes: bool | None
) -> Table:
    """The table, its columns known anew where something is wished that it was not read with."""
    before = table.wishes or Wishes()
    kinds = {**before.kinds, **dict.fromkeys(categorical, Kind.CATEGORY)}
    if classes is not None and table.target is not None:
        kinds[table.target] = Kind.CATEGORY if classes else Kind.NUMBER
    ignored = tuple(dict.fromkeys((*before.ignore, *ignore)))
    if (kinds, ignored) == (dict(before.kinds), tuple(before.ignore)) or table.raw is None:
        return table
    return known_table(table.raw, replace(before, kinds=kinds, ignore=ignored), table.options)


def _target(name: str, cells: np.ndarray, classes: bool, settings: Settings) -> Target:
    """Fit the target; a loss that needs counts gets them unscaled."""
    target = fit_target(name, cells, classes)
    check_loss(target, settings)
    return replace(target, centre=0.0, scale=1.0) if settings.loss == "poisson" else target


def _targets(table: Table) -> Targets:
    """What the rows are to be told, to part them by."""
    assert table.known is not None
    assert table.target is not None
    column = table.known.targets[table.target]
    if isinstance(column, Texts):
        return Targets.of_labels(table.target, column.cells())
    return Targets(table.target, column.values)


def _rows(columns: Columns, which: np.ndarray) -> Columns:
    return {name: column.take(which) for name, column in columns.items()}
