"""What a model file holds of an encoding: plain arrays, and names, texts and kinds as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

import numpy as np

from ...errors import InvalidInput
from .categories import Levels
from .columns import NUMBER, Feature, FittedColumns
from .dates import DatePart, Difference
from .numbers import NumberCells, Scaling
from .texts import TermWeights

VERSION = 1


class StoredFeature(TypedDict):
    """A feature: of one column a number or a part of its dates, of two the difference."""

    columns: list[str]
    part: str | None


class StoredLevels(TypedDict):
    """A column of categories."""

    column: str
    texts: list[str]
    rare: list[str]
    missing: bool


class StoredTerms(TypedDict):
    """A side of a column of text; its arrays are 'buckets.0' and 'weights.0', and so on."""

    column: str
    side: str
    terms: list[str]


class Stored(TypedDict):
    """What JSON holds of an encoding."""

    version: int
    kinds: dict[str, str]
    features: list[StoredFeature]
    gaps: list[str]
    levels: list[StoredLevels]
    terms: list[StoredTerms]


def stored(columns: FittedColumns, scaling: Scaling) -> tuple[dict[str, np.ndarray], Stored]:
    """Return plain arrays, and what JSON can hold."""
    arrays = {"scales": scaling.table}
    for place, terms in enumerate(columns.terms):
        arrays |= {f"buckets.{place}": terms.buckets, f"weights.{place}": terms.weights}
    metadata: Stored = {
        "version": VERSION,
        "kinds": dict(columns.kinds),
        "features": [
            {"columns": list(f.columns), "part": f.part if isinstance(f, DatePart) else None}
            for f in columns.features
        ],
        "gaps": list(columns.gaps),
        "levels": [
            {
                "column": levels.column,
                "texts": list(levels.texts),
                "rare": list(levels.rare),
                "missing": levels.missing,
            }
            for levels in columns.levels
        ],
        "terms": [
            {"column": terms.column, "side": terms.side, "terms": list(terms.terms)}
            for terms in columns.terms
        ],
    }
    return arrays, metadata


def restored(arrays: Mapping[str, np.ndarray], metadata: Stored) -> tuple[FittedColumns, Scaling]:
    """Make an encoding's parts again; whatever is wrong raises one of Python's usual errors."""
    if metadata["version"] != VERSION:
        raise ValueError(f"its version is {metadata['version']!r}, and this one reads {VERSION}")
    kinds = {_text(name): _text(kind) for name, kind in metadata["kinds"].items()}
    columns = FittedColumns(
        kinds,
        tuple(_feature(feature, kinds) for feature in metadata["features"]),
        _distinct(metadata["gaps"]),
        tuple(map(_levels, metadata["levels"])),
        tuple(_terms(terms, arrays, place) for place, terms in enumerate(metadata["terms"])),
    )
    return columns, Scaling(np.array(arrays["scales"]))


def damaged(error: Exception) -> InvalidInput:
    """The error of a stored encoding that cannot be read."""
    said = str(error).rstrip(".") or type(error).__name__
    return InvalidInput(f"The stored encoding of the table's columns cannot be read: {said}.")


def _feature(feature: StoredFeature, kinds: Mapping[str, str]) -> Feature:
    names, part = _distinct(feature["columns"]), feature["part"]
    if part is not None:
        (name,) = names
        return DatePart(name, _text(part))
    if len(names) == 1 and kinds[names[0]] == NUMBER:
        return NumberCells(*names)
    return Difference(*names)


def _levels(levels: StoredLevels) -> Levels:
    if levels["missing"] not in (True, False):
        raise TypeError("whether gaps are a level is neither true nor false")
    texts, rare = _distinct(levels["texts"]), _distinct(levels["rare"])
    if not {*texts}.isdisjoint(rare):
        raise ValueError("a text has two levels")
    return Levels(_text(levels["column"]), texts, rare, bool(levels["missing"]))


def _terms(terms: StoredTerms, arrays: Mapping[str, np.ndarray], place: int) -> TermWeights:
    return TermWeights(
        _text(terms["column"]),
        _text(terms["side"]),
        tuple(map(_text, _list(terms["terms"]))),
        np.array(arrays[f"buckets.{place}"]),
        np.array(arrays[f"weights.{place}"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list")
    return value


def _distinct(value: object) -> tuple[str, ...]:
    texts = tuple(map(_text, _list(value)))
    if len(set(texts)) < len(texts):
        raise ValueError("a text occurs twice")
    return texts
