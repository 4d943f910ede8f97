"""Where weights and biases stand in what is given and in what comes back: in lists, under keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..answers import Failed, Failure
from .layouts import Array, Block

Order = Literal["C", "F"]
Held = Array | list["Held"] | tuple["Held", ...] | dict[str, "Held"]


@dataclass(frozen=True)
class Template:
    """One value that holds blocks, or their gradients, and where it holds them.

    Parameters
    ----------
    kind : {"block", "list", "tuple", "dict", "attributes", "ravel", "J", "D", "other"}
        One block; several together, "ravel" in one long vector; of what comes back also the cost,
        the whole gradient, and what is neither.
    name : str
        What a block is called, where it was said.
    block : Block or None
        Which block it is.
    parts : tuple of Template
        What it holds, in order.
    keys : tuple of str
        The keys of a dictionary's parts.
    order : {"C", "F"}
        How a vector reads each matrix.
    """

    kind: str
    name: str = ""
    block: Block | None = None
    parts: tuple[Template, ...] = ()
    keys: tuple[str, ...] = ()
    order: Order = "C"


def blocks_in(template: Template) -> Iterator[Block]:
    """Every block, in order."""
    if template.block is not None:
        yield template.block
    for part in template.parts:
        yield from blocks_in(part)


def leaves_of(template: Template) -> Iterator[Template]:
    """Everything that holds nothing else, in order."""
    if not template.parts:
        yield template
    for part in template.parts:
        yield from leaves_of(part)


def among(block: Block, blocks: Mapping[Block, Array]) -> Block:
    """The block itself; that of Θ^(l) where W has its bias inside."""
    known = block if block in blocks else ("Theta", block[1])
    if known not in blocks or (block[0] == "b" and known != block):
        raise Failed(Failure(f"There is nothing that can be {block[0]}{block[1]}."))
    return known


def filled(template: Template, blocks: Mapping[Block, Array]) -> Held:
    """The value."""
    if template.block is not None:
        return blocks[among(template.block, blocks)]
    parts = [filled(part, blocks) for part in template.parts]
    if template.kind == "dict":
        return dict(zip(template.keys, parts))
    if template.kind == "attributes":
        return {"attributes": dict(zip(template.keys, parts))}
    if template.kind == "ravel":
        return np.concatenate([np.ravel(np.asarray(part), order=template.order) for part in parts])
    return tuple(parts) if template.kind == "tuple" else parts


def text_of(template: Template, word: Callable[[Template], str]) -> str:
    """The value as ``grammar`` reads it, with the words for what holds nothing else."""
    if not template.parts:
        return word(template)
    texts = [text_of(part, word) for part in template.parts]
    inside = ", ".join(texts)
    if template.kind in ("dict", "attributes"):
        pairs = list(zip(template.keys, texts))
        if all(re.split(r"\W", text, maxsplit=1)[0] == key for key, text in pairs):
            return f"{{{inside}}}"
        return f"{{{', '.join(f'{key!r}: {text}' for key, text in pairs)}}}"
    if template.kind == "ravel":
        return f"ravel({inside}, order='F')" if template.order == "F" else f"ravel({inside})"
    if template.kind == "tuple":
        return f"({inside}{',' if len(texts) == 1 else ''})"
    return f"[{inside}]"
