"""Mistakes of what is compared with a^(L): classes and targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ...network import Network
from ..convention import Convention
from .columns import Array, first_column_zero, last_column_zero
from .entry import Entry, shared

COMMON = ("labels shifted", "1 − y instead")


def _shift(Y: Array, by: int, wrap: bool) -> Array:
    shifted = np.roll(Y, by, axis=1)
    if not wrap:
        shifted[:, slice(0, by) if by > 0 else slice(by, None)] = 0
    return shifted


LABELS: dict[str, Callable[[Array], Array]] = {
    "right": lambda Y: Y,
    "shifted up": lambda Y: _shift(Y, 1, True),
    "shifted down": lambda Y: _shift(Y, -1, True),
    "shifted up, lost": lambda Y: _shift(Y, 1, False),
    "shifted down, lost": lambda Y: _shift(Y, -1, False),
    "mirrored": lambda Y: Y[:, ::-1],
    "complement": lambda Y: 1 - Y,
    "rows shifted up": lambda Y: np.roll(Y, -1, axis=0),
    "rows shifted down": lambda Y: np.roll(Y, 1, axis=0),
    "rows mirrored": lambda Y: Y[::-1],
    "last class out": last_column_zero,
    "first class out": first_column_zero,
}


def mistakes(net: Network, convention: Convention) -> Iterator[Entry]:
    """Every mistake of labels and targets, for this network."""
    yield from _rows_of_Y()
    if not net.loss.classification:
        yield from _columns_of_Y(net)
        return
    labels: dict[str, tuple[str, ...]] = {
        "labels shifted by one (10 ↔ 0)": (
            "shifted up", "shifted down", "shifted up, lost", "shifted down, lost",
        ),
        "labels in reversed order": ("mirrored",),
        "1 − y instead of y": ("complement",),
        "last class missing in the labels": ("last class out",),
        "first class missing in the labels": ("first class out",),
    }  # fmt: skip
    for what, which in labels.items():
        if net.sizes[-1] > 1 or which == ("complement",):
            flavours = tuple(shared("labels", variant) for variant in which)
            yield Entry(what, "the labels y", what, "y_k = 1 for the example's class k", flavours)


def _rows_of_Y() -> Iterator[Entry]:
    rows = {
        "rows of y shifted by one: each example has the label of the neighbouring example": (
            "rows shifted up", "rows shifted down",
        ),
        "rows of y in reversed order": ("rows mirrored",),
    }  # fmt: skip
    for what, which in rows.items():
        flavours = tuple(shared("labels", variant) for variant in which)
        yield Entry(what, "the labels y", what, "y^(i) belongs to x^(i)", flavours)


def _columns_of_Y(net: Network) -> Iterator[Entry]:
    """What can happen to targets that are numbers."""
    columns = {"shifted up": "shifted by one", "shifted down": "shifted by one the other way",
               "mirrored": "in reversed order"}  # fmt: skip
    for variant, how in columns.items() if net.sizes[-1] > 1 else ():
        what = f"columns of Y {how}"
        yield Entry(
            what, "the targets Y", what, "a_k is compared with y_k", (shared("labels", variant),)
        )
