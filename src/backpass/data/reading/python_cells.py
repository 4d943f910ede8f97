"""Columns of Python's own objects, as workbooks, data bases and JSON give them, and NumPy's arrays.

A whole number of more than 15 digits is a label in any format, since a double does not hold it.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from numbers import Integral, Real

import numpy as np

from ..raw import Moments, Numbers, Others, RawColumn, Texts

MOST_WHOLE = 10**15  # the first number of more than 15 digits
OTHERS = {
    "bytes": "pieces of binary data",
    "list": "lists",
    "mapping": "structures of fields",
    "object": "objects of some kind",
}
UTC = datetime.UTC


def column_of_cells(cells: Sequence[object], na: Collection[str] = ()) -> RawColumn:
    """Return a column of Python objects.

    Parameters
    ----------
    cells : sequence of objects of length m
        None, NaN and empty text are gaps.
    na : collection of str
        Texts that stand for a gap, besides.

    Examples
    --------
    >>> column_of_cells([1, 2.5, None]).values
    array([1. , 2.5, nan])
    >>> column_of_cells([7, "A/5"]).cells()
    ['7', 'A/5']
    """
    kinds = [_kind(cell, na) for cell in cells]
    cells = [None if kind is None else cell for cell, kind in zip(cells, kinds)]
    present = {kind for kind in kinds if kind is not None}
    gaps = np.array([kind is None for kind in kinds], dtype=bool)
    for other, what in OTHERS.items():
        if other in present:
            return Others(what, gaps)
    if present and present <= {"whole", "number"}:
        return _numbers(cells, gaps)
    if present == {"moment"}:
        return Moments(np.array([_moment(cell) for cell in cells], dtype="datetime64[us]"))
    if present == {"truth"} and not gaps.any():
        return Numbers(np.array(cells, dtype=bool))
    return Texts.of([None if cell is None else text_of(cell) for cell in cells])


def column_of_array(values: np.ndarray, na: Collection[str] = ()) -> RawColumn:
    """Return a column that a NumPy array of one dimension holds.

    Examples
    --------
    >>> column_of_array(np.array([1, 2], dtype=np.int8)).values.dtype
    dtype('int64')
    """
    if isinstance(values, np.ma.MaskedArray) or values.dtype.kind in "OSV":
        return column_of_cells(values.tolist(), na)
    if values.dtype.kind in "biuf":
        return of_numbers(values)
    if values.dtype.kind == "M":
        return Moments(values.astype("datetime64[us]"))
    if values.dtype.kind == "m":
        return Numbers(np.where(np.isnat(values), np.nan, values / np.timedelta64(1, "s")))
    if values.dtype.kind == "c":
        return Others("complex numbers", np.isnan(values))
    words, codes = np.unique(values, return_inverse=True)
    return of_words(codes.astype(np.int32), words.tolist(), na)


def of_numbers(values: np.ndarray, gaps: np.ndarray | None = None) -> RawColumn:
    """Return numbers of any type, 64 bits wide; truth values and whole ones where none is missing.

    Parameters
    ----------
    values : ndarray of shape (m,) of bool, whole or floating numbers
    gaps : ndarray of shape (m,), bool, optional
        Which cells are missing.
    """
    if values.dtype.kind == "f":
        values = values.astype(np.float64)
        return Numbers(values if gaps is None else np.where(gaps, np.nan, values))
    gaps = None if gaps is None or not gaps.any() else gaps
    large = values.dtype.kind != "b" and len(values) > 0
    large = large and max(int(values.max()), -int(values.min())) >= MOST_WHOLE
    if large or (gaps is not None and values.dtype.kind == "b"):
        words, codes = np.unique(values, return_inverse=True)
        codes = codes if gaps is None else np.where(gaps, -1, codes)
        return _occurring(codes.astype(np.int32), [str(word) for word in words.tolist()])
    if gaps is not None:
        return Numbers(np.where(gaps, np.nan, values.astype(np.float64)))
    return Numbers(values if values.dtype.kind == "b" else values.astype(np.int64))


def of_words(
    codes: np.ndarray,
    words: Sequence[object],
    na: Collection[str] = (),
    categories: bool = False,
) -> Texts:
    """Return texts by their distinct ones, without the blanks around them; None is a gap.

    Parameters
    ----------
    codes : ndarray of shape (m,), int32
        Places among the words, −1 for a gap.
    words : sequence of objects
        The distinct cells.
    na : collection of str
        Texts that stand for a gap, besides the empty one.
    categories : bool
        Whether the source says that they are some categories.
    """
    texts = ["" if word is None else text_of(word).strip() for word in words]
    gaps = {"", *na}
    placed = Texts(codes, tuple(texts), categories)
    return placed.mapped(lambda text: None if text in gaps else text)


def text_of(cell: object) -> str:
    """Return a cell as text: whole numbers without a point, dates as ISO has them."""
    if isinstance(cell, float | np.floating) and math.isfinite(cell) and cell == int(cell):
        return str(int(cell))
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    if isinstance(cell, np.generic):
        return str(cell.item())
    return str(cell).strip() if isinstance(cell, str) else str(cell)


def _occurring(codes: np.ndarray, words: list[str]) -> Texts:
    """Leave out the words that no row has."""
    used = np.unique(codes[codes >= 0])
    places = np.full(len(words) + 1, -1, dtype=np.int32)
    places[used] = np.arange(len(used), dtype=np.int32)
    return Texts(places[codes], tuple(words[place] for place in used.tolist()))


def _kind(cell: object, na: Collection[str]) -> str | None:
    """What an object is, None for a gap."""
    if isinstance(cell, str):
        text = cell.strip()
        return None if not text or text in na else "text"
    for types, kind in KINDS:
        if isinstance(cell, types):
            return kind(cell) if callable(kind) else kind
    return None if type(cell).__name__ in ("NoneType", "NAType", "NaTType") else "object"


def _finite_kind(cell: object) -> str | None:
    return None if cell != cell else "number"


def _moment_kind(cell: object) -> str | None:
    return None if cell != cell else "moment"  # only NaT differs from itself


KINDS: tuple[tuple[type | tuple[type, ...], str | Callable[[object], str | None]], ...] = (
    ((bool, np.bool_), "truth"),
    (Integral, "whole"),
    ((Real, Decimal), _finite_kind),
    ((datetime.date, np.datetime64), _moment_kind),  # a datetime is a date
    (datetime.time, "text"),
    ((datetime.timedelta, np.timedelta64), "text"),
    ((bytes, bytearray, memoryview), "bytes"),
    ((list, tuple, set, frozenset, np.ndarray), "list"),
    (Mapping, "mapping"),
)


def _numbers(cells: Sequence[object], gaps: np.ndarray) -> RawColumn:
    """Return whole numbers where all are and none is missing; long ones as they are written."""
    whole = all(isinstance(cell, Integral) for cell in cells if cell is not None)
    if whole and any(abs(int(cell)) >= MOST_WHOLE for cell in cells if isinstance(cell, Integral)):
        return Texts.of([None if cell is None else text_of(cell) for cell in cells])
    if whole and not gaps.any():
        return Numbers(np.array(cells, dtype=np.int64))
    values = [np.nan if cell is None else float(cell) for cell in cells]  # type: ignore[arg-type]
    return Numbers(np.array(values, dtype=np.float64))


def _moment(cell: object) -> np.datetime64:
    """Return a moment in universal time; one without a zone as it is."""
    if isinstance(cell, datetime.datetime) and cell.tzinfo is not None:
        cell = cell.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64("NaT") if cell is None else np.datetime64(cell, "us")  # type: ignore[call-overload]
