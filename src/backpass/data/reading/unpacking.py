"""Packed files: gz, bz2, xz, zst and zip, unpacked in memory as far as there is room.

A file of some kilobytes can unpack to gigabytes. It is unpacked a piece at a time, and refused
where it grows larger than any table that people pack, or than half of the memory that is free.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO

from ...errors import InvalidInput, listed
from ...extras import optional
from ..memory import has_room_for

CHUNK = 1 << 20
ZST_CHUNK = 1 << 12  # packed bytes, which may be some thousand times more
SMALL = 1 << 26  # bytes that are unpacked whatever they were packed to
HIGHEST_RATIO = 250  # tables of text are packed some 3 to 60 times smaller
TABLES = (
    *(".csv", ".tsv", ".tab", ".txt", ".data", ".dat", ".json", ".jsonl", ".ndjson"),
    *(".parquet", ".pq", ".feather", ".arrow", ".ipc", ".xlsx", ".xlsm"),
    *(".db", ".sqlite", ".sqlite3"),
)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    return iter(partial(file.read, CHUNK), b"")


def _xz_pieces(data: io.BytesIO) -> Iterator[bytes]:
    with lzma.LZMAFile(data) as file:
        yield from _pieces(file)


def _zst_pieces(data: io.BytesIO) -> Iterator[bytes]:
    """Unpack frame by frame; zstandard's own stream takes one that is cut off for a whole one."""
    decompressor = optional("zstandard", "Reading a .zst file").ZstdDecompressor()
    frame, waiting = decompressor.decompressobj(), b""
    while waiting or (waiting := data.read(ZST_CHUNK)):
        if frame.eof:
            frame = decompressor.decompressobj()
        yield frame.decompress(waiting)
        waiting = frame.unused_data
    if not frame.eof:
        raise InvalidInput("It is cut off: its last part is missing.")


OPENERS: dict[str, Callable[[io.BytesIO], Iterator[bytes]]] = {
    ".gz": lambda data: _pieces(gzip.GzipFile(fileobj=data)),  # type: ignore[arg-type]
    ".bz2": lambda data: _pieces(bz2.BZ2File(data)),
    ".xz": _xz_pieces,
    ".zst": _zst_pieces,
}


def unpacked(data: bytes | memoryview, ending: str) -> bytes:
    """Unpack a file's bytes.

    Parameters
    ----------
    data : bytes-like
        The packed file.
    ending : {".gz", ".bz2", ".xz", ".zst"}
        How it is packed.

    Raises
    ------
    InvalidInput
        If it unpacks to more than a table's size or the memory's.
    MissingExtra
        If zstandard is needed and not installed.

    Examples
    --------
    >>> unpacked(bz2.compress(b"a,b"), ".bz2")
    b'a,b'
    """
    return _all_of(OPENERS[ending](io.BytesIO(data)), len(data))


def _all_of(pieces: Iterator[bytes], packed: int) -> bytes:
    """Read what unpacks as it is read, as long as it stays in measure."""
    parts: list[bytes] = []
    size = 0
    for part in pieces:
        parts.append(part)
        size += len(part)
        _check_measure(size, packed)
    return b"".join(parts)


def _check_measure(size: int, packed: int) -> None:
    if size > SMALL and (size > HIGHEST_RATIO * packed or not has_room_for(2 * size)):
        raise InvalidInput(
            f"It unpacks to more than {size >> 20} MB from {packed >> 10} kB, which is more than "
            "a table's text does or than the memory holds; unpack it and look at it."
        )


def check_measure(data: bytes | memoryview) -> None:
    """Check what an archive's files claim to unpack to, all together; no more will be unpacked."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        _check_measure(sum(info.file_size for info in archive.infolist()), len(data))


def unzipped(data: bytes | memoryview, member: str | None = None) -> tuple[str, bytes]:
    """Unpack a zip archive's table: its name and its bytes.

    Parameters
    ----------
    data : bytes-like
        The archive.
    member : str, optional
        Which of its files; by default the only one that is a table.

    Raises
    ------
    InvalidInput
        If the archive has several tables, or none, or no such file.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = [info.filename for info in archive.infolist() if not info.is_dir()]
        name = _chosen(files) if member is None else _named(files, member)
        info = archive.getinfo(name)
        if info.flag_bits & 1:
            raise InvalidInput(f"{name!r} in it has a password; unpack it first.")
        with archive.open(info) as file:
            return name, _all_of(_pieces(file), max(info.compress_size, 1))


def _chosen(files: list[str]) -> str:
    """The only table of an archive."""
    shown = [name for name in files if not _is_hidden(name)]
    tables = [name for name in shown if _is_table(name)]
    sure = [name for name in tables if not name.lower().endswith(".txt")]  # a licence is one, too
    candidates = (sure if len(sure) == 1 else tables) or shown
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise InvalidInput("It is an archive without a table.")
    names = listed([repr(name) for name in candidates[:8]])
    raise InvalidInput(
        f"It is an archive of {len(candidates)} tables, {names}; say which one, as in "
        f"archive.zip::{candidates[0]}."
    )


def _is_hidden(name: str) -> bool:
    parts = name.split("/")
    return parts[0] == "__MACOSX" or parts[-1].startswith(".")


def _is_table(name: str) -> bool:
    name = name.lower()
    for packing in OPENERS:
        name = name.removesuffix(packing)
    return name.endswith(TABLES)


def _named(files: list[str], member: str) -> str:
    if member not in files:
        has = listed([repr(name) for name in files[:8]]) if files else "nothing"
        raise InvalidInput(f"It has no file {member!r}; it has {has}.")
    return member
