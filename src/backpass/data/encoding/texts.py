"""Free text as weights of its words and of pieces of them, hashed: one sparse row a text.

Words and pairs of words on one side, pieces of three or four letters on the other, are hashed by
MurmurHash3 of their UTF-8 bytes, which is the same on every machine. What a bucket b weighs in a
row is its count there times ln((1 + m) / (1 + m_b)) + 1, where m_b of m training rows have it, and
each side of a row is brought to length 1 (scikit-learn's ``TfidfVectorizer`` does the same without
hashing). A bucket that fewer than two training rows have is no input.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from scipy import sparse

from ..raw import GAP, Texts

BUCKETS = 1 << 20  # of either side: of 10,000 terms one in a hundred shares one
MIN_ROWS = 2  # of a bucket that is an input
MAX_BUCKETS = 10_000  # of either side, the most frequent: the first layer has a row for each
MOST_NAMING = 10_000  # texts in which names of buckets are looked for
SIDES: dict[str, dict[str, Any]] = {
    "word": {"analyzer": "word", "ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b"},
    "piece": {"analyzer": "char_wb", "ngram_range": (3, 4)},
}


@dataclass(frozen=True, eq=False)
class TermWeights:
    """The buckets of one side of a column of text, and what they weigh.

    Parameters
    ----------
    column : str
        The column.
    side : str
        "word" or "piece".
    terms : tuple of str
        The most frequent term of each bucket, for people.
    buckets : ndarray of shape (n,), int32
        Ascending.
    weights : ndarray of shape (n,), float64
        Of the buckets.
    """

    column: str
    side: str
    terms: tuple[str, ...]
    buckets: np.ndarray
    weights: np.ndarray

    def __post_init__(self) -> None:
        """Refuse what ``fit_terms`` would not have found."""
        shape = (len(self.terms),)
        if self.side not in SIDES or self.buckets.shape != shape or self.weights.shape != shape:
            raise ValueError(f"buckets, weights and terms of {self.side!r} do not fit together")
        if self.buckets.dtype != np.int32 or self.weights.dtype != np.float64:
            raise ValueError("buckets are whole numbers of 32 bits, weights numbers of 64")
        within = (self.buckets >= 0) & (self.buckets < BUCKETS)
        if not len(self.buckets) or not within.all() or not (np.diff(self.buckets) > 0).all():
            raise ValueError("buckets are not ascending")
        if not (np.isfinite(self.weights) & (self.weights > 0)).all():
            raise ValueError("a weight is not positive")

    @property
    def inputs(self) -> int:
        """How many buckets there are."""
        return len(self.buckets)

    @property
    def names(self) -> tuple[str, ...]:
        """What the inputs are called."""
        return tuple(f"{self.column}: {self.side} {term!r}" for term in self.terms)

    def rows(self, cells: Texts, dtype: DTypeLike = np.float64) -> sparse.csr_matrix:
        """Return the weights of each row's text.

        Parameters
        ----------
        cells : Texts of m rows
            A gap's row is empty.
        dtype : dtype
            Of the weights; they are found in double precision, and rounded at last.

        Returns
        -------
        csr_matrix of shape (m, inputs)
            Each row has the length 1, or 0 where its text has none of the buckets.
        """
        texts, places = _distinct(cells)
        counts = _hashed(texts, self.side)
        at = np.searchsorted(self.buckets, counts.indices)
        known = self.buckets[np.minimum(at, self.inputs - 1)] == counts.indices
        starts = np.concatenate([[0], np.cumsum(known)])[counts.indptr]
        columns = at[known]
        data = counts.data[known] * self.weights[columns]
        row_of = np.repeat(np.arange(len(texts)), np.diff(starts))
        data /= np.sqrt(np.bincount(row_of, data * data, minlength=len(texts)))[row_of]
        data = data.astype(dtype, copy=False)
        made = sparse.csr_matrix((data, columns, starts), shape=(len(texts), self.inputs))
        return made if len(places) == 1 else made[places]


def fit_terms(column: str, cells: Texts) -> list[TermWeights]:
    """Find the buckets of a column of text, and what they weigh.

    Parameters
    ----------
    column : str
        Its name.
    cells : Texts
        The training rows.

    Returns
    -------
    list of TermWeights
        One for each side that has a bucket.

    Examples
    --------
    >>> cells = Texts.of(["a good room", "no good food", None])
    >>> words, pieces = fit_terms("remark", cells)
    >>> words.names
    ("remark: word 'good'",)
    >>> words.rows(cells).toarray().tolist()
    [[1.0], [1.0], [0.0]]
    """
    fitted = (_fit_side(column, cells, side) for side in SIDES)
    return [terms for terms in fitted if terms is not None]


def _fit_side(column: str, cells: Texts, side: str) -> TermWeights | None:
    """Count in how many rows each bucket is, and keep those that are frequent enough."""
    texts, places = _distinct(cells)
    rows_of = np.bincount(places, minlength=len(texts))
    counts = _hashed(texts, side)
    buckets, entries = np.unique(counts.indices, return_inverse=True)
    # Sums of whole numbers: their order changes no bit.
    n_rows = np.bincount(entries, np.repeat(rows_of, np.diff(counts.indptr)), len(buckets))
    most = np.lexsort((buckets, -n_rows))
    kept = np.sort(most[n_rows[most] >= MIN_ROWS][:MAX_BUCKETS])
    if len(texts) < 2 or not len(kept):
        return None
    weights = np.log((1 + len(cells)) / (1 + n_rows[kept])) + 1
    chosen = buckets[kept].astype(np.int32)
    return TermWeights(column, side, _terms_of(texts, side, chosen), chosen, weights)


def _distinct(cells: Texts) -> tuple[list[str], np.ndarray]:
    """The texts that occur, a gap as an empty one, and the place of each row's."""
    codes, places = np.unique(cells.codes, return_inverse=True)
    return ["" if c == GAP else cells.vocabulary[c] for c in codes.tolist()], places


def _hashed(texts: list[str], side: str) -> sparse.csr_matrix:
    """Count the buckets of each text."""
    if not texts:  # which scikit-learn does not take
        return sparse.csr_matrix((0, BUCKETS))
    analyse, hasher = _tools(side, BUCKETS)
    return hasher.transform(map(analyse, texts))


def _terms_of(texts: list[str], side: str, buckets: np.ndarray) -> tuple[str, ...]:
    """Name each bucket by the most frequent of its terms, the last by alphabet of equal ones."""
    analyse, hasher = _tools(side, BUCKETS)
    counts = Counter(term for text in texts[:MOST_NAMING] for term in analyse(text))
    terms = sorted(counts, key=lambda term: (counts[term], term))
    of_terms = hasher.transform([term] for term in terms).indices.tolist() if terms else []
    named = dict(zip(of_terms, terms))  # the last, which is the most frequent, stays
    return tuple(named.get(bucket, f"number {bucket}") for bucket in buckets.tolist())


@cache
def _tools(side: str, buckets: int) -> tuple[Callable[[str], list[str]], Any]:
    """What finds a text's terms, and what hashes them; scikit-learn takes a while to make both."""
    from sklearn.feature_extraction.text import CountVectorizer, FeatureHasher

    analyse = CountVectorizer(**SIDES[side]).build_analyzer()
    return analyse, FeatureHasher(buckets, input_type="string", alternate_sign=False)
