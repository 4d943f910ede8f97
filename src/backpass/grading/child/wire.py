"""Plain values as bytes, for a side that does not trust the other: JSON, and raw numbers.

A message is ``MAGIC``, the lengths of a header and of a body, the header (JSON in UTF-8) and the
body (numbers of arrays, little-endian, C order). Nothing in it can name a class or a function, and
nothing is believed: lengths, depths, shapes and kinds are checked before anything is made of them.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Plain = Any  # None, numbers, text, arrays, and lists, tuples and dicts of such

MAGIC = b"bpw1"
PREFIX = struct.Struct(">4sII")
MAX_HEADER = 1 << 21  # bytes
MAX_BODY = 1 << 24  # bytes
MAX_ITEMS = 100_000
MAX_DEPTH = 24
MAX_TEXT = 100_000
KINDS = {"f8": "<f8", "f4": "<f4", "i8": "<i8", "b1": "|u1", "c16": "<c16"}


class BadMessage(Exception):
    """Bytes that are no message, or a value that is larger than a message may be."""


@dataclass(frozen=True)
class Opaque:
    """A value that is none of the plain ones: only the name of its type travels."""

    type_name: str


def pack(value: Plain) -> bytes:
    """Write a plain value as one message; whatever is not plain becomes the name of its type."""
    packer = _Packer()
    header = json.dumps(packer.tree(value, 0), ensure_ascii=True).encode()
    body = b"".join(packer.blocks)
    if len(header) > MAX_HEADER or len(body) > MAX_BODY:
        raise BadMessage("it is too large")
    return PREFIX.pack(MAGIC, len(header), len(body)) + header + body


def lengths(prefix: bytes) -> tuple[int, int]:
    """Read how many bytes of header and of body follow a prefix."""
    magic, header, body = PREFIX.unpack(prefix)
    if magic != MAGIC or header > MAX_HEADER or body > MAX_BODY:
        raise BadMessage("it does not begin as a message does, or says that it is too long")
    return header, body


def unpack(header: bytes, body: bytes) -> Plain:
    """Make the value of a message, or raise BadMessage."""
    try:
        tree = json.loads(header.decode())
        return _Unpacker(body).value(tree, 0)
    except BadMessage:
        raise
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, MemoryError) as error:
        raise BadMessage("it cannot be read") from error


class _Packer:
    """Makes a tree for JSON; arrays go to blocks of bytes."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []
        self.used = 0
        self.items = 0

    def tree(self, value: Plain, depth: int) -> Plain:
        self.items += 1
        if depth > MAX_DEPTH or self.items > MAX_ITEMS:
            raise BadMessage("it is nested too deeply, or has too many parts")
        kind = type(value)
        if value is None or kind is bool or kind is float:
            return value
        if kind is int:
            return value if abs(value) < 1 << 63 else _opaque(value)
        if kind is str:
            return value[:MAX_TEXT]
        if isinstance(value, np.ndarray | np.generic):
            return self._array(np.asarray(value), depth)
        return self._container(value, depth)

    def _container(self, value: Plain, depth: int) -> Plain:
        if isinstance(value, list):
            return [self.tree(item, depth + 1) for item in value]
        if isinstance(value, tuple):
            return {"t": [self.tree(item, depth + 1) for item in value]}
        if isinstance(value, dict):
            return {"d": [[self.tree(part, depth + 1) for part in pair] for pair in value.items()]}
        return _opaque(value)

    def _array(self, array: np.ndarray, depth: int) -> Plain:
        kind = _kind(array.dtype)
        if kind is None:
            few = array.dtype == object and array.size <= MAX_ITEMS
            return self.tree(array.tolist(), depth + 1) if few else {"o": f"array of {array.dtype}"}
        if array.nbytes > MAX_BODY:
            raise BadMessage("it is too large")
        data = np.ascontiguousarray(array).astype(KINDS[kind]).tobytes()
        at, self.used = self.used, self.used + len(data)
        self.blocks.append(data)
        return {"a": [kind, list(array.shape), at]}


def _kind(dtype: np.dtype) -> str | None:
    """Which of the kinds holds an array's numbers without changing them."""
    if dtype.kind == "f":
        return "f4" if dtype.itemsize <= 4 else "f8"
    return {"i": "i8", "u": "i8", "b": "b1", "c": "c16"}.get(dtype.kind)


def _opaque(value: Plain) -> Plain:
    return {"o": str(type(value).__name__)[:80]}


class _Unpacker:
    """Makes values of a tree and the numbers of its arrays."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.left = MAX_BODY  # numbers may be named more than once, but not without end
        self.items = 0

    def value(self, tree: Plain, depth: int) -> Plain:
        self.items += 1
        if depth > MAX_DEPTH or self.items > MAX_ITEMS:
            raise BadMessage("it is nested too deeply, or has too many parts")
        if isinstance(tree, list):
            return list(self._values(tree, depth))
        if not isinstance(tree, dict):
            return tree
        ((kind, inner),) = tree.items()
        if kind == "a":
            return self._array(*inner)
        if kind == "t":
            return tuple(self._values(inner, depth))
        if kind == "d":
            return dict(tuple(self._values(pair, depth)) for pair in inner)
        return Opaque(str(tree["o"])[:80])

    def _values(self, trees: list[Plain], depth: int) -> Iterator[Plain]:
        return (self.value(tree, depth + 1) for tree in trees)

    def _array(self, kind: str, shape: list[int], at: int) -> np.ndarray:
        if len(shape) > 8 or not all(type(n) is int and 0 <= n <= MAX_BODY for n in (*shape, at)):
            raise BadMessage("an array has no such shape")
        dtype, size = np.dtype(KINDS[kind]), 1
        for n in shape:
            size *= n
        self.left -= size * dtype.itemsize
        if self.left < 0 or at + size * dtype.itemsize > len(self.body):
            raise BadMessage("an array is larger than its numbers")
        flat = np.frombuffer(self.body, dtype, count=size, offset=at).copy()
        return (flat != 0 if kind == "b1" else flat).reshape(shape)
