"""Which decimal mark a table's numbers have: a comma is seen where it cannot mark thousands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyarrow import ChunkedArray

MOST_ROWS = 20_000  # that are looked at
SIGNS = r"[^\d,.]{0,4}"  # of a currency, or %
WITH_COMMA = re.compile(rf"{SIGNS}(?:\d*|\d{{1,3}}(?:\.\d{{3}})+),\d+{SIGNS}")
THOUSANDS = re.compile(rf"{SIGNS}[1-9]\d{{0,2}}(?:,\d{{3}})+{SIGNS}")
WITH_POINT = re.compile(rf"{SIGNS}\d+\.\d+{SIGNS}")


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
    head = column.slice(0, MOST_ROWS).unique().to_pylist()
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
