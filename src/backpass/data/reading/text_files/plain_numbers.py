"""Cells of text as numbers, where every one that is filled is a plain number, and as texts else.

A plain number is what nobody reads otherwise: no leading zeros (007), no signs of currency, no
underscores, no inf and nan, and not more than 15 digits where it is whole, since a double holds
any 15 digits and the longer ones are labels. Arrow's parser gives the nearest double.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ....extras import optional
from ...raw import GAP, Numbers, RawColumn, Texts

if TYPE_CHECKING:
    from pyarrow import Array, ChunkedArray

MOST_DIGITS = 15
FEW = 100  # cells that tell most columns of words
MOST_ROWS = 20_000  # that are looked at
SIGNS = r"[^\d,.]{0,4}"  # of a currency, or %
WITH_COMMA = re.compile(rf"{SIGNS}(?:\d*|\d{{1,3}}(?:\.\d{{3}})+),\d+{SIGNS}")
THOUSANDS = re.compile(rf"{SIGNS}[1-9]\d{{0,2}}(?:,\d{{3}})+{SIGNS}")
WITH_POINT = re.compile(rf"{SIGNS}\d+\.\d+{SIGNS}")
_ZERO, _NINE, _PLUS, _MINUS, _X = b"09+-x"
_LOWER_CASE = 0x20


def column_of(
    cells: ChunkedArray, decimal: str = ".", thousands: str | None = None, na: Collection[str] = ()
) -> RawColumn:
    """Return numbers where all filled cells are plain numbers, and texts otherwise.

    Parameters
    ----------
    cells : ChunkedArray of strings of shape (m,)
        Null for an empty cell.
    decimal : {".", ","}
        The decimal mark.
    thousands : str, optional
        The mark between groups of three digits.
    na : collection of str
        Spellings of a gap besides the empty cell.

    Examples
    --------
    >>> import pyarrow as pa
    >>> column_of(pa.chunked_array([["1", "2.5", None]])).values
    array([1. , 2.5, nan])
    >>> column_of(pa.chunked_array([["007", " 12 "]])).vocabulary
    ('007', '12')
    """
    numbers = plain_numbers(cells.chunks)
    points = decimal != "." or thousands == "."  # a point may be no decimal mark
    if numbers is not None and (numbers.dtype.kind == "i" or not points):
        return Numbers(numbers)
    return column_of_words(cells, decimal, thousands, na)


def text_of(cells: ChunkedArray, na: Collection[str] = ()) -> Texts:
    """Return cells as they are written, without blanks around them.

    Examples
    --------
    >>> import pyarrow as pa
    >>> text_of(pa.chunked_array([["1", " 1.0", None, ""]])).cells()
    ['1', '1.0', None, None]
    """
    codes, words = _distinct(cells)
    gaps = {"", *na}
    texts = Texts(codes, tuple(words.to_pylist()))
    return texts.mapped(lambda text: None if text.strip() in gaps else text.strip())


def plain_numbers(chunks: list[Array]) -> np.ndarray | None:
    """Return the numbers that strings are, NaN where null; None where one is no plain number.

    Parameters
    ----------
    chunks : list of Arrow arrays of strings, m in all

    Returns
    -------
    ndarray of shape (m,), int64 or float64, or None
    """
    arrow = optional("pyarrow", "Reading a table of text")
    chunks = [chunk for chunk in chunks if len(chunk)]
    if not any(len(chunk) > chunk.null_count for chunk in chunks):
        return None
    whole = not any(chunk.null_count for chunk in chunks) and _is_whole(chunks[0][0].as_py())
    for kind in [arrow.int64(), arrow.float64()] if whole else [arrow.float64()]:
        try:
            chunks[0].slice(0, FEW).cast(kind)  # an error for each cell would take a while
            cast = [chunk.cast(kind) for chunk in chunks]
        except arrow.ArrowInvalid:
            continue
        values = np.concatenate([chunk.to_numpy(zero_copy_only=False) for chunk in cast])
        gaps = sum(chunk.null_count for chunk in chunks)
        return values if _plain(chunks, values, gaps) else None
    return None


def _is_whole(cell: str) -> bool:
    """Whether a cell may be a whole number; a try on a column that is none costs 0.4 ms."""
    return not {*".eE"} & {*cell[:20]}


def _plain(chunks: list[Array], values: np.ndarray, gaps: int) -> bool:
    """Whether numbers that Arrow reads are written as plain ones."""
    if np.count_nonzero(np.isfinite(values)) != len(values) - gaps:
        return False
    if any(_has_leading_zero(chunk) for chunk in chunks):
        return False
    least, most = np.fmin.reduce(values), np.fmax.reduce(values)
    large = most >= 10**MOST_DIGITS or least <= -(10**MOST_DIGITS)
    return not large or not _are_labels(chunks)


def _are_labels(chunks: list[Array]) -> bool:
    """Whether all cells are whole numbers, and some of them longer than a double holds."""
    filled = [chunk.drop_null() for chunk in chunks]
    long = rf"^[-+]?\d{{{MOST_DIGITS + 1},}}$"
    return all(_matches(each, r"^[-+]?\d+$").all() for each in filled) and any(
        _matches(each, long).any() for each in filled
    )


def _has_leading_zero(chunk: Array) -> bool:
    """Whether a number has a 0 before another digit, or is hexadecimal; sees the bytes alone."""
    offsets, letters = _bytes_of(chunk)
    first = letters.take(offsets[:-1], mode="clip")
    doubtful = np.flatnonzero((first == _ZERO) | (first == _MINUS) | (first == _PLUS))
    start = offsets[doubtful] + (first[doubtful] != _ZERO)
    more = offsets[doubtful + 1] - start > 1
    zero = letters.take(start, mode="clip") == _ZERO
    then = letters.take(start + 1, mode="clip")
    digit = (then >= _ZERO) & (then <= _NINE)
    return bool((more & zero & (digit | (then | _LOWER_CASE == _X))).any())


def _bytes_of(chunk: Array) -> tuple[np.ndarray, np.ndarray]:
    """Where each string of an Arrow array begins, and all their bytes."""
    _, offsets, letters = chunk.buffers()
    size = np.int64 if str(chunk.type) == "large_string" else np.int32
    places = np.frombuffer(offsets, size)[chunk.offset : chunk.offset + len(chunk) + 1]
    return places, np.frombuffer(letters or b"\0", np.uint8)


def _matches(words: Array, pattern: str) -> np.ndarray:
    """Whether each string matches, False where null."""
    compute = optional("pyarrow.compute", "Reading a table of text")
    found = compute.match_substring_regex(words, pattern).fill_null(False)
    return found.to_numpy(zero_copy_only=False)


# --- by distinct words -----------------------------------------------------------------------


def column_of_words(
    cells: ChunkedArray, decimal: str = ".", thousands: str | None = None, na: Collection[str] = ()
) -> RawColumn:
    """Read a column that is not of plain numbers by its distinct words, without blanks around them.

    The parameters are those of ``column_of``; cells may be encoded as a dictionary already.
    """
    compute = optional("pyarrow.compute", "Reading a table of text")
    codes, words = _distinct(cells)
    trimmed = compute.utf8_trim_whitespace(words)
    texts = Texts(codes, tuple(trimmed.to_pylist()))
    if na or not trimmed.equals(words):
        gaps = {"", *na}
        texts = texts.mapped(lambda text: None if text in gaps else text)
    elif decimal == "." and not thousands:
        return texts  # Arrow has seen that they are no numbers
    values = written_numbers(texts.vocabulary, decimal, thousands)
    return texts if values is None else Numbers(_spread(values, texts.codes))


def _distinct(cells: ChunkedArray) -> tuple[np.ndarray, Array]:
    """Return each cell's place among the distinct ones, −1 where null, and those."""
    encoded = cells.unify_dictionaries() if is_encoded(cells) else cells.dictionary_encode()
    encoded = encoded.combine_chunks()
    codes = encoded.indices.fill_null(GAP).to_numpy(zero_copy_only=False)
    return codes.astype(np.int32, copy=False), encoded.dictionary


