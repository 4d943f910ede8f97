"""Rows that a trained model is asked about, and what there is to say of them."""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ...arrays import Array
from ...data.encoding.unknown import Unknown
from ...data.tables import Table
from ...errors import SettingError, collected_warnings, warn
from ..source import load_known

if TYPE_CHECKING:
    from ...models.table_model import TableModel

MOST_SENTENCES = 3  # of an error


@dataclass(frozen=True, eq=False)
class Asked:
    """A table as the model reads it, its rows as X, and what the training rows did not have."""

    model: TableModel
    table: Table
    X: Array
    unknown: Unknown

    @cached_property
    def seen(self) -> int | None:
        """How many rows the model learnt from; None where it does not keep them."""
        from ...experiment.kept import seen_rows
        from ...experiment.splitting.seen import fingerprints

        known = seen_rows(self.model)
        return None if known is None else known.count(fingerprints(self.model.cells(self.table)))

    @property
    def sentence_of_seen(self) -> str:
        """What is said of them; nothing of none."""
        from ...experiment.splitting.seen import sentence_of_seen

        return sentence_of_seen(self.seen or 0, self.X.shape[0])


def ask(model: TableModel, table: Table) -> Asked:
    """Make X of a table's rows; what the training rows did not have is warned of."""
    X, unknown = model.encode(table)
    for sentence in unknown.sentences():
        warn(sentence)
    return Asked(model, table, model.in_precision(X), unknown)


def asked(source: str, model: TableModel, strict: bool, texts: Collection[str] = ()) -> Asked:
    """Read a table as a model does, columns of others as they are written, and make X of it.

    Raises
    ------
    SettingError
        If it is to be as the training's was, ``strict``, and is not.
    """
    with told(strict):
        return ask(model, load_known(source, model, texts))


@contextmanager
def told(strict: bool) -> Generator[None]:
    """Tell what is said of a table, once; where it has to be as it was, that is an error."""
    with collected_warnings() as said:
        yield
    sentences = list(dict.fromkeys(sentence for sentence, _ in said))
    if strict and sentences:
        raise SettingError("strict", None, joined(sentences))
    for sentence in sentences:
        warn(sentence)


def joined(sentences: Sequence[str]) -> str:
    """The first of some sentences, and how many there are beside them.

    Examples
    --------
    >>> joined(["One.", "Two.", "Three.", "Four.", "Five."])
    'One. Two. Three. And 2 more like these.'
    """
    more = len(sentences) - MOST_SENTENCES
    rest = [f"And {more} more like {'these' if more > 1 else 'it'}."] if more > 0 else []
    return " ".join([*sentences[:MOST_SENTENCES], *rest])


def rows_of(table: Table, rows: np.ndarray) -> Table:
    """Return some rows of a table."""
    known = table.known
    if known is not None:
        columns = {name: column.take(rows) for name, column in known.columns.items()}
        targets = {name: column.take(rows) for name, column in known.targets.items()}
        return replace(
            table, known=replace(known, columns=columns, targets=targets, rows=len(rows))
        )
    X = table.X[rows] if isinstance(table.X, np.ndarray) else table.X.iloc[rows]
    return replace(table, X=X, y=None if table.y is None else table.y[rows])
