"""NumPy's own files, .npy and .npz: arrays whose size is believed only where the file is as large.

NumPy reads them too, but it makes room for what a header claims, unpacks an archive's bytes where
the header is damaged, and takes pickles apart. Nothing here makes room before the file's own size
has been compared, and nothing is unpickled.
"""

from __future__ import annotations

import math
import os
import zipfile
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy_format

from ...errors import InvalidInput
from ..parsing import HIGHEST_RATIO, NamedArrays

CHUNK_BYTES = 1 << 20  # of text, whose cells are as wide as the longest of all
_HEADERS = {(1, 0): npy_format.read_array_header_1_0, (2, 0): npy_format.read_array_header_2_0}


def read_npy(path: Path) -> NamedArrays:
    """Read an .npy file as an array named X."""

    def whole() -> np.ndarray:
        with open(path, "rb") as file:
            return _array(file, os.path.getsize(path))

    return NamedArrays(path, {"X": whole})


def read_npz(path: Path) -> NamedArrays:
    """Read the names of an .npz file's arrays; an array is unpacked when it is asked for."""
    with zipfile.ZipFile(path) as archive:
        members = {member.removesuffix(".npy"): member for member in archive.namelist()}
    return NamedArrays(path, {name: partial(_member, path, m) for name, m in members.items()})


def _member(path: Path, member: str) -> np.ndarray:
    """Unpack one array of an archive, whose checksum is looked at when it ends."""
    with zipfile.ZipFile(path) as archive, archive.open(member) as file:
        about = archive.getinfo(member)
        if about.compress_type == zipfile.ZIP_DEFLATED:
            _check_ratio(path, member, about)
        return _array(file, about.file_size)


def _check_ratio(path: Path, member: str, about: zipfile.ZipInfo) -> None:
    if about.file_size > HIGHEST_RATIO * (about.compress_size + 1):
        raise InvalidInput(
            f"{path}: {member} claims {about.file_size} bytes, more than its {about.compress_size} "
            "can hold."
        )


def _array(file: IO[bytes], size: int) -> np.ndarray:
    """Read an array of a file of so many bytes; anything else in it is an error."""
    version = npy_format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"an array has the format version {version}")
    shape, by_columns, dtype = _HEADERS[version](file)
    if dtype.hasobject:
        raise ValueError("an array holds Python objects, which are never read from a file")
    expected = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or file.tell() + expected != size or not dtype.itemsize:
        raise ValueError(f"an array of the shape {shape} and the dtype {dtype} has another size")
    flat = (_text if dtype.kind == "U" else _numbers)(file, math.prod(shape), dtype)
    if file.read(1):
        raise ValueError("an array is followed by something else")
    return flat.reshape(shape[::-1]).T if by_columns else flat.reshape(shape)


def _numbers(file: IO[bytes], count: int, dtype: np.dtype) -> np.ndarray:
    """Read numbers straight into their array."""
    array = np.empty(count, dtype)
    rest = array.view(np.uint8).data if count else memoryview(b"")
    while len(rest):
        n_read = file.readinto(rest)  # type: ignore[attr-defined]
        if not n_read:
            raise ValueError(f"an array ends {len(rest)} bytes too early")
        rest = rest[n_read:]
    return array


def _text(file: IO[bytes], count: int, dtype: np.dtype) -> np.ndarray:
    """Read text a piece at a time, each cell as long as it is and not as the longest."""
    array = np.empty(count, object)
    step = max(1, CHUNK_BYTES // dtype.itemsize)
    for start in range(0, count, step):
        part = array[start : start + step]
        part[:] = _numbers(file, len(part), dtype)
    return array
