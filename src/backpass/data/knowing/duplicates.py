"""Columns that are equal to another one in every row."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping

import numpy as np

from ..raw import Moments, Numbers, Texts
from .clean import CleanColumn

GLANCE = 64  # rows that tell most columns apart, before all rows are looked at


def duplicates(columns: Mapping[str, CleanColumn]) -> dict[str, str]:
    """Return columns that equal another one, and which.

    Of equal ones the first by name stays, so that the order of columns in a table means nothing.

    Parameters
    ----------
    columns : mapping from str to Numbers, Texts or Moments
        Clean columns of one length.

    Returns
    -------
    dict
        By the name of a duplicate, the name of the column that stays.

    Examples
    --------
    >>> a = Numbers(np.array([1.0, 2.0]))
    >>> duplicates({"b": a, "a": a, "c": Numbers(np.array([1.0, 3.0]))})
    {'b': 'a'}
    """
    alike = _alike({name: _glance(columns[name]) for name in sorted(columns)})
    found: dict[str, str] = {}
    for names in alike:
        for first, *others in _alike({name: _whole(columns[name]) for name in names}):
            found |= dict.fromkeys(others, first)
    return found


def _alike(marks: Mapping[str, Hashable]) -> list[list[str]]:
    """Names that have the same mark, where there are several."""
    groups: dict[Hashable, list[str]] = {}
    for name, mark in marks.items():
        groups.setdefault(mark, []).append(name)
    return [names for names in groups.values() if len(names) > 1]


def _glance(column: CleanColumn) -> Hashable:
    """A few cells of a column."""
    rows = np.linspace(0, max(len(column) - 1, 0), min(GLANCE, len(column))).astype(np.intp)
    part = column.take(rows)
    if isinstance(part, Texts):
        return type(part), tuple(part.cells())
    return type(part), _bytes_of(part)


def _whole(column: CleanColumn) -> Hashable:
    """All cells of a column, in a few bytes."""
    if not isinstance(column, Texts):
        return hashlib.blake2b(_bytes_of(column), digest_size=16).digest()
    codes, order = _in_order(column)
    words = tuple(column.vocabulary[place] for place in order.tolist())
    return hashlib.blake2b(codes.tobytes(), digest_size=16).digest(), words


def _bytes_of(column: Numbers | Moments) -> bytes:
    """Cells as bytes; 0 and −0 are equal."""
    values = column.values
    return (values + 0.0 if values.dtype.kind == "f" else values).tobytes()


def _in_order(column: Texts) -> tuple[np.ndarray, np.ndarray]:
    """Codes by the order in which the texts appear, and that order."""
    n, m = len(column.vocabulary), len(column)
    first = np.full(n + 1, m, dtype=np.intp)  # the last is a gap's
    first[column.codes[::-1]] = np.arange(m)[::-1]  # the last that is written stays
    order = np.argsort(first[:n], kind="stable")
    order = order[first[order] < m]
    places = np.full(n + 1, -1, dtype=np.int32)
    places[order] = np.arange(len(order))
    return places[column.codes], order
