"""Files of text larger than memory, made a Parquet file of their raw cells.

Whatever reads a table block by block, once for each epoch, then reads typed columns, row group by
row group, and not text again. That file lies beside the other one, where there is room for it as a
rule, and goes with whoever made it.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ...errors import InvalidInput
from ...extras import optional
from ..raw import GAP, Moments, Numbers, RawColumn, RawTable, Texts
from .how import ReadingOptions
from .json_lines import LargeLines
from .raw_blocks import as_texts
from .text_files.large_text import LargeText

if TYPE_CHECKING:
    from pyarrow import Array, DataType, Schema


class Source(Protocol):
    """What can be read block by block, as often as is asked."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found out about it, for people."""
        ...

    def left_out(self, empty: Collection[str]) -> tuple[str, ...]:
        """Return those of the columns without any cell that are none."""
        ...

    def blocks(self, texts: Collection[str] = ()) -> Iterator[RawTable]:
        """Read all rows; the cells of some columns stay as they are written."""
        ...


FORMATS: dict[str, Callable[[memoryview, ReadingOptions], Source]] = {
    ".csv": LargeText.of,
    ".txt": LargeText.of,
    ".data": LargeText.of,
    ".dat": LargeText.of,
    ".tsv": lambda data, options: LargeText.of(data, options, tabs=True),
    ".tab": lambda data, options: LargeText.of(data, options, tabs=True),
    ".jsonl": LargeLines.of,
    ".ndjson": LargeLines.of,
    ".json": LargeLines.of,
}


def is_read_in_blocks(path: Path) -> bool:
    """Whether a file is of a format that is read block by block, by its ending."""
    return path.suffix.lower() in FORMATS


@dataclass(frozen=True)
class Written:
    """What is to be known of a table beside the cells that were written."""

    notes: tuple[str, ...]
    header: bool
    decimal: str


def write_parquet(path: Path, target: Path, options: ReadingOptions) -> Written:
    """Write the raw cells of a large file of text as a Parquet file.

    Parameters
    ----------
    path : Path
        The file of text.
    target : Path
        The file to be written.
    options : ReadingOptions
        What the user says of it.

    Raises
    ------
    InvalidInput
        If it is no table, or takes the whole file in memory to read; one sentence says why.
    MissingExtra
        If pyarrow or clevercsv are not installed.
    """
    parquet = optional("pyarrow.parquet", "A text file larger than memory")
    with open(path, "rb") as file:
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    source = FORMATS[path.suffix.lower()](data, options)
    kinds = _Kinds()
    about = Written(source.notes, True, ".")
    for table in source.blocks():
        kinds.add(table)
        about = Written(source.notes, table.header, table.decimal)
    if not kinds.rows:
        raise InvalidInput("It has no row of data.")
    nameless = source.left_out(kinds.empty)
    schema = kinds.schema(nameless)
    with parquet.ParquetWriter(target, schema) as writer:
        for table in source.blocks(kinds.mixed):
            writer.write_table(_arrow_table(table, schema))
    left = [f"Column {name!r} holds lists or fields; it is left out." for name in kinds.others]
    left += [f"Column {name} has neither name nor cells; it is left out." for name in nameless]
    return Written((*about.notes, *left), about.header, about.decimal)


@dataclass
class _Kinds:
    """What the blocks' cells are, column by column."""

    rows: int = 0
    _kinds: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    _gaps: set[str] = field(default_factory=set[str])

    def add(self, table: RawTable) -> None:
        """Look at a block."""
        absent = self._kinds.keys() - table.columns.keys()
        new = table.columns.keys() - self._kinds.keys() if self.rows else set[str]()
        self._gaps |= absent | new
        for name, column in table.columns.items():
            kinds, gaps = self._kinds.setdefault(name, set()), column.gaps
            if gaps.any():
                self._gaps.add(name)
            if not gaps.all():
                kinds.add(_kind_of(column))
        self.rows += table.rows

    @property
    def mixed(self) -> tuple[str, ...]:
        """Columns of numbers in some blocks and of text in others."""
        return tuple(n for n, kinds in self._kinds.items() if len(kinds) > 1 and "text" in kinds)

    @property
    def others(self) -> tuple[str, ...]:
        """Columns whose cells are neither numbers nor text."""
        return tuple(name for name, kinds in self._kinds.items() if kinds == {"other"})

    @property
    def empty(self) -> tuple[str, ...]:
        """Columns without any cell."""
        return tuple(name for name, kinds in self._kinds.items() if not kinds)

    def schema(self, without: Collection[str]) -> Schema:
        """The columns' types, some left out."""
        arrow = optional("pyarrow", "A text file larger than memory")
        left = {*self.others, *without}
        fields = [(name, self._type(name)) for name in self._kinds if name not in left]
        return arrow.schema(fields)

    def _type(self, name: str) -> DataType:
        arrow = optional("pyarrow", "A text file larger than memory")
        kinds = self._kinds[name]
        if kinds == {"moment"}:
            return arrow.timestamp("us")
        if not kinds or not kinds <= {"truth", "whole", "number"}:
            return arrow.string()
        if len(kinds) > 1 or kinds == {"number"} or name in self._gaps:
            return arrow.float64()
        return arrow.bool_() if kinds == {"truth"} else arrow.int64()


def _kind_of(column: RawColumn) -> str:
    if isinstance(column, Numbers):
        return {"b": "truth", "f": "number"}.get(column.values.dtype.kind, "whole")
    if isinstance(column, Moments):
        return "moment"
    return "text" if isinstance(column, Texts) else "other"


def _arrow_table(table: RawTable, schema: Schema) -> object:
    """A block as Arrow has it, with all columns and in their types."""
    arrow = optional("pyarrow", "A text file larger than memory")
    cells = [_arrow_cells(table, each.name, each.type) for each in schema]
    return arrow.Table.from_arrays(cells, schema=schema)


def _arrow_cells(table: RawTable, name: str, kind: DataType) -> Array:
    arrow = optional("pyarrow", "A text file larger than memory")
    column = table.columns.get(name)
    if column is None or column.gaps.all():
        return arrow.nulls(table.rows, kind)
    if str(kind) == "string":
        texts = as_texts(column)
        words = arrow.array(texts.vocabulary, kind)
        return words.take(arrow.array(texts.codes, mask=texts.codes == GAP))
    assert isinstance(column, Numbers | Moments)
    values = column.values
    if isinstance(column, Numbers):
        values = values.astype(kind.to_pandas_dtype())
    return arrow.array(values, kind, mask=column.gaps)
