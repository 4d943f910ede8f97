"""MATLAB's .mat files (levels 4 and 5, which is versions 4 to 7.2): their arrays of numbers.

The course's files are such. SciPy reads them too, but a damaged one makes it crash, and a reader
of files from elsewhere must not. Variables that are not arrays of numbers (text, cells, structs,
sparse matrices) come out as an object without content. A variable is unpacked when it is asked for.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from ...errors import InvalidInput
from ..parsing import NamedArrays

HEADER = 128  # bytes of level 5's header; the last two say the byte order
MATRIX, COMPRESSED = 14, 15
BEGINNING = 1 << 12  # bytes of a packed matrix in which its flags, its shape and its name are

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


Maker = Callable[[], np.ndarray]


def read_mat(path: Path) -> NamedArrays:
    """Read the variables of a .mat file by name."""
    data = path.read_bytes()
    if b"MATLAB 7.3" in data[:HEADER] or data[:4] == b"\x89HDF":
        raise InvalidInput(f"{path} is MATLAB 7.3's HDF5; save it with the option -v7.")
    if len(data) >= 20 and 0 in data[:4]:
        return NamedArrays(path, dict(_level_4(data)))
    if len(data) < HEADER or data[126:128] not in (b"IM", b"MI"):
        raise InvalidInput(f"{path} is not a .mat file.")
    order = "<" if data[126:128] == b"IM" else ">"
    return NamedArrays(path, dict(_level_5(data[HEADER:], order)))


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


def _level_5(data: bytes, order: str) -> Iterator[tuple[str, Maker]]:
    """The names of the matrices among the elements, compressed or not, and what reads each."""
    for kind, content in _elements(data, order):
        if kind == COMPRESSED:
            beginning = _unpacked(content, order, BEGINNING)
            yield _name(beginning, order), partial(_unpacked_matrix, content, order)
        elif kind == MATRIX:
            yield _name(content, order), partial(_matrix, content, order)


def _unpacked(content: bytes, order: str, most: int | None = None) -> bytes:
    """Decompress a matrix, no more of it than its tag says, and no more than is wanted."""
    unpacker = zlib.decompressobj()
    tag = unpacker.decompress(content, 8)
    kind, size = struct.unpack(order + "2I", tag)
    if kind != MATRIX:
        raise ValueError("a compressed element holds no matrix")
    return unpacker.decompress(unpacker.unconsumed_tail, min(size, most or size) or 1)


def _unpacked_matrix(content: bytes, order: str) -> np.ndarray:
    return _matrix(_unpacked(content, order), order)


def _name(content: bytes, order: str) -> str:
    """The third element: after the flags and the shape."""
    elements = _elements(content, order)
    for _ in ("flags", "shape"):
        next(elements)
    return next(elements)[1].decode("latin-1")


def _matrix(content: bytes, order: str) -> np.ndarray:
    """Flags, shape, name, then the real and the imaginary parts."""
    elements = _elements(content, order)
    flags = int(_numbers(*next(elements), order)[0])
    shape = tuple(int(size) for size in _numbers(*next(elements), order))
    next(elements)
    if flags & 0xFF not in CLASSES:
        return np.array(None)
    dtype = np.dtype(CLASSES[flags & 0xFF])
    array = _shaped(_numbers(*next(elements), order), shape).astype(dtype)
    if flags & IS_COMPLEX:
        return _complex(array, _shaped(_numbers(*next(elements), order), shape))
    return array.astype(bool) if flags & IS_LOGICAL else array


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


def _level_4(data: bytes) -> Iterator[tuple[str, Maker]]:
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
        parts = 2 if is_complex else 1
        size = parts * rows * columns * dtype.itemsize
        if size > len(data) - start:
            raise ValueError(f"a matrix of {size} bytes begins where fewer are left")
        numbers = np.frombuffer(data, dtype, parts * rows * columns, start)
        yield name, partial(_of_level_4, numbers, (rows, columns), parts, content == 0)
        start += size


def _of_level_4(
    numbers: np.ndarray, shape: tuple[int, int], parts: int, is_numeric: bool
) -> np.ndarray:
    """Make an array of one rectangle of numbers, or of two: the real and the imaginary parts."""
    if not is_numeric:
        return np.array(None)
    native = numbers.dtype.newbyteorder("=")
    arrays = [_shaped(part, shape).astype(native) for part in np.split(numbers, parts)]
    return _complex(*arrays) if parts == 2 else arrays[0]
