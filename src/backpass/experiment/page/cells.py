"""A table's cells, and answers, as a page has them."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np

from ...data.raw import GAP, Numbers, RawColumn, Texts

MOST_LETTERS = 60


def written(value: object) -> str:
    """Write a cell for people: numbers with some digits, moments without a time of nought.

    Examples
    --------
    >>> written(1 / 3), written(np.datetime64("2024-02-29T00:00:00.000000")), written(float("nan"))
    ('0.33333', '2024-02-29', '')
    """
    if isinstance(value, np.datetime64):
        text = "" if np.isnat(value) else str(value.astype("datetime64[s]"))
        return text.removesuffix("T00:00:00").replace("T", " ")
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.5g}"
    text = str(value)
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"


def rounded(value: float, digits: int) -> str:
    """Write a number in so many digits for people: without an exponent as long as that is short.

    Examples
    --------
    >>> rounded(0.012345, 3), rounded(-4631.7, 3), rounded(2767412.0, 4), rounded(1.5e-9, 3)
    ('0.0123', '−4630', '2,767,000', '1.5e−09')
    """
    short = f"{value:.{digits}g}"
    if "e+" in short and abs(value) < 1e12:
        whole = float(short)
        short = f"{whole:.0f}" if abs(whole) < 1e4 else f"{whole:,.0f}"
    return short.replace("-", "−")


def axis_label(words: str) -> str:
    """Fold what would be longer than its axis."""
    return textwrap.fill(textwrap.shorten(words, 120, placeholder=" …"), 48)


def row_of(columns: Mapping[str, RawColumn], names: Sequence[str], k: int) -> tuple[str, ...]:
    """Write the cells of some columns in row k; a gap is nothing."""
    return tuple(written(_cell(columns[name], k)) for name in names)


def _cell(cells: RawColumn, k: int) -> object:
    if isinstance(cells, Texts):
        code = int(cells.codes[k])
        return "" if code == GAP else cells.vocabulary[code]
    if isinstance(cells, Numbers):
        return cells.values[k].item()
    return getattr(cells, "values", {k: ""})[k]