def is_encoded(cells: ChunkedArray) -> bool:
    """Whether cells are places in a dictionary of distinct ones."""
    return bool(optional("pyarrow.types", "Reading a table of text").is_dictionary(cells.type))


def written_numbers(
    words: tuple[str, ...], decimal: str, thousands: str | None
) -> np.ndarray | None:
    """Return the plain numbers that words are with these marks, None where one is none.

    Where the decimal mark is a comma, points are the marks of thousands if all of them can be, and
    decimal points in this column otherwise.
    """
    arrow = optional("pyarrow", "Reading a table of text")
    compute = optional("pyarrow.compute", "Reading a table of text")
    array = arrow.array(words, arrow.large_string())
    thousands = thousands or ("." if decimal == "," else None)
    if thousands and _is_grouped(array, decimal, thousands):
        array = compute.replace_substring(array, thousands, "")
    if decimal != "." and not _matches(array, r"\.").any():
        array = compute.replace_substring(array, decimal, ".")
    return plain_numbers([array])


def _is_grouped(words: Array, decimal: str, thousands: str) -> bool:
    """Whether all marks of thousands stand between groups of three digits."""
    marked = _matches(words, re.escape(thousands))
    return bool((_matches(words, grouped(decimal, thousands)) | ~marked).all())


def grouped(decimal: str, thousands: str) -> str:
    """The pattern of a number whose digits stand in groups of three."""
    mark, point = re.escape(thousands), re.escape(decimal)
    return rf"^[-+]?[1-9]\d{{0,2}}({mark}\d{{3}})+({point}\d*)?$"


def _spread(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Give each row its word's number; NaN to a gap, and with it float64 to all."""
    if (codes == GAP).any():
        return np.append(values.astype(np.float64), np.nan)[codes]
    return values[codes]


# --- the decimal mark ------------------------------------------------------------------------


def decimal_mark(columns: Iterable[ChunkedArray]) -> str:
    """Return the decimal mark of a table whose cells are strings.

    Parameters
    ----------
    columns : iterable of ChunkedArrays of strings

    Returns
    -------
    {".", ","}
        A comma where a column's numbers have one that no mark of thousands would have.

    Examples
    --------
    >>> import pyarrow as pa
    >>> decimal_mark([pa.chunked_array([["3,50", "12"]])])
    ','
    >>> decimal_mark([pa.chunked_array([["3,504", "1,250,000"]])])
    '.'
    """
    return "," if any(_has_commas(_words(column)) for column in columns) else "."


def _words(column: ChunkedArray) -> list[str]:
    head = column.slice(0, MOST_ROWS)
    if is_encoded(head):
        head = head.cast(head.type.value_type)
    head = head.unique().to_pylist()
    return [word.strip() for word in head if word and word.strip()]


def _has_commas(words: Sequence[str]) -> bool:
    """Whether words are numbers with a decimal comma, all that have a comma and half of all."""
    commas = [word for word in words if "," in word]
    return (
        2 * len(commas) >= max(1, len(words))
        and all(WITH_COMMA.fullmatch(word) for word in commas)
        and not all(THOUSANDS.fullmatch(word) for word in commas)
        and not any(WITH_POINT.fullmatch(word) for word in words)
    )
