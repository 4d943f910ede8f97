"""A table made ready for a training: split in three parts, and preprocessed as its rows say."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from ..arrays import ImageShape
from ..data.cells import as_table, numbers_of, quoted, texts_of
from ..data.columns import Columns, fit_columns, known_range, warn_of_unknown
from ..data.preprocessing import Preprocessing
from ..data.reading import raw_of
from ..data.splitting.split_rules import Targets
from ..data.tables import Table, check_trainable, columns_of, find_column, read_table
from ..data.target import Target, fit_target
from ..errors import InvalidInput
from .known_prepared import in_columns, known_rows
from .parting import Parting, rule_of, weights_of
from .ready import PreparedTable, check_loss
from .settings import MLP, Settings
from .splitting.alike import flattering
from .splitting.seen import SeenRows, fingerprints
from .splitting.splits import Split
from .unparted import Rows, Unparted

AT_RANDOM = Parting()


@dataclass(frozen=True, eq=False)
class ArrayRows:
    """A table of cells, or of pictures, whose rows are not parted yet.

    Parameters
    ----------
    table : Table
        With a target.
    columns : mapping from str to ndarray of shape (m,)
        Cells of the inputs, by name, of the rows of all files.
    target : Target
        What is predicted.
    y : ndarray of shape (m,)
        Encoded targets.
    ignored, categorical : tuple of str
        Columns not to learn from, and columns of numbers that are categories.
    rows : Rows
        Targets, the rule of the split and weights.
    """

    table: Table
    columns: dict[str, np.ndarray]
    target: Target
    y: np.ndarray
    ignored: tuple[str, ...]
    categorical: tuple[str, ...]
    rows: Rows

    @property
    def for_one_network(self) -> str:
        """Arrays have no columns that are read in a way of their own."""
        return "pictures" if self.table.image is not None else "arrays"

    def prepared(self, parts: Split, settings: Settings) -> PreparedTable:
        """Find on the rows that are not for the test how columns become inputs; make X and y."""
        image = _image_of(self.table, self.columns)
        known = _rows(self.columns, parts.learning)
        fitted = _of_pixels(known) if image else fit_columns(known, self.categorical)
        preprocessing = Preprocessing(fitted, self.target, self.ignored, image=image)
        whole = preprocessing.encode(self.columns)[0].astype(settings.dtype)
        codes = {name: self.columns[name] for name in preprocessing.categorical}
        _warn_of_unseen(_rows(codes, parts.learning), _rows(codes, parts.test))
        hashes = fingerprints(preprocessing.cells(self.columns))
        notes = (*parts.notes, *flattering(hashes[parts.learning], hashes[parts.test]))
        X = {part: whole[which] for part, which in parts.parts.items()}
        y = {part: self.y[which] for part, which in parts.parts.items()}
        rows = {part: which - self.rows.first(part, which) for part, which in parts.parts.items()}
        w, seen = self.rows.weights(parts), SeenRows.of(hashes[parts.learning])
        return PreparedTable(
            preprocessing, X, y, rows, self.table.source, seen=seen, w=w, notes=notes
        )


def unparted(
    table: Table,
    settings: Settings,
    ignore: tuple[str, ...] = (),
    categorical: tuple[str, ...] = (),
    classes: bool | None = None,
    parting: Parting = AT_RANDOM,
) -> Unparted:
    """Find out all of a table's rows that does not hang on how they are parted.

    Parameters are those of ``prepare``.

    Raises
    ------
    InvalidInput
        If the table cannot be learned from.
    """
    if table.known is None:
        _check_one_target(table)
        if table.image is None and settings.model != MLP:
            table = in_columns(table)
    if table.known is not None:
        return known_rows(table, parting, ignore, categorical, classes)
    target = _target(table, settings, table.classes if classes is None else classes)
    tables = {"train": table, **_beside(table, parting)}
    named = [as_table(columns_of(each)) for each in tables.values()]
    parting.check_targets([target.name])
    parting.check(named[0])
    y = np.concatenate([target.encode(each.y) for each in tables.values()])
    rows = _unparted_rows(tables, named, parting, target, y)
    ignored = (*ignore, *parting.columns)
    columns = _columns(table, ignored)
    for name in categorical:
        if name != target.name:
            find_column(table.source, name, columns)
    joined = {name: np.concatenate([cells[name] for cells in named]) for name in columns}
    return ArrayRows(table, joined, target, y, ignored, categorical, rows)


def _beside(table: Table, parting: Parting) -> dict[str, Table]:
    """Read the files of parts that have one."""
    tables = {
        part: read_table(path, image_shape=table.image_shape)
        for part, path in parting.files.items()
    }
    for each in tables.values():
        check_trainable(each)
        missing = [name for name in table.names if name not in each.names]
        if missing:
            raise InvalidInput(f"{each.source} lacks {quoted(missing)}, which {table.source} has.")
    return tables


def _unparted_rows(
    tables: dict[str, Table],
    named: list[dict[str, np.ndarray]],
    parting: Parting,
    target: Target,
    y: np.ndarray,
) -> Rows:
    """Targets, rule and weights of the rows of all files."""
    ends = np.cumsum([each.X.shape[0] for each in tables.values()]).tolist()
    given = {
        part: np.arange(first, end)
        for part, first, end in zip(tables, [0, *ends], ends)
        if part != "train"
    }
    raws = [raw_of({n: cells[n] for n in parting.named if n in cells}) for cells in named]
    targets = _as_targets(target, y)
    rule = rule_of(parting.rule, raws)
    w = None
    if parting.weights is not None:
        w = weights_of(parting.weights, raws, targets.known)
    return Rows(targets, rule, given, w)


def _as_targets(target: Target, y: np.ndarray) -> Targets:
    """What the rows are to be told, to part them by."""
    if not target.classes:
        return Targets(target.name, y)
    classes, codes = np.unique(y, return_inverse=True)
    return Targets(target.name, codes, tuple(map(str, classes.tolist())))


def prepare(
    table: Table,
    settings: Settings,
    ignore: tuple[str, ...] = (),
    categorical: tuple[str, ...] = (),
    classes: bool | None = None,
    parting: Parting = AT_RANDOM,
) -> PreparedTable:
    """Split a table and fit its preprocessing on the rows that are not for the test.

    Parameters
    ----------
    table : Table
        With a target.
    settings : Settings
        Its ``test_size``, ``seed``, ``loss`` and ``dtype`` are read.
    ignore : tuple of str
        Columns not to learn from.
    categorical : tuple of str
        Columns of numbers that are categories.
    classes : bool or None
        Whether the target holds classes; None lets it decide.
    parting : Parting
        What is said of how rows are parted.

    Returns
    -------
    PreparedTable

    Raises
    ------
    InvalidInput
        If the table cannot be learned from.
    """
    rows = unparted(table, settings, ignore, categorical, classes, parting)
    return rows.prepared(rows.rows.split(settings), settings)


def _check_one_target(table: Table) -> None:
    check_trainable(table)
    if table.y is not None and table.y.ndim != 1:
        raise InvalidInput(
            f"{table.source}: the target {table.target!r} has {table.y.shape[1]} columns; one is "
            "predicted at a time."
        )


def _target(table: Table, settings: Settings, classes: bool | None) -> Target:
    """Fit the target; a loss that needs counts gets them unscaled."""
    target = fit_target(str(table.target), table.y, classes)
    check_loss(target, settings)
    return replace(target, centre=0.0, scale=1.0) if settings.loss == "poisson" else target


def _columns(table: Table, ignore: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Return the inputs by name, those to be ignored left out."""
    columns = as_table(columns_of(table))
    unknown = [name for name in ignore if name not in columns and name not in table.ignored]
    if unknown:
        raise InvalidInput(f"{table.source} has no column {unknown[0]!r} to ignore.")
    return {name: cells for name, cells in columns.items() if name not in ignore}


def _rows(columns: dict[str, np.ndarray], which: np.ndarray) -> dict[str, np.ndarray]:
    return {name: cells[which] for name, cells in columns.items()}


def _warn_of_unseen(known: dict[str, np.ndarray], test: dict[str, np.ndarray]) -> None:
    """Say which categories only the test's rows have."""
    counts = {name: Counter(filter(None, texts_of(cells))) for name, cells in test.items()}
    for name, texts in counts.items():
        for text in {*texts_of(known[name])} & {*texts}:
            del texts[text]
    warn_of_unknown({name: texts for name, texts in counts.items() if texts})


def _image_of(table: Table, columns: dict[str, np.ndarray]) -> ImageShape | None:
    """The pictures that the rows are; none where some of their pixels are left out."""
    image = table.image
    return image if image is not None and image.pixels == len(columns) else None


def _of_pixels(columns: dict[str, np.ndarray]) -> Columns:
    """Scale pixels by the range that all of them share: a pixel that is always dark stays 0."""
    numbers = [numbers_of(cells, name) for name, cells in columns.items()]
    low = min(float(np.fmin.reduce(pixel)) for pixel in numbers)
    high = max(float(np.fmax.reduce(pixel)) for pixel in numbers)
    return known_range(columns, low, high)
