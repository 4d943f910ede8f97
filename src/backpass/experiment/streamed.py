"""An experiment on a Parquet table larger than memory: one pass to prepare, then block by block.

The rows for the test and for validation are drawn row by row and held in memory, no more of them
than fit well. All columns are taken as a table's, never as an image's pixels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import DTypeLike

from ..data.cells import ByName
from ..data.column_fits import CellLabels, ColumnFits, TargetFit
from ..data.parquet import ParquetRows
from ..data.parsing import error_context
from ..data.preprocessing import Preprocessing
from ..errors import InvalidInput
from ..estimators.table_model import TableModel
from ..estimators.targets.labels import Labels
from ..extras import optional
from ..streaming.blocks import cut, n_rows, rows_of_block
from ..streaming.problem import StreamedProblem, all_targets, as_columns
from ..streaming.table_blocks import Split, TableBlocks, cells_by_block
from .outcome import Label
from .ready import PreparedTable, check_loss
from .settings import Settings
from .splitting.splits import MIN_ROWS, VALIDATION

if TYPE_CHECKING:
    from pyarrow import DataType

Encode = Callable[[np.ndarray], np.ndarray]
ByPart = dict[str, np.ndarray]  # "validation", "test"

HELD_OUT_BYTES = 8 << 20  # of the test's rows, and of validation's
SAMPLE_ROWS = 20_000  # that medians are taken of


@dataclass(frozen=True, eq=False)
class StreamedTable(PreparedTable):
    """A table made ready whose training rows stay on the disk."""

    blocks: TableBlocks

    @property
    def n_train(self) -> int:
        """Rows to learn from."""
        return n_rows(self.blocks)

    @property
    def training(self) -> tuple[object, ...]:
        """What an estimator is fitted to."""
        return (self.blocks,)

    @cached_property
    def most_frequent(self) -> Label:
        """The class of most training rows."""
        counts: Counter[Label] = Counter()
        for group in range(len(self.blocks.groups)):
            for y, _ in self.blocks.read_targets(group):
                labels, found = np.unique(y, return_counts=True)
                counts.update(dict(zip(labels.tolist(), found.tolist())))
        return min(counts, key=lambda label: (-counts[label], label))

    def J(self, model: TableModel) -> float:
        """The objective of a model on the training rows: one pass more."""
        estimator, classes = model.estimator, model.classes
        encode = as_columns if classes is None else Labels((classes,)).encode
        problem = StreamedProblem(
            estimator.net_, self.blocks, encode, lam=estimator.alpha, n_threads=estimator.n_threads
        )
        return problem.cost_and_gradient(estimator.theta_)[0]


def prepare_streamed(
    rows: ParquetRows,
    target: str | None,
    settings: Settings,
    ignore: tuple[str, ...] = (),
    categorical: tuple[str, ...] = (),
    classes: bool | None = None,
) -> StreamedTable:
    """Find the preprocessing of a table's training rows in one pass, and hold rows out.

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

    Returns
    -------
    StreamedTable

    Raises
    ------
    InvalidInput
        If the table cannot be learned from.
    """
    names = _inputs(rows, target, ignore, categorical)
    split = _split(rows, settings, len(names))
    if target is not None and rows.is_category(target):
        classes = True if classes is None else classes
    found = _Pass(ColumnFits(_numeric(rows, names, categorical)), TargetFit(str(target), classes))
    for group in range(len(rows.sizes)):
        found.read(rows, group, split, [*names, str(target)])
    fitted, cells = found.target.fitted()
    check_loss(fitted, settings)
    if settings.loss == "poisson":
        fitted = replace(fitted, centre=0.0, scale=1.0)
    encode = CellLabels(cells) if fitted.classes else fitted.encode
    preprocessing = Preprocessing(found.columns.fitted(), fitted, ignore)
    blocks = TableBlocks(rows, split, preprocessing, encode, settings.dtype)
    if not blocks.groups or not found.numbers["test"]:
        raise InvalidInput(
            f"{rows.path}: of its {sum(rows.sizes)} rows, none is left to learn from or to test."
        )
    X, y = {}, {}
    for part in ("validation", "test"):
        X[part], y[part] = found.take(part, preprocessing, encode, settings.dtype)
    numbers = {part: np.concatenate([np.empty(0, int), *n]) for part, n in found.numbers.items()}
    _drop_unknown(X, y, numbers, blocks if fitted.classes else None)
    return StreamedTable(preprocessing, X, y, numbers, str(rows.path), blocks)


@dataclass
class _Pass:
    """What the pass over the table has found so far."""

    columns: ColumnFits
    target: TargetFit
    start: int = 0
    held: dict[str, list[ByName]] = field(default_factory=lambda: {"validation": [], "test": []})
    numbers: dict[str, list[np.ndarray]] = field(
        default_factory=lambda: {"validation": [], "test": []}
    )

    def read(self, rows: ParquetRows, group: int, split: Split, names: list[str]) -> None:
        """Read a row group: learn from the training rows, keep the others."""
        size = rows_of_block(len(names), np.dtype(np.float64))
        sizes = cut(rows.sizes[group], size)
        blocks = cells_by_block(rows, group, sizes, names)
        for (where, cells), draws in zip(blocks, split.draw(group, sizes)):
            learned = split.for_training(draws)
            with error_context(where):
                self.target.add(cells[names[-1]])
                self.columns.add(_rows(cells, learned), split.sampled(draws[learned]))
            self._hold("validation", cells, split.for_validation(draws))
            self._hold("test", cells, split.for_test(draws))
            self.start += len(draws)
        for part, tables in self.held.items():
            self.held[part] = _joined(tables)  # many small arrays would take more than their cells

    def _hold(self, part: str, cells: ByName, which: np.ndarray) -> None:
        if which.any():
            self.held[part].append(_rows(cells, which))
            self.numbers[part].append(self.start + np.flatnonzero(which))

    def take(
        self, part: str, preprocessing: Preprocessing, encode: Encode, dtype: DTypeLike
    ) -> tuple[np.ndarray, np.ndarray]:
        """X and y of the rows that are held out."""
        assert preprocessing.target is not None
        kept = self.held.pop(part)
        X = [preprocessing.encode(cells)[0].astype(dtype) for cells in kept]
        y = [encode(cells[preprocessing.target.name]) for cells in kept]
        if not kept:
            return np.empty((0, len(preprocessing.outputs)), dtype), np.empty(0)
        return np.concatenate(X), np.concatenate(y)


def _inputs(
    rows: ParquetRows, target: str | None, ignore: Collection[str], categorical: Collection[str]
) -> list[str]:
    """The columns to learn from, if there is a target and all that is named exists."""
    if target is None:
        some = ", ".join(map(repr, rows.names[:8]))
        raise InvalidInput(f"{rows.path} has no target; name one of its columns: {some}.")
    rows.check([target, *categorical, *ignore])
    names = [name for name in rows.names if name != target and name not in ignore]
    if not names:
        raise InvalidInput(f"{rows.path} has no column besides the target {target!r}.")
    rows.check(names)
    return names


def _numeric(
    rows: ParquetRows, names: list[str], categorical: Collection[str]
) -> dict[str, bool | None]:
    """Which columns hold numbers; None for those that are categories by the user's word."""
    types = optional("pyarrow.types", "Reading a Parquet file")

    def is_number(kind: DataType) -> bool:
        kind = kind.value_type if types.is_dictionary(kind) else kind
        tests = (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal)
        return any(test(kind) for test in tests)

    kinds = {name: rows.schema.field(name).type for name in names}
    return {n: None if n in categorical else is_number(kind) for n, kind in kinds.items()}


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


def _drop_unknown(X: ByPart, y: ByPart, numbers: ByPart, blocks: TableBlocks | None) -> None:
    """Leave rows out of the validation whose class no training row has."""
    if blocks is None:
        return
    known = np.isin(y["validation"], all_targets(blocks))
    for parts in (X, y, numbers):
        parts["validation"] = parts["validation"][known]


def _joined(tables: list[ByName]) -> list[ByName]:
    """Several tables' rows as one, where there are any."""
    if not tables:
        return []
    return [{name: np.concatenate([cells[name] for cells in tables]) for name in tables[0]}]


def _rows(cells: ByName, which: np.ndarray) -> ByName:
    return {name: column[which] for name, column in cells.items()}
