"""Between a table of any source and X, y: how its columns were read, and how they become inputs.

It stands beside ``Preprocessing``, which is that of arrays, pictures, tables read block by block,
and models of the first release. What is kept is JSON and plain arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TypedDict

import numpy as np
from numpy.typing import DTypeLike

from ..arrays import Array
from ..errors import InvalidInput, warn
from .cells import TableLike, count, quoted
from .encoding.fitted import Encoding
from .encoding.stored import Stored as StoredEncoding
from .encoding.table_rows import TableRows
from .encoding.unknown import Unknown
from .knowing.kinds import ColumnReading
from .knowing.know import Known, recognise
from .knowing.table_reading import TableReading
from .raw import RawTable
from .reading import ReadingOptions, raw_of
from .target import AnyTarget, Target, joined

FORM = "known table"  # told from the preprocessing of the first release by it


class StoredTable(TypedDict):
    """What JSON holds of it."""

    form: str
    reading: list[dict[str, object]]
    notes: list[str]
    na: list[str]
    options: dict[str, object]
    target: dict[str, object] | list[dict[str, object]] | None
    encoding: StoredEncoding


@dataclass(frozen=True, eq=False)
class TablePreprocessing:
    """What a fitted model knows of the table that it was trained on.

    Parameters
    ----------
    reading : TableReading
        What each column is, with the reason.
    encoding : Encoding
        How the columns that are learned from become X.
    target : Target, TargetGroup or None
        What it predicts.
    options : ReadingOptions
        What the user said of the file.

    Examples
    --------
    >>> from backpass.data.encoding.fitted import fit_encoding
    >>> from backpass.data.knowing.know import know
    >>> raw = raw_of({"size": [1.0, 3.0, 2.0, 2.0], "kind": ["a", "b", "a", "b"]})
    >>> known = know(raw)
    >>> encoding = fit_encoding(known.columns, known.reading.kinds)
    >>> made = TablePreprocessing(known.reading, encoding)
    >>> made.outputs
    ('size', 'kind = a', 'kind = b')
    >>> made.transform({"size": [2.0], "kind": ["b"]})
    array([[0., 0., 1.]])
    """

    reading: TableReading
    encoding: Encoding
    target: AnyTarget | None = None
    options: ReadingOptions = field(default_factory=ReadingOptions)

    as_written = True
    image = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that the model reads."""
        return tuple(each.column for each in self.reading.inputs)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the columns of X."""
        return self.encoding.outputs

    @property
    def ignored(self) -> tuple[str, ...]:
        """Columns of the table that are not learned from."""
        return tuple(each.column for each in self.reading.columns if not each.used)

    def recognise(self, table: RawTable) -> Known:
        """Read a table as that of the training was read; what is not is said.

        Raises
        ------
        InvalidInput
            If columns are missing, all of them named, or there is no row.

        Warns
        -----
        UserWarning
            If cells are none of their column's kind, or there are other columns.
        """
        return recognised(table, self.reading)

    def transform(self, table: TableLike) -> Array:
        """Turn a table into X.

        Parameters
        ----------
        table : data frame, mapping from names to columns, or list of records
            It has the model's columns, in any order; others may be there.

        Returns
        -------
        ndarray or csr_matrix of shape (m, len(self.outputs)), float64

        Raises
        ------
        InvalidInput
            If columns are missing, there is no row, or a cell cannot be used.

        Warns
        -----
        UserWarning
            If the table has what the training rows did not have: by column and count.
        """
        X, unknown = self.encode(table)
        for sentence in unknown.sentences():
            warn(sentence)
        return X

    def encode(
        self, table: TableLike | Known, dtype: DTypeLike = np.float64
    ) -> tuple[Array, Unknown]:
        """Turn a table into X of a dtype, and tell what the training rows did not have."""
        known = table if isinstance(table, Known) else self.recognise(raw_of(table))
        return self.encoding.encode(known.columns, dtype)

    def rows(self, table: TableLike | Known) -> tuple[TableRows, Unknown]:
        """Turn a table into rows for an ensemble, and tell what the training rows did not have."""
        known = table if isinstance(table, Known) else self.recognise(raw_of(table))
        return self.encoding.rows(known.columns, known.rows)

    def check_columns(self, names: Sequence[str]) -> None:
        """Raise if columns are missing, all of them named; warn if there are others."""
        missing = [name for name in self.names if name not in names]
        if missing:
            raise InvalidInput(f"The table lacks {quoted(missing)}, which the model learned from.")
        known = {each.column for each in self.reading.columns}
        new = [name for name in names if name not in known]
        if new:
            warn(_of_new(new))

    def to_arrays(self) -> tuple[dict[str, np.ndarray], StoredTable]:
        """Return plain arrays, and what JSON can hold; ``from_arrays`` is the inverse."""
        arrays, encoding = self.encoding.to_arrays()
        stored: StoredTable = {
            "form": FORM,
            "reading": self.reading.to_json(),
            "notes": list(self.reading.notes),
            "na": list(self.reading.na),
            "options": asdict(self.options),
            "target": _stored(self.target),
            "encoding": encoding,
        }
        return arrays, stored

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, np.ndarray], metadata: StoredTable
    ) -> TablePreprocessing:
        """Make it again from what ``to_arrays`` returned.

        Raises
        ------
        InvalidInput
            If arrays and metadata do not belong together.
        """
        try:
            entries, notes, na = (
                metadata["reading"],
                *map(_texts, (metadata["notes"], metadata["na"])),
            )
            target = metadata["target"]
            return cls(
                TableReading.from_json(entries, notes, na),
                Encoding.from_arrays(arrays, metadata["encoding"]),
                _target_of(target),
                _options_of(metadata["options"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InvalidInput(f"The stored preprocessing cannot be read: {error!r}.") from None


def recognised(table: RawTable, reading: TableReading) -> Known:
    """Read a table as another one was read; what is not is said.

    Raises
    ------
    InvalidInput
        If columns are missing, all of them named, or there is no row.

    Warns
    -----
    UserWarning
        If cells are none of their column's kind, or there are other columns.
    """
    if not table.rows:
        raise InvalidInput("The table has no rows.")
    known = recognise(table, reading)
    for sentence in _not_read(known):
        warn(sentence)
    return known


def _texts(stored: object) -> list[str]:
    if not (isinstance(stored, list) and all(isinstance(each, str) for each in stored)):
        raise ValueError(f"{stored!r} is no list of texts")
    return stored


def _stored(target: AnyTarget | None) -> dict[str, object] | list[dict[str, object]] | None:
    """A target as JSON's types; of several a list."""
    if target is None:
        return None
    parts = [dict(vars(part)) for part in target.parts]
    return parts if len(parts) > 1 else parts[0]


