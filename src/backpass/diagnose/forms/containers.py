"""How weights and biases are held together where they are not arguments of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from .layouts import Array, Block

Blocks = Mapping[Block, Array]
Order = Literal["C", "F"]


def numbered(blocks: Blocks, texts: Sequence[str]) -> dict[str, Array]:
    """A dictionary with the keys that the code mentions, W1, b1, W2, … where it mentions none."""
    return {key_of(block, texts): array for block, array in blocks.items()}


def key_of(block: Block, texts: Sequence[str]) -> str:
    """The key of one block: as the code writes it, or as it seems to put it together."""
    kind, l = block
    pattern = _KEYS[kind]
    whole = [t for t in texts if re.fullmatch(pattern + r"_?\[?\d+\]?", t, re.IGNORECASE)]
    stems = {re.sub(r"\d+", "{}", text): None for text in whole}
    numbers = sorted({int(n) for text in whole for n in re.findall(r"\d+", text)})
    first = numbers[0] if numbers and numbers[0] == 0 else 1
    if stems:
        return min(stems, key=len).format(l - 1 + first)
    starts = [t for t in texts if re.fullmatch(pattern + "_?", t, re.IGNORECASE)]
    stem = min(starts, key=len) if starts else {"W": "W", "b": "b", "Theta": "Theta"}[kind]
    return f"{stem}{l}"


_KEYS = {"W": r"(?:W|weights?|w)", "b": r"(?:b|bias(?:es)?)", "Theta": r"(?:Theta|W|weights?|w|t)"}


def _of_kind(blocks: Blocks, *kinds: str) -> list[Array]:
    return [array for (kind, _), array in blocks.items() if kind in kinds]


def _pairs(blocks: Blocks) -> list[list[Array]]:
    layers = dict.fromkeys(l for _, l in blocks)
    return [[array for (_, k), array in blocks.items() if k == l] for l in layers]


def _flat(blocks: Blocks, order: Order = "C") -> Array:
    return np.concatenate([np.ravel(array, order=order) for array in blocks.values()])


def _dict_of_lists(blocks: Blocks, texts: Sequence[str]) -> dict[str, list[Array]]:
    stems = {kind: _stem(kind, texts) for kind, _ in blocks}
    return {stem: _of_kind(blocks, kind) for kind, stem in stems.items()}


def _stem(kind: str, texts: Sequence[str]) -> str:
    found = [t for t in texts if re.fullmatch(_KEYS[kind] + "s?", t, re.IGNORECASE)]
    return found[0] if found else kind


def _list_of_dicts(blocks: Blocks, texts: Sequence[str]) -> list[dict[str, Array]]:
    layers = dict.fromkeys(l for _, l in blocks)
    return [{_stem(kind, texts): a for (kind, k), a in blocks.items() if k == l} for l in layers]


# What a parameter that holds everything may be: (blocks, texts of the code) -> the argument.
CONTAINERS: dict[str, Callable[[Blocks, Sequence[str]], Any]] = {
    "dict": numbered,
    "list": lambda blocks, texts: list(blocks.values()),
    "tuple": lambda blocks, texts: tuple(blocks.values()),
    "list of pairs": lambda blocks, texts: [tuple(pair) for pair in _pairs(blocks)],
    "weights, then biases": lambda blocks, texts: [
        *_of_kind(blocks, "W", "Theta"),
        *_of_kind(blocks, "b"),
    ],
    "dict of lists": _dict_of_lists,
    "list of dicts": _list_of_dicts,
    "flat, F order": lambda blocks, texts: _flat(blocks, "F"),
    "flat, C order": lambda blocks, texts: _flat(blocks, "C"),
    "flat, weights, then biases": lambda blocks, texts: np.concatenate(
        [np.ravel(a) for a in (*_of_kind(blocks, "W"), *_of_kind(blocks, "b"))]
    ),
}
FLAT: dict[str, Order] = {
    "flat, F order": "F",
    "flat, C order": "C",
    "flat, weights, then biases": "C",
}
