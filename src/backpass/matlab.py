"""MATLAB's .mat files (levels 4 and 5, which is versions 4 to 7.2): their arrays of numbers.

The course's files are such. SciPy reads them too, but a damaged one makes it crash, and a reader
of files from elsewhere must not. Variables that are not arrays of numbers (text, cells, structs,
sparse matrices) come out as an object without content.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .errors import InvalidInput

HEADER = 128  # bytes of level 5's header; the last two say the byte order
MATRIX, COMPRESSED = 14, 15

# How level 5 stores numbers (mi…), and what they are in MATLAB (mx…).
STORED = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
}
CLASSES = {
    6: "f8",
    7: "f4",
    8: "i1",
    9: "u1",
    10: "i2",
    11: "u2",
    12: "i4",
    13: "u4",
    14: "i8",
    15: "u8",
}
IS_COMPLEX, IS_LOGICAL = 0x800, 0x200
LEVEL_4 = {0: "f8", 1: "f4", 2: "i4", 3: "i2", 4: "u2", 5: "u1"}


def read_mat(path: Path) -> dict[str, np.ndarray]:
    """Read the variables of a .mat file by name."""
    data = path.read_bytes()
    if b"MATLAB 7.3" in data[:HEADER] or data[:4] == b"\x89HDF":
        raise InvalidInput(f"{path} is MATLAB 7.3's HDF5; save it with the option -v7.")
    if len(data) >= 20 and 0 in data[:4]:
        return dict(_level_4(data))
    if len(data) < HEADER or data[126:128] not in (b"IM", b"MI"):
        raise InvalidInput(f"{path} is not a .mat file.")
    return dict(_level_5(data[HEADER:], "<" if data[126:128] == b"IM" else ">"))


def _elements(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Level 5's elements: type, number of bytes, bytes, padded to 8; small ones are packed."""
    start = 0
    while start + 8 <= len(data):
        kind, size = struct.unpack_from(order + "2I", data, start)
        if kind >> 16:  # a small element: its size in the upper half, its bytes in the tag
            yield kind & 0xFFFF, data[start + 4 : start + 4 + min(kind >> 16, 4)]
            start += 8
            continue
        if size > len(data) - start - 8:
            raise ValueError(f"an element of {size} bytes begins where fewer are left")
        yield kind, data[start + 8 : start + 8 + size]
        start += 8 + (size if kind == COMPRESSED else -(-size // 8) * 8)


def _level_5(data: bytes, order: str) -> Iterator[tuple[str, np.ndarray]]:
    """The named matrices among the elements, compressed or not."""
    for kind, content in _elements(data, order):
        if kind == COMPRESSED:
            yield from _level_5(_unpacked(content, order), order)
        elif kind == MATRIX:
            yield _matrix(content, order)


def _unpacked(content: bytes, order: str) -> bytes:
    """Decompress one element, and no more than its tag says."""
    unpacker = zlib.decompressobj()
    tag = unpacker.decompress(content, 8)
    kind, size = struct.unpack(order + "2I", tag)
    if kind != MATRIX:
        raise ValueError("a compressed element holds no matrix")
    return tag + unpacker.decompress(unpacker.unconsumed_tail, size or 1)


def _matrix(content: bytes, order: str) -> tuple[str, np.ndarray]:
    """Flags, shape, name, then the real and the imaginary parts."""
    elements = _elements(content, order)
    flags = int(_numbers(*next(elements), order)[0])
    shape = tuple(int(size) for size in _numbers(*next(elements), order))
    name = next(elements)[1].decode("latin-1")
    if flags & 0xFF not in CLASSES:
        return name, np.array(None)
    dtype = np.dtype(CLASSES[flags & 0xFF])
    array = _shaped(_numbers(*next(elements), order), shape).astype(dtype)
    if flags & IS_COMPLEX:
        return name, _complex(array, _shaped(_numbers(*next(elements), order), shape))
    return name, array.astype(bool) if flags & IS_LOGICAL else array


def _numbers(kind: int, content: bytes, order: str) -> np.ndarray:
    if kind not in STORED:
        raise ValueError(f"numbers are stored as the unknown type {kind}")
    return np.frombuffer(content, np.dtype(order + STORED[kind]))


def _shaped(numbers: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers in MATLAB's order, column by column, as an array."""
    if min(shape, default=-1) < 0 or math.prod(shape) != len(numbers):
        raise ValueError(f"{len(numbers)} numbers are given for the shape {shape}")
    return numbers.reshape(shape, order="F")


def _complex(real: np.ndarray, imaginary: np.ndarray) -> np.ndarray:
    """Put two parts together; a sum would make NaN of infinities."""
    array = np.empty(real.shape, np.complex128)
    array.real, array.imag = real, imaginary
    return array


def _level_4(data: bytes) -> Iterator[tuple[str, np.ndarray]]:
    """Level 4: five numbers (type, rows, columns, complex, length of the name), name, data."""
    start = 0
    while start < len(data):
        order = "<" if struct.unpack_from("<i", data, start)[0] in range(5000) else ">"
        kind, rows, columns, is_complex, name_size = struct.unpack_from(order + "5i", data, start)
        start += 20
        precision, content = kind // 10 % 10, kind % 10
        if kind not in range(5000) or precision not in LEVEL_4 or min(rows, columns) < 0:
            raise ValueError("a matrix has an impossible header")
        dtype = np.dtype(order + LEVEL_4[precision])
        name = data[start : start + max(name_size, 1) - 1].decode("latin-1")
        start += max(name_size, 1)
        parts = [
            _part(data, start + i * rows * columns * dtype.itemsize, rows, columns, dtype)
            for i in range(2 if is_complex else 1)
        ]
        start += len(parts) * rows * columns * dtype.itemsize
        if content != 0:
            yield name, np.array(None)
        else:
            yield name, _complex(*parts) if is_complex else parts[0]


def _part(data: bytes, start: int, rows: int, columns: int, dtype: np.dtype) -> np.ndarray:
    """One rectangle of numbers of level 4."""
    numbers = np.frombuffer(data, dtype, rows * columns, start)
    return _shaped(numbers, (rows, columns)).astype(dtype.newbyteorder("="))
