"""An experiment on a table larger than memory: one pass to know it, then block by block.

Its columns become known as those of a table in memory do, by a sample of the training rows and by
the rows that hold what the sample lacks. The rows for the test and for validation are drawn row by
row and held in memory, no more of them than fit well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from ..arrays import ArrayLike
from ..data.cells import refuse_gaps
from ..data.encoding.fitted import fit_encoding, fit_rows
from ..data.knowing.kinds import Kind, Wishes
from ..data.knowing.know import recognise
from ..data.parquet import ParquetRows
from ..data.parsing import error_context
from ..data.raw import RawTable
from ..data.reading import ReadingOptions
from ..data.reading.raw_blocks import Telling, joined
from ..data.table_preprocessing import TablePreprocessing
from ..data.tables import AS_FOUND_OUT, NO_HEADER, Table, known_table
from ..data.target import Target, fit_target
from ..engine import cost_and_gradient
from ..errors import InvalidInput
from ..estimators.targets.labels import Labels
from ..models.table_model import TableModel
from ..streaming.blocks import cut, n_rows, rows_of_block
from ..streaming.problem import StreamedProblem, as_columns
from ..streaming.table_blocks import Split, TableBlocks, TableRowBlocks, TargetCells
from .outcome import Label
from .ready import PreparedTable, check_loss
from .settings import MLP, Settings
from .splitting.splits import MIN_ROWS, VALIDATION

ByPart = dict[str, np.ndarray]  # "validation", "test"

HELD_OUT_BYTES = 8 << 20  # of the test's rows, and of validation's
SAMPLE_ROWS = 20_000  # by which columns are known


@dataclass(frozen=True, eq=False)
class StreamedTable(PreparedTable):
    """A table made ready whose training rows stay on the disk."""

    blocks: TableBlocks

    for_one_network = None

    @property
    def n_train(self) -> int:
        """Rows to learn from."""
        return n_rows(self.blocks)

    @property
    def training(self) -> tuple[object, ...]:
        """What an estimator is fitted to."""
        return (self.blocks,)

    @property
    def labels(self) -> np.ndarray:
        """The classes of the training rows, in order."""
        return np.array(sorted(self._counts))

    @cached_property
    def most_frequent(self) -> Label:
        """The class of most training rows."""
        return min(self._counts, key=lambda label: (-self._counts[label], label))

    @cached_property
    def _counts(self) -> Counter[Label]:
        """How many training rows each class has: a pass over the targets."""
        counts: Counter[Label] = Counter()
        for group in range(len(self.blocks.groups)):
            for y, _ in self.blocks.read_targets(group):
                labels, found = np.unique(y, return_counts=True)
                counts.update(dict(zip(labels.tolist(), found.tolist())))
        return counts

    def J(self, model: TableModel) -> float:
        """The objective of a model on the training rows: one pass more."""
        if model.ensemble is not None:
            return self._J_of_member(model)
        estimator, classes = model.single, model.classes
        encode = as_columns if classes is None else Labels((classes,)).encode
        problem = StreamedProblem(
            estimator.net_, self.blocks, encode, lam=estimator.alpha, n_threads=estimator.n_threads
        )
        return problem.cost_and_gradient(estimator.theta_)[0]

    def _J_of_member(self, model: TableModel) -> float:
        """That of the member with the largest share, as a table in memory has it."""
        network, total = model.network(), 0.0
        for group in range(len(self.blocks.groups)):
            for X, y, _ in self.blocks.read(group):
                Y = network.Y(model.Y(y))
                total += (
                    len(y) * cost_and_gradient(network.net, network.theta, network.encoded(X), Y)[0]
                )
        return total / self.n_train


def prepare_streamed(
    rows: ParquetRows,
    target: str | None,
    settings: Settings,
    ignore: tuple[str, ...] = (),
    categorical: tuple[str, ...] = (),
    classes: bool | None = None,
    how: Wishes | None = None,
    options: ReadingOptions = AS_FOUND_OUT,
) -> StreamedTable:
    """Know a table's columns and how they are encoded after one pass, and hold rows out.

    Parameters
    ----------
    rows : ParquetRows
        The table.
    target : str or None
        The column to predict; there must be one.
    settings : Settings
        Its ``test_size``, ``seed``, ``loss`` and ``dtype`` are read.
    ignore : tuple of str
        Columns not to learn from.
    categorical : tuple of str
        Columns of numbers that are categories.
    classes : bool or None
        Whether the target holds classes; None lets it decide.
    how : Wishes or None
        Kinds of columns and the order of dates, where the user said them.
    options : ReadingOptions
        What the user said of the file.

    Returns
    -------
    StreamedTable

    Raises
    ------
    InvalidInput
        If the table cannot be learned from.
    """
    if target is not None and not (rows.header or options.header is not None or options.names):
        raise InvalidInput(f"{rows.path}: {NO_HEADER}")
    names = _columns(rows, target, ignore, categorical)
    split = _split(rows, settings, max(1, len({*names} - {target, *ignore})))
    found = _Pass(str(target), options)
    for group in range(len(rows.sizes)):
        found.read(rows, group, split, names)
    if not found.parts["sample"].tables or not found.parts["test"].tables:
        raise InvalidInput(
            f"{rows.path}: of its {sum(rows.sizes)} rows, none is left to learn from or to test."
        )
    learned = found.learned()
    table = known_table(learned, _wishes(str(target), ignore, categorical, classes, how), options)
    preprocessing = _preprocessing(table, settings, sum(rows.sizes))
    labels = None
    tabular = settings.model != MLP
    assert isinstance(preprocessing.target, Target)
    if preprocessing.target.classes:
        labels = np.unique(preprocessing.target.encode(table.y))
    encode = TargetCells(preprocessing.reading, preprocessing.target, labels)
    kind = TableRowBlocks if tabular else TableBlocks
    blocks = kind(rows, split, preprocessing, encode, settings.dtype)
    X, y = {}, {}
    for part in ("validation", "test"):
        X[part], y[part] = found.parts[part].encoded(learned, preprocessing, encode, settings)
    numbers = {part: found.parts[part].numbers for part in ("validation", "test")}
    _drop_unknown(X, y, numbers, labels)
    return StreamedTable(preprocessing, X, y, numbers, str(rows.path), blocks)


def _wishes(
    target: str,
    ignore: tuple[str, ...],
    categorical: tuple[str, ...],
    classes: bool | None,
    how: Wishes | None,
) -> Wishes:
    how = how or Wishes()
    kinds = {**how.kinds, **dict.fromkeys(categorical, Kind.CATEGORY)}
    if classes is not None:
        kinds[target] = Kind.CATEGORY if classes else Kind.NUMBER
    return replace(how, targets=(target,), kinds=kinds, ignore=(*how.ignore, *ignore))


def _preprocessing(table: Table, settings: Settings, m: int) -> TablePreprocessing:
    """Fit target and encoding on the rows that tell the training rows."""
    assert table.known is not None
    known, name = table.known, str(table.target)
    target = fit_target(name, table.y, bool(table.classes))
    check_loss(target, settings)
    tabular = settings.model != MLP
    if settings.loss == "poisson" or tabular:
        target = replace(target, centre=0.0, scale=1.0)
    encoding = (fit_rows if tabular else fit_encoding)(known.columns, known.reading.kinds)
    note = (
        f"The table is larger than memory: its columns are known by {known.rows} of its {m} rows, "
        "which hold every column's ends, gaps and words."
    )
    reading = replace(known.reading, notes=(*known.reading.notes, note))
    return TablePreprocessing(reading, encoding, target, table.options)


@dataclass
class _Part:
    """Rows of the table that are held in memory, and their numbers."""

    tables: list[RawTable] = field(default_factory=list[RawTable])
    _numbers: list[np.ndarray] = field(default_factory=list[np.ndarray])

    def add(self, table: RawTable, rows: np.ndarray, start: int) -> None:
        """Add some rows of a block that starts at a row of the table."""
        if len(rows):
            self.tables.append(table.take(rows))
            self._numbers.append(start + rows)

    def join(self) -> None:
        """Put the rows in one table: many small arrays would take more than their cells."""
        if len(self.tables) > 1:
            self.tables, self._numbers = [joined(self.tables)], [self.numbers]

    @property
    def numbers(self) -> np.ndarray:
        """The rows' numbers in the whole table."""
        return np.concatenate([np.empty(0, np.intp), *self._numbers])

    def encoded(
        self,
        none: RawTable,
        preprocessing: TablePreprocessing,
        encode: TargetCells,
        settings: Settings,
    ) -> tuple[ArrayLike, np.ndarray]:
        """X and y of the rows; where there are none, those of no row of another table."""
        table = self.tables[0] if self.tables else none.take(slice(0))
        columns, encoding = recognise(table, preprocessing.reading).columns, preprocessing.encoding
        if settings.model != MLP:
            X = encoding.rows(columns, table.rows)[0]
        else:
            X = encoding.encode(columns, settings.dtype)[0]
        return X, encode(table) if self.tables else np.empty(0)


