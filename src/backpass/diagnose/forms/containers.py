"""How weights and biases are held together where they are not arguments of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from .layouts import Block
from .template import Template

Blocks = Sequence[Block]


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


def _each(blocks: Iterable[Block]) -> tuple[Template, ...]:
    return tuple(Template("block", block=block) for block in blocks)


def _of_kind(blocks: Blocks, *kinds: str) -> list[Block]:
    return [block for block in blocks if block[0] in kinds]


def _by_layer(blocks: Blocks) -> list[list[Block]]:
    layers = dict.fromkeys(l for _, l in blocks)
    return [[block for block in blocks if block[1] == l] for l in layers]


def _kinds_apart(blocks: Blocks) -> list[Block]:
    return [*_of_kind(blocks, "W", "Theta"), *_of_kind(blocks, "b")]


def _dict_of_lists(blocks: Blocks, texts: Sequence[str]) -> Template:
    stems = {kind: _stem(kind, texts) for kind, _ in blocks}
    lists = [Template("list", parts=_each(_of_kind(blocks, kind))) for kind in stems]
    return Template("dict", parts=tuple(lists), keys=tuple(stems.values()))


def _stem(kind: str, texts: Sequence[str]) -> str:
    found = [t for t in texts if re.fullmatch(_KEYS[kind] + "s?", t, re.IGNORECASE)]
    return found[0] if found else kind


def _list_of_dicts(blocks: Blocks, texts: Sequence[str]) -> Template:
    layers = [
        Template("dict", parts=_each(layer), keys=tuple(_stem(kind, texts) for kind, _ in layer))
        for layer in _by_layer(blocks)
    ]
    return Template("list", parts=tuple(layers))


# What a parameter that holds everything may be: (blocks, texts of the code) -> where they stand.
CONTAINERS: dict[str, Callable[[Blocks, Sequence[str]], Template]] = {
    "dict": lambda blocks, texts: Template(
        "dict", parts=_each(blocks), keys=tuple(key_of(block, texts) for block in blocks)
    ),
    "attributes": lambda blocks, texts: Template(
        "attributes", parts=_each(blocks), keys=tuple(key_of(block, texts) for block in blocks)
    ),
    "list": lambda blocks, texts: Template("list", parts=_each(blocks)),
    "tuple": lambda blocks, texts: Template("tuple", parts=_each(blocks)),
    "list of pairs": lambda blocks, texts: Template(
        "list", parts=tuple(Template("tuple", parts=_each(layer)) for layer in _by_layer(blocks))
    ),
    "weights, then biases": lambda blocks, texts: Template(
        "list", parts=_each(_kinds_apart(blocks))
    ),
    "dict of lists": _dict_of_lists,
    "list of dicts": _list_of_dicts,
    "flat, F order": lambda blocks, texts: Template("ravel", parts=_each(blocks), order="F"),
    "flat, C order": lambda blocks, texts: Template("ravel", parts=_each(blocks)),
    "flat, weights, then biases": lambda blocks, texts: Template(
        "ravel", parts=_each(_kinds_apart(blocks))
    ),
}