def _target_of(stored: dict[str, object] | list[dict[str, object]] | None) -> AnyTarget | None:
    """What ``_stored`` was given."""
    if not stored:
        return None
    parts = stored if isinstance(stored, list) else [stored]
    return joined([Target(**part) for part in parts])  # type: ignore[arg-type]


def _options_of(stored: Mapping[str, object]) -> ReadingOptions:
    """JSON has lists where there were tuples."""
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()}
    return ReadingOptions(**values)  # type: ignore[arg-type]


def _not_read(known: Known) -> list[str]:
    """Sentences on cells that are none of their column's kind, and on columns that are new."""
    sentences = [
        sentence_of_unread(known.reading[name], n, known.examples[name])
        for name, n in known.unread.items()
    ]
    return [*sentences, _of_new(known.new)] if known.new else sentences


def sentence_of_unread(reading: ColumnReading, n: int, example: str) -> str:
    """Say how many cells of a column are none of its kind."""
    return (
        f"Column {reading.column!r} holds {count(n, 'cell')} that {'is' if n == 1 else 'are'} no "
        f"{reading.kind.value}, as {example[:40]!r}; read as {'a gap' if n == 1 else 'gaps'}."
    )


def _of_new(names: Sequence[str]) -> str:
    return (
        f"The table has {count(len(names), 'column')} new to the model: {quoted(names)}; not read."
    )