@dataclass
class _Pass:
    """What the pass over the table has found so far."""

    target: str
    options: ReadingOptions
    start: int = 0
    parts: dict[str, _Part] = field(
        default_factory=lambda: {n: _Part() for n in ("sample", "telling", "validation", "test")}
    )
    telling: Telling = field(default_factory=Telling)

    def read(self, rows: ParquetRows, group: int, split: Split, names: list[str]) -> None:
        """Read a row group: keep a sample of the training rows, and all others."""
        size = rows_of_block(len(names), np.dtype(np.float64))
        sizes = cut(rows.sizes[group], size)
        blocks = rows.raw_tables(group, sizes, names, self.options.na)
        for (where, table), draws in zip(blocks, split.draw(group, sizes)):
            with error_context(where):
                gaps = table.columns[self.target].gaps
                refuse_gaps(np.where(gaps, np.nan, 0.0), self.target)
            self._keep(table, draws, split)
            self.start += len(draws)
        for part in self.parts.values():
            part.join()

    def _keep(self, table: RawTable, draws: np.ndarray, split: Split) -> None:
        learned = split.for_training(draws)
        sampled = learned & split.sampled(draws)
        others = np.flatnonzero(learned & ~sampled)
        telling = others[self.telling.rows(table.take(others))] if len(others) else others
        kept = {
            "sample": np.flatnonzero(sampled),
            "telling": telling,
            "validation": np.flatnonzero(split.for_validation(draws)),
            "test": np.flatnonzero(split.for_test(draws)),
        }
        for part, which in kept.items():
            self.parts[part].add(table, which, self.start)

    def learned(self) -> RawTable:
        """The sample, and with it the rows that hold what the sample lacks, in their order."""
        sample, others = self.parts.pop("sample"), self.parts.pop("telling")
        if not others.tables:
            return sample.tables[0]
        lacks = Telling(self.telling.quantities)
        lacks.rows(sample.tables[0])
        new = lacks.rows(others.tables[0])
        order = np.argsort(np.concatenate([sample.numbers, others.numbers[new]]))
        return joined([sample.tables[0], others.tables[0].take(new)]).take(order)


