"""Zips that strangers made: nothing is unpacked to a disk, and nothing is believed of sizes."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from .texts import Unreadable

MAX_MEMBERS = 10_000
MAX_TOTAL = 200 << 20  # bytes, unpacked
MAX_RATIO = 200  # unpacked to packed, beyond a megabyte
WANTED = (".py", ".ipynb", ".zip")

Member = tuple[str, bytes]  # a relative name, with forward slashes, and what it holds


def zip_members(name: str, data: bytes) -> Iterator[Member]:
    """Yield what a zip holds of Python, notebooks and zips.

    Raises
    ------
    Unreadable
        If it is no zip, or one that no student's program makes: with absolute names, ``..``,
        links, or many times larger than it is packed.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _check(name, members, len(data))
            budget = MAX_TOTAL
            for member in members:
                if member.filename.lower().endswith(WANTED) and not _is_remnant(member.filename):
                    content = _content(archive, member, budget)
                    budget -= len(content)
                    yield member.filename, content
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        raise Unreadable(f"{name} cannot be unpacked ({_reason(error)}).") from error


def _reason(error: Exception) -> str:
    return "it needs a password" if "password" in str(error) else "it is damaged or no zip"


def _is_remnant(filename: str) -> bool:
    """What macOS and notebooks leave beside the files."""
    parts = PurePosixPath(filename).parts
    return any(part in ("__MACOSX", ".ipynb_checkpoints", "__pycache__") for part in parts)


def _check(name: str, members: list[zipfile.ZipInfo], packed: int) -> None:
    if len(members) > MAX_MEMBERS:
        raise Unreadable(f"{name} has {len(members)} files and is not unpacked.")
    for member in members:
        check_name(name, member.filename)
        if stat.S_ISLNK(member.external_attr >> 16):
            raise Unreadable(f"{name} holds a link and is not unpacked.")
    total = sum(member.file_size for member in members)
    if total > MAX_TOTAL or total > max(1 << 20, MAX_RATIO * packed):
        raise Unreadable(f"{name} would unpack to {total:,} bytes and is not unpacked.")


def check_name(archive: str, filename: str) -> None:
    """Raise Unreadable for a member's name that leads out of a folder."""
    parts = filename.replace("\\", "/").split("/")
    if ".." in parts or filename.startswith(("/", "\\")) or ":" in parts[0] or "\0" in filename:
        raise Unreadable(f"{archive} has a file name that leads out of it and is not unpacked.")


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: int) -> bytes:
    """A member's bytes, whatever its header says of their number."""
    with archive.open(member) as file:
        content = file.read(min(budget, member.file_size) + 1)
    if len(content) > min(budget, member.file_size):
        raise ValueError("a header lies")
    return content
