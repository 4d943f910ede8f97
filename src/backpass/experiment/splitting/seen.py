"""Which rows were learnt from: kept in 16 bits a row, and asked of any table afterwards.

Rows are known by their inputs, cell by cell as they are understood: neither the order of columns,
nor the format that they came in, nor the other rows of the table change a row's fingerprint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from ...data.cells import count
from ...data.raw import Moments, Numbers, RawColumn, Texts
from .alike import row_hashes

LOW_BITS = 14  # kept of a row as they are; the others take two bits a row, in unary
ERRORS = 2.0**-LOW_BITS  # of rows that were not learnt from, this part is taken for some that were
SURE = 0.001  # the chance at most that errors alone are said to be rows


def fingerprints(columns: Mapping[str, RawColumn]) -> np.ndarray:
    """Hash the rows of known columns to 64 bits, shape (m,), uint64.

    Examples
    --------
    >>> texts = {"a": Texts.of(["x", "y"]), "b": Numbers(np.array([1.0, 2.0]))}
    >>> other = {"b": Numbers(np.array([2, 7])), "a": Texts.of(["y", "x"])}
    >>> bool(fingerprints(texts)[1] == fingerprints(other)[0])
    True
    """
    return row_hashes(_hashable(columns[name]) for name in sorted(columns))


def _hashable(column: RawColumn) -> np.ndarray:
    """Cells as numbers that depend on nothing but themselves."""
    if isinstance(column, Texts):
        hashes = [_of_text(text) for text in (*column.vocabulary, "")]  # the last is a gap's
        return np.array(hashes, dtype=np.uint64)[column.codes]
    if isinstance(column, Moments):
        return column.values.astype("datetime64[us]")
    assert isinstance(column, Numbers)
    return column.values.astype(np.float64)


def _of_text(text: str) -> int:
    letters = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(letters, digest_size=8).digest(), "little")


@dataclass(frozen=True, eq=False)
class SeenRows:
    """A set of rows that answers which rows are in it, but for few errors.

    The hashes, modulo n · 2¹⁴, are held in order, as P. Elias [1]_ stores a sorted list: their low
    14 bits as they are, how often 2¹⁴ goes into them in unary, two bits a row.

    Parameters
    ----------
    words : ndarray of shape (n,), uint16
        Bits 0 to 13 are the low ones of a row; bits 14 and 15 are the next two of the unary part.

    References
    ----------
    .. [1] P. Elias, "Efficient storage and retrieval by content and address of static files",
       Journal of the ACM, 1974.

    Examples
    --------
    >>> rows = fingerprints({"a": Numbers(np.arange(1000.0))})
    >>> seen = SeenRows.of(rows[:600])
    >>> seen.words.nbytes, seen.count(rows), seen.count(rows[600:])
    (1200, 600, 0)
    """

    words: np.ndarray

    @classmethod
    def of(cls, hashes: np.ndarray) -> SeenRows:
        """Take the rows of some fingerprints."""
        distinct = np.unique(hashes)
        n = len(distinct)
        places = np.sort(distinct % np.uint64(max(n, 1) << LOW_BITS)).astype(np.int64)
        unary = np.zeros(2 * n, dtype=np.uint16)
        unary[(places >> LOW_BITS) + np.arange(n)] = 1
        low = (places & ((1 << LOW_BITS) - 1)).astype(np.uint16)
        return cls(low | unary[::2] << LOW_BITS | unary[1::2] << (LOW_BITS + 1))

    @property
    def places(self) -> np.ndarray:
        """The rows' hashes modulo n · 2¹⁴, in order."""
        unary = np.stack([self.words >> LOW_BITS & 1, self.words >> (LOW_BITS + 1)], axis=1)
        high = np.flatnonzero(unary) - np.arange(len(self.words))
        return (high << LOW_BITS) + (self.words & ((1 << LOW_BITS) - 1))

    def contains(self, hashes: np.ndarray) -> np.ndarray:
        """Tell which rows are in the set, shape (m,), bool; of the others 2⁻¹⁴ are taken for it."""
        n = max(len(self.words), 1)
        return np.isin(hashes % np.uint64(n << LOW_BITS), self.places.astype(np.uint64))

    def count(self, hashes: np.ndarray) -> int:
        """Count the rows that are in the set; as few as its errors explain are none."""
        from scipy.special import bdtrc

        distinct, rows = np.unique(hashes, return_counts=True)
        found = self.contains(distinct)
        n, m = int(np.count_nonzero(found)), len(distinct)
        if not n or bdtrc(n - 1, m, ERRORS) > SURE:
            return 0
        wrong = (m - n) * ERRORS / (1 - ERRORS)  # expected among those that are found
        return round(int(rows[found].sum()) * (1 - min(wrong / n, 1)))


def sentence_of_seen(n: int, m: int) -> str:
    """Say how many of some rows were learnt from; nothing of none.

    Examples
    --------
    >>> sentence_of_seen(80, 100)
    '80 of 100 rows were in the training of this model: a score on them flatters.'
    """
    if not n:
        return ""
    was = "was" if n == 1 else "were"
    return (
        f"{n} of {count(m, 'row')} {was} in the training of this model: a score on them flatters."
    )
