"""MNIST's own file format: a header of four bytes and the sizes, then the numbers."""

from __future__ import annotations

import gzip
import math
import os
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ...errors import InvalidInput
from ..parsing import HIGHEST_RATIO

# The third byte of a file -> what its numbers are; all are big-endian.
DTYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
SMALL, USUAL_RATIO = 1 << 26, 50  # bytes; MNIST's pictures are packed five times smaller
GZIP_MAGIC = b"\x1f\x8b"


def read_idx(path: Path) -> np.ndarray:
    """Read an idx file, gzipped or not, into an array of its own shape and dtype."""
    with _open(path) as file:
        dtype, shape = _header(path, file)
        length = math.prod(shape) * dtype.itemsize
        packed = os.path.getsize(path)
        if length > packed * HIGHEST_RATIO:
            raise InvalidInput(f"{path} claims the shape {shape}, but it is too short for it.")
        if length > max(SMALL, packed * USUAL_RATIO):
            raise InvalidInput(
                f"{path} unpacks to {length >> 20} MB, {length // packed} times its size, which "
                "pictures do not; unpack it first."
            )
        data = file.read(length + 1)
    if len(data) != length:
        found = "has more" if len(data) > length else f"ends after {len(data)}"
        raise InvalidInput(f"{path} should hold {length} bytes for the shape {shape}, but {found}.")
    return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def _open(path: Path) -> BinaryIO | gzip.GzipFile:
    """Open a file by its first bytes, whatever its name says about compression."""
    with open(path, "rb") as file:
        packed = file.read(2) == GZIP_MAGIC
    return gzip.open(path, "rb") if packed else open(path, "rb")


def _header(path: Path, file: BinaryIO | gzip.GzipFile) -> tuple[np.dtype, tuple[int, ...]]:
    """Two zeros, the numbers' type, the number of dimensions; then each size as four bytes."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in DTYPES or magic[3] == 0:
        raise InvalidInput(f"{path} is not an idx file: its first four bytes are {magic!r}.")
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise InvalidInput(f"{path} ends within its header.")
    shape = tuple(int(size) for size in np.frombuffer(sizes, ">u4"))
    return np.dtype(DTYPES[magic[2]]), shape
