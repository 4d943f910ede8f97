"""Class labels and categories of a table: they stay what they are, to the last digit and type.

A number has one way of being written in full (7, 1.5); text that is written otherwise ('007',
'1e3', '1_2') is no number but a name. Two names that differ are two classes.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from .cells import is_gap, is_numeric, numbers_of

MAX_CLASSES = 20  # a target with more different whole numbers is a quantity, not a label
WIDE = 16  # times what the texts take that an array of fixed width may take

_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_WHOLE = re.compile(r"(-?[0-9]+)(?:\.0*)?")


def labels_of(cells: np.ndarray) -> np.ndarray:
    """Return labels, none of them missing, in the type of their cells.

    Mixed ones become text, and so do fractions, which no classifier takes for labels.
    """
    if cells.dtype.kind == "b":
        return cells
    found = [cell.item() if isinstance(cell, np.generic) else cell for cell in cells.tolist()]
    kinds = {type(cell) for cell in found}
    if kinds == {int}:
        return _integers(found)
    if kinds == {bool} or (kinds == {float} and all(cell.is_integer() for cell in found)):
        return np.array(found)
    return text_array([str(cell) for cell in found])


def text_array(texts: Sequence[str]) -> np.ndarray:
    """Return text as NumPy's own where that is no waste: its cells are as wide as the longest.

    One with NUL at its end stays Python's, since NumPy's own would lose that.
    """
    width = max(map(len, texts), default=0)
    wasteful = width * len(texts) > WIDE * (sum(map(len, texts)) + len(texts))
    lossy = any(text.endswith("\0") for text in texts)
    return np.array(texts, dtype=object if wasteful or lossy else str)


def as_narrow(classes: np.ndarray) -> np.ndarray:
    """Return classes such that no rows made of them take much more than their texts.

    Text is NumPy's own, with cells as wide as the longest, unless that is much more than the
    shortest takes, which may be the label of most rows; or unless a NUL at an end would be lost.
    """
    texts = classes.ravel().tolist() if classes.dtype.kind in "OU" else []
    if not texts or not all(isinstance(text, str) for text in texts):
        return classes
    are_objects = classes.dtype == object
    n_bytes = 4 * max(map(len, texts)) if are_objects else classes.dtype.itemsize
    if n_bytes > WIDE * min(map(sys.getsizeof, texts)) or any(t.endswith("\0") for t in texts):
        return classes.astype(object)
    return classes.astype(str) if are_objects else classes


def looks_like_classes(cells: np.ndarray, name: str) -> bool:
    """Whether a target column is labels: text, truth values, or few different whole numbers."""
    if cells.dtype.kind == "b" or not is_numeric(cells):
        return True
    numbers = np.unique(numbers_of(cells, name))
    return len(numbers) <= MAX_CLASSES and bool((numbers == np.round(numbers)).all())


def typed(cells: np.ndarray) -> np.ndarray:
    """Return text as numbers where that loses nothing of how it is written; gaps stay gaps."""
    gap = is_gap(cells)
    texts = [str(cell).strip() for cell in cells[~gap]]
    one_to_one = len(set(texts)) == len(set(cells[~gap].tolist()))
    for read in (_read_integer, _read_float):
        numbers = [read(text) for text in texts]
        if texts and one_to_one and None not in numbers:
            return _with_gaps(numbers, gap)
    return cells


def known_labels(cells: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return labels as those of the classes that they are; what is none of them stays itself."""
    labels = labels_of(cells)
    places = places_of(map(str, labels.tolist()), map(str, classes.tolist()))
    if (places >= 0).all():
        return classes[places]
    mixed = labels.astype(object)
    mixed[places >= 0] = classes.astype(object)[places[places >= 0]]
    return mixed


def places_of(texts: Iterable[str], names: Iterable[str]) -> np.ndarray:
    """Return which of the names each text is, −1 where it is none.

    A text that is no name, but the same whole number as a single one, is that one: a gap makes
    other programs write the column 3, 4 as 3.0, 4.0.
    """
    texts, names = list(texts), list(names)
    places = {name: place for place, name in enumerate(names)}
    numbers = Counter(map(_whole, names))
    same = {_whole(name): place for name, place in places.items() if numbers[_whole(name)] == 1}
    same.pop(None, None)
    found = {text: places.get(text, same.get(_whole(text), -1)) for text in set(texts)}
    return np.fromiter((found[text] for text in texts), dtype=np.intp, count=len(texts))


def _integers(numbers: list[int]) -> np.ndarray:
    """Whole numbers of 64 bits, or text where they are longer."""
    for dtype in (np.int64, np.uint64):
        limits = np.iinfo(dtype)
        if limits.min <= min(numbers, default=0) and max(numbers, default=0) <= limits.max:
            return np.array(numbers, dtype=dtype)
    return text_array([str(number) for number in numbers])


def _read_integer(text: str) -> int | None:
    """A whole number that fits 64 bits and is written in full, or None."""
    if len(text) > len(str(2**64)) or not _INTEGER.fullmatch(text):
        return None
    return int(text) if -(2**63) <= int(text) < 2**64 else None


def _read_float(text: str) -> float | None:
    """A number that Python would write in the same way, or None."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if repr(number) == text else None


def _with_gaps(numbers: Sequence[float | None], gap: np.ndarray) -> np.ndarray:
    """The numbers as an array; whole ones stay whole beside a gap."""
    if isinstance(numbers[0], float):
        cells = np.full(len(gap), np.nan)
    elif gap.any():
        cells = np.full(len(gap), np.nan, dtype=object)
    else:
        return labels_of(np.array(numbers, dtype=object))
    cells[~gap] = numbers
    return cells


def _whole(text: str) -> str | None:
    """The digits of a whole number, written as 3 or as 3.0."""
    found = _WHOLE.fullmatch(text)
    return found[1] if found else None