def _columns(
    rows: ParquetRows, target: str | None, ignore: Collection[str], categorical: Collection[str]
) -> list[str]:
    """The columns to read, if there is a target and all that is named exists."""
    if target is None:
        some = ", ".join(map(repr, rows.names[:8]))
        raise InvalidInput(f"{rows.path} has no target; name one of its columns: {some}.")
    rows.check([target, *categorical, *ignore])
    rows.check(rows.names)
    return rows.names


def _split(rows: ParquetRows, settings: Settings, n_columns: int) -> Split:
    """Parts as they are in memory, but never more rows held out than fit well."""
    m = sum(rows.sizes)
    if m < MIN_ROWS:
        raise InvalidInput(
            f"The table has {m} rows; to train and to test, it takes at least {MIN_ROWS}."
        )
    most = HELD_OUT_BYTES / (8 * n_columns * m)
    validation = min(VALIDATION * (1 - settings.test_size), most)
    return Split(settings.seed, min(settings.test_size, most), validation, min(1, SAMPLE_ROWS / m))


def _drop_unknown(
    X: dict[str, ArrayLike], y: ByPart, numbers: ByPart, labels: np.ndarray | None
) -> None:
    """Leave rows out of the validation whose class no training row has."""
    if labels is None:
        return
    known = np.isin(y["validation"], labels)
    X["validation"] = X["validation"][np.flatnonzero(known)]
    for parts in (y, numbers):
        parts["validation"] = parts["validation"][known]
